"""Tries to reach somebody who is away or lost."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from members.actions.search import record
from members.forms.search_attempt import SearchAttemptForm
from members.models import Mobility
from members.permissions import Permission
from members.tree import visible_trail
from portal.access import get_in_scope, requires
from portal.paging import paged
from portal.sending import say_saved


@requires(Permission.EDIT_ROLL)
def overview(request: HttpRequest, mobility_pk: int) -> HttpResponse:
    """All tries for one absence, and a form for one more while it lasts."""
    visible = Mobility.objects.visible_to(request.user).select_related("member__branch")
    mobility = get_in_scope(request, visible, pk=mobility_pk)
    form = SearchAttemptForm(request.POST or None, mobility=mobility)
    if request.method == "POST" and mobility.until:
        messages.error(request, f"“{mobility.get_kind_display()}”已经结束，不再登记。")
        return redirect("search-attempt-list", mobility.pk)
    if request.method == "POST" and form.is_valid():
        new = record(mobility=mobility, by=request.user, **form.cleaned_data)
        found = form.cleaned_data["reached"] and mobility.kind == Mobility.Kind.LOST
        say_saved(request, f"已登记：联系上了{mobility.member}，失联随即结束。" if found else "已登记。", new=new)
        return redirect("search-attempt-list", mobility.pk)
    context = {
        "mobility": mobility,
        "member": mobility.member,
        "trail": visible_trail(request.user, mobility.member.branch),
        "form": form,
        "register": "lost" if mobility.kind == Mobility.Kind.LOST else "floating",
        "page": paged(request, mobility.attempts.select_related("by"), ["-pk"], 20),
    }
    return render(request, "members/search_attempt_list.html", context, status=422 if form.errors else 200)
