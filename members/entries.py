"""The room's menu entries."""

from typing import Any

from django.urls import reverse

from members.permissions import Permission
from members.tree import tops
from portal.menu import MenuEntry, menu

KEEPING = (Permission.VIEW_NAMES, Permission.MANAGE_ACCOUNTS)


def keeps_people(user: Any) -> bool:
    return any(user.can(permission) for permission in KEEPING)


def first_place(user: Any) -> str:
    """The one organisation that the user looks after; with several, their list."""
    places = tops(user)
    return reverse("organization-detail", args=[places[0].pk]) if len(places) == 1 else reverse("organization-list")


def own_record(user: Any) -> str:
    return reverse("member-detail", args=[user.member_id]) if user.member_id else reverse("home")


menu.register(MenuEntry("organizations", "组织与党员", first_place, keeps_people, icon="tree", order=60))
menu.register(
    MenuEntry("own-record", "我的登记信息", own_record, lambda user: bool(user.member_id), icon="user", order=80)
)
