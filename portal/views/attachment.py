"""Files of records: added, read, taken away. Who sees the record sees its files."""

import logging
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from portal.access import signed_in
from portal.actions import attachment as actions
from portal.attachments import AttachmentOwner, attachment_owners
from portal.attachments import find as found_for
from portal.models import Attachment
from portal.sealed_files import Damaged

logger = logging.getLogger(__name__)


@signed_in
@require_POST
def attachment_add(request: HttpRequest, kind: str, owner: int) -> HttpResponse:
    """Several at once; each that cannot be taken is named, the others are kept."""
    place = attachment_owners.get(kind)
    if place is None:
        raise Http404
    row = get_object_or_404(place.visible(request.user), pk=owner)
    if not place.may_change(request.user, row):
        raise PermissionDenied
    files = request.FILES.getlist("files")
    outcome = actions.attach(owner=row, files=files, by=request.user)
    if not files:
        messages.warning(request, "没有选择文件。请先选择一个或几个文件，再按“上传”。")
    if outcome.added:
        messages.success(request, f"已上传 {len(outcome.added)} 个附件。")
    if outcome.known:
        messages.info(request, f"内容相同的附件已经有了，没有重复保存：{'、'.join(outcome.known)}。")
    for refusal in outcome.refused:
        messages.error(request, refusal)
    return redirect(place.page(row))


def find(request: HttpRequest, pk: int) -> tuple[Attachment, AttachmentOwner, Any]:
    """The file, what it hangs on; 404 where the user does not see that."""
    found = found_for(pk, request.user)
    if found is None:
        raise Http404
    return found


@signed_in
@require_safe
def attachment_download(request: HttpRequest, pk: int) -> HttpResponseBase:
    attachment, kind, row = find(request, pk)
    response = streamed(attachment, attachment.path, attachment.type.media)
    if response is None:
        messages.error(request, f"附件“{attachment}”已损坏或找不到，不能下载。请联系上传人重新上传。")
        return redirect(kind.page(row))
    response.headers["Content-Disposition"] = content_disposition_header(True, attachment.name) or "attachment"
    response.headers["Content-Length"] = str(attachment.size)
    return response


@signed_in
@require_safe
def attachment_picture(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The small picture that the portal drew itself."""
    attachment, _, _ = find(request, pk)
    response = streamed(attachment, attachment.small_path, "image/jpeg") if attachment.type.picture else None
    if response is None:
        raise Http404
    return response


def streamed(attachment: Attachment, path: Path, media: str) -> StreamingHttpResponse | None:
    """The whole is verified before the first byte goes out; ``None`` where it is damaged or gone."""
    try:
        for _ in attachment.pieces(path):
            pass
    except (Damaged, FileNotFoundError):
        logger.error("attachment %s is damaged or gone", attachment.pk)
        return None
    response = StreamingHttpResponse(attachment.pieces(path), content_type=media)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["Cache-Control"] = "private, no-store"
    return response


@signed_in
@require_POST
def attachment_remove(request: HttpRequest, pk: int) -> HttpResponse:
    attachment, kind, row = find(request, pk)
    if not kind.may_change(request.user, row):
        raise PermissionDenied
    actions.remove(attachment=attachment, by=request.user)
    messages.success(request, f"已删除附件“{attachment}”。")
    return redirect(kind.page(row))
