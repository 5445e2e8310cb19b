"""Files that people attach to records: sealed on the disk, outside the web root, and seen by whoever sees the record."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils import timezone

from portal.attachment_types import TYPES, FileType
from portal.sealed_files import sealed_stream, unsealed


class Attachment(models.Model):
    """One file of one record (``owner``). ``digest`` is keyed and tells the same content sent twice; ``suffix`` says what the content is."""

    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE, related_name="+")
    object_id = models.BigIntegerField()
    owner = GenericForeignKey("content_type", "object_id")
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField("文件名", max_length=120)
    suffix = models.CharField("类型", max_length=8)
    size = models.PositiveBigIntegerField("大小")
    digest = models.CharField(max_length=64)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", verbose_name="上传人"
    )
    at = models.DateTimeField("上传时间", default=timezone.now)

    class Meta:
        verbose_name = "附件"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["content_type", "object_id", "digest"], name="attachment_once"),
        ]

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def folder() -> Path:
        """Where the files of all lie."""
        return Path(settings.MEDIA_ROOT) / "attachments"

    @property
    def type(self) -> FileType:
        return TYPES[self.suffix]

    @property
    def path(self) -> Path:
        return self.folder() / self.key.hex[:2] / self.key.hex

    @property
    def small_path(self) -> Path:
        """The small picture, where the file is one."""
        return self.path.with_suffix(".small")

    def keep(self, content: IO[Any], small: IO[Any] | None = None) -> None:
        """Seal the content, and the small picture, onto the disk."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path, stream in ((self.path, content), (self.small_path, small)):
            if stream is not None:
                stream.seek(0)
                with path.open("wb") as file:
                    file.writelines(sealed_stream(stream, self.seal(path)))

    def seal(self, path: Path) -> str:
        """Each file is sealed for its own name: one cannot be put in another's place."""
        return f"attachment:{path.name}"

    def pieces(self, path: Path) -> Iterator[bytes]:
        """What was kept, piece by piece, each verified; raises ``Damaged`` or ``FileNotFoundError``."""
        with path.open("rb") as file:
            yield from unsealed(file, self.seal(path))

    def drop(self) -> None:
        """Take the files off the disk."""
        for path in (self.path, self.small_path):
            path.unlink(missing_ok=True)
