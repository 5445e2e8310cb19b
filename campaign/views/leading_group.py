"""Leading groups and their offices: who leads here, where nobody is named yet."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from campaign.actions import leading_group as actions
from campaign.forms.leading_group import LeadingGroupForm
from campaign.models import Campaign, ContactPoint, LeadingGroup
from campaign.supervision import teams as supervision
from campaign.supervision.leading import LEVELS, other_head, places
from campaign.views.dashboard import place
from members.models import Organization
from members.permissions import Permission
from members.tree import visible_trail
from portal.access import requires, signed_in
from portal.kept_text import kept_fields
from portal.paging import paged

MANY = 10_000


@signed_in
def detail(request: HttpRequest, campaign_pk: int, organization_pk: int) -> HttpResponse:
    """Who leads here, who leads above, and who looks after the place: for everybody who belongs to it."""
    user: Any = request.user
    node = get_object_or_404(Organization.objects.visible_to(user), pk=organization_pk)
    campaign = get_object_or_404(Campaign.objects.visible_to(user), pk=campaign_pk)
    groups = LeadingGroup.objects.visible_to(user).filter(campaign=campaign).with_posts()
    steps = [step for step in node.trail() if step.path.startswith(campaign.organization.path)]
    if not steps:
        raise Http404
    found = {group.organization_id: group for group in groups.filter(organization__in=steps)}
    own = found.get(node.pk)
    looks = user.can(Permission.VIEW_SUPERVISION, at=node)
    points = node.contact_points.held().filter(participation__campaign=campaign)
    context = {
        "campaign": campaign,
        "node": node,
        "trail": visible_trail(user, node),
        "group": own,
        "above": [found[step.pk] for step in reversed(steps[:-1]) if step.pk in found],
        "team": supervision.team_at(campaign.pk, node),
        "cadres": points.with_people(),
        "mine": ContactPoint.objects.visible_to(user)
        .held()
        .filter(participation__member=user.member_id or 0, participation__campaign=campaign)
        .select_related("organization"),
        "former": own.posts.exclude(left_on=None).order_by("-left_on", "pk")[:50] if own and looks else [],
        "looks": looks,
        "may_edit": user.can(Permission.NAME_LEADING_GROUP, at=node) and campaign.state != Campaign.State.CLOSED,
    }
    return render(request, "campaign/leading_group_detail.html", context)


@requires(Permission.NAME_LEADING_GROUP)
def edit(request: HttpRequest, campaign_pk: int, organization_pk: int) -> HttpResponse:
    """The group as it is from a day on."""
    campaign, node = place(request, campaign_pk, organization_pk)
    if campaign.state == Campaign.State.CLOSED:
        messages.warning(request, "活动已经结束，领导小组名单不再变动。")
        return redirect("leading-group-detail", campaign.pk, node.pk)
    group = node.leading_groups.filter(campaign=campaign).with_posts().first()
    form = LeadingGroupForm(request.POST or None, group=group, initial=kept_fields(request))
    if form.is_valid():
        actions.name_group(
            campaign=campaign, organization=node, people=form.people, on=form.day, by=request.user, **form.own_values
        )
        messages.success(request, "领导小组名单已保存。")
        if why := other_head(node, form.people):
            messages.warning(request, why)
        return redirect("leading-group-detail", campaign.pk, node.pk)
    context = {"form": form, "campaign": campaign, "node": node, "trail": visible_trail(request.user, node)}
    return render(request, "campaign/leading_group_edit.html", context, status=422 if request.method == "POST" else 200)


@requires(Permission.VIEW_SUPERVISION)
def overview(request: HttpRequest, campaign_pk: int, organization_pk: int) -> HttpResponse:
    """Every level below a node: first those at which nobody is named yet."""
    campaign, node = place(request, campaign_pk, organization_pk)
    level, show = request.GET.get("level", ""), request.GET.get("show", "")
    missing = places(campaign, node, level, True)
    rows = places(campaign, node, level, False) if show == "all" else missing
    page = paged(request, rows, ("path",))
    groups = campaign.leading_groups.filter(organization__in=page.rows).with_posts()
    found = {group.organization_id: group for group in groups}
    number = missing.order_by()[: MANY + 1].count()
    context = {
        "campaign": campaign,
        "node": node,
        "trail": visible_trail(request.user, node),
        "pager": page,
        "lines": [(row, found.get(row.pk)) for row in page.rows],
        "missing": f"{MANY}以上" if number > MANY else str(number),
        "levels": [(value, label) for value, (label, _) in LEVELS.items()],
        "level": level,
        "show": show,
        "may_export": request.user.can(Permission.EXPORT, at=node),  # type: ignore[union-attr]
        "sheet_params": {"organization": str(node.pk), "level": level, "show": show},
    }
    return render(request, "campaign/leading_group_list.html", context)
