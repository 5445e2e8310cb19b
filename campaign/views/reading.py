"""A member's reading list, and the mark 已读."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from campaign.actions import self_study as actions
from campaign.study.reading import reading_list
from campaign.views.my_study import find, find_own, is_going_on, is_own
from members.permissions import Permission
from portal.access import signed_in


@signed_in
def my_readings(request: HttpRequest, participation_pk: int) -> HttpResponse:
    """What one is to read, in order, and what one has read."""
    participation = find(request, participation_pk)
    own = is_own(request, participation)
    if not own and not request.user.can(Permission.VIEW_STUDY, at=participation.enrolment.organization):  # type: ignore[union-attr]
        raise PermissionDenied
    rows = reading_list(participation)
    required = [row for row in rows if row["material"].required]
    context = {
        "participation": participation,
        "own": own,
        "can_mark": own and is_going_on(participation),
        "required": required,
        "others": [row for row in rows if not row["material"].required],
        "read": sum(row["reading"] is not None for row in required),
        "today": timezone.localdate(),
        "trail": participation.enrolment.organization.trail(),
    }
    return render(request, "campaign/my_readings.html", context)


@signed_in
@require_POST
def reading_mark(request: HttpRequest, participation_pk: int, material_pk: int) -> HttpResponse:
    """已读, or taken back; said by the person, not measured."""
    participation = find_own(request, participation_pk)
    material = get_object_or_404(participation.campaign.materials.asked_of(participation), pk=material_pk)
    if not is_going_on(participation):
        messages.warning(request, "您现在不在进行中的活动里，不能再作标记。")
    elif request.POST.get("take") == "back":
        actions.say_unread(participation=participation, material=material, by=request.user)
        messages.success(request, f"已取消“{material}”的已读标记。")
    else:
        actions.say_read(participation=participation, material=material, by=request.user)
        messages.success(request, f"已标记读过“{material}”。")
    return redirect("my-readings", participation.pk)
