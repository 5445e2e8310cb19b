"""The room's printed sheets: the ledger, and its part of the phase report."""

from typing import Any

from django.db.models import Count, Q
from django.http import Http404
from django.utils import timezone

from campaign.models import Campaign, Phase
from campaign.reports.sections import ReportSection, report_sections
from members.models import Organization
from members.permissions import Permission
from portal.charts import category_bars
from portal.documents import Document, Params, Table, documents
from portal.jobs import JobFailure
from rectification.ledger import LedgerFilter, entries
from rectification.models import Task

PDF_ROWS, SHEET_ROWS = 3000, 100_000
HEADINGS = ("序号", "支部", "问题", "问题类别", "来源", "整改措施", "责任人", "整改类型", "时限", "进展", "状态")


def find_node(params: Params, user: Any) -> Organization:
    """``organization`` out of what the user sees."""
    found = Organization.objects.visible_to(user).filter(pk=int(params["organization"])).first()
    if found is None:
        raise Http404
    return found


def chosen(params: Params) -> LedgerFilter:
    """The page's filters; members' own measures are never printed."""
    return LedgerFilter({name: value for name, value in params.items() if name != "whose"})


def listed(node: Organization, params: Params, user: Any, limit: int, advice: str) -> list[Task]:
    tasks = list(entries(user=user, node=node, choice=chosen(params))[: limit + 1])
    if len(tasks) > limit:
        raise JobFailure(f"符合条件的整改事项超过{limit}件，{advice}")
    return tasks


def state_of(task: Task) -> str:
    waits, late = "（暂缓待核）" if task.awaits_explanation else "", "（逾期）" if task.is_overdue else ""
    return f"{task.get_state_display()}{waits}{late}"


def progress_of(task: Task) -> str:
    """The latest note, and why it waits where it does."""
    return task.explanation if task.state == Task.State.EXPLAINED else getattr(task, "progress", "") or ""


def ledger_page(node: Organization, params: Params, user: Any) -> dict[str, Any]:
    """Rows of the sheet in words; ``several``: more than one branch."""
    tasks = listed(node, params, user, PDF_ROWS, "请缩小范围后再打印，或导出表格。")
    states = [(label, sum(task.state == value for task in tasks)) for value, label in Task.State.choices]
    late = sum(task.is_overdue for task in tasks)
    rows = [
        {
            "branch": task.scope.name,
            "problem": task.problem,
            "category": task.get_category_display(),
            "source": task.get_source_display(),
            "measure": task.measure,
            "responsible": task.responsible.member.name,
            "due": f"{task.due_on:%Y-%m-%d}",
            "progress": progress_of(task),
            "state": state_of(task),
        }
        for task in tasks
    ]
    summary = "，".join(
        [f"{label}{number}件" for label, number in states if number] + ([f"逾期{late}件"] if late else [])
    )
    return {"rows": rows, "several": not node.is_branch, "summary": summary, "choice": chosen(params).words}


def ledger_sheet(node: Organization, params: Params, user: Any) -> list[Table]:
    tasks = listed(node, params, user, SHEET_ROWS, "请缩小范围后再导出。")
    rows = [
        (
            number,
            task.scope.name,
            task.problem,
            task.get_category_display(),
            task.get_source_display(),
            task.measure,
            task.responsible.member.name,
            task.get_kind_display(),
            task.due_on,
            progress_of(task),
            state_of(task),
        )
        for number, task in enumerate(tasks, start=1)
    ]
    return [Table("整改台账", HEADINGS, rows)]


def rectification_figures(campaign: Campaign, node: Organization, phase: Phase | None) -> dict[str, Any] | None:
    """Problems by category and what became of them, for the whole campaign so far: problems belong to no single phase
    (S2 三5: 边学边改). Two queries; members' own measures as numbers only."""
    tasks = Task.objects.filter(enrolment__campaign=campaign, enrolment__organization__path__startswith=node.path)
    late = ~Q(state__in=Task.CLOSED_STATES) & Q(due_on__lt=timezone.localdate())
    counts: dict[str, Any] = {state: Count("pk", filter=Q(state=state)) for state in Task.State.values}
    by_category: dict[str, dict[str, Any]] = {
        row["category"]: dict(row)
        for row in tasks.of_branches()
        .order_by()
        .values("category")
        .annotate(total=Count("pk"), overdue=Count("pk", filter=late), **counts)
    }
    personal = tasks.personal().aggregate(total=Count("pk"), done=Count("pk", filter=Q(state=Task.State.CONFIRMED)))
    rows = [
        row | {"label": label, "open": row["total"] - row["confirmed"] - row["explained"]}
        for value, label in Task.Category.choices
        if (row := by_category.get(value))
    ]
    if not rows and not personal["total"]:
        return None
    sums = {name: sum(row[name] for row in rows) for name in ("total", "open", "overdue", *Task.State.values)}
    sums["running"] += sums["redo"]
    svg = category_bars("查找出的问题（按类别）", [(row["label"], row["total"]) for row in rows], "件")
    return sums | {"rows": rows, "svg": svg, "personal": personal["total"], "personal_done": personal["done"]}


documents.register(
    Document(
        "ledger",
        "整改台账",
        find_node,
        lambda node: f"{node}整改台账",
        permission=Permission.VIEW_LEDGER,
        template="rectification/print/ledger.html",
        data=ledger_page,
        tables=ledger_sheet,
        landscape=True,
    )
)
report_sections.register(
    ReportSection(
        "rectification",
        40,
        "问题查找和整改情况",
        rectification_figures,
        "rectification/print/_report_rectification.html",
    )
)
