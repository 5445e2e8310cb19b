"""The language in which the ledger is asked: whose entries, in which state, for whom."""

from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, Q

from campaign.models import Campaign
from members.models import Appointment, MemberTag, Organization
from members.permissions import Permission, roles_with
from members.scope import within

HOME = "subject__enrolment__organization"


def is_read_by(user: Any) -> Q:
    """Personal tasks that ``user`` may read: those of a branch whose reviewer they are; from a place above only those
    of the branch's own reviewers, of leading cadres and of branches without a reviewer (as with the self-analysis that
    they come from). What a reviewer of the branch promised is also read by those above who confirm it: nobody confirms
    their own work."""
    paths, confirming = user.scopes(Permission.REVIEW_ANALYSIS), user.scopes(Permission.CONFIRM_TASK)
    reviewers = Appointment.objects.current().filter(
        organization=OuterRef(HOME), role__in=roles_with(Permission.REVIEW_ANALYSIS), user__is_active=True
    )
    leads = Q(Exists(MemberTag.objects.filter(member=OuterRef("subject__member"), kind=MemberTag.Kind.LEADER)))
    reviews = Q(Exists(reviewers.filter(user__member=OuterRef("subject__member"))))
    here = Q(**{f"{HOME}__path__in": paths})
    above = within(paths, f"{HOME}__path") & (leads | reviews | ~Q(Exists(reviewers)))
    return Q(subject__isnull=False) & (here | above | (within(confirming, f"{HOME}__path") & reviews))


class TaskQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> "TaskQuerySet":
        """Tasks that one carries; the branch's own in subtrees whose ledger one may see; a person's own see
        ``is_read_by``."""
        if not getattr(user, "is_authenticated", False):
            return self.none()
        visible = within(user.scopes(Permission.VIEW_LEDGER), "enrolment__organization__path") & Q(subject=None)
        if user.member_id:
            visible |= Q(responsible__member=user.member_id)
        # The subqueries are asked only of those who could read anything through them.
        if user.can(Permission.REVIEW_ANALYSIS) or user.can(Permission.CONFIRM_TASK):
            visible |= is_read_by(user)
        return self.filter(visible)

    def of_branches(self) -> "TaskQuerySet":
        """The branches' own entries: what may be printed and published."""
        return self.filter(subject=None)

    def personal(self) -> "TaskQuerySet":
        """Members' own measures, for themselves and their reviewers only."""
        return self.filter(subject__isnull=False)

    def under(self, node: Organization) -> "TaskQuerySet":
        """Entries of ``node`` and everything below; a person's own where that person takes part now."""
        return self.filter(
            Q(subject=None, enrolment__organization__path__startswith=node.path)
            | Q(subject__enrolment__organization__path__startswith=node.path)
        )

    def open(self) -> "TaskQuerySet":
        return self.exclude(state__in=self.model.CLOSED_STATES)

    def to_be_done(self) -> "TaskQuerySet":
        """Those in which the next step is the responsible person's: not reported, no explanation waiting."""
        return self.filter(
            state__in=[self.model.State.PLANNED, self.model.State.RUNNING, self.model.State.REDO], explanation=""
        )

    def to_be_judged(self) -> "TaskQuerySet":
        """Reported as done, or with an explanation why it can't be done now, and nobody has said yes or no yet."""
        return self.open().filter(Q(state=self.model.State.REPORTED) | ~Q(explanation=""))

    def to_be_judged_by(self, user: Any) -> "TaskQuerySet":
        """Those waiting for this user's word: where they confirm, without their own."""
        path = within(user.scopes(Permission.CONFIRM_TASK), "enrolment__organization__path")
        moved = within(user.scopes(Permission.CONFIRM_TASK), "subject__enrolment__organization__path")
        mine = Q(responsible__member=user.member_id or 0) | Q(~Q(explanation=""), subject=None, explained_by=user)
        running = ~Q(enrolment__campaign__state=Campaign.State.CLOSED)
        return self.visible_to(user).to_be_judged().filter(Q(path, subject=None) | moved, running).exclude(mine)

    def overdue(self, today: Any) -> "TaskQuerySet":
        """Open and past its date; computed, never set."""
        return self.open().filter(due_on__lt=today)

    def with_people(self) -> "TaskQuerySet":
        """With everything that predicates and pages read, in the same query."""
        return self.select_related(
            "enrolment__organization", "enrolment__campaign", "subject__enrolment__organization", "responsible__member"
        )
