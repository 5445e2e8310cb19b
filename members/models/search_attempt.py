"""Trying to reach members who are away or cannot be found."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from members.models.member import Member, Mobility
from members.models.organization import Organization
from portal.ciphers import SealedTextField
from portal.sending import Sent


class SearchAttemptQuerySet(models.QuerySet["SearchAttempt"]):
    def visible_to(self, user: Any) -> "SearchAttemptQuerySet":
        """Those about the members one sees."""
        return self.filter(mobility__member__in=Member.objects.visible_to(user))


class SearchAttempt(Sent):
    """One try to reach somebody who is away or lost: how, what came of it, what comes next (S2 三2: 积极查找).

    ``made_on`` is the day of the try, ``created_at`` when it was recorded; ``outcome`` often holds addresses and is sealed.
    """

    class How(models.TextChoices):
        PHONE = "phone", "电话"
        MESSAGE = "message", "短信或网上联系"
        VISIT = "visit", "走访"
        LETTER = "letter", "函询"
        FAMILY = "family", "向亲友打听"
        EMPLOYER = "employer", "向单位或社区了解"
        POLICE = "police", "请公安协查"
        OTHER = "other", "其他"

    mobility = models.ForeignKey(Mobility, on_delete=models.CASCADE, related_name="attempts")
    made_on = models.DateField("日期", default=timezone.localdate)
    how = models.CharField("方式", max_length=12, choices=How)
    reached = models.BooleanField("联系上了本人", default=False)
    outcome = SealedTextField("了解到的情况", context="member.search")
    next_step = models.CharField("下一步", max_length=120, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    objects = SearchAttemptQuerySet.as_manager()

    class Meta:
        ordering = ["-made_on", "-pk"]
        indexes = [models.Index(fields=["mobility", "-made_on"], name="search_attempt_latest")]
        constraints = [
            models.CheckConstraint(
                condition=Q(how__in=["phone", "message", "visit", "letter"])
                | Q(how__in=["family", "employer", "police", "other"]),
                name="search_attempt_how",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.made_on} {self.get_how_display()}"

    @property
    def scope(self) -> Organization:
        return self.mobility.scope
