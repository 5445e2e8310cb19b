"""Accounts."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.utils.functional import cached_property

from members.models.appointment import Appointment
from members.models.member import Member
from members.models.organization import Organization
from members.permissions import GRANTS, Permission, Role
from members.scope import within


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

    def kept_by(self, user: Any) -> "UserQuerySet":
        """Accounts whose password the user may set: branch and every hat in force lie where the user manages accounts.

        So nobody gets into an account that may do more, elsewhere, than they answer for themselves. Never one's own.
        """
        paths = user.scopes(Permission.MANAGE_ACCOUNTS)
        hats = Appointment.objects.current()
        elsewhere = hats.exclude(within(paths, "organization__path"))
        office = models.Q(member=None, pk__in=hats.values("user"))
        kept = self.filter(within(paths, "member__branch__path") | office)
        return kept.exclude(pk__in=elsewhere.values("user")).exclude(pk=user.pk)

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

    objects: ClassVar[AccountManager] = AccountManager()

    class Meta(AbstractUser.Meta):
        verbose_name = "账号"
        swappable = "AUTH_USER_MODEL"

    def __str__(self) -> str:
        return self.name or self.username

    @cached_property
    def hats(self) -> list[Any]:
        """The appointments in force, with their organisations; one query per request."""
        return list(self.appointments.current().select_related("organization")) if self.pk else []

    def scopes(self, permission: str | None = None) -> list[str]:
        """Paths of the subtrees in which the user holds ``permission`` (``None``: any role with something to see)."""
        return [hat.organization.path for hat in self.hats if (permission in GRANTS[hat.role] if permission else True)]

    def can(self, permission: str, at: Organization | None = None) -> bool:
        """Whether an appointment in force gives ``permission`` at ``at`` (``None``: at any place)."""
        return any(at is None or at.path.startswith(path) for path in self.scopes(permission))

    def sees(self, node: Organization) -> bool:
        """Whether ``Organization.objects.visible_to`` finds ``node``, without asking the database again for each step of a trail."""
        own = self.member.branch_id if self.member else None
        return node.pk == own or any(node.path.startswith(path) for path in self.scopes())

    def hat_at(self, at: Organization) -> str:
        """The user's capacity towards an organisation, for the logs: 支部书记, 活动办公室 …, or 本人."""
        for hat in self.hats:
            if at.path.startswith(hat.organization.path):
                return str(Role(hat.role).label)
        return "本人"
