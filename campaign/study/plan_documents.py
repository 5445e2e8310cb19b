"""Sheets of planned study: the sign-in sheet to be signed by hand, and the code for those who scan or type it."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from campaign.documents import qr
from campaign.models import PlannedSession
from campaign.reports.place import number
from campaign.study.plans import in_columns, lines
from campaign.study.sign_in_codes import paper_code
from members.permissions import Permission
from portal.documents import Document, Params, documents

EMPTY_LINES = 2


def find_plan(params: Params, user: Any) -> PlannedSession:
    """The plan ``plan`` (primary key) out of what the user sees."""
    visible = PlannedSession.objects.visible_to(user).select_related("enrolment__organization", "enrolment__campaign")
    return get_object_or_404(visible, pk=number(params, "plan"))


def title(plan: PlannedSession, sheet: str) -> str:
    return f"{plan.scope.name}{timezone.localtime(plan.starts_at):%Y年%-m月%-d日}{plan.get_form_display()}{sheet}"


def sign_in_sheet(plan: PlannedSession, params: Params, user: Any) -> dict[str, Any]:
    """Names in three columns, in the order and at the places of the page on which the sheet is entered."""
    people = lines(plan)
    return {
        "plan": plan,
        "rows": in_columns(people),
        "expected": len(people),
        "spare": range(EMPTY_LINES),
        "qr": qr(reverse("study-plan-paper", args=[plan.pk])),
    }


def code_sheet(plan: PlannedSession, params: Params, user: Any) -> dict[str, Any]:
    """One code to scan or to type, good on the day only."""
    code = paper_code(plan)
    return {"plan": plan, "code": code, "qr": qr(reverse("study-scan", args=[plan.pk, code]))}


documents.register(
    Document(
        code="plan-sign-in-sheet",
        label="签到表（空表）",
        find=find_plan,
        title=lambda plan: title(plan, "签到表"),
        permission=Permission.VIEW_NAMES,
        template="campaign/print/plan_sign_in_sheet.html",
        data=sign_in_sheet,
    )
)
documents.register(
    Document(
        code="plan-sign-in-code",
        label="签到码",
        find=find_plan,
        title=lambda plan: title(plan, "签到码"),
        permission=Permission.RECORD_STUDY,
        template="campaign/print/plan_sign_in_code.html",
        data=code_sheet,
    )
)
