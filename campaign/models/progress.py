"""Numbers that are ready before anyone asks, kept per unit and per roll-up point (``campaign.progress.ledgers`` writes them)."""

from datetime import date
from typing import Any

from django.db import models
from django.db.models import F, Q

from campaign.models.campaign import Campaign, Phase, Requirement
from members.models import Organization

# Where a requirement has no last day.
NEVER = date(9999, 12, 31)


class RollupPoint(models.Model):
    """A chosen organisation whose numbers are kept as a sum over everything below it."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="rollup_points")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "organization"], name="rollup_point_once")]

    def __str__(self) -> str:
        return str(self.organization)


class Kind(models.TextChoices):
    """Of the organisation itself, or the sum over everything below it."""

    BRANCH = "branch", "本单位"
    ROLLUP = "rollup", "汇总"


class Ready(models.Model):
    """One row of ready numbers, written under the locks only. ``path`` is the organisation's; ``within`` the nearest roll-up point
    strictly above it, in whose sum the row is."""

    Kind = Kind

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+", db_index=False)
    path = models.CharField(max_length=255)
    kind = models.CharField(max_length=6, choices=Kind)
    within = models.ForeignKey(Organization, null=True, on_delete=models.CASCADE, related_name="+", db_index=False)

    class Meta:
        abstract = True


def once(name: str, own: list[str], bucket: list[str]) -> list[Any]:
    """One row per organisation and key; of sums one for each ``bucket`` besides."""
    return [
        models.UniqueConstraint(fields=["organization", *own], condition=Q(kind="branch"), name=f"{name}_once"),
        models.UniqueConstraint(
            fields=["organization", *own, *bucket], condition=Q(kind="rollup"), name=f"{name}_sum_once"
        ),
        models.CheckConstraint(condition=Q(kind__in=["branch", "rollup"]), name=f"{name}_kind"),
    ]


class Progress(Ready):
    """Figures of one requirement, in persons or organisations. ``otherwise`` is the part of ``done`` that was done by another route
    (送学上门); ``behind`` is in how many units something is missing; ``due_on`` is the last day for the unit (of sums: for their units)."""

    requirement = models.ForeignKey(Requirement, on_delete=models.CASCADE, related_name="progress", db_index=False)
    due_on = models.DateField(default=NEVER)
    done = models.PositiveIntegerField(default=0)
    waived = models.PositiveIntegerField(default=0)
    otherwise = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    behind = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            *once("progress", ["requirement"], ["due_on"]),
            models.CheckConstraint(condition=Q(done__lte=F("total") - F("waived")), name="progress_within_total"),
            models.CheckConstraint(condition=Q(otherwise__lte=F("done")), name="progress_otherwise_done"),
        ]
        indexes = [
            models.Index(fields=["requirement", "within"], name="progress_sums"),
            models.Index(fields=["requirement", "path"], condition=Q(kind="branch", behind=1), name="progress_behind"),
        ]

    def __str__(self) -> str:
        return f"{self.organization_id} {self.requirement_id}: {self.done}+{self.waived}/{self.total}"


class Reach(Ready):
    """Who is reached (``campaign.progress.coverage``): persons whose home is here, basic organisations, and units by state."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="reach", db_index=False)
    sector = models.CharField(max_length=24, blank=True)
    on_roll = models.PositiveIntegerField(default=0)
    taking_part = models.PositiveIntegerField(default=0)
    elsewhere = models.PositiveIntegerField(default=0)
    lost = models.PositiveIntegerField(default=0)
    branches = models.PositiveIntegerField(default=0)
    enrolled = models.PositiveIntegerField(default=0)
    started = models.PositiveIntegerField(default=0)
    postponed = models.PositiveIntegerField(default=0)
    finished = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = once("reach", ["campaign"], ["sector"])
        indexes = [models.Index(fields=["campaign", "within"], name="reach_sums")]

    def __str__(self) -> str:
        return f"{self.organization_id}: {self.taking_part}/{self.on_roll}"


class Standing(Ready):
    """Where units stand: how many have the phase in this state and on these dates, and in how many of them nothing of it is missing;
    then, of those whose present phase it is, how many are in which state."""

    phase = models.ForeignKey(Phase, on_delete=models.CASCADE, related_name="+", db_index=False)
    state = models.CharField(max_length=8)
    starts_on = models.DateField()
    ends_on = models.DateField()
    units = models.PositiveIntegerField(default=0)
    complete = models.PositiveIntegerField(default=0)
    running = models.PositiveIntegerField(default=0)
    preparing = models.PositiveIntegerField(default=0)
    postponed = models.PositiveIntegerField(default=0)
    finished = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = once("standing", ["phase"], ["state", "starts_on", "ends_on"])
        indexes = [models.Index(fields=["phase", "within"], name="standing_sums")]

    def __str__(self) -> str:
        return f"{self.organization_id} {self.phase_id}: {self.units}"


class ProgressDay(models.Model):
    """The figures of a day's end, for trends."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    requirement = models.ForeignKey(Requirement, on_delete=models.CASCADE, related_name="days")
    day = models.DateField()
    done = models.PositiveIntegerField()
    waived = models.PositiveIntegerField()
    otherwise = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["requirement", "organization", "day"], name="progress_day_once")]

    def __str__(self) -> str:
        return f"{self.day} {self.organization_id}"
