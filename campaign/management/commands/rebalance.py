"""Choose roll-up points anew."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from campaign.models import Campaign
from campaign.progress.rollups import LIMIT, rebalance


class Command(BaseCommand):
    """For every campaign that is not closed; may run while people work."""

    help = "重新选定汇总点（下属参加单位不超过上限、而其上级超过上限的组织），运行中可执行；每天夜间也会自动执行。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--limit", type=int, default=LIMIT, help=f"一个汇总点下的参加单位上限（默认 {LIMIT}）")

    def handle(self, *args: Any, **options: Any) -> None:
        for campaign in Campaign.objects.exclude(state=Campaign.State.CLOSED).select_related("organization"):
            gone, new = rebalance(campaign, options["limit"])
            self.stdout.write(f"{campaign}：撤销汇总点 {gone} 个，新设 {new} 个。")
