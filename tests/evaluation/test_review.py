"""Reviewing an analysis: who may, that each opening is told to its author, and that figures follow at once."""

from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse

from campaign.models import Participation
from campaign.progress.writing import Figures
from evaluation.actions import review as actions
from evaluation.actions import self_analysis as writing
from evaluation.models import Remark, SelfAnalysis
from evaluation.reviewers import nearest, reviewers
from members.models import MemberTag, User
from portal.models import AuditEntry, Notice, ReadLog
from tests import factories as make
from tests.clients import signed_in
from tests.evaluation.places import KEYS, Place, build


def page_of(analysis: SelfAnalysis) -> str:
    return reverse("self-analysis-review", args=[analysis.pk])


def test_the_reviewer_reads_and_nobody_else(place: Place) -> None:
    analysis = place.hand_in(place.author, "只给审阅人看")
    page = page_of(analysis)
    assert "只给审阅人看·roots" in signed_in(place.secretary).get(page).content.decode()
    for user in (place.colleague, place.committee, place.outsider, place.superior, make.hat("office", place.city)):
        assert signed_in(user).get(page).status_code == 404
        assert signed_in(user).post(page, {"decision": "accept"}).status_code == 404
    assert signed_in(place.author).get(page).status_code == 403
    assert signed_in(make.hat("administrator", place.city)).get(page).status_code == 404


def test_a_draft_is_read_by_nobody(place: Place) -> None:
    own = place.write(place.author)
    analysis = SelfAnalysis.objects.get(participation=own)
    assert signed_in(place.secretary).get(page_of(analysis)).status_code == 404


def test_a_revoked_appointment_ends_at_the_next_request(place: Place) -> None:
    analysis = place.hand_in(place.author)
    client = signed_in(place.secretary)
    assert client.get(page_of(analysis)).status_code == 200
    place.secretary.appointments.update(revoked_at="2005-09-01T00:00Z")
    assert client.get(page_of(analysis)).status_code in {403, 404}


def test_every_opening_is_told_to_the_author(place: Place) -> None:
    analysis = place.hand_in(place.author)
    for _ in range(2):
        signed_in(place.secretary).get(page_of(analysis))
    client = signed_in(place.author)
    page = client.get(reverse("self-analysis-edit", args=[analysis.participation_id])).content.decode()
    assert page.count("第一党支部 · 支部书记</div>") == 2
    assert ReadLog.objects.filter(reader=place.author).count() == 0


def test_sent_back_handed_in_again_and_accepted(place: Place) -> None:
    analysis = place.hand_in(place.author)
    secretary = signed_in(place.secretary)
    assert place.figures("analysis-submitted") == Figures(1, 0, 6)
    sent = secretary.post(page_of(analysis), {"remark-problems": "请写具体的事", "decision": "return"})
    assert sent.status_code == 302
    assert place.figures("analysis-submitted") == Figures(0, 0, 6)
    own = analysis.participation
    edit = reverse("self-analysis-edit", args=[own.pk])
    author = signed_in(place.author)
    assert "请写具体的事" in author.get(edit).content.decode()
    writing.save_section(participation=own, key="problems", base=1, text="具体的事", by=place.author)
    assert author.post(reverse("self-analysis-submit", args=[own.pk])).status_code == 302
    assert place.figures("analysis-submitted") == Figures(1, 0, 6)
    assert place.figures("analysis-accepted") == Figures(0, 0, 6)
    assert "具体的事" in secretary.get(page_of(analysis)).content.decode()
    assert secretary.post(page_of(analysis), {"decision": "accept"}).status_code == 302
    assert place.figures("analysis-accepted") == Figures(1, 0, 6)
    texts = list(Notice.objects.filter(recipient=place.author).order_by("pk").values_list("text", flat=True))
    assert [("退回" in text, "通过" in text) for text in texts] == [(True, False), (False, True)]
    assert "已通过" in author.get(edit).content.decode()


def test_while_it_is_being_rewritten_reviewers_read_what_was_handed_in(place: Place) -> None:
    analysis = place.hand_in(place.author)
    actions.send_back(analysis=analysis, remarks={"": "再想想"}, by=place.secretary)
    own = analysis.participation
    writing.save_section(participation=own, key="review", base=1, text="改到一半的话", by=place.author)
    page = signed_in(place.secretary).get(page_of(analysis)).content.decode()
    assert "改到一半的话" not in page
    assert "我的思想情况·review" in page
    assert "退回修改</button>" not in page


def test_sending_back_needs_a_remark(place: Place) -> None:
    analysis = place.hand_in(place.author)
    answer = signed_in(place.secretary).post(page_of(analysis), {"remark-": "  ", "decision": "return"})
    assert answer.status_code == 422
    assert "至少写一条意见" in answer.content.decode()
    assert SelfAnalysis.objects.get().state == "submitted"


def test_remarks_are_sealed_and_stay_out_of_notices_and_the_audit_trail(place: Place) -> None:
    analysis = place.hand_in(place.author)
    actions.send_back(analysis=analysis, remarks={"": "一句私下的话"}, by=place.secretary)
    assert Remark.objects.get().text == "一句私下的话"
    with connection.cursor() as cursor:
        cursor.execute("SELECT text FROM evaluation_remark")
        assert "一句私下的话".encode() not in bytes(cursor.fetchone()[0])
    assert not any("私下" in text for text in Notice.objects.values_list("text", flat=True))
    assert not any("私下" in str(details) for details in AuditEntry.objects.values_list("details", flat=True))


def test_nobody_reviews_their_own(place: Place) -> None:
    analysis = place.hand_in(place.secretary)
    client = signed_in(place.secretary)
    assert client.get(page_of(analysis)).status_code == 403
    assert client.post(page_of(analysis), {"decision": "accept"}).status_code == 403
    listed = client.get(reverse("self-analysis-list", args=[place.enrolment.pk])).content.decode()
    assert "请由上级党组织负责人审阅" in listed
    assert page_of(analysis) not in listed
    own_page = client.get(reverse("self-analysis-edit", args=[analysis.participation_id])).content.decode()
    assert "总支书记（机关党总支" in own_page
    superior = signed_in(place.superior)
    superior.get(page_of(analysis))
    assert ReadLog.objects.get().capacity == "机关党总支 · 书记"
    assert superior.post(page_of(analysis), {"decision": "accept"}).status_code == 302
    assert SelfAnalysis.objects.get().state == "accepted"


def test_another_reviewer_of_the_branch_may_decide_on_the_secretarys(place: Place) -> None:
    deputy = make.hat("secretary", place.home, of=make.member(place.home, "副书记"))
    analysis = place.hand_in(place.secretary)
    assert signed_in(deputy).post(page_of(analysis), {"decision": "accept"}).status_code == 302


def test_whom_the_page_names_is_whom_the_portal_lets_in(place: Place) -> None:
    MemberTag.objects.create(member=place.colleague.member, kind=MemberTag.Kind.LEADER)
    for author in (place.author, place.colleague, place.secretary, place.outsider):
        analysis = place.hand_in(author)
        named = {hat.user_id for hat in reviewers(analysis.participation)}
        let_in = {
            user.pk
            for user in User.objects.exclude(pk=author.pk)
            if SelfAnalysis.objects.visible_to(user).filter(pk=analysis.pk).exists()
        }
        assert named == let_in, author
        assert named or author == place.outsider, "only the secretary of «away» has nobody above"


def test_the_nearest_are_told_when_it_is_handed_in(place: Place) -> None:
    MemberTag.objects.create(member=place.author.member, kind=MemberTag.Kind.LEADER)
    analysis = place.hand_in(place.author)
    assert [hat.user for hat in nearest(analysis.participation)] == [place.secretary]
    assert [notice.recipient for notice in Notice.objects.all()] == [place.secretary]


def test_the_second_decision_writes_nothing(place: Place) -> None:
    analysis = place.hand_in(place.author)
    client = signed_in(place.secretary)
    client.get(page_of(analysis))
    actions.accept(analysis=SelfAnalysis.objects.with_author().get(), remarks={}, by=place.secretary)
    late = client.post(page_of(analysis), {"remark-": "我要退回", "decision": "return"})
    assert "没有生效" in late.content.decode()
    assert "我要退回" in late.content.decode(), "what was typed stays on the page"
    assert SelfAnalysis.objects.get().state == "accepted"
    assert not Remark.objects.exists()
    assert Notice.objects.filter(recipient=place.author).count() == 1


@pytest.mark.django_db(transaction=True)
def test_accepting_and_sending_back_at_once_leaves_one_decision() -> None:
    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        pytest.skip("threads share no database in memory")
    place = build()
    analysis = place.hand_in(place.author)
    outcomes: list[str] = []
    barrier = Barrier(2)

    def decide(name: str, action: Any) -> None:
        own = SelfAnalysis.objects.with_author().get(pk=analysis.pk)
        barrier.wait()
        try:
            action(analysis=own, remarks={"": name}, by=place.secretary)
            outcomes.append(name)
        except actions.AlreadyDecided:
            pass
        finally:
            connection.close()

    threads = [
        Thread(target=decide, args=(name, action))
        for name, action in (("accepted", actions.accept), ("returned", actions.send_back))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 1
    assert SelfAnalysis.objects.get().state == outcomes[0]
    assert [remark.text for remark in Remark.objects.all()] == outcomes
    assert place.figures("analysis-accepted").done == (outcomes == ["accepted"])


def test_the_list_shows_states_and_no_texts(place: Place) -> None:
    place.hand_in(place.author, "不该出现的文字")
    place.write(place.colleague, "不该出现的文字")
    page = reverse("self-analysis-list", args=[place.enrolment.pk])
    shown = signed_in(place.secretary).get(page)
    states = {row.participation.member.name: row.label for row in shown.context["rows"]}
    assert states == {"王芳": "待审阅", "李强": "未提交", "委员甲": "未提交", "书记": "未提交"}
    assert "不该出现的文字" not in shown.content.decode()
    assert "2005年12月31日（已过）" in shown.content.decode()
    only = signed_in(place.secretary).get(page, {"state": "submitted"})
    assert [row.participation.member.name for row in only.context["rows"]] == ["王芳"]
    assert signed_in(place.secretary).get(page, {"state": "x", "after": "甲"}).status_code == 200
    assert signed_in(place.colleague).get(page).status_code == 403
    assert signed_in(place.committee).get(page).status_code == 403
    assert signed_in(place.outsider).get(page).status_code == 404


def test_the_list_asks_the_database_the_same_for_more_people(place: Place, django_assert_max_num_queries: Any) -> None:
    client = signed_in(place.secretary)
    page = reverse("self-analysis-list", args=[place.enrolment.pk])
    for n in range(30):
        make.participation(place.enrolment, f"党员{n}")
    for own in Participation.objects.filter(enrolment=place.enrolment)[:20]:
        SelfAnalysis.objects.get_or_create(participation=own, defaults={"state": "submitted"})
    client.get(page)
    with django_assert_max_num_queries(20):
        assert len(client.get(page).context["rows"]) == 34


def test_a_long_list_comes_in_pages(place: Place) -> None:
    for n in range(110):
        make.member(place.home, f"党员{n}")
    make.participation(place.enrolment, "最后一位")
    client, page = signed_in(place.secretary), reverse("self-analysis-list", args=[place.enrolment.pk])
    first = client.get(page)
    assert len(first.context["rows"]) == 100
    rest = client.get(first.context["pager"].next_url).context["rows"]
    assert len(rest) == 15
    assert rest[-1].participation.member.name == "最后一位"


def test_all_sections_reach_the_reviewer(place: Place) -> None:
    page = signed_in(place.secretary).get(page_of(place.hand_in(place.author))).content.decode()
    assert all(f"我的思想情况·{key}" in page for key in KEYS)
