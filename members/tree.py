"""How the tree of organisations is shown: from the user's own tops downwards, one level at a time."""

from typing import Any

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from members.models import Member, Organization

COUNTED = 10_000


def tops(user: Any) -> list[Organization]:
    """The topmost organisations of the user's scopes, in tree order, without those that lie below another one."""
    found: list[Organization] = []
    for organization in sorted({node for _, node in user.reach}, key=lambda o: o.path):
        if not any(top.contains(organization) for top in found):
            found.append(organization)
    if user.member_id and not any(top.contains(user.member.branch) for top in found):
        found.append(user.member.branch)
    return found


def with_rolls(organizations: QuerySet[Organization]) -> QuerySet[Organization]:
    """Each with ``on_roll``: the members of its own, counted by the database only for the rows that are shown."""
    own = Member.objects.on_roll().filter(branch=OuterRef("pk")).order_by().values("branch").annotate(n=Count("pk"))
    return organizations.annotate(on_roll=Coalesce(Subquery(own.values("n"), output_field=IntegerField()), 0))


def below(user: Any, node: Organization) -> QuerySet[Organization]:
    """The children of ``node`` out of what the user sees, with their rolls."""
    visible = node.children().visible_to(user)
    return with_rolls(visible)


def roll_size(node: Organization) -> str:
    """Members on the roll in the subtree, as text; beyond ten thousand nobody waits for the exact number."""
    number = Member.objects.on_roll().under(node).order_by()[: COUNTED + 1].count()
    return f"{COUNTED}以上" if number > COUNTED else str(number)


def visible_trail(user: Any, node: Organization) -> list[Organization]:
    """The way down to ``node`` as far as the user may follow it."""
    return [step for step in node.trail() if step.pk == node.pk or any(top.contains(step) for top in tops(user))]
