"""The attendance list of a study session: everyone who may be expected, each with one state."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from campaign.actions.study import may_be_expected
from campaign.models import Attendance, Enrolment, Participation, StudySession
from members.models import MemberTag, Mobility

NOT_EXPECTED = ""
NUMERALS = str.maketrans("一二三四五六七八九十", "123456789:")
CHOICES = [*Attendance.State.choices, (NOT_EXPECTED, "未要求参加")]


@dataclass
class Row:
    """One person on the attendance list."""

    participation: Participation
    state: str
    lost: bool
    leader: bool
    made_up: bool = False
    known: bool = False
    note: str = ""

    def joined_after(self, day: date) -> bool:
        """Not asked of them: they joined, or came here from another unit, later. What was recorded of them here stays."""
        return day < (self.participation.joined_on if self.known else self.participation.expected_from)

    @property
    def key(self) -> str:
        return f"state-{self.participation.pk}"

    @property
    def alternative(self) -> bool:
        return self.participation.route == Participation.Route.ALTERNATIVE


def in_words(group: str) -> str:
    """A key that puts 第二 after 第一 and before 第三; those without a group come last."""
    return group.translate(NUMERALS) if group else "\uffff"


def default_state(form: str, *, alternative: bool, leader: bool, lost: bool) -> str:
    """What is assumed of somebody until it is changed; on an alternative route (S0 四) nobody is called absent."""
    if form == StudySession.Form.HOME_DELIVERY:
        return Attendance.State.PRESENT if alternative else NOT_EXPECTED
    if form == StudySession.Form.CORE_GROUP:
        return Attendance.State.PRESENT if leader else NOT_EXPECTED
    if lost:
        return Attendance.State.ABSENT
    return Attendance.State.EXEMPT if alternative else Attendance.State.PRESENT


class AttendanceSheet:
    """Everyone who may be expected, each with one state; only exceptions are changed by hand."""

    choices = CHOICES

    def __init__(
        self,
        enrolment: Enrolment,
        *,
        form: str,
        session: StudySession | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        self.session = session
        known = {a.participation_id: a for a in session.attendances.select_related("make_up")} if session else {}
        tags = MemberTag.objects.filter(member=OuterRef("member"), kind=MemberTag.Kind.LEADER)
        lost = Mobility.objects.filter(member=OuterRef("member"), kind=Mobility.Kind.LOST, until=None)
        day = timezone.localdate(session.held_at) if session else timezone.localdate()
        here = may_be_expected(enrolment, day).active().values("pk")  # type: ignore[attr-defined]
        expected = Q(pk__in=here) | Q(pk__in=known)
        self.enrolment = enrolment
        people = (
            Participation.objects.filter(expected)
            .select_related("member")
            .annotate(leads=Exists(tags), lost=Exists(lost))
        )
        self.rows = [
            self.row(p, known.get(p.pk), form, data or {}) for p in people.order_by("member__group", "member_id")
        ]

    def row(self, person: Any, kept: Attendance | None, form: str, data: Mapping[str, Any]) -> Row:
        alternative = person.route == Participation.Route.ALTERNATIVE
        leads = person.leads or self.enrolment.is_committee
        state = default_state(form, alternative=alternative, leader=leads, lost=person.lost)
        if self.session:
            state = kept.state if kept else NOT_EXPECTED
        posted = data.get(f"state-{person.pk}")
        state = posted if posted in dict(CHOICES) else state
        made_up = kept is not None and getattr(kept, "make_up", None) is not None
        return Row(person, state, person.lost, leads, made_up, known=kept is not None)

    def states(self, form: forms.BaseForm, posted: Mapping[str, Any]) -> tuple[dict[int, str], list[Participation]]:
        """What to save, and who was left out because they joined later (joined later ≠ absent)."""
        day, group = form.cleaned_data["held_on"], form.cleaned_data.get("group", "")
        states: dict[int, str] = {}
        later = []
        for row in self.rows:
            if row.key not in posted or (group and row.participation.member.group != group):
                continue
            if row.joined_after(day):
                later += [row.participation] if row.state else []
                states[row.participation.pk] = NOT_EXPECTED
            else:
                states[row.participation.pk] = row.state
        return states, later

    @property
    def groups(self) -> list[tuple[str, list[Row]]]:
        """Rows by 党小组, for headings."""
        found: dict[str, list[Row]] = {}
        for row in self.rows:
            found.setdefault(row.participation.member.group, []).append(row)
        return sorted(found.items(), key=lambda item: in_words(item[0]))
