"""The tree, one organisation, and changing it."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from members.models import Organization
from members.permissions import Role
from portal.models import AuditEntry
from tests import factories as make
from tests.clients import signed_in

pytestmark = pytest.mark.django_db
FIELDS = {"name": "文化局党支部", "code": "QL0106", "kind": "branch", "sector": "government"}


@pytest.fixture
def district() -> dict[str, Any]:
    root = make.organization("青岚区委")
    general = make.organization("机关党总支", root, kind="general-branch")
    home = make.branch(general, "财政局党支部")
    root.refresh_from_db()
    away = make.branch(root, "民政局党支部")
    secretary = make.secretary(home)
    return {
        "root": Organization.objects.get(pk=root.pk), "general": Organization.objects.get(pk=general.pk),
        "home": Organization.objects.get(pk=home.pk), "away": away, "secretary": secretary,
        "office": make.hat(Role.OFFICE, root), "overseer": make.hat(Role.OVERSEER, general),
        "administrator": make.hat(Role.ADMINISTRATOR, root), "inspector": make.hat(Role.INSPECTOR, general),
    }  # fmt: skip


def test_list_shows_own_tops_and_search_stays_in_scope(district: dict[str, Any]) -> None:
    secretary = signed_in(district["secretary"])
    page = secretary.get(reverse("organization-list"))
    assert "财政局党支部" in page.text
    assert "机关党总支" not in page.text
    assert "没有找到" in secretary.get(reverse("organization-list"), {"q": "民政局"}).text
    office = signed_in(district["office"])
    assert "民政局党支部" in office.get(reverse("organization-list"), {"q": "民政局"}).text
    assert "财政局党支部" in office.get(reverse("organization-list"), {"q": district["home"].code.lower()}).text
    assert "财政局党支部" in office.get(reverse("organization-children", args=[district["general"].pk])).text
    assert secretary.get(reverse("organization-children", args=[district["general"].pk])).status_code == 404


def test_detail_shows_each_what_they_may(district: dict[str, Any]) -> None:
    url = reverse("organization-detail", args=[district["home"].pk])
    page = signed_in(district["secretary"]).get(url).text
    assert "党员名册" in page
    assert "书记" in page
    assert "增加任职" not in page
    overseer = signed_in(district["overseer"]).get(url)
    assert "1 人" in overseer.text
    assert "任职" not in overseer.text
    assert "党员名册" not in overseer.text
    administrator = signed_in(district["administrator"]).get(url).text
    assert "增加任职" in administrator
    assert "党员名册" not in administrator
    assert signed_in(make.secretary(district["away"])).get(url).status_code == 404


def test_breadcrumb_leads_only_where_the_reader_may_go(district: dict[str, Any]) -> None:
    page = signed_in(district["secretary"]).get(reverse("organization-detail", args=[district["home"].pk])).text
    assert f'href="{reverse("organization-detail", args=[district["root"].pk])}"' not in page
    assert "青岚区委" in page


def test_office_sets_up_a_branch(district: dict[str, Any]) -> None:
    url = reverse("organization-create", args=[district["general"].pk])
    page = signed_in(district["office"]).post(url, FIELDS, follow=True)
    assert "已新建文化局党支部" in page.text
    made = Organization.objects.get(code="QL0106")
    assert Organization.objects.get_parent(made) == district["general"]
    assert AuditEntry.objects.filter(verb="新建党组织", target_id=made.pk).exists()


def test_bad_input_is_named_and_stays(district: dict[str, Any]) -> None:
    client = signed_in(district["office"])
    url = reverse("organization-create", args=[district["general"].pk])
    page = client.post(url, FIELDS | {"code": district["away"].code})
    assert page.status_code == 422
    assert "这个组织编码已被使用" in page.text
    assert 'value="文化局党支部"' in page.text
    page = client.post(url, FIELDS | {"name": "财政局党支部"})
    assert "机关党总支之下已有“财政局党支部”" in page.text
    page = client.post(reverse("organization-create", args=[district["home"].pk]), FIELDS)
    assert page.status_code == 422
    assert not Organization.objects.filter(code="QL0106").exists()


def test_a_branch_with_members_stays_a_branch(district: dict[str, Any]) -> None:
    home = district["home"]
    values = {"name": home.name, "code": home.code, "kind": "committee", "sector": ""}
    page = signed_in(district["office"]).post(reverse("organization-edit", args=[home.pk]), values)
    assert "名册上还有党员" in page.text


@pytest.mark.parametrize("name", ["organization-create", "organization-edit"])
def test_only_keepers_of_the_roll_change_organisations(district: dict[str, Any], name: str) -> None:
    url = reverse(name, args=[district["home"].pk])
    assert signed_in(district["secretary"]).get(url).status_code == 200
    for who in ("overseer", "administrator", "inspector"):
        assert signed_in(district[who]).post(url, FIELDS).status_code == 403
    assert signed_in(make.secretary(district["away"])).get(url).status_code == 404
    assert not Organization.objects.filter(code="QL0106").exists()


def test_queries_do_not_grow_with_children(district: dict[str, Any]) -> None:
    client, url = signed_in(district["office"]), reverse("organization-detail", args=[district["general"].pk])
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    for _ in range(60):
        make.branch(district["general"])
    with CaptureQueriesContext(connection) as many:
        page = client.get(url)
    assert len(many) <= len(few)
    assert "下一页" in page.text


@pytest.mark.parametrize("query", ["after=x", "before=99999999999999999999", "after=", "q=%00", "q=%25"])
def test_odd_query_strings_are_no_error(district: dict[str, Any], query: str) -> None:
    assert signed_in(district["office"]).get(f"{reverse('organization-list')}?{query}").status_code == 200


def test_the_menu_tells_where_one_is_on_every_page_about_people() -> None:
    root = make.organization("区委")
    person = make.member(make.branch(root, "第一党支部"))
    office, place = signed_in(make.hat(Role.OFFICE, root)), [root.pk]
    pages = (("organization-detail", [person.branch_id]), ("member-detail", [person.pk]), ("transfer-list", place))
    for name, args in pages:
        entries = office.get(reverse(name, args=args)).context["menu"]
        assert [entry["label"] for entry in entries if entry["current"]] == ["组织与党员"]
    own = make.hat(Role.SECRETARY, person.branch, person)
    context = signed_in(own).get(reverse("member-detail", args=[person.pk])).context
    entries = [*context["menu"], *context["own_menu"]]
    assert [entry["label"] for entry in entries if entry["current"]] == ["我的登记信息"]
