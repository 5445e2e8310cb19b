"""What the writing page posts: a text and the version it was typed over, per section."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.http import HttpRequest

from campaign.models import Participation
from evaluation.sections import SectionSpec
from portal.kept_text import kept_fields

LATEST = 2_000_000_000


@dataclass(frozen=True)
class Written:
    """One section as it was typed in one window, over version ``base``."""

    key: str
    text: str
    base: int


def cleaned(text: str) -> str:
    """Line ends as the database keeps them, so that form and autosave compare equal."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")


def version(text: str | None) -> int:
    """A version number out of a form; what is none can only lead to a conflict, never to a loss."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else LATEST


def written(data: Mapping[str, str], specs: Iterable[SectionSpec]) -> list[Written]:
    """The sections that a form (or what was kept of it) carries."""
    return [
        Written(spec.key, cleaned(data[f"text-{spec.key}"]), version(data.get(f"base-{spec.key}")))
        for spec in specs
        if f"text-{spec.key}" in data
    ]


def kept(request: HttpRequest, participation: Participation, specs: Iterable[SectionSpec]) -> list[Written]:
    """What this person was about to save here when their session had expired."""
    fields = kept_fields(request)
    return written(fields, specs) if fields.get("participation") == str(participation.pk) else []
