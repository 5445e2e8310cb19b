"""When people are reminded of phases, requirements and requests.

Every key names what the reminder is about, its date, and which reminder it is: a second run, a second scheduler or a
later day writes nothing twice, a run that was missed is made up for by the next one, and a date that was moved is a new
reminder. Work goes in chunks of units, with a fixed number of queries for each.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from datetime import date, timedelta
from typing import TypeVar

from django.db.models import Exists, F, Model, OuterRef, QuerySet
from django.urls import reverse
from django.utils import timezone

from campaign.models import Campaign, Enrolment, Gate, Participation, PhaseRun, Progress, Requirement
from campaign.progress import unmet
from members.models import Appointment, Organization
from members.permissions import Permission, Role, roles_with
from portal.indicators import Subject
from portal.notices import Draft, notice_sources

CHUNK = 300
STARTS_IN = 3
ENDS_IN = (1, 3, 7)
DUE_IN = 7
PATIENCE = 3
WEEK = 7
ARRANGEMENT, REQUIREMENT, GATE = "活动安排", "规定动作", "转段"
M = TypeVar("M", bound=Model)


def chunks(rows: QuerySet[M], size: int = CHUNK) -> Iterator[list[M]]:
    """The rows in lists of at most ``size``. No cursor stays open while the drafts are written: on the embedded
    database it would keep other processes from writing."""
    pks = list(rows.values_list("pk", flat=True))
    for start in range(0, len(pks), size):
        yield list(rows.filter(pk__in=pks[start : start + size]))


def secretaries(organizations: Collection[int]) -> dict[int, list[int]]:
    """User ids of those organisations' own secretaries, by organisation id; one query."""
    hats = Appointment.objects.current().filter(
        organization__in=organizations, role=Role.SECRETARY, user__is_active=True
    )
    found: dict[int, list[int]] = defaultdict(list)
    for organization_id, user_id in hats.order_by("pk").values_list("organization_id", "user_id"):
        found[organization_id].append(user_id)
    return found


def chinese(day: date) -> str:
    return f"{day.month}月{day.day}日"


def in_words(days: int) -> str:
    """How far away a day is: 今天, 明天, 还有3天."""
    return {0: "今天", 1: "明天"}.get(days, f"还有{days}天")


def week_of(late: int) -> int:
    """The how-manieth week of being late (from 0): the reminder that is repeated each week."""
    return (late - 1) // WEEK


def going_on() -> QuerySet[PhaseRun]:
    """Phases of units on their way through a campaign that runs."""
    return PhaseRun.objects.filter(
        enrolment__campaign__state=Campaign.State.RUNNING,
        enrolment__state__in=[Enrolment.State.PREPARING, Enrolment.State.RUNNING],
    )


def phases_starting(today: date) -> Iterator[Draft]:
    """Three days before a phase starts: the branch's secretaries and those who take part."""
    soon = going_on().filter(
        state=PhaseRun.State.WAITING, starts_on__gte=today, starts_on__lte=today + timedelta(days=STARTS_IN)
    )

    def words(run: PhaseRun) -> tuple[str, str]:
        when = in_words((run.starts_on - today).days)
        text = f"“{run.phase}”阶段{when}开始（{chinese(run.starts_on)}至{chinese(run.ends_on)}）。"
        return f"phase-starts:{run.pk}:{run.starts_on:%Y%m%d}", text

    yield from to_the_branch(soon, words)


def phases_ending(today: date) -> Iterator[Draft]:
    """Seven, three and one day before a phase ends; who was not reminded on the day itself is on the next run."""
    soon = going_on().filter(
        state=PhaseRun.State.ACTIVE, ends_on__gte=today, ends_on__lte=today + timedelta(days=max(ENDS_IN))
    )

    def words(run: PhaseRun) -> tuple[str, str]:
        left = (run.ends_on - today).days
        step = next(days for days in ENDS_IN if left <= days)
        text = f"“{run.phase}”阶段{in_words(left)}结束（{chinese(run.ends_on)}）。"
        return f"phase-ends:{run.pk}:{run.ends_on:%Y%m%d}:{step}", text

    yield from to_the_branch(soon, words)


def to_the_branch(runs: QuerySet[PhaseRun], words: Callable[[PhaseRun], tuple[str, str]]) -> Iterator[Draft]:
    """One draft to each secretary and each participant with an account; who is both hears it once, as secretary."""
    rows = runs.select_related("phase", "enrolment").order_by("enrolment__organization__path", "pk")
    for chunk in chunks(rows):
        secretaries_of = secretaries({run.enrolment.organization_id for run in chunk})
        people = accounts({run.enrolment_id for run in chunk})
        for run in chunk:
            key, text = words(run)
            to = dict(people.get(run.enrolment_id, ()))
            page = reverse("enrolment-detail", args=[run.enrolment_id])
            to |= dict.fromkeys(secretaries_of.get(run.enrolment.organization_id, ()), page)
            for user_id, url in to.items():
                yield Draft(user_id, f"{key}:{user_id}", ARRANGEMENT, text, url)


def accounts(enrolments: Collection[int]) -> dict[int, list[tuple[int, str]]]:
    """User ids of those who take part now, with the page of their own study, by enrolment id; one query."""
    people = Participation.objects.active().filter(enrolment__in=enrolments, member__user__is_active=True)
    found: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for pk, enrolment_id, user_id in people.order_by("pk").values_list("pk", "enrolment_id", "member__user"):
        found[enrolment_id].append((user_id, reverse("my-study", args=[pk])))
    return found


def requirements_unmet(today: date) -> Iterator[Draft]:
    """Who still owes a requirement that is due within seven days is told once; who is late, each week: the person,
    or the secretary where the branch itself owes it."""
    requirements = Requirement.objects.in_force().filter(campaign__state=Campaign.State.RUNNING)
    for requirement in requirements.select_related("campaign", "step__phase").order_by("campaign", "pk"):
        for chunk in chunks(behind(requirement, today + timedelta(days=DUE_IN))):
            due = {run.enrolment_id: requirement.due_on(run) for run in chunk}
            yield from owing(requirement, due, today)


def behind(requirement: Requirement, last: date) -> QuerySet[PhaseRun]:
    """Units now in the requirement's phase that have it due until ``last``, with something missing in their ready
    figures."""
    missing = Progress.objects.filter(
        requirement=requirement,
        organization=OuterRef("enrolment__organization"),
        kind=Progress.Kind.BRANCH,
        total__gt=F("done") + F("waived"),
    )
    runs = going_on().filter(
        Exists(missing),
        requirement.due_until(last),
        phase=requirement.step.phase_id,
        enrolment__campaign=requirement.campaign_id,
        state=PhaseRun.State.ACTIVE,
    )
    return runs.order_by("enrolment__organization__path", "pk")


def owing(requirement: Requirement, due: dict[int, date], today: date) -> Iterator[Draft]:
    """Drafts for one requirement in some units; ``due``: day by enrolment id."""
    link = requirement.indicator.link
    if requirement.subject == Subject.PERSON:
        people = unmet(requirement).filter(enrolment__in=due, member__user__is_active=True)
        for person in list(people.select_related("member__user").order_by("pk")):
            url = link(person) if link else reverse("my-study", args=[person.pk])
            day = due[person.enrolment_id]
            yield unmet_draft(requirement, day, today, f"p{person.pk}", person.member.user.pk, url)
        return
    units = list(unmet(requirement).filter(pk__in=due).order_by("pk"))
    secretaries_of = secretaries({unit.organization_id for unit in units})
    for unit in units:
        url = link(unit) if link else reverse("enrolment-detail", args=[unit.pk])
        for user_id in secretaries_of.get(unit.organization_id, ()):
            yield unmet_draft(requirement, due[unit.pk], today, f"e{unit.pk}", user_id, url)


def unmet_draft(requirement: Requirement, due: date, today: date, who: str, user_id: int, url: str) -> Draft:
    late = (today - due).days
    if late > 0:
        which, text = (
            f"late{week_of(late)}",
            f"“{requirement.label}”应在{chinese(due)}前完成，已过{late}天，请尽快办理。",
        )
    else:
        which, text = "due", f"“{requirement.label}”应在{chinese(due)}前完成（{in_words(-late)}），目前还没有完成。"
    key = f"unmet:{requirement.pk}:{who}:{due:%Y%m%d}:{which}:{user_id}"
    return Draft(user_id, key, REQUIREMENT, text, url)


def gates_waiting(today: date) -> Iterator[Draft]:
    """A request to move on that has waited more than three days, and again each week: those who decide at the nearest
    organisation above that has any. Never the one who asked."""
    waiting = Gate.objects.waiting().filter(
        requested_at__date__lt=today - timedelta(days=PATIENCE), enrolment__campaign__state=Campaign.State.RUNNING
    )
    rows = waiting.select_related("enrolment__organization", "phase").order_by("pk")
    for chunk in chunks(rows):
        deciders = deciders_at({path for gate in chunk for path in above(gate.enrolment.organization)})
        for gate in chunk:
            days = (today - timezone.localdate(gate.requested_at)).days
            text = f"{gate.enrolment.organization}“{gate.phase}”转段申请已等待{days}天，请审核。"
            url = reverse("gate-detail", args=[gate.pk])
            for user_id in nearest(gate, deciders):
                key = f"gate-waits:{gate.pk}:{week_of(days - PATIENCE)}:{user_id}"
                yield Draft(user_id, key, GATE, text, url)


def above(organization: Organization) -> list[str]:
    """Paths from the organisation itself up to the root."""
    path, step = organization.path, organization.steplen
    return [path[:n] for n in range(len(path), 0, -step)]


def deciders_at(paths: Collection[str]) -> dict[str, list[int]]:
    """User ids of those who decide on requests, by the path of their organisation; one query."""
    hats = Appointment.objects.current().filter(
        organization__path__in=paths, role__in=roles_with(Permission.DECIDE_GATE), user__is_active=True
    )
    found: dict[str, list[int]] = defaultdict(list)
    for path, user_id in hats.order_by("pk").values_list("organization__path", "user_id"):
        found[path].append(user_id)
    return found


def nearest(gate: Gate, deciders: dict[str, list[int]]) -> list[int]:
    for path in above(gate.enrolment.organization):
        if users := [user_id for user_id in deciders.get(path, ()) if user_id != gate.requested_by_id]:
            return list(dict.fromkeys(users))
    return []


for source in (phases_starting, phases_ending, requirements_unmet, gates_waiting):
    notice_sources.register(source)
