"""What the portal itself needs to know of accounts; the model is the members room's."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from portal.menu import Duty, duties
from portal.models import SecondFactor

# Session keys: the password ran out when its owner signed in; a second factor was given or has just been set up.
PASSWORD_EXPIRED = "password-expired"  # noqa: S105 no password
SECOND_FACTOR_GIVEN = "second-factor-given"
WARNING_DAYS = 7


def nobody_yet() -> bool:
    """Whether the portal is new: no account exists, and the first run is still open."""
    return not get_user_model()._default_manager.exists()


def days_left(user: Any) -> int | None:
    """Whole days until the password has to be changed, 0 or less when it is time; ``None`` where passwords last."""
    if not settings.PASSWORD_MAX_DAYS:
        return None
    set_on = timezone.localdate(user.password_set_at or user.date_joined)
    return (set_on + timedelta(settings.PASSWORD_MAX_DAYS) - timezone.localdate()).days


def password_duty(user: Any) -> Iterator[Duty]:
    """Changing the password, from a week before it runs out."""
    left = days_left(user)
    if left is not None and left <= WARNING_DAYS:
        due = timezone.localdate() + timedelta(left)
        note = "到期后须先修改密码才能继续使用"
        yield Duty("修改登录密码", reverse("password-change"), due=due, group="账号安全", note=note)


def first_thing(request: HttpRequest) -> str:
    """The name of the page that comes before all others; nothing for most people."""
    user: Any = request.user
    if not user.is_authenticated:
        return ""
    if user.must_change_password or PASSWORD_EXPIRED in request.session:
        return "password-change"
    if user.needs_second_factor and SECOND_FACTOR_GIVEN not in request.session:
        return "" if SecondFactor.objects.visible_to(user).confirmed().exists() else "second-factor-enrol"
    return ""


duties.register(password_duty)
