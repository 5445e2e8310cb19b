"""One account per role, and a secretary for every branch."""

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from members.models import Appointment, Member, Organization, User
from members.permissions import Role
from members.registry import roll_changed
from rectification.demo.district import District

PASSWORD = "Demo-2005-Portal"  # noqa: S105 the demonstration's accounts are printed anyway and listen on this machine only


def account(username: str, name: str, password: str, member: Member | None = None) -> User:
    user, _ = User.objects.get_or_create(
        username=username,
        defaults={
            "name": name,
            "member": member,
            "password": password,
            "email": f"{username}@example.org",
            "activated_at": timezone.now(),
        },
    )
    return user


def appoint(user: User, role: str, at: Organization) -> User:
    Appointment.objects.get_or_create(user=user, organization=at, role=role)
    return user


def staff(district: District) -> list[tuple[str, str, str]]:
    """One account per role; returns ``(role, username, place)`` for the person who starts the demonstration."""
    password = make_password(PASSWORD)
    branches = list(Organization.objects.under(district.root).branches())
    for number, branch in enumerate(branches, start=1):
        people = list(branch.members.on_roll().exclude(mobilities__until=None, mobilities__isnull=False)[:3])
        secretary = account("secretary" if number == 1 else f"secretary{number}", people[0].name, password, people[0])
        district.secretaries[branch.pk] = appoint(secretary, Role.SECRETARY, branch)
        if number == 1:
            appoint(account("committee", people[1].name, password, people[1]), Role.COMMITTEE, branch)
            account("member", people[2].name, password, people[2])
    roll_changed([branch.pk for branch in branches])
    general = next(o for o in Organization.objects.under(district.root) if o.kind == Organization.Kind.GENERAL_BRANCH)
    for username, role, name, place in [
        ("leader", Role.LEADING_GROUP, "领导小组组长", district.root),
        ("overseer", Role.OVERSEER, "属地联系人", general),
        ("admin", Role.ADMINISTRATOR, "系统管理员", district.root),
    ]:
        appoint(account(username, name, password), role, place)
    account("inspector", "郑国栋", password)  # the team's assignment gives access
    first = branches[0].name
    return [
        ("活动办公室", "office", district.root.name),
        ("领导小组", "leader", district.root.name),
        ("支部书记", "secretary", first),
        ("支部委员", "committee", first),
        ("党员", "member", first),
        ("督导组", "inspector", general.name),
        ("属地联系部门", "overseer", general.name),
        ("系统管理员", "admin", district.root.name),
    ]
