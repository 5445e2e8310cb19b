"""Visits 走访、督导: planned, done, and what was found (S0 五(一); S2 四)."""

from typing import Any

from django.conf import settings
from django.contrib.contenttypes.fields import GenericRelation
from django.db import models
from django.db.models import Exists, ExpressionWrapper, F, OuterRef, Q
from django.utils import timezone

from campaign.late_entry import is_late
from campaign.models.campaign import Campaign
from campaign.models.contact_point import ContactPoint
from campaign.models.enrolment import Enrolment
from campaign.models.inspection import InspectionTeam, TeamAssignment, TeamMember, teams_of
from members.models import Organization
from members.permissions import Permission
from members.scope import within
from portal.models import Attachment


class ProblemCategory(models.TextChoices):
    """问题类别, one list for what inspections find and for the ledger."""

    BELIEF = "belief", "理想信念"
    PURPOSE = "purpose", "宗旨意识"
    DEVELOPMENT = "development", "科学发展观"
    DISCIPLINE = "discipline", "组织纪律"
    STYLE = "style", "工作作风"
    SERVICE = "service", "服务群众"
    INTEGRITY = "integrity", "勤政廉政"
    ORGANIZATION = "organization", "组织建设"
    OTHER = "other", "其他"


def in_term() -> Q:
    """Visits of a cadre, and those of a team that looks after the place today and on the day of the visit."""
    today, day = timezone.localdate(), OuterRef("on")
    terms = TeamAssignment.objects.filter(team=OuterRef("team"), ended_at=None, team__ended_at=None)
    for of in ("", "team__"):
        begun = Q(**{f"{of}since__lte": today}) | Q(**{f"{of}since__lte": day})
        lasting = Q(**{f"{of}until__gte": today}) & Q(**{f"{of}until__gte": day})
        terms = terms.filter(begun, Q(**{f"{of}until": None}) | lasting)
    there = ExpressionWrapper(OuterRef("organization__path"), output_field=models.CharField())
    covering = terms.annotate(there=there).filter(there__startswith=F("organization__path"))
    return Q(team=None) | Q(Exists(covering))


class VisitQuerySet(models.QuerySet["Visit"]):
    def visible_to(self, user: Any) -> "VisitQuerySet":
        """Those to subtrees whose supervision one may see, and to one's own contact points. A visit that is not to be
        announced is seen before it takes place only by the team and by those who decide above. What a team planned and
        did not make stays its own, also when it no longer looks after the place."""
        if not getattr(user, "is_authenticated", False):
            return self.none()
        deciding = within(user.scopes(Permission.DECIDE_GATE), "organization__path")
        knows = Q(announced=True) | Q(state=Visit.State.DONE) | deciding | Q(team__in=teams_of(user))
        scope = within(user.scopes(Permission.VIEW_SUPERVISION), "organization__path")
        own = Q(contact_point__participation__member=user.member_id or 0)
        unmade = Q(state__in=[Visit.State.PLANNED, Visit.State.CANCELLED], team__in=teams_of(user))
        return self.filter((scope & knows) | own | unmade)

    def planned(self) -> "VisitQuerySet":
        return self.filter(state=Visit.State.PLANNED)

    def expected(self) -> "VisitQuerySet":
        """Planned, and the team looks after the place then: only these are announced and reminded of."""
        return self.planned().filter(in_term())

    def lapsed(self) -> "VisitQuerySet":
        """Planned, but the team's time at the place runs out, or ran out, before it is made."""
        return self.planned().exclude(in_term())

    def done(self) -> "VisitQuerySet":
        return self.filter(state=Visit.State.DONE)

    def under(self, node: Organization) -> "VisitQuerySet":
        return self.filter(organization__path__startswith=node.path)

    def with_people(self) -> "VisitQuerySet":
        """With everything that lists and pages read."""
        return (
            self.annotate(
                has_lapsed=models.Case(
                    models.When(Q(state=Visit.State.PLANNED) & ~in_term(), then=True),
                    default=False,
                    output_field=models.BooleanField(),
                )
            )
            .select_related("organization", "campaign", "team__organization", "contact_point__participation__member")
            .prefetch_related(models.Prefetch("people", TeamMember.objects.leaders_first().select_related("user")))
        )


class Visit(models.Model):
    """One visit of a team, or of a leading cadre to a contact point. ``on``: the day for which it is planned, then the
    day on which it was made."""

    class State(models.TextChoices):
        PLANNED = "planned", "已安排"
        DONE = "done", "已走访"
        CANCELLED = "cancelled", "已取消"

    class Way(models.TextChoices):
        VISIT = "visit", "实地走访"
        FORUM = "forum", "座谈了解"
        SITTING_IN = "sitting-in", "列席会议"
        RECORDS = "records", "查阅资料"
        SPOT_CHECK = "spot-check", "随机抽查"
        OTHER = "other", "其他"

    class Part(models.TextChoices):
        MORNING = "morning", "上午"
        AFTERNOON = "afternoon", "下午"
        DAY = "day", "全天"

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="visits")
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="visits", verbose_name="走访单位"
    )
    team = models.ForeignKey(InspectionTeam, null=True, on_delete=models.CASCADE, related_name="visits")
    contact_point = models.ForeignKey(ContactPoint, null=True, on_delete=models.CASCADE, related_name="visits")
    state = models.CharField("状态", max_length=10, choices=State, default=State.PLANNED)
    on = models.DateField("日期")
    part = models.CharField("时段", max_length=10, choices=Part, default=Part.MORNING)
    way = models.CharField("方式", max_length=12, choices=Way, default=Way.VISIT)
    purpose = models.CharField("走访重点", max_length=200, blank=True)
    people = models.ManyToManyField(TeamMember, blank=True, related_name="visits", verbose_name="参加人员")
    announced = models.BooleanField("事先通知", default=True)
    met = models.CharField("参加座谈或接待的人员", max_length=200, blank=True)
    looked_at = models.TextField("看了什么、做了什么", blank=True)
    impression = models.TextField("总体看法", blank=True)
    cancelled_why = models.CharField("取消原因", max_length=200, blank=True)
    submission = models.UUIDField(unique=True, null=True, editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    recorded_at = models.DateTimeField(null=True)
    attachments = GenericRelation(Attachment)
    # Of rows that came ``with_people``: planned, but out of the team's time at the place.
    has_lapsed = False

    objects = VisitQuerySet.as_manager()

    class Meta:
        verbose_name = "走访"
        ordering = ["-on", "-pk"]
        indexes = [
            models.Index(fields=["campaign", "on"], name="visit_campaign_day"),
            models.Index(fields=["team", "state", "on"], name="visit_team_day"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=["planned", "done", "cancelled"]), name="visit_state"),
            models.CheckConstraint(condition=Q(part__in=["morning", "afternoon", "day"]), name="visit_part"),
            models.CheckConstraint(
                condition=Q(way__in=["visit", "forum", "sitting-in", "records", "spot-check", "other"]),
                name="visit_way",
            ),
            models.CheckConstraint(
                condition=Q(team__isnull=True, contact_point__isnull=False)
                | Q(team__isnull=False, contact_point__isnull=True),
                name="visit_by_one",
            ),
            models.CheckConstraint(condition=~Q(state="done") | ~Q(looked_at=""), name="visit_told"),
            models.CheckConstraint(condition=~Q(state="cancelled") | ~Q(cancelled_why=""), name="visit_cancelled_why"),
        ]

    def __str__(self) -> str:
        return f"{self.visitor}走访{self.organization}"

    @property
    def scope(self) -> Organization:
        return self.organization

    @property
    def visitor(self) -> str:
        """The team, or the cadre."""
        return str(self.team) if self.team else str(self.contact_point.participation.member)  # type: ignore[union-attr]

    @property
    def names(self) -> str:
        """Who went, or goes: 甲、乙; empty where it is left open."""
        return "、".join(str(each) for each in self.people.all()) if self.team_id else self.visitor

    @property
    def standing(self) -> str:
        """The state in words, as lists and sheets say it."""
        return "超出督导期限" if self.has_lapsed else str(self.get_state_display())

    @property
    def is_planned(self) -> bool:
        return self.state == self.State.PLANNED

    @property
    def is_done(self) -> bool:
        return self.state == self.State.DONE

    @property
    def is_overdue(self) -> bool:
        """Its day is over, and nobody has written down how it was."""
        return self.is_planned and not self.has_lapsed and self.on < timezone.localdate()

    @property
    def is_late_entry(self) -> bool:
        """补录: written down more than three days afterwards; counts the same, and says so."""
        return self.recorded_at is not None and is_late(self.recorded_at, self.on)

    def is_of(self, user: Any) -> bool:
        """Whether it is this user's to plan and to write down, now."""
        if self.campaign.state == Campaign.State.CLOSED:
            return False
        if self.contact_point is not None:
            return self.contact_point.may_log(user)
        return self.team.may_work(user) and user.can(Permission.LOG_VISIT, at=self.organization)  # type: ignore[union-attr]

    def can_be_recorded(self, user: Any) -> bool:
        """Written down, or corrected."""
        return self.state != self.State.CANCELLED and self.is_of(user)

    def can_be_planned(self, user: Any) -> bool:
        """Put on another day."""
        return self.is_planned and self.is_of(user)

    def may_call_off(self, user: Any) -> bool:
        """Whether this user may cancel it while it is planned: whose it is; its team, also when its time at the place is
        over; and the office that sends the team."""
        if self.campaign.state == Campaign.State.CLOSED or self.team is None:
            return self.is_of(user)
        return self.team.may_work(user) or user.can(Permission.MANAGE_SUPERVISION, at=self.team.organization)


class FindingQuerySet(models.QuerySet["Finding"]):
    def visible_to(self, user: Any) -> "FindingQuerySet":
        """Those of the visits one sees."""
        return self.filter(visit__in=Visit.objects.visible_to(user))


class Finding(models.Model):
    """A problem that was found. ``enrolment``: the unit that puts it right, in whose ledger it becomes a task."""

    visit = models.ForeignKey(Visit, on_delete=models.CASCADE, related_name="findings")
    enrolment = models.ForeignKey(Enrolment, on_delete=models.PROTECT, related_name="findings", verbose_name="整改单位")
    category = models.CharField("问题类别", max_length=14, choices=ProblemCategory, default=ProblemCategory.OTHER)
    text = models.CharField("问题", max_length=300)
    measure = models.TextField("整改建议")
    due_on = models.DateField("整改期限")
    submission = models.UUIDField(unique=True, null=True, editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    objects = FindingQuerySet.as_manager()

    class Meta:
        verbose_name = "督导发现的问题"
        ordering = ["visit", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(category__in=ProblemCategory.values), name="finding_category"),
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def scope(self) -> Organization:
        return self.visit.organization
