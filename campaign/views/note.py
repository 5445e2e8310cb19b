"""Notes 心得: written, changed and shared by their author; read by whoever they are shared with."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from campaign.actions import self_study as actions
from campaign.forms.self_study import StudyNoteForm
from campaign.models import StudyNote
from campaign.study.account import notes_in
from campaign.views.my_study import find_own, is_going_on
from campaign.views.study import visible_enrolments
from members.permissions import Permission
from portal.access import get_in_scope, requires, signed_in
from portal.actions.log import note_reading
from portal.attachments import attached
from portal.kept_text import kept_fields
from portal.paging import paged

CHANGED = "您打开本页之后，这篇心得在另一窗口改过，所以没有保存。您写的内容都在下面：请核对后再按“保存”，原来的内容会留作历史。"


@signed_in
def study_note_create(request: HttpRequest, participation_pk: int) -> HttpResponse:
    """A note, by its author alone."""
    participation = find_own(request, participation_pk)
    if not is_going_on(participation):
        messages.warning(request, "您现在不在进行中的活动里，不能撰写心得。")
        return redirect("my-study", participation.pk)
    form = StudyNoteForm(request.POST or None, initial=kept_fields(request))
    if form.is_valid():
        submission = form.cleaned_data["submission"]
        note = actions.write_note(participation=participation, **form.note(), submission=submission, by=request.user)
        messages.success(request, "心得已保存。可以在这里添加附件，或随时修改。")
        return redirect("study-note-detail", note.pk)
    context = {"form": form, "participation": participation}
    return render(request, "campaign/study_note_create.html", context)


def find_note(request: HttpRequest, pk: int, *, own: bool = False) -> StudyNote:
    rows = StudyNote.objects.visible_to(request.user).select_related(
        "participation__member", "participation__enrolment__organization", "participation__campaign"
    )
    note = get_object_or_404(rows.distinct(), pk=pk)
    if own and not note.is_of(request.user):
        raise PermissionDenied
    return note


@signed_in
def study_note_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The author sees who has read it and what it was before; every other reading is noted."""
    note = find_note(request, pk)
    own = note.is_of(request.user)
    if not own:
        note_reading(of=note, kind=note.READING, by=request.user, capacity=request.user.hat_at(note.scope))  # type: ignore[union-attr]
    context = {
        "note": note,
        "own": own,
        "revisions": note.revisions.all() if own else [],
        "readers": note.readings()[:50] if own else [],
        "attachments": attached("study-note", note, request.user),
        "trail": note.scope.trail(),
    }
    return render(request, "campaign/study_note_detail.html", context)


@signed_in
def study_note_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change it or who may read it; what stood before is kept for the author."""
    note = find_note(request, pk, own=True)
    known: dict[str, Any] = {
        "title": note.title,
        "text": note.body,
        "written_on": note.written_on,
        "circle": note.circle,
        "edition": note.edition,
    }
    form = StudyNoteForm(request.POST or None, initial=known | kept_fields(request))
    if form.is_valid():
        edition = form.cleaned_data["edition"] or 0
        try:
            actions.rewrite_note(note=note, **form.note(), edition=edition, by=request.user)
        except actions.ChangedMeanwhile:
            form.data = form.data.copy()  # type: ignore[attr-defined]
            note.refresh_from_db(fields=["edition"])
            form.data["edition"] = str(note.edition)  # type: ignore[index]
            form.add_error(None, CHANGED)
        else:
            messages.success(request, "心得已保存。")
            return redirect("study-note-detail", note.pk)
    return render(request, "campaign/study_note_edit.html", {"form": form, "note": note})


@signed_in
@require_POST
def study_note_remove(request: HttpRequest, pk: int) -> HttpResponse:
    note = find_note(request, pk, own=True)
    actions.remove_note(note=note, by=request.user)
    messages.success(request, f"已删除心得“{note.title}”。")
    return redirect("my-study", note.participation_id)


@requires(Permission.VIEW_STUDY)
def study_note_list(request: HttpRequest, enrolment_pk: int) -> HttpResponse:
    """Notes that members of the branch have shared with whoever looks; of the others nothing is said but their number."""
    enrolment = get_in_scope(request, visible_enrolments(request.user), pk=enrolment_pk)
    here = StudyNote.objects.visible_to(request.user).filter(participation__enrolment=enrolment)
    shared = here.exclude(circle=StudyNote.Circle.PRIVATE).distinct()
    context = {
        "enrolment": enrolment,
        "pager": paged(request, shared.select_related("participation__member"), ("-written_on", "-pk"), 30),
        "number": notes_in(enrolment),
        "trail": enrolment.organization.trail(),
    }
    return render(request, "campaign/study_note_list.html", context)
