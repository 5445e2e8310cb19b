"""The printed ledger and its part of the phase report."""

from datetime import timedelta

import pytest
from django.http import Http404
from django.template.loader import render_to_string
from django.utils import timezone

from campaign.reports.sections import report_sections
from evaluation.models import SelfAnalysis
from evaluation.registry import links_from
from members.models import Organization
from portal.documents import documents
from portal.jobs import JobFailure
from portal.print_job import page_of
from rectification import documents as sheets
from rectification.actions import task as actions
from rectification.models import Task
from tests.rectification.conftest import Place


def test_the_sheet_shows_the_filtered_entries_and_no_private_ones(place: Place) -> None:
    place.go(place.task(problem="窗口无人"), ("start", place.worker))
    other = place.task(problem="作风不实", category="style")
    actions.edit(task=other, by=place.secretary, measure="另一个办法")
    place.own_task(problem="私下的话")
    document = documents["ledger"]
    assert document.formats == ("pdf", "xlsx")
    params = {"organization": str(place.home.pk), "whose": "personal"}
    node = document.find(params, place.secretary)
    html = page_of(document, node, params, place.secretary)
    assert "窗口无人" in html
    assert "已经落实" in html
    assert "私下的话" not in html
    html = page_of(document, node, params | {"category": "style"}, place.secretary)
    assert "作风不实" in html
    assert "窗口无人" not in html
    assert "问题类别：工作作风" in html
    assert document.tables is not None
    (table,) = document.tables(node, params, place.secretary)
    assert [row[2] for row in table.rows] == ["窗口无人", "作风不实"]
    assert [row[9] for row in table.rows] == ["已经落实", ""]
    assert all(len(row) == len(table.headings) for row in table.rows)


def test_a_foreign_node_is_not_found(place: Place) -> None:
    away = Organization.objects.get(name="第二党支部")
    with pytest.raises(Http404):
        documents["ledger"].find({"organization": str(away.pk)}, place.secretary)


def test_too_much_for_one_sheet_is_said(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.task()
    place.task()
    monkeypatch.setattr(sheets, "PDF_ROWS", 1)
    with pytest.raises(JobFailure, match="请缩小范围"):
        page_of(documents["ledger"], place.home, {"organization": str(place.home.pk)}, place.secretary)


def test_the_report_counts_problems_by_category(place: Place) -> None:
    section = report_sections["rectification"]
    root = Organization.objects.get(pk=place.root.pk)
    assert section.build(place.campaign, root, None) is None
    place.go(
        place.task(category="style"), ("start", place.worker), ("report", place.worker), ("confirm", place.secretary)
    )
    place.go(place.task(category="style"), ("explain", place.secretary), ("accept-explanation", place.office))
    late = place.task(category="service")
    Task.objects.filter(pk=late.pk).update(due_on=timezone.localdate() - timedelta(days=1))
    place.own_task(problem="私下的话")
    figures = section.build(place.campaign, root, None)
    assert figures is not None
    assert (figures["total"], figures["confirmed"], figures["explained"], figures["open"], figures["overdue"]) == (
        3,
        1,
        1,
        1,
        1,
    )
    assert [(row["label"], row["total"], row["open"]) for row in figures["rows"]] == [
        ("工作作风", 2, 0),
        ("服务群众", 1, 1),
    ]
    assert figures["personal"] == 1
    html = render_to_string(section.template, figures)
    assert "工作作风" in html
    assert "<svg" in html
    assert "私下的话" not in html
    away = Organization.objects.get(name="第二党支部")
    assert section.build(place.campaign, away, None) is None


def test_from_the_analysis_on_to_a_measure(place: Place) -> None:
    analysis = SelfAnalysis.objects.create(participation=place.of(place.worker), state=SelfAnalysis.State.SUBMITTED)
    assert [label for label, _ in links_from(analysis, place.worker)] == ["据此制定整改措施"]
    assert [label for label, _ in links_from(analysis, place.secretary)] == ["据此登记支部整改事项"]
    assert links_from(analysis, place.colleague) == []
