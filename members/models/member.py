"""Party members on the roll, and where they are."""

from datetime import date
from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, Q

from members.dates import years_after, years_before
from members.identity import identity_index, mask_identity, mask_phone
from members.models.occupation import Occupation
from members.models.organization import Organization
from members.models.since import Begun, SinceKnown
from members.permissions import Permission
from members.scope import within
from portal.ciphers import SealedTextField
from portal.models import ReadLog


class MemberQuerySet(models.QuerySet["Member"]):
    def visible_to(self, user: Any) -> "MemberQuerySet":
        """Oneself, and names in the subtrees where an appointment entitles to names."""
        if not getattr(user, "is_authenticated", False):
            return self.none()
        return self.filter(within(user.scopes(Permission.VIEW_NAMES), "branch__path") | Q(pk=user.member_id or 0))

    def with_accounts_kept_by(self, user: Any) -> "MemberQuerySet":
        """Those whose accounts the user looks after: name and branch only, which is all that this entitles to."""
        return self.filter(within(user.scopes(Permission.MANAGE_ACCOUNTS), "branch__path"))

    def on_roll(self) -> "MemberQuerySet":
        """Those whose membership has not ended (moved out, died, left)."""
        return self.filter(ended_on=None)

    def tagged(self, kind: str) -> "MemberQuerySet":
        return self.filter(Exists(MemberTag.objects.filter(member=OuterRef("pk"), kind=kind)))

    def with_traits(self) -> "MemberQuerySet":
        """Tags and open mobilities fetched along (``open_mobilities``), in two queries for the whole list."""
        away = Mobility.objects.filter(until=None).order_by("since", "pk")
        return self.prefetch_related("tags", models.Prefetch("mobilities", away, to_attr="open_mobilities"))

    def under(self, node: Organization) -> "MemberQuerySet":
        return self.filter(branch__path__startswith=node.path)

    def probation_over(self, today: date) -> "MemberQuerySet":
        """Candidates whose probation of one year, or its extension, is over by ``today``, so that it must be decided on."""
        over = Q(probation_until=None, joined__gt="", joined__lte=years_before(today, 1))
        return self.on_roll().filter(over | Q(probation_until__lte=today), status=Member.Status.PROBATIONARY)


class Member(models.Model):
    """A member of the Party in one branch. Dates may be partial (``1998``, ``1998-07``, ``1998-07-01``) and stay so.

    Identity number and telephone are held as ciphertext; ``identity_index`` finds equal numbers without revealing them.
    """

    class Status(models.TextChoices):
        FULL = "full", "正式党员"
        PROBATIONARY = "probationary", "预备党员"

    class Sex(models.TextChoices):
        MALE = "male", "男"
        FEMALE = "female", "女"

    class Ending(models.TextChoices):
        MOVED = "moved", "转出"
        DIED = "died", "去世"
        LEFT = "left", "出党"
        REVOKED = "revoked", "取消预备党员资格"

    branch = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="members", verbose_name="所在支部")
    number = models.CharField("党员编号", max_length=40, null=True, blank=True)
    name = models.CharField("姓名", max_length=60)
    sex = models.CharField("性别", max_length=8, choices=Sex, blank=True)
    ethnicity = models.CharField("民族", max_length=20, blank=True)
    born = models.CharField("出生年月", max_length=10, blank=True)
    education = models.CharField("学历", max_length=20, blank=True)
    occupation = models.CharField("职业", max_length=16, choices=Occupation, blank=True)
    joined = models.CharField("入党时间", max_length=10, blank=True)
    confirmed = models.CharField("转正时间", max_length=10, blank=True)
    status = models.CharField("党员类别", max_length=16, choices=Status, default=Status.FULL)
    post = models.CharField("职务", max_length=60, blank=True)
    group = models.CharField("党小组", max_length=40, blank=True)
    helper = models.CharField("送学帮扶人", max_length=60, blank=True)
    probation_until = models.DateField("预备期延长至", null=True, blank=True)
    identity = SealedTextField("身份证号", context="member.identity")
    identity_index = models.CharField(max_length=64, blank=True)
    phone = SealedTextField("联系电话", context="member.phone")
    ended_on = models.DateField("离开日期", null=True, blank=True)
    ending = models.CharField("离开原因", max_length=8, choices=Ending, blank=True)
    since = models.DateField("编入本支部日期", auto_now_add=True)

    objects = MemberQuerySet.as_manager()

    class Meta:
        verbose_name = "党员"
        ordering = ["branch__path", "pk"]
        # Named here and not on the fields: those would get a second index each, for searches that nobody makes.
        indexes = [
            models.Index(fields=["branch", "name"], name="member_branch_name"),
            models.Index(fields=["identity_index"], condition=~Q(identity_index=""), name="member_identity"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["number"], name="member_number_once"),
            models.UniqueConstraint(
                fields=["identity_index"],
                condition=~Q(identity_index="") & Q(ended_on=None),
                name="member_identity_once",
            ),
            models.CheckConstraint(condition=Q(status__in=["full", "probationary"]), name="member_status"),
            models.CheckConstraint(condition=Q(sex__in=["", "male", "female"]), name="member_sex"),
            models.CheckConstraint(condition=Q(occupation__in=["", *Occupation.values]), name="member_occupation"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def scope(self) -> Organization:
        return self.branch

    @property
    def probation_ends(self) -> str:
        """The (partial) date on which a candidate's probation is over; empty where joining is not known."""
        if self.status != self.Status.PROBATIONARY or not (self.joined or self.probation_until):
            return ""
        return f"{self.probation_until:%Y-%m-%d}" if self.probation_until else years_after(self.joined, 1)

    def set_identity(self, number: str) -> None:
        """Set the identity number together with its blind index."""
        self.identity = number
        self.identity_index = identity_index(number)

    @property
    def masked_identity(self) -> str:
        return mask_identity(self.identity)

    @property
    def masked_phone(self) -> str:
        return mask_phone(self.phone)

    def contact_readings(self) -> models.QuerySet[ReadLog]:
        """Who looked at the full identity number and telephone, the latest first, for the member to see."""
        return ReadLog.objects.filter(kind="member-contact", object_id=self.pk).select_related("reader")[:50]

    def has_tag(self, kind: str) -> bool:
        return any(tag.kind == kind for tag in self.tags.all())


class MemberTag(models.Model):
    """A trait that changes what is asked of a member (领导干部 …) or how (年老体弱 …)."""

    class Kind(models.TextChoices):
        LEADER = "leader", "领导干部"
        RETIRED = "retired", "离退休"
        LAID_OFF = "laid-off", "下岗失业"
        FRAIL = "frail", "年老体弱"
        STUDENT = "student", "学生"

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="tags")
    kind = models.CharField(max_length=12, choices=Kind)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["member", "kind"], name="member_tag_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["leader", "retired", "laid-off", "frail", "student"]), name="member_tag_kind"
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


# Who is a guest somewhere: few of all who are away. What asks for just this is answered out of an index.
GUEST = Q(kind="inflow") | Q(host__isnull=False)


class MobilityQuerySet(models.QuerySet["Mobility"]):
    def visible_to(self, user: Any) -> "MobilityQuerySet":
        """Those of the members one sees."""
        return self.filter(member__in=Member.objects.visible_to(user))

    def current(self) -> "MobilityQuerySet":
        return self.filter(until=None)

    def out_of_reach(self) -> "MobilityQuerySet":
        """Of those who take part in another province, outside the portal: no branch of it stands for where they live (S0 四)."""
        return self.current().filter(kind=Mobility.Kind.OUT_OF_PROVINCE, host=None)

    def hosted(self) -> "MobilityQuerySet":
        """Of those who live in another province at a branch of this portal, and take part there where it is enrolled (S0 四)."""
        return self.current().filter(kind=Mobility.Kind.OUT_OF_PROVINCE, host__isnull=False)


class Mobility(Begun):
    """A stretch of time in which a member is away from, or a guest in, the branch, or cannot be found (S0 四; S2 三2)."""

    class Kind(models.TextChoices):
        IN_CITY = "in-city", "流出（市内）"
        OUT_OF_PROVINCE = "out-of-province", "流出（外省市）"
        INFLOW = "inflow", "流入"
        LOST = "lost", "失联"

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="mobilities")
    kind = models.CharField("情形", max_length=20, choices=Kind)
    place = models.CharField("地点", max_length=120, blank=True)
    host = models.ForeignKey(
        Organization, null=True, blank=True, on_delete=models.PROTECT, related_name="hosted", verbose_name="所在地支部"
    )
    contact = models.CharField("联系人", max_length=60, blank=True)
    since = models.DateField("起始")
    until = models.DateField("结束", null=True, blank=True)

    objects = MobilityQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["member"], condition=Q(until=None) & GUEST, name="mobility_guest")]
        constraints = [
            models.UniqueConstraint(fields=["member", "kind"], condition=Q(until=None), name="mobility_open_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["in-city", "out-of-province", "inflow", "lost"]), name="mobility_kind"
            ),
            models.CheckConstraint(condition=Q(until=None) | Q(until__gte=models.F("since")), name="mobility_order"),
            models.CheckConstraint(condition=Q(since_known__in=SinceKnown.values), name="mobility_since_known"),
        ]

    def __str__(self) -> str:
        return f"{self.member} {self.get_kind_display()}"

    @property
    def in_words(self) -> str:
        """Where the member takes part while this lasts (S0 四)."""
        home = self.member.branch
        if self.kind != self.Kind.OUT_OF_PROVINCE:
            return f"在{home}参加活动"
        if self.host is None:
            return f"在流入地{f'（{self.place}）' if self.place else ''}参加活动，不计入{home}"
        return f"在{self.host}参加活动；{self.host}没有编入的活动，仍在{home}参加"

    @property
    def scope(self) -> Organization:
        return self.member.branch
