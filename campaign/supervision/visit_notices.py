"""What an organisation is told of visits that are announced to it."""

from django.urls import reverse

from campaign.models import Visit
from campaign.reminders.units import secretaries
from portal.actions.notice import notify
from portal.notices import Draft

KIND = "督导走访"


def day_of(visit: Visit) -> str:
    """11月20日下午."""
    return f"{visit.on:%-m月%-d日}{visit.get_part_display()}"


def tell(visit: Visit, text: str, about: str) -> None:
    """Those who keep a branch, or a committee, learn what is announced to them; ``about`` tells one notice from another."""
    if not visit.announced:
        return
    people = dict.fromkeys(secretaries([visit.organization_id]).get(visit.organization_id, ()))
    url = reverse("visit-detail", args=[visit.pk])
    notify([Draft(person, f"visit-{visit.pk}-{about}-{person}", KIND, text, url) for person in people])


def tell_cancelled(visit: Visit, why: str) -> None:
    tell(visit, f"{visit.team}原定{day_of(visit)}到{visit.organization}的走访取消：{why}", "cancelled")
