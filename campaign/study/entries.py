"""Planned study in the menu, among the duties, and on the own page."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from campaign.models import PlannedSession, SignIn, StudyLeave
from campaign.study.plans import expected_in, may_record, own_places
from campaign.units.own import own_branch, own_committees
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
        own=True,
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
            text, url = f"记录学习：{plan.topic}", reverse("study-plan-record", args=[plan.pk])
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
    """The next sessions for which one is expected, with one's leave and sign-in, and those where one lectures."""
    mine, units = own_places(user)
    if not units:
        return None
    now = timezone.now()
    own = {person.pk for person in mine}
    plans = PlannedSession.objects.coming().with_unit().filter(Q(enrolment__in=units) | Q(lecturer__in=own))
    soon = [
        plan for plan in plans.filter(starts_at__range=(now - timedelta(hours=12), now + AHEAD)) if not plan.is_over
    ]
    people = expected_in(soon)
    asked = {plan.pk for plan in soon if own & {person.pk for person in people[plan.pk]}}
    shown = [plan for plan in soon if plan.pk in asked or plan.lecturer_id in own][:SHOWN]
    if not shown:
        return None
    leaves = {leave.plan_id: leave for leave in StudyLeave.objects.filter(plan__in=shown, participation__in=own)}
    signed = set(SignIn.objects.filter(plan__in=shown, participation__in=own).values_list("plan", flat=True))
    today = timezone.localdate()
    return {
        "rows": [
            {
                "plan": plan,
                "leave": leaves.get(plan.pk),
                "signed": plan.pk in signed,
                "today": plan.day == today,
                "asked": plan.pk in asked,
                "lectures": plan.lecturer_id in own,
            }
            for plan in shown
        ]
    }


panels.register(Panel("coming-study", "campaign/_coming_study.html", coming_up, order=8))
