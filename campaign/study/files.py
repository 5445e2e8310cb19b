"""Whose files are attached where in study: sessions, materials, notes."""

from typing import Any

from django.urls import reverse

from campaign.models import Material, StudyNote, StudySession
from members.permissions import Permission
from portal.attachments import AttachmentOwner, attachment_owners


def keeps_session(user: Any, session: StudySession) -> bool:
    unit = session.enrolment
    return not session.is_withdrawn and bool(
        user.can(unit.acted_for_with(Permission.RECORD_STUDY), at=unit.organization)
    )


attachment_owners.register(
    AttachmentOwner(
        code="study-session",
        label="学习记录",
        model=StudySession,
        visible=lambda user: StudySession.everything.visible_to(user).select_related("enrolment__organization"),
        may_change=keeps_session,
        page=lambda session: reverse("study-session-detail", args=[session.pk]),
    )
)
attachment_owners.register(
    AttachmentOwner(
        code="material",
        label="学习材料",
        model=Material,
        visible=lambda user: Material.objects.visible_to(user).select_related(
            "campaign__organization", "enrolment__organization"
        ),
        may_change=lambda user, material: bool(user.can(material.kept_with, at=material.scope)),
        page=lambda material: reverse("material-detail", args=[material.pk]),
    )
)
attachment_owners.register(
    AttachmentOwner(
        code="study-note",
        label="学习心得",
        model=StudyNote,
        visible=lambda user: StudyNote.objects.visible_to(user).select_related("participation").distinct(),
        may_change=lambda user, note: note.is_of(user),
        page=lambda note: reverse("study-note-detail", args=[note.pk]),
    )
)
