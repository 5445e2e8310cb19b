"""A batch: its calendar, and the units that are taken into it."""

from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.db.models.functions import Length
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from campaign.actions import campaign as campaigns
from campaign.actions import enrolment as enrolments
from campaign.forms.campaign import BatchForm
from campaign.forms.dates import PhaseDates
from campaign.models import Batch, Campaign
from campaign.progress.coverage import placed
from campaign.units.dates import concentrated_numbers, too_short
from members.models import Organization
from members.permissions import Permission
from members.scope import within
from portal.access import demand, get_in_scope, requires
from portal.actions.job import submit
from portal.paging import key_of, words

AT_ONCE = 60
SHOWN = 200


def visible_batches(user: Any) -> QuerySet[Batch]:
    return Batch.objects.visible_to(user).select_related("campaign__organization")


@requires(Permission.SET_UP_CAMPAIGN)
def batch_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Dates of a batch and its phases; units that kept the batch's dates follow."""
    batch = get_in_scope(request, visible_batches(request.user), pk=pk)
    windows = list(batch.windows.select_related("phase"))
    phases = [PhaseDates(w.phase_id, w.phase.name, w.starts_on, w.ends_on) for w in windows]
    initial = {"name": batch.name, "starts_on": batch.starts_on, "ends_on": batch.ends_on}
    form = BatchForm(
        request.POST or None, initial=initial, phases=phases, sequential=batch.campaign.sequential, batch=batch
    )
    if form.is_valid():
        data = form.cleaned_data
        dates = form.phase_dates()
        campaigns.change_calendar(
            batch=batch, name=data["name"], dates=(data["starts_on"], data["ends_on"]), phases=dates, by=request.user
        )
        numbers = concentrated_numbers(batch.campaign.settings)
        short = too_short([dates[w.phase_id] for w in windows if w.phase.number in numbers], months(batch.campaign))
        saved = f"{batch.name}的时间已保存，沿用批次时间的单位已同步调整。"
        if form.left_count:
            saved += f"有{form.left_count}个单位自行确定的时间超出批次，请督促调整（名单见下方“还没有落实的”）。"
        warn_or_confirm(request, short, months(batch.campaign), saved)
        return redirect("campaign-detail", batch.campaign_id)
    context = {"form": form, "batch": batch, "trail": batch.campaign.organization.trail()}
    return render(request, "campaign/batch_edit.html", context)


def months(campaign: Campaign) -> int:
    return int(campaign.settings.get("concentrated_months", 0))


def warn_or_confirm(request: HttpRequest, short: bool, least: int, saved: str) -> None:
    """Saved; and a word where the concentrated study is shorter than usual (S0 四), which blocks nothing."""
    messages.success(request, saved)
    if short:
        messages.warning(
            request,
            f"请注意：集中学习教育合计不足 {least} 个月。按实施意见一般不得少于 {least} 个月，确有需要的请向上级说明。",
        )


@requires(Permission.SET_UP_CAMPAIGN, anywhere=True)
def enrolment_create(request: HttpRequest, batch_pk: int) -> HttpResponse:
    """Take branches into the batch, one by one or a whole committee's at once, inside the subtrees that one sets up."""
    batch = get_object_or_404(visible_batches(request.user), pk=batch_pk)
    choosable = choosable_by(request.user, batch.campaign)
    if request.method == "POST":
        return enrol(request, batch, choosable)
    node = chosen_node(request, choosable)
    if node is not None:
        demand(request, node)
    rows = listed(request, choosable, node)
    context = {
        "batch": batch,
        "node": node,
        "rows": placed(batch.campaign, rows[:SHOWN]),
        "more": len(rows) > SHOWN,
        "committees": bool(batch.campaign.settings.get("committees")),
        "q": words(request),
        "trail": batch.campaign.organization.trail(),
    }
    return render(request, "campaign/enrolment_create.html", context)


def choosable_by(user: Any, campaign: Campaign) -> QuerySet[Organization]:
    """Open units of the campaign inside the subtrees that one sets up."""
    seen: Any = Organization.objects.visible_to(user).under(campaign.organization).open()
    return seen.filter(within(user.scopes(Permission.SET_UP_CAMPAIGN)))


def chosen_node(request: HttpRequest, choosable: QuerySet[Organization]) -> Organization | None:
    given = key_of(request.GET.get("node", ""))
    return get_object_or_404(choosable, pk=given) if given else None


def listed(request: HttpRequest, choosable: QuerySet[Organization], node: Organization | None) -> list[Organization]:
    """Units found by name; else the children of ``node``; else the topmost units that one may choose."""
    if q := words(request):
        return list(choosable.filter(Q(name__icontains=q) | Q(code=q))[: SHOWN + 1])
    if node is not None:
        return list(choosable.filter(path__startswith=node.path, depth=node.depth + 1)[: SHOWN + 1])
    first = choosable.order_by(Length("path"), "path").first()
    if first is None:
        return []
    top = list(choosable.filter(depth=first.depth)[: SHOWN + 1])
    inner = list(choosable.filter(path__startswith=first.path, depth=first.depth + 1)[: SHOWN + 1])
    return [first, *inner] if len(top) == 1 else top


def enrol(request: HttpRequest, batch: Batch, choosable: QuerySet[Organization]) -> HttpResponse:
    """A small selection at once, a large one as a job."""
    given = [key for key in map(key_of, request.POST.getlist("organizations")) if key]
    chosen = list(choosable.filter(pk__in=given))
    if not chosen or len(chosen) < len(set(given)):
        messages.error(
            request,
            "请先勾选要编入的单位。"
            if not given
            else "有的单位已撤销或不在您的管理范围内，没有编入任何单位，请重新勾选。",
        )
        return redirect(request.get_full_path())
    count = enrolments.placeless(batch.campaign, chosen).count()
    if count > AT_ONCE:
        params = {"batch": batch.pk, "organizations": [o.pk for o in chosen]}
        job = submit(kind="enrol", title=f"编入{batch.name}（{count} 个单位）", params=params, by=request.user)
        return redirect("job-detail", job.pk)
    done = enrolments.enrol(batch=batch, organizations=chosen, by=request.user)
    messages.success(
        request, f"已把 {done} 个单位编入{batch.name}。" if done else "所选单位都已编入批次，没有新的单位。"
    )
    return redirect("campaign-detail", batch.campaign_id)
