"""What the campaign's records can tell: preparation and study."""

from functools import reduce
from operator import or_

from django.db.models import Count, Exists, IntegerField, OuterRef, Q, Value
from django.db.models.functions import ExtractYear
from django.urls import reverse

from campaign.models import (
    Attendance,
    Enrolment,
    LeadingGroup,
    Material,
    Participation,
    Reading,
    StudyNote,
    StudySession,
    Training,
)
from campaign.models.material import groups
from campaign.study.records import ALSO, DAY_HOURS, collective_minutes, people_with, studied_minutes
from portal.indicators import Condition, Indicator, Parameter, Params, Subject, indicators


def plan_filed(params: Params) -> Condition:
    """The implementation plan was filed with the superior (S2 四: 备案)."""
    return Q(plan_filed_on__isnull=False)


def leading_group_named(params: Params) -> Condition:
    """Leading group named; its head is the one in charge of the organisation (S2 四)."""
    here = LeadingGroup.objects.named().filter(campaign=OuterRef("campaign"), organization=OuterRef("organization"))
    return Exists(here)


def surveyed(params: Params) -> Condition:
    """Members and problems were surveyed before the start (S2 三1)."""
    return ~Q(survey_note="")


def sessions_held(params: Params) -> Condition:
    """At least ``minimum`` sessions of the ``forms`` were held (all forms when empty)."""
    held = StudySession.objects.filter(enrolment=OuterRef("pk"))
    if params["forms"]:
        held = held.filter(form__in=params["forms"])
    if params["minimum"] <= 1:
        return Exists(held)
    enough = held.order_by().values("enrolment").annotate(n=Count("pk")).filter(n__gte=params["minimum"])
    return Exists(enough.values("enrolment"))


def attended_all(params: Params) -> Condition:
    """Was at one session or more, and made up for every one that was missed since they joined (S2 二3)."""
    own = Attendance.objects.filter(participation=OuterRef("pk"))
    if params["forms"]:
        own = own.filter(session__form__in=params["forms"])
    counted = Q(state__in=[*Attendance.PRESENT_STATES, Attendance.State.EXEMPT]) | Q(make_up__isnull=False)
    return Q(Exists(own.filter(counted))) & ~Q(Exists(own.owed(OuterRef("joined_on"))))


def studied_hours(params: Params) -> Condition:
    """Minutes attended or made up, with what else the campaign counts, reach ``hours`` (0 = off, the seeds prescribe none)."""
    return people_with(Value(int(params["hours"]) * 60), studied_minutes(params["also"]))


def studied_days(params: Params) -> Condition:
    """``days`` of collective education and training within the unit's dates, ``day_hours`` hours making a day (S4 三(四))."""
    day_minutes = int(params["day_hours"]) * 60
    return people_with(Value(int(params["days"]) * day_minutes), collective_minutes(day_minutes))


def trained_within(params: Params) -> Condition:
    """Went through a training that ended in this campaign's last year or the ``years`` - 1 calendar years before it
    (S4 三(一): 每3年轮训一次)."""
    year = ExtractYear(OuterRef("campaign__ends_on"), output_field=IntegerField())
    trained = Training.objects.filter(member=OuterRef("member")).annotate(year=ExtractYear("ends_on"))
    return Exists(trained.filter(year__gt=year - Value(int(params["years"])), year__lte=year))


def materials_read(params: Params) -> Condition:
    """Says to have read every required material of the groups they belong to."""
    read = Reading.objects.filter(participation=OuterRef(OuterRef("pk")), material=OuterRef("pk"))
    unread = [
        Q(group.applies()) & Q(Exists(Material.objects.asked_of_row(group).exclude(Exists(read)))) for group in groups()
    ]
    return ~reduce(or_, unread)


def wrote_note(params: Params) -> Condition:
    return Exists(StudyNote.objects.filter(participation=OuterRef("pk")))


def gave_lecture(params: Params) -> Condition:
    """Gave a lecture to the branch (S2 二5: 带头讲党课)."""
    forms = [StudySession.Form.LECTURE, StudySession.Form.REPORT, StudySession.Form.TUTORIAL]
    return Exists(StudySession.objects.filter(lecturer=OuterRef("pk"), form__in=forms))


STUDY_DAYS, TRAINED_WITHIN, MATERIALS_READ = "study-days", "trained-within", "materials-read"
PERSON, ORGANIZATION = Subject.PERSON, Subject.ORGANIZATION
FORMS = Parameter("forms", "学习形式", [], tuple(StudySession.Form.choices))


def enrolment_page(enrolment: Enrolment) -> str:
    return reverse("enrolment-detail", args=[enrolment.pk])


def preparation_page(enrolment: Enrolment) -> str:
    return reverse("enrolment-prepare", args=[enrolment.pk])


def session_page(enrolment: Enrolment) -> str:
    return reverse("study-session-create", args=[enrolment.pk])


def own_study(participation: Participation) -> str:
    return reverse("my-study", args=[participation.pk])


def own_account(participation: Participation) -> str:
    return reverse("study-account", args=[participation.member_id])


def own_readings(participation: Participation) -> str:
    return reverse("my-readings", args=[participation.pk])


def account(participation: Participation) -> str:
    return reverse("study-account", args=[participation.member_id])


def sessions(row: Participation | Enrolment) -> str:
    """The unit's sessions, of a unit and of a person in it."""
    unit = row.pk if isinstance(row, Enrolment) else row.enrolment_id
    return reverse("study-session-list", args=[unit])


def notes(participation: Participation) -> str:
    return reverse("study-note-list", args=[participation.enrolment_id])


def leading_group(enrolment: Enrolment) -> str:
    return reverse("leading-group-detail", args=[enrolment.campaign_id, enrolment.organization_id])


indicators.register(Indicator("plan-filed", "实施方案已备案", ORGANIZATION, plan_filed, link=preparation_page))
indicators.register(
    Indicator(
        "leading-group-named",
        "领导机构已成立",
        ORGANIZATION,
        leading_group_named,
        link=preparation_page,
        evidence=leading_group,
    )
)
indicators.register(Indicator("surveyed", "摸底调查已完成", ORGANIZATION, surveyed, link=preparation_page))
indicators.register(
    Indicator(
        "sessions-held",
        "已组织学习",
        ORGANIZATION,
        sessions_held,
        parameters=(FORMS, Parameter("minimum", "最少次数", 1)),
        link=session_page,
        evidence=sessions,
    )
)
indicators.register(
    Indicator(
        "study-attended", "参加集中学习", PERSON, attended_all, parameters=(FORMS,), link=own_study, evidence=account
    )
)
indicators.register(
    Indicator(
        "study-hours",
        "学习时数",
        PERSON,
        studied_hours,
        parameters=(Parameter("hours", "小时", 0), Parameter("also", "另计入", [], ALSO)),
        link=own_study,
        evidence=account,
    )
)
indicators.register(
    Indicator(
        STUDY_DAYS,
        "参加集体教育的天数",
        PERSON,
        studied_days,
        parameters=(Parameter("days", "天数", 12), Parameter("day_hours", "几小时算一天", DAY_HOURS)),
        link=own_account,
        evidence=account,
    )
)
indicators.register(
    Indicator(
        TRAINED_WITHIN,
        "若干年内参加过培训",
        PERSON,
        trained_within,
        parameters=(Parameter("years", "年数", 3),),
        link=own_account,
        evidence=account,
    )
)
indicators.register(
    Indicator(MATERIALS_READ, "学完必学材料", PERSON, materials_read, link=own_readings, evidence=account)
)
indicators.register(Indicator("study-note", "撰写学习心得", PERSON, wrote_note, link=own_study, evidence=notes))
indicators.register(Indicator("lecture-given", "讲党课", PERSON, gave_lecture, link=own_study, evidence=sessions))
