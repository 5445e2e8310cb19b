"""Offices make blueprints of their own: copied, edited, published in versions, compared, exported and imported."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from campaign.actions import blueprint as actions
from campaign.blueprints.differences import differences
from campaign.blueprints.shipped import source
from campaign.models import BlueprintVersion, Campaign
from members.models import Organization, User
from members.permissions import Role
from tests import factories as make
from tests.campaign.unit import said
from tests.clients import signed_in

pytestmark = pytest.mark.django_db


class Place:
    """A district with an office, and a committee below it with an office of its own."""

    def __init__(self) -> None:
        root = make.organization("区委")
        committee = make.organization("街道党工委", root)
        self.root, self.committee = Organization.objects.get(pk=root.pk), committee
        self.office = make.hat(Role.OFFICE, self.root)
        self.lower = make.hat(Role.OFFICE, self.committee)
        self.client = signed_in(self.office)

    def copy(
        self, name: str = "自己的蓝本", code: str = "year-2005", at: Organization | None = None
    ) -> BlueprintVersion:
        return actions.copy(
            data=source(code) or {}, name=name, origin=code, organization=at or self.root, by=self.office
        )

    def published(self) -> BlueprintVersion:
        version = self.copy()
        actions.publish(version=version, by=self.office)
        return version

    def post(self, page: str, version: BlueprintVersion, /, *args: int, query: str = "", **fields: Any) -> Any:
        version.refresh_from_db()
        url = reverse(page, args=[version.pk, *args]) + query
        return self.client.post(url, {"edition": version.edition, **fields})


@pytest.fixture
def place() -> Place:
    return Place()


GENERAL = {
    "name": "改过的蓝本",
    "sequential": "no",
    "committees": "on",
    "concentrated_months": "2",
    "batches": "第一批 4\n第二批 8个月",
    "materials": "《章程》\n《读本》（选读）",
}


def names(version: BlueprintVersion) -> list[str]:
    version.refresh_from_db()
    return [phase["name"] for phase in version.data["phases"]]


def test_a_shipped_blueprint_is_read_copied_and_edited_throughout(place: Place) -> None:
    shipped = reverse("blueprint-shipped", args=[place.root.pk, "year-2005"])
    page = said(place.client.get(shipped))
    assert "召开动员大会" in page
    assert "上移" not in page
    url = place.client.post(shipped, {"name": "本区蓝本"}).url
    version = BlueprintVersion.objects.get()
    assert url == reverse("blueprint-detail", args=[version.pk])
    assert place.client.post(shipped, {"name": "本区蓝本"}).url == url

    assert place.post("blueprint-edit", version, **GENERAL).url == url
    place.post("blueprint-phase-create", version, name="回头看", aim="看效果")
    place.post("blueprint-phase-edit", version, 5, name="回头看一看", aim="看效果")
    place.post("blueprint-step-create", version, 5, name="检查")
    place.post("blueprint-step-edit", version, 5, 0, name="自查")
    asked = {
        "label": "再学一次",
        "audience": "all-branches",
        "due_from": "date",
        "due_day": "12-31",
        "param-minimum": "2",
    }
    response = place.post("blueprint-requirement-create", version, 5, 0, query="?indicator=sessions-held", **asked)
    assert response.url == f"{url}#phase-5"
    place.post(
        "blueprint-requirement-edit",
        version,
        5,
        0,
        0,
        **asked | {"label": "再学两次", "param-forms": ["collective"], "sectors": ["village"], "no_sector": "on"},
    )
    version.refresh_from_db()
    assert version.name == "改过的蓝本"
    assert version.data["batches"] == [{"name": "第一批", "months": 4}, {"name": "第二批", "months": 8}]
    assert version.data["materials"] == [{"title": "《章程》"}, {"title": "《读本》", "required": False}]
    row = version.data["phases"][5]["steps"][0]["requirements"][0]
    assert (row["label"], row["params"], row["sectors"], row["due_day"]) == (
        "再学两次",
        {"forms": ["collective"], "minimum": 2},
        ["", "village"],
        "12-31",
    )
    page = said(place.client.get(url))
    assert "每次活动的12月31日前" in page
    assert "全体支部（农村、未填领域）" in page
    assert version.problems() == []


def test_parts_are_moved_and_taken_out(place: Place) -> None:
    version = place.copy()
    place.post("blueprint-arrange", version, path="1", how="down")
    assert names(version) == ["准备", "分析评议", "学习动员", "整改提高", "巩固提高"]
    place.post("blueprint-arrange", version, path="4", how="down")
    place.post("blueprint-arrange", version, path="4", how="remove")
    assert names(version) == ["准备", "分析评议", "学习动员", "整改提高"]
    labels = [r["label"] for r in version.data["phases"][1]["steps"][0]["requirements"]]
    place.post("blueprint-arrange", version, path="1-0-1", how="up")
    version.refresh_from_db()
    assert [r["label"] for r in version.data["phases"][1]["steps"][0]["requirements"]] == labels[::-1]
    for path in ("9", "0-9", "0-0-99", "x", "", "0-0-0-0", "1-"):
        page = said(
            place.client.post(
                reverse("blueprint-arrange", args=[version.pk]),
                {"edition": version.edition, "path": path, "how": "remove"},
                follow=True,
            )
        )
        assert "不在了" in page or "没有认出" in page


def test_two_windows_do_not_overwrite_each_other(place: Place) -> None:
    version = place.copy()
    stale = {"edition": version.edition, "name": "第一个窗口", "aim": ""}
    place.client.post(reverse("blueprint-phase-edit", args=[version.pk, 0]), stale | {"name": "第二个窗口"})
    response = place.client.post(reverse("blueprint-phase-edit", args=[version.pk, 0]), stale, follow=True)
    assert "刚刚有人改过" in said(response)
    assert names(version)[0] == "第二个窗口"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": ""}, "请填写蓝本名称"),
        ({"batches": "第一批"}, "第1行“第一批”应写成“名称 月数”"),
        ({"batches": "第一批 6\n第二批 99"}, "第2行“第二批 99”应写成"),
        ({"materials": "《章程》\n《章程》"}, "第2行“《章程》”写了两次"),
        ({"yearly": "on"}, "每年循环的蓝本只设一个批次，为12个月"),
        ({"concentrated_months": ""}, "请填写月数"),
    ],
)
def test_mistakes_are_named_and_what_was_typed_stays(place: Place, change: dict[str, str], message: str) -> None:
    version = place.copy()
    response = place.post("blueprint-edit", version, **GENERAL | change)
    assert message in said(response)
    assert "《读本》" in said(response) or "materials" in change
    assert version.name != "改过的蓝本"


def test_only_the_first_phase_prepares(place: Place) -> None:
    version = place.copy()
    assert "只有第一个阶段" in said(place.post("blueprint-phase-edit", version, 2, name="x", preparation="on"))


def test_versions_are_published_once_and_never_change(place: Place) -> None:
    version = place.published()
    detail = reverse("blueprint-detail", args=[version.pk])
    assert "第1版" in said(place.client.get(detail))
    assert place.client.get(reverse("blueprint-edit", args=[version.pk])).status_code == 404
    assert "已经发布" in said(place.client.post(reverse("blueprint-publish", args=[version.pk]), follow=True))
    assert "不能删除" in said(place.client.post(reverse("blueprint-discard", args=[version.pk]), follow=True))
    draft_url = place.client.post(reverse("blueprint-draft", args=[version.pk])).url
    assert place.client.post(reverse("blueprint-draft", args=[version.pk])).url == draft_url
    draft = BlueprintVersion.objects.get(state="draft")
    place.post("blueprint-phase-edit", draft, 0, name="筹备", aim="摸清底数")
    place.post("blueprint-arrange", draft, path="1-1-0", how="remove")
    place.post("blueprint-publish", draft)
    draft.refresh_from_db()
    version.refresh_from_db()
    assert (draft.number, version.data["phases"][0]["name"]) == (2, "准备")
    page = said(place.client.get(reverse("blueprint-differences", args=[draft.pk]), {"other": version.pk}))
    assert "筹备" in page
    assert "组织集中学习" in page


def test_a_draft_with_gaps_is_kept_and_not_published(place: Place) -> None:
    version = place.copy()
    place.post("blueprint-phase-create", version, name="空的阶段")
    page = said(place.client.post(reverse("blueprint-publish", args=[version.pk]), follow=True))
    assert "还不能发布" in page
    assert "第6阶段“空的阶段”：没有环节" in page
    version.refresh_from_db()
    assert version.is_draft


def test_differences_name_place_and_both_sides() -> None:
    before, after = source("year-2005") or {}, json.loads(json.dumps(source("year-2005")))
    after["sequential"] = False
    row = after["phases"][1]["steps"][0]["requirements"][0]
    row.update(due_offset=0, waivable=True)
    after["phases"][2]["steps"][0]["name"] = "听意见"
    after["phases"][3], after["phases"][4] = after["phases"][4], after["phases"][3]
    found = [(d.where, d.what, d.before, d.after) for d in differences(before, after)]
    assert ("蓝本", "阶段是否依次进行", "是", "否") in found
    assert (
        "蓝本",
        "阶段顺序",
        "准备、学习动员、分析评议、整改提高、巩固提高",
        "准备、学习动员、分析评议、巩固提高、整改提高",
    ) in found
    place = "阶段“学习动员”环节“思想发动”“召开动员大会”"
    assert (place, "期限", "阶段结束前21天", "阶段结束当天") in found
    assert (place, "能否免除", "不能免除", "可以免除") in found
    assert ("阶段“分析评议”环节“听意见”", "名称", "征求意见和谈心", "听意见") in found
    assert differences(before, before) == []


def upload(client: Client, at: Organization, content: bytes) -> Any:
    file = SimpleUploadedFile("蓝本.json", content, content_type="application/json")
    return client.post(reverse("blueprint-import", args=[at.pk]), {"file": file}, follow=True)


@pytest.mark.parametrize("code", ["year-2005", "theme-2023"])
def test_what_is_exported_can_be_imported(place: Place, code: str) -> None:
    version = place.copy(code=code)
    response = place.client.get(reverse("blueprint-export", args=[version.pk]))
    assert response["Content-Disposition"].startswith("attachment")
    elsewhere = make.organization("市委")
    office = make.hat(Role.OFFICE, elsewhere)
    assert "已导入为草稿" in said(upload(signed_in(office), elsewhere, response.content))
    taken = BlueprintVersion.objects.get(organization=elsewhere)
    assert differences(taken.content, version.content) == []
    shipped = place.client.get(reverse("blueprint-shipped", args=[place.root.pk, code]), {"export": "1"})
    assert json.loads(shipped.content) == source(code)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfe\x00", "不是 UTF-8"),
        (b'{"name": ', "不符合 JSON 格式"),
        (b"[" * 100_000, "JSON"),
        (b"3", "格式不对"),
        (b"{}", "没有“阶段”"),
        ('{"code": "a b", "name": "甲", "batches": [], "phases": [{"name": "一", "steps": []}]}'.encode(), "没有批次"),
    ],
)
def test_a_bad_file_stores_nothing(place: Place, content: bytes, message: str) -> None:
    page = said(upload(place.client, place.root, content))
    assert message in page or "层次太深" in page
    assert "没有导入" in page
    assert not BlueprintVersion.objects.exists()


def test_a_campaign_is_made_from_ones_own_blueprint(place: Place) -> None:
    version = place.published()
    url = reverse("campaign-create", args=[place.committee.pk])
    page = said(signed_in(place.lower).get(url, {"blueprint": version.code}))
    assert "自己的蓝本" in page
    fields = {"blueprint": version.code, "name": "本街道活动", "starts_on": "2030-01-01"}
    signed_in(place.lower).post(url, fields)
    campaign = Campaign.objects.get()
    assert (campaign.blueprint, campaign.phases.count(), campaign.settings["committees"]) == (version.code, 5, True)
    draft = place.copy("草稿")
    response = place.client.post(url, {**fields, "blueprint": draft.code}, follow=True)
    assert "不能用" in said(response)


def test_who_sees_what(place: Place) -> None:
    """A superior's drafts stay with the superior; what is published is read and copied below, never changed there."""
    version, draft = place.published(), place.copy("上级草稿")
    below = place.copy("下级草稿", at=place.committee)
    lower, inspector = signed_in(place.lower), signed_in(make.hat(Role.INSPECTOR, place.root))
    expected: list[tuple[Client, BlueprintVersion, int, int]] = [
        (lower, version, 200, 403),
        (lower, draft, 404, 404),
        (lower, below, 200, 302),
        (place.client, below, 200, 302),
        (inspector, version, 403, 403),
        (signed_in(make.hat(Role.OFFICE, make.organization())), version, 404, 404),
    ]
    for client, which, reading, acting in expected:
        assert client.get(reverse("blueprint-detail", args=[which.pk])).status_code == reading
        assert client.post(reverse("blueprint-draft", args=[which.pk])).status_code == acting
    listed = said(lower.get(reverse("blueprint-list", args=[place.committee.pk])))
    assert "自己的蓝本" in listed
    assert "上级草稿" not in listed
    copied = lower.post(reverse("blueprint-copy", args=[place.committee.pk, version.pk]))
    assert BlueprintVersion.objects.get(name="自己的蓝本（副本）").organization == place.committee
    assert copied.status_code == 302


def test_the_list_costs_the_same_as_versions_grow(
    place: Place, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    for number in range(4):
        actions.publish(version=place.copy(f"蓝本{number}"), by=place.office)
    url = reverse("blueprint-list", args=[place.root.pk])
    place.client.get(url)
    with django_assert_max_num_queries(12):
        place.client.get(url)


def test_users_of_no_place_see_no_blueprint() -> None:
    place = Place()
    place.published()
    nobody: User = make.user()
    assert not BlueprintVersion.objects.visible_to(nobody).exists()
