"""Printed sheets and tables of supervision."""

from dataclasses import dataclass
from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone

from campaign.models import Finding, InspectionTeam, LeadingGroup, Visit
from campaign.reports.place import Place, find_place, number
from campaign.supervision import findings
from campaign.supervision.contact_points import cadres
from campaign.supervision.leading import LEVELS, places
from campaign.supervision.tours import Month, month_asked, visits_in
from members.permissions import Permission
from portal.documents import Document, Params, Table, documents
from portal.jobs import JobFailure
from portal.paging import key_of

ON_PAPER, IN_TABLE = 3_000, 100_000


def limited(rows: Any, most: int) -> list[Any]:
    """All rows; raises ``JobFailure`` when there are more than a sheet holds."""
    found = list(rows[: most + 1])
    if len(found) > most:
        raise JobFailure(f"符合条件的超过{most}行，请按下级组织分别打印或导出。")
    return found


def group_lines(place: Place, params: Params, most: int) -> list[tuple[Any, LeadingGroup | None]]:
    level = params.get("level", "") if params.get("level", "") in LEVELS else ""
    rows = limited(places(place.campaign, place.node, level, params.get("show") != "all"), most)
    groups = LeadingGroup.objects.filter(campaign=place.campaign, organization__path__startswith=place.node.path)
    found = {group.organization_id: group for group in groups.with_posts()} if params.get("show") == "all" else {}
    return [(row, found.get(row.pk)) for row in rows]


def groups_sheet(place: Place, params: Params, user: Any) -> dict[str, Any]:
    return {"place": place, "lines": group_lines(place, params, ON_PAPER), "all": params.get("show") == "all"}


def groups_tables(place: Place, params: Params, user: Any) -> list[Table]:
    head = ["组织", "组织类型", "组织编码", "组长", "副组长", "成员", "办公室", "办公室电话", "成立文件", "成立日期"]
    rows: list[list[Any]] = []
    for row, group in group_lines(place, params, IN_TABLE):
        named = [row.name, row.get_kind_display(), row.code]
        if group is None:
            rows.append([*named, *([None] * 7)])
            continue
        by_duty = dict(group.lines)
        people = ["、".join(str(post) for post in by_duty.get(label, ())) for label in ("组长", "副组长", "成员")]
        rows.append([*named, *people, group.office, group.phone, group.document, group.since])
    return [Table("领导小组", head, rows)]


def cadre_rows(place: Place, params: Params, most: int) -> list[list[Any]]:
    """Each contact point in a row; a cadre without one in a row of their own."""
    found = limited(cadres(place.campaign, place.node, missing=params.get("show") == "missing"), most)
    rows: list[list[Any]] = []
    for cadre in found:
        own = [cadre.member.name, cadre.member.post, cadre.enrolment.organization.name]
        for point in cadre.held:
            rows.append([*own, point.organization.name, point.since, point.purpose, point.done])
        if not cadre.held:
            rows.append([*own, "还没有联系点", None, None, None])
    return rows


CADRE_HEAD = ["姓名", "职务", "所在支部", "联系点", "起始日期", "联系重点", "走访次数"]


def cadres_sheet(place: Place, params: Params, user: Any) -> dict[str, Any]:
    return {"place": place, "head": CADRE_HEAD, "rows": cadre_rows(place, params, ON_PAPER)}


def cadres_tables(place: Place, params: Params, user: Any) -> list[Table]:
    return [Table("联系点", CADRE_HEAD, cadre_rows(place, params, IN_TABLE))]


def asked_visits(place: Place, params: Params, user: Any, most: int) -> list[Visit]:
    rows = visits_in(
        user, place.campaign, place.node, state=params.get("state", ""), team=key_of(params.get("team", ""))
    )
    return limited(rows.with_people().order_by("on", "pk"), most)


def visits_tables(place: Place, params: Params, user: Any) -> list[Table]:
    """The visits, and on a second sheet what was found with how it stands."""
    visits = asked_visits(place, params, user, IN_TABLE)
    head = [
        "日期",
        "时段",
        "走访单位",
        "走访人",
        "参加人员",
        "方式",
        "状态",
        "走访重点",
        "接待人员",
        "看了什么",
        "总体看法",
    ]
    rows = [
        [
            v.on, v.get_part_display(), v.organization.name, v.visitor, v.names, v.get_way_display(),
            v.standing, v.purpose, v.met, v.looked_at, v.impression,
        ]
        for v in visits
    ]  # fmt: skip
    found = Finding.objects.filter(visit__in=[v.pk for v in visits]).select_related(
        "visit__team", "visit__contact_point__participation__member", "visit__organization", "enrolment__organization"
    )
    problems = [
        [
            f.visit.on, f.visit.organization.name, f.visit.visitor, f.text, f.get_category_display(), f.measure,
            f.enrolment.organization.name, s.responsible if s else None, s.due_on if s else f.due_on,
            s.state if s else "未进入台账",
        ]
        for f, s in findings.with_standings(list(found.order_by("visit__on", "pk")))
    ]  # fmt: skip
    problem_head = [
        "走访日期",
        "走访单位",
        "走访人",
        "问题",
        "类别",
        "整改建议",
        "整改单位",
        "责任人",
        "期限",
        "整改状态",
    ]
    return [Table("走访", head, rows), Table("发现的问题", problem_head, problems)]


def visits_sheet(place: Place, params: Params, user: Any) -> dict[str, Any]:
    return {"place": place, "visits": asked_visits(place, params, user, ON_PAPER)}


def find_visit(params: Params, user: Any) -> Visit:
    """The visit ``visit`` (primary key) out of what the user sees: the branch that was visited, the team, those above, and
    the cadre whose own it is."""
    return get_object_or_404(Visit.objects.visible_to(user).with_people(), pk=number(params, "visit"))


def visit_sheet(visit: Visit, params: Params, user: Any) -> dict[str, Any]:
    """The report of a visit; of a planned one the form that is filled in by hand on the spot."""
    found = list(visit.findings.select_related("enrolment__organization"))
    return {"visit": visit, "findings": findings.with_standings(found), "blank": range(4)}


@dataclass(frozen=True)
class Tour:
    """A team's month."""

    team: InspectionTeam
    month: Month

    @property
    def title(self) -> str:
        return f"{self.team}{self.month.first:%Y年%-m月}走访安排"


def find_tour(params: Params, user: Any) -> Tour:
    """The team ``team`` out of those the user works in or sees from the organisation that sends it."""
    rows = InspectionTeam.objects.visible_to(user).select_related("organization", "campaign")
    team = get_object_or_404(rows, pk=number(params, "team"))
    if not team.may_work(user) and not user.can(Permission.PRINT_REPORT, at=team.organization):
        raise Http404
    return Tour(team, month_asked(params.get("month", "")))


def tour_sheet(tour: Tour, params: Params, user: Any) -> dict[str, Any]:
    visits = tour.month.of(tour.team.visits.visible_to(user).with_people())
    return {"tour": tour, "visits": limited(visits, ON_PAPER), "today": timezone.localdate()}


def find_node(params: Params, user: Any) -> Place:
    """``campaign`` and ``organization`` in scope; the whole campaign."""
    place = find_place({name: params[name] for name in ("campaign", "organization") if name in params}, user)
    return Place(place.campaign, place.node, None)


def titled(what: str) -> Any:
    return lambda place: f"{place.node.name}{what}"


documents.register(
    Document(
        code="leading-groups",
        label="领导小组名单",
        find=find_node,
        title=titled("各级领导小组名单"),
        permission=Permission.EXPORT,
        template="campaign/print/leading_groups.html",
        data=groups_sheet,
        tables=groups_tables,
        landscape=True,
    )
)
documents.register(
    Document(
        code="contact-points",
        label="领导干部联系点",
        find=find_node,
        title=titled("党员领导干部联系点"),
        permission=Permission.EXPORT,
        template="campaign/print/contact_points.html",
        data=cadres_sheet,
        tables=cadres_tables,
        landscape=True,
    )
)
documents.register(
    Document(
        code="visits",
        label="走访情况",
        find=find_node,
        title=titled("督导走访情况"),
        permission=Permission.EXPORT,
        template="campaign/print/visits.html",
        data=visits_sheet,
        tables=visits_tables,
        landscape=True,
    )
)
documents.register(
    Document(
        code="visit-report",
        label="走访记录",
        find=find_visit,
        title=lambda visit: f"{visit.organization.name}{visit.on:%Y年%-m月%-d日}走访记录",
        template="campaign/print/visit_report.html",
        data=visit_sheet,
    )
)
documents.register(
    Document(
        code="tour-plan",
        label="走访安排",
        find=find_tour,
        title=lambda tour: tour.title,
        template="campaign/print/tour_plan.html",
        data=tour_sheet,
    )
)
