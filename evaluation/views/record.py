"""Opinion rounds, talks and meetings of a branch."""

from io import BytesIO
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.forms import Form, ModelForm
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from campaign.models import Enrolment, Participation
from campaign.views.enrolment import in_charge
from evaluation.actions import record as actions
from evaluation.forms.record import MeetingForm, OpinionRoundForm, OpinionSheetForm, PassOnForm, TalkForm
from evaluation.indicators import talked
from evaluation.models import Meeting, OpinionRound, Talk
from evaluation.opinion_sheet import HEADINGS, Problem, read
from members.permissions import Permission
from portal.access import requires
from portal.documents import Table as Sheet
from portal.kept_text import kept_fields
from portal.paging import key_of
from portal.sending import say_saved
from portal.sheets import Unreadable
from portal.spreadsheets import write_workbook

PAGE = 30
NAMES = 60


def enrolment_in_scope(request: HttpRequest, pk: int) -> Enrolment:
    visible = Enrolment.objects.visible_to(request.user).select_related("campaign", "organization")
    found: Enrolment = in_charge(request, visible, pk)
    return found


def latest(request: HttpRequest, rows: QuerySet[Any], name: str) -> dict[str, Any]:
    """The newest rows, or those older than the key in the query; ``older`` is the key of the next page."""
    if before := key_of(request.GET.get(name, "")):
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk")[: PAGE + 1])
    return {"rows": found[:PAGE], "older": found[PAGE - 1].pk if len(found) > PAGE else None}


@requires(Permission.RECORD_EVALUATION)
def records(request: HttpRequest, enrolment_pk: int) -> HttpResponse:
    """What has been recorded, and who has not had a talk yet."""
    enrolment = enrolment_in_scope(request, enrolment_pk)
    user = request.user
    talks = Talk.objects.visible_to(user).filter(enrolment=enrolment).select_related("one__member", "other__member")
    untalked = enrolment.participations.active().exclude(talked({})).order_by("member_id")
    names = list(untalked.values_list("member__name", flat=True)[: NAMES + 1])
    context = {
        "enrolment": enrolment,
        "trail": enrolment.organization.trail(),
        "rounds": latest(request, OpinionRound.objects.visible_to(user).filter(enrolment=enrolment), "rounds"),
        "talks": latest(request, talks, "talks"),
        "meetings": latest(request, Meeting.objects.visible_to(user).filter(enrolment=enrolment), "meetings"),
        "today": timezone.localdate(),
        "untalked": names[:NAMES],
        "untalked_more": len(names) > NAMES,
    }
    return render(request, "evaluation/evaluation_records.html", context)


def form_page(request: HttpRequest, enrolment: Enrolment, form: Form | ModelForm, template: str) -> HttpResponse:
    context = {"enrolment": enrolment, "form": form, "trail": enrolment.organization.trail()}
    return render(request, f"evaluation/{template}.html", context, status=422 if form.errors else 200)


@requires(Permission.RECORD_EVALUATION)
def opinion_round_create(request: HttpRequest, enrolment_pk: int) -> HttpResponse:
    enrolment = enrolment_in_scope(request, enrolment_pk)
    form = OpinionRoundForm(request.POST or None, enrolment=enrolment)
    if request.method == "POST" and form.is_valid():
        _, new = actions.record_opinions(enrolment=enrolment, by=request.user, **form.cleaned_data)
        say_saved(request, "已登记征求意见情况。", new=new)
        return redirect("evaluation-records", enrolment.pk)
    return form_page(request, enrolment, form, "opinion_round_create")


@requires(Permission.RECORD_EVALUATION)
def opinion_sheet(request: HttpRequest, enrolment_pk: int) -> HttpResponse:
    """Several rounds at once out of a summary sheet: all of them, or none with what is wrong in which row."""
    enrolment = enrolment_in_scope(request, enrolment_pk)
    form = OpinionSheetForm(request.POST or None, request.FILES or None)
    problems: list[Problem] = []
    if request.method == "POST" and form.is_valid():
        try:
            found = read(form.cleaned_data["file"].read(), enrolment, request.user)
        except Unreadable as reason:
            form.add_error("file", str(reason))
        else:
            problems = found.problems
            if not problems:
                mark = form.cleaned_data["submission"]
                new = actions.record_sheet(rounds=found.rounds, submission=mark, by=request.user)
                say_saved(request, f"已登记{new}次征求意见。", new=new > 0)
                return redirect("evaluation-records", enrolment.pk)
    context = {"enrolment": enrolment, "form": form, "problems": problems, "trail": enrolment.organization.trail()}
    wrong = bool(form.errors or problems)
    return render(request, "evaluation/opinion_sheet.html", context, status=422 if wrong else 200)


@requires(Permission.RECORD_EVALUATION)
def opinion_sheet_template(request: HttpRequest, enrolment_pk: int) -> FileResponse:
    """The empty summary sheet."""
    enrolment_in_scope(request, enrolment_pk)
    empty = write_workbook([Sheet("征求意见汇总", [names[0] for names in HEADINGS.values()], [])])
    return FileResponse(BytesIO(empty), as_attachment=True, filename="征求意见汇总表.xlsx")


@requires(Permission.RECORD_EVALUATION)
@require_POST
def opinion_round_pass_on(request: HttpRequest, pk: int) -> HttpResponse:
    """Note when the opinions were told to those concerned."""
    visible = OpinionRound.objects.visible_to(request.user).select_related("enrolment__organization")
    opinions = in_charge(request, visible, pk)
    form = PassOnForm(request.POST, held_on=opinions.held_on)
    if not form.is_valid():
        messages.error(request, f"没有登记：{' '.join(str(error) for error in form.errors['on'])}")
    elif actions.pass_on(opinions=opinions, on=form.cleaned_data["on"], by=request.user):
        messages.success(request, f"已登记：{opinions}的意见已反馈。")
    else:
        messages.info(request, "这次意见的反馈此前已登记，没有改动。")
    return redirect("evaluation-records", opinions.enrolment_id)


@requires(Permission.RECORD_EVALUATION)
def talk_create(request: HttpRequest, enrolment_pk: int) -> HttpResponse:
    enrolment = enrolment_in_scope(request, enrolment_pk)
    form = TalkForm(request.POST or None, enrolment=enrolment, initial={"one": own_place(request, enrolment)})
    if request.method == "POST" and form.is_valid():
        made = actions.record_talks(enrolment=enrolment, by=request.user, **form.cleaned_data)
        known = len(form.cleaned_data["others"]) - made
        rest = f"另有{known}次刚才已经保存过，没有重复登记。" if known else ""
        say_saved(request, f"已登记{made}次谈心。{rest}", new=made > 0)
        return redirect("evaluation-records", enrolment.pk)
    return form_page(request, enrolment, form, "talk_create")


def own_place(request: HttpRequest, enrolment: Enrolment) -> Participation | None:
    """The user's own participation here, who is most often the one that talks."""
    own = Participation.objects.visible_to(request.user).filter(enrolment=enrolment).active()
    return own.filter(member=request.user.member_id or 0).first()  # type: ignore[union-attr]


@requires(Permission.RECORD_EVALUATION)
def meeting_create(request: HttpRequest, enrolment_pk: int) -> HttpResponse:
    enrolment = enrolment_in_scope(request, enrolment_pk)
    expected = Participation.objects.visible_to(request.user).filter(enrolment=enrolment).active().count()
    initial = {"expected": expected} | kept_fields(request)
    form = MeetingForm(request.POST or None, enrolment=enrolment, initial=initial)
    if request.method == "POST" and form.is_valid():
        _, new = actions.record_meeting(enrolment=enrolment, by=request.user, **form.cleaned_data)
        say_saved(request, "已登记会议。", new=new)
        return redirect("evaluation-records", enrolment.pk)
    return form_page(request, enrolment, form, "meeting_create")


@requires(Permission.RECORD_EVALUATION)
@require_POST
def withdraw(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Take back what was recorded by mistake."""
    model: Any = {"opinions": OpinionRound, "talk": Talk, "meeting": Meeting}[kind]
    visible = model.objects.visible_to(request.user).select_related("enrolment__organization")
    record = in_charge(request, visible, pk)
    actions.withdraw(record=record, by=request.user)
    messages.success(request, "已撤销这条登记，进度已随之更新。")
    return redirect("evaluation-records", record.enrolment_id)
