"""Leading groups and their offices (领导小组及办公室), at every level (S0 五(一): 领导责任制)."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from campaign.models.campaign import Campaign
from members.models import Organization
from members.scope import within


class LeadingGroupQuerySet(models.QuerySet["LeadingGroup"]):
    def visible_to(self, user: Any) -> "LeadingGroupQuerySet":
        """Those in one's scope, of one's own branch, and of the line above them: everybody may know who leads them."""
        if not getattr(user, "is_authenticated", False):
            return self.none()
        own = [user.member.branch.path] if user.member_id else []
        paths = [*user.scopes(), *own]
        step = Organization.steplen
        line = {path[:n] for path in paths for n in range(step, len(path) + 1, step)}
        return self.filter(within(user.scopes(), "organization__path") | Q(organization__path__in=line))

    def named(self) -> "LeadingGroupQuerySet":
        """Those that have a head now: without one a group is not set up."""
        heads = LeadingGroupPost.objects.held().filter(group=OuterRef("pk"), duty=LeadingGroupPost.Duty.HEAD)
        return self.filter(Exists(heads))

    def with_posts(self) -> "LeadingGroupQuerySet":
        """With the posts held now, in rank, as ``now``."""
        held = LeadingGroupPost.objects.held().in_rank()
        return self.select_related("organization").prefetch_related(models.Prefetch("posts", held, to_attr="now"))


class LeadingGroup(models.Model):
    """The leading group of one organisation in one campaign, with its office. ``document``: by which paper it was set up."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="leading_groups")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="leading_groups")
    phone = models.CharField("办公室电话", max_length=40, blank=True)
    document = models.CharField("成立文件", max_length=120, blank=True)
    since = models.DateField("成立日期", default=timezone.localdate)
    # Empty where the group was taken over from the preparations of before.
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    objects = LeadingGroupQuerySet.as_manager()

    class Meta:
        verbose_name = "领导小组"
        ordering = ["organization__path"]
        constraints = [models.UniqueConstraint(fields=["campaign", "organization"], name="leading_group_once")]

    def __str__(self) -> str:
        return f"{self.organization}领导小组"

    @property
    def scope(self) -> Organization:
        return self.organization

    @property
    def present(self) -> list["LeadingGroupPost"]:
        """Posts held now, in rank; those fetched by ``with_posts`` where they are there."""
        return self.now if hasattr(self, "now") else list(self.posts.held().in_rank())

    @property
    def head(self) -> str:
        """The head's name; empty where there is none."""
        return next((post.name for post in self.present if post.duty == LeadingGroupPost.Duty.HEAD), "")

    @property
    def office(self) -> str:
        """The names of the office: 甲、乙."""
        return "、".join(post.name for post in self.present if post.is_of_office)

    @property
    def lines(self) -> list[tuple[str, list["LeadingGroupPost"]]]:
        """The posts held now by duty: 组长, 副组长, 成员, 办公室主任, 办公室成员."""
        found = [(label, [p for p in self.present if p.duty == duty]) for duty, label in LeadingGroupPost.Duty.choices]
        return [(label, posts) for label, posts in found if posts]


class LeadingGroupPostQuerySet(models.QuerySet["LeadingGroupPost"]):
    def held(self) -> "LeadingGroupPostQuerySet":
        """Nobody has left it."""
        return self.filter(left_on=None)

    def in_rank(self) -> "LeadingGroupPostQuerySet":
        """Head first, the office last."""
        rank = models.Case(
            *(models.When(duty=duty, then=position) for position, duty in enumerate(LeadingGroupPost.Duty.values)),
            default=9,
            output_field=models.IntegerField(),
        )
        return self.order_by(rank, "since", "pk")


class LeadingGroupPost(models.Model):
    """One person in a leading group or its office, since when, and until when (``left_on``); rows are never deleted."""

    class Duty(models.TextChoices):
        HEAD = "head", "组长"
        DEPUTY = "deputy", "副组长"
        MEMBER = "member", "成员"
        OFFICE_HEAD = "office-head", "办公室主任"
        OFFICE_STAFF = "office-staff", "办公室成员"

    group = models.ForeignKey(LeadingGroup, on_delete=models.CASCADE, related_name="posts")
    duty = models.CharField("职责", max_length=12, choices=Duty)
    name = models.CharField("姓名", max_length=60)
    title = models.CharField("职务", max_length=60, blank=True)
    since = models.DateField("起始日期", default=timezone.localdate)
    left_on = models.DateField("离任日期", null=True, blank=True)

    objects = LeadingGroupPostQuerySet.as_manager()

    class Meta:
        ordering = ["group", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["group"], condition=Q(duty="head", left_on=None), name="leading_group_one_head"
            ),
            models.UniqueConstraint(
                fields=["group", "duty", "name", "title"],
                condition=Q(left_on=None),
                name="leading_group_post_once",
            ),
            models.CheckConstraint(
                condition=Q(duty__in=["head", "deputy", "member", "office-head", "office-staff"]),
                name="leading_group_duty",
            ),
            models.CheckConstraint(
                condition=Q(left_on=None) | Q(left_on__gte=models.F("since")), name="leading_group_post_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}（{self.title}）" if self.title else self.name

    @property
    def is_of_office(self) -> bool:
        return self.duty in {self.Duty.OFFICE_HEAD, self.Duty.OFFICE_STAFF}
