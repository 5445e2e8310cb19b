"""Which organisations below a node have a committee that is not complete, or whose term has ended or soon will."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils import timezone

from members.committee import GAPS, WITH_COMMITTEE, Standing, wanting
from members.forms.fields import FilterForm
from members.listing import Listing, listing_with
from members.models import Organization
from members.models.organization import OrganizationQuerySet
from members.permissions import Permission
from portal.documents import Document, Params, Table, documents
from portal.jobs import JobFailure
from portal.paging import Page

# No stored column says which committees are complete, so that none can be stale; a page looks at so many organisations
# and leads on to the next ones.
WINDOW = 4_000
SIZE = 50
LIMIT = 100_000
HEADINGS = ["序号", "组织", "组织编码", "组织类型", "正式党员", "班子人数", "问题", "任期届满", "是否届满"]


class CommitteeFilterForm(FilterForm):
    """What the list shows."""

    kind = forms.ChoiceField(
        label="情形",
        required=False,
        choices=[("", "全部"), ("gap", "班子不齐"), ("over", "已经届满"), ("soon", "90天内届满")],
    )
    sector = forms.ChoiceField(label="领域", required=False, choices=[("", "全部领域"), *Organization.Sector.choices])
    q = forms.CharField(label="组织名称", required=False, max_length=40)

    def narrow(self, organizations: OrganizationQuerySet) -> OrganizationQuerySet:
        """The organisations that fit, whatever their committee."""
        organizations = organizations.filter(kind__in=WITH_COMMITTEE)
        if sector := self.cleaned_data.get("sector"):
            organizations = organizations.filter(sector=sector)
        if named := self.words("q"):
            organizations = organizations.filter(name__contains=named)
        return organizations


def page_of(request: HttpRequest, node: Organization, form: CommitteeFilterForm) -> Page[Any]:
    """The page after ``?after=`` (a path). It may be empty although there are more, further down."""
    asked = request.GET.get("after", "")
    after = asked if asked.isascii() and asked.isalnum() else ""
    below = Organization.objects.visible_to(request.user).under(node)
    below = below.filter(path__gt=after) if after else below
    last = below.values_list("path", flat=True)[WINDOW - 1 : WINDOW].first()
    rows = wanting_in(form, below.filter(path__lte=last) if last else below, SIZE + 1)
    if len(rows) > SIZE:
        last, rows = rows[SIZE - 1].path, rows[:SIZE]
    query = request.GET.copy()
    query.pop("after", None)
    first = f"{request.path}?{query.urlencode()}" if after else ""
    query["after"] = last or ""
    return Page(rows, f"{request.path}?{query.urlencode()}" if last else "", first)


def wanting_in(form: CommitteeFilterForm, organizations: OrganizationQuerySet, limit: int) -> list[Any]:
    """The first ``limit`` of them, each with its ``standing``."""
    found = wanting(form.narrow(organizations), timezone.localdate(), form.cleaned_data.get("kind", ""))
    rows = list(found[:limit])
    for row in rows:
        row.standing = Standing.of(row)
    return rows


def rows_of(asked: Listing[CommitteeFilterForm], user: Any) -> list[list[str | int]]:
    """Raises ``JobFailure`` when there are too many organisations to look at."""
    below = Organization.objects.visible_to(user).under(asked.node)
    if below.order_by()[: LIMIT + 1].count() > LIMIT:
        raise JobFailure(f"{asked.node}的下级组织超过{LIMIT}个，请按下级组织分别打印或导出。")
    return [
        [
            number, row.name, row.code, row.get_kind_display(), row.full_members if row.is_branch else "", row.seats, GAPS.get(row.gap, ""),
            str(row.term_end or ""), "已届满" if row.standing.is_over else "即将届满" if row.standing.ends_soon else "",
        ]
        for number, row in enumerate(wanting_in(asked.form, below, LIMIT), 1)
    ]  # fmt: skip


def sheet(asked: Listing[CommitteeFilterForm], params: Params, user: Any) -> dict[str, Any]:
    return {"node": asked.node, "headings": HEADINGS, "lines": rows_of(asked, user)}


def tables(asked: Listing[CommitteeFilterForm], params: Params, user: Any) -> Sequence[Table]:
    return [Table("班子不齐或届满", HEADINGS, rows_of(asked, user))]


documents.register(
    Document(
        code="committee-list",
        label="班子不齐或届满的组织",
        find=listing_with(CommitteeFilterForm),
        title=lambda asked: f"{asked.node}班子不齐或届满的组织",
        permission=Permission.EXPORT,
        template="members/print/organization_register.html",
        data=sheet,
        tables=tables,
        landscape=True,
    )
)
