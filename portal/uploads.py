"""What is too large is refused before it is read: by its announced length, and again while it streams."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest, HttpResponse

from portal.views.errors import too_large


class UploadLimitMiddleware:
    """Answers 413 to a body longer than ``MAX_UPLOAD_BYTES``. Stands before everything that reads the body."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        announced = request.META.get("CONTENT_LENGTH") or "0"
        if not announced.isdigit() or int(announced) > settings.MAX_UPLOAD_BYTES:
            return too_large(request)
        return self.get_response(request)


class UploadLimitHandler(FileUploadHandler):
    """Counts what arrives in all files of one request; raises ``RequestDataTooBig`` beyond ``MAX_UPLOAD_BYTES``."""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.received = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self.received += len(raw_data)
        if self.received > settings.MAX_UPLOAD_BYTES:
            raise RequestDataTooBig("upload larger than MAX_UPLOAD_BYTES")
        return raw_data

    def file_complete(self, file_size: int) -> Any:
        """The next handler keeps the file."""
        return
