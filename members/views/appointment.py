"""Who wears which hat; giving and taking them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from members.actions import appointment as actions
from members.forms.appointment import AppointmentFilterForm, AppointmentForm
from members.models import Appointment, Organization
from members.permissions import Permission
from members.tree import visible_trail
from members.views.at_organization import organization_in_scope
from portal.access import get_in_scope, requires
from portal.paging import paged


@requires(Permission.VIEW_APPOINTMENTS)
def overview(request: HttpRequest, org_pk: int) -> HttpResponse:
    """Who is what, where, since and until when, in the whole subtree; in force unless asked otherwise."""
    node = organization_in_scope(request, org_pk)
    form = AppointmentFilterForm(request.GET)
    hats = form.narrow(Appointment.objects.visible_to(request.user).under(node)).with_people()
    context = {
        "node": node,
        "trail": visible_trail(request.user, node),
        "form": form,
        "page": paged(request, hats, ["organization__path", "role", "pk"]),
        "may_manage": request.user.can(Permission.MANAGE_APPOINTMENTS, at=node),  # type: ignore[union-attr]
        "may_open": request.user.can(Permission.VIEW_NAMES, at=node),  # type: ignore[union-attr]
    }
    return render(request, "members/appointment_list.html", context)


@requires(Permission.MANAGE_APPOINTMENTS)
def create(request: HttpRequest, org_pk: int) -> HttpResponse:
    node = organization_in_scope(request, org_pk)
    form = AppointmentForm(request.POST or None, organization=node)
    if request.method == "POST" and form.is_valid() and appointed(request, node, form):
        return redirect("organization-detail", node.pk)
    context = {"node": node, "form": form, "trail": visible_trail(request.user, node)}
    return render(request, "members/appointment_create.html", context, status=422 if form.errors else 200)


def appointed(request: HttpRequest, node: Organization, form: AppointmentForm) -> bool:
    """Give the hat; ``False``, with the reason in the form, where the person wears it already."""
    values = {name: form.cleaned_data[name] for name in ("role", "since", "until")}
    try:
        hat = actions.appoint(organization=node, person=form.chosen, by=request.user, **values)
    except actions.AlreadyAppointed:
        form.add_error("person", f"{form.chosen}已在{node}担任这个职责，不必重复登记。")
        return False
    messages.success(request, f"已登记：{hat.user}任{node}{hat.title}（账号 {hat.user.username}）。")
    if hat.user.last_login is None:
        messages.info(request, "这个账号还没有登录过，请在“账号”页打印首次登录单，或重置密码后告知本人。")
    return True


@requires(Permission.MANAGE_APPOINTMENTS)
@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    visible = Appointment.objects.visible_to(request.user).select_related("organization", "user__member")
    hat = get_in_scope(request, visible, pk=pk)
    try:
        actions.revoke(hat=hat, by=request.user)
    except actions.LastOne:
        messages.error(request, "这是您自己最后一项可以管理任职的职责，不能自行撤销。请先指定别人，由对方撤销。")
    except actions.AlreadyRevoked:
        messages.info(request, "这项任职此前已经撤销，没有改动。")
    else:
        messages.success(request, f"已撤销{hat.user}的{hat.title}职责，立即生效。")
    return redirect("organization-detail", hat.organization_id)
