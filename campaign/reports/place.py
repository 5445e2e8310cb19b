"""What a report or table is about: a node of the tree in a campaign, and perhaps one phase."""

from dataclasses import dataclass
from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404

from campaign.models import Campaign, Enrolment, Phase, Requirement
from campaign.reports.overview import main_phase
from members.models import Organization
from portal.documents import Params
from portal.paging import is_number


@dataclass(frozen=True)
class Place:
    """``enrolment`` is the node's own, where it has one; ``phase`` ``None`` = the whole campaign."""

    campaign: Campaign
    node: Organization
    phase: Phase | None
    enrolment: Enrolment | None = None
    requirement: Requirement | None = None

    @property
    def scope(self) -> Organization:
        return self.node

    @property
    def stage(self) -> str:
        """The phase's name with 阶段 behind it, once (not where all goes on at once); empty for the whole campaign."""
        if self.phase and not self.campaign.sequential:
            return self.phase.name
        return f"{self.phase.name.removesuffix('阶段')}阶段" if self.phase else ""

    @property
    def heading(self) -> str:
        """Organisation, campaign and phase, for titles."""
        return f"{self.node.name}{self.campaign.name}{self.stage}"


def number(params: Params, name: str) -> int | None:
    """A whole number among the parameters; ``None`` where it is not given, ``Http404`` for anything else."""
    text = str(params.get(name, ""))
    if not text:
        return None
    if not is_number(text):
        raise Http404
    return int(text)


def find_place(params: Params, user: Any) -> Place:
    """By ``enrolment``, or by ``campaign`` and ``organization``; with ``phase`` (its number) only that phase, without
    it the whole campaign
    (of an ``enrolment``: the phase it is in). ``Http404`` outside one's scope."""
    key, asked = number(params, "enrolment"), number(params, "phase")
    enrolment: Enrolment | None
    if key is not None:
        visible = Enrolment.objects.visible_to(user).select_related("campaign", "organization", "phase", "batch")
        own = get_object_or_404(visible, pk=key)
        campaign, node, enrolment, phase = own.campaign, own.organization, own, own.phase
    else:
        campaigns = Campaign.objects.visible_to(user).select_related("organization")
        campaign = get_object_or_404(campaigns, pk=number(params, "campaign"))
        node = get_object_or_404(Organization.objects.visible_to(user), pk=number(params, "organization"))
        if not campaign.organization.contains(node):
            raise Http404
        found = Enrolment.objects.filter(campaign=campaign, organization=node).select_related("batch", "phase")
        enrolment, phase = found.first(), None
    if asked is not None:
        phase = get_object_or_404(campaign.phases.all(), number=asked)
    return Place(campaign, node, phase, enrolment, requirement_of(campaign, params))


def find_phase(params: Params, user: Any) -> Place:
    """As ``find_place``, but always of one phase: without ``phase`` the one most organisations are in."""
    place = find_place(params, user)
    phase = place.phase or (
        place.requirement.step.phase if place.requirement else main_phase(place.campaign, place.node)
    )
    return Place(place.campaign, place.node, phase, place.enrolment, place.requirement)


def requirement_of(campaign: Campaign, params: Params) -> Requirement | None:
    key = number(params, "requirement")
    if key is None:
        return None
    return get_object_or_404(campaign.requirements.select_related("step__phase", "campaign"), pk=key)
