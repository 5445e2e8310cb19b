"""How long a sign-in lasts — a while without doing anything, and a working day at most — and what is noted of it."""

import time
from collections.abc import Callable

from axes.helpers import get_client_ip_address
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse

from portal.browsers import browser_in_words, masked_address
from portal.session_stores import ADDRESS, BROWSER, SEEN_AT, SIGNED_IN_AT

NOTE_EVERY = 60


def note(request: HttpRequest, now: int) -> None:
    """Since when, when last, with what and from where: columns of the session's own row."""
    session = request.session
    session[SIGNED_IN_AT] = session.get(SIGNED_IN_AT, now)
    session[SEEN_AT] = now
    session[BROWSER] = browser_in_words(request.headers.get("User-Agent", ""))
    session[ADDRESS] = masked_address(get_client_ip_address(request) or "")


class SessionLimitMiddleware:
    """Ends a session ``SESSION_IDLE_SECONDS`` after its last request and ``SESSION_COOKIE_AGE`` seconds after it began.

    The session is written at most once a minute for this, not with every request.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        now = int(time.time())
        if request.user.is_authenticated:
            seen = request.session.get(SEEN_AT, now)
            since = request.session.get(SIGNED_IN_AT, now)
            if now - seen > settings.SESSION_IDLE_SECONDS or now - since > settings.SESSION_COOKIE_AGE:
                logout(request)
                messages.info(request, "您较长时间没有操作，或本次登录已满时限，为保护信息已自动退出，请重新登录。")
            elif SEEN_AT not in request.session or now - seen > NOTE_EVERY:
                note(request, now)
        response = self.get_response(request)
        if request.user.is_authenticated and SEEN_AT not in request.session:  # signed in by this very request
            note(request, now)
        return response
