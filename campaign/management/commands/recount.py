"""Compare every ready figure with the records."""

import os
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from campaign.models import Campaign
from campaign.progress.recounting import recount


class Command(BaseCommand):
    """Prints what differs and ends with status 1 if anything does; ``--mend`` puts it right."""

    help = "核对所有进度数字与记录是否一致；有差异时逐条列出并以状态 1 结束，--mend 同时修正。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--campaign", type=int, help="只核对一次活动（编号）")
        parser.add_argument(
            "--processes", type=int, default=os.cpu_count() or 1, help="几个进程同时核对（默认与处理器数相同）"
        )
        parser.add_argument("--mend", action="store_true", help="按记录修正有差异的数字")

    def handle(self, *args: Any, **options: Any) -> None:
        campaigns = Campaign.objects.order_by("pk")
        if options["campaign"]:
            campaigns = campaigns.filter(pk=options["campaign"])
        found = 0
        for campaign in campaigns:
            for difference in recount(campaign, mend=options["mend"], processes=options["processes"]):
                found += 1
                self.stdout.write(f"{campaign}｜{difference}")
        if found:
            self.stdout.write(f"共 {found} 处差异{'，已按记录修正。' if options['mend'] else '。可加 --mend 修正。'}")
            sys.exit(1)
        self.stdout.write("没有差异。")
