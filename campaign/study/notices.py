"""What people are told about planned study, each thing once; whoever was told hears of every change."""

from collections.abc import Iterator
from typing import Any

from django.contrib.auth import get_user_model
from django.urls import reverse
from django.utils import timezone

from campaign.models import PlannedSession, StudyLeave
from campaign.study.plans import expected
from members.models import Appointment
from members.permissions import Permission, roles_with
from portal.actions.notice import notify
from portal.models import Notice
from portal.notices import Draft

KIND = "学习安排"


def in_words(plan: PlannedSession) -> str:
    """8月9日14:30，三楼会议室."""
    start = timezone.localtime(plan.starts_at)
    when = f"{start.month}月{start.day}日{start:%H:%M}"
    return f"{when}，{plan.place}" if plan.place else when


def page_of(plan: PlannedSession) -> str:
    return reverse("study-plan-detail", args=[plan.pk])


def key(plan: PlannedSession, what: str, user: int) -> str:
    """Each kind of notice once for each time that was set."""
    return f"study-plan:{plan.pk}:{what}:{plan.starts_at:%Y%m%d%H%M}:{user}"


def told(plan: PlannedSession) -> set[int]:
    """User ids of those who have had a notice about the plan."""
    return set(Notice.objects.filter(key__startswith=f"study-plan:{plan.pk}:").values_list("recipient", flat=True))


def users_of(plan: PlannedSession) -> set[int]:
    """Accounts of those who take part, and of the lecturer."""
    members = {person.member_id for person in [*expected(plan), *([plan.lecturer] if plan.lecturer else [])]}
    return set(get_user_model().objects.filter(member__in=members, is_active=True).values_list("pk", flat=True))


def say(plan: PlannedSession, what: str, text: str, users: set[int]) -> int:
    """Write it to those who have not had it; returns to how many."""
    drafts = [Draft(user, key(plan, what, user), KIND, text, page_of(plan)) for user in sorted(users)]
    known = Notice.objects.filter(key__in=[draft.key for draft in drafts]).count()
    notify(drafts)
    return len(drafts) - known


def say_planned(plan: PlannedSession, *, by: Any) -> int:
    text = f"{plan.get_form_display()}“{plan.topic}”：{in_words(plan)}。请按时参加；不能参加的，请提前请假。"
    return say(plan, "planned", text, users_of(plan) - {by.pk})


def say_changed(plan: PlannedSession, *, moved: bool, by: Any) -> int:
    text = f"学习“{plan.topic}”{'改期' if moved else '有变动'}：{in_words(plan)}。请以新的安排为准。"
    what = "moved" if moved else f"changed-{timezone.now():%Y%m%d%H%M%S}"
    return say(plan, what, text, told(plan) - {by.pk})


def say_cancelled(plan: PlannedSession, *, by: Any) -> int:
    text = f"学习“{plan.topic}”（{in_words(plan)}）取消。原因：{plan.cancelled_why}"
    return say(plan, "cancelled", text, told(plan) - {by.pk})


def say_leave_asked(leave: StudyLeave) -> None:
    """To those who decide, without kind and reason: notices may leave the portal, what somebody suffers from does not."""
    plan = leave.plan
    hats = Appointment.objects.current().filter(
        organization=plan.enrolment.organization_id,
        role__in=roles_with(plan.enrolment.acted_for_with(Permission.DECIDE_LEAVE)),
    )
    text = f"{leave.participation}请假，不能参加学习“{plan.topic}”（{in_words(plan)}），请您批复。"
    notify(leave_drafts(leave, set(hats.values_list("user", flat=True)), text, "asked", leave.asked_at))


def say_leave_decided(leave: StudyLeave) -> None:
    """To whoever asked."""
    plan = leave.plan
    answer = f"：{leave.answer}" if leave.answer else "。"
    text = f"学习“{plan.topic}”（{in_words(plan)}）的请假{leave.get_state_display()}{answer}"
    notify(leave_drafts(leave, asker(leave), text, "answered", leave.decided_at))


def say_leave_void(leave: StudyLeave) -> None:
    """To whoever asked: it is on another day now."""
    plan = leave.plan
    text = f"学习“{plan.topic}”改到{in_words(plan)}，您原来请的假随之作废。仍不能参加的，请重新请假。"
    notify(leave_drafts(leave, asker(leave), text, "void", plan.starts_at))


def asker(leave: StudyLeave) -> set[int]:
    users = get_user_model().objects.filter(member=leave.participation.member_id, is_active=True)
    return set(users.values_list("pk", flat=True))


def leave_drafts(leave: StudyLeave, users: set[int], text: str, what: str, moment: Any) -> Iterator[Draft]:
    for user in sorted(users):
        yield Draft(
            user, f"study-leave:{leave.pk}:{what}:{moment:%Y%m%d%H%M%S%f}:{user}", "请假", text, page_of(leave.plan)
        )
