"""The printing room: HTML that the portal made itself becomes PDF, and nothing outside that HTML is ever loaded."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from threading import Lock

from django.conf import settings

from portal import fonts  # noqa: F401  (names the fontconfig file before WeasyPrint reads it)

from weasyprint import CSS, HTML  # isort: skip
from weasyprint.text.fonts import FontConfiguration  # isort: skip
from weasyprint.urls import URLFetcher, URLFetcherResponse  # isort: skip

STYLES = Path(settings.BASE_DIR) / "static" / "print"
LOOKS = ("official", "form")
# Always last, so that a name with a rare character is printed whatever font the sheet asks for.
FALLBACK = ("Noto Serif CJK SC", "Noto Sans CJK SC", "serif")

# Pango's state belongs to the process and to one thread at a time.
one_at_a_time = Lock()


class Nothing(URLFetcher):
    """Fetches nothing: no address, file or data URL that got into a text can reach anything."""

    def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
        raise ValueError(f"printed pages load nothing: {url[:80]}")


def families(setting: str) -> str:
    """A CSS font list from a setting (names separated by commas), with fonts at its end that hold every Chinese
    character."""
    names = [name.strip() for name in setting.split(",") if name.strip()]
    names += [name for name in FALLBACK if name not in names]
    return ", ".join(name if name == "serif" else f'"{name}"' for name in names)


def style_text(look: str) -> str:
    """The stylesheets of a look as text, with the font settings filled in for their ``var(--font-…)``."""
    text = "\n".join((STYLES / name).read_text(encoding="utf-8") for name in ("common.css", f"{look}.css"))
    for name in ("body", "title", "heading", "kai"):
        text = text.replace(f"var(--font-{name})", families(getattr(settings, f"FONT_{name.upper()}")))
    return text


@lru_cache(maxsize=1)
def font_configuration() -> FontConfiguration:
    """One per process: each new one costs memory that is never given back."""
    return FontConfiguration()


@lru_cache(maxsize=8)
def stylesheets(look: str, landscape: bool) -> Sequence[CSS]:
    """The parsed stylesheets of a look; ``landscape`` turns the sheet."""
    if look not in LOOKS:
        raise ValueError(f"no such look: {look}")
    texts = [style_text(look)]
    if landscape:
        texts.append("@page { size: A4 landscape }")
    return [CSS(string=text, font_config=font_configuration(), url_fetcher=Nothing()) for text in texts]


def render_pdf(html: str, *, look: str = "form", landscape: bool = False) -> bytes:
    """A tagged PDF of a whole page of ``html`` (made from a template that extends ``portal/print/official.html`` or
    ``form.html``).

    Title and language come from the page; nothing says who made it but the page itself. The CSS and links in ``html``
    load nothing.
    """
    with one_at_a_time:
        page = HTML(string=html, url_fetcher=Nothing(), base_url=None)
        return page.write_pdf(
            stylesheets=stylesheets(look, landscape), font_config=font_configuration(), pdf_tags=True, full_fonts=False
        )
