"""The roll: who sees it, who writes it, and what follows from it."""

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaign.progress.writing import Figures, figures_of
from members.actions.member import SameName, create
from members.identity import canonical
from members.models import Member, Mobility, User
from members.permissions import Role
from portal.models import AuditEntry, ReadLog
from tests import factories as make
from tests.clients import signed_in

pytestmark = pytest.mark.django_db
IDENTITY = "11010519491231002X"
FORMER = canonical("110100660821013")


def typed(**fields: Any) -> dict[str, Any]:
    return {"name": "王芳", "status": "full"} | fields


@pytest.fixture
def place() -> dict[str, Any]:
    root = make.organization("青岚区委")
    home = make.branch(root, "财政局党支部")
    root.refresh_from_db()
    away = make.branch(root, "民政局党支部")
    root.refresh_from_db()
    person = make.member(home, "李强", phone="13900001234")
    person.set_identity(IDENTITY)
    person.save()
    return {
        "root": root, "home": home, "away": away, "person": person, "author": make.user(person),
        "secretary": make.secretary(home), "office": make.hat(Role.OFFICE, root),
        "committee": make.hat(Role.COMMITTEE, home), "administrator": make.hat(Role.ADMINISTRATOR, root),
        "overseer": make.hat(Role.OVERSEER, root), "outsider": make.secretary(away),
    }  # fmt: skip


def test_roll_is_for_those_who_may_see_names(place: dict[str, Any]) -> None:
    url = reverse("member-list", args=[place["home"].pk])
    for who, status in [
        ("secretary", 200), ("committee", 200), ("office", 200),
        ("author", 403), ("administrator", 403), ("overseer", 403), ("outsider", 404),
    ]:  # fmt: skip
        assert signed_in(place[who]).get(url).status_code == status, who
    assert "李强" in signed_in(place["committee"]).get(url).text


def test_filters_narrow_the_roll(place: dict[str, Any]) -> None:
    make.member(place["home"], "赵退休", tags=("retired",), status="probationary")
    lost = make.member(place["home"], "钱失联")
    lost.mobilities.create(kind="lost", since="2005-01-01")
    gone = make.member(place["home"], "孙离开")
    Member.objects.filter(pk=gone.pk).update(ended_on="2005-01-01", ending="moved")
    client, url = signed_in(place["secretary"]), reverse("member-list", args=[place["home"].pk])

    def names(**query: str) -> set[str]:
        page = client.get(url, query).text
        return {name for name in ("李强", "赵退休", "钱失联", "孙离开") if f">{name}<" in page}

    assert names() == {"李强", "赵退休", "钱失联"}
    assert names(name="赵") == {"赵退休"}
    assert names(tag="retired") == {"赵退休"}
    assert names(status="probationary") == {"赵退休"}
    assert names(mobility="lost") == {"钱失联"}
    assert names(mobility="none") == {"李强", "赵退休"}
    assert names(roll="ended") == {"孙离开"}
    assert names(tag="nonsense", name="\x00") == {"李强", "赵退休", "钱失联"}


def test_pages_by_key_with_a_fixed_number_of_queries(place: dict[str, Any]) -> None:
    client, url = signed_in(place["office"]), reverse("member-list", args=[place["root"].pk])
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    for number in range(70):
        make.member(place["home"] if number % 2 else place["away"], f"人{number:03}", tags=("retired",))
    with CaptureQueriesContext(connection) as many:
        first = client.get(url)
    assert len(many) <= len(few)
    seen = [member.pk for member in first.context["page"].rows]
    second = client.get(first.context["page"].next_url)
    seen += [member.pk for member in second.context["page"].rows]
    assert seen == list(Member.objects.order_by("branch__path", "pk").values_list("pk", flat=True))
    back = client.get(second.context["page"].previous_url)
    assert [member.pk for member in back.context["page"].rows] == seen[:50]


def test_numbers_are_masked_and_opening_them_is_told(place: dict[str, Any]) -> None:
    url = reverse("member-detail", args=[place["person"].pk])
    contact = reverse("member-contact", args=[place["person"].pk])
    page = signed_in(place["secretary"]).get(url).text
    assert IDENTITY not in page
    assert "13900001234" not in page
    assert "139****34" in page
    assert "139****34" not in signed_in(place["committee"]).get(url).text
    full = signed_in(place["secretary"]).post(contact)
    assert IDENTITY in full.text
    assert "13900001234" in full.text
    assert "no-store" in full.headers["Cache-Control"]
    own = signed_in(place["author"]).get(url).text
    assert "书记（支部书记）" in own
    assert IDENTITY not in own
    for who, status in [
        ("office", 403),
        ("committee", 403),
        ("author", 403),
        ("administrator", 404),
        ("outsider", 404),
    ]:
        assert signed_in(place[who]).post(contact).status_code == status, who
    assert ReadLog.objects.filter(kind="member-contact").count() == 1


def test_a_new_member_changes_the_campaign_at_once(place: dict[str, Any]) -> None:
    campaign = make.campaign(place["root"], (("member-in-contact", "all-members"), ("study-note", "leaders")))
    make.enrolment(campaign, place["home"])
    contact, leaders = campaign.requirements.order_by("number")
    assert figures_of(campaign, place["root"])[contact.pk] == Figures(2, 0, 2)
    client = signed_in(place["secretary"])
    page = client.post(
        reverse("member-create", args=[place["home"].pk]),
        typed(
            born="1968.7", joined="1998年7月", identity="1101 0519 9001 0100 1X", phone="139-0000 9999", tags=["leader"]
        ),
    )
    assert page.status_code == 422
    assert 'value="1998年7月"' in page.text
    page = client.post(
        reverse("member-create", args=[place["home"].pk]),
        typed(born="1968.7", joined="1998年7月", confirmed="1999", phone="139-0000 9999", tags=["leader"]),
        follow=True,
    )
    made = Member.objects.get(name="王芳")
    assert "王芳已编入财政局党支部" in page.text
    assert (made.born, made.joined, made.confirmed, made.phone) == ("1968-07", "1998-07", "1999", "13900009999")
    assert figures_of(campaign, place["root"])[contact.pk] == Figures(3, 0, 3)
    assert figures_of(campaign, place["root"])[leaders.pk] == Figures(0, 0, 1)
    client.post(reverse("member-mobility", args=[made.pk]), {"kind": "lost", "since": "2005-03-01", "place": "南方"})
    assert figures_of(campaign, place["root"])[contact.pk] == Figures(2, 0, 3)
    client.post(reverse("mobility-close", args=[made.mobilities.get().pk]), {"until": "2005-05-01"})
    assert figures_of(campaign, place["root"])[contact.pk] == Figures(3, 0, 3)
    client.post(reverse("member-leave", args=[made.pk]), {"ending": "moved", "ended_on": "2005-09-01"})
    assert figures_of(campaign, place["root"])[contact.pk] == Figures(2, 0, 2)
    client.post(reverse("member-come-back", args=[made.pk]))
    assert figures_of(campaign, place["root"])[contact.pk] == Figures(3, 0, 3)


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("name", "", "请填写姓名"),
        ("born", "去年", "不是能识别的日期"),
        ("born", "1998-13", "这一天不存在"),
        ("joined", "2999", "日期不在合理范围内"),
        ("identity", "110105194912310021", "校验不通过"),
        ("identity", "1101051949", "应为18位"),
        ("identity", IDENTITY.lower(), "已经登记在另一位在册党员名下"),
        ("phone", "电话", "7至15位数字"),
        ("confirmed", "1990", "转正时间不能早于入党时间"),
        ("number", "N1", "已经登记在另一位党员名下"),
    ],
)
def test_bad_input_is_named_and_stays(place: dict[str, Any], field: str, value: str, reason: str) -> None:
    make.member(place["away"], number="N1")
    client = signed_in(place["secretary"])
    url = reverse("member-create", args=[place["home"].pk])
    page = client.post(url, typed(joined="1998-07", education="大专") | {field: value})
    assert page.status_code == 422
    assert reason in page.text
    assert 'value="大专"' in page.text
    assert not Member.objects.filter(name="王芳").exists()


def test_an_unknown_region_is_no_reason_to_refuse(place: dict[str, Any]) -> None:
    client = signed_in(place["secretary"])
    client.post(reverse("member-create", args=[place["home"].pk]), typed(identity="99999919800101001X"))
    number = "99999919800101001"
    total = sum(int(d) * w for d, w in zip(number, [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2], strict=True))
    right = number + "10X98765432"[total % 11]
    page = client.post(reverse("member-create", args=[place["home"].pk]), typed(identity=right), follow=True)
    assert "已编入" in page.text
    assert Member.objects.get(name="王芳").identity == right


def test_a_second_person_of_one_name_must_be_meant(place: dict[str, Any]) -> None:
    client, url = signed_in(place["secretary"]), reverse("member-create", args=[place["home"].pk])
    page = client.post(url, typed(name="李 强"))
    assert "本支部已有一位李强" in page.text
    client.post(url, typed(name="李 强", same_name="on"))
    assert Member.objects.filter(name="李强").count() == 2


def test_two_presses_at_the_same_moment_make_one_member(place: dict[str, Any]) -> None:
    facts = {"name": "赵新来", "number": None}
    create(branch=place["home"], facts=facts, contact={}, tags=[], by=place["office"])
    with pytest.raises(SameName):  # its form was checked before the first was there
        create(branch=place["home"], facts=facts, contact={}, tags=[], by=place["office"])
    assert Member.objects.filter(name="赵新来").count() == 1


@pytest.mark.parametrize(("ending", "way"), [("died", "恢复在册"), ("moved", "从外面转入")])
def test_nobody_who_has_left_is_registered_a_second_time(place: dict[str, Any], ending: str, way: str) -> None:
    gone = make.member(place["away"], "孙䶮", ended_on=date(2005, 3, 1), ending=ending)
    gone.set_identity(FORMER)
    gone.save()
    url = reverse("member-create", args=[place["home"].pk])
    page = signed_in(place["secretary"]).post(url, typed(name="孙䶮", identity=FORMER))
    assert page.status_code == 422
    assert "2005-03-01离开名册" in page.text
    assert way in page.text
    assert 'value="孙䶮"' in page.text
    assert Member.objects.filter(name="孙䶮").count() == 1


def test_an_absence_sent_again_after_it_ended_stays_ended(place: dict[str, Any]) -> None:
    client, person = signed_in(place["secretary"]), place["person"]
    url = reverse("member-mobility", args=[person.pk])
    absence = {"kind": "in-city", "since": "2005-03-01", "place": "城东区"}
    client.post(url, absence)
    away = Mobility.objects.get(member=person)
    client.post(reverse("mobility-close", args=[away.pk]), {"until": "2005-04-01"})
    for since in ("2005-03-01", "2005-03-20"):
        page = client.post(url, absence | {"since": since})
        assert page.status_code == 422
        assert "2005-03-01至2005-04-01的“流出（市内）”已经登记过" in page.text
    assert Mobility.objects.count() == 1
    client.post(url, absence | {"since": "2005-04-01"})
    assert Mobility.objects.filter(until=None).count() == 1


def test_changes_are_noted_without_the_numbers(place: dict[str, Any]) -> None:
    url = reverse("member-edit", args=[place["person"].pk])
    client = signed_in(place["office"])
    assert IDENTITY not in client.get(url).text
    client.post(url, typed(name="李强", post="科长", phone="13811112222", tags=["leader"]))
    person = Member.objects.get(pk=place["person"].pk)
    assert (person.post, person.phone, person.identity) == ("科长", "13811112222", IDENTITY)
    entry = AuditEntry.objects.get(verb="修改党员信息")
    assert entry.details == {"fields": ["职务", "联系电话", "标签"]}
    assert person.history.get().values == {
        "职务": ["", "科长"],
        "联系电话": ["13900001234", "13811112222"],
        "标签": ["", "领导干部"],
    }
    client.post(url, typed(name="李强", post="科长", no_phone="on", tags=["leader"]))
    person.refresh_from_db()
    assert person.phone == ""


def test_nobody_but_keepers_of_the_roll_writes(place: dict[str, Any]) -> None:
    urls = [
        reverse("member-create", args=[place["home"].pk]),
        *(
            reverse(name, args=[place["person"].pk])
            for name in ("member-edit", "member-mobility", "member-leave", "transfer-create", "member-come-back")
        ),
    ]
    for url in urls:
        assert signed_in(place["committee"]).post(url, typed()).status_code == 403, url
        assert signed_in(place["author"]).post(url, typed()).status_code == 403, url
        assert signed_in(place["outsider"]).post(url, typed()).status_code == 404, url
    assert not AuditEntry.objects.exists()


def test_who_leaves_loses_account_and_hats_but_no_record(place: dict[str, Any]) -> None:
    make.hat(Role.COMMITTEE, place["home"], account=place["author"])
    author = signed_in(place["author"])
    assert author.get(reverse("member-list", args=[place["home"].pk])).status_code == 200
    secretary = signed_in(place["secretary"])
    secretary.post(reverse("member-leave", args=[place["person"].pk]), {"ending": "moved", "ended_on": "2005-09-01"})
    assert author.get(reverse("member-list", args=[place["home"].pk])).status_code == 302
    assert not User.objects.get(pk=place["author"].pk).hats
    assert Member.objects.get(pk=place["person"].pk).identity == IDENTITY
    assert "已离开名册" in secretary.get(reverse("member-detail", args=[place["person"].pk])).text
    own = reverse("member-leave", args=[place["secretary"].member_id])
    assert secretary.post(own, {"ending": "moved", "ended_on": "2005-09-01"}).status_code == 403
