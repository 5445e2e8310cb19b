"""Which of several hats somebody has put on: chosen in the header, held against the appointments in force at each request."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from members.models.user import NO_HAT

CHOSEN = "chosen-hat"


class ChosenHatMiddleware:
    """Tells the request's user which appointment was chosen; everything that asks ``User.hats`` follows.

    One that was taken away or has ended is forgotten, and all that are left count together.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and CHOSEN in request.session:
            user: Any = request.user
            chosen = request.session[CHOSEN]
            if chosen in choices(user):
                user.chosen_hat = chosen
            else:
                del request.session[CHOSEN]
                messages.info(request, "您刚才选用的职责已经结束，现在按您其余的全部职责显示。")
        return self.get_response(request)


def choices(user: Any) -> set[int]:
    """What may be chosen: any appointment in force, and, for members, none of them."""
    return {hat.pk for hat in user.all_hats} | ({NO_HAT} if user.member_id else set())
