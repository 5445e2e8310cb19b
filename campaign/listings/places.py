"""The lists behind coverage and standing: their rows are what the ready numbers count, by the same definitions."""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.urls import reverse

from campaign.dashboards.outcomes import SECTORS, Wanted
from campaign.listings.listing import Choices, Circle, Column, Listing, Narrowing, listings
from campaign.listings.units import in_circle, standing, unit_page
from campaign.models import Campaign, Enrolment, Gate, Participation, PhaseRun, Postponement, Progress
from campaign.progress import coverage
from members.models import Organization

State = Enrolment.State
INSIDE, COMPLETE, INCOMPLETE = "inside", "complete", "incomplete"


def sectors(campaign: Campaign) -> Choices:
    return [("", "全部领域"), *SECTORS.items()]


def in_sector(chosen: dict[str, str], prefix: str) -> Q:
    if prefix:
        return Wanted(sector=chosen["sector"]).in_sector(prefix)
    return Q() if not chosen["sector"] else Q(sector="" if chosen["sector"] == "none" else chosen["sector"])


def sorts_of_people(campaign: Campaign) -> Choices:
    return [
        ("", "在册党员"),
        ("taking_part", "参加活动"),
        ("elsewhere", "在外地参加"),
        ("without_place", "尚未编入"),
        ("lost", "失联"),
    ]


def people(circle: Circle, chosen: dict[str, str]) -> QuerySet[Any]:
    """Members whose home is under the node, as ``Coverage`` counts them."""
    campaign, node = circle.campaign, circle.node
    if chosen["who"] == "elsewhere":
        rows = coverage.elsewhere(campaign, node)
    elif chosen["who"] == "without_place":
        rows = coverage.without_place(campaign, node)
    elif chosen["who"] == "lost":
        rows = coverage.lost(node)
    else:
        rows = coverage.on_roll(node)
    if chosen["who"] == "taking_part":
        rows = rows.filter(Exists(Participation.objects.active().filter(campaign=campaign, member=OuterRef("pk"))))
    if chosen["q"]:
        rows = rows.filter(Q(name__icontains=chosen["q"]) | Q(branch__name__icontains=chosen["q"]))
    return rows.filter(in_sector(chosen, "branch")).select_related("branch")


listings.register(
    Listing(
        "people",
        "党员覆盖",
        "名册上的党员在本活动中的去处，与进展总览的数字逐一对应。",
        "名册上没有党员。",
        people,
        ["branch__path", "pk"],
        [
            Column("姓名", lambda row: row.name, lambda row: reverse("member-detail", args=[row.pk])),
            Column("所在支部", lambda row: row.branch.name),
            Column("领域", lambda row: row.branch.get_sector_display()),
            Column("类别", lambda row: row.get_status_display()),
        ],
        [Narrowing("who", "去处", sorts_of_people), Narrowing("sector", "领域", sectors)],
    )
)


def sorts_of_places(campaign: Campaign) -> Choices:
    return [
        ("", "全部支部"),
        ("enrolled", "已编入"),
        ("started", "已启动"),
        ("waiting", "已编入未启动"),
        ("outside", "尚未编入"),
        ("postponed", "暂缓"),
        ("finished", "已结束"),
    ]


def places(circle: Circle, chosen: dict[str, str]) -> QuerySet[Any]:
    """Open basic organisations under the node, as ``Coverage`` counts them."""
    own = coverage.enrolment_in(circle.campaign)
    conditions = {
        "enrolled": Q(Exists(own)),
        "started": Q(Exists(own.filter(started_on__isnull=False))),
        "waiting": Q(Exists(own)) & ~Q(Exists(own.filter(started_on__isnull=False))),
        "outside": ~Q(Exists(own)),
        "postponed": Q(Exists(own.filter(state=State.POSTPONED))),
        "finished": Q(Exists(own.filter(state=State.FINISHED))),
    }
    rows = coverage.basic(circle.node).filter(conditions.get(chosen["how"], Q()), in_sector(chosen, ""))
    return rows.filter(name__icontains=chosen["q"]) if chosen["q"] else rows


def place_page(row: Organization) -> str:
    return reverse("organization-detail", args=[row.pk])


listings.register(
    Listing(
        "places",
        "支部覆盖",
        "各基层党组织是否编入、是否启动，与进展总览的数字逐一对应。",
        "没有基层党组织。",
        places,
        ["path"],
        [
            Column("支部", lambda row: row.name, place_page),
            Column("类型", lambda row: row.get_kind_display()),
            Column("领域", lambda row: row.get_sector_display()),
            Column("组织状态", lambda row: row.get_condition_display()),
        ],
        [Narrowing("how", "范围", sorts_of_places), Narrowing("sector", "领域", sectors)],
        words="支部名称",
    )
)


def phases(campaign: Campaign) -> Choices:
    return [("", "全部阶段"), *((str(phase.number), phase.name) for phase in campaign.phases.all())]


def stands(campaign: Campaign) -> Choices:
    return [
        ("", "不限"),
        (State.RUNNING.value, "现处于此阶段"),
        (State.PREPARING.value, "准备中"),
        (State.POSTPONED.value, "暂缓"),
        (State.FINISHED.value, "已结束"),
        (INSIDE, "此阶段正在进行"),
        (COMPLETE, "此阶段正在进行且已齐备"),
        (INCOMPLETE, "此阶段正在进行且有缺项"),
    ]


def by_stage(circle: Circle, chosen: dict[str, str]) -> QuerySet[Any]:
    """Units as ``Standing`` counts them."""
    rows = in_circle(circle).counted().select_related("organization", "batch", "phase")
    phase = Q(phase__number=int(chosen["phase"])) if chosen["phase"] else Q(phase__isnull=False)
    at = chosen["at"]
    if at in State.values:
        rows = rows.filter(phase, state=at)
    elif at:
        runs = PhaseRun.objects.filter(enrolment=OuterRef("pk"), state=PhaseRun.State.ACTIVE)
        runs = runs.filter(phase) if chosen["phase"] else runs
        rows = rows.filter(Exists(runs))
        in_phase = Q(requirement__step__phase__number=int(chosen["phase"])) if chosen["phase"] else Q()
        behind = Progress.objects.filter(
            in_phase,
            organization=OuterRef("organization"),
            kind=Progress.Kind.BRANCH,
            behind=1,
            requirement__in_force=True,
            requirement__campaign=circle.campaign,
        )
        if at != INSIDE:
            rows = rows.filter(Exists(behind) if at == INCOMPLETE else ~Exists(behind))
    elif chosen["phase"]:
        rows = rows.filter(phase)
    return explained(rows.filter(organization__name__icontains=chosen["q"]) if chosen["q"] else rows)


def explained(rows: QuerySet[Any]) -> QuerySet[Any]:
    """With what ``standing`` says of a postponement."""
    holding = Postponement.objects.holding().filter(enrolment=OuterRef("pk"))
    return rows.annotate(until=Subquery(holding.values("until")[:1]), why=Subquery(holding.values("reason")[:1]))


listings.register(
    Listing(
        "stages",
        "各阶段单位",
        "参加单位各走到哪个阶段，所处阶段的规定动作是否齐备。",
        "没有参加单位。",
        by_stage,
        ["organization__path", "pk"],
        [
            Column("单位", lambda row: row.organization.name, unit_page),
            Column("批次", lambda row: row.batch.name),
            Column("状态", standing),
            Column("起止日期", lambda row: f"{row.starts_on}至{row.ends_on}"),
        ],
        [Narrowing("phase", "阶段", phases), Narrowing("at", "情况", stands)],
        words="单位名称",
    )
)


def requests(circle: Circle, chosen: dict[str, str]) -> QuerySet[Any]:
    """Requests to move on that wait for a decision."""
    rows = Gate.objects.waiting().filter(
        enrolment__campaign=circle.campaign, enrolment__organization__path__startswith=circle.node.path
    )
    if chosen["phase"]:
        rows = rows.filter(phase__number=int(chosen["phase"]))
    if chosen["q"]:
        rows = rows.filter(enrolment__organization__name__icontains=chosen["q"])
    return rows.select_related("enrolment__organization", "phase", "requested_by")


listings.register(
    Listing(
        "requests",
        "待审核的转段申请",
        "等待上级审核的转段申请，等得最久的在最前。",
        "没有等待审核的转段申请。",
        requests,
        ["requested_at", "pk"],
        [
            Column("单位", lambda row: row.enrolment.organization.name, lambda row: unit_page(row.enrolment)),
            Column("申请", lambda row: row.heading, lambda row: reverse("gate-detail", args=[row.pk])),
            Column("提出", lambda row: f"{row.requested_at:%Y-%m-%d} {row.requested_by}"),
        ],
        [Narrowing("phase", "阶段", phases)],
        words="单位名称",
    )
)
