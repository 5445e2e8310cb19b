"""提醒规则: what a campaign's people are reminded of, and how long before."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from campaign.actions import reminder as actions
from campaign.forms.reminder import RemindersForm
from campaign.models import Campaign
from members.permissions import Permission
from portal.access import get_in_scope, requires


@requires(Permission.SET_UP_CAMPAIGN)
def campaign_reminders(request: HttpRequest, pk: int) -> HttpResponse:
    visible = Campaign.objects.visible_to(request.user).select_related("organization")
    campaign = get_in_scope(request, visible, pk=pk)
    form = RemindersForm(request.POST or None, settings=campaign.settings)
    if form.is_valid():
        actions.set_reminders(campaign=campaign, rules=form.chosen(), by=request.user)
        messages.success(request, "提醒规则已保存，从下一个工作日起按新的规则提醒。")
        return redirect("campaign-detail", campaign.pk)
    first, last = settings.WORKING_HOURS
    context = {"campaign": campaign, "form": form, "trail": campaign.organization.trail(), "first": first, "last": last}
    return render(request, "campaign/campaign_reminders.html", context, status=422 if request.method == "POST" else 200)
