"""A person's own measures: who may see the list, who may add to it, who is told that they can read it."""

from typing import Any

from campaign.models import Campaign, Participation
from evaluation.reviewers import reviewers
from members.permissions import Permission


def is_own(user: Any, participation: Participation) -> bool:
    return bool(user.member_id) and participation.member_id == user.member_id


def speaks_for(user: Any, participation: Participation) -> bool:
    """The branch's reviewer writes down what a member without an account has promised (S0 四: 采取灵活方式)."""
    home = participation.enrolment.organization
    reviews = user.can(Permission.REVIEW_ANALYSIS, at=home) and user.can(Permission.EDIT_LEDGER, at=home)
    return reviews and not is_own(user, participation) and not hasattr(participation.member, "user")


def takes_measures(participation: Participation) -> bool:
    """Takes part in a campaign that is not over."""
    return participation.left_on is None and participation.campaign.state != Campaign.State.CLOSED


def readers(participation: Participation) -> list[str]:
    """Who, besides the person, can read these measures: shown where they are written."""
    hats = reviewers(participation)
    named = [f"{hat.user}（{hat.organization.name}，{hat.title}）" for hat in hats]
    home = participation.enrolment.organization
    account = getattr(participation.member, "user", None)
    if account is not None and account.can(Permission.REVIEW_ANALYSIS, at=home):
        named.append("负责核实的上级活动办公室")
    return named
