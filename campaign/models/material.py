"""What is to be read or seen, by whom and by when, and who says that they have."""

from typing import Any

from django.conf import settings
from django.contrib.contenttypes.fields import GenericRelation
from django.db import models
from django.db.models import ExpressionWrapper, OuterRef, Q, Value
from django.db.models.functions import Concat
from django.utils import timezone

from campaign.models.campaign import Campaign
from campaign.models.enrolment import Enrolment, Participation
from members.models import Organization
from members.permissions import Permission
from members.scope import within
from portal.indicators import Audience, Subject, audiences
from portal.models import Attachment

EVERYBODY = "all-members"


def groups() -> list[Audience]:
    """The groups of people that a reading list can be for."""
    return [audience for audience in audiences if audience.subject == Subject.PERSON]


class MaterialQuerySet(models.QuerySet["Material"]):
    def visible_to(self, user: Any) -> "MaterialQuerySet":
        """A campaign's own are for everybody who sees the campaign; a branch's for its people and for those who see its study."""
        if not getattr(user, "is_authenticated", False):
            return self.none()
        mine = Participation.objects.filter(member=user.member_id or 0).values("enrolment")
        here = within(user.scopes(Permission.VIEW_STUDY), "enrolment__organization__path")
        general = Q(enrolment=None, campaign__in=Campaign.objects.visible_to(user))
        return self.filter(general | here & Q(enrolment__isnull=False) | Q(enrolment__in=mine))

    def offered_to(self, enrolment: Enrolment) -> "MaterialQuerySet":
        """The campaign's that are for units of this 领域 (a committee has those of all), and the branch's own."""
        here = Q(enrolment=None) | Q(enrolment=enrolment)
        offered = self.filter(here, campaign=enrolment.campaign_id, withdrawn_on=None)
        if enrolment.is_committee:
            return offered
        sector = f",{enrolment.organization.sector},"
        return offered.filter(Q(sector_list="") | Q(sector_list__contains=sector))

    def asked_of(self, participation: Participation) -> "MaterialQuerySet":
        """Those that are for this person: of their groups and of their unit's 领域, required or not."""
        asked = {
            g.code.replace("-", "_") + "_asked": ExpressionWrapper(Q(g.applies()), models.BooleanField())
            for g in groups()
        }
        belongs = Participation.objects.filter(pk=participation.pk).annotate(**asked).values(*asked).first() or {}
        theirs = [group.code for group in groups() if belongs.get(group.code.replace("-", "_") + "_asked")]
        return self.offered_to(participation.enrolment).filter(audience_code__in=theirs)

    def asked_of_row(self, group: Audience) -> "MaterialQuerySet":
        """The same inside an expression over rows of Participation that are in ``group``: required ones only."""
        sector = Concat(Value(","), OuterRef("enrolment__organization__sector"), Value(","))
        here = Q(enrolment=None) | Q(enrolment=OuterRef("enrolment"))
        narrowed = Q(sector_list="") | Q(sector_list__contains=sector)
        return self.filter(
            here, narrowed, campaign=OuterRef("campaign"), audience_code=group.code, required=True, withdrawn_on=None
        )


class Material(models.Model):
    """Something to be read or seen. ``enrolment``: the branch that added it (empty: the whole campaign's).

    It is for the people of one group (``audience_code``) in units of some 领域 (``sector_list``, ``,government,college,``; empty = all);
    the required ones of a group in the order of ``position`` are that group's reading list. Withdrawn ones stay for the record.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="materials")
    enrolment = models.ForeignKey(Enrolment, null=True, blank=True, on_delete=models.CASCADE, related_name="materials")
    title = models.CharField("学习材料", max_length=160)
    required = models.BooleanField("必学", default=True)
    text = models.TextField("内容或说明", blank=True)
    link = models.URLField("网址", max_length=400, blank=True)
    audience_code = models.CharField("学习对象", max_length=40, default=EVERYBODY)
    sector_list = models.CharField(max_length=300, blank=True)
    position = models.PositiveSmallIntegerField("顺序", default=0)
    due_on = models.DateField("学完日期", null=True, blank=True)
    withdrawn_on = models.DateField("停用日期", null=True, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    attachments = GenericRelation(Attachment)

    objects = MaterialQuerySet.as_manager()

    class Meta:
        verbose_name = "学习材料"
        ordering = ["campaign", "position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "title"], condition=Q(enrolment=None), name="material_once"),
            models.UniqueConstraint(fields=["enrolment", "title"], name="branch_material_once"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def scope(self) -> Organization:
        """Who keeps it: the campaign's organisation, or the branch."""
        return self.enrolment.organization if self.enrolment else self.campaign.organization

    @property
    def kept_with(self) -> Permission:
        """What one must hold at ``scope`` to change it."""
        return Permission.RECORD_STUDY if self.enrolment_id else Permission.SET_UP_CAMPAIGN

    @property
    def sectors(self) -> list[str]:
        return [s for s in self.sector_list.split(",") if s]

    @sectors.setter
    def sectors(self, values: list[str]) -> None:
        self.sector_list = f",{','.join(values)}," if values else ""

    @property
    def audience_in_words(self) -> str:
        """For whom it is: 党员领导干部（机关、高等学校）."""
        group = audiences.get(self.audience_code)
        labels = dict(Organization.Sector.choices)
        narrowed = "、".join(str(labels.get(s, s)) for s in self.sectors)
        return f"{group.label if group else self.audience_code}{f'（{narrowed}）' if narrowed else ''}"


class Reading(models.Model):
    """A person says that they have read it (已读). Nobody measures for how long a page was open."""

    participation = models.ForeignKey(Participation, on_delete=models.CASCADE, related_name="readings")
    material = models.ForeignKey(Material, on_delete=models.CASCADE, related_name="readings")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["participation", "material"], name="reading_once")]

    def __str__(self) -> str:
        return f"{self.participation} {self.material}"
