"""Who is on the committee of an organisation (班子), for which term."""

from datetime import date
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Greatest
from django.utils import timezone

from members.models.member import Member
from members.models.organization import Organization
from members.permissions import Permission
from members.scope import within


class CommitteePostQuerySet(models.QuerySet["CommitteePost"]):
    def visible_to(self, user: Any) -> "CommitteePostQuerySet":
        """Those of the organisations whose names one may read."""
        if not getattr(user, "is_authenticated", False):
            return self.none()
        return self.filter(within(user.scopes(Permission.VIEW_NAMES), "organization__path"))

    def held(self) -> "CommitteePostQuerySet":
        """Nobody has left it; past the term's end it is still held until the next election."""
        return self.filter(left_on=None)

    def vacate(self, on: date) -> int:
        """Everybody leaves on that day, or on the day they came if that is later; returns how many there were."""
        return self.held().update(left_on=Greatest("since", on))

    def in_rank(self) -> "CommitteePostQuerySet":
        """Secretary first, as on every list of a committee."""
        rank = models.Case(
            *(models.When(title=title, then=position) for position, title in enumerate(CommitteePost.Title.values)),
            default=99,
            output_field=models.IntegerField(),
        )
        return self.order_by(rank, "since", "pk")


class CommitteePost(models.Model):
    """One person's seat on the committee: a member on the roll, or by ``name`` alone somebody who is on no roll here."""

    class Title(models.TextChoices):
        SECRETARY = "secretary", "书记"
        DEPUTY = "deputy", "副书记"
        ORGANIZATION = "organization", "组织委员"
        PUBLICITY = "publicity", "宣传委员"
        DISCIPLINE = "discipline", "纪检委员"
        YOUTH = "youth", "青年委员"
        UNITED_FRONT = "united-front", "统战委员"
        SECURITY = "security", "保密委员"
        MEMBER = "member", "委员"
        OTHER = "other", "其他"

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="committee_posts")
    member = models.ForeignKey(
        Member, null=True, blank=True, on_delete=models.SET_NULL, related_name="committee_posts", verbose_name="党员"
    )
    name = models.CharField("姓名", max_length=60)
    title = models.CharField("职务", max_length=16, choices=Title)
    other_title = models.CharField("其他职务名称", max_length=30, blank=True)
    elected_on = models.DateField("选举日期", null=True, blank=True)
    since = models.DateField("任职起始")
    until = models.DateField("任期届满", null=True, blank=True)
    left_on = models.DateField("卸任日期", null=True, blank=True)

    objects = CommitteePostQuerySet.as_manager()

    class Meta:
        verbose_name = "班子职务"
        ordering = ["organization__path", "pk"]
        indexes = [models.Index(fields=["until"], condition=Q(left_on=None), name="committee_term_end")]
        constraints = [
            models.UniqueConstraint(
                fields=["organization"], condition=Q(left_on=None, title="secretary"), name="committee_one_secretary"
            ),
            models.UniqueConstraint(
                fields=["organization", "member", "title", "other_title"],
                condition=Q(left_on=None),
                name="committee_post_once",
            ),
            models.CheckConstraint(
                condition=Q(title__in=["secretary", "deputy", "organization", "publicity", "discipline"])
                | Q(title__in=["youth", "united-front", "security", "member"])
                | (Q(title="other") & ~Q(other_title="")),
                name="committee_title",
            ),
            models.CheckConstraint(condition=Q(until=None) | Q(until__gte=F("since")), name="committee_term_order"),
            models.CheckConstraint(condition=Q(left_on=None) | Q(left_on__gte=F("since")), name="committee_left_order"),
        ]

    def __str__(self) -> str:
        return f"{self.name}（{self.called}）"

    @property
    def scope(self) -> Organization:
        return self.organization

    @property
    def called(self) -> str:
        """The title as people say it."""
        return self.other_title if self.title == self.Title.OTHER else str(self.get_title_display())

    @property
    def is_over(self) -> bool:
        """Still held although the term has ended (届满)."""
        return self.left_on is None and self.until is not None and self.until < timezone.localdate()
