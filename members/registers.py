"""The registers of members who need to be looked for, kept in contact with, or cared for; each a list over any node of the tree."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from members.dates import in_words
from members.models import Member, Organization
from members.permissions import Permission
from members.register_rows import (
    Circle,
    day,
    floating,
    is_over,
    is_silent,
    last_contact,
    latest,
    lost,
    probation_ends,
    probationary,
    tagged,
    tried,
)
from portal.registry import Registry

Row = Any


@dataclass(frozen=True)
class Column:
    """One column; a ``private`` one only for those who keep the roll or may see contacts."""

    heading: str
    value: Callable[[Row, date], object]
    private: bool = False


@dataclass(frozen=True)
class Register:
    """One register. ``rows(circle, show, today)`` are members or their absences (``path`` leads from a row to its member);
    ``shows`` are the views it offers, the first by default; ``late`` says which rows must stand out."""

    code: str
    label: str
    about: str
    empty: str
    rows: Callable[[Circle, str, date], QuerySet[Any]]
    columns: Sequence[Column]
    shows: Sequence[tuple[str, str]] = ()
    late: Callable[[Row, date], bool] = lambda row, today: False
    path: str = ""

    @property
    def order(self) -> list[str]:
        return [f"{self.path}branch__path", "pk"]

    def member(self, row: Row) -> Member:
        found: Member = row.member if self.path else row
        return found


NAME = Column("姓名", lambda row, today: row.name)
BRANCH = Column("所在支部", lambda row, today: row.branch.name)
SEX = Column("性别", lambda row, today: row.get_sex_display())
POST = Column("职务", lambda row, today: row.post)
HELPER = Column("送学帮扶人", lambda row, today: row.helper)
TAGS = Column("标签", lambda row, today: "、".join(str(tag) for tag in row.tags.all()))
JOINED = Column("入党时间", lambda row, today: in_words(row.joined))
PERSON = Column("姓名", lambda row, today: row.member.name)
PLACE_OF = Column("所在支部", lambda row, today: row.member.branch.name)

registers: Registry[Register] = Registry("register")
registers.register(
    Register(
        "lost",
        "失联党员登记",
        "长期与党组织失去联系的党员。每次查找都记一笔，找到后登记“联系上了本人”，失联随即结束。",
        "没有失联党员。发现党员长期联系不上，请在其“流动情况”中登记失联。",
        lost,
        [
            PERSON,
            PLACE_OF,
            Column("失联起始", lambda row, today: row.since_shown),
            Column("最后去向", lambda row, today: row.place),
            Column("查找", tried),
            Column("了解到的情况", lambda row, today: getattr(latest(row), "outcome", ""), private=True),
            Column("下一步", lambda row, today: getattr(latest(row), "next_step", ""), private=True),
            Column("找到日期", lambda row, today: day(row.until)),
        ],
        [("open", "正在查找"), ("untried", "还没有查找"), ("found", "已经找到")],
        lambda row, today: not row.until and not row.attempts.all(),
        "member__",
    )
)
registers.register(
    Register(
        "floating",
        "流动党员登记",
        "流出、流入的党员。每次联系上本人都记一笔；超过三个月没有联系的突出显示。",
        "没有流动党员。党员外出或流入，请在其“流动情况”中登记。",
        floating,
        [
            PERSON,
            PLACE_OF,
            Column("情形", lambda row, today: row.get_kind_display()),
            Column("地点", lambda row, today: f"{row.place}{f'（{row.host}）' if row.host else ''}"),
            Column("联系人", lambda row, today: row.contact, private=True),
            Column("起始", lambda row, today: row.since_shown),
            Column("结束", lambda row, today: day(row.until)),
            Column("最近联系", last_contact),
        ],
        [
            ("open", "正在流动"),
            ("silent", "超过三个月未联系"),
            ("in-city", "流出（市内）"),
            ("out-of-province", "流出（外省市）"),
            ("inflow", "流入"),
            ("ended", "已经结束"),
        ],  # fmt: skip
        is_silent,
        "member__",
    )
)
registers.register(
    Register(
        "laid-off",
        "下岗失业党员登记",
        "标签为“下岗失业”的党员，以及联系帮扶的人。",
        "没有登记的下岗失业党员。标签在党员的登记信息中设定。",
        tagged("laid-off"),
        [NAME, BRANCH, SEX, JOINED, POST, HELPER],
        [("all", "全部"), ("alone", "没有帮扶人")],
        lambda row, today: not row.helper,
    )
)
registers.register(
    Register(
        "frail",
        "离退休和年老体弱党员登记",
        "标签为“离退休”或“年老体弱”的党员，以及送学上门的人。",
        "没有登记的离退休、年老体弱党员。标签在党员的登记信息中设定。",
        tagged("retired", "frail"),
        [NAME, BRANCH, SEX, JOINED, TAGS, HELPER],
        [("all", "全部"), ("frail", "年老体弱"), ("retired", "离退休"), ("alone", "没有送学上门的人")],
        lambda row, today: not row.helper and any(tag.kind == "frail" for tag in row.tags.all()),
    )
)
registers.register(
    Register(
        "probationary",
        "预备党员登记",
        "预备党员和预备期满的日期。期满的，支部大会应及时讨论能否转正。",
        "没有符合条件的预备党员。",
        probationary,
        [NAME, BRANCH, SEX, JOINED, Column("预备期满", probation_ends), POST],
        [("all", "全部"), ("over", "预备期已满")],
        is_over,
    )
)


@dataclass(frozen=True)
class Entry:
    """One row as it is shown: the member, the cells, whether it stands out, what the reader may do with it."""

    row: Row
    member: Member
    cells: list[tuple[str, object]]
    late: bool
    may_open: bool
    may_edit: bool


def entries(register: Register, rows: Sequence[Row], user: Any, today: date) -> list[Entry]:
    """Rows as this user may see them; a private cell is empty for whoever may not. A guest from elsewhere is named only."""
    rights: dict[int, tuple[bool, bool, bool]] = {}
    found = []
    for row in rows:
        member = register.member(row)
        if member.branch_id not in rights:
            asked = (Permission.VIEW_NAMES, Permission.EDIT_ROLL, Permission.VIEW_CONTACT)
            names, edit, contact = (user.can(permission, at=member.branch) for permission in asked)
            rights[member.branch_id] = names, edit, edit or contact
        names, edit, private = rights[member.branch_id]
        cells = [
            (column.heading, "" if column.private and not private else column.value(row, today))
            for column in register.columns
        ]
        found.append(Entry(row, member, cells, register.late(row, today), names, edit))
    return found


def rows_of(register: Register, node: Organization, user: Any, today: date, *, show: str, q: str) -> QuerySet[Any]:
    """The register of ``node`` and everything below it, out of the members whose names the user may see."""
    rows = register.rows(Circle(node, user), show, today)
    if q:
        rows = rows.filter(Q(**{f"{register.path}name__contains": q}) | Q(**{f"{register.path}number__istartswith": q}))
    return rows if register.path else rows.select_related("branch").prefetch_related("tags").defer("identity", "phone")
