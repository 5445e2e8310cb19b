"""Accounts."""

from dataclasses import dataclass
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.utils import timezone
from django.utils.functional import cached_property

from members.models.appointment import Appointment
from members.models.member import Member
from members.models.organization import Organization
from members.permissions import GRANTS, Permission, Role
from members.scope import within

# Chosen in place of an appointment: to be a member of the Party and nothing else.
NO_HAT = 0
# So many stand in the header side by side, one click each; more than these are a list.
HATS_AT_ONCE = 4


@dataclass(frozen=True)
class HatChoice:
    """One of the header's choices; ``value`` is what the form sends (empty: all together)."""

    value: str
    title: str
    place: str
    worn: bool


class UserQuerySet(models.QuerySet["User"]):
    def visible_to(self, user: Any) -> "UserQuerySet":
        """Accounts of members one sees or keeps accounts for, of those appointed in one's scope, and one's own."""
        from members.models.member import Member

        if not getattr(user, "is_authenticated", False):
            return self.none()
        return self.filter(
            models.Q(pk=user.pk)
            | models.Q(member__in=Member.objects.visible_to(user))
            | within(user.scopes(Permission.MANAGE_ACCOUNTS), "member__branch__path")
            | models.Q(appointments__organization__in=Organization.objects.visible_to(user))
        ).distinct()

    def under(self, node: Organization) -> "UserQuerySet":
        """Accounts of members on the roll below ``node``, and of offices: without a member, with a hat there."""
        hats = Appointment.objects.current().filter(organization__path__startswith=node.path)
        members = models.Q(member__branch__path__startswith=node.path, member__ended_on=None)
        return self.filter(members | models.Q(member=None, pk__in=hats.values("user")))

    def wholly_under(self, node: Organization) -> "UserQuerySet":
        """Of those ``under`` the node whose hats all lie there too: nothing they are told comes from elsewhere."""
        elsewhere = Appointment.objects.current().exclude(organization__path__startswith=node.path)
        return self.under(node).exclude(pk__in=elsewhere.values("user"))

    def kept_by(self, user: Any) -> "UserQuerySet":
        """Accounts whose password the user may set: branch and every hat in force lie where the user manages accounts.

        So nobody gets into an account that may do more, elsewhere, than they answer for themselves. Never one's own, nor
        that of somebody for whom one stands in.
        """
        paths = user.scopes(Permission.MANAGE_ACCOUNTS)
        hats = Appointment.objects.current()
        elsewhere = hats.exclude(within(paths, "organization__path"))
        office = models.Q(member=None, pk__in=hats.values("user"))
        kept = self.filter(within(paths, "member__branch__path") | office)
        borrowed = [hat.delegated_from_id for hat in user.all_hats if hat.delegated_from_id]
        lenders = Appointment.objects.filter(pk__in=borrowed)
        return kept.exclude(pk__in=elsewhere.values("user")).exclude(pk__in=lenders.values("user")).exclude(pk=user.pk)

    def never_used(self) -> "UserQuerySet":
        """Nobody has signed in and chosen an own password yet: a slip may be printed."""
        return self.filter(models.Q(must_change_password=True) | models.Q(last_login=None), activated_at=None)


class AccountManager(UserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Accounts by username, with ``visible_to``."""


class User(AbstractUser):
    """An account: a member's, or an office's. What it may do comes from its appointments alone, read anew at each request."""

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    name = models.CharField("姓名", max_length=60)
    member = models.OneToOneField(
        Member, null=True, blank=True, on_delete=models.SET_NULL, related_name="user", verbose_name="党员"
    )
    must_change_password = models.BooleanField("首次登录须改密码", default=False)
    activated_at = models.DateTimeField("首次登录时间", null=True, blank=True)
    password_set_at = models.DateTimeField("密码设定时间", null=True, blank=True)

    # The appointment that was chosen for this request (``members.hats``); ``None``: all together.
    chosen_hat: int | None = None

    objects: ClassVar[AccountManager] = AccountManager()

    class Meta(AbstractUser.Meta):
        verbose_name = "账号"
        swappable = "AUTH_USER_MODEL"

    def __str__(self) -> str:
        return self.name or self.username

    def set_password(self, raw_password: str | None) -> None:
        """The framework's, and since when it holds."""
        super().set_password(raw_password)
        self.password_set_at = timezone.now()

    @cached_property
    def all_hats(self) -> list[Any]:
        """The appointments in force, with their organisations; one query per request."""
        return list(self.appointments.current().select_related("organization")) if self.pk else []

    @property
    def hats(self) -> list[Any]:
        """Those of them that count now: the chosen one, none as a plain member, otherwise all.

        A chosen one that is no longer in force counts as no choice.
        """
        if self.chosen_hat == NO_HAT and self.member_id:
            return []
        return [hat for hat in self.all_hats if hat.pk == self.chosen_hat] or self.all_hats

    @property
    def hat_in_words(self) -> str:
        """What one wears now: 支部书记·第一党支部; all of several: 全部职责（3）."""
        if not self.hats:
            return f"党员·{self.member.branch}" if self.member else ""
        only = self.hats[0] if len(self.hats) == 1 else None
        return f"{only.title}·{only.organization}" if only else f"全部职责（{len(self.hats)}）"

    @property
    def hat_choices(self) -> list[HatChoice]:
        """All of several together, each appointment, and for members none; nothing where there is nothing to choose between."""
        several, chosen = len(self.all_hats) > 1, self.chosen_hat
        found = [HatChoice("", f"全部职责（{len(self.all_hats)}）", "一起使用", chosen is None)] if several else []
        for hat in self.all_hats:
            worn = chosen == hat.pk or chosen is None and not several
            found.append(HatChoice(str(hat.pk), hat.title, str(hat.organization), worn))
        if self.member_id:
            found.append(HatChoice(str(NO_HAT), "党员", "只看本人的", chosen == NO_HAT))
        return found if len(found) > 1 else []

    @property
    def has_few_hats(self) -> bool:
        """Whether all choices fit side by side."""
        return len(self.all_hats) <= HATS_AT_ONCE

    def put_on(self, hat: int | None) -> bool:
        """Let one appointment count alone, for members none (``NO_HAT``), or all (``None``); ``False``: it is not in force,
        and nothing has changed."""
        known = {None, *(each.pk for each in self.all_hats)} | ({NO_HAT} if self.member_id else set())
        if hat not in known:
            return False
        self.chosen_hat = hat
        return True

    @property
    def needs_second_factor(self) -> bool:
        """Whether one of the roles, worn now or not, demands a second factor."""
        roles = settings.SECOND_FACTOR_ROLES
        return bool(roles) and any(hat.role in roles for hat in self.all_hats)

    @property
    def member_number(self) -> str:
        """The member number, which may not be part of a password."""
        return (self.member.number or "") if self.member else ""

    @cached_property
    def overseen(self) -> dict[int, list[Organization]]:
        """By the place of an overseer's appointment: the organisations of the other line put under it (S2 四: 属地管理)."""
        places = [hat.organization_id for hat in self.all_hats if hat.role == Role.OVERSEER]
        found: dict[int, list[Organization]] = {}
        for organization in Organization.objects.filter(overseer__in=places) if places else ():
            found.setdefault(organization.overseer_id, []).append(organization)
        return found

    @property
    def reach(self) -> list[tuple[str, Organization]]:
        """Roles, and the tops of the subtrees in which each holds: where it was given, and of an overseer what is overseen
        from there."""
        own = [(hat.role, hat.organization) for hat in self.hats]
        return own + [
            (role, each) for role, at in own if role == Role.OVERSEER for each in self.overseen.get(at.pk, ())
        ]

    def scopes(self, permission: str | None = None) -> list[str]:
        """Paths of the subtrees in which the user holds ``permission`` (``None``: any role with something to see)."""
        return [node.path for role, node in self.reach if not permission or permission in GRANTS[role]]

    def can(self, permission: str, at: Organization | None = None) -> bool:
        """Whether an appointment in force gives ``permission`` at ``at`` (``None``: at any place)."""
        return any(at is None or at.path.startswith(path) for path in self.scopes(permission))

    def sees(self, node: Organization) -> bool:
        """Whether ``Organization.objects.visible_to`` finds ``node``, without asking the database again for each step of a trail."""
        own = self.member.branch_id if self.member else None
        return node.pk == own or any(node.path.startswith(path) for path in self.scopes())

    def hat_at(self, at: Organization) -> str:
        """The user's capacity towards an organisation, for the logs: 支部书记, 代理支部书记, 活动办公室 …, or 本人."""
        for hat in self.hats:
            if at.path.startswith(hat.organization.path):
                return str(hat.title)
        return "本人"
