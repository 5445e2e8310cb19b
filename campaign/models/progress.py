"""Figures that are ready before anyone asks: done, waived and total per requirement for branches and roll-up points."""

from django.db import models
from django.db.models import F, Q

from campaign.models.campaign import Campaign, Requirement
from members.models import Organization


class RollupPoint(models.Model):
    """A chosen organisation (a district, a large committee) whose figures are kept as a sum over its branches."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="rollup_points")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "organization"], name="rollup_point_once")]

    def __str__(self) -> str:
        return str(self.organization)


class ProgressQuerySet(models.QuerySet["Progress"]):
    def covering(self, node: Organization, *, inside_rollup: bool) -> "ProgressQuerySet":
        """The fewest rows that add up to ``node``: its roll-up points and the branches that have none; below a roll-up point, branches."""
        rows = self.filter(organization__path__startswith=node.path)
        return rows.filter(kind=Progress.Kind.BRANCH) if inside_rollup else rows.filter(standalone=True)


class Progress(models.Model):
    """Figures of one requirement for one branch or roll-up point, in persons or organisations. Written only under the branch's lock.

    ``standalone``: the row counts by itself in a sum from above (a roll-up point, or a branch that has none).
    """

    class Kind(models.TextChoices):
        BRANCH = "branch", "支部"
        ROLLUP = "rollup", "汇总点"

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    requirement = models.ForeignKey(Requirement, on_delete=models.CASCADE, related_name="progress")
    kind = models.CharField(max_length=6, choices=Kind)
    standalone = models.BooleanField(default=True)
    done = models.PositiveIntegerField(default=0)
    waived = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)

    objects = ProgressQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["requirement", "organization", "kind"], name="progress_once"),
            models.CheckConstraint(condition=Q(done__lte=F("total") - F("waived")), name="progress_within_total"),
            models.CheckConstraint(condition=Q(kind__in=["branch", "rollup"]), name="progress_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.organization_id} {self.requirement_id}: {self.done}+{self.waived}/{self.total}"


class ProgressDay(models.Model):
    """The figures of a day's end, for trends."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    requirement = models.ForeignKey(Requirement, on_delete=models.CASCADE, related_name="days")
    day = models.DateField()
    done = models.PositiveIntegerField()
    waived = models.PositiveIntegerField()
    total = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["requirement", "organization", "day"], name="progress_day_once")]

    def __str__(self) -> str:
        return f"{self.day} {self.organization_id}"
