"""Writing the roll. Every action ends by telling the rooms above that the branch's roll has changed."""

from collections.abc import Collection
from datetime import date
from typing import Any

from django.db import IntegrityError

from members.history import Change, keep_changes
from members.models import Appointment, CommitteePost, Member, MemberTag, Mobility, Organization, Transfer, User
from members.registry import roll_changed
from members.tree_lock import changing_roll
from portal.actions.log import audit, note_reading

CONTACT_READING = "member-contact"


Changes = dict[str, list[str]]


class Taken(Exception):
    """Somebody has just saved the same identity number or member number."""


class BranchClosed(Exception):
    """The branch was closed; nobody is on its roll any more."""


class SameName(Exception):
    """The branch has somebody of that name, perhaps from a second press of the same button."""


def verbose(field: str) -> str:
    return str(Member._meta.get_field(field).verbose_name)  # type: ignore[union-attr]


def shown(member: Member, field: str) -> str:
    """A field's value as people read it."""
    display = getattr(member, f"get_{field}_display", None)
    return str(display() if display else getattr(member, field) or "")


def write(member: Member, facts: dict[str, Any], contact: dict[str, str]) -> Changes:
    """Set what differs on the object; returns what it was and what it is now, for the history."""
    changes: Changes = {}
    for field, value in facts.items():
        if getattr(member, field) != value:
            before = shown(member, field)
            setattr(member, field, value)
            changes[verbose(field)] = [before, shown(member, field)]
    if "identity" in contact and contact["identity"] != member.identity:
        changes[verbose("identity")] = [member.identity, contact["identity"]]
        member.set_identity(contact["identity"])
    if "phone" in contact and contact["phone"] != member.phone:
        changes[verbose("phone")] = [member.phone, contact["phone"]]
        member.phone = contact["phone"]
    return changes


def keep(member: Member, verb: str, changes: Changes, by: Any) -> None:
    """One act in the member's history."""
    keep_changes([Change(member.pk, verb, changes)], by=by)


def write_tags(member: Member, kinds: Collection[str]) -> Changes:
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
    """A new member on the roll of ``branch``; raises ``Taken`` when a number is somebody else's, ``BranchClosed``, and
    ``SameName`` unless a ``namesake`` is meant."""
    member = Member(branch=branch)
    changes = {verbose("branch"): ["", str(branch)]} | write(member, facts, contact)
    changes[verbose("status")] = ["", shown(member, "status")]
    try:
        with changing_roll():
            if Organization.objects.select_for_update(no_key=True).get(pk=branch.pk).closed_on:
                raise BranchClosed
            if not namesake and Member.objects.on_roll().filter(branch=branch, name=member.name).exists():
                raise SameName
            member.save()
            keep(member, "编入名册", changes | write_tags(member, tags), by)
            audit(by=by, verb="编入名册", target=member, branch=str(branch))
            roll_changed([branch.pk])
    except IntegrityError as error:
        raise Taken from error
    return member


def change(*, member: Member, facts: dict[str, Any], contact: dict[str, str], tags: Collection[str], by: Any) -> bool:
    """Write what differs (``False``: nothing does); raises ``Taken`` when a number is somebody else's."""
    try:
        with changing_roll():
            kept = Member.objects.select_for_update(of=("self",)).select_related("branch").get(pk=member.pk)
            changes = write(kept, facts, contact) | write_tags(kept, tags)
            if not changes:
                return False
            kept.save()
            User.objects.filter(member=kept).update(name=kept.name)
            keep(kept, "修改党员信息", changes, by)
            audit(by=by, verb="修改党员信息", target=kept, fields=list(changes))
            roll_changed([kept.branch_id])
    except IntegrityError as error:
        raise Taken from error
    return True


def open_mobility(
    *,
    member: Member,
    by: Any,
    kind: str,
    since: date,
    place: str = "",
    contact: str = "",
    host: Organization | None = None,
) -> bool:
    """The member is away (``host``: the branch of this portal where they live now), a guest, or cannot be found from now on.

    ``False`` if that is registered already, or the host has been closed meanwhile.
    """
    try:
        with changing_roll():
            if host and not Organization.objects.select_for_update(no_key=True).open().filter(pk=host.pk).exists():
                return False
            Mobility.objects.create(member=member, kind=kind, since=since, place=place, host=host, contact=contact)
            label = str(Mobility.Kind(kind).label)
            facts = {"流动情况": label, "起始": str(since), "地点": place, "联系人": contact}
            facts["所在地支部"] = str(host or "")
            keep(member, f"登记{label}", {name: ["", value] for name, value in facts.items() if value}, by)
            audit(by=by, verb=f"登记{label}", target=member)
            roll_changed([member.branch_id, *([host.pk] if host else [])])
    except IntegrityError:
        return False
    return True


@changing_roll()
def close_mobility(*, mobility: Mobility, until: date, by: Any) -> bool:
    """The member is back; ``False`` if that was registered before."""
    if not Mobility.objects.filter(pk=mobility.pk, until=None).update(until=until):
        return False
    label = mobility.get_kind_display()
    keep(mobility.member, f"结束{label}", {"流动情况": [label, ""], "结束": ["", str(until)]}, by)
    audit(by=by, verb=f"结束{label}", target=mobility.member)
    roll_changed([mobility.member.branch_id, *([mobility.host_id] if mobility.host_id else [])])
    return True


@changing_roll()
def leave(*, member: Member, ending: str, ended_on: date, by: Any) -> bool:
    """Off the roll; records stay. The account is closed, appointments and seats on committees end. ``False`` if they had
    left before."""
    if not Member.objects.on_roll().filter(pk=member.pk).update(ending=ending, ended_on=ended_on):
        return False
    hats = list(Appointment.objects.current().filter(user__member=member).select_related("organization"))
    for hat in hats:
        hat.end()
        audit(by=by, verb=f"撤销{hat.title}", target=hat.organization, person=str(member))
    CommitteePost.objects.filter(member=member).vacate(ended_on)
    User.objects.filter(member=member).update(is_active=False)
    label = str(Member.Ending(ending).label)
    for waiting in member.transfers.waiting():
        waiting.decide(Transfer.State.WITHDRAWN, by=by, reason=f"已离开名册（{label}）")
    keep(member, f"离开名册：{label}", {verbose("ending"): ["", label], verbose("ended_on"): ["", str(ended_on)]}, by)
    audit(by=by, verb=f"离开名册：{label}", target=member)
    roll_changed([member.branch_id, *(hat.organization_id for hat in hats)])
    return True


def come_back(*, member: Member, by: Any) -> bool:
    """On the roll again (they had been taken off by mistake); appointments do not come back.

    ``False`` if they never left; raises ``Taken`` when the same identity number is on the roll by now, ``BranchClosed`` when
    their branch is no more.
    """
    try:
        with changing_roll():
            gone = Member.objects.select_for_update().filter(pk=member.pk, ended_on__isnull=False).first()
            if gone is None:
                return False
            if Organization.objects.filter(pk=gone.branch_id, closed_on__isnull=False).exists():
                raise BranchClosed
            changes = {verbose(field): [shown(gone, field), ""] for field in ("ending", "ended_on")}
            Member.objects.filter(pk=member.pk).update(ending="", ended_on=None)
            User.objects.filter(member=member).update(is_active=True)
            keep(member, "恢复在册", changes, by)
            audit(by=by, verb="恢复在册", target=member)
            roll_changed([member.branch_id])
    except IntegrityError as error:
        raise Taken from error
    return True


def open_contact(*, member: Member, by: Any) -> None:
    """Note, for the member to see, that somebody looks at the full identity number and telephone."""
    note_reading(of=member, kind=CONTACT_READING, by=by, capacity=by.hat_at(member.branch))
