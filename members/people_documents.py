"""Sheets of the registers and of the member statistics."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.http import Http404
from django.utils import timezone

from members.documents import IN_TABLE, ON_PAPER
from members.forms.register import RegisterForm
from members.forms.statistics import StatisticsForm
from members.listing import Listing, find_organization, listing_with
from members.permissions import Permission
from members.registers import Entry, entries, registers, rows_of
from members.statistics import CrossTable, as_sheet, picture, yearly
from portal.documents import Document, Params, Table, documents
from portal.jobs import JobFailure


def register_form(params: Params) -> RegisterForm:
    """The register ``kind`` (otherwise ``Http404``), in the view ``show``, of the names that hold ``q``."""
    register = registers.get(params.get("kind", ""))
    if register is None:
        raise Http404
    return RegisterForm(params, register=register)


def entries_of(asked: Listing[RegisterForm], user: Any, limit: int) -> list[Entry]:
    """In tree order; raises ``JobFailure`` when there are more than ``limit``."""
    register, today = asked.form.register, timezone.localdate()
    rows = rows_of(register, asked.node, user, today, **asked.form.chosen).order_by(*register.order)
    found = list(rows[: limit + 1])
    if len(found) > limit:
        raise JobFailure(f"超过{limit}人，请按下级组织分别打印或导出。")
    return entries(register, found, user, today)


def register_sheet(asked: Listing[RegisterForm], params: Params, user: Any) -> dict[str, Any]:
    register, chosen = asked.form.register, asked.form.chosen
    return {
        "register": register,
        "show": dict(register.shows)[chosen["show"]],
        "words": chosen["q"],
        "entries": entries_of(asked, user, ON_PAPER),
    }


def register_tables(asked: Listing[RegisterForm], params: Params, user: Any) -> Sequence[Table]:
    register, found = asked.form.register, entries_of(asked, user, IN_TABLE)
    rows = [[number, *(value for _, value in entry.cells)] for number, entry in enumerate(found, 1)]
    return [Table(register.label, ["序号", *(column.heading for column in register.columns)], rows)]


documents.register(
    Document(
        code="register",
        label="党员登记册",
        find=listing_with(register_form),
        title=lambda asked: f"{asked.node}{asked.form.register.label}",
        permission=Permission.VIEW_NAMES,
        template="members/print/register.html",
        data=register_sheet,
        tables=register_tables,
        landscape=True,
    )
)


def find_statistics(params: Params, user: Any) -> StatisticsForm:
    """The table ``rows`` × ``columns`` of ``organization``, ages counted on ``day``."""
    return StatisticsForm(params, node=find_organization(params, user))


def drawn(tables: Sequence[CrossTable]) -> list[dict[str, Any]]:
    return [{"table": table, "picture": picture(table) if table.sums.total else ""} for table in tables]


def statistics_sheet(form: StatisticsForm, params: Params, user: Any) -> dict[str, Any]:
    return {"tables": drawn([form.table()])}


def statistics_tables(form: StatisticsForm, params: Params, user: Any) -> Sequence[Table]:
    return [as_sheet(form.table())]


def whole(form: StatisticsForm, params: Params, user: Any) -> dict[str, Any]:
    return {"tables": drawn(yearly(form.node, form.counted_on))}


def whole_tables(form: StatisticsForm, params: Params, user: Any) -> Sequence[Table]:
    return [as_sheet(table, table.columns.label) for table in yearly(form.node, form.counted_on)]


def on(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


documents.register(
    Document(
        code="member-statistics",
        label="党员统计表",
        find=find_statistics,
        title=lambda form: f"{form.node}党员按{form.chosen_rows.label}和{form.chosen_columns.label}统计表",
        permission=Permission.VIEW_PROGRESS,
        template="members/print/statistics.html",
        data=statistics_sheet,
        tables=statistics_tables,
        landscape=True,
    )
)
documents.register(
    Document(
        code="member-yearbook",
        label="党员情况年报表",
        find=find_statistics,
        title=lambda form: f"{form.node}党员情况统计表（全套，{on(form.counted_on)}）",
        permission=Permission.VIEW_PROGRESS,
        template="members/print/statistics.html",
        data=whole,
        tables=whole_tables,
        landscape=True,
    )
)
