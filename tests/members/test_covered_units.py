"""Units of a joint branch, and who was sent to look after them (S3 三4)."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from members.actions import organization_reshape as reshape
from members.models import CoveredUnit, Liaison, Organization
from members.permissions import Role
from tests import factories as make
from tests.clients import signed_in

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


@pytest.fixture
def street() -> dict[str, Any]:
    root = make.organization("东街街道党工委")
    joint = make.organization("商务楼联合党支部", root, kind="joint-branch")
    away = make.branch(make.organization("西街街道党工委"))
    return {
        "joint": joint, "secretary": make.secretary(joint), "outsider": make.secretary(away),
        "overseer": make.hat(Role.OVERSEER, root), "inspector": make.hat(Role.INSPECTOR, root),
    }  # fmt: skip


def test_units_are_listed_with_what_their_size_asks_for(street: dict[str, Any]) -> None:
    client, url = signed_in(street["secretary"]), reverse("covered-unit-create", args=[street["joint"].pk])
    client.post(url, {"name": "青岚软件公司", "employees": "35", "members": "0"})
    page = client.post(url, {"name": "小吃店", "employees": "4", "members": ""}, follow=True).text
    assert "30人以上，应逐步做到有党员" in page
    assert "不详" in page
    assert "这个单位已经列入" in client.post(url, {"name": "小吃店"}).text
    assert "不能多于从业人员数" in client.post(url, {"name": "厂", "employees": "2", "members": "3"}).text
    assert client.post(url, {"name": "", "employees": "x"}).status_code == 422
    assert CoveredUnit.objects.count() == 2


def test_a_unit_is_changed_and_removed(street: dict[str, Any]) -> None:
    unit = CoveredUnit.objects.create(organization=street["joint"], name="旧名", employees=60, members=2)
    CoveredUnit.objects.create(organization=street["joint"], name="另一家")
    client, edit = signed_in(street["secretary"]), reverse("covered-unit-edit", args=[unit.pk])
    page = client.post(edit, {"name": "新名", "employees": "60", "members": "3"}, follow=True).text
    assert "可单独建立党组织" in page
    assert "这个单位已经列入" in client.post(edit, {"name": "另一家"}).text
    client.post(reverse("covered-unit-remove", args=[unit.pk]))
    assert not CoveredUnit.objects.filter(pk=unit.pk).exists()


def test_a_liaison_is_sent_and_the_time_ends(street: dict[str, Any]) -> None:
    own = CoveredUnit.objects.create(organization=street["joint"], name="软件公司")
    foreign = CoveredUnit.objects.create(organization=make.branch(), name="别处公司")
    client, url = signed_in(street["secretary"]), reverse("liaison-create", args=[street["joint"].pk])
    sent = {"kind": "instructor", "name": "赵敏", "sent_by": "街道党工委", "unit": own.pk, "since": str(TODAY)}
    assert client.post(url, sent | {"unit": foreign.pk}).status_code == 422
    page = client.post(url, sent, follow=True).text
    assert "已登记赵敏（党建工作指导员）" in page
    assert "街道党工委" in page
    end = reverse("liaison-end", args=[Liaison.objects.get().pk])
    assert "没有登记" in client.post(end, {"on": str(TODAY - timedelta(1))}, follow=True).text
    assert "已结束" in client.post(end, {"on": str(TODAY)}, follow=True).text
    assert "没有改动" in client.post(end, {"on": str(TODAY)}, follow=True).text


def test_who_reads_and_who_writes(street: dict[str, Any]) -> None:
    joint = street["joint"]
    unit = CoveredUnit.objects.create(organization=joint, name="软件公司")
    liaison = Liaison.objects.create(organization=joint, kind="contact", name="甲", since=TODAY)
    reading = reverse("covered-unit-list", args=[joint.pk])
    writing = [reverse(name, args=[joint.pk]) for name in ("covered-unit-create", "liaison-create")]
    acts = [reverse("covered-unit-remove", args=[unit.pk]), reverse("liaison-end", args=[liaison.pk])]
    for who, reads, writes, act in (
        ("inspector", 200, 403, 403),
        ("overseer", 403, 403, 404),
        ("outsider", 404, 404, 404),
    ):
        client = signed_in(street[who])
        assert client.get(reading).status_code == reads, who
        assert {client.post(url).status_code for url in writing} == {writes}, who
        assert {client.post(url, {"on": str(TODAY)}).status_code for url in acts} == {act}, who
    assert CoveredUnit.objects.filter(pk=unit.pk).exists()


@pytest.fixture
def town() -> dict[str, Any]:
    """A joint branch with two units and three people sent, a neighbour that covers one of the two as well."""
    root = make.organization("临江镇党委")
    joint = make.organization("商务楼联合党支部", root, kind="joint-branch")
    other = make.organization("工业园联合党支部", Organization.objects.get(pk=root.pk), kind="joint-branch")
    make.member(joint, "甲"), make.member(joint, "乙")
    shop = CoveredUnit.objects.create(organization=joint, name="小吃店", employees=4, members=1)
    factory = CoveredUnit.objects.create(organization=joint, name="电子厂", employees=80, members=0)
    known = CoveredUnit.objects.create(organization=other, name="电子厂", employees=90)
    for name, unit, left_on in (("赵敏", factory, None), ("钱多", None, None), ("孙前", factory, TODAY)):
        sent = {"kind": "instructor", "since": TODAY - timedelta(9), "left_on": left_on}
        Liaison.objects.create(organization=joint, name=name, unit=unit, **sent)
    office = make.hat(Role.OFFICE, Organization.objects.get(pk=root.pk))
    return {"root": root, "joint": joint, "other": other, "shop": shop, "known": known, "office": office}


def covered(node: Organization) -> tuple[dict[str, tuple[int | None, int | None]], dict[str, str]]:
    """Units with their numbers, people sent with the unit they look after."""
    units = {unit.name: (unit.employees, unit.members) for unit in node.covered_units.all()}
    return units, {each.name: str(each.unit or "") for each in node.liaisons.select_related("unit")}


def effects(town: dict[str, Any], act: str, **typed: str) -> str:
    """What the portal says before it is done."""
    return signed_in(town["office"]).post(reverse(f"organization-{act}", args=[town["joint"].pk]), typed).text


def test_units_of_a_merged_branch_go_with_it(town: dict[str, Any]) -> None:
    said = effects(town, "merge", other=town["other"].code)
    assert "2个覆盖单位、2名指导员、联络员改由工业园联合党支部联系" in said
    reshape.merge(node=town["joint"], other=town["other"], by=town["office"])
    units = {"小吃店": (4, 1), "电子厂": (90, 0)}
    assert covered(town["other"]) == (units, {"赵敏": "电子厂", "钱多": ""})
    assert covered(town["joint"]) == ({}, {"孙前": "电子厂"}), "whose time was over stays in the old branch's list"
    assert town["other"].covered_units.get(name="电子厂") == town["known"]


def test_units_of_a_closed_branch_are_looked_after_above(town: dict[str, Any]) -> None:
    town["joint"].members.update(branch=town["other"])
    said = effects(town, "close")
    assert "2个覆盖单位、2名指导员、联络员改由上级临江镇党委联系" in said
    reshape.close(node=town["joint"], by=town["office"])
    units = {"小吃店": (4, 1), "电子厂": (80, 0)}
    assert covered(town["root"]) == (units, {"赵敏": "电子厂", "钱多": ""})
    assert covered(town["joint"])[0] == {}


@pytest.mark.parametrize(
    ("page", "typed"), [("covered-unit-create", {}), ("liaison-create", {"kind": "contact", "since": str(TODAY)})]
)
def test_nobody_is_listed_at_a_branch_that_was_merged_meanwhile(
    town: dict[str, Any], page: str, typed: dict[str, str]
) -> None:
    reshape.merge(node=town["joint"], other=town["other"], by=town["office"])
    before = CoveredUnit.objects.count(), Liaison.objects.count()
    url = reverse(page, args=[town["joint"].pk])
    told = signed_in(town["office"]).post(url, typed | {"name": "新来的"}, follow=True).text
    assert "已撤销，它的覆盖单位已移交" in told
    assert url not in told
    assert (CoveredUnit.objects.count(), Liaison.objects.count()) == before


def test_units_stay_with_the_branch_when_it_is_split_or_moved(town: dict[str, Any]) -> None:
    before = covered(town["joint"])
    member = town["joint"].members.first()
    made = reshape.split(
        node=town["joint"], members=[member.pk], by=town["office"], name="新支部", code="NEW", kind="branch", sector=""
    )
    parent = make.organization("北片党总支", Organization.objects.get(pk=town["root"].pk))
    reshape.move(node=Organization.objects.get(pk=town["joint"].pk), parent=parent, by=town["office"])
    assert covered(town["joint"]) == before
    assert covered(made) == ({}, {})


def test_nothing_is_said_of_units_where_there_are_none(town: dict[str, Any]) -> None:
    CoveredUnit.objects.all().delete()
    Liaison.objects.all().delete()
    said = effects(town, "merge", other=town["other"].code)
    assert "2名在册党员转到工业园联合党支部" in said
    assert "覆盖单位" not in said
