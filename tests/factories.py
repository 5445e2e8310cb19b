"""Minimal valid objects. Organisations: ``district() → committee → branch``; people with or without accounts and hats."""

from datetime import date
from itertools import count
from typing import Any

from campaign.models import Batch, Campaign, Enrolment, Participation, Phase, PhaseRun, PhaseWindow, Requirement, Step
from campaign.progress.writing import fill, reached, recording
from campaign.units.roll import take_in
from members.models import Appointment, Member, MemberTag, Organization, User
from members.permissions import Role

numbers = count(1)
PASSWORD = "一个很长的测试口令-2005"


def organization(name: str = "", parent: Organization | None = None, **fields: Any) -> Organization:
    n = next(numbers)
    values = {"name": name or f"组织{n}", "code": f"T{n:05}", "kind": Organization.Kind.COMMITTEE} | fields
    return Organization.objects.add_child(parent, values) if parent else Organization.objects.add_root(values)


def branch(parent: Organization | None = None, name: str = "", **fields: Any) -> Organization:
    parent = Organization.objects.get(pk=parent.pk) if parent else organization()
    made = organization(name or f"第{next(numbers)}党支部", parent, kind=Organization.Kind.BRANCH, **fields)
    reached([made.pk])
    return made


def member(at: Organization | None = None, name: str = "", tags: tuple[str, ...] = (), **fields: Any) -> Member:
    person = Member.objects.create(branch=at or branch(), name=name or f"党员{next(numbers)}", **fields)
    for kind in tags:
        MemberTag.objects.create(member=person, kind=kind)
    reached([person.branch_id])
    return person


def user(of: Member | None = None, username: str = "", **fields: Any) -> User:
    account = User(
        username=username or f"u{next(numbers)}", name=of.name if of else f"用户{next(numbers)}", member=of, **fields
    )
    account.set_password(PASSWORD)
    account.save()
    return account


def hat(role: str, at: Organization, of: Member | None = None, account: User | None = None) -> User:
    """A user (new unless given) who wears ``role`` at an organisation."""
    wearer = account or user(of)
    Appointment.objects.create(user=wearer, organization=at, role=role)
    return User.objects.get(pk=wearer.pk)


def campaign(at: Organization, requirements: tuple[tuple[str, str], ...] = (), **fields: Any) -> Campaign:
    """A running campaign with one batch, two phases and, in the first, ``(indicator, audience)`` requirements."""
    values = {
        "name": "先进性教育活动",
        "blueprint": "test",
        "state": Campaign.State.RUNNING,
        "starts_on": date(2005, 7, 1),
        "ends_on": date(2005, 12, 31),
    } | fields
    made = Campaign.objects.create(organization=at, **values)
    batch = Batch.objects.create(campaign=made, number=1, name="第一批", starts_on=made.starts_on, ends_on=made.ends_on)
    for number, name in enumerate(["学习动员", "分析评议"]):
        phase = Phase.objects.create(campaign=made, number=number, name=name)
        PhaseWindow.objects.create(batch=batch, phase=phase, starts_on=made.starts_on, ends_on=made.ends_on)
        step = Step.objects.create(phase=phase, number=1, name="规定动作")
        for position, (indicator, audience) in enumerate(requirements if number == 0 else ()):
            Requirement.objects.create(
                step=step,
                campaign=made,
                number=position,
                label=f"{indicator}",
                indicator_code=indicator,
                audience_code=audience,
                waivable=True,
            )
    fill(made)
    return made


def enrolment(of: Campaign, at: Organization, state: str = Enrolment.State.RUNNING) -> Enrolment:
    """The organisation in the campaign's first batch and phase, its members taking part, figures ready."""
    batch = of.batches.get(number=1)
    made = Enrolment.objects.create(
        campaign=of,
        batch=batch,
        organization=at,
        state=state,
        phase=of.phases.first(),
        starts_on=batch.starts_on,
        ends_on=batch.ends_on,
        started_on=batch.starts_on,
    )
    for phase in of.phases.all():
        PhaseRun.objects.create(
            enrolment=made,
            phase=phase,
            starts_on=batch.starts_on,
            ends_on=batch.ends_on,
            state=PhaseRun.State.ACTIVE if phase.number == 0 else PhaseRun.State.WAITING,
        )
    with recording([made.pk]) as locked:
        for each in locked:
            take_in(each)
    return Enrolment.objects.get(pk=made.pk)


def participation(at: Enrolment, name: str = "", tags: tuple[str, ...] = ()) -> Participation:
    """A new member of the branch who takes part."""
    person = member(at.organization, name, tags)
    with recording([at.pk]) as locked:
        for each in locked:
            take_in(each)
    return Participation.objects.get(member=person, campaign=at.campaign)


def secretary(at: Organization) -> User:
    return hat(Role.SECRETARY, at, of=member(at, "书记"))
