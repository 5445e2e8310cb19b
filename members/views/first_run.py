"""The page that a new portal opens with."""

from django.contrib import messages
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters

from members.actions.first_run import AlreadySetUp, set_up
from members.forms.first_run import FirstRunForm
from portal.access import public
from portal.accounts import nobody_yet


@public
@sensitive_post_parameters()
def first_run(request: HttpRequest) -> HttpResponse:
    """Public, and there only while no account exists."""
    if not nobody_yet():
        raise Http404
    form = FirstRunForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = {k: v for k, v in form.cleaned_data.items() if not k.startswith("password")}
        try:
            user = set_up(**values, password=form.cleaned_data["password1"])
        except AlreadySetUp as error:
            raise Http404 from error
        login(request, user, backend="django.contrib.auth.backends.ModelBackend")
        messages.success(request, "平台已经建好。接下来：建立下级组织，导入党员花名册，再开展活动。")
        return redirect("home")
    return render(request, "members/first_run.html", {"form": form})
