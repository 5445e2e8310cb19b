"""Naming leading groups and their offices."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.utils import timezone

from campaign.models import Campaign, Enrolment, LeadingGroup, LeadingGroupPost
from campaign.progress.writing import recording
from members.models import Organization
from portal.actions.log import audit

Duty = LeadingGroupPost.Duty
# Name and title of one person.
Person = tuple[str, str]


def name_group(
    *,
    campaign: Campaign,
    organization: Organization,
    people: Mapping[str, Iterable[Person]],
    on: date,
    by: Any,
    **fields: Any,
) -> LeadingGroup:
    """Write down who is in the group from ``on``: ``people`` by duty; whoever is no longer named has left by that day."""
    here = Enrolment.objects.filter(campaign=campaign, organization=organization)
    with recording(here.values_list("pk", flat=True)):
        group, created = LeadingGroup.objects.update_or_create(
            campaign=campaign,
            organization=organization,
            defaults=fields,
            create_defaults={"by": by, **fields},
        )
        settle_posts(group, people, on)
        audit(by=by, verb="成立领导小组" if created else "调整领导小组", target=group)
    return group


def settle_posts(group: LeadingGroup, people: Mapping[str, Iterable[Person]], on: date) -> None:
    """Bring the posts of the duties that are named in ``people`` in line with it; those that stay keep their beginning."""
    named = {(duty, name, title): None for duty, each in people.items() for name, title in each}
    for post in group.posts.held().filter(duty__in=list(people)):
        if (post.duty, post.name, post.title) in named:
            del named[(post.duty, post.name, post.title)]
        else:
            post.left_on = max(post.since, on)
            post.save(update_fields=["left_on"])
    LeadingGroupPost.objects.bulk_create(
        LeadingGroupPost(group=group, duty=duty, name=name, title=title, since=on) for duty, name, title in named
    )


def name_from_preparation(
    *, enrolment: Enrolment, by: Any, head: str | None = None, office_members: str | None = None
) -> None:
    """The two lines of the unit's own preparation: the head, and the office by name (甲、乙). Titles that are known stay;
    ``None`` leaves things as they are. The enrolment is locked already."""
    group = LeadingGroup.objects.filter(campaign=enrolment.campaign_id, organization=enrolment.organization_id).first()
    if group is None and not head and not office_members:
        return
    if group is None:
        group = LeadingGroup.objects.create(
            campaign_id=enrolment.campaign_id, organization_id=enrolment.organization_id, by=by
        )
    known = {(post.duty, post.name): post.title for post in group.present}
    people: dict[str, list[Person]] = {}
    if head is not None:
        people[Duty.HEAD] = [(head, known.get((Duty.HEAD, head), ""))] if head else []
    if office_members is not None:
        names = dict.fromkeys(name for name in re.split(r"[、，,；;\s]+", office_members) if name)
        leads = [name for name in names if (Duty.OFFICE_HEAD, name) in known]
        people[Duty.OFFICE_HEAD] = [(name, known[Duty.OFFICE_HEAD, name]) for name in leads]
        people[Duty.OFFICE_STAFF] = [
            (name[:60], known.get((Duty.OFFICE_STAFF, name), "")) for name in names if name not in leads
        ]
    settle_posts(group, people, timezone.localdate())
