"""The jobs behind the roster import, and the sheet that hands refused rows back."""

from collections.abc import Sequence
from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404

from members.actions.roster_import import read
from members.actions.roster_work import run_check, run_write
from members.models import RosterImport
from members.permissions import Permission
from members.roster.returning import refused_tables
from portal.documents import Document, Params, Table, documents
from portal.jobs import JobKind, job_kinds
from portal.paging import key_of


def find(params: Params, user: Any) -> RosterImport:
    """The import by its ``roster`` id, out of those the user may see."""
    return get_object_or_404(RosterImport.objects.visible_to(user), pk=key_of(params.get("roster", "")))


def refused(roster: RosterImport, params: Params, user: Any) -> Sequence[Table]:
    """The refused rows as they stand in the file, with the reason in the first column."""
    if not roster.file:
        raise Http404
    return refused_tables(roster, read(roster))


job_kinds.register(JobKind("roster-check", "核对名册", run_check, queue="import"))
job_kinds.register(JobKind("roster-write", "导入名册", run_write, queue="import"))
documents.register(
    Document(
        code="roster-refused",
        label="被拒绝的行",
        find=find,
        title=lambda roster: f"被拒绝的行（{roster.file_name}）",
        permission=Permission.IMPORT_ROSTER,
        tables=refused,
    )
)
