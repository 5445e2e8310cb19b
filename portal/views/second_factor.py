"""One's own second factor."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from portal.access import signed_in
from portal.accounts import SECOND_FACTOR_GIVEN
from portal.actions import second_factor as actions
from portal.forms.account import CodeForm, EnrolForm
from portal.models import SecondFactor
from portal.qr import qr_code

REFUSALS = (actions.WrongCode, actions.Paused)


def in_use(request: HttpRequest) -> Any:
    return SecondFactor.objects.visible_to(request.user).confirmed()


@signed_in
def second_factor(request: HttpRequest) -> HttpResponse:
    """Whether it is in use, and what can be done about it."""
    return status_page(request, CodeForm(autofocus=False))


def status_page(request: HttpRequest, form: CodeForm) -> HttpResponse:
    context = {"factor": in_use(request).first(), "form": form, "demanded": request.user.needs_second_factor}  # type: ignore[union-attr]
    return render(request, "portal/second_factor.html", context, status=422 if form.errors else 200)


@signed_in
@never_cache
def enrol(request: HttpRequest) -> HttpResponse:
    """QR code and key, until a first code shows that the app has them; then the recovery codes, once."""
    factor = actions.begin(by=request.user)
    if factor.confirmed_at:
        return redirect("second-factor")
    form = EnrolForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            codes = actions.confirm(
                factor=factor, code=form.cleaned_data["code"], keep=request.session.session_key, by=request.user
            )
        except REFUSALS as error:
            form.refuse(error)
        else:
            request.session[SECOND_FACTOR_GIVEN] = True
            request.first_thing = ""  # type: ignore[attr-defined]
            return render(request, "portal/second_factor_codes.html", {"codes": codes, "first": True})
    context = {"form": form, "key": factor.key_in_groups(), "qr": qr_code(factor.address(), 4)}
    context["demanded"] = request.user.needs_second_factor  # type: ignore[union-attr]
    return render(request, "portal/second_factor_enrol.html", context, status=422 if form.errors else 200)


def with_code(request: HttpRequest, act: Callable[..., Any]) -> tuple[CodeForm, Any]:
    """Do something that takes a code; where it is refused the form has errors and there is no result."""
    factor = get_object_or_404(in_use(request))
    form, result = CodeForm(request.POST, autofocus=False), None
    if form.is_valid():
        try:
            result = act(factor=factor, code=form.cleaned_data["code"], by=request.user)
        except REFUSALS as error:
            form.refuse(error)
    return form, result


@signed_in
@require_POST
@never_cache
def renew_codes(request: HttpRequest) -> HttpResponse:
    form, codes = with_code(request, actions.renew_codes)
    if form.errors:
        return status_page(request, form)
    return render(request, "portal/second_factor_codes.html", {"codes": codes})


@signed_in
@require_POST
def stop(request: HttpRequest) -> HttpResponse:
    form, _ = with_code(request, actions.stop)
    if form.errors:
        return status_page(request, form)
    request.session.pop(SECOND_FACTOR_GIVEN, None)
    messages.success(request, "已停用动态验证码。")
    return redirect("second-factor")
