"""Candidates: when their probation is over, who is told, and what can be decided."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from members.models import Member
from tests import factories as make
from tests.clients import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def place() -> dict[str, Any]:
    home = make.branch(name="财政局党支部")
    person = make.member(home, "陈静", status="probationary", joined="2004-07-01")
    return {"home": home, "person": person, "secretary": make.secretary(home), "author": make.user(person)}


def typed(**fields: Any) -> dict[str, Any]:
    return {"decision": "full", "decided_on": "2005-07-06", "note": "支部大会一致同意，区委7月20日批准。"} | fields


def decide(place: dict[str, Any], **fields: Any) -> Any:
    url = reverse("probation-decide", args=[place["person"].pk])
    return signed_in(place["secretary"]).post(url, typed(**fields), follow=True)


def test_becoming_a_full_member_is_kept_with_date_and_resolution(place: dict[str, Any]) -> None:
    page = decide(place, confirmed="2005.7.1")
    person = Member.objects.get(pk=place["person"].pk)
    assert (person.status, person.confirmed) == ("full", "2005-07-01")
    assert "按期转为正式党员" in page.text
    assert "预备党员 → 正式党员" in page.text
    assert "区委7月20日批准" in page.text
    assert "不是在册的预备党员" in decide(place).text


def test_probation_is_extended_once_by_half_a_year_to_a_year(place: dict[str, Any]) -> None:
    for until in ("", "2005-08-01", "2007-07-01"):
        assert decide(place, decision="extend", until=until).status_code == 422, until
    decide(place, decision="extend", until="2006-01-01")
    person = Member.objects.get(pk=place["person"].pk)
    assert (person.status, person.probation_until, person.probation_ends) == (
        "probationary",
        date(2006, 1, 1),
        "2006-01-01",
    )
    assert "不能再次延长" in decide(place, decision="extend", until="2006-06-01").text
    assert "转正时间不能更早" in decide(place, confirmed="2005-07-01").text


def test_who_is_not_taken_leaves_the_roll(place: dict[str, Any]) -> None:
    page = decide(place, decision="revoke")
    person = Member.objects.get(pk=place["person"].pk)
    assert (person.ending, person.ended_on) == ("revoked", date(2005, 7, 6))
    assert "取消预备党员资格，已离开名册" in page.text
    assert not place["author"].__class__.objects.get(pk=place["author"].pk).is_active


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"decision": ""}, "请选择作出了什么决定"),
        ({"decision": "nonsense"}, "请选择作出了什么决定"),
        ({"decided_on": "2004-06-01"}, "不能早于入党时间（2004年7月1日）"),
        ({"note": ""}, "请写明支部大会的决议"),
        ({"confirmed": ""}, "请填写转正时间"),
        ({"confirmed": "2005-06"}, "预备期到2005年7月1日才满"),
    ],
)
def test_bad_input_is_named_and_stays(place: dict[str, Any], fields: dict[str, str], reason: str) -> None:
    page = decide(place, **({"confirmed": "2005-07"} | fields))
    assert page.status_code == 422
    assert reason in page.text
    assert Member.objects.get(pk=place["person"].pk).status == "probationary"


def test_nobody_decides_on_themselves(place: dict[str, Any]) -> None:
    own = Member.objects.get(pk=place["secretary"].member_id)
    Member.objects.filter(pk=own.pk).update(status="probationary", joined="2004-01")
    url = reverse("probation-decide", args=[own.pk])
    assert signed_in(place["secretary"]).post(url, typed()).status_code == 403
    assert signed_in(place["author"]).get(reverse("probation-decide", args=[place["person"].pk])).status_code == 403


def test_the_secretary_is_told_whose_probation_is_over(place: dict[str, Any]) -> None:
    today = timezone.localdate()
    Member.objects.filter(pk=place["person"].pk).update(joined=f"{today.year - 1}-{today:%m}")
    make.member(place["home"], "未满", status="probationary", joined=str(today - timedelta(days=300)))
    make.member(place["home"], "未知", status="probationary")
    make.member(place["home"], "延长", status="probationary", joined="2004", probation_until=today + timedelta(days=30))
    make.member(place["home"], "正式", joined="2004")
    client = signed_in(place["secretary"])
    assert "陈静预备期已满，请支部大会讨论转正" in client.get(reverse("home")).text
    url = reverse("register-list", args=[place["home"].pk, "probationary"])
    over = client.get(url, {"show": "over"}).text
    assert "陈静" in over
    assert "未满" not in over
    everyone = client.get(url).text
    for name in ("陈静", "未满", "未知", "延长"):
        assert f">{name}<" in everyone
    assert ">正式<" not in everyone
    decide(place, confirmed=f"{today.year}-{today:%m}", decided_on=str(today))
    assert "预备期已满" not in client.get(reverse("home")).text
