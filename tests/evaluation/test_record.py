"""Opinion rounds, talks and meetings: recorded once, checked, and counted at once."""

import uuid
from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from campaign.progress.writing import Figures
from evaluation.models import Meeting, OpinionRound, Talk
from tests import factories as make
from tests.clients import signed_in
from tests.evaluation.places import Place

PAGES = ("evaluation-records", "opinion-round-create", "talk-create", "meeting-create")


def opinions(**values: Any) -> dict[str, Any]:
    return {
        "submission": str(uuid.uuid4()), "channel": "forum", "held_on": "2005-09-01", "asked": 20, "received": 6,
    } | values  # fmt: skip


def meeting(**values: Any) -> dict[str, Any]:
    return {
        "submission": str(uuid.uuid4()), "kind": "organization-life", "held_on": "2005-09-20", "chair": "书记",
        "expected": 4, "present": 4,
    } | values  # fmt: skip


def post(place: Place, page: str, data: dict[str, Any]) -> Any:
    return signed_in(place.secretary).post(reverse(page, args=[place.enrolment.pk]), data)


@pytest.mark.parametrize("page", PAGES)
def test_the_secretary_alone_records(place: Place, page: str) -> None:
    url = reverse(page, args=[place.enrolment.pk])
    assert signed_in(place.secretary).get(url).status_code == 200
    for user, status in [(place.author, 403), (place.committee, 403), (place.outsider, 404)]:
        assert signed_in(user).get(url).status_code == status
        assert signed_in(user).post(url, opinions()).status_code == status
    assert not OpinionRound.objects.exists()


def test_opinions_count_when_they_were_passed_on(place: Place) -> None:
    assert post(place, "opinion-round-create", opinions()).status_code == 302
    assert place.figures("opinions-passed-on").done == 0
    found = OpinionRound.objects.get()
    page = reverse("opinion-round-pass-on", args=[found.pk])
    assert signed_in(place.outsider).post(page, {"on": "2005-09-03"}).status_code == 404
    early = signed_in(place.secretary).post(page, {"on": "2005-08-01"}, follow=True).content.decode()
    assert "反馈日期不能早于征求日期" in early
    assert place.figures("opinions-passed-on").done == 0
    signed_in(place.secretary).post(page, {"on": "2005-09-03"})
    assert place.figures("opinions-passed-on").done == 1
    signed_in(place.secretary).post(page, {"on": "2005-09-09"})
    assert OpinionRound.objects.get().passed_on == date(2005, 9, 3)


@pytest.mark.parametrize(
    ("data", "field", "says"),
    [
        ({"passed_on": "2005-08-31"}, "passed_on", "不能早于征求日期"),
        ({"held_on": str(timezone.localdate() + timedelta(2))}, "held_on", "不能晚于今天"),
        ({"held_on": "九月"}, "held_on", "征求日期不是有效的日期"),
        ({"received": "-3"}, "received", "大于"),
        ({"asked": ""}, "asked", "请填写征求人数"),
        ({"channel": "dream"}, "channel", "dream"),
        ({"asked": "9223372036854775807"}, "asked", "不会超过"),
        ({"held_on": "0001-01-01"}, "held_on", "1900"),
    ],
)
def test_bad_opinions_are_refused_by_field(place: Place, data: dict[str, Any], field: str, says: str) -> None:
    answer = post(place, "opinion-round-create", opinions(**data))
    assert answer.status_code == 422
    assert says in str(answer.context["form"].errors[field])
    assert not OpinionRound.objects.exists()


def test_one_talks_with_all_in_one_form(place: Place) -> None:
    everyone = [place.own(user).pk for user in (place.author, place.colleague, place.committee, place.secretary)]
    own = place.own(place.secretary).pk
    talk = {"submission": str(uuid.uuid4()), "held_on": "2005-09-10", "one": own, "others": everyone}
    assert post(place, "talk-create", talk).status_code == 302
    assert Talk.objects.count() == 3
    assert place.figures("talk-held") == Figures(4, 0, 6)


def test_everyone_is_one_tick(place: Place) -> None:
    talk = {"submission": str(uuid.uuid4()), "held_on": "2005-09-10", "everyone": "on"}
    assert post(place, "talk-create", talk | {"one": place.own(place.secretary).pk}).status_code == 302
    assert Talk.objects.count() == 3
    assert "请选择谈心人" in post(place, "talk-create", talk).content.decode()
    nobody = talk | {"one": place.own(place.secretary).pk, "submission": str(uuid.uuid4()), "everyone": ""}
    assert "请至少勾选一位" in post(place, "talk-create", nobody).content.decode()


def test_a_talk_needs_two_people_of_the_branch(place: Place) -> None:
    own = place.own(place.secretary).pk
    talk = {"submission": str(uuid.uuid4()), "held_on": "2005-09-10", "one": own, "others": [own]}
    assert "谈心在两人之间进行" in post(place, "talk-create", talk).content.decode()
    stranger = talk | {"others": [place.own(place.outsider).pk]}
    assert "不在本支部" in post(place, "talk-create", stranger).content.decode()
    assert not Talk.objects.exists()


def test_those_without_a_talk_are_named(place: Place) -> None:
    Talk.objects.create(
        enrolment=place.enrolment, one=place.own(place.secretary), other=place.own(place.author), by=place.secretary
    )
    page = signed_in(place.secretary).get(reverse("evaluation-records", args=[place.enrolment.pk]))
    assert page.context["untalked"] == ["李强", "委员甲"]


def test_a_meeting_counts_at_once(place: Place) -> None:
    assert post(place, "meeting-create", meeting()).status_code == 302
    assert place.figures("life-meeting-held").done == 1
    assert place.figures("democratic-meeting-held").done == 0


def test_more_present_than_expected_is_refused(place: Place) -> None:
    answer = post(place, "meeting-create", meeting(present=5))
    assert "实到（5）不能多于应到（4）" in answer.content.decode()
    assert 'value="书记"' in answer.content.decode()
    assert not Meeting.objects.exists()


def test_a_mistake_can_be_taken_back(place: Place) -> None:
    post(place, "meeting-create", meeting())
    page = reverse("evaluation-record-withdraw", args=["meeting", Meeting.objects.get().pk])
    assert signed_in(place.outsider).post(page).status_code == 404
    assert signed_in(place.secretary).post(page).status_code == 302
    assert place.figures("life-meeting-held").done == 0


def test_the_page_asks_the_database_the_same_for_more_records(place: Place, django_assert_max_num_queries: Any) -> None:
    client, page = signed_in(place.secretary), reverse("evaluation-records", args=[place.enrolment.pk])
    people = [make.participation(place.enrolment) for _ in range(40)]
    Talk.objects.bulk_create(
        Talk(enrolment=place.enrolment, one=place.own(place.secretary), other=other, by=place.secretary)
        for other in people
    )
    client.get(page)
    with django_assert_max_num_queries(18):
        shown = client.get(page)
    assert len(shown.context["talks"]["rows"]) == 30
    older = client.get(page, {"talks": shown.context["talks"]["older"]})
    assert len(older.context["talks"]["rows"]) == 10
    assert client.get(page, {"talks": "x", "rounds": "9" * 60}).status_code == 200
