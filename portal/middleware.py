"""Deny by default, and the first sign-in."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url

from portal.access import Access
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


class PasswordChangeMiddleware:
    """Whoever signed in with a printed slip chooses an own password first."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        if not request.user.is_authenticated or not getattr(request.user, "must_change_password", False):
            return None
        match = request.resolver_match
        if match and match.url_name in {"password-change", "sign-out"}:
            return None
        return redirect("password-change")
