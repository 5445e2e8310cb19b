"""Records of one campaign that another one asks for too (a training, an analysis within some years)."""

from collections.abc import Collection

from campaign.models import Campaign, Participation, Requirement


def also_asked(indicator: str, members: Collection[int]) -> set[int]:
    """Enrolments of these members in campaigns that are not over and ask for ``indicator``: whoever writes a record that counts across
    campaigns names them to ``recording`` as well."""
    asking = Requirement.objects.kept().filter(indicator_code=indicator).values("campaign")
    rows = Participation.objects.active().filter(member__in=members, campaign__in=asking)
    return set(rows.exclude(campaign__state=Campaign.State.CLOSED).values_list("enrolment_id", flat=True))
