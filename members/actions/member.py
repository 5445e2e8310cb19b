"""Writing the roll. Every action ends by telling the rooms above that the branch's roll has changed."""

from collections.abc import Collection
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from members.models import Appointment, Member, MemberTag, Mobility, Organization, User
from members.registry import roll_changed
from portal.actions.log import audit, note_reading

CONTACT_READING = "member-contact"


class Taken(Exception):
    """Somebody has just saved the same identity number or member number."""


class SameName(Exception):
    """The branch has somebody of that name, perhaps from a second press of the same button."""


def verbose(field: str) -> str:
    return str(Member._meta.get_field(field).verbose_name)  # type: ignore[union-attr]


def shown(member: Member, field: str) -> str:
    """A field's value as people read it."""
    display = getattr(member, f"get_{field}_display", None)
    return str(display() if display else getattr(member, field) or "")


def write(member: Member, facts: dict[str, Any], contact: dict[str, str]) -> dict[str, Any]:
    """Set what differs on the object; returns the changes for the audit trail, without the numbers themselves."""
    changes: dict[str, Any] = {}
    for field, value in facts.items():
        if getattr(member, field) != value:
            before = shown(member, field)
            setattr(member, field, value)
            changes[verbose(field)] = [before, shown(member, field)]
    if "identity" in contact and contact["identity"] != member.identity:
        member.set_identity(contact["identity"])
        changes[verbose("identity")] = "已更新"
    if "phone" in contact and contact["phone"] != member.phone:
        member.phone = contact["phone"]
        changes[verbose("phone")] = "已更新" if member.phone else "已删除"
    return changes


def write_tags(member: Member, kinds: Collection[str]) -> dict[str, Any]:
    """Bring the tags in line with ``kinds``; returns the change."""
    before = set(member.tags.values_list("kind", flat=True))
    if before == set(kinds):
        return {}
    member.tags.exclude(kind__in=kinds).delete()
    MemberTag.objects.bulk_create([MemberTag(member=member, kind=kind) for kind in sorted(set(kinds) - before)])
    return {"标签": [named(before), named(kinds)]}


def named(kinds: Collection[str]) -> str:
    return "、".join(str(kind.label) for kind in MemberTag.Kind if kind in kinds)


def create(
    *,
    branch: Organization,
    facts: dict[str, Any],
    contact: dict[str, str],
    tags: Collection[str],
    by: Any,
    namesake: bool = False,
) -> Member:
    """A new member on the roll of ``branch``; raises ``Taken`` when a number is somebody else's, and ``SameName`` unless
    a ``namesake`` is meant."""
    member = Member(branch=branch)
    write(member, facts, contact)
    try:
        with transaction.atomic():
            Organization.objects.select_for_update(no_key=True).get(pk=branch.pk)
            if not namesake and Member.objects.on_roll().filter(branch=branch, name=member.name).exists():
                raise SameName
            member.save()
            write_tags(member, tags)
            audit(by=by, verb="编入名册", target=member, branch=str(branch))
            roll_changed([branch.pk])
    except IntegrityError as error:
        raise Taken from error
    return member


def change(*, member: Member, facts: dict[str, Any], contact: dict[str, str], tags: Collection[str], by: Any) -> bool:
    """Write what differs (``False``: nothing does); raises ``Taken`` when a number is somebody else's."""
    try:
        with transaction.atomic():
            kept = Member.objects.select_for_update(of=("self",)).select_related("branch").get(pk=member.pk)
            changes = write(kept, facts, contact) | write_tags(kept, tags)
            if not changes:
                return False
            kept.save()
            User.objects.filter(member=kept).update(name=kept.name)
            audit(by=by, verb="修改党员信息", target=kept, changes=changes)
            roll_changed([kept.branch_id])
    except IntegrityError as error:
        raise Taken from error
    return True


@transaction.atomic
def transfer(*, member: Member, to: Organization, by: Any) -> bool:
    """Move to another branch of the portal, with all records; ``False`` if the member has left or is there already."""
    here = member.branch
    moved = (
        Member.objects.on_roll()
        .filter(pk=member.pk, branch=here)
        .exclude(branch=to)
        .update(branch=to, since=timezone.localdate())
    )
    if moved:
        audit(by=by, verb="转接组织关系", target=member, changes={verbose("branch"): [str(here), str(to)]})
        roll_changed([here.pk, to.pk])
    return moved == 1


def open_mobility(*, member: Member, by: Any, kind: str, since: date, place: str, contact: str) -> bool:
    """The member is away, a guest, or cannot be found from now on; ``False`` if that is registered already."""
    try:
        with transaction.atomic():
            Mobility.objects.create(member=member, kind=kind, since=since, place=place, contact=contact)
            audit(by=by, verb=f"登记{Mobility.Kind(kind).label}", target=member, since=str(since))
            roll_changed([member.branch_id])
    except IntegrityError:
        return False
    return True


@transaction.atomic
def close_mobility(*, mobility: Mobility, until: date, by: Any) -> bool:
    """The member is back; ``False`` if that was registered before."""
    if not Mobility.objects.filter(pk=mobility.pk, until=None).update(until=until):
        return False
    audit(by=by, verb=f"结束{mobility.get_kind_display()}", target=mobility.member, until=str(until))
    roll_changed([mobility.member.branch_id])
    return True


@transaction.atomic
def leave(*, member: Member, ending: str, ended_on: date, by: Any) -> bool:
    """Off the roll; records stay. The account is closed and its appointments end. ``False`` if they had left before."""
    if not Member.objects.on_roll().filter(pk=member.pk).update(ending=ending, ended_on=ended_on):
        return False
    hats = list(Appointment.objects.current().filter(user__member=member).select_related("organization"))
    for hat in hats:
        hat.end()
        audit(by=by, verb=f"撤销{hat.get_role_display()}", target=hat.organization, person=str(member))
    User.objects.filter(member=member).update(is_active=False)
    audit(by=by, verb=f"离开名册：{Member.Ending(ending).label}", target=member, ended_on=str(ended_on))
    roll_changed([member.branch_id, *(hat.organization_id for hat in hats)])
    return True


def come_back(*, member: Member, by: Any) -> bool:
    """On the roll again (they had been taken off by mistake); appointments do not come back.

    ``False`` if they never left; raises ``Taken`` when the same identity number is on the roll by now.
    """
    try:
        with transaction.atomic():
            ended = Member.objects.filter(pk=member.pk, ended_on__isnull=False)
            if not ended.update(ending="", ended_on=None):
                return False
            User.objects.filter(member=member).update(is_active=True)
            audit(by=by, verb="恢复在册", target=member)
            roll_changed([member.branch_id])
    except IntegrityError as error:
        raise Taken from error
    return True


def open_contact(*, member: Member, by: Any) -> None:
    """Note, for the member to see, that somebody looks at the full identity number and telephone."""
    note_reading(of=member, kind=CONTACT_READING, by=by, capacity=by.hat_at(member.branch))
