"""Transfers of the organisation relation (组织关系转接): every way from one branch to another, in or out."""

from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from members.models.member import Member
from members.models.organization import Organization
from members.permissions import Permission
from members.scope import within


class TransferQuerySet(models.QuerySet["Transfer"]):
    def visible_to(self, user: Any) -> "TransferQuerySet":
        """One's own, and those with an end in a subtree where an appointment entitles to names."""
        if not getattr(user, "is_authenticated", False):
            return self.none()
        paths = user.scopes(Permission.VIEW_NAMES)
        ends = within(paths, "origin__path") | within(paths, "target__path")
        return self.filter(ends | Q(member=user.member_id or 0))

    def waiting(self) -> "TransferQuerySet":
        return self.filter(state=Transfer.State.WAITING)

    def out_of(self, node: Organization) -> "TransferQuerySet":
        """Those that begin at ``node`` or below it."""
        return self.filter(origin__path__startswith=node.path)

    def into(self, node: Organization) -> "TransferQuerySet":
        """Those that end at ``node`` or below it."""
        return self.filter(target__path__startswith=node.path)

    def with_ends(self) -> "TransferQuerySet":
        return self.select_related("member", "origin", "target", "requested_by", "decided_by")


class Transfer(models.Model):
    """One move of one member. Until it is accepted the member belongs to ``origin`` and takes part there.

    ``origin`` or ``target`` is empty where that end lies outside the portal; then ``origin_place`` or ``target_place`` names it.
    """

    class Kind(models.TextChoices):
        WITHIN = "within", "转接"
        IN = "in", "转入"
        OUT = "out", "转出"
        MERGER = "merger", "合并"
        DIVISION = "division", "分立"

    class State(models.TextChoices):
        WAITING = "waiting", "待接收"
        ACCEPTED = "accepted", "已接收"
        RETURNED = "returned", "已退回"
        WITHDRAWN = "withdrawn", "已撤回"

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="transfers", verbose_name="党员")
    kind = models.CharField("类型", max_length=10, choices=Kind)
    state = models.CharField("状态", max_length=10, choices=State, default=State.WAITING)
    origin = models.ForeignKey(
        Organization, null=True, on_delete=models.PROTECT, related_name="transfers_out", verbose_name="转出支部"
    )
    origin_place = models.CharField("原所在党组织", max_length=120, blank=True)
    target = models.ForeignKey(
        Organization, null=True, on_delete=models.PROTECT, related_name="transfers_in", verbose_name="转入支部"
    )
    target_place = models.CharField("转往的党组织", max_length=120, blank=True)
    letter_number = models.CharField("介绍信编号", max_length=40, blank=True)
    letter_date = models.DateField("介绍信日期", null=True, blank=True)
    valid_days = models.PositiveSmallIntegerField("有效期（天）", null=True, blank=True)
    immediate = models.BooleanField("一步办结", default=False)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField("提出时间", default=timezone.now)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField("办结时间", null=True)
    reason = models.CharField("理由", max_length=300, blank=True)

    objects = TransferQuerySet.as_manager()

    class Meta:
        verbose_name = "组织关系转接"
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["origin", "state"], name="transfer_origin_state"),
            models.Index(fields=["target", "state"], name="transfer_target_state"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["member"], condition=Q(state="waiting"), name="transfer_one_open"),
            models.CheckConstraint(
                condition=Q(kind__in=["within", "in", "out", "merger", "division"]), name="transfer_kind"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "accepted", "returned", "withdrawn"]), name="transfer_state"
            ),
            models.CheckConstraint(
                condition=Q(origin=None, kind="in") | (Q(origin__isnull=False) & ~Q(kind="in")), name="transfer_origin"
            ),
            models.CheckConstraint(
                condition=Q(target=None, kind="out") | (Q(target__isnull=False) & ~Q(kind="out")),
                name="transfer_target",
            ),
            models.CheckConstraint(
                condition=Q(decided_at=None, state="waiting") | (Q(decided_at__isnull=False) & ~Q(state="waiting")),
                name="transfer_decided",
            ),
            models.CheckConstraint(condition=~Q(origin=F("target")), name="transfer_goes_somewhere"),
        ]

    def __str__(self) -> str:
        return f"{self.member}：{self.origin_name}→{self.target_name}"

    @property
    def origin_name(self) -> str:
        return str(self.origin or self.origin_place)

    @property
    def target_name(self) -> str:
        return str(self.target or self.target_place)

    @property
    def scope(self) -> Organization:
        """Where the next word is: the receiving branch, or the sending one when it goes out of the portal."""
        place = self.target or self.origin
        assert place is not None  # noqa: S101 the constraints see to it
        return place

    @property
    def expires_on(self) -> date | None:
        """The last day on which the letter holds; ``None`` where no term was set."""
        if self.letter_date is None or self.valid_days is None:
            return None
        return self.letter_date + timedelta(days=self.valid_days)

    @property
    def is_waiting(self) -> bool:
        return self.state == self.State.WAITING

    @property
    def is_expired(self) -> bool:
        return self.is_waiting and self.expires_on is not None and self.expires_on < timezone.localdate()

    @property
    def standing(self) -> str:
        """Its state in words."""
        if self.is_waiting and self.kind == self.Kind.OUT:
            return "等待回执"
        if self.state == self.State.ACCEPTED and self.immediate:
            return "一步办结"
        return str(self.get_state_display())

    def may_accept(self, user: Any) -> bool:
        """Who keeps the receiving roll; for one that leaves the portal who keeps the sending roll, but nobody for themselves."""
        own_way_out = self.kind == self.Kind.OUT and self.member_id == user.member_id
        return self.is_waiting and not own_way_out and user.can(Permission.EDIT_ROLL, at=self.scope)

    def may_return(self, user: Any) -> bool:
        return self.is_waiting and user.can(Permission.EDIT_ROLL, at=self.scope)

    def may_withdraw(self, user: Any) -> bool:
        return self.is_waiting and user.can(Permission.EDIT_ROLL, at=self.origin)

    def decide(self, state: str, *, by: Any, reason: str = "") -> bool:
        """Out of 待接收, once; ``False`` if somebody else was faster."""
        waiting = Transfer.objects.filter(pk=self.pk, state=self.State.WAITING)
        return waiting.update(state=state, decided_by=by, decided_at=timezone.now(), reason=reason) == 1
