"""What the ledger can tell."""

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse

from campaign.models import Enrolment, Participation
from portal.indicators import Condition, Indicator, Params, Subject, indicators
from rectification.models import Task


def measures_planned(params: Params) -> Condition:
    """Has at least one measure of their own (S0 四 第三阶段: 制定整改措施)."""
    return Exists(Task.objects.filter(subject=OuterRef("pk")))


def measures_done(params: Params) -> Condition:
    """Has measures, and every one is confirmed, or explained where it can't be done now (S0 四)."""
    own = Task.objects.filter(subject=OuterRef("pk"))
    return Q(Exists(own)) & ~Q(Exists(own.open()))


def ledger_opened(params: Params) -> Condition:
    return Exists(Task.objects.filter(enrolment=OuterRef("pk"), subject=None))


def ledger_closed(params: Params) -> Condition:
    """The branch has a ledger and nothing in it is open."""
    entries = Task.objects.filter(enrolment=OuterRef("pk"), subject=None)
    return Q(Exists(entries)) & ~Q(Exists(entries.open()))


def own_tasks(participation: Participation) -> str:
    return reverse("my-tasks", args=[participation.pk])


def ledger_page(enrolment: Enrolment) -> str:
    return reverse("task-list", args=[enrolment.organization_id])


def measures(participation: Participation) -> str:
    return reverse("task-list", args=[participation.enrolment.organization_id])


PERSON, ORGANIZATION = Subject.PERSON, Subject.ORGANIZATION
indicators.register(
    Indicator("measures-planned", "制定个人整改措施", PERSON, measures_planned, link=own_tasks, evidence=measures)
)
indicators.register(
    Indicator("measures-done", "完成个人整改措施", PERSON, measures_done, link=own_tasks, evidence=measures)
)
indicators.register(
    Indicator("ledger-opened", "建立支部整改台账", ORGANIZATION, ledger_opened, link=ledger_page, evidence=ledger_page)
)
indicators.register(
    Indicator("ledger-closed", "支部整改事项完成", ORGANIZATION, ledger_closed, link=ledger_page, evidence=ledger_page)
)
