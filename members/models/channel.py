"""消息通道: the organisation's own messenger, told what waits by webhook."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from members.models.appointment import Appointment
from members.models.organization import Organization
from members.permissions import Permission
from members.scope import within
from portal.ciphers import SealedTextField
from portal.models.outgoing import Outgoing, OutgoingQuerySet, State


class ChannelQuerySet(models.QuerySet["Channel"]):
    def visible_to(self, user: Any) -> "ChannelQuerySet":
        """Only where one may set them up: the address itself is a key."""
        if not getattr(user, "is_authenticated", False):
            return self.none()
        return self.filter(within(user.scopes(Permission.MANAGE_CHANNELS), "organization__path"))

    def in_use(self) -> "ChannelQuerySet":
        return self.filter(on=True, organization__closed_on=None)


class Channel(models.Model):
    """One robot of a group (or one receiver of JSON) of one organisation. Address and secret are sealed; ``host`` is what
    the page shows of the address. ``failing_since``: the day of the first failure after the last success."""

    class Kind(models.TextChoices):
        WECOM = "wecom", "企业微信群机器人"
        DINGTALK = "dingtalk", "钉钉群机器人"
        FEISHU = "feishu", "飞书群机器人"
        JSON = "json", "通用接口（JSON）"

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="channels")
    name = models.CharField("名称", max_length=40)
    kind = models.CharField("类型", max_length=10, choices=Kind)
    url = SealedTextField("地址", context="channel.url")
    secret = SealedTextField("密钥", context="channel.secret")
    host = models.CharField("主机", max_length=255)
    on = models.BooleanField("启用", default=True)
    failing_since = models.DateField(null=True, blank=True)
    error = models.CharField("最近的错误", max_length=300, blank=True)
    error_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField("最近发送", null=True, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    objects = ChannelQuerySet.as_manager()

    class Meta:
        verbose_name = "消息通道"
        ordering = ["organization__path", "name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="channel_name_once"),
            models.CheckConstraint(condition=Q(kind__in=["wecom", "dingtalk", "feishu", "json"]), name="channel_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.organization} {self.name}"

    @property
    def scope(self) -> Organization:
        return self.organization

    @property
    def takes_accounts(self) -> bool:
        """Whether it can reach single persons: robots speak to a whole group."""
        return self.kind == self.Kind.JSON


class ChannelAccountQuerySet(models.QuerySet["ChannelAccount"]):
    def in_use(self) -> "ChannelAccountQuerySet":
        """Of channels that are on, and of people who still belong there, with every hat they wear: what somebody is told of
        another organisation's work does not go to this one's messenger."""
        here = Q(user__member=None) | Q(user__member__branch__path__startswith=F("channel__organization__path"))
        elsewhere = Appointment.objects.current().filter(user=OuterRef("user"))
        elsewhere = elsewhere.exclude(organization__path__startswith=OuterRef("channel__organization__path"))
        kind = Channel.Kind.JSON
        rows = self.filter(here, channel__in=Channel.objects.in_use().filter(kind=kind), user__is_active=True)
        return rows.exclude(Exists(elsewhere))


class ChannelAccount(models.Model):
    """By which name a person is known to the receiver; their daily digest then goes there instead of by e-mail."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="accounts")
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="channel_account")
    account = models.CharField("对方账号", max_length=100)

    objects = ChannelAccountQuerySet.as_manager()

    class Meta:
        verbose_name = "账号对应"
        ordering = ["channel", "user__username"]

    def __str__(self) -> str:
        return self.account


class ChannelMessage(Outgoing):
    """What a channel's group is told on a day: numbers and links, fixed when it is written."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="messages")
    lines = models.JSONField(default=list)

    objects = OutgoingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "day"], name="channel_message_once_a_day"),
            models.CheckConstraint(condition=Q(state__in=State.values), name="channel_message_state"),
        ]
        indexes = [models.Index(fields=["state", "day"], name="channel_message_state_day")]

    def __str__(self) -> str:
        return f"{self.channel_id} {self.day}"

    @property
    def number(self) -> str:
        return f"group-{self.channel_id}-{self.day:%Y%m%d}"
