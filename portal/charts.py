"""Pictures drawn by the server: one SVG for the page and for paper, readable in grey and without seeing colours.

No scripts and no style attributes, only presentation attributes; every picture says in ``<title>`` and ``<desc>``
what it shows. Lengths are
in units of the view box (``WIDTH`` across); the picture takes the width of the place it is put in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from unicodedata import east_asian_width
from zlib import crc32

from django.conf import settings
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

WIDTH = 400
SIZE = 12
INK, SOFT, LINE = "#1f2937", "#4b5563", "#9ca3af"
DARK, MIDDLE, PALE = "#1d4f91", "#7fa6d6", "#e5e7eb"
PHASE_FILL = {"done": MIDDLE, "active": DARK, "waiting": "#ffffff"}
PHASE_WORD = {"done": "已完成", "active": "进行中", "waiting": "未开始"}


@dataclass(frozen=True)
class Bar:
    """One requirement: how many have done it, need not, and are asked, in ``unit`` (人, 个)."""

    label: str
    done: int
    waived: int
    total: int
    unit: str = ""


@dataclass(frozen=True)
class Part:
    """One part of a whole; ``tone`` is ``dark``, ``middle``, ``hatched`` or ``pale``."""

    label: str
    number: int
    tone: str = "dark"


@dataclass(frozen=True)
class Span:
    """From one day to another (both included) in a state: ``done``, ``active`` or ``waiting``."""

    label: str
    starts_on: date
    ends_on: date
    state: str


@dataclass(frozen=True)
class TimeRow:
    """One line of a time line."""

    label: str
    spans: Sequence[Span]
    note: str = ""


def width_of(text: str, size: float = SIZE) -> float:
    """About how wide ``text`` is set in ``size``."""
    return sum(size if east_asian_width(c) in "WFA" else size * 0.56 for c in text)


def fit(text: str, width: float, size: float = SIZE) -> str:
    """``text``, cut with an ellipsis where it is wider than ``width``."""
    if width_of(text, size) <= width:
        return text
    while text and width_of(text, size) + size > width:
        text = text[:-1]
    return f"{text}…"


def words(
    x: float, y: float, text: object, *, anchor: str = "start", size: float = SIZE, fill: str = INK
) -> SafeString:
    return format_html(
        '<text x="{}" y="{}" font-size="{}" fill="{}" text-anchor="{}">{}</text>',
        round(x, 1),
        round(y, 1),
        size,
        fill,
        anchor,
        text,
    )


def box(
    x: float, y: float, width: float, height: float, fill: str, stroke: str = "none", title: str = ""
) -> SafeString:
    inner = format_html("<title>{}</title>", title) if title else ""
    return format_html(
        '<rect x="{}" y="{}" width="{}" height="{}" fill="{}" stroke="{}" stroke-width="0.7">{}</rect>',
        round(x, 2),
        round(y, 2),
        round(max(width, 0), 2),
        round(height, 2),
        fill,
        stroke,
        inner,
    )


def rule(
    x1: float, y1: float, x2: float, y2: float, stroke: str = LINE, dash: str = "none", width: float = 0.7
) -> SafeString:
    return format_html(
        '<line x1="{}" y1="{}" x2="{}" y2="{}" stroke="{}" stroke-dasharray="{}" stroke-width="{}"/>',
        round(x1, 1),
        round(y1, 1),
        round(x2, 1),
        round(y2, 1),
        stroke,
        dash,
        width,
    )


FRAME = (
    '<svg class="picture" xmlns="http://www.w3.org/2000/svg" viewBox="-1 -1 {} {}" width="100%" role="img"'
    ' font-family="{}">'
    "<title>{}</title><desc>{}</desc>"
    '<defs><pattern id="{}" width="6" height="6" patternUnits="userSpaceOnUse">'
    '<rect width="6" height="6" fill="#ffffff"/>'
    '<path d="M-1,1 l2,-2 M0,6 l6,-6 M5,7 l2,-2" stroke="{}" stroke-width="1.4"/></pattern></defs>{}</svg>'
)


def picture(title: str, description: str, height: float, parts: Sequence[SafeString]) -> SafeString:
    """The frame of every picture; ``description`` says in words what the shapes say."""
    fonts = f"{settings.FONT_HEADING}, sans-serif"
    drawn = mark_safe("".join(parts))  # noqa: S308 - every part comes from format_html
    return format_html(FRAME, WIDTH + 2, round(height) + 2, fonts, title, description, hatch(title), DARK, drawn)


def hatch(title: str) -> str:
    """The name of the picture's hatching, different for pictures that stand on one page."""
    return f"hatch-{crc32(title.encode()):x}"


def tone(name: str, title: str) -> str:
    return {"dark": DARK, "middle": MIDDLE, "hatched": f"url(#{hatch(title)})"}.get(name, "#ffffff")


def legend(y: float, title: str, entries: Sequence[tuple[str, str]]) -> tuple[list[SafeString], float]:
    """Swatches with their words, broken into lines; and the height they take."""
    parts: list[SafeString] = []
    x = 0.0
    for name, label in entries:
        needed = 16 + width_of(label, 11) + 14
        if x and x + needed > WIDTH:
            x, y = 0.0, y + 18
        parts += [box(x, y, 11, 11, tone(name, title), LINE), words(x + 16, y + 10, label, size=11, fill=SOFT)]
        x += needed
    return parts, y + 18


def segments(y: float, height: float, title: str, parts: Sequence[Part], whole: int) -> list[SafeString]:
    """Parts side by side on one scale, 0 to ``whole`` over the full width."""
    drawn, x = [box(0, y, WIDTH, height, "#ffffff", LINE)], 0.0
    for part in parts:
        width = WIDTH * part.number / whole
        if part.number:
            drawn.append(box(x, y, width, height, tone(part.tone, title), LINE, f"{part.label} {part.number}"))
        x += width
    return drawn


def stacked_bars(title: str, bars: Sequence[Bar]) -> SafeString:
    """Done, waived and missing of each requirement out of those it is asked of; every bar is 0–100 % of its own
    total, which stands beside it."""
    parts, y = legend(2, title, [("dark", "完成"), ("hatched", "免除"), ("pale", "未完成")])
    spoken = []
    for bar in bars:
        figures = (
            f"{bar.done}{f'＋免{bar.waived}' if bar.waived else ''}／{bar.total}{bar.unit}"
            if bar.total
            else "无适用对象"
        )
        parts += [
            words(0, y + 14, fit(bar.label, WIDTH - width_of(figures) - 14)),
            words(WIDTH, y + 14, figures, anchor="end", fill=SOFT),
        ]
        if bar.total:
            pieces = [Part("完成", bar.done, "dark"), Part("免除", bar.waived, "hatched")]
            parts += segments(y + 19, 13, title, pieces, bar.total)
        else:
            parts.append(rule(0, y + 25, WIDTH, y + 25, dash="2 4"))
        missing = bar.total - bar.done - bar.waived
        spoken.append(f"{bar.label}：应完成{bar.total}{bar.unit}，完成{bar.done}，免除{bar.waived}，未完成{missing}")
        y += 40
    for percent, anchor in ((0, "start"), (50, "middle"), (100, "end")):
        parts.append(words(WIDTH * percent / 100, y + 9, f"{percent}%", anchor=anchor, size=10, fill=SOFT))
    return picture(title, "；".join(spoken) or "没有数据", y + 14, parts)


def coverage_bar(title: str, whole: Part, pieces: Sequence[Part]) -> SafeString:
    """One bar of a whole and its parts with their numbers (the parts add up to the whole)."""
    parts = [words(0, 13, f"{whole.label} {whole.number}")]
    if whole.number:
        parts += segments(20, 20, title, pieces, whole.number)
    else:
        parts.append(box(0, 20, WIDTH, 20, "#ffffff", LINE))
    below, height = legend(48, title, [(p.tone, f"{p.label} {p.number}") for p in pieces])
    spoken = f"{whole.label}{whole.number}，其中" + "，".join(f"{p.label}{p.number}" for p in pieces)
    return picture(title, spoken, height, parts + below)


def category_bars(title: str, rows: Sequence[tuple[str, int]], unit: str = "") -> SafeString:
    """Numbers by category on one scale that begins at zero."""
    parts: list[SafeString] = []
    most = max((number for _, number in rows), default=0)
    left = min(150.0, max((width_of(label) for label, _ in rows), default=0) + 10)
    room = WIDTH - left - 60
    for n, (label, number) in enumerate(rows):
        y = n * 24 + 4
        length = room * number / most if most else 0
        parts += [
            words(left - 8, y + 13, fit(label, left - 8), anchor="end"),
            box(left, y + 2, length, 14, DARK, title=f"{label} {number}{unit}"),
            words(left + length + 6, y + 13, f"{number}{unit}"),
        ]
    height = len(rows) * 24 + 6
    parts.append(rule(left, 2, left, height - 2, INK))
    return picture(
        title, "；".join(f"{label}{number}{unit}" for label, number in rows) or "没有数据", max(height, 20), parts
    )


def months(first: date, last: date) -> list[date]:
    """The first days of the months from ``first`` to ``last``, thinned out to at most twelve."""
    found, day = [], date(first.year, first.month, 1)
    while day <= last:
        if day >= first:
            found.append(day)
        day = (day + timedelta(days=32)).replace(day=1)
    return found[:: len(found) // 12 + 1]


def timeline(title: str, rows: Sequence[TimeRow], today: date) -> SafeString:
    """Phases as stretches of time, one line each, and a line for today where it lies inside the picture."""
    days = [day for row in rows for span in row.spans for day in (span.starts_on, span.ends_on)]
    if not days:
        return picture(title, "没有时间安排", 24, [words(0, 16, "尚无时间安排", fill=SOFT)])
    first, last = min(days), max(days)
    length = (last - first).days + 1

    def at(day: date) -> float:
        return WIDTH * (day - first).days / length

    parts, top = legend_of_phases()
    body: list[SafeString] = []
    y, spoken = top + 20, []
    for row in rows:
        body.append(words(0, y + 12, fit(row.label, WIDTH * 0.62)))
        body.append(words(WIDTH, y + 12, fit(row.note, WIDTH * 0.36, 11), anchor="end", size=11, fill=SOFT))
        for span in row.spans:
            x, width = at(span.starts_on), at(span.ends_on) - at(span.starts_on) + WIDTH / length
            fill = PHASE_FILL[span.state]
            told = f"{span.label} {span.starts_on:%Y-%m-%d}至{span.ends_on:%Y-%m-%d} {PHASE_WORD[span.state]}"
            body.append(box(x, y + 17, width, 15, fill, INK, told))
            name = fit(span.label, width - 6, 10)
            if len(name) > 1 and name != "…":
                body.append(
                    words(
                        x + width / 2, y + 28, name, anchor="middle", size=10, fill="#ffffff" if fill == DARK else INK
                    )
                )
            spoken.append(f"{row.label} {told}")
        y += 40
    for day in months(first, last):
        label = f"{day:%Y}年" if day.month == 1 else f"{day.month}月"
        parts += [rule(at(day), top + 16, at(day), y, PALE), words(at(day) + 2, top + 12, label, size=10, fill=SOFT)]
    if first <= today <= last:
        x = at(today) + WIDTH / length / 2
        anchor = "end" if x > WIDTH - 40 else "start"
        body += [
            rule(x, top + 16, x, y + 4, "#b42318", "4 2", 1.4),
            words(x, y + 15, f"今天 {today.month}月{today.day}日", size=10, fill="#b42318", anchor=anchor),
        ]
    return picture(title, "；".join(spoken), y + 20, parts + body)


def legend_of_phases() -> tuple[list[SafeString], float]:
    parts: list[SafeString] = []
    for n, (state, word) in enumerate(PHASE_WORD.items()):
        parts += [box(n * 80, 2, 11, 11, PHASE_FILL[state], INK), words(n * 80 + 16, 12, word, size=11, fill=SOFT)]
    return parts, 22


def trend(title: str, points: Sequence[tuple[date, int]]) -> SafeString:
    """Whole percents by day on a scale of 0–100; needs two days or more."""
    first, last = points[0][0], points[-1][0]
    left, top, height = 36.0, 10.0, 110.0
    room = WIDTH - left - 12

    def place(day: date, percent: int) -> tuple[float, float]:
        return left + room * (day - first).days / ((last - first).days or 1), top + height * (100 - percent) / 100

    parts = []
    for percent in (0, 50, 100):
        y = place(first, percent)[1]
        parts += [
            rule(left, y, left + room, y, PALE),
            words(left - 5, y + 4, f"{percent}%", anchor="end", size=10, fill=SOFT),
        ]
    spots = [place(day, percent) for day, percent in points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
    parts.append(format_html('<polyline points="{}" fill="none" stroke="{}" stroke-width="2"/>', path, DARK))
    parts.append(
        format_html_join(
            "", '<circle cx="{}" cy="{}" r="2.4" fill="{}"/>', ((round(x, 1), round(y, 1), DARK) for x, y in spots)
        )
    )
    parts += [
        words(left, top + height + 16, f"{first.month}月{first.day}日", size=10, fill=SOFT),
        words(
            left + room,
            top + height + 16,
            f"{last.month}月{last.day}日 {points[-1][1]}%",
            anchor="end",
            size=10,
            fill=SOFT,
        ),
    ]
    spoken = "；".join(f"{day:%Y-%m-%d} {percent}%" for day, percent in points)
    return picture(title, spoken, top + height + 22, parts)
