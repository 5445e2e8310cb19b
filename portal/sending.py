"""What is sent again is recorded once: a button pressed twice, the page before opened again and sent again, two windows.

Nothing is kept to recognise it by: what arrives is compared with the records that the same person has just made.
"""

from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

AGAIN = timedelta(minutes=10)
SENT_BEFORE = "这条内容刚才已经保存过，没有重复登记。如确有两次，请改动时间或内容后再保存。"


class Sent(models.Model):
    """A record made by sending a form. ``submission`` is the mark of that form; empty where no form was sent."""

    submission = models.UUIDField(null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        abstract = True


class MarkField(forms.UUIDField):
    """The form's hidden mark: what a slow line delivers once more, however late, is known by it. A form that comes
    without one gets one."""

    def __init__(self) -> None:
        super().__init__(widget=forms.HiddenInput, initial=uuid4)

    def clean(self, value: Any) -> UUID:
        with suppress(ValidationError):
            return super().clean(value)
        return uuid4()


def sent_before(rows: Any, *, by: Any, submission: UUID | None) -> models.QuerySet[Any]:
    """Those of ``rows`` that this person may be sending again: made with the same form, or with any form just now."""
    if submission is None:
        return rows.none()
    return rows.filter(Q(submission=submission) | Q(created_at__gt=timezone.now() - AGAIN), by=by)


def keep_once(rows: Any, *, by: Any, submission: UUID | None, **content: Any) -> tuple[Any, bool]:
    """The record of this content among ``rows`` (all that belong to one owner), and whether it is new.

    Equal content that the same person sent before is that record; with no ``submission`` it is always new. The caller
    holds the owner's lock, so that of two at the same moment the second finds the first.
    """
    new = rows.model(**content)
    names = [new._meta.get_field(name).attname for name in content]
    for known in sent_before(rows, by=by, submission=submission).order_by("pk"):
        if all(getattr(known, name) == getattr(new, name) for name in names):
            return known, False
    return rows.create(by=by, submission=submission, **content), True


def say_saved(request: HttpRequest, text: str, *, new: bool) -> None:
    """``text`` about what has been saved; about what was sent again, that it had been."""
    messages.add_message(request, *((messages.SUCCESS, text) if new else (messages.INFO, SENT_BEFORE)))
