"""The printed analysis, the report's section, the home panel and the reminders."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import Http404
from django.template.loader import render_to_string
from django.utils import timezone

from campaign.models import Campaign
from campaign.reports.sections import report_sections
from campaign.units.own import own_participation
from evaluation.actions import review
from evaluation.entries import own_analysis, waiting_for
from evaluation.models import Meeting, OpinionRound, SelfAnalysis, Talk
from evaluation.registry import analysis_links, links_from
from evaluation.reminders import analyses_waiting
from members.models import User
from portal.actions.notice import collect
from portal.documents import documents
from portal.models import DayException, Notice, ReadLog
from portal.printing import render_pdf
from tests.evaluation.places import Place


def sheet(analysis: SelfAnalysis, user: User) -> str:
    document = documents["self-analysis"]
    params = {"analysis": str(analysis.pk)}
    found = document.find(params, user)
    assert document.data is not None
    return render_to_string(document.template, document.data(found, params, user) | {"title": document.title(found)})


def test_author_and_reviewer_print_it_and_nobody_else(place: Place) -> None:
    analysis = place.hand_in(place.author, "印出来的话")
    assert "印出来的话·roots" in sheet(analysis, place.author)
    assert not ReadLog.objects.exists()
    assert "印出来的话·roots" in sheet(analysis, place.secretary)
    assert [log.reader for log in ReadLog.objects.all()] == [place.secretary]
    for user in (place.colleague, place.committee, place.outsider, place.superior):
        with pytest.raises(Http404):
            sheet(analysis, user)


@pytest.mark.parametrize("key", ["", "x", "9" * 30, "0"])
def test_a_bad_parameter_finds_nothing(place: Place, key: str) -> None:
    with pytest.raises(Http404):
        documents["self-analysis"].find({"analysis": key}, place.author)
    with pytest.raises(Http404):
        documents["self-analysis"].find({"analysis": key}, AnonymousUser())


def test_the_sheet_becomes_a_pdf(place: Place) -> None:
    analysis = place.hand_in(place.author, "第一段\n第二段 <script>")
    assert render_pdf(sheet(analysis, place.author), look="official").startswith(b"%PDF")


def test_the_report_counts_under_a_node_and_shows_no_words(place: Place) -> None:
    section = report_sections["evaluation"]
    assert section.build(place.campaign, place.city, None) is None
    place.hand_in(place.author, "报告里没有的话")
    common: dict[str, Any] = {"enrolment": place.enrolment, "by": place.secretary, "held_on": date(2005, 9, 1)}
    OpinionRound.objects.create(channel="forum", asked=20, received=6, **common)
    Talk.objects.create(one=place.own(place.author), other=place.own(place.secretary), **common)
    Meeting.objects.create(chair="书记", expected=4, present=3, outcome="报告里没有的话", **common)
    data = section.build(place.campaign, place.general, None)
    assert data is not None
    shown = render_to_string(section.template, data)
    assert "征求意见1次，征求20人次，收到意见6条；其中1次的意见尚未向本人反馈" in shown
    assert "谈心1次" in shown
    assert "应到4人次、实到3人次" in shown
    assert {code: number for code, _, number in data["analyses"]}["submitted"] == 1
    assert "报告里没有的话" not in shown


def test_the_home_panel_lists_what_waits(place: Place) -> None:
    assert waiting_for(place.secretary) is None
    analysis = place.hand_in(place.author)
    panel = waiting_for(User.objects.get(pk=place.secretary.pk))
    assert panel is not None
    assert [row.pk for row in panel["waiting"]] == [analysis.pk]
    assert waiting_for(place.author) is None
    assert waiting_for(User.objects.get(pk=place.superior.pk)) is None


def test_the_menu_leads_those_who_take_part_to_their_own(place: Place) -> None:
    assert own_analysis(place.author) == f"/participations/{place.own(place.author).pk}/self-analysis/"
    Campaign.objects.update(state=Campaign.State.CLOSED)
    assert own_participation(User.objects.get(pk=place.author.pk)) is None


def test_reviewers_hear_of_what_waits_too_long_once_a_week(place: Place) -> None:
    today = timezone.localdate()
    for day in (today, today + timedelta(days=7)):
        DayException.objects.create(day=day, working=True)
    for author in (place.author, place.colleague):
        place.hand_in(author)
    Notice.objects.all().delete()
    collect(today=today)
    assert not Notice.objects.filter(kind="党性分析").exists()
    SelfAnalysis.objects.update(submitted_at=timezone.now() - timedelta(days=4))
    for _ in range(2):
        collect(today=today)
    notice = Notice.objects.get(kind="党性分析")
    assert notice.recipient == place.secretary
    assert "2份党性分析材料提交已超过3天" in notice.text
    assert len(list(analyses_waiting(today + timedelta(days=7)))) == 1
    collect(today=today + timedelta(days=7))
    assert Notice.objects.filter(kind="党性分析").count() == 2
    for analysis in SelfAnalysis.objects.with_author():
        review.accept(analysis=analysis, remarks={}, by=place.secretary)
    assert list(analyses_waiting(today + timedelta(days=20))) == []


def test_rooms_above_can_add_links(place: Place) -> None:
    analysis = place.hand_in(place.author)

    def offer(subject: SelfAnalysis, user: User) -> list[tuple[str, str]]:
        return [("下一步", f"/next/{subject.pk}/")] if subject.is_own(user) else []

    analysis_links.register(offer)
    try:
        assert ("下一步", f"/next/{analysis.pk}/") in links_from(analysis, place.author)
        assert ("下一步", f"/next/{analysis.pk}/") not in links_from(analysis, place.secretary)
    finally:
        analysis_links._functions.remove(offer)
