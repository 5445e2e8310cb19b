"""Trainings: of one person, of a place, and a whole list from a spreadsheet."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from campaign.actions import training as actions
from campaign.forms.training import TrainingFileForm, TrainingForm
from campaign.models import Training
from campaign.study.training_list import read
from members.models import Member, Organization
from members.permissions import Permission
from portal.access import get_in_scope, requires
from portal.kept_text import kept_fields
from portal.paging import paged

SALT = "training-list"
FACTS = ("subject", "organiser", "starts_on", "ends_on", "days", "hours")


def visible_places(request: HttpRequest) -> Any:
    return Organization.objects.visible_to(request.user)


@requires(Permission.VIEW_STUDY)
def training_list(request: HttpRequest, org_pk: int) -> HttpResponse:
    """Trainings of the people of a place, the latest first."""
    node = get_in_scope(request, visible_places(request), pk=org_pk)
    rows = Training.objects.visible_to(request.user).filter(member__branch__path__startswith=node.path)
    context = {
        "node": node,
        "pager": paged(request, rows.select_related("member__branch"), ("-ends_on", "-pk"), 50),
        "may_enter": request.user.can(Permission.EDIT_ROLL, at=node),  # type: ignore[union-attr]
        "trail": node.trail(),
    }
    return render(request, "campaign/training_list.html", context)


@requires(Permission.EDIT_ROLL)
def training_create(request: HttpRequest, member_pk: int) -> HttpResponse:
    rows = Member.objects.visible_to(request.user).select_related("branch")
    member = get_in_scope(request, rows, pk=member_pk)
    form = TrainingForm(request.POST or None, member=member, initial=kept_fields(request))
    if form.is_valid():
        actions.enter(trainings=[form.instance], by=request.user)
        messages.success(request, f"已登记{member}的培训。")
        return redirect("study-account", member.pk)
    return render(
        request, "campaign/training_form.html", {"form": form, "member": member, "trail": member.branch.trail()}
    )


@requires(Permission.EDIT_ROLL)
def training_edit(request: HttpRequest, pk: int) -> HttpResponse:
    rows = Training.objects.visible_to(request.user).select_related("member__branch")
    training = get_in_scope(request, rows, pk=pk)
    form = TrainingForm(request.POST or None, member=training.member, instance=training, initial=kept_fields(request))
    if form.is_valid():
        actions.change(training=form.instance, by=request.user)
        messages.success(request, "培训记录已修改。")
        return redirect("study-account", training.member_id)
    context = {"form": form, "member": training.member, "training": training, "trail": training.scope.trail()}
    return render(request, "campaign/training_form.html", context)


@requires(Permission.EDIT_ROLL)
@require_POST
def training_remove(request: HttpRequest, pk: int) -> HttpResponse:
    rows = Training.objects.visible_to(request.user).select_related("member__branch")
    training = get_in_scope(request, rows, pk=pk)
    actions.remove(training=training, by=request.user)
    messages.success(request, f"已删除培训记录“{training.subject}”。")
    return redirect("study-account", training.member_id)


@requires(Permission.EDIT_ROLL)
def training_import(request: HttpRequest, org_pk: int) -> HttpResponse:
    """A file is looked at first and written after a second word; one wrong row, and nothing is written."""
    node = get_in_scope(request, visible_places(request), pk=org_pk)
    if "checked" in request.POST:
        return write_checked(request, node)
    form = TrainingFileForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"form": form, "node": node, "trail": node.trail()}
    if form.is_valid():
        found = read(form.cleaned_data["file"].read(), node)
        context |= {"problems": found.problems[:50], "more": max(0, len(found.problems) - 50)}
        if not found.problems:
            context |= {"trainings": found.trainings, "checked": signed(found.trainings, node, request.user)}
    return render(request, "campaign/training_import.html", context)


def signed(trainings: list[Training], node: Organization, user: Any) -> str:
    """What was looked at, to be sent back unchanged by the same person."""
    rows = [[t.member_id, *(str(getattr(t, fact)) for fact in FACTS)] for t in trainings]
    return signing.dumps([node.pk, user.pk, rows], salt=SALT, compress=True)


def write_checked(request: HttpRequest, node: Organization) -> HttpResponse:
    try:
        place, user, rows = signing.loads(request.POST["checked"], salt=SALT, max_age=24 * 3600)
    except signing.BadSignature:
        place = user = None
    if (place, user) != (node.pk, request.user.pk):
        messages.error(request, "核对结果已失效，请重新上传名单。")
        return redirect("training-import", node.pk)
    people = Member.objects.visible_to(request.user).under(node).in_bulk([row[0] for row in rows])
    trainings = [read_back(people[row[0]], row[1:]) for row in rows if row[0] in people]
    new, known = actions.enter(trainings=trainings, by=request.user)
    again = f"，{known} 条原来已有、没有重复登记" if known else ""
    messages.success(request, f"已登记 {new} 条培训记录{again}。")
    return redirect("training-list", node.pk)


def read_back(member: Member, facts: list[str]) -> Training:
    subject, organiser, first, last, days, hours = facts
    return Training(
        member=member,
        subject=subject,
        organiser=organiser,
        starts_on=date.fromisoformat(first),
        ends_on=date.fromisoformat(last),
        days=Decimal(days),
        hours=Decimal(hours),
    )
