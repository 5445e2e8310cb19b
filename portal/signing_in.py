"""Between the right password and being signed in: who has a second factor gives a code first."""

import time
from typing import Any

from django.contrib.auth import get_user_model, login
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from portal.accounts import PASSWORD_EXPIRED, SECOND_FACTOR_GIVEN, days_left
from portal.models import SecondFactor

HALF = "half-signed-in"
# How long the right password waits for its code.
SECONDS = 300


def finish(request: HttpRequest, user: Any, backend: str) -> None:
    """Sign in; a password that has run out is changed first."""
    login(request, user, backend=backend)
    left = days_left(user)
    if left is not None and left <= 0:
        request.session[PASSWORD_EXPIRED] = True


def password_given(request: HttpRequest, user: Any, target: str) -> bool:
    """``True`` if that was all and the user is in; otherwise the anonymous session remembers who is half way."""
    if not SecondFactor.objects.filter(user=user.pk).confirmed().exists():
        finish(request, user, user.backend)
        return True
    request.session.cycle_key()
    request.session[HALF] = {
        "user": user.pk,
        "backend": user.backend,
        "hash": user.get_session_auth_hash(),
        "target": target,
        "at": int(time.time()),
    }
    return False


def waiting(request: HttpRequest) -> SecondFactor | None:
    """The factor whose code is awaited here, unless the time is up or the password has changed in between."""
    half = request.session.get(HALF)
    if half is None or time.time() - half["at"] > SECONDS:
        return None
    user = get_user_model()._default_manager.filter(pk=half["user"], is_active=True).first()
    if user is None or not constant_time_compare(user.get_session_auth_hash(), half["hash"]):
        return None
    return SecondFactor.objects.filter(user=user.pk).confirmed().select_related("user").first()


def code_given(request: HttpRequest, factor: SecondFactor) -> str:
    """Sign in after the right code; returns where the user wanted to go."""
    half = request.session.pop(HALF)
    finish(request, factor.user, half["backend"])
    request.session[SECOND_FACTOR_GIVEN] = True
    return str(half["target"])
