"""The roll and the first-login slips."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.conf import settings
from django.urls import reverse

from members.actions.account import set_slip_passwords
from members.actions.member import open_contact
from members.dates import in_words
from members.forms.member import MemberFilterForm
from members.listing import Listing, find_organization, listing_with
from members.models import Member, Organization, User
from members.permissions import Permission
from portal.documents import Document, Params, Table, documents
from portal.jobs import JobFailure
from portal.qr import qr_code

ON_PAPER = 5_000
IN_TABLE = 100_000
SLIPS = 2_000
HEADINGS = [
    "序号", "姓名", "性别", "民族", "出生年月", "学历", "职业", "入党时间", "转正时间", "职务", "类别", "联系电话",
]  # fmt: skip
BRANCH = "所在支部"
# What stands in one line on paper, so that a date or a number is not torn apart.
UNBROKEN = {"出生年月", "入党时间", "转正时间", "类别", "联系电话"}


def roll_of(asked: Listing[MemberFilterForm], user: Any, limit: int) -> list[Member]:
    """Members as the page's filters show them, in tree order; raises ``JobFailure`` when there are more than ``limit``."""
    members = asked.form.narrow(Member.objects.visible_to(user).under(asked.node))
    found = list(members.select_related("branch").defer("identity").order_by("branch__path", "pk")[: limit + 1])
    if len(found) > limit:
        raise JobFailure(f"{asked.node}及下级的党员超过{limit}人，请按下级组织分别打印或导出。")
    return found


def rows_of(members: Iterable[Member], user: Any, dated: Callable[[str], str] = str) -> list[list[str | int]]:
    """Rows of the roll, branch first, with dates as ``dated`` writes them.

    Telephones in full only where the user may see contacts, and then noted for each member to see.
    """
    rows: list[list[str | int]] = []
    may: dict[int, tuple[bool, bool]] = {}
    for number, member in enumerate(members, 1):
        if member.branch_id not in may:
            contact = user.can(Permission.VIEW_CONTACT, at=member.branch)
            may[member.branch_id] = contact, contact or user.can(Permission.EDIT_ROLL, at=member.branch)
        contact, in_full = may[member.branch_id]
        if contact and member.phone and member.pk != user.member_id:
            open_contact(member=member, by=user)
        rows.append(
            [
                member.branch.name, number, member.name, member.get_sex_display(), member.ethnicity,
                dated(member.born if in_full else member.born[:4]), member.education,
                member.get_occupation_display(), dated(member.joined), dated(member.confirmed),
                member.post, member.get_status_display(), member.phone if contact else member.masked_phone,
            ]
        )  # fmt: skip
    return rows


def roll_sheet(asked: Listing[MemberFilterForm], params: Params, user: Any) -> dict[str, Any]:
    """The roll for paper, saying what it was narrowed to; the column of branches only where there are several."""
    node, rows = asked.node, rows_of(roll_of(asked, user, ON_PAPER), user, in_words)
    headings = HEADINGS if node.is_branch else [HEADINGS[0], BRANCH, *HEADINGS[1:]]
    found = [row[1:] if node.is_branch else [row[1], row[0], *row[2:]] for row in rows]
    unbroken = [heading in UNBROKEN for heading in headings]
    lines = [list(zip(line, unbroken, strict=True)) for line in found]
    branches = len({row[0] for row in rows})
    return {"node": node, "headings": headings, "lines": lines, "branches": branches, "filters": asked.form.in_words}


def roll_tables(asked: Listing[MemberFilterForm], params: Params, user: Any) -> Sequence[Table]:
    rows = rows_of(roll_of(asked, user, IN_TABLE), user)
    return [Table("党员名册", [HEADINGS[0], BRANCH, *HEADINGS[1:]], [[row[1], row[0], *row[2:]] for row in rows])]


def login_slips(node: Organization, params: Params, user: Any) -> dict[str, Any]:
    """A slip for everyone below ``node`` whose account nobody has used yet.

    One-time passwords are kept nowhere: they are set here, while the sheet is made. If a worker breaks down and the
    sheet is made again, the passwords of the last sheet hold, which is also the only one that can be downloaded.
    """
    accounts = (
        User.objects.kept_by(user).under(node).never_used().filter(is_active=True).select_related("member__branch")
    )
    found = list(accounts.order_by("member__branch__path", "pk")[: SLIPS + 1])
    if not found:
        raise JobFailure("没有等待首次登录的账号，无需打印。忘记密码的请在账号页重置密码。")
    if len(found) > SLIPS:
        raise JobFailure(f"等待首次登录的超过{SLIPS}人，请按下级组织分别打印。")
    address = settings.SITE_URL.rstrip("/") + reverse("sign-in")
    slips = set_slip_passwords(accounts=found, at=node, by=user)
    return {"node": node, "slips": slips, "address": address, "qr": qr_code(address)}


documents.register(
    Document(
        code="roll",
        label="党员名册",
        find=listing_with(MemberFilterForm),
        title=lambda asked: f"{asked.node}党员名册",
        permission=Permission.VIEW_NAMES,
        template="members/print/roll.html",
        data=roll_sheet,
        tables=roll_tables,
        landscape=True,
    )
)
documents.register(
    Document(
        code="login-slips",
        label="首次登录单",
        find=find_organization,
        title=lambda node: f"{node}首次登录单",
        permission=Permission.MANAGE_ACCOUNTS,
        template="members/print/login_slips.html",
        data=login_slips,
    )
)
