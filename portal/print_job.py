"""The job behind every printed or exported document.

``job.params`` = ``{"document": code, "format": "pdf" | "xlsx", "params": {name: text}, "hat": key}``. The subject is found
again with the rights that the job's owner has when the job runs, under the hat (``None``: all) that was on when it was asked
for: the sheet holds what the page showed, and an appointment that ended in between ends the printing too.
"""

import re
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError
from django.http import Http404
from django.template.loader import render_to_string
from django.utils import timezone

from portal.documents import Document, Params, documents
from portal.jobs import JobFailure, JobKind, Outcome, Progress, job_kinds
from portal.models import Job
from portal.printing import render_pdf
from portal.spreadsheets import write_workbook

STEPS = 4
UNSAFE = re.compile(r'[\\/:*?"<>|\s\x00-\x1f]+')


def find_subject(document: Document, params: Params, user: Any) -> Any:
    """The object the document is about, out of what ``user`` sees; raises ``Http404`` or ``PermissionDenied``."""
    try:
        subject = document.find(params, user)
    except (KeyError, ValueError, OverflowError, ValidationError, ObjectDoesNotExist) as error:
        raise Http404 from error
    if document.permission and not user.can(document.permission, at=subject.scope):
        raise PermissionDenied
    return subject


def file_name(title: str, extension: str) -> str:
    """``title`` as a file name that every system takes, at most 100 characters long."""
    return f"{UNSAFE.sub(' ', title).strip(' .')[:100] or '文件'}.{extension}"


def page_of(document: Document, subject: Any, params: Params, user: Any) -> str:
    """The HTML of a document's sheet."""
    context: dict[str, Any] = {
        "title": document.title(subject),
        "printed_by": str(user),
        "printed_at": timezone.localtime(),
        "portal_name": settings.PORTAL_NAME,
    }
    context |= document.data(subject, params, user) if document.data else {"subject": subject}
    return render_to_string(document.template, context)


def run(job: Job, progress: Progress) -> Outcome:
    """Make the file; raises ``JobFailure`` when the document, its subject or the right to it is not there (any
    more)."""
    asked: Mapping[str, Any] = job.params
    document = documents.get(str(asked.get("document", "")))
    kind = str(asked.get("format") or "pdf")
    if document is None or kind not in document.formats:
        raise JobFailure("没有这种文件或格式，请返回原页面重新选择。")
    progress.report(0, STEPS, "正在核对权限")
    if not job.by.put_on(asked.get("hat")):
        raise JobFailure("提交打印时选用的职责已经结束，没有生成文件。如仍需要，请以现有的职责重新打印。")
    try:
        subject = find_subject(document, asked.get("params", {}), job.by)
    except Http404:
        raise JobFailure("没有找到要打印的内容：它可能已被删除，或不在您的工作范围内。") from None
    except PermissionDenied:
        raise JobFailure("您没有打印这份材料的权限。如因工作需要，请联系上级活动办公室。") from None
    progress.report(1, STEPS, "正在汇集数据")
    if kind == "xlsx" and document.tables:
        tables = document.tables(subject, asked.get("params", {}), job.by)
        progress.report(2, STEPS, "正在生成表格")
        content = write_workbook(tables)
    else:
        html = page_of(document, subject, asked.get("params", {}), job.by)
        progress.report(2, STEPS, "正在排版")
        content = render_pdf(html, look=document.look, landscape=document.landscape)
    progress.report(3, STEPS, "正在保存")
    return Outcome(message="文件已生成。", file_name=file_name(document.title(subject), kind), content=content)


job_kinds.register(JobKind("print", "打印与导出", run, queue="print"))
