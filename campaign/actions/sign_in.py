"""Signing in at a session, for oneself or for a colleague without a telephone (代签)."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from campaign.models import Participation, PlannedSession, SignIn
from campaign.study.plans import expected
from portal.actions.log import audit


class SignInRefused(Exception):
    """It cannot be done; the message (Chinese) says why and what to do."""


def refusal(plan: PlannedSession) -> str:
    """Why nobody can sign in now; empty on the day of a session that is neither cancelled nor recorded."""
    today, start = timezone.localdate(), timezone.localtime(plan.starts_at)
    when = f"{start.month}月{start.day}日{start:%H:%M}"
    if plan.is_cancelled:
        return f"这次学习已取消，不需要签到。原因：{plan.cancelled_why}"
    if plan.is_recorded:
        return "支部已经登记了这次学习的出勤，签到已结束。如有出入，请告诉支部书记。"
    if today < plan.day:
        return f"这次学习在{when}，只能当天签到。"
    if today > plan.day:
        return f"这次学习是{when}的，只能当天签到。当时参加了的，请告诉支部书记，由书记登记出勤。"
    return ""


@transaction.atomic
def sign_in(
    *, plan: PlannedSession, participation: Participation, way: str, device: str, by: Any
) -> tuple[SignIn, bool]:
    """Note that somebody is there; who has signed in stays as they did, and the second is ``False``. Raises ``SignInRefused``."""
    row = PlannedSession.objects.with_unit().select_for_update(of=("self",)).get(pk=plan.pk)
    if why := refusal(row):
        raise SignInRefused(why)
    if participation.pk not in {person.pk for person in expected(row)}:
        raise SignInRefused(not_expected(participation, by))
    signed, new = SignIn.objects.get_or_create(
        plan=row, participation=participation, defaults={"way": way, "device": device, "by": by}
    )
    if new:
        audit(by=by, verb="代签" if signed.is_proxy else "签到", target=signed)
    return signed, new


def not_expected(participation: Participation, by: Any) -> str:
    who = "您" if participation.member_id == by.member_id else str(participation)
    return f"{who}不在这次学习的参加人员之中，没有签到。到场参加了的，请告诉支部书记，由书记登记出勤。"
