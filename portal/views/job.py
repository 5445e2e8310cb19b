"""One's own jobs: how far they are, and what they left."""

import logging
from io import BytesIO
from urllib.parse import urlencode

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from portal.access import signed_in
from portal.actions import job as actions
from portal.jobs import job_kinds
from portal.models import Job
from portal.paging import paged
from portal.sealed_files import Damaged

PAGE = 50
DAMAGED = "结果文件已损坏或被改动，不能下载。请回到原页面重新生成；如再次出现，请联系系统管理员。"
logger = logging.getLogger(__name__)


def own_path(path: str) -> str:
    """``path`` if it leads to a page of the portal, else nothing."""
    return path if path.startswith("/") and url_has_allowed_host_and_scheme(path, allowed_hosts=None) else ""


def page_of(job: Job, back: str = "") -> str:
    """The address of a job's page, remembering the page from which it was started."""
    address = resolve_url("job-detail", pk=job.pk)
    return f"{address}?{urlencode({'back': back})}" if own_path(back) else address


def described(job: Job, request: HttpRequest) -> dict[str, object]:
    kind = job_kinds.get(job.kind)
    return {
        "job": job,
        "kind": kind.label if kind else "",
        "file_size": job.file_size,
        "file_gone": job.state == Job.State.DONE and bool(job.file_name) and not job.has_file,
        "result_url": own_path(str(job.result.get("url", ""))) if job.is_finished else "",
        "back": own_path(request.GET.get("back", "")),
    }


@signed_in
@require_safe
def job_list(request: HttpRequest) -> HttpResponse:
    page = paged(request, Job.objects.visible_to(request.user), ["-pk"], PAGE)
    return render(request, "portal/job_list.html", {"page": page})


@signed_in
@require_safe
def job_detail(request: HttpRequest, pk: int) -> HttpResponse:
    job = get_object_or_404(Job.objects.visible_to(request.user), pk=pk)
    return render(request, "portal/job_detail.html", described(job, request))


@signed_in
@require_safe
def job_status(request: HttpRequest, pk: int) -> HttpResponse:
    job = get_object_or_404(Job.objects.visible_to(request.user), pk=pk)
    return render(request, "portal/_job_status.html", described(job, request))


@signed_in
@require_safe
def job_download(request: HttpRequest, pk: int) -> HttpResponseBase:
    job = get_object_or_404(Job.objects.visible_to(request.user), pk=pk)
    if not job.has_file:
        raise Http404
    try:
        content = job.read_file()
    except Damaged:
        logger.error("the result file of job %s is damaged", job.pk)
        messages.error(request, DAMAGED)
        return redirect(page_of(job, request.GET.get("back", "")))
    response = FileResponse(BytesIO(content), as_attachment=True, filename=job.file_name)
    response.headers["Cache-Control"] = "private, no-store"
    return response


@signed_in
@require_POST
def job_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    job = get_object_or_404(Job.objects.visible_to(request.user), pk=pk)
    if not actions.cancel(job=job):
        messages.info(request, "任务已经结束，不需要再取消。")
    return redirect(page_of(job, request.GET.get("back", "")))
