"""Why something cannot be done."""

from campaign.models import Campaign, Enrolment


class Refused(Exception):
    """It was not done; the message (Chinese) says why and what to do."""


def unless_over(enrolment: Enrolment) -> None:
    """Raises ``Refused`` once the campaign is closed: its records stay as they are."""
    if enrolment.campaign.state == Campaign.State.CLOSED:
        raise Refused("本次活动已经结束，原有记录保留，不能再改动。")
