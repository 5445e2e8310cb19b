"""The lists on paper and as a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import Http404

from campaign.listings.listing import Circle, Listing, ListingForm, listings
from campaign.reports.place import find_place
from members.documents import IN_TABLE, ON_PAPER
from members.models import Organization
from members.permissions import Permission
from portal.documents import Document, Params, Table, documents
from portal.jobs import JobFailure


@dataclass(frozen=True)
class ListingSheet:
    """One list of one node, narrowed as it was on the page."""

    circle: Circle
    listing: Listing
    chosen: dict[str, str]
    said: str

    @property
    def scope(self) -> Organization:
        return self.circle.node

    def lines(self, limit: int) -> list[list[object]]:
        """Raises ``JobFailure`` where there are more than ``limit``."""
        rows = self.listing.rows(self.circle, self.chosen).order_by(*self.listing.order)
        found = list(rows[: limit + 1])
        if len(found) > limit:
            raise JobFailure(f"{self.listing.label}超过{limit}行，请先筛选，或按下级组织分别打印、导出。")
        return [self.listing.texts(row) for row in found]


def find_listing(params: Params, user: Any) -> ListingSheet:
    """The list ``kind`` of ``organization`` in ``campaign``, with the choices of its form."""
    place, listing = find_place(params, user), listings.get(params.get("kind", ""))
    if listing is None:
        raise Http404
    form = ListingForm(params, listing=listing, campaign=place.campaign)
    labels = {each.name: dict(each.choices(place.campaign)) for each in listing.narrowings}
    said = [str(labels[name][value]) for name, value in form.chosen.items() if value and name in labels]
    said += [f"{listing.words}含“{form.chosen['q']}”"] if form.chosen["q"] else []
    return ListingSheet(Circle(place.campaign, place.node, user), listing, form.chosen, "　".join(said))


def listing_title(sheet: ListingSheet) -> str:
    return f"{sheet.circle.node.name}{sheet.circle.campaign.name}{sheet.listing.label}"


def listing_sheet(sheet: ListingSheet, params: Params, user: Any) -> dict[str, Any]:
    return {
        "headings": [column.heading for column in sheet.listing.columns],
        "lines": sheet.lines(ON_PAPER),
        "said": sheet.said,
    }


def listing_tables(sheet: ListingSheet, params: Params, user: Any) -> Sequence[Table]:
    rows = [[number, *line] for number, line in enumerate(sheet.lines(IN_TABLE), 1)]
    return [Table(sheet.listing.label, ["序号", *(column.heading for column in sheet.listing.columns)], rows)]


documents.register(
    Document(
        code="campaign-list",
        label="活动名单",
        find=find_listing,
        title=listing_title,
        permission=Permission.EXPORT,
        template="campaign/print/listing.html",
        data=listing_sheet,
        tables=listing_tables,
        landscape=True,
    )
)
