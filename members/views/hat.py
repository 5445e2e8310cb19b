"""One's own hats: changing between them, lending one, and what has been."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from members.actions import appointment as actions
from members.forms.appointment import DelegationForm
from members.hats import CHOSEN
from members.models import Appointment
from portal.access import signed_in
from portal.paging import key_of

PAST = 50


def visible(request: HttpRequest) -> Any:
    return Appointment.objects.visible_to(request.user).with_people()


@signed_in
@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Put on one hat, or all together; then home, as the page one comes from may not exist under this hat."""
    user: Any = request.user
    wanted = request.POST.get("hat", "")
    if not wanted:
        request.session.pop(CHOSEN, None)
    elif user.put_on(key_of(wanted)):
        request.session[CHOSEN] = user.chosen_hat
    else:
        messages.info(request, "这项职责已经结束，没有切换。")
    return redirect("home")


@signed_in
def mine(request: HttpRequest) -> HttpResponse:
    """What one is, what one has lent and borrowed, and what one was."""
    user: Any = request.user
    own = visible(request).filter(user=user)
    hats = [(hat, hat.may_be_lent_by(user), hat.may_be_returned_by(user)) for hat in own.current()]
    context = {
        "hats": hats,
        "to_come": own.to_come(),
        "lent": visible(request).filter(delegated_from__user=user, revoked_at=None, until__gte=timezone.localdate()),
        "past": own.ended().order_by("-pk")[:PAST],
    }
    return render(request, "members/my_appointments.html", context)


@signed_in
def lend(request: HttpRequest, pk: int) -> HttpResponse:
    hat = get_object_or_404(visible(request), pk=pk)
    if not hat.may_be_lent_by(request.user):
        raise PermissionDenied
    form = DelegationForm(request.POST or None, hat=hat)
    if request.method == "POST" and form.is_valid() and lent(request, hat, form):
        return redirect("my-appointments")
    context = {"hat": hat, "form": form}
    return render(request, "members/appointment_lend.html", context, status=422 if form.errors else 200)


def lent(request: HttpRequest, hat: Appointment, form: DelegationForm) -> bool:
    """Lend the hat; ``False``, with the reason in the form, where that cannot be."""
    values = {name: form.cleaned_data[name] for name in ("since", "until")}
    try:
        made = actions.lend(hat=hat, person=form.chosen, by=request.user, **values)
    except actions.AlreadyAppointed:
        form.add_error("person", f"{form.chosen}已经担任或代理这个职责，不必再委托。")
        return False
    except actions.NotLendable:
        form.add_error(None, "您的这项职责已经结束，不能再委托。")
        return False
    messages.success(
        request, f"已委托{made.user}任{made.organization}{made.title}，到{made.until:%Y-%m-%d}为止，已通知本人。"
    )
    return True


@signed_in
@require_POST
def give_back(request: HttpRequest, pk: int) -> HttpResponse:
    """End a delegation early, by either of the two."""
    hat = get_object_or_404(visible(request), pk=pk)
    if not hat.may_be_returned_by(request.user):
        raise PermissionDenied
    try:
        actions.give_back(hat=hat, by=request.user)
    except actions.AlreadyRevoked:
        messages.info(request, "这项代理此前已经结束，没有改动。")
    else:
        messages.success(request, f"已结束{hat.user}的{hat.title}，立即生效，已通知对方。")
    return redirect("my-appointments")
