"""Deny by default, and what comes first after signing in."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url

from portal.access import Access
from portal.accounts import first_thing
from portal.kept_text import keep_text

GetResponse = Callable[[HttpRequest], HttpResponse]


class AccessMiddleware:
    """Sends everyone who is not signed in to the sign-in page, except at views that are ``public``; a view that says nothing is an error.

    What an expired session was about to save is kept aside until its writer has signed in again.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        access = getattr(view, "access", None)
        if not isinstance(access, Access):
            raise ImproperlyConfigured(f"{view.__module__}.{view.__qualname__} declares no access")
        if access.kind == "public" or request.user.is_authenticated:
            return None
        target = request.get_full_path()
        if request.method == "POST":
            target = keep_text(request) or resolve_url(settings.LOGIN_REDIRECT_URL)
        sign_in = redirect_to_login(target, resolve_url(settings.LOGIN_URL))
        if getattr(request, "htmx", False) or request.headers.get("X-Requested-With") == "fetch":
            return HttpResponse(status=401, headers={"HX-Redirect": sign_in.url})
        return sign_in


class FirstThingsMiddleware:
    """Whoever has to choose a password or set up a second factor does that first; ``request.first_thing`` is the page's name."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.first_thing = first_thing(request)  # type: ignore[attr-defined]
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        page: str = request.first_thing  # type: ignore[attr-defined]
        match = request.resolver_match
        if not page or (match and match.url_name in {page, "sign-out"}):
            return None
        return redirect(page)
