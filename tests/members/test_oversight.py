"""The second line (S2 四: 属地管理): numbers of what is overseen, and nothing else."""

from typing import Any

import pytest
from django.urls import reverse

from members.models import Organization
from members.permissions import Role
from portal.models import AuditEntry
from tests import factories as make
from tests.campaign.unit import Unit, unit
from tests.clients import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def ministry() -> dict[str, Any]:
    """A ministry's plant with two branches, and the district in which it lies."""
    line = make.organization("部党组")
    plant = make.organization("部属厂党委", line)
    first, second = make.branch(plant, "一车间党支部"), make.branch(plant, "二车间党支部")
    other = make.branch(Organization.objects.get(pk=line.pk), "部机关党支部")
    district = make.organization("青岚区委")
    office = make.organization("区委组织部", district)
    person = make.member(first, "秘密人")
    return {
        "line": line, "plant": Organization.objects.get(pk=plant.pk), "first": first, "second": second, "other": other,
        "district": Organization.objects.get(pk=district.pk), "person": person,
        "office": make.hat(Role.OFFICE, Organization.objects.get(pk=line.pk)),
        "secretary": make.secretary(second), "overseer": make.hat(Role.OVERSEER, Organization.objects.get(pk=district.pk)),
        "colleague": make.hat(Role.OVERSEER, office), "district_office": make.hat(Role.OFFICE, district),
    }  # fmt: skip


def oversee(ministry: dict[str, Any], value: str) -> Any:
    url = reverse("organization-overseer", args=[ministry["plant"].pk])
    return signed_in(ministry["office"]).post(url, {"overseer": value}, follow=True)


def test_office_puts_an_organisation_under_a_second_line(ministry: dict[str, Any]) -> None:
    page = oversee(ministry, "青岚区委")
    assert "已设定：部属厂党委由青岚区委联系" in page.text
    assert "属地联系单位" in page.text
    ministry["plant"].refresh_from_db()
    assert ministry["plant"].overseer == ministry["district"]
    assert AuditEntry.objects.get(verb="设定属地联系单位").details == {"overseer": ["", "青岚区委"]}
    assert "内容没有变化" in oversee(ministry, ministry["district"].code.lower()).text
    assert "不再另设" in oversee(ministry, "").text


@pytest.mark.parametrize(
    ("written", "said"),
    [("没有的单位", "没有找到“没有的单位”"), ("部党组", "本来就能看到"), ("一车间党支部", "是本组织的下级")],
)
def test_a_wrong_overseer_is_refused(ministry: dict[str, Any], written: str, said: str) -> None:
    page = oversee(ministry, written)
    assert page.status_code == 422
    assert said in page.text
    assert f'value="{written}"' in page.text


def test_the_overseer_is_searched_for_like_the_target_of_a_transfer(ministry: dict[str, Any]) -> None:
    page = oversee(ministry, "青岚")
    assert page.status_code == 422
    assert f'name="overseer-choice" value="{ministry["district"].pk}"' in page.text
    url = reverse("organization-overseer", args=[ministry["plant"].pk])
    data = {"overseer": "青岚", "overseer-words": "青岚", "overseer-choice": str(ministry["district"].pk)}
    signed_in(ministry["office"]).post(url, data)
    ministry["plant"].refresh_from_db()
    assert ministry["plant"].overseer == ministry["district"]


def test_overseer_sees_what_is_overseen_and_only_numbers_of_it(ministry: dict[str, Any]) -> None:
    overseer = signed_in(ministry["overseer"])
    plant, branch = (reverse("organization-detail", args=[ministry[name].pk]) for name in ("plant", "first"))
    assert overseer.get(plant).status_code == 404
    oversee(ministry, "青岚区委")
    page = overseer.get(reverse("overseen-list", args=[ministry["district"].pk])).text
    assert "部属厂党委" in page
    assert "2 人" in page
    assert overseer.get(plant).status_code == 200
    assert "秘密人" not in overseer.get(branch).text
    assert overseer.get(reverse("member-list", args=[ministry["first"].pk])).status_code == 403
    assert overseer.get(reverse("committee-detail", args=[ministry["first"].pk])).status_code == 403
    assert overseer.get(reverse("member-detail", args=[ministry["person"].pk])).status_code == 404
    assert overseer.get(reverse("organization-edit", args=[ministry["first"].pk])).status_code == 403
    for foreign in ("line", "other"):
        assert overseer.get(reverse("organization-detail", args=[ministry[foreign].pk])).status_code == 404
    assert "部属厂党委" in overseer.get(reverse("organization-list")).text
    oversee(ministry, "")
    assert overseer.get(plant).status_code == 404


def test_only_the_contact_persons_of_that_very_organisation_look_on(ministry: dict[str, Any]) -> None:
    oversee(ministry, "青岚区委")
    url = reverse("organization-detail", args=[ministry["plant"].pk])
    assert signed_in(ministry["colleague"]).get(url).status_code == 404
    assert signed_in(ministry["district_office"]).get(url).status_code == 404
    mine = reverse("overseen-list", args=[ministry["district"].pk])
    assert "没有属地联系的组织" in signed_in(ministry["district_office"]).get(mine).text
    assert signed_in(ministry["secretary"]).get(mine).status_code == 404


def test_overseer_sees_the_progress_of_the_other_line() -> None:
    here: Unit = unit()
    district = make.organization("青岚区委")
    Organization.objects.filter(pk=here.branch.pk).update(overseer=district)
    overseer = signed_in(make.hat(Role.OVERSEER, district))
    url = reverse("dashboard", args=[here.campaign.pk, here.branch.pk])
    page = overseer.get(url)
    assert page.status_code == 200
    assert "党员甲" not in page.text
    assert overseer.get(reverse("dashboard", args=[here.campaign.pk, here.root.pk])).status_code == 404
    assert here.campaign.name in overseer.get(reverse("campaign-list")).text
    assert url in overseer.get(reverse("campaign-detail", args=[here.campaign.pk])).text
    assert signed_in(make.hat(Role.OVERSEER, make.organization("邻区区委"))).get(url).status_code == 404


def test_oversight_costs_one_query_however_much_is_overseen(
    ministry: dict[str, Any], django_assert_num_queries: Any
) -> None:
    Organization.objects.exclude(pk=ministry["district"].pk).update(overseer=ministry["district"])
    user = type(ministry["overseer"]).objects.get(pk=ministry["overseer"].pk)
    everything = Organization.objects.count()
    with django_assert_num_queries(2):
        assert len(user.scopes("progress.view")) == everything
        user.scopes()


def test_whoever_oversees_hundreds_still_gets_an_answer(ministry: dict[str, Any]) -> None:
    Organization.objects.bulk_create(
        Organization(path=f"{n:04}", depth=1, name=f"厂{n}", code=f"H{n}", kind="branch", overseer=ministry["district"])
        for n in range(100, 1400)
    )
    page = signed_in(ministry["overseer"]).get(reverse("overseen-list", args=[ministry["district"].pk]))
    assert page.status_code == 200
    assert "下一页" in page.text
