"""One of many writers, in a process of its own: acts of secretaries at random on the branches of the only campaign."""

import random
import time
import uuid
from datetime import date
from typing import Any

from django.db import connection

from campaign.models import Attendance, Campaign, Enrolment, Participation, StudySession
from campaign.progress.rollups import rebalance
from campaign.progress.writing import recording
from members.actions import organization_reshape as reshape
from members.models import Member, Organization, User
from members.registry import roll_changed


def plan(dice: random.Random, keys: list[int], by: User) -> None:
    """Two or three branches in one transaction, in any order."""
    with recording(dice.sample(keys, dice.randint(1, 3))) as locked:
        for unit in locked:
            unit.plan_filed_on = dice.choice([None, date(2005, 8, 1)])
            unit.save(update_fields=["plan_filed_on"])


def session(dice: random.Random, keys: list[int], by: User) -> None:
    with recording([dice.choice(keys)]) as [unit]:
        held = StudySession.objects.create(enrolment=unit, topic="学习", held_at="2005-08-01T09:00+08:00", by=by)
        states = dice.choice(["present", "absent"])
        people = Participation.objects.active().filter(enrolment=unit)
        Attendance.objects.bulk_create(Attendance(session=held, participation=p, state=states) for p in people)


def state(dice: random.Random, keys: list[int], by: User) -> None:
    with recording([dice.choice(keys)]) as [unit]:
        unit.state = dice.choice([Enrolment.State.RUNNING, Enrolment.State.POSTPONED])
        unit.save(update_fields=["state"])


def roll(dice: random.Random, keys: list[int], by: User) -> None:
    """Somebody joins, somebody leaves."""
    places = list(Enrolment.objects.filter(pk__in=dice.sample(keys, 2)).values_list("organization_id", flat=True))
    with recording([]):
        if dice.random() < 0.6:
            Member.objects.create(branch_id=places[0], name=f"党员{uuid.uuid4().hex[:6]}")
        leaving = Member.objects.on_roll().filter(branch=places[1]).order_by("pk")[3:4]
        Member.objects.filter(pk__in=list(leaving.values_list("pk", flat=True))).update(ended_on=date(2005, 9, 1))
        roll_changed(places)


def shape(dice: random.Random, campaign: Campaign, by: User) -> None:
    if dice.random() < 0.7:
        rebalance(campaign, dice.choice([1, 5, 12, 50]))
        return
    branches = list(Organization.objects.branches())
    node = dice.choice(branches)
    others = [
        place
        for place in Organization.objects.filter(kind="committee", depth=2)
        if not node.path.startswith(place.path)
    ]
    reshape.move(node=node, parent=dice.choice(others), by=by)


def work(seed: int, seconds: float, role: str, done: Any) -> None:
    """Until the time is over; ``done`` (shared) counts the acts. ``role``: ``write``, or ``shape`` (roll-up points come and go, branches
    move)."""
    connection.close()
    dice, campaign = random.Random(seed), Campaign.objects.select_related("organization").get()
    keys = list(campaign.enrolments.values_list("pk", flat=True))
    by = User.objects.get(username="writer")
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if role == "shape":
            shape(dice, campaign, by)
            time.sleep(0.1)
        else:
            dice.choice([plan, plan, state, roll, session])(dice, keys, by)
        done.value += 1
    connection.close()
