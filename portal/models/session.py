"""Where somebody is signed in."""

from typing import Any

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils import timezone


class SessionQuerySet(models.QuerySet["Session"]):
    def visible_to(self, user: Any) -> "SessionQuerySet":
        """One's own that have not run out, the latest used first."""
        if not getattr(user, "is_authenticated", False):
            return self.none()
        return self.filter(user=user.pk, expire_date__gt=timezone.now()).order_by("-seen_at", "pk")


class Session(AbstractBaseSession):
    """One browser's session. Only the masked address is kept, and the browser in words; ``number``, made of the key by a hash,
    stands for it in addresses."""

    number = models.UUIDField(unique=True)
    # Not checked by the database: the framework takes every refusal of a new session for a key that is taken and tries again.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    since = models.DateTimeField("登录时间", null=True)
    seen_at = models.DateTimeField("最近使用", null=True)
    browser = models.CharField("浏览器", max_length=60, blank=True)
    address = models.CharField("网络地址", max_length=45, blank=True)

    objects = SessionQuerySet.as_manager()  # type: ignore[assignment,misc]

    def __str__(self) -> str:
        return f"{self.browser} {self.address}"
