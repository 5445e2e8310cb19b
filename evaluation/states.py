"""Where the self-analyses of a branch stand: states and dates, never texts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from campaign.models import Enrolment, Participation, PhaseRun, Requirement, Waiver
from evaluation.models import SelfAnalysis
from portal.paging import paged

PAGE = 100
NOT_HANDED_IN = "not-handed-in"
# A reviewer sees that nothing was handed in, not whether somebody has begun.
FILTERS = {
    NOT_HANDED_IN: ("未提交", Q(analysis=None) | Q(analysis__state=SelfAnalysis.State.DRAFT)),
    "submitted": ("待审阅", Q(analysis__state=SelfAnalysis.State.SUBMITTED)),
    "returned": ("退回修改", Q(analysis__state=SelfAnalysis.State.RETURNED)),
    "accepted": ("已通过", Q(analysis__state=SelfAnalysis.State.ACCEPTED)),
}
COLOURS = {"draft": "secondary", "submitted": "blue", "returned": "orange", "accepted": "green"}
COLOURS[NOT_HANDED_IN] = "secondary"


@dataclass(frozen=True)
class Row:
    """One person's state. ``review`` = primary key of what the reader may open, if anything."""

    participation: Participation
    code: str
    submitted_at: datetime | None
    waived: bool
    own: bool
    review: int | None

    @property
    def label(self) -> str:
        return FILTERS[self.code][0]

    @property
    def colour(self) -> str:
        return COLOURS[self.code]


def requirement_of(campaign_id: int) -> Requirement | None:
    """The campaign's requirement to hand in an analysis, if it makes one."""
    asked = Requirement.objects.in_force().filter(campaign=campaign_id, indicator_code="analysis-submitted")
    return asked.select_related("step").first()


def due_on(enrolment: Enrolment) -> date | None:
    """The last day for handing in at this branch, by its own phase dates."""
    requirement = requirement_of(enrolment.campaign_id)
    if requirement is None:
        return None
    run = PhaseRun.objects.filter(enrolment=enrolment, phase=requirement.step.phase_id).first()
    return requirement.due_on(run) if run else None


def counts(people: QuerySet[Participation]) -> list[tuple[str, str, int]]:
    """``(code, label, people)`` of each state among people who take part, in one query."""
    row = people.aggregate(**{code.replace("-", "_"): Count("pk", filter=rule) for code, (_, rule) in FILTERS.items()})
    return [(code, label, row[code.replace("-", "_")]) for code, (label, _) in FILTERS.items()]


def states_of(enrolment: Enrolment, request: HttpRequest) -> dict[str, Any]:
    """Context of the overview: rows of one page, counts, due date, and where the neighbouring pages are."""
    people = Participation.objects.filter(enrolment=enrolment).active()
    chosen = request.GET.get("state", "")
    found = people.filter(FILTERS[chosen][1]) if chosen in FILTERS else people
    people_of_page = waivable(found, enrolment).select_related("member", "analysis")
    page = paged(request, people_of_page, ["member_id", "pk"], PAGE)
    due = due_on(enrolment)
    return {
        "rows": list(rows_of(page.rows, request.user)),
        "pager": page,
        "chosen": chosen if chosen in FILTERS else "",
        "counts": counts(people),
        "due": due,
        "overdue": due is not None and due < timezone.localdate(),
    }


def waivable(people: QuerySet[Participation], enrolment: Enrolment) -> QuerySet[Any]:
    requirement = requirement_of(enrolment.campaign_id)
    family = requirement.family if requirement else []
    waivers = Waiver.objects.in_force().filter(requirement__in=family, participation=OuterRef("pk"))
    return people.annotate(waived=Exists(waivers))


def rows_of(people: list[Any], user: Any) -> Iterable[Row]:
    readable = set(
        SelfAnalysis.objects.visible_to(user)
        .filter(participation__in=[p.pk for p in people])
        .values_list("pk", flat=True)
    )
    for person in people:
        analysis = getattr(person, "analysis", None)
        begun = analysis is not None and analysis.state != SelfAnalysis.State.DRAFT
        own = person.member_id == user.member_id
        yield Row(
            participation=person,
            code=analysis.state if analysis and begun else NOT_HANDED_IN,
            submitted_at=analysis.submitted_at if analysis and begun else None,
            waived=person.waived,
            own=own,
            review=analysis.pk if analysis and begun and not own and analysis.pk in readable else None,
        )
