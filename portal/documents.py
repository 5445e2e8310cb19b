"""A document is registered, not coded in a view: the printing room does permission, progress, PDF, .xlsx and download."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.registry import Registry

Params = Mapping[str, str]


@dataclass(frozen=True)
class Table:
    """The same content as rows: sheet title, headings, rows of plain values (``None`` = empty).

    ``as_text``: it will be filled in and uploaded again: columns hold text, so that no long number typed there is rounded.
    """

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Any]]
    as_text: bool = False


@dataclass(frozen=True)
class Document:
    """One kind of sheet.

    ``find(params, user)`` gives the object it is about out of what the user sees (raises ``Http404``); ``permission`` is demanded at that
    object's ``scope`` (empty: ``find`` alone decides). ``title(subject)`` names the file. ``data(subject, params, user)`` is the
    template's context; ``tables`` gives the .xlsx. ``look`` is ``official`` (公文) or ``form``; ``landscape`` turns the sheet.
    """

    code: str
    label: str
    find: Callable[[Params, Any], Any]
    title: Callable[[Any], str]
    permission: str = ""
    template: str = ""
    data: Callable[[Any, Params, Any], dict[str, Any]] | None = None
    tables: Callable[[Any, Params, Any], Sequence[Table]] | None = None
    look: str = "form"
    landscape: bool = False

    @property
    def formats(self) -> tuple[str, ...]:
        """``pdf`` where there is a template, ``xlsx`` where there are tables."""
        return (("pdf",) if self.template else ()) + (("xlsx",) if self.tables else ())


documents: Registry[Document] = Registry("document")
