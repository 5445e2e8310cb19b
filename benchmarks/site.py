"""The portal with three pages more: the floors against which pages and writes are measured. ``application`` for the web server."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_POST

from portal.wsgi import application

from campaign.forms.self_study import StudyNoteForm  # isort: skip - the portal is set up by now
from campaign.models import Participation, StudyNote  # isort: skip
from campaign.views.my_study import find_own, is_going_on  # isort: skip
from portal.actions.log import audit  # isort: skip
from portal import urls  # isort: skip
from portal.access import signed_in  # isort: skip

__all__ = ["application"]


@signed_in
def trivial(request: HttpRequest) -> HttpResponse:
    """A signed-in page that shows nothing."""
    return render(request, "base.html")


@signed_in
@require_POST
def one_row(request: HttpRequest) -> HttpResponse:
    """The same form as for a note, and one row written in a transaction."""
    form = StudyNoteForm(request.POST)
    if form.is_valid():
        with transaction.atomic():
            mine = Participation.objects.filter(member=request.user.member_id)  # type: ignore[union-attr]
            mine.update(joined_on=form.cleaned_data["written_on"])
    return redirect("trivial")


@signed_in
@require_POST
def note_alone(request: HttpRequest, participation_pk: int) -> HttpResponse:
    """The same note with the same questions asked before, and nothing counted anew."""
    participation = find_own(request, participation_pk)
    form = StudyNoteForm(request.POST)
    if form.is_valid() and is_going_on(participation):
        with transaction.atomic():
            list(participation.notes.filter(**{name: form.note()[name] for name in ("title", "written_on")}))
            StudyNote.objects.create(participation=participation, **form.note())
            audit(by=request.user, verb="撰写学习心得", target=participation)
        messages.success(request, "心得已保存。")
    return redirect("trivial")


urls.urlpatterns += [path("trivial/", trivial, name="trivial"), path("one-row/", one_row, name="one-row")]
urls.urlpatterns += [path("participations/<int:participation_pk>/note-alone/", note_alone)]
