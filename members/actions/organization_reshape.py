"""Reshaping the tree: merging and splitting branches, moving subtrees, closing and reopening organisations.

Each runs whole or not at all, and asks the rooms once more, under the lock, whether something stands in the way.
"""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models.functions import Greatest
from django.utils import timezone

from members.actions.covered import hand_over
from members.actions.organization import Taken
from members.actions.transfer import move as move_members
from members.models import CommitteePost, Member, Mobility, Organization, Transfer
from members.registry import Reshaping, TreeChange, effects_of, roll_changed, tree_changed
from members.reshaping import hats_at
from members.tree_lock import hold_shape, take_turn
from portal.actions.log import audit


class ReshapeRefused(Exception):
    """Something has to be settled first; the message (Chinese) says what."""


def locked(change: TreeChange) -> TreeChange:
    """The change with both ends as they are now, the tree locked; raises ``ReshapeRefused`` with all that blocks it."""
    ends = [end for end in (change.node, change.other) if end is not None]
    take_turn(change.node)
    hold_shape()
    rows = {
        row.pk: row
        for row in Organization.objects.select_for_update(no_key=True).filter(pk__in=[end.pk for end in ends])
    }
    fresh = replace(change, node=rows[change.node.pk], other=rows[change.other.pk] if change.other else None)
    if reasons := [effect.text for effect in effects_of(fresh) if effect.blocks]:
        raise ReshapeRefused(" ".join(reasons))
    return fresh


@transaction.atomic
def merge(*, node: Organization, other: Organization, by: Any) -> None:
    """``node`` becomes part of ``other``: its members and groups go there, its records stay with it."""
    change = locked(TreeChange(Reshaping.MERGE, node, other, by))
    node, other = change.node, change.other
    people = list(Member.objects.on_roll().filter(branch=node).order_by("pk").values_list("pk", flat=True))
    touched = move_members(members=people, origin=node, to=other, verb="随支部合并转接", by=by, keep_groups=True)
    keep_moves(people, node, other, Transfer.Kind.MERGER, by)
    guests = Mobility.objects.current().filter(host=node)
    guests.filter(member__branch=other).update(until=Greatest("since", timezone.localdate()))
    guests.update(host=other)
    for group in Organization.objects.get_children(node).order_by("path"):
        Organization.objects.move(group, Organization.objects.get(pk=other.pk), "last-child")
    hand_over(origin=node, to=other, by=by)
    end(node, by)
    audit(by=by, verb="合并党组织", target=node, into=str(other), members=len(people))
    tree_changed(refreshed(change))
    roll_changed(touched)


@transaction.atomic
def split(*, node: Organization, members: Collection[int], by: Any, **values: Any) -> Organization:
    """A new branch beside ``node`` with these of its members; raises ``Taken`` if the code is in use."""
    change = locked(TreeChange(Reshaping.SPLIT, node, None, by))
    people = list(Member.objects.on_roll().filter(branch=node, pk__in=members).order_by("pk"))
    if not people or len(people) == Member.objects.on_roll().filter(branch=node).count():
        raise ReshapeRefused("请选择转到新支部的党员；原支部至少留一名。")
    if names := [str(t.member) for t in Transfer.objects.waiting().filter(member__in=people).select_related("member")]:
        raise ReshapeRefused(f"{'、'.join(names)}的组织关系转接没有办结，请先办结或撤回，或不选他们。")
    parent = Organization.objects.get_parent(change.node)
    try:
        with transaction.atomic():
            made: Organization = Organization.objects.add_child(parent, values)
    except IntegrityError as error:
        raise Taken from error
    pks = [person.pk for person in people]
    touched = move_members(members=pks, origin=change.node, to=made, verb="随支部分立转接", by=by)
    keep_moves(pks, change.node, made, Transfer.Kind.DIVISION, by)
    audit(by=by, verb="分立党组织", target=change.node, new=str(made), members=len(pks))
    tree_changed(refreshed(replace(change, other=made)))
    roll_changed(touched)
    return made


@transaction.atomic
def move(*, node: Organization, parent: Organization, by: Any) -> None:
    """The subtree hangs below another parent; everything that speaks of places follows."""
    change = locked(TreeChange(Reshaping.MOVE, node, parent, by))
    before = Organization.objects.get_parent(change.node)
    Organization.objects.move(change.node, change.other, "last-child")
    audit(by=by, verb="调整隶属关系", target=node, changes={"上级组织": [str(before or ""), str(parent)]})
    tree_changed(refreshed(change))


@transaction.atomic
def close(*, node: Organization, by: Any) -> None:
    """An organisation without members and without anything below it is no more; its records stay.

    Units that it covered are looked after by the one above.
    """
    change = locked(TreeChange(Reshaping.CLOSE, node, None, by))
    if (parent := Organization.objects.get_parent(change.node)) is not None:
        hand_over(origin=change.node, to=parent, by=by)
    end(change.node, by)
    audit(by=by, verb="撤销党组织", target=node)
    tree_changed(refreshed(change))


@transaction.atomic
def reopen(*, node: Organization, by: Any) -> None:
    """It was closed by mistake, or is needed again."""
    change = locked(TreeChange(Reshaping.REOPEN, node, None, by))
    Organization.objects.filter(pk=node.pk).update(closed_on=None)
    audit(by=by, verb="恢复党组织", target=node)
    tree_changed(refreshed(change))


def end(node: Organization, by: Any) -> None:
    """Closed from today; nobody wears a hat or has a seat there any more."""
    CommitteePost.objects.filter(organization=node).vacate(timezone.localdate())
    Organization.objects.filter(pk=node.pk).update(closed_on=timezone.localdate())
    for hat in hats_at(node).select_related("user"):
        if hat.end():
            audit(by=by, verb=f"撤销{hat.title}", target=node, person=str(hat.user))


def keep_moves(members: Collection[int], origin: Organization, to: Organization, kind: str, by: Any) -> None:
    """A transfer in everyone's history."""
    now = timezone.now()
    done = {
        "state": Transfer.State.ACCEPTED,
        "requested_by": by,
        "requested_at": now,
        "decided_by": by,
        "decided_at": now,
    }
    Transfer.objects.bulk_create(Transfer(member_id=pk, kind=kind, origin=origin, target=to, **done) for pk in members)


def refreshed(change: TreeChange) -> TreeChange:
    """With paths as they are after the change."""
    rows = Organization.objects.in_bulk([end.pk for end in (change.node, change.other) if end is not None])
    return replace(change, node=rows[change.node.pk], other=rows[change.other.pk] if change.other else None)
