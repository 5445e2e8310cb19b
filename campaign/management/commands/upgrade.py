"""Bring a database to what this version of the portal expects."""

import os
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from campaign.models import Campaign
from campaign.progress.recounting import recount


class Command(BaseCommand):
    """``migrate``; where that had something to do, the ready figures are compared with the records and put right."""

    help = "升级数据库；有变更时按记录核对并修正进度数字。可重复运行。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="几个进程同时核对")

    def handle(self, *args: Any, **options: Any) -> None:
        executor = MigrationExecutor(connection)
        fresh = not executor.loader.applied_migrations
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
        call_command("migrate", interactive=False, verbosity=0)
        if fresh or not pending:
            return
        for campaign in Campaign.objects.order_by("pk"):
            mended = sum(1 for _ in recount(campaign, mend=True, processes=options["processes"]))
            self.stdout.write(f"{campaign}：已核对进度数字，修正 {mended} 处。")
