"""Sixteen writers on forty branches, one of them killed in the middle, while roll-up points come and go: nothing to mend afterwards."""

import multiprocessing
import os
import time
from typing import Any

import pytest
from django.db import connection

from campaign.models import Campaign, Participation
from campaign.progress.ready import coverage_of
from campaign.progress.recounting import recount
from campaign.progress.writing import figures_of
from members.models import Member, Organization
from members.permissions import Role
from tests import factories as make
from tests.campaign import writer
from tests.servers import wait_for

SECONDS = float(os.environ.get("WRITING_SECONDS", "6"))
WRITERS = 16
SPAWN = multiprocessing.get_context("fork")
REQUIREMENTS = (("plan-filed", "all-branches"), ("study-attended", "all-members"), ("member-in-contact", "all-members"))


def city() -> Campaign:
    """Four districts, uneven, with forty branches of five members; one branch has no place."""
    root = make.organization("市委")
    campaign = make.campaign(root, REQUIREMENTS)
    for number in (2, 6, 12, 20):
        district = make.organization(f"区委{number}", Organization.objects.get(pk=root.pk))
        for n in range(number):
            home = make.branch(district)
            for _ in range(5):
                make.member(home, tags=("frail",) if n % 7 == 0 else ())
            make.enrolment(campaign, home)
    make.member(make.branch(Organization.objects.get(pk=root.pk), "未编入支部"))
    make.hat(Role.OFFICE, Organization.objects.get(pk=root.pk), account=make.user(username="writer"))
    return Campaign.objects.select_related("organization").get(pk=campaign.pk)


def start(seed: int, role: str) -> tuple[Any, Any]:
    done = SPAWN.Value("i", 0)
    process = SPAWN.Process(target=writer.work, args=(seed, SECONDS, role, done), daemon=True)
    process.start()
    return process, done


@pytest.mark.servers
def test_sixteen_writers_one_of_them_killed(transactional_db: Any) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("the embedded database has one writer at a time")
    campaign = city()
    connection.close()
    others = [start(seed, "write") for seed in range(WRITERS)] + [start(99, "shape")]
    victim, before = others.pop(0)
    wait_for(lambda: before.value, 60)
    time.sleep(SECONDS / 3)
    victim.kill()
    for process, _ in others:
        process.join(120)
    assert [process.exitcode for process, _ in others] == [0] * WRITERS
    assert all(done.value for _, done in others)
    assert [str(difference) for difference in recount(campaign)] == []
    root = Organization.objects.get(pk=campaign.organization_id)
    people = campaign.requirements.get(indicator_code="study-attended")
    assert figures_of(campaign, root)[people.pk].total == Participation.objects.active().count()
    assert coverage_of(campaign, root).on_roll == Member.objects.on_roll().count()
