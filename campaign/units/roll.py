"""Who takes part where, and what the campaign does when the roll changes.

A member takes part in their branch. Who floated to another province takes part where they live now (S0 四): at the branch that is
their host, if it is enrolled; without a host the place lies outside the portal; with a host that is not enrolled they stay at home,
so that nobody falls between two places. A unit that has finished stays as it finished: nobody joins or leaves it afterwards.
"""

from collections.abc import Collection, Iterable

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from campaign.models import Campaign, Enrolment, Participation
from campaign.progress.writing import reached, recording
from members.models import Member, MemberTag, Mobility
from members.registry import roll_observers, whereabouts


def taking_part(enrolment: Enrolment) -> QuerySet[Member]:
    """The members whose place in the campaign is this enrolment: the one definition of who takes part where."""
    if enrolment.state == Enrolment.State.CLOSED or enrolment.is_committee:
        return Member.objects.none()
    own = Mobility.objects.filter(member=OuterRef("pk"))
    host_takes_part = Enrolment.objects.counted().filter(campaign=enrolment.campaign_id, organization=OuterRef("host"))
    away = Q(Exists(own.out_of_reach())) | Q(Exists(own.hosted().filter(Exists(host_takes_part))))
    at_home = Q(branch=enrolment.organization_id) & ~away
    return Member.objects.on_roll().filter(at_home | Q(pk__in=guests([enrolment.organization_id])))


def guests(branch_ids: Collection[int]) -> list[int]:
    """Members from elsewhere who live at these branches (a list, so that the database need not look at every member)."""
    return list(Mobility.objects.hosted().filter(host__in=branch_ids).values_list("member_id", flat=True))


def concerned(branch_ids: Collection[int]) -> set[int]:
    """Enrolments whose people may change with these branches: theirs, their members' hosts', and where the people are now."""
    going_on = Enrolment.objects.under_way().counted()
    hosts = Mobility.objects.hosted().filter(member__branch__in=branch_ids).values_list("host_id", flat=True)
    places = {*branch_ids, *hosts}
    people = Q(member__branch__in=places) | Q(member__in=guests(places))
    present = Participation.objects.active().filter(people).exclude(campaign__state=Campaign.State.CLOSED)
    ids = set(going_on.filter(organization__in=places).values_list("pk", flat=True))
    return ids | set(present.order_by().values_list("enrolment_id", flat=True).distinct())


def roll_changed(branch_ids: Collection[int]) -> None:
    """Bring the participations of open campaigns in these branches in line with the roll; runs in the caller's transaction."""
    with recording(concerned(branch_ids)) as locked:
        reached(branch_ids)
        settle(locked)


def take_in(enrolment: Enrolment) -> None:
    """A unit begins: its people, some of whom may have taken part elsewhere until now. The enrolment is locked already."""
    here = Participation.objects.active().filter(campaign=enrolment.campaign_id, member__in=taking_part(enrolment))
    elsewhere = here.exclude(enrolment=enrolment).order_by().values_list("enrolment_id", flat=True).distinct()
    with recording(list(elsewhere)) as locked:
        settle([enrolment, *locked])


def settle(enrolments: Collection[Enrolment]) -> None:
    """Everyone who takes part in these locked enrolments has exactly one participation in the campaign, and nobody else has."""
    reached(e.organization_id for e in enrolments)
    going_on = [e for e in enrolments if e.state != Enrolment.State.FINISHED]
    here = {e.pk: list(taking_part(e).values_list("pk", flat=True)) for e in going_on}
    for enrolment in going_on:
        arrive(enrolment, here[enrolment.pk])
    for enrolment in going_on:
        depart(enrolment, here[enrolment.pk])


def arrive(enrolment: Enrolment, members: list[int]) -> None:
    """They take part here: with what they bring from another unit, or newly."""
    today = timezone.localdate()
    known = Participation.objects.filter(campaign=enrolment.campaign_id, member__in=members)
    finished = Q(enrolment__state=Enrolment.State.FINISHED, left_on=None)
    moving = known.exclude(enrolment=enrolment).exclude(finished)
    # Who moves before the unit has begun is asked for everything that will be held.
    arrived = today if enrolment.started_on else None
    moving_ids = list(moving.values_list("pk", flat=True))
    reached(known.order_by().values_list("member__branch_id", flat=True))
    Participation.objects.filter(pk__in=moving_ids).update(enrolment=enrolment, arrived_on=arrived)
    known.filter(enrolment=enrolment, left_on__isnull=False).update(left_on=None)
    new = set(members) - set(known.values_list("member_id", flat=True))
    frail = set(MemberTag.objects.filter(member__in=new, kind=MemberTag.Kind.FRAIL).values_list("member_id", flat=True))
    reached(Member.objects.filter(pk__in=new).order_by().values_list("branch_id", flat=True))
    Participation.objects.bulk_create(
        [
            Participation(
                campaign_id=enrolment.campaign_id,
                enrolment=enrolment,
                member_id=pk,
                joined_on=max(today, enrolment.starts_on) if enrolment.started_on else enrolment.starts_on,
                route=Participation.Route.ALTERNATIVE if pk in frail else Participation.Route.NORMAL,
            )
            for pk in sorted(new)
        ],
        ignore_conflicts=True,
    )


def depart(enrolment: Enrolment, members: list[int]) -> None:
    """Who takes part elsewhere or nowhere has left; who now belongs to a unit that has finished ends here what they began."""
    today = timezone.localdate()
    rows = Participation.objects.active().filter(enrolment=enrolment).exclude(member__in=members)
    staying = stayers(enrolment, rows) if enrolment.state != Enrolment.State.CLOSED else set()
    reached(rows.order_by().values_list("member__branch_id", flat=True))
    rows.exclude(member__in=staying).update(left_on=today)


def stayers(enrolment: Enrolment, rows: Iterable[Participation]) -> set[int]:
    """Of those who are leaving: members whose place is a unit of the campaign that has finished."""
    leaving = {row.member_id for row in rows}
    if not leaving:
        return set()
    homes = set(Member.objects.filter(pk__in=leaving).values_list("branch_id", flat=True))
    hosts = set(Mobility.objects.hosted().filter(member__in=leaving).values_list("host_id", flat=True))
    finished = Enrolment.objects.filter(
        campaign=enrolment.campaign_id, state=Enrolment.State.FINISHED, organization__in=homes | hosts
    )
    return {pk for e in finished for pk in taking_part(e).filter(pk__in=leaving).values_list("pk", flat=True)}


@whereabouts.register
def in_words(member: Member) -> Iterable[str]:
    """Where the member takes part in each running campaign of their branch or their host."""
    rows = Participation.objects.active().filter(member=member, campaign__state=Campaign.State.RUNNING)
    for row in rows.select_related("campaign", "enrolment__organization").order_by("-campaign__starts_on", "-pk"):
        yield f"“{row.campaign}”：在{row.enrolment.organization}参加活动。"
    present = {row.campaign_id for row in rows}
    away = Mobility.objects.out_of_reach().filter(member=member).first()
    if away is None:
        return
    home = Enrolment.objects.counted().filter(organization=member.branch_id, campaign__state=Campaign.State.RUNNING)
    for unit in home.exclude(campaign__in=present).select_related("campaign"):
        yield f"“{unit.campaign}”：在流入地{f'（{away.place}）' if away.place else ''}参加活动。"


roll_observers.register(roll_changed)
