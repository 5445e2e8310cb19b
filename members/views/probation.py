"""Deciding on candidates."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from members.actions.probation import DECISIONS, decide
from members.forms.probation import ProbationForm
from members.models import Member
from members.permissions import Permission
from members.tree import visible_trail
from portal.access import get_in_scope, requires


@requires(Permission.EDIT_ROLL)
def edit(request: HttpRequest, member_pk: int) -> HttpResponse:
    """Full member, probation extended, or no member. Nobody decides on themselves."""
    visible = Member.objects.visible_to(request.user).select_related("branch")
    member = get_in_scope(request, visible, pk=member_pk)
    if member.pk == request.user.member_id:  # type: ignore[union-attr]
        raise PermissionDenied("不能为自己办理转正，请由支部其他负责人或上级活动办公室办理。")
    if member.status != Member.Status.PROBATIONARY or member.ended_on:
        messages.info(request, f"{member}不是在册的预备党员，不需要办理转正。")
        return redirect("member-detail", member.pk)
    form = ProbationForm(request.POST or None, member=member)
    if request.method == "POST" and form.is_valid():
        if decide(member=member, by=request.user, **form.cleaned_data):
            messages.success(request, f"已登记：{member}{DECISIONS[form.cleaned_data['decision']]}。")
        else:
            messages.info(request, "刚刚有人办过了，没有改动，请核对。")
        return redirect("member-detail", member.pk)
    context = {"member": member, "form": form, "trail": visible_trail(request.user, member.branch)}
    return render(request, "members/probation_decide.html", context, status=422 if form.errors else 200)
