"""People go on working while an amendment is applied."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import monotonic

import pytest
from django.db import connection, transaction

from campaign.actions import enrolment as enrolments
from campaign.actions import waiver as waivers
from campaign.amendments import effect as amending
from campaign.models import Amendment, Enrolment, Requirement
from campaign.progress.recounting import recount
from campaign.progress.writing import figures_of, recording
from portal.actions import job as jobs
from portal.models import Job
from tests import factories as make
from tests.campaign.test_amendments import City
from tests.campaign.unit import TODAY


@pytest.fixture
def at_once(transactional_db: None) -> None:
    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        pytest.skip("threads share no database in memory")


def in_thread(work: Callable[[], object]) -> Callable[[], object]:
    def run() -> object:
        try:
            return work()
        finally:
            connection.close()

    return run


def test_writers_waivers_and_new_units_during_an_amendment(at_once: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Units of three kinds change while the job goes over them one by one: nothing is lost, nothing is counted twice."""
    monkeypatch.setattr(amending, "CHUNK", 1)
    city = City()
    for number in range(8):
        branch = make.branch(city.root, f"支部{number}")
        make.member(branch)
        make.enrolment(city.campaign, branch)
    late = [make.branch(city.root, f"后来{number}") for number in range(3)]
    amendment = city.proposed()
    city.changed(amendment, city.plan, label="修订")
    city.added(amendment, "surveyed", "all-branches")
    city.approved(amendment)
    units = list(city.campaign.enrolments.order_by("pk"))
    stop, until = Event(), monotonic() + 20

    def write(unit: Enrolment) -> None:
        turn = 0
        while not stop.is_set() and monotonic() < until:
            turn += 1
            with recording([unit.pk]):
                note = "已摸底" if turn % 2 else ""
                Enrolment.objects.filter(pk=unit.pk).update(plan_filed_on=TODAY(), survey_note=note)

    def waive() -> None:
        for unit in units[3:6]:
            waivers.waive(requirement=city.plan, enrolment=unit, participations=[], reason="停产", by=city.office)

    def take_in() -> None:
        for branch in late:
            enrolments.enrol(batch=city.campaign.batches.get(), organizations=[branch], by=city.office)

    def apply() -> None:
        jobs.run(job_id=Job.objects.get(kind="amendment").pk)

    with ThreadPoolExecutor(8) as threads:
        writing = [threads.submit(in_thread(lambda u=u: write(u))) for u in units[:4]]
        doing = [threads.submit(in_thread(work)) for work in (waive, take_in, apply)]
        try:
            for each in doing:
                each.result(timeout=60)
        finally:
            stop.set()
        for each in writing:
            each.result(timeout=60)
    assert Job.objects.get(kind="amendment").state == Job.State.DONE
    assert Amendment.objects.get(pk=amendment.pk).state == Amendment.State.APPLIED
    assert list(recount(city.campaign)) == []
    new = Requirement.objects.in_force().get(label="修订")
    figures = figures_of(city.campaign, city.root)[new.pk]
    assert figures.total == 14
    assert figures.done + figures.waived >= 6


def test_a_unit_that_is_just_being_taken_in_is_waited_for(at_once: None) -> None:
    """Its transaction began before the new rows were there and ends after them."""
    city = City()
    branch = make.branch(city.root, "后来的支部")
    amendment = city.proposed()
    city.added(amendment, "surveyed", "all-branches")
    city.approved(amendment)
    job = Job.objects.get(kind="amendment")
    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            enrolments.enrol(batch=city.campaign.batches.get(), organizations=[branch], by=city.office)
            applying = threads.submit(in_thread(lambda: jobs.run(job_id=job.pk)))
            if connection.vendor == "postgresql":
                with pytest.raises(TimeoutError):
                    applying.result(timeout=1)
        applying.result(timeout=60)
    new = Requirement.objects.in_force().get(indicator_code="surveyed")
    assert figures_of(city.campaign, city.root)[new.pk].total == 4
    assert list(recount(city.campaign)) == []
