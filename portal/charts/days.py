"""What goes along a calendar: phases side by side, and a figure from day to day."""

from collections.abc import Sequence
from datetime import date, timedelta

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from portal.charts.data import TimeRow
from portal.charts.drawing import DARK, INK, MIDDLE, PALE, SOFT, WIDTH, box, fit, picture, rule, words

PHASE_FILL = {"done": MIDDLE, "active": DARK, "waiting": "#ffffff"}
PHASE_WORD = {"done": "已完成", "active": "进行中", "waiting": "未开始"}


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
