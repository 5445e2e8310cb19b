"""What the home page says about the committees one answers for."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Min
from django.urls import reverse
from django.utils import timezone

from members.committee import SOON
from members.models import CommitteePost, Organization
from members.permissions import GRANTS, Permission
from portal.menu import Duty, duties

GROUP = "班子换届"


def terms_to_renew(user: Any) -> Iterable[Duty]:
    """Committees of the user's own organisations whose term has ended or ends within 90 days."""
    places = [hat.organization_id for hat in user.hats if Permission.EDIT_ROLL in GRANTS[hat.role]]
    if not places:
        return
    ending = CommitteePost.objects.held().filter(until__lte=timezone.localdate() + SOON)
    rows = Organization.objects.filter(pk__in=places, committee_posts__in=ending)
    for node in rows.annotate(end=Min("committee_posts__until")):
        text = f"{node}班子任期届满，请按期换届并登记"
        yield Duty(text, reverse("committee-detail", args=[node.pk]), due=node.end, group=GROUP)


duties.register(terms_to_renew)
