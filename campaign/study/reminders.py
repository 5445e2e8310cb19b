"""Who is expected at a session is reminded on the working day before it; who has leave is not."""

from collections.abc import Iterator
from datetime import date, timedelta

from django.contrib.auth import get_user_model
from django.utils import timezone

from campaign.models import Enrolment, PlannedSession, StudyLeave
from campaign.reminders.rules import ReminderRule, grouped, reminder_rules
from campaign.reminders.units import chunks
from campaign.study.notices import KIND, in_words, key, page_of
from campaign.study.plans import expected_in
from portal.notices import Draft, notice_sources
from portal.working_days import eve_of_work

RULE = ReminderRule("study-soon", "安排了学习", "应参加的人员，已准假的除外", "提前几个工作日", (1,), order=40)


def sessions_soon(today: date) -> Iterator[Draft]:
    """Sessions of the next working day, and of a free stretch before it; what was put on the calendar only today is said
    today. Four queries for each portion of plans."""
    for (days,), campaigns in grouped(RULE.code):
        last = eve_of_work(today) + timedelta(days=days[0])
        soon = (
            PlannedSession.objects.coming()
            .with_unit()
            .between(today, last)
            .filter(
                starts_at__gt=timezone.now(),
                enrolment__campaign__in=campaigns,
                enrolment__state__in=[Enrolment.State.PREPARING, Enrolment.State.RUNNING],
            )
        )
        for chunk in chunks(soon.order_by("enrolment__organization__path", "pk")):
            yield from to_those_expected(chunk, today)


def to_those_expected(plans: list[PlannedSession], today: date) -> Iterator[Draft]:
    people = expected_in(plans)
    for plan in plans:
        if plan.lecturer and plan.lecturer not in people[plan.pk]:
            people[plan.pk].append(plan.lecturer)
    left = StudyLeave.objects.granted().filter(plan__in=[plan.pk for plan in plans])
    excused = set(left.values_list("plan", "participation"))
    members = {person.member_id for some in people.values() for person in some}
    accounts = get_user_model().objects.filter(member__in=members, is_active=True)
    users = dict(accounts.values_list("member", "pk"))
    near = {today: "今天", today + timedelta(days=1): "明天"}
    for plan in plans:
        when = near.get(plan.day, "")
        text = f"{when}{plan.get_form_display()}“{plan.topic}”：{in_words(plan)}。不能参加的，请提前请假。"
        for person in people[plan.pk]:
            if person.member_id in users and (plan.pk, person.pk) not in excused:
                user = users[person.member_id]
                yield Draft(user, key(plan, "soon", user), KIND, text, page_of(plan))


reminder_rules.register(RULE)
notice_sources.register(sessions_soon)
