"""The room's printed sheets and its part of the phase report."""

from typing import Any

from django.db.models import Count, Q, Sum
from django.http import Http404
from django.shortcuts import get_object_or_404

from campaign.models import Campaign, Participation, Phase
from campaign.reports.sections import ReportSection, report_sections
from evaluation.actions.review import note_opening
from evaluation.models import Meeting, OpinionRound, SelfAnalysis, Talk
from evaluation.sections import sections_for
from evaluation.states import counts
from members.models import Organization
from portal.documents import Document, Params, documents
from portal.paging import is_number
from portal.paper_totals import PAPER_FIELDS, PaperTotals


def find_analysis(params: Params, user: Any) -> SelfAnalysis:
    """The analysis ``analysis`` (primary key), if the user is its author or reviewer; otherwise ``Http404``."""
    key = params.get("analysis", "")
    if not is_number(key):
        raise Http404
    return get_object_or_404(SelfAnalysis.objects.visible_to(user).with_author(), pk=int(key))


def analysis_sheet(analysis: SelfAnalysis, params: Params, user: Any) -> dict[str, Any]:
    """Body by section, in paragraphs: what is saved to the author, what was handed in to a reviewer, who is logged."""
    note_opening(analysis=analysis, by=user)
    own = analysis.is_own(user)
    texts = dict(analysis.sections.values_list("key", "text")) if own else analysis.handed_in()
    return {
        "analysis": analysis,
        "person": analysis.participation.member,
        "parts": [(spec.title, texts.get(spec.key, "").split("\n")) for spec in sections_for(analysis.participation)],
        "unfinished": own and analysis.can_be_written,
    }


documents.register(
    Document(
        code="self-analysis",
        label="党性分析材料",
        find=find_analysis,
        title=lambda analysis: f"党性分析材料（{analysis.participation.member}）",
        template="evaluation/print/self_analysis.html",
        data=analysis_sheet,
        look="official",
    )
)


def evaluation_figures(campaign: Campaign, node: Organization, phase: Phase | None) -> dict[str, Any] | None:
    """Opinion rounds, talks, meetings and states of analyses under ``node``: numbers only, in four queries."""
    here = {"enrolment__campaign": campaign, "enrolment__organization__path__startswith": node.path}
    rounds = OpinionRound.objects.filter(**here).aggregate(
        times=Count("pk"),
        asked=Sum("asked"),
        received=Sum("received"),
        open=Count("pk", filter=Q(passed_on=None)),
        **{name: Sum(name) for name in PAPER_FIELDS},
    )
    talks = Talk.objects.filter(**here).count()
    meetings = Meeting.objects.filter(**here).aggregate(
        life=Count("pk", filter=Q(kind=Meeting.Kind.ORGANIZATION_LIFE)),
        democratic=Count("pk", filter=Q(kind=Meeting.Kind.DEMOCRATIC_LIFE)),
        expected=Sum("expected"),
        present=Sum("present"),
    )
    analyses = counts(Participation.objects.filter(**here).active())
    begun = any(number for code, _, number in analyses if code != "not-handed-in")
    if not (rounds["times"] or talks or meetings["life"] or meetings["democratic"] or begun):
        return None
    paper = str(PaperTotals.of(rounds))
    return {"rounds": rounds, "paper": paper, "talks": talks, "meetings": meetings, "analyses": analyses}


report_sections.register(
    ReportSection("evaluation", 20, "分析评议开展情况", evaluation_figures, "evaluation/print/_report_evaluation.html")
)
