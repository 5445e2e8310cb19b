"""Shares of a whole and numbers by category."""

from collections.abc import Sequence

from django.utils.safestring import SafeString

from portal.charts.data import Bar, Part
from portal.charts.drawing import DARK, INK, LINE, SOFT, WIDTH, box, fit, legend, picture, rule, tone, width_of, words


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
        way = f"（其中灵活方式{bar.otherwise}）" if bar.otherwise else ""
        spoken.append(
            f"{bar.label}：应完成{bar.total}{bar.unit}，完成{bar.done}{way}，免除{bar.waived}，未完成{missing}"
        )
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
