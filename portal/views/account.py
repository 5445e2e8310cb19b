"""Coming in, going out, and the password."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from portal import kept_text, signing_in
from portal.access import public, signed_in
from portal.accounts import PASSWORD_EXPIRED, nobody_yet
from portal.actions import second_factor
from portal.actions.account import password_chosen
from portal.forms.account import CodeForm, FirstPasswordForm, NewPasswordForm, SignInForm


class SignIn(LoginView):
    """The sign-in page; a portal without any account leads to its first run instead."""

    template_name = "portal/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return redirect("first-run") if nobody_yet() else super().get(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponseRedirect:
        target = self.get_success_url()
        complete = signing_in.password_given(self.request, form.get_user(), target)
        return HttpResponseRedirect(target) if complete else redirect("sign-in-code")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"text_kept": kept_text.CONTEXT in self.request.session}


sign_in = public(SignIn.as_view())


@public
@never_cache
@sensitive_post_parameters()
def sign_in_code(request: HttpRequest) -> HttpResponse:
    """The second step, for who has a second factor; ``?recovery`` asks for a printed code instead."""
    factor = signing_in.waiting(request)
    if factor is None:
        messages.info(request, "请先输入账号和密码；输入验证码须在 5 分钟之内。")
        return redirect("sign-in")
    recovery = "recovery" in request.GET
    form = CodeForm(request.POST or None, recovery=recovery)
    if request.method == "POST" and form.is_valid():
        try:
            second_factor.check(factor=factor, code=form.cleaned_data["code"])
        except (second_factor.WrongCode, second_factor.Paused) as error:
            form.refuse(error)
            if isinstance(error, second_factor.Paused):
                second_factor.warn(factor=factor)
        else:
            if recovery:
                messages.warning(
                    request, f"还剩 {factor.codes_left} 个没用过的恢复码。手机丢失的，请在“动态验证码”里重新设置。"
                )
            return HttpResponseRedirect(signing_in.code_given(request, factor))
    return render(request, "portal/sign_in_code.html", {"form": form, "recovery": recovery, "account": factor.user})


@signed_in
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    messages.success(request, "您已安全退出。")
    # On a shared machine the back button must not bring the pages up again.
    response = redirect("sign-in")
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


@signed_in
@sensitive_post_parameters()
def password_change(request: HttpRequest) -> HttpResponse:
    first, expired = request.user.must_change_password, PASSWORD_EXPIRED in request.session  # type: ignore[union-attr]
    form = (FirstPasswordForm if first else NewPasswordForm)(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.save()
        update_session_auth_hash(request, form.user)
        request.session.pop(PASSWORD_EXPIRED, None)
        password_chosen(by=form.user, keep=request.session.session_key)
        messages.success(request, "密码已修改，请牢记新密码。其他设备上的登录已退出。")
        return redirect("home")
    return render(request, "portal/password_change.html", {"form": form, "first": first, "expired": expired})
