"""One branch in a running campaign, with its people and one above."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from campaign.models import Campaign, Enrolment, Participation
from members.models import Organization, User
from members.permissions import Role
from rectification.actions import task as actions
from rectification.models import Task
from tests import factories as make

REQUIREMENTS = (
    ("measures-planned", "all-members"),
    ("measures-done", "all-members"),
    ("ledger-opened", "all-branches"),
    ("ledger-closed", "all-branches"),
)


@dataclass
class Place:
    """The branch, its enrolment, and users by what they are."""

    root: Organization
    home: Organization
    campaign: Campaign
    enrolment: Enrolment
    secretary: User
    committee: User
    office: User
    inspector: User
    worker: User
    colleague: User
    outsider: User

    def of(self, user: User) -> Participation:
        return Participation.objects.get(member=user.member_id, campaign=self.campaign)

    @property
    def soon(self) -> date:
        return timezone.localdate() + timedelta(days=10)

    def task(self, responsible: User | None = None, **fields: Any) -> Task:
        """An entry of the branch."""
        values = {"problem": "办事窗口中午无人值守", "measure": "午间轮流值班", "due_on": self.soon} | fields
        carrier = self.of(responsible or self.worker)
        return actions.add(enrolment=self.enrolment, responsible=carrier, by=self.secretary, **values)[0]

    def own_task(self, of: User | None = None, **fields: Any) -> Task:
        """A person's own measure."""
        person = of or self.worker
        values = {"problem": "理论学习抓得不紧", "measure": "每周自学两次", "due_on": self.soon} | fields
        return actions.add_own(participation=self.of(person), by=person, **values)[0]

    def go(self, task: Task, *moves: tuple[str, User]) -> Task:
        for code, user in moves:
            task = actions.move(task=task, code=code, text="已经落实", by=User.objects.get(pk=user.pk))
        return task


@pytest.fixture
def place(db: None) -> Place:
    root = make.organization("区委")
    home = make.branch(root, "第一党支部")
    away = make.branch(root, "第二党支部")
    root.refresh_from_db()
    today = timezone.localdate()
    users = {
        "secretary": make.secretary(home),
        "committee": make.hat(Role.COMMITTEE, home, of=make.member(home, "周委员")),
        "office": make.hat(Role.OFFICE, root),
        "inspector": make.hat(Role.INSPECTOR, root),
        "worker": make.user(make.member(home, "王芳")),
        "colleague": make.user(make.member(home, "李强")),
        "outsider": make.secretary(away),
    }
    campaign = make.campaign(
        root, REQUIREMENTS, starts_on=today - timedelta(days=60), ends_on=today + timedelta(days=60)
    )
    enrolment = make.enrolment(campaign, home)
    make.enrolment(campaign, away)
    return Place(root=root, home=home, campaign=campaign, enrolment=enrolment, **users)
