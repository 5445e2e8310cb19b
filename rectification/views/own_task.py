"""Pages on which a member plans and follows their own rectification."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from campaign.models import Participation
from portal.access import signed_in
from portal.kept_text import kept_fields
from portal.sending import say_saved
from rectification import own
from rectification.actions import task as actions
from rectification.forms.task import OwnTaskForm
from rectification.models import Task


def find(request: HttpRequest, pk: int) -> Participation:
    """One's own participation, or that of a member without an account for whom one writes; else 403 (404 where one sees
    nobody)."""
    visible = Participation.objects.visible_to(request.user)
    people = visible.select_related("member__user", "campaign", "enrolment__organization", "enrolment__campaign")
    participation = get_object_or_404(people, pk=pk)
    if not own.is_own(request.user, participation) and not own.speaks_for(request.user, participation):
        raise PermissionDenied
    return participation


@signed_in
def my_tasks(request: HttpRequest, participation_pk: int) -> HttpResponse:
    """What one has promised for oneself and what one carries for the branch, with what is to be done next."""
    participation = find(request, participation_pk)
    carried = Task.objects.visible_to(request.user).with_people().filter(responsible=participation)
    context = {
        "participation": participation,
        "is_own": own.is_own(request.user, participation),
        "can_add": own.takes_measures(participation),
        "readers": own.readers(participation),
        "personal": carried.personal().order_by("due_on", "pk"),
        "for_branch": carried.of_branches().order_by("due_on", "pk"),
    }
    return render(request, "rectification/my_tasks.html", context)


@signed_in
def my_task_create(request: HttpRequest, participation_pk: int) -> HttpResponse:
    """A measure of one's own, drawn from the self-analysis; ``problem`` in the address fills in the problem."""
    participation = find(request, participation_pk)
    if not own.takes_measures(participation):
        messages.warning(request, "活动已经结束，或您已不在这里参加活动，不能再增加整改措施。")
        return redirect("my-tasks", participation.pk)
    initial = {"problem": request.GET.get("problem", "")[:300]} | kept_fields(request)
    form = OwnTaskForm(request.POST or None, initial=initial, enrolment=participation.enrolment)
    if request.method == "POST" and form.is_valid():
        _, new = actions.add_own(participation=participation, by=request.user, **form.cleaned_data)
        say_saved(request, "已登记整改措施。", new=new)
        return redirect("my-tasks", participation.pk)
    context = {
        "form": form,
        "participation": participation,
        "is_own": own.is_own(request.user, participation),
        "readers": own.readers(participation),
    }
    return render(request, "rectification/my_task_create.html", context)
