"""Planned study in the menu, among the duties, and on the own page."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from campaign.models import PlannedSession, StudyLeave
from campaign.own import own_branch, own_committees
from campaign.study_plans import expected_in, may_record, own_places
from members.permissions import Permission
from portal.menu import Duty, MenuEntry, Panel, duties, menu, panels

SHOWN, OWED, AHEAD = 3, 20, timedelta(days=31)

menu.register(
    MenuEntry(
        "my-calendar",
        "日历",
        lambda user: reverse("my-calendar"),
        lambda user: bool(user.member_id) or own_branch(user) is not None,
        icon="calendar",
        order=34,
        areas=("/plans/",),
    )
)


@duties.register
def sessions_to_record(user: Any) -> Iterator[Duty]:
    """Sessions of one's own unit whose time is over and that nobody has recorded."""
    branch = own_branch(user)
    units = {unit.pk: unit for unit in [*([branch] if branch else []), *own_committees(user)] if may_record(user, unit)}
    past = PlannedSession.objects.coming().filter(enrolment__in=units, starts_at__lt=timezone.now())
    for plan in past[:OWED] if units else ():
        if plan.is_over:
            unit = units[plan.enrolment_id]
            text, url = f"记录学习：{plan.topic}", reverse("study-plan-detail", args=[plan.pk])
            note = "已进行的请记录出勤，没有进行的请取消或改期。"
            yield Duty(text, url, due=plan.day, group=f"{unit.organization.name}（{unit.noun}工作）", note=note)


@duties.register
def leave_to_decide(user: Any) -> Iterator[Duty]:
    """Requests for leave that wait for one's word; not one's own."""
    if not any(user.can(permission) for permission in (Permission.DECIDE_LEAVE, Permission.LEAD_COMMITTEE)):
        return
    places = [hat.organization_id for hat in user.hats]
    waiting = StudyLeave.objects.visible_to(user).waiting().filter(plan__enrolment__organization__in=places)
    coming = waiting.filter(plan__state=PlannedSession.State.PLANNED, plan__session=None)
    others = coming.exclude(participation__member=user.member_id or 0)
    rows = others.select_related("plan__enrolment__organization", "participation__member")
    for leave in rows.order_by("plan__starts_at", "pk")[:OWED]:
        unit = leave.plan.enrolment
        url, group = reverse("study-plan-detail", args=[leave.plan_id]), f"{leave.scope.name}（{unit.noun}工作）"
        yield Duty(f"批复请假：{leave.participation}", url, due=leave.plan.day, group=group, note=leave.plan.topic)


def coming_up(user: Any) -> dict[str, Any] | None:
    """The next sessions for which one is expected, with one's leave and sign-in."""
    mine, units = own_places(user)
    if not units:
        return None
    now = timezone.now()
    plans = PlannedSession.objects.coming().with_unit().filter(enrolment__in=units)
    soon = [
        plan for plan in plans.filter(starts_at__range=(now - timedelta(hours=12), now + AHEAD)) if not plan.is_over
    ]
    people = expected_in(soon)
    own = [plan for plan in soon if {p.pk for p in mine} & {p.pk for p in people[plan.pk]}][:SHOWN]
    if not own:
        return None
    leaves = {leave.plan_id: leave for leave in StudyLeave.objects.filter(plan__in=own, participation__in=mine)}
    today = timezone.localdate()
    return {"plans": [(plan, leaves.get(plan.pk), plan.day == today) for plan in own]}


panels.register(Panel("coming-study", "campaign/_coming_study.html", coming_up, order=8))
