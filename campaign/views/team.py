"""Inspection teams: who is in them, where they go, how far they have come."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from campaign.actions import inspection as actions
from campaign.forms.inspection import AssignmentForm, TeamForm, TeamMemberForm
from campaign.models import Campaign, Finding, InspectionTeam, TeamAssignment, TeamMember
from campaign.models.inspection import line_of
from campaign.supervision import findings
from campaign.supervision import teams as supervision
from campaign.views.dashboard import place
from members.permissions import GRANTS, Permission
from members.scope import within
from members.tree import visible_trail
from portal.access import get_in_scope, requires, signed_in
from portal.kept_text import kept_fields
from portal.paging import paged

OVER = "活动已经结束，督导组不再变动。"


def visible(request: HttpRequest) -> Any:
    rows = InspectionTeam.objects.visible_to(request.user)
    return rows.select_related("organization", "campaign__organization")


def managed(request: HttpRequest, pk: int) -> InspectionTeam:
    return get_in_scope(request, visible(request), pk=pk)


def form_page(request: HttpRequest, form: Any, template: str, **context: Any) -> HttpResponse:
    """The form; one that comes back has something wrong in it: status 422."""
    status = 422 if request.method == "POST" else 200
    return render(request, f"campaign/{template}.html", {"form": form, **context}, status=status)


@signed_in
def entry(request: HttpRequest) -> HttpResponse:
    """From the menu to one's own page: the team's for its members, the place's in the latest running campaign for others."""
    user: Any = request.user
    if teams := supervision.own_teams(user):
        return redirect("team-detail", teams[0].pk)
    campaign = Campaign.objects.visible_to(user).running().select_related("organization").first()
    for hat in user.hats:
        at = hat.organization
        if campaign and campaign.organization.contains(at) and Permission.VIEW_SUPERVISION in GRANTS[hat.role]:
            return redirect("leading-group-detail" if at.is_branch else "team-list", campaign.pk, at.pk)
    messages.info(request, "现在没有正在进行的教育活动，可以从教育活动中打开以往的督导情况。")
    return redirect("campaign-list")


@requires(Permission.VIEW_SUPERVISION)
def overview(request: HttpRequest, campaign_pk: int, organization_pk: int) -> HttpResponse:
    """Teams sent by, or working at, a node, below or above it, with how far they have come."""
    campaign, node = place(request, campaign_pk, organization_pk)
    user: Any = request.user
    below, above = Q(organization__path__startswith=node.path), Q(organization__path__in=line_of([node.path]))
    sent = TeamAssignment.objects.visible_to(user).live().filter(below | above)
    teams = visible(request).filter(below | Q(pk__in=sent.values("team")), campaign=campaign)
    page = paged(request, teams, ("organization__path", "name", "pk"), 20)
    context = {
        "campaign": campaign,
        "node": node,
        "trail": visible_trail(user, node),
        "pager": page,
        "lines": supervision.with_rounds(campaign, page.rows),
        "may_manage": user.can(Permission.MANAGE_SUPERVISION, at=node) and campaign.state != Campaign.State.CLOSED,
    }
    return render(request, "campaign/team_list.html", context)


@requires(Permission.MANAGE_SUPERVISION)
def create(request: HttpRequest, campaign_pk: int, organization_pk: int) -> HttpResponse:
    """A new team, sent by this organisation."""
    campaign, node = place(request, campaign_pk, organization_pk)
    if campaign.state == Campaign.State.CLOSED:
        messages.warning(request, OVER)
        return redirect("team-list", campaign.pk, node.pk)
    form = TeamForm(request.POST or None, initial={"until": campaign.ends_on} | kept_fields(request))
    if form.is_valid():
        try:
            team = actions.set_up(campaign=campaign, organization=node, by=request.user, **form.cleaned_data)
        except actions.TeamRefused as refusal:
            form.add_error("name", str(refusal))
        else:
            messages.success(request, "督导组已成立。请登记组长、成员和督导单位。")
            return redirect("team-detail", team.pk)
    return form_page(
        request, form, "team_create", campaign=campaign, node=node, trail=visible_trail(request.user, node)
    )


@requires(Permission.MANAGE_SUPERVISION)
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    team = managed(request, pk)
    if team.ended_at is not None:
        messages.info(request, "该督导组已经撤销，不再修改。")
        return redirect("team-detail", team.pk)
    form = TeamForm(request.POST or None, instance=team, initial=kept_fields(request))
    if form.is_valid():
        try:
            actions.change(team=team, by=request.user, **form.cleaned_data)
        except actions.TeamRefused as refusal:
            form.add_error("name", str(refusal))
        else:
            messages.success(request, "已保存。")
            return redirect("team-detail", team.pk)
    return form_page(request, form, "team_edit", team=visible(request).get(pk=pk))


@requires(Permission.MANAGE_SUPERVISION)
@require_POST
def dissolve(request: HttpRequest, pk: int) -> HttpResponse:
    team = managed(request, pk)
    try:
        actions.dissolve(team=team, by=request.user)
        messages.success(request, f"{team}已撤销，组员的督导任职同时收回。")
    except actions.TeamRefused as refusal:
        messages.info(request, str(refusal))
    return redirect("team-list", team.campaign_id, team.organization_id)


@signed_in
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Who is in the team, where it goes, what comes next, what is overdue."""
    user: Any = request.user
    team = get_object_or_404(visible(request), pk=pk)
    manages, works = user.can(Permission.MANAGE_SUPERVISION, at=team.organization), team.may_work(user)
    inside = knows(user, team)
    found = Finding.objects.visible_to(user).filter(visit__team=team).select_related("visit", "enrolment__organization")
    waiting = team.visits.visible_to(user).planned().with_people().order_by("on", "pk")
    context = {
        "team": team,
        "members": team.members.live().leaders_first().select_related("user__member"),
        "assignments": assignments_of(team, user, inside),
        "round": supervision.round_of(team) if inside else None,
        "planned": waiting[:8],
        "lapsed": team.visits.visible_to(user).lapsed().count() if inside else 0,
        "done": team.visits.visible_to(user).done().with_people()[:8],
        "overdue": findings.with_standings(list(findings.overdue(found).order_by("due_on", "pk")[:20])),
        "lacking": supervision.without_access(team) if manages and team.is_current else [],
        "works": works,
        "may_manage": manages and team.is_live and team.campaign.state != Campaign.State.CLOSED,
        "inside": inside,
    }
    return render(request, "campaign/team_detail.html", context)


def knows(user: Any, team: InspectionTeam) -> bool:
    """Sees all of the team's work, not just what concerns the own place."""
    return team.may_work(user) or user.can(Permission.VIEW_SUPERVISION, at=team.organization)


def assignments_of(team: InspectionTeam, user: Any, inside: bool) -> Any:
    """Where the team goes; who only belongs to one of the places sees those that concern them."""
    rows = team.assignments.live().select_related("organization")
    paths = user.scopes(Permission.VIEW_SUPERVISION)
    own = within(paths, "organization__path") | Q(organization__path__in=line_of(paths))
    return (rows if inside else rows.filter(own)).order_by("organization__path", "pk")


@requires(Permission.MANAGE_SUPERVISION)
def member_create(request: HttpRequest, team_pk: int) -> HttpResponse:
    """Somebody joins; what ties them to the places is said first."""
    team = managed(request, team_pk)
    if not team.is_live or team.campaign.state == Campaign.State.CLOSED:
        messages.warning(request, "该督导组已经结束工作，名单不再变动。")
        return redirect("team-detail", team.pk)
    form = TeamMemberForm(request.POST or None, team=team)
    if form.is_valid():
        values = {name: form.cleaned_data[name] for name in ("leads", "since", "until")}
        try:
            joined = actions.add_member(team=team, person=form.chosen, by=request.user, **values)
        except actions.TeamRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"{joined}已加入{team}。")
            return redirect("team-detail", team.pk)
    return form_page(request, form, "team_member_create", team=team)


@requires(Permission.MANAGE_SUPERVISION)
@require_POST
def member_end(request: HttpRequest, pk: int) -> HttpResponse:
    rows = TeamMember.objects.visible_to(request.user)
    member = get_in_scope(request, rows.select_related("team__organization", "user"), pk=pk)
    try:
        actions.remove_member(member=member, by=request.user)
        messages.success(request, f"{member}已离组，督导任职同时收回。")
    except actions.TeamRefused as refusal:
        messages.info(request, str(refusal))
    return redirect("team-detail", member.team_id)


@requires(Permission.MANAGE_SUPERVISION)
def assignment_create(request: HttpRequest, team_pk: int) -> HttpResponse:
    """One more place; what ties members to it is said first."""
    team = managed(request, team_pk)
    if not team.is_live or team.campaign.state == Campaign.State.CLOSED:
        messages.warning(request, "该督导组已经结束工作，不再分配督导单位。")
        return redirect("team-detail", team.pk)
    form = AssignmentForm(request.POST or None, team=team, user=request.user)
    if form.is_valid():
        since, until = form.span
        place = form.cleaned_data["organization"]
        try:
            actions.assign(team=team, organization=place, since=since, until=until, by=request.user)
        except actions.TeamRefused as refusal:
            form.add_error("organization", str(refusal))
        else:
            messages.success(request, f"{place}由{team}督导，组员现在可以看到那里的情况。")
            return redirect("team-detail", team.pk)
    return form_page(request, form, "team_assignment_create", team=team)


@requires(Permission.MANAGE_SUPERVISION)
@require_POST
def assignment_end(request: HttpRequest, pk: int) -> HttpResponse:
    rows = TeamAssignment.objects.visible_to(request.user)
    assignment = get_in_scope(request, rows.select_related("team__organization", "organization"), pk=pk)
    try:
        actions.end_assignment(assignment=assignment, by=request.user)
        messages.success(request, f"{assignment.organization}的督导任务已结束，组员在那里的任职同时收回。")
    except actions.TeamRefused as refusal:
        messages.info(request, str(refusal))
    return redirect("team-detail", assignment.team_id)


@signed_in
def unseen(request: HttpRequest, pk: int) -> HttpResponse:
    """Units that the team has not visited yet; from here they go on the tour plan."""
    user: Any = request.user
    team = get_object_or_404(visible(request), pk=pk)
    if not knows(user, team):
        raise PermissionDenied
    rows = supervision.unseen(team).visible_to(user)
    context = {
        "team": team,
        "pager": paged(request, supervision.with_plans(team, rows), ("organization__path", "pk"), 30),
        "round": supervision.round_of(team),
        "works": team.may_work(user),
    }
    return render(request, "campaign/team_unseen.html", context)
