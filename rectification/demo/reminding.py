"""What people have been reminded of, and how their messages leave the portal."""

from datetime import timedelta

from campaign.actions import reminder as reminders
from campaign.models import Campaign
from campaign.reminders.rules import reminder_rules
from members.actions import channel as channels
from members.models import Channel
from portal.actions.notice import collect
from portal.working_days import add_working_days
from rectification.demo.district import District


def remind(district: District, campaign: Campaign) -> None:
    """The rules as this office likes them, what they said on the last working day, and a robot that is still switched off."""
    campaign.refresh_from_db()
    rules = {
        rule.code: {"on": rule.on_in(campaign.settings), "days": list(rule.days_in(campaign.settings))}
        for rule in reminder_rules
    }
    rules["stalled"]["days"] = [10]
    reminders.set_reminders(campaign=campaign, rules=rules, by=district.office)
    robot = Channel(
        organization=district.root,
        name="活动办公室工作群",
        kind=Channel.Kind.WECOM,
        url="https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=example",
        on=False,
    )
    channels.save(channel=robot, by=district.office)
    collect(add_working_days(district.today + timedelta(days=1), -1))
