"""A person's own page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from portal.access import signed_in
from portal.menu import panels
from portal.owed import owed_by


def greeting(hour: int) -> str:
    """By the portal's clock: 早上好 until nine, 上午好, 中午好, 下午好, and 晚上好 from six."""
    for until, words in ((5, "夜深了"), (9, "早上好"), (12, "上午好"), (14, "中午好"), (18, "下午好")):
        if hour < until:
            return words
    return "晚上好"


@signed_in
def home(request: HttpRequest) -> HttpResponse:
    now = timezone.localtime()
    owed = owed_by(request.user, now.date())
    shown = [
        {"template": panel.template, "values": values, "above": not panel.order}
        for panel in sorted(panels, key=lambda panel: panel.order)
        if (values := panel.context(request.user)) is not None
    ]
    context = {
        "greeting": greeting(now.hour),
        "today": now.date(),
        "owed": owed,
        "owed_count": sum(len(group.rows) for group in owed),
        "late_count": sum(row.is_late for group in owed for row in group.rows),
        "above": [panel for panel in shown if panel["above"]],
        "panels": [panel for panel in shown if not panel["above"]],
    }
    return render(request, "portal/home.html", context)
