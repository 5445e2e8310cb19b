"""Whose files can be attached where: the room that owns a model registers it here, and its rules are the files' rules."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Model, QuerySet
from django.template.defaultfilters import filesizeformat

from portal.attachment_types import ACCEPTED, SUFFIXES, FileType
from portal.models import Attachment
from portal.registry import Registry

LONGEST_NAME = 100
UNSAFE = re.compile(r'[<>:"/\\|?*\s]+')
WRITTEN_BACKWARDS = {"Cf", "Cc", "Cs", "Co", "Cn", "Zl", "Zp"}


@dataclass(frozen=True)
class AttachmentOwner:
    """A model to whose rows files can be attached (``attachments = GenericRelation(Attachment)`` on it, so that they go with the row).

    ``visible(user)``: the rows whose files the user may read. ``may_change(user, row)``: whether they may add and remove.
    ``page(row)``: where one goes back to. ``code`` stands in the address.
    """

    code: str
    label: str
    model: type[Model]
    visible: Callable[[Any], QuerySet[Any]]
    may_change: Callable[[Any, Any], bool]
    page: Callable[[Any], str]


attachment_owners: Registry[AttachmentOwner] = Registry("attachment owner")


def owner_of(attachment: Attachment) -> AttachmentOwner | None:
    """The kind of row that a file hangs on."""
    model = attachment.content_type.model_class()
    return next((kind for kind in attachment_owners if kind.model is model), None)


def visible_owner(attachment: Attachment, user: Any) -> tuple[AttachmentOwner, Any] | None:
    """The row that a file hangs on, if the user may read its files."""
    kind = owner_of(attachment)
    row = kind.visible(user).filter(pk=attachment.object_id).first() if kind else None
    return (kind, row) if kind and row is not None else None


def find(pk: int, user: Any) -> tuple[Attachment, AttachmentOwner, Any] | None:
    """The file, its kind of owner and the owner, where the user sees that."""
    attachment = Attachment.objects.select_related("content_type", "by").filter(pk=pk).first()
    found = visible_owner(attachment, user) if attachment else None
    return (attachment, *found) if attachment and found else None


def attached(code: str, row: Any, user: Any) -> dict[str, Any]:
    """What ``portal/_attachments.html`` needs, as ``attachments``: the files of a row the user may see, and the way to add some."""
    kind = attachment_owners[code]
    return {
        "kind": kind.code,
        "owner": row.pk,
        "rows": list(row.attachments.select_related("by")),
        "may_change": kind.may_change(user, row),
        "accepted": ACCEPTED,
        "suffixes": ",".join(f".{s}" for s in SUFFIXES),
        "limits": limits_in_words(),
    }


def limits_in_words() -> str:
    """What fits, for people."""
    return (
        f"单个文件不超过{filesizeformat(settings.ATTACHMENT_BYTES)}（录音录像{filesizeformat(settings.ATTACHMENT_PLAYING_BYTES)}），"
        f"一次合计不超过{filesizeformat(settings.MAX_UPLOAD_BYTES)}，每处最多{settings.ATTACHMENTS_EACH}个、"
        f"合计{filesizeformat(settings.ATTACHMENTS_EACH_BYTES)}"
    )


def safe_name(name: str, kind: FileType) -> str:
    """The name as it may be shown and saved anywhere: no folders, no control or direction marks, not too long, the right suffix."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    plain = "".join(c for c in last if unicodedata.category(c) not in WRITTEN_BACKWARDS)
    stem, _, suffix = plain.rpartition(".")
    if suffix.lower() not in {kind.suffix, *kind.others}:
        stem, suffix = (plain if suffix.lower() not in SUFFIXES else stem), kind.suffix
    stem = UNSAFE.sub(" ", stem).strip(" .")[:LONGEST_NAME].strip(" .")
    return f"{stem or '附件'}.{suffix.lower()}"


def suffix_of(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name else ""
