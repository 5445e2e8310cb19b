"""What every page's frame needs."""

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
        entries = sorted((e for e in menu if e.shown(user)), key=lambda e: e.order)
        pages = [(e, e.url(user)) for e in entries]
        starts = ((start, e.code) for e, url in pages for start in (url, *e.areas))
        around = [(len(s), code) for s, code in starts if request.path == s or s != "/" and request.path.startswith(s)]
        _, here = max(around, default=(0, ""))  # the nearest: 转段审核 lies below 教育活动
        context["menu"] = [
            {"label": e.label, "url": url, "icon": e.icon, "current": e.code == here} for e, url in pages
        ]
        context["kept_for"] = author_token(user)
        context["unread"] = Notice.objects.visible_to(user).unread().count()
    return context
