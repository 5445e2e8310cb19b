"""Ending a campaign."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from campaign.actions import closing
from campaign.actions.refusal import Refused
from campaign.models import Campaign
from members.permissions import Permission
from portal.access import get_in_scope, requires
from portal.kept_text import kept_fields


class ClosingForm(forms.Form):
    """A word on the end; where units have not finished, the reason."""

    note = forms.CharField(
        label="结束说明", max_length=2000, required=False, widget=forms.Textarea({"rows": 4}), help_text="随活动保留。"
    )


@requires(Permission.SET_UP_CAMPAIGN)
def campaign_close(request: HttpRequest, pk: int) -> HttpResponse:
    """Says what is not over yet, and ends the campaign for everybody."""
    visible = Campaign.objects.visible_to(request.user).select_related("organization")
    campaign = get_in_scope(request, visible, pk=pk)
    form = ClosingForm(request.POST or None, initial=kept_fields(request))
    if request.method == "POST" and form.is_valid():
        try:
            closing.close(campaign=campaign, note=form.cleaned_data["note"], by=request.user)
            messages.success(request, f"“{campaign}”已结束，全部记录保留，可以继续查阅和打印。")
            return redirect("campaign-detail", campaign.pk)
        except Refused as refusal:
            form.add_error("note", str(refusal))
    context = {
        "form": form,
        "campaign": campaign,
        "left": closing.outstanding(campaign),
        "trail": campaign.organization.trail(),
    }
    return render(request, "campaign/campaign_close.html", context)
