"""``manage.py load_demo``: one fictional district in the middle of the second phase, by the importer that users have."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from members import sample_roster
from members.actions.roster_import import confirm, upload
from members.models import Appointment, Member, Organization, RosterImport, User
from members.permissions import Role
from portal.actions import job as jobs
from portal.models import Job
from rectification.demo import PASSWORD, build


class Command(BaseCommand):
    help = "装入演示数据：一个虚构的区，活动进行到第二阶段。"

    def handle(self, *args: Any, **options: Any) -> None:
        if Member.objects.exists():
            raise CommandError("系统中已有党员名册，演示数据只能装入空的系统。")
        root, office = self.open_office()
        self.stdout.write("正在导入演示名册……")
        self.import_roster(root, office)
        root.refresh_from_db()
        for step in build(root, office):
            if isinstance(step, str):
                self.stdout.write(step)
            else:
                self.keep_accounts(step)

    def open_office(self) -> tuple[Organization, User]:
        with transaction.atomic():
            name, code = sample_roster.ROOT
            root = Organization.objects.filter(code=code).first() or Organization.objects.add_root(
                {"name": name, "code": code, "kind": Organization.Kind.COMMITTEE}
            )
            office = User.objects.filter(username="office").first() or User(username="office", name="区委活动办公室")
            office.email, office.activated_at = "office@example.org", timezone.now()
            office.set_password(PASSWORD)
            office.save()
            Appointment.objects.get_or_create(user=office, organization=root, role=Role.OFFICE)
        return root, office

    def import_roster(self, root: Organization, office: User) -> None:
        """Upload, check, confirm, write: the way of any roster, with the jobs run here instead of by a worker."""
        roster = upload(organization=root, name="青岚区党员名册.xlsx", content=sample_roster.workbook(), by=office)
        jobs.run(job_id=Job.objects.get(kind="roster-check", params={"roster": roster.pk}).pk)
        roster.refresh_from_db()
        if not confirm(roster=roster, by=office):
            raise CommandError(f"演示名册未能通过核对：{roster.report}")
        job = Job.objects.get(kind="roster-write", params={"roster": roster.pk})
        jobs.run(job_id=job.pk)
        roster.refresh_from_db()
        if roster.state != RosterImport.State.DONE:
            raise CommandError("演示名册未能导入。")

    def keep_accounts(self, accounts: list[tuple[str, str, str]]) -> None:
        """Print one account per role, and keep the list beside the data."""
        lines = [f"{role}\t{username}\t{PASSWORD}\t{place}" for role, username, place in accounts]
        (settings.DATA_DIR / "demo-accounts.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.stdout.write("演示账号（职责、账号、口令、所在组织）：")
        for line in lines:
            self.stdout.write("  " + line)
