"""Planned study: who is expected, in which order they stand on the paper, and where everybody is with leave and sign-in."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Exists, OuterRef

from campaign.actions.study import may_be_expected
from campaign.forms.attendance import in_words
from campaign.models import (
    Campaign,
    CoreGroupSeat,
    Enrolment,
    Participation,
    PlannedSession,
    SignIn,
    StudyLeave,
    StudySession,
)
from members.dates import add_months
from members.models import Mobility
from members.permissions import Permission
from portal.indicators import audiences

AT_MOST = 60
EVERY = {"week": "每周", "fortnight": "每两周", "month": "每月"}


def refusal(enrolment: Enrolment) -> str:
    """Why no study can be planned here; empty when it can: also before the unit has started."""
    if enrolment.campaign.state == Campaign.State.CLOSED:
        return "本次活动已结束，不能再安排学习。"
    if enrolment.state in {Enrolment.State.FINISHED, Enrolment.State.POSTPONED, Enrolment.State.CLOSED}:
        return f"本单位{enrolment.get_state_display()}，不能安排学习。"
    return ""


def may_record(user: Any, enrolment: Enrolment) -> bool:
    """Whether the user keeps the unit's study: of a branch its secretary and committee, of a committee its office."""
    return bool(user.can(enrolment.acted_for_with(Permission.RECORD_STUDY), at=enrolment.organization))


def own_places(user: Any) -> tuple[list[Participation], set[int]]:
    """Where the user takes part in running campaigns, and the units (ids) in whose study they may be expected: those, and
    committees in whose 中心组 they are; nothing is asked for accounts without a member."""
    if not user.member_id:
        return [], set()
    running = Participation.objects.active().filter(campaign__state=Campaign.State.RUNNING)
    own = list(running.filter(member=user.member_id).select_related("enrolment__organization"))
    seats = CoreGroupSeat.objects.held().filter(member=user.member_id).values("organization")
    groups = Enrolment.objects.filter(campaign__in=[p.campaign_id for p in own], organization__in=seats)
    return own, {p.enrolment_id for p in own} | (set(groups.values_list("pk", flat=True)) if own else set())


def expected_in(plans: Iterable[PlannedSession]) -> dict[int, list[Participation]]:
    """Those who take part in each of the plans (``with_unit``), by its primary key, in roll order; one query for each kind
    of audience, and one for each plan of a committee's 中心组.

    As the attendance list assumes: those on an alternative route (S0 四) are expected when study is brought to them, and
    then only they; nobody who cannot be reached; nobody before the day from which they belong here.
    """
    kinds: dict[tuple[str, bool], list[PlannedSession]] = defaultdict(list)
    found: dict[int, list[Participation]] = {}
    for plan in plans:
        if plan.enrolment.is_committee:
            seats: Any = may_be_expected(plan.enrolment, plan.day)
            found[plan.pk] = list(seats.active().select_related("member").order_by("member_id"))
        else:
            kinds[plan.effective_audience, plan.form == StudySession.Form.HOME_DELIVERY].append(plan)
    for (code, at_home), some in kinds.items():
        people: dict[int, list[Participation]] = defaultdict(list)
        for person in takers(code, at_home).filter(enrolment__in={plan.enrolment_id for plan in some}):
            people[person.enrolment_id].append(person)
        for plan in some:
            found[plan.pk] = [
                person
                for person in people[plan.enrolment_id]
                if person.expected_from <= plan.day and plan.group in {"", person.member.group}
            ]
    return found


def takers(code: str, at_home: bool) -> Any:
    """Those of an audience who take part now and can be reached."""
    routes = Participation.Route
    rows = Participation.objects.active().filter(route=routes.ALTERNATIVE if at_home else routes.NORMAL)
    audience = audiences.get(code)
    if audience is not None and not at_home:
        rows = rows.filter(audience.applies())
    lost = Mobility.objects.filter(member=OuterRef("member"), kind=Mobility.Kind.LOST, until=None)
    return rows.exclude(Exists(lost)).select_related("member").order_by("member_id")


def expected(plan: PlannedSession) -> list[Participation]:
    """Who takes part, in the order of the sign-in sheet: by 党小组, then as on the roll."""
    people = expected_in([plan])[plan.pk]
    return people if plan.enrolment.is_committee else sorted(people, key=lambda each: in_words(each.member.group))


@dataclass
class Line:
    """One person who is expected, with what is known of them so far. ``shared``: another account used the same device."""

    participation: Participation
    sign_in: SignIn | None = None
    leave: StudyLeave | None = None
    shared: bool = False

    @property
    def is_open(self) -> bool:
        """Neither signed in nor excused."""
        return self.sign_in is None and not self.is_excused

    @property
    def is_excused(self) -> bool:
        return self.leave is not None and self.leave.state == StudyLeave.State.GRANTED

    @property
    def state(self) -> str:
        """The attendance that follows; empty where nothing does."""
        if self.sign_in is not None:
            return self.sign_in.state
        return self.leave.kind if self.leave is not None and self.is_excused else ""


def lines(plan: PlannedSession) -> list[Line]:
    """Everybody who is expected, and whoever signed in though they no longer are; four queries."""
    signed = {s.participation_id: s for s in plan.sign_ins.select_related("participation__member", "by")}
    left = {leave.participation_id: leave for leave in plan.leaves.select_related("participation__member")}
    accounts = Counter(device for device, _ in {(s.device, s.by_id) for s in signed.values() if s.device})
    people = expected(plan)
    known = {person.pk for person in people}
    people += [s.participation for s in signed.values() if s.participation_id not in known]
    found = []
    for person in people:
        sign_in = signed.get(person.pk)
        if sign_in is not None:
            sign_in.plan = plan
        shared = sign_in is not None and accounts[sign_in.device] > 1
        found.append(Line(person, sign_in, left.get(person.pk), shared))
    return found


def in_columns(rows: Sequence[Any], number: int = 3) -> list[list[tuple[int, Any]]]:
    """Rows of so many cells with their running number, as on the paper."""
    counted = list(enumerate(rows, 1))
    return [counted[start : start + number] for start in range(0, len(counted), number)]


def repetitions(day: date, every: str, times: int) -> list[date]:
    """The ``times`` days after ``day``: each week, each second week, or on the same day of each month (its last day where
    the month is shorter)."""
    if every == "month":
        return [add_months(day, n) for n in range(1, times + 1)]
    step = timedelta(weeks=2 if every == "fortnight" else 1)
    return [day + step * n for n in range(1, times + 1)]
