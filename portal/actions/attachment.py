"""Attaching files and taking them away."""

import hashlib
import io
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import IO, Any

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Sum
from django.template.defaultfilters import filesizeformat

from portal.actions.log import audit
from portal.attachment_types import TYPES, FileType, Refused, small_picture, told
from portal.attachments import safe_name, suffix_of
from portal.ciphers import blind_index
from portal.models import Attachment

DAY_SECONDS = 24 * 3600


@dataclass
class Outcome:
    """What became of the files of one upload, in words for whoever sent them."""

    added: list[Attachment] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def attach(*, owner: Any, files: Iterable[UploadedFile], by: Any) -> Outcome:
    """Attach what can be attached; of each file that cannot, say its name, what is wrong and what the limit is."""
    outcome = Outcome()
    for file in files:
        try:
            kind = check(file)
            small = io.BytesIO(small_picture(content(file))) if kind.picture else None
            row, new = attach_one(owner, file, kind, small, by)
        except Refused as refusal:
            outcome.refused.append(f"“{shown(file)}”没有上传：{refusal}。")
        else:
            outcome.added += [row] if new else []
            outcome.known += [] if new else [row.name]
    return outcome


def shown(file: UploadedFile) -> str:
    """The name as it may be said to whoever sent it."""
    return safe_name(file.name or "", TYPES["pdf"]).removesuffix(".pdf") if not file.name else file.name[:80]


def content(file: UploadedFile) -> IO[Any]:
    """What was sent, open for reading."""
    if file.file is None:
        raise Refused("文件是空的，请重新选择文件后上传")
    return file.file


def check(file: UploadedFile) -> FileType:
    """The type; raises ``Refused`` for what is too large, unknown, or called something else than it is."""
    kind = told(content(file))
    most = settings.ATTACHMENT_PLAYING_BYTES if kind.playing else settings.ATTACHMENT_BYTES
    if (file.size or 0) > most:
        raise Refused(
            f"大小为{filesizeformat(file.size or 0)}，{kind.label}不能超过{filesizeformat(most)}，请压缩或分成几个文件"
        )
    called = suffix_of(file.name or "")
    alike = kind.picture and any(called in {t.suffix, *t.others} for t in TYPES.values() if t.picture)
    if called not in {kind.suffix, *kind.others} and not alike:
        raise Refused(f"文件名写的是“.{called}”，内容却是{kind.label}，请核对后按实际类型命名再上传")
    return kind


def attach_one(owner: Any, file: UploadedFile, kind: FileType, small: Any, by: Any) -> tuple[Attachment, bool]:
    """The file on disk first, its row second: a row never lacks its file. The same content again is the same attachment."""
    place = {"content_type": ContentType.objects.get_for_model(owner), "object_id": owner.pk}
    digest = blind_index(digest_of(file), "attachment")
    row = Attachment(**place, name=safe_name(file.name or "", kind), suffix=kind.suffix, digest=digest, by=by)
    row.size = file.size or 0
    with transaction.atomic():
        if type(owner)._base_manager.select_for_update().filter(pk=owner.pk).first() is None:
            raise Refused("所属的记录已被删除")
        if known := Attachment.objects.filter(**place, digest=digest).first():
            return known, False
        make_room(Attachment.objects.filter(**place), row.size)
        row.keep(content(file), small)
        row.save()
        audit(by=by, verb="上传附件", target=owner, name=row.name, size=row.size)
    return row, True


def make_room(others: Any, size: int) -> None:
    """Raises ``Refused`` when there is no more room at this record."""
    held = others.aggregate(n=Sum("size"))["n"] or 0
    if others.count() >= settings.ATTACHMENTS_EACH:
        raise Refused(f"这里最多放{settings.ATTACHMENTS_EACH}个附件，请先删除不需要的")
    if held + size > settings.ATTACHMENTS_EACH_BYTES:
        most, left = filesizeformat(settings.ATTACHMENTS_EACH_BYTES), settings.ATTACHMENTS_EACH_BYTES - held
        raise Refused(
            f"这里的附件合计不能超过{most}，还可放{filesizeformat(max(0, left))}，本文件{filesizeformat(size)}"
        )


def digest_of(file: UploadedFile) -> str:
    file.seek(0)
    found = hashlib.sha256()
    for chunk in file.chunks():
        found.update(chunk)
    file.seek(0)
    return found.hexdigest()


def remove(*, attachment: Attachment, by: Any) -> None:
    """Take a file away, from the disk when the row is surely gone."""
    with transaction.atomic():
        audit(by=by, verb="删除附件", target=attachment.owner or attachment, name=attachment.name)
        Attachment.objects.filter(pk=attachment.pk).delete()
        transaction.on_commit(attachment.drop)


def clear_orphans() -> int:
    """Files whose row is gone (its record was deleted, or the upload was broken off), a day later."""
    cleared = 0
    for path in Attachment.folder().glob("??/*"):
        if time.time() - path.stat().st_mtime < DAY_SECONDS:
            continue
        try:
            key = uuid.UUID(path.stem)
        except ValueError:
            continue
        if not Attachment.objects.filter(key=key).exists():
            path.unlink(missing_ok=True)
            cleared += 1
    return cleared
