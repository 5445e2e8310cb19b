"""What every step of the demonstration needs to know."""

from dataclasses import dataclass, field
from datetime import date, datetime, time
from random import Random

from django.utils import timezone

from campaign.models import Enrolment, Participation
from members.models import Organization, User


@dataclass
class District:
    """A roll that was imported and who works with it; the same seed gives the same district."""

    root: Organization
    office: User
    # A repeatable choice, no secret.
    random: Random = field(default_factory=lambda: Random(2005))  # noqa: S311
    today: date = field(default_factory=timezone.localdate)
    secretaries: dict[int, User] = field(default_factory=dict)

    def secretary(self, enrolment: Enrolment) -> User:
        """Who acts for a unit: a branch's secretary; for a committee, which has none here, the office."""
        return self.secretaries.get(enrolment.organization_id, self.office)

    def people(self, enrolment: Enrolment) -> list[Participation]:
        return list(Participation.objects.filter(enrolment=enrolment).active().select_related("member").in_roll_order())


def moment(day: date) -> datetime:
    """The afternoon of a day."""
    return datetime.combine(day, time(16), timezone.get_current_timezone())
