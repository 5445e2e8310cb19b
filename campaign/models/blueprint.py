"""An office's own blueprints, in versions."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from campaign.blueprints.plans import Blueprint
from campaign.blueprints.reading import problems_of, read
from members.models import Organization
from members.scope import within

PREFIX = "own-"


class BlueprintVersionQuerySet(models.QuerySet["BlueprintVersion"]):
    def visible_to(self, user: Any) -> "BlueprintVersionQuerySet":
        """Those of organisations at or below one's places, and what organisations above have published."""
        if not getattr(user, "is_authenticated", False):
            return self.none()
        paths = list(user.scopes())
        above = {path[:n] for path in paths for n in range(Organization.steplen, len(path), Organization.steplen)}
        from_above = Q(organization__path__in=above, state=BlueprintVersion.State.PUBLISHED)
        return self.filter(within(paths, "organization__path") | from_above)

    def published(self) -> "BlueprintVersionQuerySet":
        return self.filter(state=BlueprintVersion.State.PUBLISHED)

    def newest(self) -> "BlueprintVersionQuerySet":
        """Of each series only the version published last."""
        later = self.model.objects.published().filter(
            series=models.OuterRef("series"), number__gt=models.OuterRef("number")
        )
        return self.published().filter(~models.Exists(later))


class BlueprintVersion(models.Model):
    """One version of a blueprint. ``series`` ties versions together; a draft has no number yet, what is published never changes.

    ``data`` has the shape of the files; ``edition`` grows with every change of a draft and tells two windows apart.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "草稿"
        PUBLISHED = "published", "已发布"

    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="blueprints", verbose_name="所属组织"
    )
    series = models.UUIDField(default=uuid.uuid4, editable=False)
    number = models.PositiveSmallIntegerField("版本", null=True, blank=True)
    state = models.CharField("状态", max_length=10, choices=State, default=State.DRAFT)
    name = models.CharField("名称", max_length=120)
    data = models.JSONField(default=dict)
    edition = models.PositiveIntegerField(default=0)
    origin = models.CharField("来源", max_length=200, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField(default=timezone.now)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(null=True)

    objects = BlueprintVersionQuerySet.as_manager()

    class Meta:
        verbose_name = "活动蓝本"
        ordering = ["organization__path", "name", "-number", "-pk"]
        indexes = [models.Index(fields=["organization", "state"], name="blueprint_organization")]
        constraints = [
            models.UniqueConstraint(
                fields=["series", "number"], condition=Q(state="published"), name="blueprint_version_once"
            ),
            models.UniqueConstraint(fields=["series"], condition=Q(state="draft"), name="blueprint_one_draft"),
            models.CheckConstraint(
                condition=Q(state="draft", number=None) | Q(state="published", number__isnull=False),
                name="blueprint_number_when_published",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}（{self.version}）"

    @property
    def scope(self) -> Organization:
        return self.organization

    @property
    def is_draft(self) -> bool:
        return self.state == self.State.DRAFT

    @property
    def version(self) -> str:
        return "草稿" if self.number is None else f"第{self.number}版"

    @property
    def code(self) -> str:
        """What a campaign made from it keeps."""
        return f"{PREFIX}{self.pk}"

    @property
    def content(self) -> dict[str, Any]:
        """The data under the version's own name and code, as it is read and exported."""
        return {**self.data, "code": self.code, "name": self.name}

    def problems(self) -> list[str]:
        """What keeps it from being used, each with its place; empty when nothing does."""
        return problems_of(self.content)

    def blueprint(self) -> Blueprint:
        """Checked; raises ``BlueprintError``."""
        return read(self.content)
