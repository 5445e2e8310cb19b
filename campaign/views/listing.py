"""Lists of one node in one campaign: units, who has no place, alternative ways, waivers, plans on their way."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from campaign.listings.listing import Circle, Listing, ListingForm, chosen_acts, listings
from campaign.views.dashboard import place
from members.permissions import Permission
from portal.access import requires
from portal.paging import paged


@requires(Permission.VIEW_NAMES)
def listing_page(request: HttpRequest, campaign_pk: int, organization_pk: int, kind: str) -> HttpResponse:
    """One list by page, narrowed, with what may be done about each row; printed and exported as it stands."""
    campaign, node = place(request, campaign_pk, organization_pk)
    circle, listing = Circle(campaign, node, request.user), found(kind)
    form = ListingForm(request.GET, listing=listing, campaign=campaign)
    page = paged(request, listing.rows(circle, form.chosen), listing.order)
    given = {name: value for name, value in form.chosen.items() if value}
    context = {
        "campaign": campaign,
        "node": node,
        "trail": node.trail(),
        "listing": listing,
        "listings": listings,
        "form": form,
        "page": page,
        "lines": [(row, listing.cells(row), chosen_acts(listing, row, circle), listing.late(row)) for row in page.rows],
        "summary": list(listing.summary(circle)),
        "may_export": request.user.can(Permission.EXPORT, at=node),  # type: ignore[union-attr]
        "may_waive": listing.code == "waivers" and request.user.can(Permission.WAIVE, at=node),  # type: ignore[union-attr]
        "sheet_params": {"campaign": campaign.pk, "organization": node.pk, "kind": kind} | given,
    }
    return render(request, "campaign/listing_page.html", context)


def found(kind: str) -> Listing:
    listing = listings.get(kind)
    if listing is None:
        raise Http404
    return listing
