"""Lists of units: those that take part, organisations in no batch, plans on their way."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse

from campaign.actions.enrolment import placeable
from campaign.listings.listing import Act, Choices, Circle, Column, Listing, Narrowing, listings
from campaign.models import Campaign, Enrolment, PlanFiling, Postponement
from campaign.models.enrolment import EnrolmentQuerySet
from campaign.progress.coverage import without_batch
from members.models import Member, Organization
from members.permissions import Permission

State = Enrolment.State
SHORT = "short"


def batches(campaign: Campaign) -> Choices:
    return [("", "全部批次"), *((str(batch.number), batch.name) for batch in campaign.batches.all())]


def states(campaign: Campaign) -> Choices:
    return [("", "全部状态"), *State.choices]


def marks(campaign: Campaign) -> Choices:
    kinds = [("committee", "党委、总支等"), ("branch", "支部")] if campaign.settings.get("committees") else []
    return [
        ("", "全部单位"),
        ("pilot", "试点单位"),
        (SHORT, "集中学习不足规定时间"),
        ("unfiled", "方案还没有备案"),
        ("overdue", "暂缓已到期"),
        ("outside", "时间超出批次"),
        *kinds,
    ]


def marked(mark: str) -> Q:
    """The condition behind each of ``marks``."""
    branch = Q(organization__kind__in=Organization.BRANCH_KINDS)
    return {
        "pilot": Q(pilot=True),
        SHORT: ~Q(short_reason=""),
        "unfiled": Q(plan_filed_on=None),
        "overdue": Q(Exists(Postponement.objects.overdue().filter(enrolment=OuterRef("pk")))),
        "outside": Q(pk__in=Enrolment.objects.outside_batch().order_by().values("pk")),
        "committee": ~branch,
        "branch": branch,
    }.get(mark, Q())


def in_circle(circle: Circle) -> EnrolmentQuerySet:
    return Enrolment.objects.under(circle.node).filter(campaign=circle.campaign)


def units(circle: Circle, chosen: dict[str, str]) -> QuerySet[Any]:
    """Enrolments under the node, with the postponement that holds and the plan that waits."""
    holding = Postponement.objects.holding().filter(enrolment=OuterRef("pk"))
    rows = in_circle(circle).filter(marked(chosen["mark"]))
    if chosen["batch"]:
        rows = rows.filter(batch__number=chosen["batch"])
    if chosen["state"]:
        rows = rows.filter(state=chosen["state"])
    if chosen["q"]:
        rows = rows.filter(organization__name__icontains=chosen["q"])
    return rows.select_related("organization", "batch", "phase").annotate(
        until=Subquery(holding.values("until")[:1]),
        why=Subquery(holding.values("reason")[:1]),
        waiting=Exists(PlanFiling.objects.waiting().filter(enrolment=OuterRef("pk"))),
        outside=Exists(Enrolment.objects.outside_batch().filter(pk=OuterRef("pk"))),
    )


def standing(row: Any) -> str:
    """The state in words, with what belongs to it."""
    if row.state == State.POSTPONED and row.until:
        return f"暂缓至{row.until}：{row.why}"
    if row.state == State.RUNNING and row.phase:
        return f"{row.get_state_display()}（{row.phase}）"
    return str(row.get_state_display())


def filed(row: Any) -> str:
    done = f"{row.plan_filed_on} 已备案" if row.plan_filed_on else ""
    return "，".join(part for part in (done, "有方案待备案" if row.waiting else "") if part) or "未备案"


def remarks(row: Any) -> str:
    notes = [
        "试点" if row.pilot else "",
        row.organization.get_condition_display() if row.organization.condition != "normal" else "",
        f"时间超出{row.batch.name}（{row.batch.starts_on}至{row.batch.ends_on}）" if row.outside else "",
        f"学习时间不足：{row.short_reason}" if row.short_reason else "",
    ]
    return "；".join(note for note in notes if note)


def unit_numbers(circle: Circle) -> Iterable[tuple[str, int]]:
    """How many units, how many in each state, how many pilot units: one statement."""
    counts = {f"s_{state}": Count("pk", filter=Q(state=state)) for state in State.values}
    rows = in_circle(circle).order_by()
    found = rows.aggregate(all=Count("pk"), pilot=Count("pk", filter=Q(pilot=True)), **counts)
    yield "参加单位", found["all"]
    yield from ((str(label), found[f"s_{state}"]) for state, label in State.choices if found[f"s_{state}"])
    if found["pilot"]:
        yield "试点单位", found["pilot"]


def unit_page(row: Any) -> str:
    return reverse("enrolment-detail", args=[row.pk])


listings.register(
    Listing(
        "units",
        "参加单位",
        "编入各批次的单位，走到哪一步，方案是否备案，有没有特殊安排。",
        "还没有编入参加单位。请在活动页面按批次编入。",
        units,
        ["organization__path", "pk"],
        [
            Column("单位", lambda row: row.organization.name, unit_page),
            Column("类型", lambda row: row.organization.get_kind_display()),
            Column("批次", lambda row: row.batch.name),
            Column("状态", standing),
            Column("起止日期", lambda row: f"{row.starts_on}至{row.ends_on}"),
            Column("方案备案", filed),
            Column("说明", remarks),
        ],
        [Narrowing("batch", "批次", batches), Narrowing("state", "状态", states), Narrowing("mark", "范围", marks)],
        words="单位名称",
        summary=unit_numbers,
        late=lambda row: row.organization.is_blocked,
    )
)


def sorts(campaign: Campaign) -> Choices:
    kinds = [*Organization.BRANCH_KINDS, *(Organization.COMMITTEE_KINDS if campaign.settings.get("committees") else ())]
    return [("", "全部类型"), *((kind.value, str(kind.label)) for kind in kinds)]


def conditions(campaign: Campaign) -> Choices:
    return [("", "全部状态"), *Organization.Condition.choices]


def outside(circle: Circle, chosen: dict[str, str]) -> QuerySet[Any]:
    """Organisations that belong in a batch and are in none, with how many members they have."""
    rows = without_batch(circle.campaign, placeable(circle.campaign)).filter(path__startswith=circle.node.path)
    for name in ("kind", "condition"):
        if chosen[name]:
            rows = rows.filter(**{name: chosen[name]})
    if chosen["q"]:
        rows = rows.filter(name__icontains=chosen["q"])
    own = Member.objects.on_roll().filter(branch=OuterRef("pk")).order_by().values("branch")
    found: QuerySet[Any] = rows.annotate(people=Coalesce(Subquery(own.annotate(n=Count("pk")).values("n")), 0))
    return found


def why_outside(row: Organization) -> str:
    if row.is_blocked:
        return f"{row.get_condition_display()}；可以先编入，整顿好后再启动"
    return "还没有编入任何批次" if row.condition == "normal" else f"{row.get_condition_display()}；还没有编入任何批次"


listings.register(
    Listing(
        "without-batch",
        "未编入的单位",
        "应当参加而还没有编入任何批次的单位，每个基层党组织都应编入一个批次。",
        "所有应参加的单位都已编入批次。",
        outside,
        ["path"],
        [
            Column("单位", lambda row: row.name, lambda row: reverse("organization-detail", args=[row.pk])),
            Column("类型", lambda row: row.get_kind_display()),
            Column("领域", lambda row: row.get_sector_display()),
            Column("党员", lambda row: row.people),
            Column("原因", why_outside),
        ],
        [Narrowing("kind", "类型", sorts), Narrowing("condition", "组织状态", conditions)],
        words="单位名称",
    )
)


def filing_states(campaign: Campaign) -> Choices:
    return [("", "等待备案"), *((v, label) for v, label in PlanFiling.State.choices if v != "filed"), ("all", "全部")]


def filings(circle: Circle, chosen: dict[str, str]) -> QuerySet[Any]:
    rows = PlanFiling.objects.filter(
        enrolment__campaign=circle.campaign, enrolment__organization__path__startswith=circle.node.path
    )
    if chosen["state"] != "all":
        rows = rows.filter(state=chosen["state"] or PlanFiling.State.FILED)
    if chosen["q"]:
        rows = rows.filter(enrolment__organization__name__icontains=chosen["q"])
    return rows.select_related("enrolment__organization", "filed_by", "decided_by")


def filing_page(row: PlanFiling) -> str:
    return reverse("filing-detail", args=[row.pk])


listings.register(
    Listing(
        "filings",
        "方案备案",
        "各单位报来的实施方案，等得最久的在最前。",
        "没有等待备案的方案。",
        filings,
        ["filed_at", "pk"],
        [
            Column("单位", lambda row: row.enrolment.organization.name),
            Column("方案", lambda row: row.title, filing_page),
            Column("报送", lambda row: f"{row.filed_at:%Y-%m-%d} {row.filed_by or ''}".strip()),
            Column("状态", lambda row: row.get_state_display()),
            Column(
                "办理",
                lambda row: f"{row.decided_at:%Y-%m-%d} {row.decided_by or ''}".strip() if row.decided_at else "",
            ),
            Column("意见", lambda row: row.remarks),
        ],
        [Narrowing("state", "状态", filing_states)],
        words="单位名称",
        acts=[Act("办理", Permission.DECIDE_GATE, filing_page, lambda row: row.is_waiting)],
    )
)
