"""What a report or table is about: a node of the tree in a campaign, and perhaps one phase."""

from dataclasses import dataclass
from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404

from campaign.models import Campaign, Enrolment, Phase, Requirement
from campaign.reports.overview import main_phase
from members.models import Organization
from portal.documents import Params


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
    def heading(self) -> str:
        """Organisation, campaign and phase, for titles."""
        return f"{self.node.name}{self.campaign.name}{self.phase.name + '阶段' if self.phase and not self.phase.name.endswith('阶段') else ''}"


def number(params: Params, name: str) -> int | None:
    """A whole number among the parameters; ``None`` where it is not given, ``Http404`` for anything else."""
    text = str(params.get(name, ""))
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Http404
    return int(text)


def find_place(params: Params, user: Any) -> Place:
    """By ``enrolment``, or by ``campaign`` and ``organization``; with ``phase`` (its number) only that phase. ``Http404`` outside one's scope."""
    key = number(params, "enrolment")
    if key is not None:
        visible = Enrolment.objects.visible_to(user).select_related("campaign", "organization", "phase", "batch")
        enrolment: Enrolment | None = get_object_or_404(visible, pk=key)
        assert enrolment is not None
        campaign, node = enrolment.campaign, enrolment.organization
    else:
        campaign = get_object_or_404(Campaign.objects.visible_to(user).select_related("organization"), pk=number(params, "campaign"))
        node = get_object_or_404(Organization.objects.visible_to(user), pk=number(params, "organization"))
        if not campaign.organization.contains(node):
            raise Http404
        enrolment = Enrolment.objects.filter(campaign=campaign, organization=node).select_related("batch", "phase").first()
    asked = number(params, "phase")
    phase = get_object_or_404(campaign.phases.all(), number=asked) if asked is not None else None
    if key is not None and asked is None and enrolment is not None:
        phase = enrolment.phase
    return Place(campaign, node, phase, enrolment, requirement_of(campaign, params))


def find_phase(params: Params, user: Any) -> Place:
    """As ``find_place``, but always of one phase: without ``phase`` the one most organisations are in."""
    place = find_place(params, user)
    phase = place.phase or (place.requirement.step.phase if place.requirement else main_phase(place.campaign, place.node))
    return Place(place.campaign, place.node, phase, place.enrolment, place.requirement)


def requirement_of(campaign: Campaign, params: Params) -> Requirement | None:
    key = number(params, "requirement")
    if key is None:
        return None
    return get_object_or_404(campaign.requirements.select_related("step__phase", "campaign"), pk=key)
