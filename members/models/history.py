"""What became of a member's record: every value before and after, kept for good."""

import json
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from members.dates import in_words
from members.identity import mask_identity, mask_phone
from members.models.member import Member
from members.models.organization import Organization
from portal.ciphers import SealedTextField

# Shown in part only, until somebody entitled asks for the full number (which is noted).
MASKS = {"身份证号": mask_identity, "联系电话": mask_phone}
# Shown only to the member and to those who keep the roll.
PRIVATE = {*MASKS, "联系人"}
BORN = "出生年月"
DATES = {BORN, "入党时间", "转正时间", "预备期延长至", "起始", "结束", "离开日期", "决定日期"}


@dataclass(frozen=True)
class Line:
    """One field of a change as a reader may see it; ``hidden``: that it changed, not from what to what."""

    label: str
    old: str = ""
    new: str = ""
    hidden: bool = False


class MemberChangeQuerySet(models.QuerySet["MemberChange"]):
    def visible_to(self, user: Any) -> "MemberChangeQuerySet":
        """The history of the members one sees."""
        return self.filter(member__in=Member.objects.visible_to(user))


class MemberChange(models.Model):
    """One act on a member's record: who, when, in which capacity, and each value before and after.

    ``changes`` is sealed JSON ``{label: [old, new]}``; ``source`` says where the values came from when nobody typed them (an import's
    file name). The audit trail keeps that somebody did something, here stands what it did to the record.
    """

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="history", db_index=False)
    at = models.DateTimeField("时间", default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    capacity = models.CharField("身份", max_length=60, blank=True)
    verb = models.CharField("动作", max_length=60)
    source = models.CharField("来源", max_length=255, blank=True)
    changes = SealedTextField("变动", context="member.change")

    objects = MemberChangeQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["member", "-id"], name="member_change_latest")]

    def __str__(self) -> str:
        return self.verb

    @property
    def scope(self) -> Organization:
        return self.member.branch

    @property
    def values(self) -> dict[str, list[str]]:
        """``{label: [old, new]}`` in full."""
        return json.loads(self.changes) if self.changes else {}

    def lines(self, *, private: bool, in_full: bool = False) -> list[Line]:
        """What a reader may see: numbers masked unless ``in_full``; without ``private`` neither numbers nor the day of birth."""
        return [self.line(label, *pair, private=private, in_full=in_full) for label, pair in self.values.items()]

    def line(self, label: str, old: str, new: str, *, private: bool, in_full: bool) -> Line:
        if label in PRIVATE and not private:
            return Line(label, hidden=True)
        if label == BORN and not private:
            return Line(label, in_words(old[:4]), in_words(new[:4]), hidden=old[:4] == new[:4])
        if label in MASKS and not in_full:
            return Line(label, MASKS[label](old), MASKS[label](new))
        return Line(label, in_words(old), in_words(new)) if label in DATES else Line(label, old, new)
