"""Writing one's self-analysis: who may, that it is sealed, and that nothing typed is ever lost."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from campaign.models import Campaign, Participation
from campaign.progress.writing import Figures
from evaluation.actions import self_analysis as actions
from evaluation.models import Revision, Section, SelfAnalysis
from members.models import MemberTag, User
from portal.models import Notice
from tests import factories as make
from tests.clients import signed_in
from tests.evaluation.places import KEYS, Place

FETCH = {"HTTP_X_REQUESTED_WITH": "fetch"}


def url(name: str, own: Participation) -> str:
    return reverse(name, args=[own.pk])


def typing(client: Client, own: Participation, text: str, base: int, key: str = "review") -> Any:
    return client.post(url("self-analysis-save", own), {"key": key, "text": text, "base": base}, **FETCH)


def whole_form(text: str = "写了", base: int = 0) -> dict[str, Any]:
    return {f"text-{key}": f"{text}{key}" for key in KEYS} | {f"base-{key}": base for key in KEYS}


def test_only_the_author_opens_the_writing_page(place: Place) -> None:
    page = url("self-analysis-edit", place.own(place.author))
    assert signed_in(place.author).get(page).status_code == 200
    assert signed_in(place.colleague).get(page).status_code == 404
    assert signed_in(place.outsider).get(page).status_code == 404
    assert signed_in(place.secretary).get(page).status_code == 403
    assert signed_in(place.committee).get(page).status_code == 403
    assert "sign-in" in Client().get(page).headers["Location"]


@pytest.mark.parametrize("name", ["self-analysis-save", "self-analysis-submit"])
def test_only_the_author_writes(place: Place, name: str) -> None:
    own = place.own(place.author)
    for user, status in [(place.colleague, 404), (place.outsider, 404), (place.secretary, 403), (place.committee, 403)]:
        answer = signed_in(user).post(url(name, own), {"key": "review", "text": "冒名", "base": 0} | whole_form("冒名"))
        assert answer.status_code == status
    assert not SelfAnalysis.objects.exists()


def test_opening_the_page_writes_nothing(place: Place) -> None:
    signed_in(place.author).get(url("self-analysis-edit", place.own(place.author)))
    assert not SelfAnalysis.objects.exists()


def test_the_page_names_those_who_can_read(place: Place) -> None:
    page = signed_in(place.author).get(url("self-analysis-edit", place.own(place.author))).content.decode()
    assert "书记（第一党支部 · 支部书记）" in page
    assert "总支书记" not in page
    assert "还没有人打开过" in page


def test_leading_cadres_are_asked_for_more_and_told_that_those_above_read(place: Place) -> None:
    MemberTag.objects.create(member=place.author.member, kind=MemberTag.Kind.LEADER)
    page = signed_in(place.author).get(url("self-analysis-edit", place.own(place.author))).content.decode()
    assert "权力观" in page
    assert "总支书记（机关党总支" in page
    other = signed_in(place.colleague).get(url("self-analysis-edit", place.own(place.colleague))).content.decode()
    assert "世界观" in other
    assert "权力观" not in other


def test_texts_are_sealed_in_the_database(place: Place) -> None:
    own = place.own(place.author)
    words = "我在学习上不够刻苦"
    typing(signed_in(place.author), own, words, 0)
    for table in ("evaluation_section", "evaluation_revision"):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT text FROM {table}")
            raw = [bytes(row[0]) for row in cursor.fetchall()]
        assert len(raw) == 1
        assert words.encode() not in raw[0]
        assert len(raw[0]) > len(words.encode())
    assert Section.objects.get().text == words


def test_autosave_says_when_and_keeps_every_version(place: Place) -> None:
    client, own = signed_in(place.author), place.own(place.author)
    first = typing(client, own, "第一句。", 0).json()
    assert (first["outcome"], first["version"]) == ("saved", 1)
    assert len(first["saved_at"]) == 5
    assert typing(client, own, "换了一种写法。", 1).json()["version"] == 2
    assert [r.text for r in Revision.objects.order_by("pk")] == ["第一句。", "换了一种写法。"]
    assert "换了一种写法。" in client.get(url("self-analysis-edit", own)).content.decode()


def test_typing_on_shares_a_version_that_holds_everything(place: Place) -> None:
    client, own = signed_in(place.author), place.own(place.author)
    typing(client, own, "第一句。", 0)
    typing(client, own, "第一句。第二句。", 1)
    typing(client, own, "开头。第一句。第二句。", 2)
    assert [r.text for r in Revision.objects.all()] == ["开头。第一句。第二句。"]
    typing(client, own, "开头。第二句。", 3)
    assert [r.text for r in Revision.objects.order_by("pk")] == ["开头。第一句。第二句。", "开头。第二句。"]


def test_a_save_whose_answer_was_lost_can_be_sent_again(place: Place) -> None:
    client, own = signed_in(place.author), place.own(place.author)
    typing(client, own, "第一句。", 0)
    again = typing(client, own, "第一句。", 0)
    assert again.status_code == 200
    assert again.json()["version"] == 1
    assert Revision.objects.count() == 1


def test_two_windows_lose_nothing(place: Place) -> None:
    client, own = signed_in(place.author), place.own(place.author)
    typing(client, own, "甲窗口写的", 0)
    clash = typing(client, own, "乙窗口写的", 0)
    assert clash.status_code == 409
    assert (clash.json()["text"], clash.json()["yours"], clash.json()["version"]) == ("甲窗口写的", "乙窗口写的", 1)
    assert Section.objects.get().text == "甲窗口写的"
    assert Revision.objects.get(kind="conflict").text == "乙窗口写的"
    history = client.get(reverse("self-analysis-history", args=[own.pk, "review"])).content.decode()
    assert "甲窗口写的" in history
    assert "乙窗口写的" in history
    assert typing(client, own, "甲窗口写的\n\n乙窗口写的", 1).json()["version"] == 2


def test_two_windows_without_scripts_see_both_texts(place: Place) -> None:
    client, own = signed_in(place.author), place.own(place.author)
    page = url("self-analysis-edit", own)
    client.post(page, whole_form("甲"))
    clash = client.post(page, whole_form("乙"))
    shown = clash.content.decode()
    assert clash.status_code == 409
    assert "甲review" in shown
    assert "\n乙review</textarea>" in shown
    assert 'name="base-review" value="1"' in shown
    assert client.post(page, whole_form("乙", 1)).status_code == 302
    assert {s.text for s in Section.objects.all()} == {f"乙{key}" for key in KEYS}
    assert Revision.objects.filter(kind="saved").count() == 2 * len(KEYS)


def test_line_ends_of_a_form_are_no_conflict(place: Place) -> None:
    client, own = signed_in(place.author), place.own(place.author)
    typing(client, own, "一\n二", 0)
    answer = client.post(url("self-analysis-edit", own), {"text-review": "一\r\n二", "base-review": 0})
    assert answer.status_code == 302
    assert Section.objects.get().version == 1


@pytest.mark.parametrize("base", ["", "-1", "9" * 40, "甲"])
def test_a_forged_version_is_a_conflict_not_an_error(place: Place, base: str) -> None:
    own = place.own(place.author)
    answer = signed_in(place.author).post(url("self-analysis-save", own), {"key": "review", "text": "字", "base": base})
    assert answer.status_code == 409
    assert Revision.objects.get().text == "字"


def test_an_unknown_section_is_refused(place: Place) -> None:
    answer = typing(signed_in(place.author), place.own(place.author), "字", 0, key="other")
    assert answer.status_code == 400
    assert "刷新" in answer.json()["message"]


def test_an_earlier_version_comes_back_as_the_newest(place: Place) -> None:
    client, own = signed_in(place.author), place.own(place.author)
    typing(client, own, "原来的文字", 0)
    typing(client, own, "后来的文字", 1)
    old = Revision.objects.get(version=1)
    restore = reverse("self-analysis-restore", args=[old.pk])
    assert signed_in(place.secretary).post(restore).status_code == 404
    assert client.post(restore, follow=True).status_code == 200
    assert Section.objects.get().text == "原来的文字"
    assert Section.objects.get().version == 3
    assert [r.text for r in Revision.objects.order_by("pk")] == ["原来的文字", "后来的文字", "原来的文字"]


def test_history_is_the_authors_alone_and_comes_in_pages(place: Place) -> None:
    client, own = signed_in(place.author), place.own(place.author)
    for n in range(25):
        typing(client, own, f"{n}版", n)
    page = reverse("self-analysis-history", args=[own.pk, "review"])
    assert signed_in(place.secretary).get(page).status_code == 403
    first = client.get(page)
    assert first.content.decode().count("<details") >= 20
    older = client.get(page, {"before": first.context["older"]}).content.decode()
    assert ">0版<" in older
    assert client.get(page, {"before": "甲"}).status_code == 200


def test_a_session_that_expired_loses_nothing(place: Place) -> None:
    client, own = signed_in(place.author), place.own(place.author)
    page = url("self-analysis-edit", own)
    token = client.get(page).context["kept_for"]
    client.post(reverse("self-analysis-save", args=[own.pk]), {"key": "review", "text": "旧文字", "base": 0}, **FETCH)
    client.logout()
    form = whole_form("写到一半") | {"participation": own.pk, "kept_for": token, "kept_back": page}
    form["base-review"] = 1
    sent = client.post(url("self-analysis-submit", own), form)
    assert sent.status_code == 302
    assert page in sent.headers["Location"]
    client.force_login(place.author, backend="django.contrib.auth.backends.ModelBackend")
    found = client.get(page)
    assert "已经找回" in found.content.decode()
    assert "\n写到一半review</textarea>" in found.content.decode()
    assert Section.objects.get().text == "旧文字"
    assert "已经找回" not in client.get(page).content.decode()


def test_a_long_text_survives_an_expired_session(place: Place) -> None:
    client, own = signed_in(place.author), place.own(place.author)
    page, words = url("self-analysis-edit", own), "长" * 40_000
    token = client.get(page).context["kept_for"]
    client.logout()
    client.post(page, whole_form(words) | {"participation": own.pk, "kept_for": token, "kept_back": page})
    client.force_login(place.author, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(page).content.decode().count(words) == len(KEYS)


def test_an_expired_session_tells_the_script(place: Place) -> None:
    answer = typing(Client(), place.own(place.author), "字", 0)
    assert answer.status_code == 401


def test_kept_text_of_another_person_is_not_shown(place: Place) -> None:
    client, own = signed_in(place.author), place.own(place.author)
    page = url("self-analysis-edit", own)
    token = client.get(page).context["kept_for"]
    client.logout()
    client.post(page, whole_form("我的话") | {"participation": own.pk, "kept_for": token, "kept_back": page})
    client.force_login(place.colleague, backend="django.contrib.auth.backends.ModelBackend")
    assert "我的话" not in client.get(url("self-analysis-edit", place.own(place.colleague))).content.decode()


def test_empty_sections_are_named_and_the_rest_is_saved(place: Place) -> None:
    client, own = signed_in(place.author), place.own(place.author)
    answer = client.post(url("self-analysis-submit", own), whole_form() | {"text-roots": "  \r\n"})
    assert answer.status_code == 422
    assert "下列部分还没有写：思想根源剖析。" in answer.content.decode()
    assert SelfAnalysis.objects.get().state == "draft"
    assert Section.objects.get(key="review").text == "写了review"
    assert place.figures("analysis-submitted").done == 0


def test_handing_in_twice_is_handing_in_once(place: Place) -> None:
    client, own = signed_in(place.author), place.own(place.author)
    for _ in range(2):
        assert client.post(url("self-analysis-submit", own), whole_form()).status_code == 302
    assert SelfAnalysis.objects.get().state == "submitted"
    assert Notice.objects.filter(recipient=place.secretary).count() == 1
    assert Notice.objects.count() == 1
    assert Revision.objects.filter(kind="submitted").count() == len(KEYS)
    assert place.figures("analysis-submitted") == Figures(1, 0, 6)


def test_what_another_window_still_held_at_handing_in_is_kept_beside(place: Place) -> None:
    own = place.own(place.author)
    place.hand_in(place.author)
    answer = typing(signed_in(place.author), own, "还有一句没来得及", 1)
    assert answer.status_code == 409
    assert answer.json()["outcome"] == "closed"
    assert Revision.objects.get(kind="conflict").text == "还有一句没来得及"
    assert "还有一句" not in Section.objects.get(key="review").text


def test_nothing_is_written_after_the_campaign_is_over(place: Place) -> None:
    Campaign.objects.filter(pk=place.campaign.pk).update(state=Campaign.State.CLOSED)
    client, own = signed_in(place.author), place.own(place.author)
    assert typing(client, own, "字", 0).json()["outcome"] == "closed"
    assert client.post(url("self-analysis-submit", own), whole_form(), follow=True).status_code == 200
    assert not SelfAnalysis.objects.exists()


def test_the_page_asks_the_database_the_same_whatever_was_written(
    place: Place, django_assert_max_num_queries: Any
) -> None:
    client, own = signed_in(place.author), place.own(place.author)
    page = url("self-analysis-edit", own)
    for n in range(12):
        typing(client, own, f"{n}", n)
    client.get(page)
    with django_assert_max_num_queries(24):
        client.get(page)


def test_names_are_those_of_people_who_can_sign_in(place: Place) -> None:
    User.objects.filter(pk=place.secretary.pk).update(is_active=False)
    page = signed_in(place.author).get(url("self-analysis-edit", place.own(place.author))).content.decode()
    assert "总支书记（机关党总支" in page, "a branch without a reviewer is left to the one above"


def test_markup_in_a_text_stays_text(place: Place) -> None:
    client, own = signed_in(place.author), place.own(place.author)
    typing(client, own, "</textarea><script>alert(1)</script>", 0)
    assert "<script>alert" not in client.get(url("self-analysis-edit", own)).content.decode()


def test_only_additions_share_a_version() -> None:
    assert actions.only_adds("", "甲")
    assert actions.only_adds("甲乙", "甲丙乙")
    assert actions.only_adds("甲甲", "甲甲甲")
    assert not actions.only_adds("甲乙丙", "甲丙")
    assert not actions.only_adds("甲乙", "丙甲丁乙")
    assert not actions.only_adds("甲乙", "甲丙")


def test_a_person_without_a_branch_reviewer_is_told_so(place: Place) -> None:
    place.secretary.appointments.all().delete()
    place.superior.appointments.all().delete()
    make.hat("office", place.city)
    page = signed_in(place.author).get(url("self-analysis-edit", place.own(place.author))).content.decode()
    assert "目前没有任命审阅人" in page
