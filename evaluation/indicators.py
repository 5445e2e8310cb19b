"""What the records of evaluation can tell."""

from django.db.models import Exists, IntegerField, OuterRef, Q, Value
from django.db.models.functions import ExtractYear
from django.urls import reverse

from campaign.models import Enrolment, Participation
from evaluation.models import Meeting, OpinionRound, SelfAnalysis, Talk
from portal.indicators import Condition, Indicator, Parameter, Params, Subject, indicators

ANALYSIS_WITHIN = "analysis-within"


def analysis_in(*states: str) -> Exists:
    return Exists(SelfAnalysis.objects.filter(participation=OuterRef("pk"), state__in=states))


def analysis_submitted(params: Params) -> Condition:
    """The self-analysis lies with its reviewer or was accepted (S0 四 第二阶段)."""
    return analysis_in(SelfAnalysis.State.SUBMITTED, SelfAnalysis.State.ACCEPTED)


def analysis_accepted(params: Params) -> Condition:
    return analysis_in(SelfAnalysis.State.ACCEPTED)


def analysis_within(params: Params) -> Condition:
    """An analysis of this member, in whatever campaign, was accepted in this campaign's last year or the ``years`` - 1 calendar years
    before it (S4 一·二(二)3: 每5年集中开展一次)."""
    year = ExtractYear(OuterRef("campaign__ends_on"), output_field=IntegerField())
    accepted = SelfAnalysis.objects.filter(participation__member=OuterRef("member"), state=SelfAnalysis.State.ACCEPTED)
    in_years = accepted.annotate(year=ExtractYear("decided_at")).filter(year__gt=year - Value(int(params["years"])))
    return Exists(in_years)


def talked(params: Params) -> Condition:
    """Took part in at least one heart-to-heart talk (S0 四: 广泛开展谈心活动)."""
    return Q(Exists(Talk.objects.filter(one=OuterRef("pk")))) | Q(Exists(Talk.objects.filter(other=OuterRef("pk"))))


def opinions_passed_on(params: Params) -> Condition:
    """Opinions were sought, and every round was passed on to those concerned (S0 四: 如实向党员反馈)."""
    rounds = OpinionRound.objects.filter(enrolment=OuterRef("pk"))
    return Q(Exists(rounds)) & ~Q(Exists(rounds.filter(passed_on=None)))


def meeting_held(kind: str) -> Exists:
    return Exists(Meeting.objects.filter(enrolment=OuterRef("pk"), kind=kind))


def life_meeting_held(params: Params) -> Condition:
    return meeting_held(Meeting.Kind.ORGANIZATION_LIFE)


def democratic_meeting_held(params: Params) -> Condition:
    return meeting_held(Meeting.Kind.DEMOCRATIC_LIFE)


def own_analysis(participation: Participation) -> str:
    return reverse("self-analysis-edit", args=[participation.pk])


def evaluation_page(enrolment: Enrolment) -> str:
    return reverse("evaluation-records", args=[enrolment.pk])


def analyses(participation: Participation) -> str:
    return reverse("self-analysis-list", args=[participation.enrolment_id])


def talks(participation: Participation) -> str:
    return reverse("evaluation-records", args=[participation.enrolment_id])


PERSON, ORGANIZATION = Subject.PERSON, Subject.ORGANIZATION
indicators.register(
    Indicator(
        "analysis-submitted", "提交党性分析材料", PERSON, analysis_submitted, link=own_analysis, evidence=analyses
    )
)
indicators.register(
    Indicator("analysis-accepted", "党性分析材料通过", PERSON, analysis_accepted, link=own_analysis, evidence=analyses)
)
indicators.register(
    Indicator(
        ANALYSIS_WITHIN,
        "若干年内参加过党性分析评议",
        PERSON,
        analysis_within,
        parameters=(Parameter("years", "年数", 5),),
        link=own_analysis,
        evidence=analyses,
    )
)
indicators.register(Indicator("talk-held", "开展谈心", PERSON, talked, evidence=talks))
indicators.register(
    Indicator(
        "opinions-passed-on",
        "征求意见并如实反馈",
        ORGANIZATION,
        opinions_passed_on,
        link=evaluation_page,
        evidence=evaluation_page,
    )
)
indicators.register(
    Indicator(
        "life-meeting-held",
        "召开专题组织生活会",
        ORGANIZATION,
        life_meeting_held,
        link=evaluation_page,
        evidence=evaluation_page,
    )
)
indicators.register(
    Indicator(
        "democratic-meeting-held",
        "召开专题民主生活会",
        ORGANIZATION,
        democratic_meeting_held,
        link=evaluation_page,
        evidence=evaluation_page,
    )
)
