"""Several hats at once, and putting on one of them."""

import re
from typing import Any

import pytest
from django.shortcuts import get_object_or_404
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from members.models import Appointment, Member, Organization, User
from members.models.user import HATS_AT_ONCE
from members.permissions import Permission, Role
from portal.actions import job as jobs
from portal.documents import Document, Table, documents
from portal.models import Job
from portal.sheets import read_sheets
from tests import factories as make
from tests.clients import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def place() -> dict[str, Any]:
    """赵小兰 is a member of the first branch, its secretary, and in the office of another committee."""
    root = make.organization("青岚区委")
    first = make.branch(root, "第一党支部")
    other = make.organization("临江镇党委", Organization.objects.get(pk=root.pk))
    second = make.branch(other, "江边村党支部")
    user = make.hat(Role.SECRETARY, first, of=make.member(first, "赵小兰"))
    make.hat(Role.OFFICE, Organization.objects.get(pk=other.pk), account=user)
    hats = {hat.role: hat for hat in user.appointments.all()}
    return {"first": first, "other": other, "second": second, "user": User.objects.get(pk=user.pk), "hats": hats}


def worn(page: str) -> list[str]:
    """The buttons of the header that are pressed."""
    found = re.findall(r'<button name="hat"[^>]* aria-current="true"><strong>(.*?)</strong> <small>(.*?)</small>', page)
    return ["·".join(words) for words in found]


def roll(client: Client, node: Organization) -> int:
    return client.get(reverse("member-list", args=[node.pk])).status_code


def choose(client: Client, value: Any) -> Any:
    return client.post(reverse("hat-choose"), {"hat": str(value)}, follow=True)


def test_at_first_all_hats_hold_together(place: dict[str, Any]) -> None:
    client = signed_in(place["user"])
    page = client.get("/").text
    assert worn(page) == ["全部职责（2）·一起使用"]
    for words in ("支部书记", "第一党支部", "活动办公室", "临江镇党委", "只看本人的"):
        assert words in page
    assert roll(client, place["first"]) == 200
    assert roll(client, place["second"]) == 200


def test_one_hat_narrows_what_is_seen_and_what_may_be_done(place: dict[str, Any]) -> None:
    client = signed_in(place["user"])
    page = choose(client, place["hats"]["office"].pk).text
    assert worn(page) == ["活动办公室·临江镇党委"]
    assert roll(client, place["second"]) == 200
    assert roll(client, place["first"]) == 403, "one's own branch is seen as a member, without the secretary's rights"
    choose(client, place["hats"]["secretary"].pk)
    assert worn(client.get("/").text) == ["支部书记·第一党支部"]
    assert roll(client, place["first"]) == 200
    assert roll(client, place["second"]) == 404, "what lies outside the hat does not exist"
    assert client.get(reverse("account-list", args=[place["first"].pk])).status_code == 200
    assert client.get(reverse("appointment-create", args=[place["first"].pk])).status_code == 403


def test_as_a_plain_member_one_sees_only_what_is_ones_own(place: dict[str, Any]) -> None:
    client = signed_in(place["user"])
    assert worn(choose(client, 0).text) == ["党员·只看本人的"]
    assert roll(client, place["first"]) == 403
    assert roll(client, place["second"]) == 404
    assert client.get(reverse("member-detail", args=[place["user"].member_id])).status_code == 200
    choose(client, "")
    assert roll(client, place["second"]) == 200


def test_querysets_follow_the_chosen_hat(place: dict[str, Any]) -> None:
    make.member(place["second"], "王芳")
    user = place["user"]
    user.chosen_hat = place["hats"]["secretary"].pk
    assert set(Organization.objects.visible_to(user)) == {place["first"]}
    assert {member.name for member in Member.objects.visible_to(user)} == {"赵小兰"}
    assert not user.can(Permission.MANAGE_APPOINTMENTS)
    assert user.can(Permission.VIEW_CONTACT, at=place["first"])


def test_a_revoked_hat_falls_back_to_all_that_are_left(place: dict[str, Any]) -> None:
    client = signed_in(place["user"])
    choose(client, place["hats"]["office"].pk)
    Appointment.objects.filter(role="office").update(revoked_at=timezone.now())
    page = client.get("/").text
    assert "选用的职责已经结束" in page
    assert roll(client, place["second"]) == 404
    assert roll(client, place["first"]) == 200
    assert "选用的职责已经结束" not in client.get("/").text, "said once"


@pytest.mark.parametrize("value", ["99999999", "x", "-1", "9" * 30])
def test_nobody_puts_on_what_is_not_theirs(place: dict[str, Any], value: str) -> None:
    stranger = make.hat(Role.OFFICE, Organization.objects.get(pk=place["other"].pk))
    client = signed_in(stranger)
    assert choose(client, value).status_code == 200
    assert roll(client, place["second"]) == 200, "nothing has changed"
    choose(client, place["hats"]["secretary"].pk)
    assert roll(client, place["first"]) == 404
    assert client.get(reverse("hat-choose")).status_code == 405


def test_a_second_factor_is_demanded_whatever_hat_is_on(place: dict[str, Any], settings: Any) -> None:
    client = signed_in(place["user"])
    choose(client, 0)
    settings.SECOND_FACTOR_ROLES = ["office"]
    assert client.get("/").headers["Location"] == reverse("second-factor-enrol")


def test_choosing_ends_with_the_session(place: dict[str, Any]) -> None:
    client = signed_in(place["user"])
    choose(client, 0)
    client.post(reverse("sign-out"))
    client.force_login(place["user"])
    assert worn(client.get("/").text) == ["全部职责（2）·一起使用"]


def test_with_one_appointment_there_is_nothing_to_have_together() -> None:
    home = make.branch(name="第三党支部")
    client = signed_in(make.secretary(home))
    page = client.get("/").text
    assert "全部职责" not in page
    assert worn(page) == ["支部书记·第三党支部"]
    assert worn(choose(client, 0).text) == ["党员·只看本人的"]


def test_more_hats_than_fit_side_by_side_are_a_list(place: dict[str, Any]) -> None:
    for number in range(HATS_AT_ONCE - 1):
        make.hat(Role.COMMITTEE, make.branch(name=f"联系点{number}"), account=place["user"])
    client = signed_in(place["user"])
    page = client.get("/").text
    assert "全部职责（5）" in page
    assert "换一种职责" in page
    assert worn(page) == []
    choose(client, place["hats"]["office"].pk)
    assert "活动办公室·临江镇党委" in client.get("/").text


@pytest.fixture
def sheet(monkeypatch: pytest.MonkeyPatch) -> None:
    """A document that lists what its reader sees."""

    def tables(subject: Organization, params: Any, user: User) -> list[Table]:
        return [Table("表", ["名称"], [[str(node)] for node in Organization.objects.visible_to(user)])]

    made = Document(
        code="seen",
        label="所见",
        find=lambda params, user: get_object_or_404(Organization.objects.visible_to(user), pk=params["organization"]),
        title=str,
        tables=tables,
    )
    monkeypatch.setitem(documents._items, "seen", made)


def test_a_sheet_holds_what_the_page_showed(place: dict[str, Any], sheet: None) -> None:
    client, hats = signed_in(place["user"]), place["hats"]
    choose(client, hats["secretary"].pk)
    client.post(reverse("document-print", args=["seen"]), {"organization": place["first"].pk})
    choose(client, "")
    client.post(reverse("document-print", args=["seen"]), {"organization": place["first"].pk})
    under_one, under_all = Job.objects.order_by("pk")
    for job in (under_one, under_all):
        jobs.run(job_id=job.pk)
    seen = [cells_of(Job.objects.get(pk=job.pk)) for job in (under_one, under_all)]
    assert seen[0] == {"名称", "第一党支部"}
    assert seen[1] == {"名称", "第一党支部", "临江镇党委", "江边村党支部"}


def cells_of(job: Job) -> set[str]:
    assert job.state == Job.State.DONE, job.message
    return {cell for one in read_sheets(job.read_file()) for _, cells in one.rows for cell in cells if cell}


def test_a_hat_taken_away_before_the_job_runs_prints_nothing(place: dict[str, Any], sheet: None) -> None:
    client = signed_in(place["user"])
    choose(client, place["hats"]["office"].pk)
    client.post(reverse("document-print", args=["seen"]), {"organization": place["first"].pk})
    Appointment.objects.filter(role="office").update(revoked_at=timezone.now())
    job = Job.objects.get()
    jobs.run(job_id=job.pk)
    job.refresh_from_db()
    assert (job.state, job.has_file) == (Job.State.FAILED, False)
    assert "选用的职责已经结束" in job.message


def test_one_hat_or_none_offers_no_choice() -> None:
    home = make.branch(name="第三党支部")
    office = signed_in(make.hat(Role.OFFICE, home)).get("/").text
    assert "活动办公室·第三党支部" in office
    assert reverse("hat-choose") not in office
    assert reverse("hat-choose") not in signed_in(make.user(make.member(home))).get("/").text
