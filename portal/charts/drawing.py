"""The pen: shapes, words and the frame that every picture has. Lengths are in units of the view box (``WIDTH`` across)."""

from collections.abc import Sequence
from html import escape
from unicodedata import east_asian_width
from zlib import crc32

from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

WIDTH = 400
SIZE = 12
INK, SOFT, LINE = "#1f2937", "#4b5563", "#9ca3af"
DARK, MIDDLE, PALE = "#1d4f91", "#7fa6d6", "#e5e7eb"


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
    return mark_safe(  # noqa: S308 - numbers, our own names, and an escaped text; a page has hundreds of them
        f'<text x="{round(x, 1)}" y="{round(y, 1)}" font-size="{size}" fill="{fill}" text-anchor="{anchor}">'
        f"{escape(str(text))}</text>"
    )


def box(
    x: float, y: float, width: float, height: float, fill: str, stroke: str = "none", title: str = ""
) -> SafeString:
    inner = f"<title>{escape(title)}</title>" if title else ""
    return mark_safe(  # noqa: S308 - the same
        f'<rect x="{round(x, 2)}" y="{round(y, 2)}" width="{round(max(width, 0), 2)}" height="{round(height, 2)}"'
        f' fill="{fill}" stroke="{stroke}" stroke-width="0.7">{inner}</rect>'
    )


def rule(
    x1: float, y1: float, x2: float, y2: float, stroke: str = LINE, dash: str = "none", width: float = 0.7
) -> SafeString:
    return mark_safe(  # noqa: S308 - the same
        f'<line x1="{round(x1, 1)}" y1="{round(y1, 1)}" x2="{round(x2, 1)}" y2="{round(y2, 1)}" stroke="{stroke}"'
        f' stroke-dasharray="{dash}" stroke-width="{width}"/>'
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
    drawn = mark_safe("".join(parts))  # noqa: S308 - every part was drawn here
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
