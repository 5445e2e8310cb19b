"""What every page's frame needs."""

import re
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from portal.kept_text import author_token
from portal.menu import menu
from portal.models import Notice


def shell(request: HttpRequest) -> dict[str, Any]:
    """Portal name; for signed-in users their menu, the number of unread notices (unless something comes first), and who is
    writing (``kept_for`` in forms)."""
    context: dict[str, Any] = {"portal_name": settings.PORTAL_NAME, "max_upload": settings.MAX_UPLOAD_BYTES}
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated and not getattr(request, "first_thing", ""):
        context |= menu_of(user, request.path)
        context["kept_for"] = author_token(user)
        context["unread"] = Notice.objects.visible_to(user).unread().count()
    return context


def menu_of(user: Any, path: str) -> dict[str, Any]:
    """``menu``: entries with one of them current at most; ``own_menu``: those about oneself, where an office fills the menu already."""
    entries = [(e, e.url(user)) for e in sorted((e for e in menu if e.shown(user)), key=lambda e: e.order)]
    around = [(reach(start, path), e.code) for e, url in entries for start in (url, *e.areas)]
    longest, here = max(around, default=(0, ""))  # the nearest: 转段审核 lies below 教育活动
    rows = [
        (e.own, {"label": e.label, "url": url, "icon": e.icon, "current": bool(longest) and e.code == here})
        for e, url in entries
    ]
    folded = bool(user.hats) and sum(own for own, _ in rows) > 1
    return {
        "menu": [row for own, row in rows if not (own and folded)],
        "own_menu": [row for own, row in rows if own and folded],
    }


def reach(start: str, path: str) -> int:
    """How much of ``path`` lies in the area that begins with ``start``; nothing where it lies outside."""
    if start == "/":
        return int(path == "/")
    found = re.match(re.escape(start).replace(r"\*", "[^/]+"), path)
    return found.end() if found else 0
