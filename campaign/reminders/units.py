"""When people are reminded of phases and requirements. How many days before, or how often, each campaign's office sets
(``campaign.reminders.rules``).

Every key names what the reminder is about, its date, and which reminder it is: a second run, a second scheduler or a
later day writes nothing twice, a run that was missed is made up for by the next one, and a date that was moved is a new
reminder. Work goes in chunks of units, with a fixed number of queries for each.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from django.db.models import Count, Exists, Model, OuterRef, Q, QuerySet
from django.urls import reverse

from campaign.models import Enrolment, Participation, PhaseRun, Progress, Requirement
from campaign.progress.writing import unmet
from campaign.reminders.rules import grouped
from members.models import Appointment, Organization
from members.permissions import Role
from portal.indicators import Subject
from portal.notices import Draft, notice_sources
from portal.working_days import eve_of_work

CHUNK = 300
WEEK = 7
DAY = timedelta(days=1)
ARRANGEMENT, REQUIREMENT, GATE = "活动安排", "规定动作", "转段"
M = TypeVar("M", bound=Model)


def chunks(rows: QuerySet[M], size: int = CHUNK) -> Iterator[list[M]]:
    """The rows in lists of at most ``size``. No cursor stays open while the drafts are written: on the embedded
    database it would keep other processes from writing."""
    pks = list(rows.values_list("pk", flat=True))
    for start in range(0, len(pks), size):
        yield list(rows.filter(pk__in=pks[start : start + size]))


def secretaries(organizations: Collection[int]) -> dict[int, list[int]]:
    """User ids of those organisations' own secretaries (of a committee, of its office too), by organisation id; one query."""
    office = Q(role=Role.OFFICE) & ~Q(organization__kind__in=Organization.BRANCH_KINDS)
    hats = Appointment.objects.current().filter(
        office | Q(role=Role.SECRETARY), organization__in=organizations, user__is_active=True
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


def going_on(campaigns: Collection[int]) -> QuerySet[PhaseRun]:
    """Phases of units on their way through these campaigns."""
    return PhaseRun.objects.filter(
        enrolment__campaign__in=campaigns,
        enrolment__state__in=[Enrolment.State.PREPARING, Enrolment.State.RUNNING],
    )


def phases_starting(today: date) -> Iterator[Draft]:
    """Some days before a phase starts: the branch's secretaries and those who take part."""
    for (leads,), campaigns in grouped("phase-starts"):
        soon = going_on(campaigns).filter(state=PhaseRun.State.WAITING, starts_on__gte=today)
        yield from before(soon, "starts_on", leads, today)


def phases_ending(today: date) -> Iterator[Draft]:
    """Some days before a phase ends, by default seven, three and one."""
    for (leads,), campaigns in grouped("phase-ends"):
        soon = going_on(campaigns).filter(state=PhaseRun.State.ACTIVE, ends_on__gte=today)
        yield from before(soon, "ends_on", leads, today)


def before(runs: QuerySet[PhaseRun], field: str, leads: Collection[int], today: date) -> Iterator[Draft]:
    """So many days before a phase starts or ends. On the last working day before free ones, also what they would bring:
    nobody hears of a date only when it is there."""
    eve = eve_of_work(today)
    what = "开始" if field == "starts_on" else "结束"
    kind = field.partition("_")[0]

    def words(run: PhaseRun) -> tuple[str, str]:
        day: date = getattr(run, field)
        step = min(lead for lead in leads if (day - eve).days <= lead)
        dates = f"{chinese(run.starts_on)}至{chinese(run.ends_on)}" if field == "starts_on" else chinese(day)
        text = f"“{run.phase}”阶段{in_words((day - today).days)}{what}（{dates}）。"
        return f"phase-{kind}:{run.pk}:{day:%Y%m%d}:{step}", text

    yield from to_the_branch(runs.filter(**{f"{field}__lte": eve + timedelta(days=max(leads))}), words)


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
    """Who still owes a requirement that is nearly due is told once; who is late, again and again: the person, or the
    secretary where the unit itself owes it."""
    for (lead, every), campaigns in grouped("requirement-due", "requirement-late"):
        times = Times(
            today, eve_of_work(today) + timedelta(days=lead[0]) if lead else today - DAY, every[0] if every else 0
        )
        requirements = Requirement.objects.in_force().filter(campaign__in=campaigns)
        for requirement in requirements.select_related("campaign", "step__phase").order_by("campaign", "pk"):
            for chunk in chunks(behind(requirement, times)):
                due = {run.enrolment_id: requirement.due_on(run) for run in chunk}
                due = {pk: day for pk, day in due.items() if day >= today or times.every}
                yield from owing(requirement, due, times)


@dataclass(frozen=True)
class Times:
    """Requirements due until ``last`` are spoken of; ``every`` so many days again when they are late (0: never)."""

    today: date
    last: date
    every: int


def behind(requirement: Requirement, times: Times) -> QuerySet[PhaseRun]:
    """Units now in the requirement's phase that have it due until ``times.last``, with something missing in their ready
    figures."""
    missing = Progress.objects.filter(
        requirement=requirement, kind=Progress.Kind.BRANCH, behind=1, organization=OuterRef("enrolment__organization")
    )
    runs = going_on([requirement.campaign_id]).filter(
        Exists(missing),
        requirement.due_until(times.last),
        phase=requirement.step.phase_id,
        state=PhaseRun.State.ACTIVE,
    )
    return runs.order_by("enrolment__organization__path", "pk")


def owing(requirement: Requirement, due: dict[int, date], times: Times) -> Iterator[Draft]:
    """Drafts for one requirement in some units; ``due``: day by enrolment id."""
    link = requirement.indicator.link
    if requirement.subject == Subject.PERSON:
        people = unmet(requirement).filter(enrolment__in=due, member__user__is_active=True)
        for person in list(people.select_related("member__user").order_by("pk")):
            url = link(person) if link else reverse("my-study", args=[person.pk])
            day = due[person.enrolment_id]
            yield unmet_draft(requirement, day, times, f"p{person.pk}", person.member.user.pk, url)
        yield from owing_in_unit(requirement, due, times)
        return
    units = list(unmet(requirement).filter(pk__in=due).order_by("pk"))
    secretaries_of = secretaries({unit.organization_id for unit in units})
    for unit in units:
        url = link(unit) if link else reverse("enrolment-detail", args=[unit.pk])
        for user_id in secretaries_of.get(unit.organization_id, ()):
            yield unmet_draft(requirement, due[unit.pk], times, f"e{unit.pk}", user_id, url)


def owing_in_unit(requirement: Requirement, due: dict[int, date], times: Times) -> Iterator[Draft]:
    """To the secretary: how many of the branch still owe it, with or without an account of their own."""
    rows = unmet(requirement).filter(enrolment__in=due).order_by().values_list("enrolment", "enrolment__organization")
    counted = list(rows.annotate(number=Count("pk")))
    secretaries_of = secretaries({organization_id for _, organization_id, _ in counted})
    for enrolment_id, organization_id, number in counted:
        url = reverse("enrolment-detail", args=[enrolment_id])
        for user_id in secretaries_of.get(organization_id, ()):
            yield unmet_draft(requirement, due[enrolment_id], times, f"b{enrolment_id}", user_id, url, number)


def unmet_draft(
    requirement: Requirement, due: date, times: Times, who: str, user_id: int, url: str, people: int = 0
) -> Draft:
    """``people``: how many of the branch it is about, where it is not about the recipient."""
    late = (times.today - due).days
    which = f"late{(late - 1) // times.every}" if late > 0 else "due"
    open_ones = f"还有{people}人没有完成" if people else "还没有完成"
    when = f"已过{late}天，{open_ones}，请尽快办理" if late > 0 else f"{in_words(-late)}，目前{open_ones}"
    text = f"“{requirement.label}”应在{chinese(due)}前完成：{when}。"
    key = f"unmet:{requirement.pk}:{who}:{due:%Y%m%d}:{which}:{user_id}"
    return Draft(user_id, key, REQUIREMENT, text, url)


for source in (phases_starting, phases_ending, requirements_unmet):
    notice_sources.register(source)
