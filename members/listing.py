"""A list over one node of the tree with the filters that were set on its page, as its sheets and tables are asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.shortcuts import get_object_or_404

from members.forms.fields import FilterForm
from members.models import Organization
from portal.documents import Params
from portal.paging import key_of

F = TypeVar("F", bound=FilterForm)


def find_organization(params: Params, user: Any) -> Organization:
    """The organisation ``organization`` (primary key) out of the user's scope, otherwise ``Http404``."""
    return get_object_or_404(Organization.objects.visible_to(user), pk=key_of(params["organization"]))


@dataclass(frozen=True)
class Listing(Generic[F]):
    """One node's list; ``form`` holds the filters."""

    node: Organization
    form: F

    @property
    def scope(self) -> Organization:
        return self.node


def listing_with(form: Callable[[Params], F]) -> Callable[[Params, Any], Listing[F]]:
    """How a document finds its list: of ``organization`` out of the user's scope (otherwise ``Http404``), filtered as ``form`` says."""

    def find(params: Params, user: Any) -> Listing[F]:
        return Listing(find_organization(params, user), form(params))

    return find
