"""Seats on a committee: one more, one that becomes free, and an election of all of them."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.forms.formsets import BaseFormSet, formset_factory
from django.utils import timezone

from members.actions.committee import Seat
from members.committee import COMMITTEE_FROM, SEATS, term_years
from members.forms.fields import DateField, NameField
from members.models import CommitteePost, Member, Organization

Title = CommitteePost.Title
ROWS = 9
# What the lines of an election offer where there is no committee yet; a branch without a committee has the first two.
USUAL = (Title.SECRETARY, Title.DEPUTY, Title.ORGANIZATION, Title.PUBLICITY, Title.DISCIPLINE)
WITHOUT_COMMITTEE = 2
SUGGESTED = 300


def electable(organization: Organization) -> QuerySet[Member]:
    """Full members on the roll of the organisation and below it: those on probation cannot be elected (党章第七条)."""
    return Member.objects.on_roll().under(organization).filter(status=Member.Status.FULL).select_related("branch")


def suggestions(organization: Organization) -> Sequence[str]:
    """Names for the browser to complete, where there are few enough."""
    if not organization.is_branch:
        return []
    return sorted({*electable(organization).values_list("name", flat=True)[:SUGGESTED]})


class SeatForm(forms.Form):
    """A post and who holds it: somebody on the roll by name or number, or, ticked, somebody who is on no roll here."""

    title = forms.ChoiceField(
        label="职务", choices=[("", "请选择"), *Title.choices], error_messages={"required": "请选择职务。"}
    )
    other_title = forms.CharField(label="其他职务名称", required=False, max_length=30)
    person = forms.CharField(label="姓名或党员编号", max_length=60, error_messages={"required": "请填写由谁担任。"})
    off_roll = forms.BooleanField(label="不在本组织名册", required=False)

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organization = organization
        self.member: Member | None = None
        self.fields["other_title"].widget.attrs["placeholder"] = "如 文体委员"
        self.fields["person"].widget.attrs |= {"autocomplete": "off", "list": "people"}

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("title") == Title.OTHER and not values.get("other_title"):
            self.add_error("other_title", "选了“其他”，请写明职务名称。")
        elif values.get("title") != Title.OTHER:
            values["other_title"] = ""
        if values.get("person"):
            self.settle_person("".join(values["person"].replace("\x00", "").split()), values)
        return values

    def settle_person(self, written: str, values: dict[str, Any]) -> None:
        """Find the member, or read the name of somebody who is on no roll."""
        if values.get("off_roll"):
            try:
                values["name"] = NameField().clean(written)
            except forms.ValidationError as error:
                self.add_error("person", error)
            return
        here = electable(self.organization)
        found = list(here.filter(number__iexact=written)[:1]) or list(here.filter(name=written)[:2])
        if len(found) == 1:
            self.member = found[0]
        elif found:
            self.add_error("person", f"名册上叫“{written}”的不止一位，请改填党员编号。")
        elif Member.objects.on_roll().under(self.organization).filter(name=written).exists():
            self.add_error("person", f"“{written}”是预备党员，没有被选举权。")
        else:
            self.add_error(
                "person",
                f"{self.organization}的名册上没有“{written}”。请核对；确属外单位人员的，请勾选“不在本组织名册”。",
            )

    @property
    def seat(self) -> Seat:
        """Valid forms only."""
        values = self.cleaned_data
        name = self.member.name if self.member else values["name"]
        return Seat(values["title"], name, self.member, values["other_title"])


class SeatRow(SeatForm):
    """One line of an election; without a name it says nothing, whatever title is offered. ``holder``: who has the post now."""

    def __init__(self, *args: Any, holder: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].widget.attrs["placeholder"] = f"现任 {holder}" if holder else "姓名或编号"

    def has_changed(self) -> bool:
        return bool(str(self["person"].value() or "").strip())


class PostForm(SeatForm):
    """One more post, with its term."""

    since = DateField(label="任职起始", past=True)
    until = DateField(label="任期届满", required=False, help_text="增补的，与本届其他成员同时届满。")

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        since, until = values.get("since"), values.get("until")
        if since and until and until < since:
            self.add_error("until", "届满日期不能早于任职起始。")
        if values.get("title") == Title.SECRETARY:
            holder = self.organization.committee_posts.held().filter(title=Title.SECRETARY).first()
            if holder:
                self.add_error("title", f"书记由{holder.name}担任。请先登记其卸任，或按换届办理。")
        return values


class PostEndForm(forms.Form):
    """The day on which the post became free."""

    on = DateField(label="卸任日期", past=True)

    def __init__(self, *args: Any, post: CommitteePost, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.post = post

    def clean_on(self) -> date:
        on: date = self.cleaned_data["on"]
        if on < self.post.since:
            raise forms.ValidationError(f"卸任日期不能早于任职起始（{self.post.since:%Y-%m-%d}）。")
        return on


class ElectionForm(forms.Form):
    """When a whole committee was elected, for how many years."""

    on = DateField(label="选举日期", past=True)
    years = forms.IntegerField(
        label="任期（年）",
        min_value=1,
        max_value=5,
        error_messages={"required": "请填写任期。", "min_value": "任期至少1年。", "max_value": "任期最多5年。"},
    )

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        kwargs["initial"] = {"on": timezone.localdate(), "years": term_years(organization.kind)}
        super().__init__(*args, **kwargs)
        self.organization = organization

    def clean_on(self) -> date:
        on: date = self.cleaned_data["on"]
        latest = self.organization.committee_posts.held().order_by("-since").first()
        if latest and on < latest.since:
            raise forms.ValidationError(f"选举日期不能早于现任成员的任职起始（{latest.since:%Y-%m-%d}）。")
        return on


class SeatsFormSet(BaseFormSet):
    """The new committee as a whole; rows without a name are left aside.

    The lines offer the posts of the ``present`` committee, else the usual ones (``small``: of a branch without a committee);
    lines beyond these are folded away.
    """

    def __init__(self, *args: Any, present: Sequence[CommitteePost] = (), small: bool = False, **kwargs: Any) -> None:
        usual = [CommitteePost(title=title) for title in (USUAL[:WITHOUT_COMMITTEE] if small else USUAL)]
        self.offered = list(present[:ROWS]) or usual
        super().__init__(*args, **kwargs)

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        kwargs: dict[str, Any] = super().get_form_kwargs(index)
        if index is None or index >= len(self.offered):
            return kwargs
        post = self.offered[index]
        return kwargs | {"holder": post.name, "initial": {"title": post.title, "other_title": post.other_title}}

    @property
    def shown(self) -> list[Any]:
        return self.forms[: len(self.offered)]

    @property
    def folded(self) -> list[Any]:
        return self.forms[len(self.offered) :]

    @property
    def is_unfolded(self) -> bool:
        """Whether something was written in the lines that are folded away."""
        return any(form.has_changed() for form in self.folded)

    def clean(self) -> None:
        if any(self.errors):
            return
        seats = self.seats
        if not seats:
            raise forms.ValidationError("请至少填写一位成员。")
        if [seat.title for seat in seats].count(Title.SECRETARY) != 1:
            raise forms.ValidationError("须有一名书记，且只能有一名。")
        twice = [
            key for key, n in Counter((s.member or s.name, s.title, s.other_title) for s in seats).items() if n > 1
        ]
        if twice:
            raise forms.ValidationError(f"{twice[0][0]}的同一职务填写了两次。")
        people = len({seat.member or seat.name for seat in seats})
        if people > SEATS[2] and self.form_kwargs["organization"].is_branch:
            raise forms.ValidationError(
                f"填写了{people}人。正式党员{COMMITTEE_FROM}人以上的支部，委员会由{SEATS[0]}至{SEATS[1]}人组成，最多{SEATS[2]}人。"
            )

    @property
    def seats(self) -> list[Seat]:
        """Of the rows that say something; valid sets only."""
        return [form.seat for form in self.forms if form.has_changed()]


Seats: type[SeatsFormSet] = formset_factory(  # type: ignore[assignment]
    SeatRow, formset=SeatsFormSet, extra=ROWS, max_num=ROWS, validate_max=True
)
