"""The road to people whom the organisation's messenger knows by name."""

from typing import Any

from django.db.models import QuerySet

from members.actions.channel import speak
from members.models import ChannelAccount
from portal.letters import listed, subject_of
from portal.messengers import Message
from portal.models import Digest
from portal.notices import GroupLine
from portal.roads import Refused, roads


class MessengerRoad:
    """A channel that has just failed is left alone for the rest of the round: others must not wait for it."""

    code = "messenger"
    order = 10

    def __init__(self) -> None:
        self.failing: set[int] = set()

    def people(self) -> QuerySet[Any]:
        return ChannelAccount.objects.in_use().values("user")

    def open(self) -> None:
        """Each message has a connection of its own."""

    def carry(self, digest: Digest) -> None:
        own = ChannelAccount.objects.in_use().filter(user=digest.recipient_id)
        account = own.select_related("channel__organization").first()
        if account is None:
            raise Refused("消息通道已停用，或不再对应这个账号。")
        if account.channel_id in self.failing:
            raise Refused("消息通道暂时不通，稍后再试。")
        notices, number = listed(digest)
        lines = [GroupLine(notice.text, notice.url, notice.kind) for notice in notices]
        try:
            speak(account.channel, Message(digest.number, subject_of(digest, number), lines, to=account.account))
        except Refused:
            self.failing.add(account.channel_id)
            raise

    def close(self) -> None:
        self.failing.clear()


roads.register(MessengerRoad)
