"""Asking for a printed or exported document."""

from typing import Any
from urllib.parse import urlsplit

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from portal.access import signed_in
from portal.actions import job as jobs
from portal.documents import documents
from portal.print_job import find_subject
from portal.views.errors import unknown_format
from portal.views.job import page_of

NOT_PARAMS = {"csrfmiddlewaretoken", "format"}


@signed_in
@require_POST
def document_print(request: HttpRequest, code: str) -> HttpResponse:
    user: Any = request.user
    document = documents.get(code)
    if document is None:
        raise Http404
    params = {name: str(value) for name, value in request.POST.items() if name not in NOT_PARAMS}
    subject = find_subject(document, params, user)
    chosen = request.POST.get("format") or next(iter(document.formats), "")
    if chosen not in document.formats:
        return unknown_format(request)
    job = jobs.submit_once(
        kind="print",
        title=document.title(subject),
        params={"document": code, "params": params, "format": chosen, "hat": user.chosen_hat},
        by=user,
    )
    came_from = urlsplit(request.headers.get("Referer", ""))
    back = came_from._replace(scheme="", netloc="", fragment="").geturl()
    return redirect(page_of(job, back if came_from.netloc == request.get_host() else ""))
