"""What the campaign does when the roll changes: who is on it takes part, who is not does not, and the figures follow."""

from collections.abc import Collection

from django.utils import timezone

from campaign.models import Campaign, Enrolment, Participation
from campaign.progress import recording
from members.models import Member, MemberTag
from members.registry import roll_observers


def roll_changed(branch_ids: Collection[int]) -> None:
    """Bring the participations of open campaigns in these branches in line with the roll; runs in the caller's transaction."""
    enrolments = Enrolment.objects.filter(
        organization__in=branch_ids, campaign__state__in=[Campaign.State.DRAFT, Campaign.State.RUNNING]
    )
    touched = set(enrolments.exclude(state=Enrolment.State.FINISHED).values_list("pk", flat=True))
    moving = (
        Participation.objects.active()
        .filter(member__branch__in=branch_ids, campaign__in=enrolments.values("campaign"))
        .exclude(enrolment__in=touched)
    )
    touched |= set(moving.values_list("enrolment_id", flat=True))
    if touched:
        with recording(touched) as locked:
            for enrolment in locked:
                take_in(enrolment)


def take_in(enrolment: Enrolment) -> None:
    """Every member who takes part here has exactly one participation in the campaign; those who came from another branch bring theirs."""
    today = timezone.localdate()
    here = Member.objects.filter(branch=enrolment.organization_id).taking_part_here()
    Participation.objects.filter(campaign=enrolment.campaign_id, member__in=here).exclude(enrolment=enrolment).update(
        enrolment=enrolment
    )
    Participation.objects.filter(enrolment=enrolment, member__in=here, left_on__isnull=False).update(left_on=None)
    known = Participation.objects.filter(campaign=enrolment.campaign_id).values("member")
    frail = {m.pk for m in here.tagged(MemberTag.Kind.FRAIL)}
    Participation.objects.bulk_create(
        [
            Participation(
                campaign_id=enrolment.campaign_id,
                enrolment=enrolment,
                member=member,
                joined_on=max(today, enrolment.starts_on) if enrolment.started_on else enrolment.starts_on,
                route=Participation.Route.ALTERNATIVE if member.pk in frail else Participation.Route.NORMAL,
            )
            for member in here.exclude(pk__in=known)
        ],
        ignore_conflicts=True,
    )
    Participation.objects.filter(enrolment=enrolment, left_on=None).exclude(member__in=here).exclude(
        member__ended_on=None,
        member__branch__in=Enrolment.objects.filter(campaign=enrolment.campaign_id)
        .exclude(pk=enrolment.pk)
        .values("organization"),
    ).update(left_on=today)


roll_observers.register(roll_changed)
