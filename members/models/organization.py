"""The tree of Party organisations."""

from typing import Any

from django.db import models
from django.db.models import Q
from treebeard.mp_tree import MP_Node, MP_NodeManager, MP_NodeQuerySet

from members.pinyin import initials_of
from members.scope import within


class OrganizationQuerySet(MP_NodeQuerySet):
    def visible_to(self, user: Any) -> "OrganizationQuerySet":
        """The subtrees of the user's appointments, and the branch in which they are a member."""
        if not getattr(user, "is_authenticated", False):
            return self.none()
        condition = within(user.scopes())
        if user.member_id:
            condition |= Q(pk=user.member.branch_id)
        return self.filter(condition)

    def branches(self) -> "OrganizationQuerySet":
        """Basic organisations that hold members: 党支部 and 联合党支部."""
        return self.filter(kind__in=Organization.BRANCH_KINDS)

    def under(self, node: "Organization") -> "OrganizationQuerySet":
        """``node`` and everything below it."""
        return self.filter(path__startswith=node.path)

    def overseen_from(self, node: "Organization") -> "OrganizationQuerySet":
        """What ``node`` looks on at (S2 四)."""
        return self.filter(overseer=node)

    def open(self) -> "OrganizationQuerySet":
        return self.filter(closed_on=None)


class OrganizationManager(MP_NodeManager.from_queryset(OrganizationQuerySet)):  # type: ignore[misc]
    """Trees come in tree order."""

    def get_queryset(self) -> OrganizationQuerySet:
        return OrganizationQuerySet(self.model, using=self._db).order_by("path")


class Organization(MP_Node):
    """One Party organisation: kind, sector and condition decide what is asked of it (S0 五; S2 三4)."""

    class Kind(models.TextChoices):
        COMMITTEE = "committee", "党委"
        WORK_COMMITTEE = "work-committee", "党工委"
        LEADING_GROUP = "party-group", "党组"
        GENERAL_BRANCH = "general-branch", "党总支"
        BRANCH = "branch", "党支部"
        JOINT_BRANCH = "joint-branch", "联合党支部"
        GROUP = "group", "党小组"

    BRANCH_KINDS = (Kind.BRANCH, Kind.JOINT_BRANCH)
    COMMITTEE_KINDS = (Kind.COMMITTEE, Kind.WORK_COMMITTEE, Kind.LEADING_GROUP, Kind.GENERAL_BRANCH)

    class Sector(models.TextChoices):
        GOVERNMENT = "government", "机关"
        INSTITUTION = "institution", "事业单位"
        STATE_ENTERPRISE = "state-enterprise", "国有企业"
        PRIVATE_ENTERPRISE = "private-enterprise", "非公企业"
        COMMUNITY = "community", "街道社区"
        VILLAGE = "village", "农村"
        UNIVERSITY = "university", "高等学校"
        SCHOOL = "school", "中小学"
        HEALTH = "health", "医疗卫生"
        RESEARCH = "research", "科研院所"
        FINANCE = "finance", "金融机构"
        ASSOCIATION = "association", "社会团体"
        INTERMEDIARY = "intermediary", "社会中介组织"
        NON_ENTERPRISE = "non-enterprise", "民办非企业"

    class Condition(models.TextChoices):
        NORMAL = "normal", "正常"
        WEAK = "weak", "软弱涣散"
        INCOMPLETE = "incomplete", "班子不健全"
        UNCLEAR = "unclear", "隶属不明确"
        STOPPED = "stopped", "停产"
        BANKRUPT = "bankrupt", "关闭破产"
        RESTRUCTURING = "restructuring", "改制"

    # An organisation in one of these is put in order before its campaign starts (S0 五(一); S2 三4).
    BLOCKING_CONDITIONS = (Condition.WEAK, Condition.INCOMPLETE, Condition.UNCLEAR)

    name = models.CharField("名称", max_length=120)
    initials = models.CharField("拼音首字母", max_length=250, blank=True, editable=False)
    code = models.CharField("组织编码", max_length=40, unique=True)
    kind = models.CharField("组织类型", max_length=20, choices=Kind)
    sector = models.CharField("领域", max_length=24, choices=Sector, blank=True)
    condition = models.CharField("组织状态", max_length=16, choices=Condition, default=Condition.NORMAL)
    overseer = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="overseen", verbose_name="属地联系单位"
    )
    closed_on = models.DateField("撤销日期", null=True, blank=True)

    steplen = 4
    node_order_by: list[str] = []
    objects = OrganizationManager()

    class Meta:
        verbose_name = "党组织"
        indexes = [
            models.Index(fields=["name"], name="organization_name"),
            # The next level below a node, however much lies further down.
            models.Index(fields=["depth", "path"], name="organization_level"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["committee", "work-committee", "party-group", "general-branch", "branch"])
                | Q(kind__in=["joint-branch", "group"]),
                name="organization_kind",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the letters by which the name is found."""
        fields = kwargs.get("update_fields")
        if fields is None or "name" in fields:
            self.initials = initials_of(self.name)
            kwargs |= {"update_fields": {*fields, "initials"}} if fields is not None else {}
        super().save(*args, **kwargs)

    @property
    def scope(self) -> "Organization":
        return self

    @property
    def is_branch(self) -> bool:
        return self.kind in self.BRANCH_KINDS

    @property
    def is_blocked(self) -> bool:
        """Whether its condition keeps a campaign from starting here."""
        return self.condition in self.BLOCKING_CONDITIONS

    def trail(self) -> list["Organization"]:
        """From the root down to this node, in one query; in none at the root."""
        if len(self.path) == self.steplen:
            return [self]
        steps = [self.path[: n + self.steplen] for n in range(0, len(self.path), self.steplen)]
        return list(Organization.objects.filter(path__in=steps))

    def children(self) -> OrganizationQuerySet:
        """The next level, in tree order."""
        found: OrganizationQuerySet = Organization.objects.get_children(self)
        return found

    def parent(self) -> "Organization | None":
        found: Organization | None = Organization.objects.get_parent(self)
        return found

    def contains(self, other: "Organization") -> bool:
        """Whether ``other`` is this node or lies below it."""
        return other.path.startswith(self.path)
