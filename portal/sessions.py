"""How long a sign-in lasts: a while without doing anything, and a working day at most."""

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse

SIGNED_IN_AT = "signed-in-at"
SEEN_AT = "seen-at"
NOTE_EVERY = 60


class SessionLimitMiddleware:
    """Ends a session ``SESSION_IDLE_SECONDS`` after its last request and ``SESSION_COOKIE_AGE`` seconds after it began.

    The session is written at most once a minute for this, not with every request.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now = int(time.time())
            seen = request.session.get(SEEN_AT, now)
            since = request.session.get(SIGNED_IN_AT, now)
            if now - seen > settings.SESSION_IDLE_SECONDS or now - since > settings.SESSION_COOKIE_AGE:
                logout(request)
                messages.info(request, "您较长时间没有操作，或本次登录已满时限，为保护信息已自动退出，请重新登录。")
            elif SEEN_AT not in request.session or now - seen > NOTE_EVERY:
                request.session.update({SIGNED_IN_AT: since, SEEN_AT: now})
        return self.get_response(request)
