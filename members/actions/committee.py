"""Committees: who takes a seat, who leaves it, and a new election of all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction

from members.actions.appointment import appoint
from members.dates import add_months
from members.models import Appointment, CommitteePost, Member, Organization
from members.permissions import Role
from portal.actions.log import audit


class Occupied(Exception):
    """Somebody else is secretary, or the person holds this post already."""


class AlreadyLeft(Exception):
    """Somebody else has just written down that the post is free."""


class OrganizationClosed(Exception):
    """The organisation is no more; its committees are kept for reading."""


@dataclass(frozen=True)
class Seat:
    """A post for a person: ``member``, or ``name`` alone for somebody on no roll here."""

    title: str
    name: str
    member: Member | None = None
    other_title: str = ""


def hold(organization: Organization) -> None:
    """Lock the organisation against being closed, and other elections; raises ``OrganizationClosed``."""
    if Organization.objects.select_for_update().get(pk=organization.pk).closed_on:
        raise OrganizationClosed


def post_of(organization: Organization, seat: Seat, **term: Any) -> CommitteePost:
    return CommitteePost(
        organization=organization,
        member=seat.member,
        name=seat.member.name if seat.member else seat.name,
        title=seat.title,
        other_title=seat.other_title,
        **term,
    )


def add(*, organization: Organization, seat: Seat, since: date, until: date | None, by: Any) -> CommitteePost:
    """One more post (增补); raises ``Occupied`` or ``OrganizationClosed``."""
    post = post_of(organization, seat, since=since, until=until)
    try:
        with transaction.atomic():
            hold(organization)
            post.save()
            audit(by=by, verb="登记班子职务", target=organization, post=str(post), since=str(since))
    except IntegrityError as error:
        raise Occupied from error
    return post


@transaction.atomic
def end(*, post: CommitteePost, on: date, by: Any) -> None:
    """The person leaves the post; raises ``AlreadyLeft``."""
    if not CommitteePost.objects.held().filter(pk=post.pk).update(left_on=on):
        raise AlreadyLeft
    audit(by=by, verb="登记卸任", target=post.organization, post=str(post), on=str(on))


@transaction.atomic
def elect(*, organization: Organization, seats: Sequence[Seat], on: date, years: int, by: Any) -> None:
    """A whole new committee (换届) for ``years`` from the day of the election; the old one leaves on that day.

    The same election sent twice is written down once. Raises ``OrganizationClosed``.
    """
    hold(organization)
    term = {"elected_on": on, "since": on, "until": add_months(on, 12 * years)}
    posts = [post_of(organization, seat, **term) for seat in seats]
    present = CommitteePost.objects.filter(organization=organization)
    if {*map(facts_of, present.held())} == {*map(facts_of, posts)}:
        return
    present.vacate(on)
    CommitteePost.objects.bulk_create(posts)
    audit(by=by, verb="换届选举", target=organization, on=str(on), years=years, posts=[str(post) for post in posts])


def facts_of(post: CommitteePost) -> tuple[Any, ...]:
    return post.member_id, post.name, post.title, post.other_title, post.elected_on, post.until


def make_secretary(*, post: CommitteePost, person: Member, by: Any) -> Appointment:
    """The committee's secretary gets the role of that name; raises ``AlreadyAppointed``."""
    return appoint(
        organization=post.organization, role=Role.SECRETARY, person=person, since=post.since, until=None, by=by
    )
