"""What a daily digest says, on whatever road it goes."""

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core import signing
from django.template.loader import render_to_string
from django.urls import reverse

from portal.models import Digest, MailRefusal, Notice

# The newest so many are listed; how many more there are is said.
LISTED = 50
SALT = "no-more-mail"


def site() -> str:
    return settings.SITE_URL.rstrip("/")


def subject_of(digest: Digest, number: int) -> str:
    return f"【{settings.PORTAL_NAME}】{digest.day.month}月{digest.day.day}日提醒（{number}条）"


def listed(digest: Digest) -> tuple[list[Notice], int]:
    """The newest of its notices, oldest first, and how many it has."""
    return list(digest.notices.order_by("-created_at", "-pk")[:LISTED])[::-1], digest.notices.count()


def text_of(digest: Digest, *, unsubscribe_url: str = "") -> tuple[str, str]:
    """Subject and plain Chinese text, grouped by kind."""
    notices, number = listed(digest)
    groups: dict[str, list[Notice]] = {}
    for notice in notices:
        groups.setdefault(notice.kind, []).append(notice)
    context: dict[str, Any] = {
        "digest": digest,
        "groups": groups.items(),
        "number": number,
        "shown": len(notices),
        "more": number - len(notices),
        "site": site(),
        "all_url": reverse("notice-list"),
        "portal_name": settings.PORTAL_NAME,
        "unsubscribe_url": unsubscribe_url,
    }
    return subject_of(digest, number), render_to_string("portal/digest.txt", context)


def unsubscribe_token(user_id: int) -> str:
    """Signed, so that nobody unsubscribes another; good for ever, as an old letter's link must still work (RFC 8058)."""
    return signing.Signer(salt=SALT).sign(str(user_id))


def reader_of(token: str) -> Any:
    """Whose link it is; ``None`` for anything that the portal has not signed."""
    try:
        pk = int(signing.Signer(salt=SALT).unsign(token))
    except (signing.BadSignature, ValueError):
        return None
    return get_user_model().objects.filter(pk=pk).first()


def takes_mail(user: Any) -> bool:
    return not MailRefusal.objects.filter(user=user.pk).exists()


def unsubscribe_url(user_id: int) -> str:
    return site() + reverse("mail-unsubscribe", args=[unsubscribe_token(user_id)])
