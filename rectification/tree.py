"""What becomes of the ledger when branches merge: what was promised is carried on by the branch that takes the members in."""

from collections.abc import Iterator

from django.urls import reverse

from campaign.models import Enrolment
from campaign.progress.writing import recording
from members.registry import Effect, Reshaping, TreeChange, tree_effects, tree_observers
from portal.actions.log import audit
from rectification.models import Task
from rectification.models.ledger import TaskQuerySet


def promised(change: TreeChange) -> TaskQuerySet:
    """Open entries of the branch itself in campaigns that are not over; a person's own go with the person."""
    units = Enrolment.objects.under_way().filter(organization=change.node)
    return Task.objects.of_branches().open().filter(enrolment__in=units)


@tree_observers.register
def tree_changed(change: TreeChange) -> None:
    if change.kind != Reshaping.MERGE:
        return
    for old in Enrolment.objects.filter(pk__in=promised(change).values("enrolment")):
        new = Enrolment.objects.counted().filter(campaign=old.campaign_id, organization=change.other).first()
        if new is not None:
            with recording([old.pk, new.pk]):
                tasks = list(promised(change).filter(enrolment=old))
                Task.objects.filter(pk__in=[task.pk for task in tasks]).update(enrolment=new)
                for task in tasks:
                    audit(by=change.by, verb="随支部合并移交整改事项", target=task, origin=str(change.node))


@tree_effects.register
def ledger_effects(change: TreeChange) -> Iterator[Effect]:
    number = promised(change).count()
    if not number:
        return
    if change.kind == Reshaping.MERGE:
        yield Effect(f"{number}项未完成的整改事项移交{change.other}继续整改。")
    elif change.kind == Reshaping.SPLIT:
        yield Effect(f"{number}项未完成的支部整改事项仍由{change.node}负责；个人的随本人。")
    elif change.kind == Reshaping.CLOSE:
        text = f"还有{number}项支部整改事项没有完成，请先完成销号，或说明暂缓。"
        yield Effect(text, blocks=True, url=reverse("task-list", args=[change.node.pk]))
