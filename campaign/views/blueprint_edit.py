"""Changing a draft: general data, phases, steps, requirements, their order."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from campaign.actions import blueprint as actions
from campaign.actions.blueprint import BlueprintRefused
from campaign.blueprints.editing import Gone, Path, item, moved, rows_at, with_item, with_new, without
from campaign.forms.blueprint import GeneralForm, PhaseForm, StepForm
from campaign.forms.requirement import RequirementForm, indicators_by_subject
from campaign.models import BlueprintVersion
from campaign.views.blueprint import visible
from members.permissions import Permission
from portal.access import get_in_scope, requires
from portal.indicators import indicators

Change = Callable[[dict[str, Any]], dict[str, Any]]


def draft(request: HttpRequest, pk: int) -> BlueprintVersion:
    """The draft that the user may change; what is published is not there for that (404)."""
    version = get_in_scope(request, visible(request.user), pk=pk)
    if not version.is_draft:
        raise Http404
    return version


def edition(request: HttpRequest) -> int:
    """Which state of the draft the form was made from."""
    given = request.POST.get("edition", "")
    return int(given) if given.isdecimal() and len(given) < 10 else -1


def at(version: BlueprintVersion, path: Path) -> dict[str, Any]:
    try:
        return item(version.data, path)
    except Gone:
        raise Http404 from None


def page(
    request: HttpRequest, version: BlueprintVersion, form: forms.Form | None, title: str, **more: Any
) -> HttpResponse:
    context = {"version": version, "form": form, "title": title, "trail": version.organization.trail(), **more}
    return render(request, "campaign/blueprint_form.html", context)


def saved(request: HttpRequest, version: BlueprintVersion, how: Change, anchor: str = "") -> HttpResponse:
    """Change it, or say why not; back to the draft."""
    try:
        actions.change(version=version, edition=edition(request), how=how, by=request.user)
    except BlueprintRefused as refusal:
        messages.error(request, str(refusal))
    return redirect(f"{reverse('blueprint-detail', args=[version.pk])}{anchor}")


@requires(Permission.SET_UP_CAMPAIGN)
def blueprint_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Name, how phases run, batches, materials."""
    version = draft(request, pk)
    form = GeneralForm(request.POST or None, initial=GeneralForm.unfolded(version.name, version.data))
    if not form.is_valid():
        return page(request, version, form, "基本情况")
    try:
        actions.save(
            version=version,
            edition=edition(request),
            by=request.user,
            name=form.cleaned_data["name"],
            data=version.data | form.values(),
        )
    except BlueprintRefused as refusal:
        messages.error(request, str(refusal))
    return redirect("blueprint-detail", version.pk)


@requires(Permission.SET_UP_CAMPAIGN)
def blueprint_phase(request: HttpRequest, pk: int, phase: int | None = None) -> HttpResponse:
    """One phase, or one more at the end."""
    version = draft(request, pk)
    known = at(version, (phase,)) if phase is not None else {}
    first = phase == 0 or (phase is None and not version.data.get("phases"))
    form = PhaseForm(request.POST or None, initial=known, first=first)
    if not form.is_valid():
        return page(request, version, form, f"阶段“{known['name']}”" if known else "增加阶段")
    data = form.cleaned_data
    how = with_item((phase,), data) if phase is not None else with_new((), {**data, "steps": []})
    return saved(request, version, how, "#phases")


@requires(Permission.SET_UP_CAMPAIGN)
def blueprint_step(request: HttpRequest, pk: int, phase: int, step: int | None = None) -> HttpResponse:
    """One step, or one more at the end of a phase."""
    version = draft(request, pk)
    known = at(version, (phase,) if step is None else (phase, step))
    form = StepForm(request.POST or None, initial={} if step is None else known)
    if not form.is_valid():
        return page(request, version, form, f"“{known['name']}”{'增加环节' if step is None else '环节'}")
    data = form.cleaned_data
    how = with_new((phase,), {**data, "requirements": []}) if step is None else with_item((phase, step), data)
    return saved(request, version, how, f"#phase-{phase}")


@requires(Permission.SET_UP_CAMPAIGN)
def blueprint_requirement(
    request: HttpRequest, pk: int, phase: int, step: int, requirement: int | None = None
) -> HttpResponse:
    """One 规定动作, or one more at the end of a step; another indicator is chosen by ``?indicator``."""
    version = draft(request, pk)
    place = at(version, (phase, step))
    known = at(version, (phase, step, requirement)) if requirement is not None else None
    given = request.GET.get("indicator", "") or (known or {}).get("indicator", "")
    indicator = indicators.get(given) if "choose" not in request.GET else None
    title = f"“{place['name']}”{'规定动作' if known else '增加规定动作'}"
    if indicator is None:
        return page(request, version, None, title, groups=indicators_by_subject())
    initial = known if known and known.get("indicator") == indicator.code else (known or {}) | {"params": {}}
    form = RequirementForm(request.POST or None, indicator=indicator, initial=initial if known else None)
    if not form.is_valid():
        return page(request, version, form, title, indicator=indicator, known=known)
    values = form.values()
    if known is None or requirement is None:
        return saved(request, version, with_new((phase, step), values), f"#phase-{phase}")

    def replace(data: dict[str, Any]) -> dict[str, Any]:
        rows_at(data, (phase, step))[requirement] = values
        return data

    return saved(request, version, replace, f"#phase-{phase}")


ARRANGEMENTS: dict[str, Callable[[Path], Change]] = {
    "up": lambda path: moved(path, -1),
    "down": lambda path: moved(path, 1),
    "remove": without,
}


@requires(Permission.SET_UP_CAMPAIGN)
@require_POST
def blueprint_arrange(request: HttpRequest, pk: int) -> HttpResponse:
    """Move a phase, step or requirement up or down, or take it out; ``path`` is its position (``2-0-1``)."""
    version = draft(request, pk)
    parts, how = request.POST.get("path", "").split("-"), ARRANGEMENTS.get(request.POST.get("how", ""))
    if how is None or not 1 <= len(parts) <= 3 or not all(p.isdecimal() and len(p) < 4 for p in parts):
        messages.error(request, "没有认出要调整的内容，蓝本没有变动。")
        return redirect("blueprint-detail", version.pk)
    path = tuple(int(part) for part in parts)
    return saved(request, version, how(path), f"#phase-{path[0]}" if len(path) > 1 else "#phases")
