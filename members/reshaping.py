"""What has to be settled before an organisation is merged, split, moved, closed or reopened, and what it means for its people."""

from collections.abc import Iterator
from typing import Any

from django.urls import reverse

from members.models import Appointment, Member, Mobility, Organization, Transfer
from members.permissions import Permission
from members.registry import Effect, Reshaping, TreeChange, tree_effects

Kind = Organization.Kind


def blocked(text: str, page: str = "", *args: Any) -> Effect:
    """What keeps it from being done, and the name of the page (with what stands in its address) where that is settled."""
    return Effect(text, blocks=True, url=reverse(page, args=args) if page else "")


def hats_at(node: Organization) -> Any:
    """Appointments that are in force or to come."""
    return Appointment.objects.filter(organization=node, revoked_at=None)


@tree_effects.register
def roll_effects(change: TreeChange) -> Iterator[Effect]:
    """Rules of the tree and of the roll."""
    node = change.node
    if change.kind == Reshaping.REOPEN:
        yield from on_reopening(node)
        return
    if node.closed_on:
        yield blocked(f"{node}已经撤销，不能再办理。")
        return
    match change.kind:
        case Reshaping.MERGE:
            yield from on_merging(node, change.other)
        case Reshaping.SPLIT:
            yield from on_splitting(node)
        case Reshaping.MOVE:
            yield from on_moving(node, change.other)
        case Reshaping.CLOSE:
            yield from on_closing(node)
    if change.kind in {Reshaping.MERGE, Reshaping.CLOSE}:
        yield from on_ending(node, change.by)


def on_merging(node: Organization, other: Organization) -> Iterator[Effect]:
    if not (node.is_branch and other.is_branch):
        yield blocked("只有党支部、联合党支部可以合并。")
    if node.pk == other.pk:
        yield blocked("不能与自己合并，请另选一个支部。")
    if other.closed_on:
        yield blocked(f"{other}已经撤销，请另选一个支部。")
    if number := Member.objects.on_roll().filter(branch=node).count():
        yield Effect(f"{number}名在册党员转到{other}，各有一条“合并”的转接记录；已离开名册的仍留在{node}。")
    if groups := Organization.objects.get_children(node).count():
        yield Effect(f"{groups}个党小组移到{other}之下。")
    if hosted := Mobility.objects.hosted().filter(host=node).count():
        yield Effect(f"{hosted}名流动到此的党员改由{other}接收。")
    yield from on_covered(node, f"改由{other}联系")


def on_splitting(node: Organization) -> Iterator[Effect]:
    if not node.is_branch:
        yield blocked("只有党支部、联合党支部可以分立。")
    if Organization.objects.get_parent(node) is None:
        yield blocked("请先把这个支部移到一个上级组织之下，再分立。", "organization-move", node.pk)
    if Member.objects.on_roll().filter(branch=node).count() < 2:
        yield blocked("名册上不足两人，不能分立。")
    yield Effect(f"新支部与{node}同属一个上级；转过去的党员各有一条“分立”的转接记录。")
    yield Effect("转过去的人在原支部担任的职责和班子职务随之终止，请为新支部另行任命。")
    yield from on_covered(node, f"仍由{node}联系")


def on_moving(node: Organization, parent: Organization | None) -> Iterator[Effect]:
    if parent is None:
        return
    if node.contains(parent):
        yield blocked("不能移到自己或自己的下级之下，请另选上级组织。")
    elif Organization.objects.get_children(parent).filter(pk=node.pk).exists():
        yield blocked(f"{node}本来就在{parent}之下。")
    elif Organization.objects.get_children(parent).filter(name=node.name).exists():
        yield blocked(f"{parent}之下已有“{node}”，请先改名，写明区别。")
    if parent.closed_on:
        yield blocked(f"{parent}已经撤销，请另选上级组织。")
    if (node.kind == Kind.GROUP) != parent.is_branch:
        yield blocked("党小组只能在党支部之下，其他组织不能在党支部或党小组之下。")
    elif parent.kind == Kind.GROUP:
        yield blocked("党小组之下不能再有组织。")
    below = Organization.objects.under(node).exclude(pk=node.pk).count()
    people = Member.objects.on_roll().under(node).count()
    counted = ((below, "个下级组织"), (people, "名在册党员"))
    if words := [f"{number}{what}" for number, what in counted if number]:
        yield Effect(f"{'、'.join(words)}一起移动{'，党员所在支部不变' if people else ''}。")
    yield Effect(f"任职不变；原上级的人不能再查看这里，{parent}及其上级的人可以查看。")


def on_closing(node: Organization) -> Iterator[Effect]:
    if number := Member.objects.on_roll().filter(branch=node).count():
        yield blocked(f"名册上还有{number}名党员，请先转到别的支部，或与别的支部合并。", "member-list", node.pk)
    if number := Organization.objects.get_children(node).open().count():
        yield blocked(f"下面还有{number}个组织，请先移走或撤销。", "organization-detail", node.pk)
    if number := Mobility.objects.hosted().filter(host=node).count():
        text = f"还有{number}名流动党员登记在此参加活动，请先由他们的支部改登记。"
        yield blocked(text, "register-list", node.pk, "floating")
    if (parent := Organization.objects.get_parent(node)) is not None:
        yield from on_covered(node, f"改由上级{parent}联系")
    yield Effect("记录都保留，可以查阅；以后可以恢复。")


def on_covered(node: Organization, becomes: str) -> Iterator[Effect]:
    """Units without an organisation of their own, and who was sent to look after them."""
    counted = ((node.covered_units, "个覆盖单位"), (node.liaisons.filter(left_on=None), "名指导员、联络员"))
    if words := [f"{number}{what}" for rows, what in counted if (number := rows.count())]:
        yield Effect(f"{'、'.join(words)}{becomes}。")


def on_ending(node: Organization, by: Any) -> Iterator[Effect]:
    waiting = Transfer.objects.waiting()
    leaving, coming = waiting.filter(origin=node).count(), waiting.filter(target=node).count()
    if number := leaving + coming:
        text = f"还有{number}份组织关系转接没有办结，请先接收、退回或撤回。"
        yield Effect(text, True, f"{reverse('transfer-list', args=[node.pk])}?list={'in' if coming else 'out'}")
    if by is not None and not keeps_scope(by, node):
        yield blocked("您的职责就在这个组织，不能由自己撤并，请上级活动办公室办理。")
    if number := hats_at(node).count():
        yield Effect(f"{number}项任职随即终止。")
    if number := node.committee_posts.held().count():
        yield Effect(f"班子的{number}个职务随即登记卸任。")


def keeps_scope(by: Any, node: Organization) -> bool:
    """Whether the appointments that let ``by`` do this outlive it."""
    return any(path != node.path and node.path.startswith(path) for path in by.scopes(Permission.RESHAPE_TREE))


def on_reopening(node: Organization) -> Iterator[Effect]:
    if not node.closed_on:
        yield blocked(f"{node}没有撤销，不需要恢复。")
    parent = Organization.objects.get_parent(node)
    if parent is not None and parent.closed_on:
        yield blocked(f"上级{parent}已经撤销，请先恢复上级。", "organization-reshape", parent.pk)
    yield Effect("原来的任职不会自动恢复，请重新任命；尚未结束的活动接着进行。")
