"""However people and organisations move: one place for everyone, figures that are what the records say, a whole tree, and a history
that keeps every move."""

from collections.abc import Callable, Collection
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from campaign.actions import study
from campaign.actions.enrolment import enrol
from campaign.models import Attendance, Campaign, Enrolment, Participation, StudySession
from campaign.progress.coverage import count_coverage
from campaign.progress.ready import coverage_of
from campaign.progress.recounting import recount
from campaign.progress.rollups import rebalance
from campaign.progress.writing import figures_by_child, figures_of, recording, unmet
from members.actions import member as people
from members.actions import organization_reshape as reshape
from members.actions import transfer as transfers
from members.models import Member, Mobility, Organization, Transfer, User
from members.permissions import Role
from tests import factories as make

REFUSALS = (transfers.TransferRefused, reshape.ReshapeRefused, reshape.Taken, people.BranchClosed, people.Taken)
# A statement costs a server several times what it costs the embedded database; the sequences are of the same make.
EXAMPLES = 200 if connection.vendor == "sqlite" else 50
REQUIREMENTS = (("plan-filed", "all-branches"), ("study-attended", "all-members"), ("member-in-contact", "all-members"))
ACTS: dict[str, Callable[..., Any]] = {}


def act(function: Callable[..., Any]) -> Callable[..., Any]:
    """``function(world, i, j, yes)``: one thing that somebody may try; it may be refused."""
    ACTS[function.__name__] = function
    return function


class World:
    """The office that does everything, the campaign, and the moves that were made."""

    def __init__(self, office: User, campaign: Campaign) -> None:
        self.office = User.objects.get(pk=office.pk)
        self.campaign = campaign
        self.root = Organization.objects.get(pk=campaign.organization_id)
        self.moves: list[tuple[int, str, str]] = []

    def member(self, i: int) -> Member:
        rows = Member.objects.order_by("pk")
        return rows[i % rows.count()]

    def branch(self, i: int) -> Organization:
        rows = Organization.objects.branches()
        return rows[i % rows.count()]

    def node(self, i: int) -> Organization:
        rows = Organization.objects.all()
        return rows[i % rows.count()]

    def kept(self, member: Member, kind: str, state: str) -> None:
        self.moves.append((member.pk, kind, state))


@act
def join(w: World, i: int, j: int, yes: bool) -> None:
    branch = w.branch(i)
    if not branch.closed_on:
        facts = {"name": f"新党员{Member.objects.count()}"}
        people.create(branch=branch, facts=facts, contact={}, tags=["frail"] if yes else [], by=w.office)


@act
def ask(w: World, i: int, j: int, yes: bool) -> None:
    transfers.request(member=w.member(i), target=None if yes and j % 3 == 0 else w.branch(j), place="外省", by=w.office)


@act
def answer(w: World, i: int, j: int, yes: bool) -> None:
    row = Transfer.objects.waiting().order_by("pk").first()
    if row is None:
        return
    if j % 4 < 2:
        transfers.accept(transfer=row, by=w.office)
        w.kept(row.member, row.kind, "accepted")
    elif j % 4 == 2:
        transfers.send_back(transfer=row, reason="不在本地", by=w.office)
        w.kept(row.member, row.kind, "returned")
    else:
        transfers.withdraw(transfer=row, reason="填错", by=w.office)
        w.kept(row.member, row.kind, "withdrawn")


@act
def at_once(w: World, i: int, j: int, yes: bool) -> None:
    member = w.member(i)
    transfers.at_once(member=member, target=w.branch(j), by=w.office)
    w.kept(member, "within", "accepted")


@act
def float_out(w: World, i: int, j: int, yes: bool) -> None:
    member, host = w.member(i), w.branch(j)
    if member.ended_on is None and not host.closed_on and member.branch_id != host.pk:
        people.open_mobility(
            member=member, by=w.office, kind="out-of-province", since=date(2005, 7, 1), host=host if yes else None
        )


@act
def float_otherwise(w: World, i: int, j: int, yes: bool) -> None:
    kind = ["in-city", "inflow", "lost"][j % 3]
    people.open_mobility(member=w.member(i), by=w.office, kind=kind, since=date(2005, 7, 1))


@act
def float_back(w: World, i: int, j: int, yes: bool) -> None:
    rows = Mobility.objects.current().order_by("pk")
    if rows:
        people.close_mobility(mobility=rows[i % len(rows)], until=timezone.localdate(), by=w.office)


@act
def leave(w: World, i: int, j: int, yes: bool) -> None:
    member = w.member(i)
    open_one = member.transfers.waiting().first()
    ending = ["moved", "died", "left"][j % 3]
    if people.leave(member=member, ending=ending, ended_on=timezone.localdate(), by=w.office) and open_one:
        w.kept(member, open_one.kind, "withdrawn")


@act
def come_back(w: World, i: int, j: int, yes: bool) -> None:
    gone = Member.objects.exclude(ended_on=None).order_by("pk")
    if not gone:
        return
    member = gone[i % len(gone)]
    if yes:
        people.come_back(member=member, by=w.office)
    elif not w.branch(j).closed_on:
        transfers.bring_back(member=member, branch=w.branch(j), place="外省", letter=transfers.NO_LETTER, by=w.office)
        w.kept(member, "in", "accepted")


@act
def merge(w: World, i: int, j: int, yes: bool) -> None:
    node = w.branch(i)
    moving = list(Member.objects.on_roll().filter(branch=node))
    reshape.merge(node=node, other=w.branch(j), by=w.office)
    for member in moving:
        w.kept(member, "merger", "accepted")


@act
def split(w: World, i: int, j: int, yes: bool) -> None:
    node = w.branch(i)
    chosen = list(Member.objects.on_roll().filter(branch=node).order_by("pk")[: 1 + j % 2])
    number = Organization.objects.count()
    values = {"name": f"分立支部{number}", "code": f"S{number}", "kind": "branch"}
    reshape.split(node=node, members=[m.pk for m in chosen], by=w.office, **values)
    for member in chosen:
        w.kept(member, "division", "accepted")


@act
def move(w: World, i: int, j: int, yes: bool) -> None:
    reshape.move(node=w.node(i), parent=w.node(j), by=w.office)


@act
def close_or_reopen(w: World, i: int, j: int, yes: bool) -> None:
    if yes:
        reshape.close(node=w.node(i), by=w.office)
        return
    closed = Organization.objects.exclude(closed_on=None)
    if closed:
        reshape.reopen(node=closed[i % len(closed)], by=w.office)


@act
def close_empty(w: World, i: int, j: int, yes: bool) -> None:
    """Everybody goes, then the branch."""
    node, other = w.branch(i), w.branch(j)
    for member in Member.objects.on_roll().filter(branch=node) if not node.closed_on else ():
        transfers.at_once(member=member, target=other, by=w.office)
        w.kept(member, "within", "accepted")
    reshape.close(node=node, by=w.office)


@act
def enrol_the_rest(w: World, i: int, j: int, yes: bool) -> None:
    enrol(batch=w.campaign.batches.get(), organizations=[w.node(i)], by=w.office)


@act
def finish(w: World, i: int, j: int, yes: bool) -> None:
    units = Enrolment.objects.counted().filter(organization=w.branch(i))
    with recording(list(units.values_list("pk", flat=True))) as locked:
        Enrolment.objects.filter(pk__in=[unit.pk for unit in locked]).update(state=Enrolment.State.FINISHED)


@act
def attend(w: World, i: int, j: int, yes: bool) -> None:
    units = Enrolment.objects.counted().in_tree_order()
    if not units:
        return
    unit = units[i % len(units)]
    session = StudySession(enrolment=unit, topic="学习", held_at=timezone.now() - timedelta(days=j % 2))
    expected = Participation.objects.active().filter(enrolment=unit)
    states = {p.pk: Attendance.State.PRESENT if yes else Attendance.State.ABSENT for p in expected}
    study.record(session=session, materials=[], attendance=states, by=w.office)


@act
def take_another_route(w: World, i: int, j: int, yes: bool) -> None:
    """送学上门, or no longer."""
    people = Participation.objects.active().order_by("pk")
    if people:
        person = people[i % people.count()]
        route = Participation.Route.ALTERNATIVE if yes else Participation.Route.NORMAL
        with recording([person.enrolment_id]):
            Participation.objects.filter(pk=person.pk).update(route=route)


@act
def choose_points(w: World, i: int, j: int, yes: bool) -> None:
    rebalance(w.campaign, 1 + i % 5)


def place_of(member: Member, hosts: dict[int, int | None], enrolled: Collection[int]) -> int | None:
    """The rule in plain words of S0 四, apart from the code it checks: an organisation, or ``None``.

    ``hosts``: for members who floated to another province, where in the portal they live now.
    """
    if member.pk in hosts and hosts[member.pk] is None:
        return None
    if hosts.get(member.pk) in enrolled:
        return hosts[member.pk]
    return member.branch_id if member.branch_id in enrolled else None


def check_people(w: World, living: list[Member]) -> None:
    """One open branch and one place for everyone; who has finished stays where they finished."""
    places = dict(Enrolment.objects.counted().filter(campaign=w.campaign).values_list("organization_id", "state"))
    rows = Participation.objects.active().values_list("member_id", "enrolment__organization_id", "enrolment__state")
    present = {member: (place, state) for member, place, state in rows}
    assert len(present) == len(rows)
    hosts = dict(Mobility.objects.current().filter(kind="out-of-province").values_list("member_id", "host_id"))
    for member in living:
        assert member.branch.is_branch
        assert member.branch.closed_on is None
        expected = place_of(member, hosts, places)
        place, state = present.pop(member.pk, (None, ""))
        if state != "finished" and places.get(expected) != "finished":
            assert place == expected, member
    assert {state for _, state in present.values()} <= {"finished"}


def check_coverage(w: World, living: list[Member]) -> None:
    """The numbers of the coverage are those of the people."""
    hosts = dict(Mobility.objects.current().filter(kind="out-of-province").values_list("member_id", "host_id"))
    coverage = coverage_of(w.campaign, w.root)
    taking_part = Participation.objects.active().filter(member__ended_on=None).values_list("member_id", flat=True)
    away = {m.pk for m in living if m.pk in hosts and hosts[m.pk] is None} - set(taking_part)
    assert (coverage.on_roll, coverage.taking_part, coverage.elsewhere) == (len(living), len(taking_part), len(away))
    assert coverage == count_coverage(w.campaign, w.root)


def check_figures(w: World) -> None:
    """Ready figures are what the records say, and add up to everybody."""
    assert [str(difference) for difference in recount(w.campaign)] == []
    figures = figures_of(w.campaign, w.root)
    units = Enrolment.objects.counted().filter(campaign=w.campaign).count()
    people = Participation.objects.active().count()
    totals = [figures[r.pk].total for r in w.campaign.requirements.order_by("number")]
    assert totals == [units, people, people]
    elsewhere = Participation.objects.active().filter(route=Participation.Route.ALTERNATIVE)
    for requirement in w.campaign.requirements.exclude(indicator_code="plan-filed"):
        assert figures[requirement.pk].otherwise == elsewhere.exclude(pk__in=unmet(requirement).values("pk")).count()
    children = figures_by_child(w.campaign, w.root)
    for requirement in w.campaign.requirements.all():
        assert sum(of_child[requirement.pk].total for of_child in children.values() if requirement.pk in of_child) == (
            figures[requirement.pk].total
        )


def check_history(w: World, living: list[Member]) -> None:
    """Every decided move is kept, and the last one led to where the member is."""
    rows = list(Transfer.objects.exclude(state="waiting").order_by("decided_at", "pk"))
    assert sorted((row.member_id, row.kind, row.state) for row in rows) == sorted(w.moves)
    last = {row.member_id: row.target_id for row in rows if row.state == "accepted" and row.target_id}
    assert {m.pk: last[m.pk] for m in living if m.pk in last} == {m.pk: m.branch_id for m in living if m.pk in last}


def check(w: World, name: str) -> None:
    """Everything that must be so at every moment."""
    living = list(Member.objects.on_roll().select_related("branch"))
    check_people(w, living)
    check_figures(w)
    check_history(w, living)
    if name in {"merge", "split", "move"}:
        check_coverage(w, living)
        assert not any(Organization.objects.find_problems())


@pytest.mark.long
class Moves(TestCase):
    """A small city: two districts with two branches each, one branch that is not in the campaign, and a 党小组."""

    @classmethod
    def setUpTestData(cls) -> None:
        root = make.organization("市委")
        cls.campaign = make.campaign(root, REQUIREMENTS)
        for d in range(2):
            district = make.organization(f"区委{d}", Organization.objects.get(pk=root.pk))
            for _ in range(2):
                home = make.branch(district)
                make.member(home)
                make.member(home)
                make.enrolment(cls.campaign, home)
        make.organization("党小组", Organization.objects.get(pk=home.pk), kind="group")
        make.member(make.branch(district, "未编入支部"))
        cls.office = make.hat(Role.OFFICE, Organization.objects.get(pk=root.pk))
        rebalance(cls.campaign, 3)

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.lists(
            st.tuples(st.sampled_from(sorted(ACTS)), st.integers(0, 5), st.integers(0, 7), st.booleans()),
            min_size=3,
            max_size=10,
        )
    )
    def test_any_order_of_moves(self, acts: list[tuple[str, int, int, bool]]) -> None:
        world = World(self.office, self.campaign)
        for name, i, j, yes in acts:
            try:
                ACTS[name](world, i, j, yes)
            except REFUSALS:
                continue
            check(world, name)
        check_coverage(world, list(Member.objects.on_roll()))
