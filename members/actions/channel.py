"""Setting up an organisation's messenger, telling its group what waits, and noticing when it does not listen."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from members.models import Appointment, Channel, ChannelAccount, ChannelMessage, Organization
from members.permissions import Permission, roles_with
from portal.actions.log import audit
from portal.actions.notice import notify
from portal.https import address_of
from portal.messengers import Message, send
from portal.notices import Draft, GroupLine, group_sources
from portal.outbox import Round, deliver, waiting
from portal.roads import Refused, Unclear
from portal.working_days import is_working_time

logger = logging.getLogger(__name__)


class Taken(Exception):
    """The organisation has a channel of this name."""


def save(*, channel: Channel, by: Any) -> Channel:
    """Write a new or changed channel; a changed one begins with a clean record. Raises ``Taken``."""
    verb = "修改消息通道" if channel.pk else "新建消息通道"
    channel.host = str(address_of(channel.url).hostname)
    channel.failing_since, channel.error, channel.error_at = None, "", None
    channel.by = channel.by or by
    try:
        with transaction.atomic():
            channel.save()
            audit(by=by, verb=verb, target=channel, host=channel.host)
    except IntegrityError as error:
        raise Taken from error
    return channel


@transaction.atomic
def remove(*, channel: Channel, by: Any) -> None:
    audit(by=by, verb="删除消息通道", target=channel)
    channel.delete()


@transaction.atomic
def switch(*, channel: Channel, on: bool, by: Any) -> bool:
    """On or off; switched on again it begins with a clean record. ``False`` if it was so already."""
    fresh: dict[str, Any] = {"failing_since": None, "error": "", "error_at": None} if on else {}
    changed = Channel.objects.filter(pk=channel.pk, on=not on).update(on=on, **fresh)
    if changed:
        audit(by=by, verb="启用消息通道" if on else "停用消息通道", target=channel)
    return changed == 1


@transaction.atomic
def map_accounts(*, channel: Channel, accounts: Mapping[int, str], by: Any) -> None:
    """Who is reached by which name, all of it anew; ``accounts``: name by user id. A person has one channel."""
    ChannelAccount.objects.filter(channel=channel).delete()
    ChannelAccount.objects.filter(user__in=accounts).delete()
    ChannelAccount.objects.bulk_create(
        [ChannelAccount(channel=channel, user_id=pk, account=name) for pk, name in sorted(accounts.items())]
    )
    audit(by=by, verb="设定消息通道账号", target=channel, number=len(accounts))


def test(*, channel: Channel, by: Any) -> str:
    """Send a test message at once; empty, or what went wrong."""
    now = timezone.now()
    line = GroupLine(f"这是{channel.organization}的测试消息，收到说明设置正确。", reverse("home"), "测试")
    message = Message(f"test-{channel.pk}-{now:%Y%m%d%H%M%S%f}", f"【{settings.PORTAL_NAME}】测试消息", [line])
    audit(by=by, verb="测试消息通道", target=channel)
    try:
        send(channel.kind, channel.url, channel.secret, message)
    except (Refused, Unclear) as failure:
        Channel.objects.filter(pk=channel.pk).update(error=str(failure)[:300], error_at=now)
        return str(failure)
    note_success(channel)
    return ""


def send_groups(*, now: datetime | None = None) -> int:
    """In working hours, write each group's message of the day once and send it; returns how many went."""
    moment = timezone.localtime(now)
    sweep(moment.date())
    if not is_working_time(moment):
        return 0
    fill(moment.date())
    clock, sent = Round(), 0
    for message in waiting(ChannelMessage.objects.filter(channel__on=True), moment):
        if clock.is_over:
            break
        sent += deliver(message, moment, carry)
    return sent


def sweep(today: date) -> None:
    """Messages whose sender died may have arrived: a robot is not told again (tomorrow's numbers are of tomorrow), a
    receiver of JSON is, as it knows the number. What was not sent on its day is not sent any more."""
    broken = ChannelMessage.objects.interrupted()
    broken.filter(day=today, channel__kind=Channel.Kind.JSON).update(
        state=ChannelMessage.State.WAITING, lease_until=None
    )
    broken.update(state=ChannelMessage.State.UNCLEAR, lease_until=None, error="发送中断，可能已经送达。")
    ChannelMessage.objects.overdue(today).update(state=ChannelMessage.State.FAILED, lease_until=None)


def fill(day: date) -> None:
    """One row per channel and day, whether or not there is something to say."""
    switch_off_the_deaf(day)
    for channel in Channel.objects.in_use().exclude(messages__day=day).select_related("organization"):
        try:
            lines = [asdict(line) for line in lines_for(channel.organization, day)]
        except Exception:
            # The other groups are told; this one is asked about again in the next round.
            logger.exception("lines for channel %s failed", channel.pk)
            continue
        state = {} if lines else {"state": ChannelMessage.State.SENT, "error": "当日没有需要提醒的事项。"}
        message = ChannelMessage(channel=channel, day=day, lines=lines, **state)
        ChannelMessage.objects.bulk_create([message], ignore_conflicts=True)


def lines_for(organization: Organization, day: date) -> list[GroupLine]:
    return [line for source in group_sources for line in source(organization, day)]


def carry(row: ChannelMessage) -> None:
    lines = [GroupLine(**line) for line in row.lines]
    title = f"【{settings.PORTAL_NAME}】{row.day.month}月{row.day.day}日{row.channel.organization}工作提醒"
    speak(row.channel, Message(row.number, title, lines))


def speak(channel: Channel, message: Message) -> None:
    """Send and keep the channel's record; raises ``Refused``, or ``Unclear`` where a second time would be one too many."""
    try:
        send(channel.kind, channel.url, channel.secret, message)
    except Unclear as doubt:
        note_failure(channel, str(doubt))
        if channel.takes_accounts:
            raise Refused(str(doubt)) from doubt
        raise
    except Refused as refusal:
        note_failure(channel, str(refusal))
        raise
    note_success(channel)


def note_success(channel: Channel) -> None:
    Channel.objects.filter(pk=channel.pk).update(failing_since=None, error="", error_at=None, sent_at=timezone.now())


def note_failure(channel: Channel, why: str) -> None:
    now = timezone.now()
    Channel.objects.filter(pk=channel.pk).update(error=why[:300], error_at=now)
    Channel.objects.filter(pk=channel.pk, failing_since=None).update(failing_since=timezone.localdate(now))


def switch_off_the_deaf(day: date) -> None:
    """What has failed for ``WEBHOOK_FAILING_DAYS`` days without one success is switched off, and its keepers are told."""
    for channel in Channel.objects.filter(on=True).exclude(failing_since=None).select_related("organization"):
        if (day - channel.failing_since).days < settings.WEBHOOK_FAILING_DAYS:  # type: ignore[operator]
            continue
        with transaction.atomic():
            if switch(channel=channel, on=False, by=None):
                notify(told_off(channel, day))


def told_off(channel: Channel, day: date) -> Iterable[Draft]:
    text = f"消息通道“{channel.name}”连续{settings.WEBHOOK_FAILING_DAYS}天发送失败，已自动停用。最近的错误：{channel.error}"
    url = reverse("channel-list", args=[channel.organization_id])
    for user_id in keepers(channel.organization):
        yield Draft(user_id, f"channel-off:{channel.pk}:{day}:{user_id}", "消息通道", text, url)


def keepers(organization: Organization) -> list[int]:
    """User ids of those who look after the channels, at the organisation itself or the nearest above that has any."""
    path, step = organization.path, organization.steplen
    hats = Appointment.objects.current().filter(role__in=roles_with(Permission.MANAGE_CHANNELS), user__is_active=True)
    for end in range(len(path), 0, -step):
        if users := list(
            hats.filter(organization__path=path[:end]).order_by("user_id").values_list("user_id", flat=True)
        ):
            return list(dict.fromkeys(users))
    return []
