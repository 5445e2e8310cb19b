"""Giving leading cadres their contact points, and ending them."""

from datetime import date
from typing import Any

from django.db import IntegrityError, transaction

from campaign.models import ContactPoint, Participation
from campaign.progress.writing import recording
from members.models import Organization
from portal.actions.log import audit


class AlreadyLookedAfter(Exception):
    """It is this cadre's contact point already."""


class AlreadyEnded(Exception):
    """Somebody else has just ended it."""


def give(
    *, participation: Participation, organization: Organization, since: date, purpose: str, by: Any
) -> ContactPoint:
    """The cadre looks after this organisation from now on. Raises ``AlreadyLookedAfter``."""
    try:
        with transaction.atomic(), recording([participation.enrolment_id]):
            point = ContactPoint.objects.create(
                participation=participation, organization=organization, since=since, purpose=purpose, by=by
            )
            audit(by=by, verb="确定联系点", target=point)
    except IntegrityError as error:
        raise AlreadyLookedAfter from error
    return point


def end(*, point: ContactPoint, on: date, by: Any) -> None:
    """The cadre no longer looks after it. Raises ``AlreadyEnded``."""
    with recording([point.participation.enrolment_id]):
        if not ContactPoint.objects.filter(pk=point.pk, until=None).update(until=max(on, point.since)):
            raise AlreadyEnded
        audit(by=by, verb="结束联系点", target=point)
