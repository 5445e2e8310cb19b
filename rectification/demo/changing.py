"""A blueprint of the office's own, and a change to what the campaign asks that is being weighed."""

from datetime import timedelta

from campaign.actions import amendment as amendments
from campaign.actions import blueprint as blueprints
from campaign.blueprints.shipped import source
from campaign.models import Campaign
from rectification.demo.district import District


def own_blueprint(district: District) -> None:
    """The first version is published, a second one is being written: talks can be waived."""
    data = source("year-2005") or {}
    made = blueprints.copy(
        data=data,
        name=f"{district.root.name}先进性教育活动",
        origin=f"随系统提供的“{data['name']}”",
        organization=district.root,
        by=district.office,
    )
    blueprints.publish(version=made, by=district.office)
    draft = blueprints.start_draft(version=made, by=district.office)

    def reworded(content: dict[str, object]) -> dict[str, object]:
        content["phases"][4]["name"] = "巩固和扩大成果"  # type: ignore[index]
        return content

    blueprints.change(version=draft, edition=draft.edition, how=reworded, by=district.office)


def amendment(district: District, campaign: Campaign) -> None:
    """Members on the move are to be talked to as well; the effect has been counted, nobody has decided yet."""
    draft = amendments.propose(
        campaign=campaign,
        reason="第一批活动中发现，流动党员参加活动的情况掌握得不够。拟增加与流动党员谈心的要求，确有困难的可以免除。",
        takes_effect_on=district.today + timedelta(7),
        by=district.office,
    )
    talks = campaign.requirements.in_force().filter(indicator_code="talk-held").first()
    if talks is None:
        return
    values = {
        "label": "与流动党员谈心",
        "indicator_code": "talk-held",
        "audience_code": "floating",
        "waivable": True,
        "due_from": "end",
        "due_offset": -7,
        "hint": "可以通过电话、书信联系，记下日期即可。",
    }
    amendments.put(amendment=draft, step=talks.step, requirement=None, values=values, by=district.office)
    amendments.foresee(amendment=draft, by=district.office)
