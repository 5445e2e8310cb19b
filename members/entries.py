"""The room's menu entries."""

from typing import Any

from django.urls import reverse
from django.utils import timezone

from members.models import Member, Transfer
from members.permissions import GRANTS, Permission, Role
from members.tree import tops
from portal.menu import Duty, MenuEntry, Panel, duties, menu, panels

NAMED = 3
KEEPING = (Permission.VIEW_NAMES, Permission.MANAGE_ACCOUNTS)


def keeps_people(user: Any) -> bool:
    return any(user.can(permission) for permission in KEEPING)


def first_place(user: Any) -> str:
    """The one organisation that the user looks after; with several, their list."""
    places = tops(user)
    return reverse("organization-detail", args=[places[0].pk]) if len(places) == 1 else reverse("organization-list")


def own_record(user: Any) -> str:
    return reverse("member-detail", args=[user.member_id]) if user.member_id else reverse("home")


PEOPLE = (
    "/organizations/",
    "/members/",
    "/transfers/",
    "/mobilities/",
    "/conditions/",
    "/committee-posts/",
    "/imports/",
    "/channels/",
)
menu.register(MenuEntry("organizations", "组织与党员", first_place, keeps_people, icon="tree", order=60, areas=PEOPLE))
menu.register(
    MenuEntry(
        "own-record", "我的登记信息", own_record, lambda user: bool(user.member_id), icon="user", order=80, own=True
    )
)


@duties.register
def waiting_transfers(user: Any) -> list[Duty]:
    """Members who wait to be taken in where the user keeps the roll, as one line per place."""
    found = []
    keeping = {hat.organization for hat in user.hats if Permission.EDIT_ROLL in GRANTS[hat.role]}
    for place in sorted(keeping, key=lambda organization: organization.path):
        if number := Transfer.objects.waiting().into(place).count():
            url = f"{reverse('transfer-list', args=[place.pk])}?list=in"
            found.append(Duty(f"{number}名党员的组织关系等待接收", url, group=f"{place}（名册）"))
    return found


@duties.register
def probations_to_decide(user: Any) -> list[Duty]:
    """Candidates of the secretary's own branch whose probation is over; the meeting must decide in time (党章第七条)."""
    found, today = [], timezone.localdate()
    for place in {hat.organization for hat in user.hats if hat.role == Role.SECRETARY}:
        over = Member.objects.under(place).probation_over(today).order_by("pk")
        if names := list(over.values_list("name", flat=True)[: NAMED + 1]):
            said = "、".join(names[:NAMED]) + ("等" if len(names) > NAMED else "")
            url = f"{reverse('register-list', args=[place.pk, 'probationary'])}?show=over"
            found.append(Duty(f"{said}预备期已满，请支部大会讨论转正", url, group=f"{place}（名册）"))
    return found


def keeping_panel(user: Any) -> dict[str, Any] | None:
    """What an administrator looks after, place by place."""
    places = [hat.organization for hat in user.hats if hat.role == Role.ADMINISTRATOR]
    ways = (("账号", "account-list"), ("任职", "appointment-list"), ("消息通道", "channel-list"))
    calendar = ("工作日历", "working-day-list")
    return (
        {
            "places": [
                (
                    place,
                    [
                        (label, reverse(name, args=[place.pk]))
                        for label, name in (*ways, *[calendar] * (place.depth == 1))
                    ],
                )
                for place in places
            ]
        }
        if places
        else None
    )


panels.register(Panel("keeping", "members/_keeping_panel.html", keeping_panel, order=60))
