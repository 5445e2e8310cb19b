"""Where members are, and leaving the roll."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import Form, ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from members.actions import member as actions
from members.forms.member import LeavingForm, MobilityEndForm, MobilityForm
from members.models import Member, Mobility
from members.permissions import Permission
from members.registry import taking_part_in_words
from members.tree import visible_trail
from portal.access import get_in_scope, requires


def member_in_scope(request: HttpRequest, pk: int) -> Member:
    return get_in_scope(request, Member.objects.visible_to(request.user).select_related("branch"), pk=pk)


def form_page(request: HttpRequest, member: Member, form: Form | ModelForm, template: str) -> HttpResponse:
    context = {
        "member": member,
        "form": form,
        "trail": visible_trail(request.user, member.branch),
        "open": member.mobilities.filter(until=None).select_related("host", "member__branch").order_by("since"),
        "places": taking_part_in_words(member),
        "today": timezone.localdate(),
    }
    return render(request, f"members/{template}.html", context, status=422 if form.errors else 200)


@requires(Permission.EDIT_ROLL)
def edit(request: HttpRequest, member_pk: int) -> HttpResponse:
    """What is open now, and a form for a new stretch."""
    member = member_in_scope(request, member_pk)
    form = MobilityForm(request.POST or None, member=member)
    if request.method == "POST" and form.is_valid():
        if actions.open_mobility(member=member, by=request.user, **form.cleaned_data):
            messages.success(request, f"已登记{member}的流动情况。{''.join(taking_part_in_words(member))}")
        else:
            messages.info(request, "这种情形此前已经登记，或所在地支部刚刚撤销，没有记录。请核对。")
        return redirect("member-detail", member.pk)
    return form_page(request, member, form, "member_mobility")


@requires(Permission.EDIT_ROLL)
@require_POST
def close(request: HttpRequest, pk: int) -> HttpResponse:
    """The member is back, or found."""
    visible = Mobility.objects.visible_to(request.user).select_related("member__branch")
    mobility = get_in_scope(request, visible, pk=pk)
    form = MobilityEndForm(request.POST, mobility=mobility)
    if not form.is_valid():
        messages.error(request, f"没有登记：{' '.join(str(error) for error in form.errors['until'])}")
        return redirect("member-mobility", mobility.member_id)
    if actions.close_mobility(mobility=mobility, until=form.cleaned_data["until"], by=request.user):
        places = "".join(taking_part_in_words(mobility.member))
        messages.success(request, f"已登记：{mobility.member}的“{mobility.get_kind_display()}”结束。{places}")
    else:
        messages.info(request, "此前已登记结束，没有改动。")
    return redirect("member-detail", mobility.member_id)


@requires(Permission.EDIT_ROLL)
def leave(request: HttpRequest, member_pk: int) -> HttpResponse:
    """Off the roll. Nobody takes themselves off."""
    member = member_in_scope(request, member_pk)
    if member.pk == request.user.member_id:  # type: ignore[union-attr]
        raise PermissionDenied("不能为自己办理离开名册，请由上级活动办公室办理。")
    form = LeavingForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if actions.leave(member=member, by=request.user, **form.cleaned_data):
            messages.success(request, f"{member}已离开名册，原有记录都保留。")
        else:
            messages.info(request, f"{member}此前已离开名册，没有改动。")
        return redirect("member-detail", member.pk)
    return form_page(request, member, form, "member_leave")


@requires(Permission.EDIT_ROLL)
@require_POST
def come_back(request: HttpRequest, member_pk: int) -> HttpResponse:
    """Undo a leaving that was registered by mistake."""
    member = member_in_scope(request, member_pk)
    try:
        if actions.come_back(member=member, by=request.user):
            messages.success(request, f"{member}已恢复在册。原来的任职不会自动恢复，如需要请重新登记。")
        else:
            messages.info(request, f"{member}本来就在册，没有改动。")
    except actions.Taken:
        messages.error(request, "没有恢复：同一身份证号已登记在另一位在册党员名下，请先核对。")
    except actions.BranchClosed:
        text = f"没有恢复：{member.branch}已经撤销。请上级活动办公室先恢复这个支部，恢复在册后再转到别的支部。"
        messages.error(request, text)
    return redirect("member-detail", member.pk)
