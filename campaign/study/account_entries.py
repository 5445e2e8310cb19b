"""Accounts of study in the menu."""

from typing import Any

from django.urls import reverse

from members.models import Organization
from members.permissions import Permission
from portal.menu import MenuEntry, menu


def place_of(user: Any) -> Organization | None:
    """The first place where the user sees people's study."""
    return next((hat.organization for hat in user.hats if user.can(Permission.VIEW_STUDY, at=hat.organization)), None)


def accounts_page(user: Any) -> str:
    place = place_of(user)
    return reverse("study-account-list", args=[place.pk]) if place else reverse("campaign-list")


menu.register(
    MenuEntry(
        "study-accounts",
        "学习情况",
        accounts_page,
        # Of a branch it stands on the branch's own page.
        lambda user: (place := place_of(user)) is not None and not place.is_branch,
        icon="book",
        order=33,
    )
)
