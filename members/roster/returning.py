"""The refused rows as they stood in the file, with the reason in front, ready to be mended and uploaded again."""

import re
from typing import Any

from members.models import RosterImport
from members.roster.headings import REASON
from members.roster.rows import ASKED, REFUSED
from portal.documents import Table
from portal.sheets import read_sheets

LETTER = re.compile("^[A-Z]+列")
ASKED_REASON = "需确认：可能是名册中的多个人。请补填党员编号或身份证号，或在预览中选择"


def refused_tables(roster: RosterImport, content: bytes) -> list[Table]:
    """A table per sheet of the file that has refused rows, or rows about which the clerk has not been asked yet."""
    reasons: dict[str, dict[int, str]] = {}
    rows = roster.rows.filter(outcome__in=[REFUSED, ASKED]).values_list("sheet", "number", "detail")
    for name, number, detail in rows.iterator():
        reasons.setdefault(name, {})[number] = f"原第{number}行　{words(detail)}"
    headings = {each["sheet"]: each["headings"] for each in roster.report.get("layouts", ())}
    tables = []
    for sheet in read_sheets(content):
        wanted = reasons.get(sheet.name, {})
        if wanted:
            lines = [[wanted[number], *map(shown, cells)] for number, cells in sheet.rows if number in wanted]
            tables.append(table(sheet.name, headings[sheet.name], lines))
    return tables


def table(name: str, headings: list[str], lines: list[list[Any]]) -> Table:
    """A file that is a mended one of ours has the column of reasons already; it gets new ones."""
    if headings[:1] == [REASON]:
        headings, lines = headings[1:], [[line[0], *line[2:]] for line in lines]
    width = max(len(headings) + 1, *(len(line) for line in lines))
    return Table(name, [REASON, *headings, *[""] * (width - len(headings) - 1)], lines, as_text=True)


def words(detail: dict[str, Any]) -> str:
    """Why, by the heading alone: in the sheet that is handed back every column stands one further to the right."""
    problems = detail.get("problems", ())
    return "".join(f"{LETTER.sub('', column)}：{reason}" for column, _, reason in problems) or ASKED_REASON


def shown(cell: Any) -> Any:
    """A cell as it can be uploaded again: numbers as text, so that none is rounded."""
    return cell if cell is None or isinstance(cell, str) else f"{cell:.15g}" if isinstance(cell, float) else str(cell)
