"""When a year is over, the next one begins with one press: dates moved on, units taken in again, once."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse

from campaign.actions import campaign as campaigns
from campaign.actions import enrolment as enrolments
from campaign.actions.yearly import NotOver, begin_next_year, next_name
from campaign.blueprints.shipped import read
from campaign.models import Campaign, Enrolment, Participation, PhaseRun
from campaign.progress.recounting import recount
from members.models import Organization
from members.permissions import Role
from portal.actions import job as jobs
from portal.models import Job
from tests import factories as make
from tests.campaign.unit import TODAY, said
from tests.clients import signed_in

pytestmark = pytest.mark.django_db


def asked(label: str, indicator: str, audience: str, **fields: Any) -> dict[str, Any]:
    return {"label": label, "indicator": indicator, "audience": audience, **fields}


DATA: dict[str, Any] = {
    "code": "own-yearly",
    "name": "经常性教育",
    "sequential": False,
    "yearly": True,
    "batches": [{"name": "全年", "months": 12}],
    "materials": [{"title": "《章程》"}],
    "phases": [
        {
            "name": "学习",
            "steps": [
                {
                    "name": "学习",
                    "requirements": [
                        asked("参加学习", "study-attended", "all-members", waivable=True, sectors=["village"]),
                        asked("选用的", "study-note", "all-members", optional=True),
                    ],
                }
            ],
        },
        {
            "name": "组织生活",
            "steps": [
                {
                    "name": "组织生活",
                    "requirements": [
                        asked("组织生活会", "life-meeting-held", "all-branches", due_from="date", due_day="12-15")
                    ],
                }
            ],
        },
    ],
}


class Year:
    """A year that is over, with three branches: one closed since, one weak, one as it should be."""

    def __init__(self) -> None:
        root = make.organization("区委")
        self.office = make.hat(Role.OFFICE, root)
        self.good, weak, closed = (
            make.branch(root, name, sector="village") for name in ("好支部", "弱支部", "撤销的支部")
        )
        for branch in (self.good, weak, closed):
            make.member(branch)
        self.root = Organization.objects.get(pk=root.pk)
        self.first = date(TODAY().year - 1, 1, 1)
        self.campaign = campaigns.set_up(
            blueprint=read(DATA),
            organization=self.root,
            name=f"{self.first.year}年度经常性教育",
            starts_on=self.first,
            by=self.office,
        )
        campaigns.open_campaign(campaign=self.campaign, by=self.office)
        enrolments.enrol(batch=self.campaign.batches.get(), organizations=[self.root], by=self.office)
        Organization.objects.filter(pk=weak.pk).update(condition="weak")
        Organization.objects.filter(pk=closed.pk).update(closed_on=TODAY())
        self.campaign.refresh_from_db()


@pytest.fixture
def year() -> Year:
    return Year()


def test_the_next_year_begins_with_one_press(year: Year) -> None:
    client, url = signed_in(year.office), reverse("campaign-next-year", args=[year.campaign.pk])
    page = said(client.get(reverse("campaign-detail", args=[year.campaign.pk])))
    assert "建立下一年度" in page
    job = Job.objects.get(pk=int(client.post(url).url.rstrip("/").rsplit("/", 1)[1]))
    jobs.run(job_id=job.pk)
    job.refresh_from_db()
    assert job.message == "已编入 2 个单位，其中 1 个还不能启动，请到活动页面查看原因。"
    following = Campaign.objects.get(previous=year.campaign)
    assert following.name == f"{year.first.year + 1}年度经常性教育"
    assert (following.starts_on, following.ends_on) == (date(TODAY().year, 1, 1), date(TODAY().year, 12, 31))
    assert following.state == Campaign.State.RUNNING
    assert Campaign.objects.get(pk=year.campaign.pk).state == Campaign.State.CLOSED
    meeting = following.requirements.get(indicator_code="life-meeting-held")
    assert meeting.due_date == date(TODAY().year, 12, 15)
    study = following.requirements.get(indicator_code="study-attended")
    assert (study.sectors, study.waivable) == (["village"], True)
    assert set(following.enrolments.values_list("organization__name", "state")) == {
        ("好支部", "running"),
        ("弱支部", "preparing"),
    }
    good = Enrolment.objects.get(campaign=following, organization=year.good)
    assert Participation.objects.filter(enrolment=good).count() == 1
    assert set(PhaseRun.objects.filter(enrolment=good).values_list("state", flat=True)) == {"active"}
    assert list(recount(following)) == []
    again = client.post(url)
    assert again.url == reverse("job-detail", args=[job.pk])
    assert Campaign.objects.count() == 2
    assert "建立下一年度" not in said(client.get(reverse("campaign-detail", args=[year.campaign.pk])))


def test_a_job_that_was_interrupted_goes_on(year: Year) -> None:
    following, job = begin_next_year(campaign=year.campaign, by=year.office)
    enrolments.enrol(batch=following.batches.get(), organizations=[year.good], by=year.office)
    jobs.run(job_id=job.pk)
    assert following.enrolments.count() == 2
    assert Job.objects.get(pk=job.pk).state == Job.State.DONE


def test_a_year_that_is_not_over_stays(year: Year) -> None:
    Campaign.objects.filter(pk=year.campaign.pk).update(ends_on=TODAY())
    with pytest.raises(NotOver):
        begin_next_year(campaign=year.campaign, by=year.office)
    client = signed_in(year.office)
    response = client.post(reverse("campaign-next-year", args=[year.campaign.pk]), follow=True)
    assert "还没有结束" in said(response)
    once = campaigns.set_up(
        blueprint=read({**DATA, "yearly": False}),
        organization=year.root,
        name="一次",
        starts_on=TODAY() - timedelta(days=800),
        by=year.office,
    )
    campaigns.open_campaign(campaign=once, by=year.office)
    with pytest.raises(NotOver):
        begin_next_year(campaign=Campaign.objects.get(pk=once.pk), by=year.office)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("2005年度教育", "2006年度教育"), ("经常性教育", "经常性教育（2006年）"), ("12005号", "12005号（2006年）")],
)
def test_the_name_moves_on(name: str, expected: str) -> None:
    assert next_name(Campaign(name=name, starts_on=date(2005, 1, 1))) == expected


def test_only_the_office_presses(year: Year) -> None:
    url = reverse("campaign-next-year", args=[year.campaign.pk])
    assert signed_in(make.secretary(year.good)).post(url).status_code == 403
    assert signed_in(make.hat(Role.OFFICE, make.organization())).post(url).status_code == 404
