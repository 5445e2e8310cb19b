"""Member statistics, as the yearly tables of an organisation department have them: two dimensions crossed in one aggregate query.

The roll is today's, ages are those of a chosen day; every table adds up to the roll.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from itertools import product

from django.db.models import Count
from django.db.models.functions import Substr
from django.utils.safestring import SafeString

from members.dimensions import UNKNOWN, Dimension, by_expression, by_field, dimensions
from members.models import Member, Organization
from members.models.member import MemberQuerySet
from portal.charts import category_bars
from portal.documents import Table

# Of more categories than this only those that occur are shown.
MANY = 9


def units(node: Organization) -> Dimension:
    """The organisations right below ``node``; in a branch its 党小组."""
    if node.is_branch:
        return Dimension("unit", "党小组", by_field("group"), unknown="未编组")
    length = len(node.path) + node.steplen
    below = Organization.objects.under(node).filter(depth=node.depth + 1).values_list("path", "name", "closed_on")
    names = {path: f"{name}（已撤销）" if closed else name for path, name, closed in below}
    standing = {path for path, _, closed in below if not closed}
    parts = by_expression(Substr("branch__path", 1, length))
    return Dimension("unit", "下级组织", parts, list(names.items()), always=frozenset(standing))


@dataclass(frozen=True)
class Line:
    """One row: how many in all, and by column."""

    label: str
    total: int
    numbers: list[int]


@dataclass(frozen=True)
class CrossTable:
    """Members of ``node`` on the roll by ``rows`` and ``columns``; ``sums`` is the last line."""

    node: Organization
    rows: Dimension
    columns: Dimension
    day: date
    headings: list[str]
    lines: list[Line]
    sums: Line

    @property
    def title(self) -> str:
        return f"{self.node}党员统计表（{self.rows.label}×{self.columns.label}）"

    @property
    def scope(self) -> Organization:
        return self.node

    @property
    def notes(self) -> list[str]:
        """What one must know to read the figures."""
        found = ["统计对象为当前在册党员。"]
        used = {self.rows.code, self.columns.code}
        if "age" in used:
            found.append(f"年龄按{self.day.year}年{self.day.month}月{self.day.day}日的周岁计算。")
        if "seniority" in used:
            found.append(
                f"党龄从转正之日算起，计算到{self.day.year}年{self.day.month}月{self.day.day}日；预备党员不计。"
            )
        if used & {"age", "joined", "seniority"}:
            found.append("只知年份或年月的日期，按该年、该月的第一天计算。")
        if "trait" in used:
            found.append("一人可以有几个标签，也可以没有，各项之和与合计不一定相等。")
        return found


def count(members: MemberQuerySet, day: date, *across: Dimension) -> Counter[tuple[str, ...]]:
    """How many by the categories of these dimensions: one aggregate query, a few where members stand in several categories."""
    found: Counter[tuple[str, ...]] = Counter()
    for parts in product(*(dimension.parts(day) for dimension in across)):
        rows = members.order_by()
        for condition, _ in parts:
            rows = rows.filter(condition)
        names = {f"by_{number}": expression for number, (_, expression) in enumerate(parts)}
        for row in rows.annotate(**names).values(*names).annotate(number=Count("pk")):
            found[tuple(str(row[name] or UNKNOWN) for name in names)] += row["number"]
    return found


def sums(cells: Counter[tuple[str, ...]], position: int) -> Counter[str]:
    found: Counter[str] = Counter()
    for codes, number in cells.items():
        found[codes[position]] += number
    return found


def shown(of: Dimension, totals: Counter[str]) -> list[tuple[str, str]]:
    """Codes and labels of a table's rows or columns; the unknown comes last, where there are any."""
    named = list(of.categories) or [(code, code) for code, _ in totals.most_common() if code != UNKNOWN]
    known = {code for code, _ in named}
    named += [(code, code) for code in sorted(totals) if code not in known and code != UNKNOWN]
    if len(named) > MANY or of.always:
        named = [each for each in named if totals[each[0]] or each[0] in of.always]
    return named + ([(UNKNOWN, of.unknown)] if totals[UNKNOWN] else [])


def cross(node: Organization, rows: Dimension, columns: Dimension, day: date) -> CrossTable:
    """The table; who asks must be entitled to figures at ``node``."""
    members = Member.objects.under(node).on_roll()
    cells = count(members, day, rows, columns)
    by_row = sums(count(members, day, rows) if columns.overlaps else cells, 0)
    by_column = sums(count(members, day, columns), 0) if rows.overlaps else sums(cells, 1)
    heads = shown(columns, by_column)
    lines = [
        Line(label, by_row[row], [cells[row, column] for column, _ in heads]) for row, label in shown(rows, by_row)
    ]
    everybody = sum((by_column if rows.overlaps else by_row).values())
    total = Line("合计", everybody, [by_column[column] for column, _ in heads])
    return CrossTable(node, rows, columns, day, [label for _, label in heads], lines, total)


def picture(table: CrossTable) -> SafeString:
    """The columns' sums as bars, the same on page and paper."""
    bars = list(zip(table.headings, table.sums.numbers, strict=True))
    return category_bars(f"{table.node}党员按{table.columns.label}", bars, unit="人")


def as_sheet(table: CrossTable, title: str = "") -> Table:
    """The same table for a spreadsheet."""
    lines = [[line.label, line.total, *line.numbers] for line in (*table.lines, table.sums)]
    return Table(
        title or f"{table.rows.label}×{table.columns.label}", [table.rows.label, "合计", *table.headings], lines
    )


def yearly(node: Organization, day: date) -> list[CrossTable]:
    """The whole set: what lies below ``node`` by every dimension."""
    below = units(node)
    return [cross(node, below, dimension, day) for dimension in dimensions]
