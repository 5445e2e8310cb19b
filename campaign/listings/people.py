"""Lists of people: who has no place, who takes part in another way, and what was waived."""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.urls import reverse
from django.utils import timezone

from campaign.listings.listing import Act, Choices, Circle, Column, Listing, Narrowing, listings
from campaign.models import AlternativeRoute, Campaign, Enrolment, Participation, Requirement, Waiver
from campaign.progress.coverage import absent
from members.models import Member, Mobility
from members.permissions import Permission

State = Enrolment.State


def reasons(campaign: Campaign) -> Choices:
    return [
        ("", "全部原因"),
        ("branch", "所在支部未编入"),
        ("away", "流出外省市"),
        ("finished", "支部活动已结束"),
        ("other", "其他，须核对"),
    ]


def placeless_members(circle: Circle, chosen: dict[str, str]) -> QuerySet[Any]:
    """Members on the roll under the node who take part in no unit of the campaign, with what explains it."""
    unit = Enrolment.objects.counted().filter(campaign=circle.campaign, organization=OuterRef("branch"))
    away = Mobility.objects.out_of_reach().filter(member=OuterRef("pk"))
    people = absent(circle.campaign, Member.objects.on_roll().under(circle.node)).annotate(
        unit_state=Subquery(unit.values("state")[:1]),
        is_away=Exists(away),
        away_place=Subquery(away.values("place")[:1]),
    )
    conditions = {
        "branch": Q(is_away=False, unit_state=None),
        "away": Q(is_away=True),
        "finished": Q(is_away=False, unit_state=State.FINISHED),
        "other": Q(is_away=False, unit_state__isnull=False) & ~Q(unit_state=State.FINISHED),
    }
    people = people.filter(conditions.get(chosen["why"], Q()))
    if chosen["q"]:
        people = people.filter(Q(name__icontains=chosen["q"]) | Q(branch__name__icontains=chosen["q"]))
    return people.select_related("branch")


def why_placeless(row: Any) -> str:
    if row.is_away:
        return f"流出外省市{f'（{row.away_place}）' if row.away_place else ''}，应在流入地参加，请联系落实"
    if row.unit_state is None:
        return "所在支部还没有编入批次"
    if row.unit_state == State.FINISHED:
        return "所在支部的活动已经结束，请上级另作安排"
    return "没有参加记录，请核对名册"


def member_page(row: Member) -> str:
    return reverse("member-detail", args=[row.pk])


listings.register(
    Listing(
        "without-place",
        "没有参加地方的党员",
        "名册上的党员，既不在本活动的任何单位参加，也就没有人组织他们学习。逐人说明原因，逐人落实。",
        "名册上的党员都有参加的地方。",
        placeless_members,
        ["branch__path", "pk"],
        [
            Column("姓名", lambda row: row.name, member_page),
            Column("所在支部", lambda row: row.branch.name),
            Column("类别", lambda row: row.get_status_display()),
            Column("原因", why_placeless),
        ],
        [Narrowing("why", "原因", reasons)],
        late=lambda row: not row.is_away and row.unit_state in {State.PREPARING, State.RUNNING},
    )
)


def ways(campaign: Campaign) -> Choices:
    return [("", "全部方式"), *AlternativeRoute.Kind.choices, ("undecided", "方式未登记")]


def alternatives(circle: Circle, chosen: dict[str, str]) -> QuerySet[Any]:
    """People who take part in another way now, with the decision that holds."""
    held = AlternativeRoute.objects.holding().filter(participation=OuterRef("pk"))
    people = Participation.objects.active().filter(
        campaign=circle.campaign,
        route=Participation.Route.ALTERNATIVE,
        enrolment__organization__path__startswith=circle.node.path,
    )
    people = people.annotate(
        kind=Subquery(held.values("kind")[:1]),
        reason=Subquery(held.values("reason")[:1]),
        helper=Subquery(held.values("helper")[:1]),
        approver=Subquery(held.values("approver")[:1]),
        since=Subquery(held.values("at")[:1]),
    )
    if chosen["kind"]:
        people = people.filter(kind=None if chosen["kind"] == "undecided" else chosen["kind"])
    if chosen["q"]:
        named = Q(member__name__icontains=chosen["q"])
        people = people.filter(named | Q(enrolment__organization__name__icontains=chosen["q"]))
    return people.select_related("member", "enrolment__organization")


def way(row: Any) -> str:
    return str(AlternativeRoute.Kind(row.kind).label) if row.kind else "方式未登记"


def route_page(row: Participation) -> str:
    return reverse("route-edit", args=[row.pk])


listings.register(
    Listing(
        "alternatives",
        "灵活方式参加的党员",
        "年老体弱、行动不便等党员，采取送学上门、上门谈心、口述代笔等方式参加；完成的照样算完成，另行标明，不算缺席。",
        "没有采取灵活方式参加的党员。",
        alternatives,
        ["enrolment__organization__path", "member_id", "pk"],
        [
            Column("姓名", lambda row: row.member.name, lambda row: member_page(row.member)),
            Column("单位", lambda row: row.enrolment.organization.name),
            Column("灵活方式", way),
            Column("理由", lambda row: row.reason or "名册标注年老体弱"),
            Column("帮学人", lambda row: row.helper or ""),
            Column("批准人", lambda row: row.approver or ""),
            Column("登记", lambda row: timezone.localdate(row.since) if row.since else ""),
        ],
        [Narrowing("kind", "灵活方式", ways)],
        acts=[Act("调整", Permission.SET_ROUTE, route_page)],
        late=lambda row: not row.kind,
    )
)


def requirements(campaign: Campaign) -> Choices:
    asked = Requirement.objects.filter(campaign=campaign, waivers__isnull=False).distinct()
    return [("", "全部规定动作"), *((str(r.pk), r.label) for r in asked)]


def standings(campaign: Campaign) -> Choices:
    return [("", "正在免除"), ("withdrawn", "已经撤销"), ("all", "全部")]


def whose(campaign: Campaign) -> Choices:
    return [("", "党员和单位"), ("person", "党员"), ("organization", "单位")]


def waivers(circle: Circle, chosen: dict[str, str]) -> QuerySet[Any]:
    rows = Waiver.objects.visible_to(circle.user).filter(
        enrolment__campaign=circle.campaign, enrolment__organization__path__startswith=circle.node.path
    )
    if chosen["requirement"]:
        rows = rows.filter(requirement=int(chosen["requirement"]))
    if chosen["show"] != "all":
        rows = rows.filter(withdrawn_at__isnull=chosen["show"] != "withdrawn")
    if chosen["of"]:
        rows = rows.filter(participation__isnull=chosen["of"] == "organization")
    if chosen["q"]:
        named = Q(participation__member__name__icontains=chosen["q"])
        rows = rows.filter(named | Q(enrolment__organization__name__icontains=chosen["q"]))
    return rows.select_related("requirement", "enrolment__organization", "participation__member", "by", "withdrawn_by")


def withdrawn(row: Waiver) -> str:
    if row.withdrawn_at is None:
        return "正在免除"
    return f"{timezone.localdate(row.withdrawn_at)} {row.withdrawn_by}撤销：{row.withdrawn_reason}"


listings.register(
    Listing(
        "waivers",
        "免除记录",
        "免除的与完成的分开统计。撤销的保留记录，不再计入。",
        "没有免除记录。",
        waivers,
        ["enrolment__organization__path", "pk"],
        [
            Column("单位", lambda row: row.enrolment.organization.name),
            Column("规定动作", lambda row: row.requirement.label),
            Column("对象", lambda row: row.participation.member.name if row.participation else "本单位"),
            Column("理由", lambda row: row.reason),
            Column("批准", lambda row: f"{timezone.localdate(row.at)} {row.by}"),
            Column("状态", withdrawn),
        ],
        [
            Narrowing("requirement", "规定动作", requirements),
            Narrowing("show", "状态", standings),
            Narrowing("of", "对象", whose),
        ],
        acts=[
            Act(
                "撤销",
                Permission.WAIVE,
                lambda row: reverse("waiver-withdraw", args=[row.pk]),
                lambda row: row.withdrawn_at is None,
            )
        ],
    )
)
