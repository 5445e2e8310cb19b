"""Who can be named as lecturer of a session."""

from typing import Any

from django import forms
from django.db.models import BooleanField, ExpressionWrapper, Q
from django.utils import timezone

from campaign.actions.study import may_lecture
from campaign.models import Enrolment, Participation


class LecturerField(forms.ModelChoiceField):
    """The unit's own people by name, then leading cadres from elsewhere with their place."""

    enrolment: Enrolment

    def offer(self, enrolment: Enrolment, known: int | None) -> None:
        """``known``: who is named already and stays on offer, wherever they are now."""
        self.enrolment, self.empty_label = enrolment, "没有，或不在下列人员之中"
        offered = may_lecture(enrolment, timezone.localdate()).values("pk")
        elsewhere = ExpressionWrapper(~Q(enrolment=enrolment), output_field=BooleanField())
        rows = Participation.objects.filter(Q(pk__in=offered) | Q(pk=known)).annotate(elsewhere=elsewhere)
        self.queryset = rows.select_related("member", "enrolment__organization").order_by("elsewhere", "member_id")

    def label_from_instance(self, obj: Any) -> str:
        here = self.enrolment.is_committee or obj.enrolment_id == self.enrolment.pk
        return str(obj) if here else f"{obj}（{obj.enrolment.organization}）"
