"""The portal with two pages more: the floors against which pages and writes are measured. ``application`` for the web server."""

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_POST

from portal.wsgi import application

from campaign.forms.self_study import StudyNoteForm  # isort: skip - the portal is set up by now
from campaign.models import Participation  # isort: skip
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


urls.urlpatterns += [path("trivial/", trivial, name="trivial"), path("one-row/", one_row, name="one-row")]
