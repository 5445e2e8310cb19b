"""Blueprints: those that come with the portal, and one's own in versions."""

import json
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from campaign.actions import blueprint as actions
from campaign.actions.blueprint import BlueprintRefused
from campaign.blueprints.differences import differences
from campaign.blueprints.facts import planned_facts
from campaign.blueprints.shipped import BlueprintError, blueprints, source
from campaign.forms.blueprint import CopyForm, ImportForm
from campaign.models import BlueprintVersion
from members.models import Organization
from members.permissions import Permission
from portal.access import get_in_scope, requires, signed_in
from portal.paging import key_of


def visible(user: Any) -> QuerySet[BlueprintVersion]:
    return BlueprintVersion.objects.visible_to(user).select_related("organization", "by", "published_by")


def readable(request: HttpRequest, pk: int) -> BlueprintVersion:
    """One that the reader sees, where they set campaigns up anywhere at all."""
    found = get_object_or_404(visible(request.user), pk=pk)
    if not request.user.can(Permission.SET_UP_CAMPAIGN):  # type: ignore[union-attr]
        raise PermissionDenied
    return found


def shipped(code: str) -> dict[str, Any]:
    found = source(code)
    if found is None:
        raise Http404
    return found


@requires(Permission.SET_UP_CAMPAIGN)
def blueprint_list(request: HttpRequest, org_pk: int) -> HttpResponse:
    """What can be used here: what comes with the portal, one's own, and what organisations above have published."""
    organization = get_in_scope(request, Organization.objects.visible_to(request.user), pk=org_pk)
    series: dict[Any, list[BlueprintVersion]] = {}
    here = [step.pk for step in organization.trail()]
    for version in visible(request.user).filter(organization__in=here).order_by("organization__path", "name", "-pk"):
        series.setdefault(version.series, []).append(version)
    context = {
        "organization": organization,
        "shipped": blueprints().values(),
        "series": list(series.values()),
        "trail": organization.trail(),
    }
    return render(request, "campaign/blueprint_list.html", context)


def shown(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Phases with everything in them, for a page: names, facts, and positions as text (``2-0-1``)."""
    return [
        {
            **phase,
            "path": str(p),
            "steps": [
                {
                    **step,
                    "path": f"{p}-{s}",
                    "requirements": [
                        (row, planned_facts(row), f"{p}-{s}-{r}") for r, row in enumerate(step.get("requirements", []))
                    ],
                }
                for s, step in enumerate(phase.get("steps", []))
            ],
        }
        for p, phase in enumerate(data.get("phases", []))
    ]


@requires(Permission.SET_UP_CAMPAIGN)
def blueprint_shipped(request: HttpRequest, org_pk: int, code: str) -> HttpResponse:
    """One that comes with the portal, to be read, copied or exported."""
    organization = get_in_scope(request, Organization.objects.visible_to(request.user), pk=org_pk)
    data = shipped(code)
    if request.GET.get("export"):
        return exported(data, data["name"])
    form = CopyForm(request.POST or None, initial={"name": data["name"]})
    if form.is_valid():
        made = actions.copy(
            data=data,
            name=form.cleaned_data["name"],
            origin=f"随系统提供的“{data['name']}”",
            organization=organization,
            by=request.user,
        )
        return redirect("blueprint-detail", made.pk)
    context = {"data": data, "phases": shown(data), "organization": organization, "copy_form": form}
    return render(request, "campaign/blueprint_detail.html", {**context, "trail": organization.trail()})


@signed_in
def blueprint_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One version: a draft is edited here, what is published is read, copied, compared and exported."""
    version = readable(request, pk)
    others = visible(request.user).filter(series=version.series).exclude(pk=version.pk).order_by("-number", "-pk")
    user: Any = request.user
    editable = user.can(Permission.SET_UP_CAMPAIGN, at=version.organization)
    own = {hat.organization_id: hat.organization for hat in user.hats}
    context = {
        "version": version,
        "data": version.content,
        "phases": shown(version.data),
        "problems": version.problems() if version.is_draft else [],
        "others": others,
        "editable": editable,
        "can_edit": editable and version.is_draft,
        "places": [place for place in own.values() if user.can(Permission.SET_UP_CAMPAIGN, at=place)],
        "trail": version.organization.trail() if editable else [],
    }
    return render(request, "campaign/blueprint_detail.html", context)


@requires(Permission.SET_UP_CAMPAIGN)
@require_POST
def blueprint_copy(request: HttpRequest, org_pk: int, pk: int) -> HttpResponse:
    """A draft of one's own, from any version that one sees."""
    organization = get_in_scope(request, Organization.objects.visible_to(request.user), pk=org_pk)
    version = readable(request, pk)
    made = actions.copy(
        data=version.data,
        name=f"{version.name}（副本）"[:120],
        origin=str(version),
        organization=organization,
        by=request.user,
    )
    messages.success(request, "已复制为草稿，可以修改名称和内容，改好后发布。")
    return redirect("blueprint-detail", made.pk)


@requires(Permission.SET_UP_CAMPAIGN)
def blueprint_import(request: HttpRequest, org_pk: int) -> HttpResponse:
    """A draft from a file; every mistake is named, and nothing is stored where there is one."""
    organization = get_in_scope(request, Organization.objects.visible_to(request.user), pk=org_pk)
    form = ImportForm(request.POST or None, request.FILES or None)
    problems: list[str] = []
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            content = file.read(actions.MOST_BYTES + 1)
            made = actions.take_in(content=content, file_name=file.name, organization=organization, by=request.user)
        except BlueprintError as error:
            problems = error.problems
        else:
            messages.success(request, "已导入为草稿，请核对后发布。")
            return redirect("blueprint-detail", made.pk)
    context = {"form": form, "problems": problems, "organization": organization, "trail": organization.trail()}
    return render(request, "campaign/blueprint_import.html", context)


def exported(data: dict[str, Any], name: str) -> HttpResponse:
    """The file that another portal can import."""
    text = json.dumps(data, ensure_ascii=False, indent=2)
    response = HttpResponse(text + "\n", content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f"attachment; filename=\"blueprint.json\"; filename*=UTF-8''{quote(name)}.json"
    response["X-Content-Type-Options"] = "nosniff"
    return response


@signed_in
def blueprint_export(request: HttpRequest, pk: int) -> HttpResponse:
    version = readable(request, pk)
    return exported(version.content, f"{version.name}{version.version}")


@signed_in
def blueprint_differences(request: HttpRequest, pk: int) -> HttpResponse:
    """What this version changes against another one of the series."""
    version = readable(request, pk)
    others = visible(request.user).filter(series=version.series).exclude(pk=version.pk).order_by("-number", "-pk")
    given = key_of(request.GET.get("other", ""))
    other = get_object_or_404(others, pk=given) if given else others.first()
    if other is None:
        messages.info(request, "这份蓝本还没有其他版本可以比较。")
        return redirect("blueprint-detail", version.pk)
    context = {
        "version": version,
        "other": other,
        "differences": differences(other.content, version.content),
        "trail": [],
    }
    return render(request, "campaign/blueprint_differences.html", context)


@requires(Permission.SET_UP_CAMPAIGN)
@require_POST
def blueprint_publish(request: HttpRequest, pk: int) -> HttpResponse:
    version = get_in_scope(request, visible(request.user), pk=pk)
    try:
        actions.publish(version=version, by=request.user)
        messages.success(request, f"已发布为{version.version}，建立活动时可以选用。")
    except BlueprintError:
        messages.error(request, "蓝本还不能发布，请先改正页面上列出的问题。")
    except BlueprintRefused as refusal:
        messages.info(request, str(refusal))
    return redirect("blueprint-detail", version.pk)


@requires(Permission.SET_UP_CAMPAIGN)
@require_POST
def blueprint_draft(request: HttpRequest, pk: int) -> HttpResponse:
    """Work on a new version; where somebody has begun, there."""
    version = get_in_scope(request, visible(request.user), pk=pk)
    return redirect("blueprint-detail", actions.start_draft(version=version, by=request.user).pk)


@requires(Permission.SET_UP_CAMPAIGN)
@require_POST
def blueprint_discard(request: HttpRequest, pk: int) -> HttpResponse:
    version = get_in_scope(request, visible(request.user), pk=pk)
    if actions.discard(version=version, by=request.user):
        messages.success(request, "草稿已放弃。")
    else:
        messages.error(request, "已发布的版本不能删除。")
    return redirect("blueprint-list", version.organization_id)
