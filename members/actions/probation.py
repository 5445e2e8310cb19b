"""Deciding on candidates whose probation is over: full membership, once more half a year to a year, or no membership."""

from datetime import date
from typing import Any

from members.actions.member import keep, leave, verbose
from members.models import Member
from members.registry import roll_changed
from members.tree_lock import changing_roll
from portal.actions.log import audit

FULL, EXTEND, REVOKE = "full", "extend", "revoke"
DECISIONS = {FULL: "按期转为正式党员", EXTEND: "延长预备期", REVOKE: "取消预备党员资格"}


@changing_roll()
def decide(
    *, member: Member, decision: str, decided_on: date, note: str, confirmed: str, until: date | None, by: Any
) -> bool:
    """Write the decision; ``False`` when somebody else has just decided or the member has left the roll.

    ``confirmed`` is the (partial) day from which membership is full, ``until`` the day to which probation is extended.
    """
    candidates = Member.objects.select_for_update().on_roll().filter(pk=member.pk, status=Member.Status.PROBATIONARY)
    kept = candidates.first()
    if kept is None:
        return False
    changes = {"决定": ["", DECISIONS[decision]], "决定日期": ["", str(decided_on)], "决议和审批情况": ["", note]}
    if decision == FULL:
        changes |= confirm(kept, confirmed)
    elif decision == EXTEND:
        changes[verbose("probation_until")] = [str(kept.probation_until or ""), str(until)]
        Member.objects.filter(pk=kept.pk).update(probation_until=until)
    keep(kept, DECISIONS[decision], changes, by)
    audit(by=by, verb=DECISIONS[decision], target=kept)
    if decision == REVOKE:
        return leave(member=kept, ending=Member.Ending.REVOKED, ended_on=decided_on, by=by)
    roll_changed([kept.branch_id])
    return True


def confirm(member: Member, confirmed: str) -> dict[str, list[str]]:
    status = Member.Status
    Member.objects.filter(pk=member.pk).update(status=status.FULL, confirmed=confirmed, probation_until=None)
    return {
        verbose("status"): [str(status.PROBATIONARY.label), str(status.FULL.label)],
        verbose("confirmed"): [member.confirmed, confirmed],
    }
