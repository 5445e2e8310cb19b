"""Campaigns: list, set-up, the page of one, opening."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from campaign.actions import campaign as campaigns
from campaign.actions.refusal import Refused
from campaign.actions.yearly import begin_next_year, is_over
from campaign.blueprints.shipped import Blueprint, blueprints
from campaign.forms.campaign import CampaignForm
from campaign.models import BlueprintVersion, Campaign, Enrolment
from campaign.progress.coverage import Unplaced, unplaced
from members.models import Organization
from members.permissions import Permission
from members.scope import within
from portal.access import get_in_scope, requires, signed_in
from portal.paging import paged, words


@signed_in
def campaign_list(request: HttpRequest) -> HttpResponse:
    """Campaigns above, at and below one's places; offices may set one up at theirs."""
    found = Campaign.objects.visible_to(request.user).select_related("organization")
    pager = paged(request, found, ("-starts_on", "-pk"), 20)
    mine = Enrolment.objects.visible_to(request.user).filter(
        campaign__in=[c.pk for c in pager.rows],
        participations__member=request.user.member_id or 0,  # type: ignore[union-attr]
    )
    here = {e.campaign_id: e for e in mine.select_related("organization")}
    own = {hat.organization_id: hat.organization for hat in request.user.hats}  # type: ignore[union-attr]
    places = [place for place in own.values() if request.user.can(Permission.SET_UP_CAMPAIGN, at=place)]  # type: ignore[union-attr]
    rows = [(campaign, here.get(campaign.pk)) for campaign in pager.rows]
    return render(request, "campaign/campaign_list.html", {"rows": rows, "pager": pager, "places": places})


@requires(Permission.SET_UP_CAMPAIGN)
def campaign_create(request: HttpRequest, org_pk: int) -> HttpResponse:
    """Choose a blueprint, a name, a first day; everything else follows and can be changed."""
    organization = get_in_scope(request, Organization.objects.visible_to(request.user), pk=org_pk)
    offered = offers(request.user, organization)
    code = request.POST.get("blueprint", "") or request.GET.get("blueprint", "") or next(iter(offered))
    if code not in offered:
        messages.error(request, "这个蓝本不能用或者已有更新的版本，请重新选择。")
        return redirect("campaign-create", organization.pk)
    form = CampaignForm(request.POST or None, organization=organization, blueprint=offered[code])
    if form.is_valid():
        campaign = campaigns.set_up(
            blueprint=form.blueprint,
            organization=organization,
            name=form.cleaned_data["name"],
            starts_on=form.cleaned_data["starts_on"],
            chosen=form.chosen(),
            by=request.user,
        )
        messages.success(request, "活动已建立，现在可以核对各批次时间、编入参加单位，然后启动活动。")
        return redirect("campaign-detail", campaign.pk)
    context = {"form": form, "organization": organization, "offered": offered.values(), "trail": organization.trail()}
    return render(request, "campaign/campaign_create.html", context)


def offers(user: Any, organization: Organization) -> dict[str, Blueprint]:
    """By code: what comes with the portal, and the newest published versions of one's own and of organisations above."""
    found = dict(blueprints())
    trail = [step.pk for step in organization.trail()]
    for version in BlueprintVersion.objects.visible_to(user).newest().filter(organization__in=trail):
        if not version.problems():
            found[version.code] = version.blueprint()
    return found


@signed_in
def campaign_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Calendar and 规定动作 for everyone; who is enrolled and who has no place yet for those in charge."""
    visible = Campaign.objects.visible_to(request.user).select_related("organization")
    campaign = get_object_or_404(visible, pk=pk)
    context = {
        "campaign": campaign,
        "batches": batch_rows(campaign, request.user),
        "phases": phase_rows(campaign),
        "can_set_up": request.user.can(Permission.SET_UP_CAMPAIGN, at=campaign.organization),  # type: ignore[union-attr]
        "can_enrol": request.user.can(Permission.SET_UP_CAMPAIGN) and campaign.state != Campaign.State.CLOSED,  # type: ignore[union-attr]
        "places": gaps_in_coverage(campaign, request.user),
        "outside": outside_their_batch(campaign, request.user),
        "dashboards": (dashboards := progress_places(campaign, request.user)),
        "lists": [place for place in dashboards if request.user.can(Permission.VIEW_NAMES, at=place)],  # type: ignore[union-attr]
        "amendments": amendments_of(campaign, request.user),
        "year_over": is_over(campaign) and not hasattr(campaign, "following"),
        "trail": campaign.organization.trail(),
        **enrolled(request, campaign),
    }
    return render(request, "campaign/campaign_detail.html", context)


def amendments_of(campaign: Campaign, user: Any) -> Any:
    """Those that everybody may know, and to those in charge also what is being written."""
    rows = campaign.amendments.order_by("-number")
    return rows if user.can(Permission.SET_UP_CAMPAIGN, at=campaign.organization) else rows.decided()


def progress_places(campaign: Campaign, user: Any) -> list[Organization]:
    """Where the user may look at the campaign's progress: at its top, or else at their own places under it, and at what they oversee."""
    top = campaign.organization
    if user.can(Permission.VIEW_PROGRESS, at=top):
        return [top]
    own = {node.pk: node for _, node in user.reach if top.contains(node)}
    return [place for place in own.values() if user.can(Permission.VIEW_PROGRESS, at=place)]


def enrolled(request: HttpRequest, campaign: Campaign) -> dict[str, Any]:
    """Units that one sees, by page, filtered by batch, state and name."""
    rows = (
        Enrolment.objects.visible_to(request.user)
        .filter(campaign=campaign)
        .select_related("organization", "batch", "phase")
    )
    wanted = {"batch": request.GET.get("batch", ""), "state": request.GET.get("state", ""), "q": words(request)}
    if wanted["batch"].isdecimal():
        rows = rows.filter(batch__number=int(wanted["batch"][:4]))
    if wanted["state"] in Enrolment.State.values:
        rows = rows.filter(state=wanted["state"])
    if wanted["q"]:
        rows = rows.filter(organization__name__icontains=wanted["q"])
    pager = paged(request, rows, ("organization__path", "pk"), 30)
    return {"pager": pager, "wanted": wanted, "states": Enrolment.State.choices}


def batch_rows(campaign: Campaign, user: Any) -> list[dict[str, Any]]:
    """Batches with their windows and how many units one sees in each."""
    seen = Enrolment.objects.visible_to(user).filter(campaign=campaign)
    batches = campaign.batches.prefetch_related("windows__phase")
    return [
        {"batch": batch, "windows": batch.windows.all(), "units": seen.filter(batch=batch).count()} for batch in batches
    ]


def phase_rows(campaign: Campaign) -> list[dict[str, Any]]:
    """Phases with their requirements, in order, in one query."""
    found: dict[int, dict[str, Any]] = {p.pk: {"phase": p, "requirements": []} for p in campaign.phases.all()}
    for requirement in campaign.requirements.in_force().select_related("step__phase"):
        found[requirement.step.phase_id]["requirements"].append(requirement)
    return list(found.values())


def gaps_in_coverage(campaign: Campaign, user: Any) -> Unplaced | None:
    """Who has no place yet in the subtrees that the user sets up."""
    paths = user.scopes(Permission.SET_UP_CAMPAIGN)
    return unplaced(campaign, paths, named=paths_with_names(user, paths)) if paths else None


def outside_their_batch(campaign: Campaign, user: Any) -> int:
    """How many units in the subtrees that the user sets up chose a time that lies outside their batch's."""
    paths = user.scopes(Permission.SET_UP_CAMPAIGN)
    mine = Enrolment.objects.visible_to(user).filter(within(paths, "organization__path"), campaign=campaign)
    return mine.outside_batch().count() if paths else 0


def paths_with_names(user: Any, paths: list[str]) -> list[str]:
    """Those of ``paths`` in which the user may see names."""
    named = user.scopes(Permission.VIEW_NAMES)
    return [path for path in paths if any(path.startswith(n) for n in named)]


@requires(Permission.SET_UP_CAMPAIGN)
@require_POST
def campaign_open(request: HttpRequest, pk: int) -> HttpResponse:
    """DRAFT → RUNNING."""
    campaign = get_in_scope(request, Campaign.objects.visible_to(request.user), pk=pk)
    if campaigns.open_campaign(campaign=campaign, by=request.user):
        messages.success(request, f"“{campaign}”已启动，各参加单位完成准备工作后即可启动本单位活动。")
    else:
        messages.info(request, "活动已经启动过，不必重复操作。")
    return redirect("campaign-detail", campaign.pk)


@requires(Permission.SET_UP_CAMPAIGN)
@require_POST
def campaign_next_year(request: HttpRequest, pk: int) -> HttpResponse:
    """The year is over: the next one begins with the same units."""
    campaign = get_in_scope(request, Campaign.objects.visible_to(request.user), pk=pk)
    try:
        following, job = begin_next_year(campaign=campaign, by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("campaign-detail", campaign.pk)
    messages.success(request, f"“{following}”已建立，正在编入参加单位；上一年度的活动已结束，记录仍可查阅。")
    return redirect("job-detail", job.pk)
