"""Transfers: asking, accepting, returning, withdrawing; and the move itself, which every way between two branches shares."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models.functions import Greatest
from django.utils import timezone

from members.actions import member as members
from members.history import Change, keep_changes
from members.models import Appointment, CommitteePost, Member, Mobility, Organization, Transfer, User
from members.permissions import Role
from members.registry import roll_changed
from members.transfer_notices import tell_receivers, tell_sender
from members.tree_lock import changing_roll
from portal.actions.log import audit

State, Kind = Transfer.State, Transfer.Kind
# Hats that only a member of the branch wears.
BRANCH_HATS = (Role.SECRETARY, Role.COMMITTEE)
CHUNK = 500


class TransferRefused(Exception):
    """The transfer cannot be made as things are now; the message (Chinese) says why and what to do."""


@dataclass(frozen=True)
class Letter:
    """The letter of introduction (介绍信), as far as it is known."""

    letter_number: str = ""
    letter_date: date | None = None
    valid_days: int | None = None


NO_LETTER = Letter()


def on_roll(member: Member) -> Member:
    """The member's row, locked; raises ``TransferRefused`` when they have left."""
    row = Member.objects.select_for_update(of=("self",)).select_related("branch").get(pk=member.pk)
    if row.ended_on:
        raise TransferRefused(f"{member}已离开名册，不能办理转接。")
    return row


@transaction.atomic
def request(
    *, member: Member, target: Organization | None = None, place: str = "", letter: Letter = NO_LETTER, by: Any
) -> Transfer:
    """Ask ``target`` to take the member in, or send them out of the portal to ``place``; nothing else changes yet."""
    row = on_roll(member)
    if target is not None:
        target = open_branch(target, other_than=row.branch)
    try:
        with transaction.atomic():
            transfer = Transfer.objects.create(
                member=row,
                kind=Kind.WITHIN if target else Kind.OUT,
                origin=row.branch,
                target=target,
                target_place="" if target else place,
                requested_by=by,
                **vars(letter),
            )
    except IntegrityError as error:
        raise TransferRefused(f"{member}已有一份转接正在办理，办结或撤回后才能再办。") from error
    audit(by=by, verb="提出转接组织关系", target=row, to=transfer.target_name)
    tell_receivers(transfer)
    return transfer


def open_branch(branch: Organization, *, other_than: Organization) -> Organization:
    """The branch as it is now, locked against being closed meanwhile; raises ``TransferRefused``."""
    found = Organization.objects.select_for_update(no_key=True).branches().open().filter(pk=branch.pk).first()
    if found is None:
        raise TransferRefused(f"{branch}已撤销，或不是党支部，请另选转入支部。")
    if found.pk == other_than.pk:
        raise TransferRefused(f"本来就在{branch}，不需要转接。")
    return found


@changing_roll()
def at_once(*, member: Member, target: Organization, letter: Letter = NO_LETTER, by: Any) -> Transfer:
    """Asked and accepted in one step, by somebody who keeps both rolls; noted as such."""
    transfer = request(member=member, target=target, letter=letter, by=by)
    Transfer.objects.filter(pk=transfer.pk).update(immediate=True)
    accept(transfer=transfer, by=by)
    transfer.refresh_from_db()
    return transfer


@changing_roll()
def accept(*, transfer: Transfer, by: Any) -> None:
    """The member changes branch now; or, when the receipt (回执) from outside has come, leaves the roll as 转出."""
    row = on_roll(transfer.member)
    if row.branch_id != transfer.origin_id:
        raise TransferRefused(f"{row}已经不在{transfer.origin_name}，请退回这份转接，核对后重新办理。")
    settle(transfer, State.ACCEPTED, by)
    if transfer.target is None:
        members.leave(member=row, ending=Member.Ending.MOVED, ended_on=timezone.localdate(), by=by)
    else:
        audit(by=by, verb="接收组织关系", target=row, origin=transfer.origin_name)
        touched = move(members=[row.pk], origin=row.branch, to=transfer.target, verb="转接组织关系", by=by)
        roll_changed(touched)
    tell_sender(transfer)


@transaction.atomic
def send_back(*, transfer: Transfer, reason: str, by: Any) -> None:
    """Not taken in; the member stays where they are."""
    settle(transfer, State.RETURNED, by, reason)
    audit(by=by, verb="退回组织关系转接", target=transfer.member, origin=transfer.origin_name)
    tell_sender(transfer)


@transaction.atomic
def withdraw(*, transfer: Transfer, reason: str, by: Any) -> None:
    """The sender takes the request back."""
    settle(transfer, State.WITHDRAWN, by, reason)
    audit(by=by, verb="撤回组织关系转接", target=transfer.member, to=transfer.target_name)


def settle(transfer: Transfer, state: str, by: Any, reason: str = "") -> None:
    if not transfer.decide(state, by=by, reason=reason):
        raise TransferRefused("这份转接刚刚已有人办理，本次操作没有生效。")


def move(
    *, members: Collection[int], origin: Organization, to: Organization, verb: str, by: Any, keep_groups: bool = False
) -> set[int]:
    """From one roll to the other, in the caller's transaction; returns the branches concerned, for ``roll_changed``.

    What held only for a member of the old branch ends: its hats and seats, its 党小组, and being a guest of the new one.
    """
    today = timezone.localdate()
    rows = Member.objects.on_roll().filter(pk__in=members, branch=origin)
    changes = []
    for pk, group in list(rows.order_by("pk").values_list("pk", "group")):
        values = {"所在支部": [str(origin), str(to)]}
        changes.append(Change(pk, verb, values | ({"党小组": [group, ""]} if group and not keep_groups else {})))
    keep_changes(changes, by=by)
    end_hats([(change.member_id, origin.pk) for change in changes], by)
    hosts = Mobility.objects.hosted().filter(member__in=members).values_list("host", flat=True)
    touched = {origin.pk, to.pk, *hosts}
    rows.update(branch=to, since=today, **({} if keep_groups else {"group": ""}))
    guests = Mobility.objects.current().filter(member__in=[change.member_id for change in changes], host=to)
    guests.update(until=Greatest("since", today))
    return touched


def end_hats(leaving: Collection[tuple[int, int]], by: Any) -> None:
    """Who leaves a branch (member, branch) is no longer its secretary, nor on its committee."""
    pairs, members, branches = {*leaving}, [member for member, _ in leaving], {branch for _, branch in leaving}
    held = CommitteePost.objects.held().filter(member__in=members, organization__in=branches)
    seats = [pk for pk, *seat in held.values_list("pk", "member", "organization") if tuple(seat) in pairs]
    CommitteePost.objects.filter(pk__in=seats).vacate(timezone.localdate())
    hats = Appointment.objects.current().filter(user__member__in=members, organization__in=branches)
    for hat in hats.filter(role__in=BRANCH_HATS).select_related("user", "organization"):
        if (hat.user.member_id, hat.organization_id) in pairs and hat.end():
            audit(by=by, verb=f"撤销{hat.title}", target=hat.organization, person=str(hat.user))


def bring_in(
    *,
    branch: Organization,
    place: str,
    letter: Letter,
    facts: dict[str, Any],
    contact: dict[str, str],
    tags: Collection[str],
    namesake: bool = False,
    by: Any,
) -> Member:
    """Somebody from outside the portal; raises what ``members.create`` raises."""
    with changing_roll():
        person = members.create(branch=branch, facts=facts, contact=contact, tags=tags, namesake=namesake, by=by)
        keep_arrival(person, branch, place, letter, by)
    return person


def bring_back(*, member: Member, branch: Organization, place: str, letter: Letter, by: Any) -> None:
    """Somebody who had moved out of the portal comes back: their old record is opened again, in ``branch``.

    Raises ``TransferRefused`` unless they had moved out, ``members.Taken`` when the number is on the roll by now.
    """
    today = timezone.localdate()
    try:
        with changing_roll():
            row = Member.objects.select_for_update(of=("self",)).select_related("branch").get(pk=member.pk)
            if row.ended_on is None or row.ending != Member.Ending.MOVED:
                raise TransferRefused(f"{row}没有登记为转出，不能这样恢复，请核对。")
            if Organization.objects.select_for_update(no_key=True).get(pk=branch.pk).closed_on:
                raise members.BranchClosed
            before = row.branch
            Mobility.objects.current().filter(member=row).update(until=Greatest("since", row.ended_on))
            row.branch, row.ended_on, row.ending, row.since, row.group = branch, None, "", today, ""
            row.save(update_fields=["branch", "ended_on", "ending", "since", "group"])
            User.objects.filter(member=row).update(is_active=True)
            keep_changes([Change(row.pk, "转入组织关系", {"所在支部": [str(before), str(branch)]})], by=by)
            keep_arrival(row, branch, place, letter, by)
            roll_changed({before.pk, branch.pk})
    except IntegrityError as error:
        raise members.Taken from error


def keep_arrival(member: Member, branch: Organization, place: str, letter: Letter, by: Any) -> None:
    now = timezone.now()
    Transfer.objects.create(
        member=member,
        kind=Kind.IN,
        state=State.ACCEPTED,
        origin_place=place,
        target=branch,
        requested_by=by,
        requested_at=now,
        decided_by=by,
        decided_at=now,
        **vars(letter),
    )
    audit(by=by, verb="转入组织关系", target=member, origin=place)


def keep_imported(moves: Sequence[tuple[int, int, int]], *, by: Any) -> None:
    """Moves (member, from, to) that an import has made: kept like others, settled in one step; open requests,
    hats and seats in the branch they leave end."""
    now = timezone.now()
    done = {"requested_by": by, "requested_at": now, "decided_by": by, "decided_at": now}
    for start in range(0, len(moves), CHUNK):
        some = moves[start : start + CHUNK]
        end_hats([(member, origin) for member, origin, _ in some], by)
        waiting = Transfer.objects.waiting().filter(member__in=[member for member, _, _ in some])
        waiting.update(state=State.WITHDRAWN, decided_by=by, decided_at=now, reason="已随名册导入调整支部")
        Transfer.objects.bulk_create(
            Transfer(
                member_id=member,
                kind=Kind.WITHIN,
                state=State.ACCEPTED,
                origin_id=origin,
                target_id=target,
                immediate=True,
                **done,
            )
            for member, origin, target in some
        )
