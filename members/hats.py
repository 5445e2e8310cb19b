"""Which of several hats somebody has put on: chosen in the header, held against the appointments in force at each request."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

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
            if not user.put_on(request.session[CHOSEN]):
                del request.session[CHOSEN]
                messages.info(request, "您刚才选用的职责已经结束，现在按您其余的全部职责显示。")
        return self.get_response(request)
