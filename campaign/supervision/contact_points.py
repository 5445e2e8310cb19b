"""Which leading cadres look after what, and which after nothing (S0 三(四), 五(一))."""

from typing import Any

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet
from django.urls import reverse

from campaign.models import Campaign, ContactPoint, Participation, Visit
from campaign.models.contact_point import leading_cadres
from members.models import Organization
from portal.indicators import Condition, Indicator, Parameter, Params, Subject, indicators


def held_by(participation: Any) -> QuerySet[ContactPoint]:
    return ContactPoint.objects.held().filter(participation=participation)


def cadres(campaign: Campaign, node: Organization, *, missing: bool = False) -> QuerySet[Participation]:
    """Leading cadres who take part at ``node`` or below, in tree order, with their contact points (``held``) and the
    visits made there; ``missing``: those who have none."""
    rows = leading_cadres(
        Participation.objects.filter(campaign=campaign, enrolment__organization__path__startswith=node.path)
    )
    if missing:
        rows = rows.filter(~Exists(held_by(OuterRef("pk"))))
    done = Count("visits", filter=Q(visits__state=Visit.State.DONE))
    points = ContactPoint.objects.held().select_related("organization").annotate(done=done).order_by("since", "pk")
    shown = rows.select_related("member", "enrolment__organization")
    return shown.prefetch_related(Prefetch("contact_points", points, to_attr="held")).order_by(
        "enrolment__organization__path", "pk"
    )


def looks_after(params: Params) -> Condition:
    """Has a contact point now, and has been there ``visits`` times (0 = not asked)."""
    own = held_by(OuterRef("pk"))
    if not params["visits"]:
        return Exists(own)
    done = Visit.objects.done().filter(contact_point__participation=OuterRef("pk")).order_by()
    enough = done.values("contact_point__participation").annotate(n=Count("pk")).filter(n__gte=params["visits"])
    return Q(Exists(own)) & Q(Exists(enough.values("contact_point__participation")))


def own_page(participation: Participation) -> str:
    """Who leads and looks after what, with the cadre's own contact points."""
    return reverse("leading-group-detail", args=[participation.campaign_id, participation.enrolment.organization_id])


indicators.register(
    Indicator(
        "contact-point",
        "有联系点",
        Subject.PERSON,
        looks_after,
        parameters=(Parameter("visits", "走访次数", 0),),
        link=own_page,
    )
)
