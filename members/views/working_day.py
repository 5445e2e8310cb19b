"""工作日历: which days are worked, for all reminders; kept at the top of the tree."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from members.models import Organization
from members.permissions import Permission
from members.tree import visible_trail
from members.views.at_organization import organization_in_scope
from portal.access import requires
from portal.actions import working_day as actions
from portal.forms.working_day import DayExceptionForm
from portal.models import DayException
from portal.working_days import known, stretches


def top_in_scope(request: HttpRequest, pk: int) -> Organization:
    """The calendar is everybody's, so it is only kept at the top."""
    node = organization_in_scope(request, pk)
    if node.depth != 1:
        raise Http404
    return node


def year_of(request: HttpRequest) -> int:
    asked = request.GET.get("year", "")
    fits = asked.isascii() and asked.isdigit() and len(asked) == 4 and 2001 <= int(asked) <= 2100
    return int(asked) if fits else timezone.localdate().year


@requires(Permission.MANAGE_CALENDAR)
def overview(request: HttpRequest, org_pk: int) -> HttpResponse:
    """One year: what the portal knows, what was entered by hand; a new entry."""
    node, year = top_in_scope(request, org_pk), year_of(request)
    form = DayExceptionForm(request.POST or None)
    if form.is_valid():
        working = form.cleaned_data["working"] == "1"
        number = actions.enter(days=form.days, working=working, note=form.cleaned_data["note"], by=request.user)
        messages.success(request, f"已录入{number}天{'上班' if working else '放假'}。")
        return redirect(f"{reverse('working-day-list', args=[node.pk])}?year={form.days[0].year}")
    context = {
        "node": node,
        "trail": visible_trail(request.user, node),
        "form": form,
        "year": year,
        "years": [year - 1, year, year + 1],
        "known": known(year),
        "stretches": stretches(year),
        "exceptions": DayException.objects.visible_to(request.user).filter(day__year=year).select_related("by"),
    }
    return render(request, "members/working_day_list.html", context, status=422 if request.method == "POST" else 200)


@requires(Permission.MANAGE_CALENDAR)
@require_POST
def remove(request: HttpRequest, org_pk: int, pk: int) -> HttpResponse:
    node = top_in_scope(request, org_pk)
    exception = get_object_or_404(DayException.objects.visible_to(request.user), pk=pk)
    actions.withdraw(exception=exception, by=request.user)
    messages.success(request, f"已取消{exception.day:%Y年%-m月%-d日}的例外。")
    return redirect(f"{reverse('working-day-list', args=[node.pk])}?year={exception.day.year}")
