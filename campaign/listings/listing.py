"""Lists of one node in one campaign that page, narrow, print and export in one way; what they list is said beside them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import QuerySet

from campaign.models import Campaign
from members.forms.fields import FilterForm
from members.models import Organization
from portal.registry import Registry

Row = Any
Choices = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Circle:
    """One node in one campaign, as far as ``user`` may see names there."""

    campaign: Campaign
    node: Organization
    user: Any

    @property
    def scope(self) -> Organization:
        return self.node


@dataclass(frozen=True)
class Column:
    """One column; ``url`` leads from the cell to where it is looked after (empty: nowhere)."""

    heading: str
    value: Callable[[Row], object]
    url: Callable[[Row], str] = lambda row: ""


@dataclass(frozen=True)
class Act:
    """What can be done with a row by those who hold ``permission`` at the list's node."""

    label: str
    permission: str
    url: Callable[[Row], str]
    offered: Callable[[Row], bool] = lambda row: True


@dataclass(frozen=True)
class Narrowing:
    """One choice above the list; the first is what is shown where nothing was chosen."""

    name: str
    label: str
    choices: Callable[[Campaign], Choices]


@dataclass(frozen=True)
class Listing:
    """One list. ``rows(circle, chosen)`` are its rows, ``order`` their order (no nulls, the last field unique);
    ``words`` is what is searched for; ``summary`` says the numbers that stand above it."""

    code: str
    label: str
    about: str
    empty: str
    rows: Callable[[Circle, dict[str, str]], QuerySet[Any]]
    order: Sequence[str]
    columns: Sequence[Column]
    narrowings: Sequence[Narrowing] = ()
    words: str = "单位或姓名"
    acts: Sequence[Act] = ()
    summary: Callable[[Circle], Iterable[tuple[str, int]]] = lambda circle: ()
    late: Callable[[Row], bool] = lambda row: False

    def cells(self, row: Row) -> list[tuple[Column, object, str]]:
        return [(column, column.value(row), column.url(row)) for column in self.columns]

    def texts(self, row: Row) -> list[object]:
        return [column.value(row) for column in self.columns]


listings: Registry[Listing] = Registry("listing")


class ListingForm(FilterForm):
    """The choices and the words above a list; what cannot be read is left aside."""

    def __init__(self, *args: Any, listing: Listing, campaign: Campaign, **kwargs: Any) -> None:
        self.base_fields = {  # type: ignore[misc]
            each.name: forms.ChoiceField(label=each.label, required=False, choices=each.choices(campaign))
            for each in listing.narrowings
        }
        words = forms.CharField(label=listing.words, required=False, max_length=60, widget=forms.SearchInput())
        self.base_fields["q"] = words
        super().__init__(*args, **kwargs)

    @property
    def chosen(self) -> dict[str, str]:
        """What was chosen, and the words; empty for what was not, or makes no sense."""
        return {name: self.cleaned_data.get(name, "") for name in self.fields if name != "q"} | {"q": self.words("q")}


def chosen_acts(listing: Listing, row: Row, circle: Circle) -> list[tuple[str, str]]:
    """Label and address of what the user may do with the row."""
    may = {act.permission: circle.user.can(act.permission, at=circle.node) for act in listing.acts}
    return [(act.label, act.url(row)) for act in listing.acts if may[act.permission] and act.offered(row)]
