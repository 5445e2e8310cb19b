"""What becomes of a campaign when the tree of organisations changes: who carries on, and what no longer counts."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.urls import reverse

from campaign.models import Campaign, Enrolment, Gate, Participation, PhaseRun, Requirement, Waiver
from campaign.progress.rollups import follow, unreached
from campaign.progress.writing import is_done, is_waived, reached, recording, subjects
from campaign.units.roll import concerned, settle
from members.models import Organization
from members.registry import Effect, Reshaping, TreeChange, tree_effects, tree_observers
from portal.actions.log import audit
from portal.indicators import Subject


@tree_observers.register
def tree_changed(change: TreeChange) -> None:
    """Bring enrolments, people and figures in line; runs in the caller's transaction."""
    match change.kind:
        case Reshaping.MERGE:
            merge(change.node, change.other, change.by)
        case Reshaping.SPLIT:
            split(change.node, change.other, change.by)
        case Reshaping.MOVE:
            follow(change.node)
            reached(unreached(change.node))
        case Reshaping.CLOSE:
            with recording(open_units(change.node).values_list("pk", flat=True)) as locked:
                end(locked, change.by)
        case Reshaping.REOPEN:
            reopen(change.node, change.by)
    reached(end.pk for end in (change.node, change.other) if end is not None)


def open_units(organization: Organization) -> Any:
    """Its enrolments in campaigns that are not over, without those it has finished: what is finished stays as it is."""
    units = Enrolment.objects.under_way().counted().filter(organization=organization)
    return units.exclude(state=Enrolment.State.FINISHED)


def merge(node: Organization, other: Organization, by: Any) -> None:
    """``node`` ends; ``other`` goes on for both, from where ``node`` stood wherever it was not enrolled itself."""
    for unit in open_units(node).select_related("organization", "campaign__organization"):
        if unit.campaign.organization.contains(other):
            carry_on(unit, other, by)
    with recording(concerned([node.pk, other.pk])) as locked:
        end([e for e in locked if e.organization_id == node.pk and e.state != Enrolment.State.FINISHED], by)
        settle(locked)


def split(node: Organization, other: Organization, by: Any) -> None:
    """``other`` begins where ``node`` stands; what ``node`` as a branch has met is not asked of ``other`` again."""
    units = Enrolment.objects.under_way().counted().filter(organization=node).select_related("organization")
    made = [(unit, carry_on(unit, other, by)) for unit in units]
    with recording({unit.pk for unit in units} | concerned([node.pk, other.pk])) as locked:
        for unit, new in made:
            if new is not None:
                waive_what_is_met(unit, new, by)
        settle(locked)


def carry_on(unit: Enrolment, branch: Organization, by: Any) -> Enrolment | None:
    """An enrolment of ``branch`` at the same place in the same batch; ``None`` if it has one of its own."""
    new, made = Enrolment.objects.get_or_create(
        campaign_id=unit.campaign_id,
        organization=branch,
        defaults={
            "batch_id": unit.batch_id,
            "state": unit.state,
            "phase_id": unit.phase_id,
            "starts_on": unit.starts_on,
            "ends_on": unit.ends_on,
            "started_on": unit.started_on,
            "pilot": unit.pilot,
        },
    )
    if not made:
        return None
    PhaseRun.objects.bulk_create(
        PhaseRun(
            enrolment=new,
            phase_id=run.phase_id,
            starts_on=run.starts_on,
            ends_on=run.ends_on,
            state=run.state,
            completed_on=run.completed_on,
        )
        for run in unit.runs.all()
    )
    audit(by=by, verb="接续参加活动", target=new, origin=str(unit.organization))
    return new


def waive_what_is_met(unit: Enrolment, new: Enrolment, by: Any) -> None:
    """Both are locked. Done there: waived here with that reason; waived there: waived here with the same reason."""
    waived = {w.requirement_id: w.reason for w in Waiver.objects.in_force().filter(enrolment=unit, participation=None)}
    for requirement in Requirement.objects.kept().filter(campaign=unit.campaign_id):
        if requirement.subject != Subject.ORGANIZATION:
            continue
        own = subjects(requirement).filter(pk=unit.pk)
        if own.filter(is_done(requirement)).exists():
            reason = f"分立前已由{unit.organization}完成"
        elif own.filter(is_waived(requirement)).exists():
            reason = next(waived[pk] for pk in requirement.family if pk in waived)
        else:
            continue
        Waiver.objects.create(requirement=requirement, enrolment=new, reason=reason[:300], by=by)


def end(units: Iterable[Enrolment], by: Any) -> None:
    """Locked units of an organisation that is no more."""
    for unit in units:
        unit.state = Enrolment.State.CLOSED
        unit.save(update_fields=["state"])
        audit(by=by, verb="因组织撤并结束", target=unit)


def reopen(node: Organization, by: Any) -> None:
    """The organisation is there again: its units go on where they stood."""
    closed = Enrolment.objects.under_way().filter(organization=node, state=Enrolment.State.CLOSED)
    with recording(list(closed.values_list("pk", flat=True))) as locked:
        for unit in locked:
            going = Enrolment.State.RUNNING if unit.started_on else Enrolment.State.PREPARING
            unit.state = Enrolment.State.POSTPONED if unit.postponements.holding().exists() else going
            unit.save(update_fields=["state"])
            audit(by=by, verb="随组织恢复", target=unit)
        settle(locked)


@tree_effects.register
def campaign_effects(change: TreeChange) -> Iterator[Effect]:
    """What a change means for campaigns that are not over."""
    node, kind = change.node, change.kind
    units = list(open_units(node).select_related("campaign__organization"))
    for unit in units:
        people = Participation.objects.active().filter(enrolment=unit).count()
        yield from on_unit(unit, people, change)
    if kind in {Reshaping.MERGE, Reshaping.CLOSE}:
        for gate in Gate.objects.waiting().filter(enrolment__in=units).select_related("enrolment__campaign"):
            text = f"“{gate.enrolment.campaign}”的转段申请正在等待审核，请先审核或退回，再办理。"
            yield Effect(text, blocks=True, url=reverse("gate-detail", args=[gate.pk]))
        for campaign in Campaign.objects.filter(organization=node).exclude(state=Campaign.State.CLOSED):
            text = f"{node}是“{campaign}”的组织单位，活动结束后才能办理。"
            yield Effect(text, blocks=True, url=reverse("campaign-detail", args=[campaign.pk]))
    if kind == Reshaping.MOVE:
        yield from on_move(node, change.other)


def on_unit(unit: Enrolment, people: int, change: TreeChange) -> Iterator[Effect]:
    name, other = unit.campaign.name, change.other
    if change.kind == Reshaping.MERGE:
        if Enrolment.objects.counted().filter(campaign=unit.campaign, organization=other).exists():
            yield Effect(
                f"“{name}”：{people}名党员带着已有记录转到{other}继续参加，{change.node}不再计入进度，原有记录仍可查阅。"
            )
        elif unit.campaign.organization.contains(other):
            yield Effect(f"“{name}”：{other}还没有编入，将按{change.node}的批次和进度接续，{people}名党员继续参加。")
        else:
            yield Effect(
                f"“{name}”不包括{other}，{people}名党员将不再参加。请另选支部，或先由活动办公室商定。", blocks=True
            )
    elif change.kind == Reshaping.SPLIT:
        yield Effect(
            f"“{name}”：新支部编入同一批次，阶段和时间与{change.node}相同；{change.node}已完成的支部工作不再重复要求。"
        )
    elif change.kind == Reshaping.CLOSE:
        yield Effect(f"“{name}”：{change.node}不再计入进度，原有记录仍可查阅。")


def on_move(node: Organization, parent: Organization | None) -> Iterator[Effect]:
    """Units stay inside the organisation that runs their campaign."""
    units = Enrolment.objects.under_way().under(node)
    for campaign in Campaign.objects.filter(pk__in=units.values("campaign")).select_related("organization"):
        number = units.filter(campaign=campaign).count()
        inside = parent is None or campaign.organization.contains(parent) or node.contains(campaign.organization)
        if inside:
            yield Effect(f"“{campaign}”：{number}个参加单位一起移动，进度和记录不变，汇总到新的上级。")
        else:
            text = f"“{campaign}”由{campaign.organization}组织，其中{number}个参加单位移出后就不在活动范围内，活动结束后才能移动。"
            yield Effect(text, blocks=True)
