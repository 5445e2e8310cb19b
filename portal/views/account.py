"""Coming in, going out, and the password."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from portal import kept_text
from portal.access import public, signed_in
from portal.accounts import nobody_yet
from portal.actions.account import password_chosen
from portal.forms.account import FirstPasswordForm, NewPasswordForm, SignInForm


class SignIn(LoginView):
    """The sign-in page; a portal without any account leads to its first run instead."""

    template_name = "portal/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return redirect("first-run") if nobody_yet() else super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"text_kept": kept_text.CONTEXT in self.request.session}


sign_in = public(SignIn.as_view())


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
    first = request.user.must_change_password  # type: ignore[union-attr]
    form = (FirstPasswordForm if first else NewPasswordForm)(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.save()
        update_session_auth_hash(request, form.user)
        password_chosen(by=form.user)
        messages.success(request, "密码已修改，请牢记新密码。")
        return redirect("home")
    return render(request, "portal/password_change.html", {"form": form, "first": first})
