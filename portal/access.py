"""Deny by default: every view says who may call it, and a view with a permission must say where it was checked.

Foreign scope is 404 (``visible_to`` does not find it), a missing right inside one's scope is 403.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404

View = TypeVar("View", bound=Callable[..., HttpResponseBase])
M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Access:
    """What a view declared: ``public``, ``signed-in`` or ``permission`` (then ``permission`` says which)."""

    kind: str
    permission: str = ""


def public(view: View) -> View:
    """Opt out of sign-in, explicitly."""
    view.access = Access("public")  # type: ignore[attr-defined]
    return view


def signed_in(view: View) -> View:
    """Any signed-in user; what they see is limited by ``visible_to`` and the object's own ``can_…`` predicates."""
    view.access = Access("signed-in")  # type: ignore[attr-defined]
    return view


def requires(permission: str, *, anywhere: bool = False) -> Callable[[View], View]:
    """The view needs ``permission`` at the object it fetches with ``get_in_scope`` (or, ``anywhere``, at any place at all)."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            request.permission = permission  # type: ignore[attr-defined]
            request.permission_checked = False  # type: ignore[attr-defined]
            if anywhere:
                demand(request, None)
            response = view(request, *args, **kwargs)
            if not request.permission_checked and response.status_code != 405:  # type: ignore[attr-defined]
                raise ImproperlyConfigured(f"{view.__module__}.{view.__qualname__} never checked {permission}")
            return response

        guarded.access = Access("permission", permission)  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return decorate


def demand(request: HttpRequest, at: Any, permission: str | None = None) -> None:
    """Raise ``PermissionDenied`` unless the user holds the view's permission (or ``permission``) at organisation ``at`` (``None``: anywhere)."""
    request.permission_checked = True  # type: ignore[attr-defined]
    if not request.user.can(permission or request.permission, at=at):  # type: ignore[attr-defined, union-attr]
        raise PermissionDenied


def get_in_scope(request: HttpRequest, visible: QuerySet[M], **lookup: Any) -> M:
    """The object out of what the user sees (else 404), with the view's permission demanded at its ``scope`` organisation (else 403)."""
    found = get_object_or_404(visible, **lookup)
    demand(request, found.scope)  # type: ignore[attr-defined]
    return found
