"""A running campaign asks something else: foreseen, applied in one moment, on record; nobody's records or waivers are lost."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from campaign.actions import amendment as amendments
from campaign.actions import waiver as waivers
from campaign.actions.amendment import AmendmentRefused
from campaign.amendments import effect as amending
from campaign.forms.amendment import values_of
from campaign.models import Amendment, Campaign, Enrolment, PhaseRun, Progress, Requirement
from campaign.progress.recounting import recount
from campaign.progress.writing import figures_of, recording
from campaign.units.unmet import gaps
from members.models import Organization, User
from members.permissions import Role
from portal.actions import job as jobs
from portal.models import Job
from tests import factories as make
from tests.campaign.test_reports import html
from tests.campaign.unit import TODAY, said
from tests.clients import signed_in

pytestmark = pytest.mark.django_db


class City:
    """Three branches in their first phase: one has everything, one has filed no plan, one is waived."""

    def __init__(self) -> None:
        self.root = make.organization("区委")
        self.office = make.hat(Role.OFFICE, self.root)
        self.branches = [make.branch(self.root, f"第{n}支部", sector="village") for n in "一二三"]
        for branch in self.branches:
            make.member(branch, f"{branch.name}党员")
        self.root = Organization.objects.get(pk=self.root.pk)
        self.campaign = make.campaign(self.root, (("plan-filed", "all-branches"), ("member-in-contact", "all-members")))
        self.units = [make.enrolment(self.campaign, branch) for branch in self.branches]
        self.plan, self.contact = self.campaign.requirements.order_by("number")
        with recording([self.units[0].pk]):
            Enrolment.objects.filter(pk=self.units[0].pk).update(plan_filed_on=TODAY())
        waivers.waive(requirement=self.plan, enrolment=self.units[2], participations=[], reason="停产", by=self.office)

    def proposed(self, **fields: Any) -> Amendment:
        values = {"reason": "上级通知", "takes_effect_on": TODAY(), "by": self.office} | fields
        return amendments.propose(campaign=self.campaign, **values)

    def changed(self, amendment: Amendment, requirement: Requirement, **values: Any) -> None:
        own = {"indicator_code": requirement.indicator_code, "audience_code": requirement.audience_code}
        kept = {k: v for k, v in values_of(requirement).items() if k != "audience"}
        amendments.put(
            amendment=amendment,
            step=requirement.step,
            requirement=requirement,
            values=kept | own | values,
            by=self.office,
        )

    def added(self, amendment: Amendment, indicator: str, audience: str, **values: Any) -> None:
        fields = {"label": f"新增{indicator}", "indicator_code": indicator, "audience_code": audience} | values
        amendments.put(amendment=amendment, step=self.plan.step, requirement=None, values=fields, by=self.office)

    def approved(self, amendment: Amendment) -> Job | None:
        amendments.foresee(amendment=amendment, by=self.office)
        return amendments.approve(amendment=amendment, by=self.office)

    def applied(self, amendment: Amendment) -> Amendment:
        job = self.approved(amendment)
        assert job is not None
        jobs.run(job_id=job.pk)
        job.refresh_from_db()
        assert job.state == Job.State.DONE, job.message
        return Amendment.objects.get(pk=amendment.pk)

    def asked(self) -> list[str]:
        return [r.label for r in Requirement.objects.in_force().filter(campaign=self.campaign)]


@pytest.fixture
def city() -> City:
    return City()


def numbers(effect: dict[str, Any] | None) -> list[tuple[str, Any, Any]]:
    assert effect is not None
    return [(line["label"], line["now"], line["then"]) for line in effect["lines"]]


def test_the_effect_that_was_foreseen_is_what_happens(city: City) -> None:
    amendment = city.proposed()
    city.changed(amendment, city.plan, label="方案备案（修订）", sectors=["village"])
    city.added(amendment, "surveyed", "all-branches")
    amendments.put(amendment=amendment, step=city.contact.step, requirement=city.contact, values=None, by=city.office)
    amendments.foresee(amendment=amendment, by=city.office)
    amendment.refresh_from_db()
    foreseen = numbers(amendment.effect)
    assert foreseen == [
        ("方案备案（修订）", [1, 1, 3], [1, 1, 3]),
        ("新增surveyed", None, [0, 0, 3]),
        ("member-in-contact", [3, 0, 3], None),
    ]
    assert (amendment.effect["affected"], amendment.effect["names"]) == (2, ["第一支部", "第三支部"])
    assert city.asked() == ["plan-filed", "member-in-contact"]
    amendment = city.applied(amendment)
    assert amendment.state == Amendment.State.APPLIED
    assert numbers(amendment.outcome) == foreseen
    assert city.asked() == ["方案备案（修订）", "新增surveyed"]
    assert not list(recount(city.campaign))
    new = Requirement.objects.get(label="方案备案（修订）", in_force=True)
    figures = figures_of(city.campaign, city.root)
    assert (figures[new.pk].done, figures[new.pk].waived, figures[new.pk].total) == (1, 1, 3)
    complete = [not gaps(unit) for unit in city.units]
    assert complete == [False, False, False]
    city.plan.refresh_from_db()
    assert (city.plan.in_force, city.plan.withdrawn_on, new.supersedes) == (False, TODAY(), city.plan)


def test_waivers_are_carried_over_again_and_again(city: City) -> None:
    for label in ("一改", "二改"):
        amendment = city.proposed()
        city.changed(amendment, Requirement.objects.in_force().get(indicator_code="plan-filed"), label=label)
        city.applied(amendment)
    last = Requirement.objects.in_force().get(label="二改")
    assert last.carries[-1] == city.plan.pk
    assert figures_of(city.campaign, city.branches[2])[last.pk].waived == 1
    assert gaps(city.units[2]) == []


def test_what_is_waived_while_it_is_being_applied_is_carried_over(city: City) -> None:
    """And figures of new rows follow every write from the moment they exist."""
    amendment = city.proposed()
    city.changed(amendment, city.plan, label="修订")
    city.approved(amendment)
    amendment = Amendment.objects.get(pk=amendment.pk)
    amendments.make_pending(amendment)
    waivers.waive(requirement=city.plan, enrolment=city.units[1], participations=[], reason="改制", by=city.office)
    job = Job.objects.get(kind="amendment")
    jobs.run(job_id=job.pk)
    new = Requirement.objects.in_force().get(label="修订")
    figures = figures_of(city.campaign, city.root)[new.pk]
    assert (figures.done, figures.waived, figures.total) == (1, 2, 3)
    assert not list(recount(city.campaign))


def test_a_unit_that_is_taken_in_meanwhile_is_counted(city: City) -> None:
    amendment = city.proposed()
    city.added(amendment, "surveyed", "all-branches")
    city.approved(amendment)
    amendments.make_pending(Amendment.objects.get(pk=amendment.pk))
    make.enrolment(city.campaign, make.branch(city.root, "后来的支部"))
    jobs.run(job_id=Job.objects.get(kind="amendment").pk)
    new = Requirement.objects.in_force().get(indicator_code="surveyed")
    assert figures_of(city.campaign, city.root)[new.pk].total == 4
    assert not list(recount(city.campaign))


@pytest.mark.parametrize("stops", ["first chunk", "before the flip", "after the flip"])
def test_a_worker_that_is_killed_anywhere_is_taken_over(
    city: City, monkeypatch: pytest.MonkeyPatch, stops: str
) -> None:
    """Chunks of one unit; the worker dies without a word, its lease runs out, another one goes on."""

    class Killed(BaseException):
        pass

    monkeypatch.setattr(amending, "CHUNK", 1)
    amendment = city.proposed()
    city.changed(amendment, city.plan, label="修订", audience_code="all-units")
    city.approved(amendment)
    flip, recorded = amendments.flip, amendments.recording
    calls = {"recording": 0}

    def dying_flip(*args: Any, **kwargs: Any) -> None:
        if stops == "after the flip":
            flip(*args, **kwargs)
        raise Killed

    def dying_recording(*args: Any) -> Any:
        calls["recording"] += 1
        if stops == "first chunk" and calls["recording"] == 2:
            raise Killed
        return recorded(*args)

    job = Job.objects.get(kind="amendment")
    with monkeypatch.context() as broken:
        broken.setattr(amendments, "recording", dying_recording)
        if stops != "first chunk":
            broken.setattr(amendments, "flip", dying_flip)
        with pytest.raises(Killed):
            jobs.run(job_id=job.pk)
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(minutes=1))
    before = Amendment.objects.get(pk=amendment.pk)
    assert before.state == (Amendment.State.APPLIED if stops == "after the flip" else Amendment.State.APPROVED)
    jobs.run(job_id=job.pk)
    assert Job.objects.get(pk=job.pk).state == Job.State.DONE
    assert Requirement.objects.filter(label="修订").count() == 1
    assert city.asked() == ["修订", "member-in-contact"]
    assert not list(recount(city.campaign))


def test_it_waits_for_its_day_and_can_be_given_up_until_then(city: City) -> None:
    amendment = city.proposed(takes_effect_on=TODAY() + timedelta(3))
    city.added(amendment, "surveyed", "all-branches")
    assert city.approved(amendment) is None
    assert amendments.apply_all_due() == 0
    assert city.asked() == ["plan-filed", "member-in-contact"]
    Amendment.objects.filter(pk=amendment.pk).update(takes_effect_on=TODAY())
    assert amendments.apply_all_due() == 1
    assert amendments.apply_all_due() == 1
    assert Job.objects.filter(kind="amendment").count() == 1
    with pytest.raises(AmendmentRefused):
        amendments.cancel(amendment=amendment, by=city.office)
    other = City()
    later = other.proposed(takes_effect_on=TODAY() + timedelta(3))
    other.added(later, "surveyed", "all-branches")
    other.approved(later)
    amendments.cancel(amendment=later, by=other.office)
    assert not Requirement.objects.filter(campaign=other.campaign, indicator_code="surveyed").exists()


def test_approved_gates_stay_as_they_are(city: City) -> None:
    """A unit that has moved on owes what is added to the phase it left, and stays where it is."""
    unit = city.units[0]
    first, second = unit.runs.order_by("phase__number")
    with recording([unit.pk]):
        PhaseRun.objects.filter(pk=first.pk).update(state=PhaseRun.State.DONE, completed_on=TODAY())
        PhaseRun.objects.filter(pk=second.pk).update(state=PhaseRun.State.ACTIVE)
        Enrolment.objects.filter(pk=unit.pk).update(phase=second.phase)
    amendment = city.proposed()
    city.added(amendment, "surveyed", "all-branches")
    city.applied(amendment)
    unit.refresh_from_db()
    assert unit.phase == second.phase
    assert unit.runs.get(phase=first.phase).state == PhaseRun.State.DONE


def test_only_what_was_looked_at_is_approved(city: City) -> None:
    amendment = city.proposed()
    with pytest.raises(AmendmentRefused, match="请先列出"):
        amendments.foresee(amendment=amendment, by=city.office)
    city.added(amendment, "surveyed", "all-branches")
    with pytest.raises(AmendmentRefused, match="请先测算影响"):
        amendments.approve(amendment=amendment, by=city.office)
    amendments.foresee(amendment=amendment, by=city.office)
    city.added(amendment, "secretary-appointed", "all-branches")
    with pytest.raises(AmendmentRefused, match="请先测算影响"):
        amendments.approve(amendment=amendment, by=city.office)


def test_a_campaign_has_one_open_amendment_and_a_draft_needs_none(city: City) -> None:
    assert city.proposed() == city.proposed()
    Campaign.objects.filter(pk=city.campaign.pk).update(state=Campaign.State.DRAFT)
    with pytest.raises(AmendmentRefused, match="筹备中"):
        city.proposed()


def test_reminders_and_late_lists_follow(city: City) -> None:
    amendment = city.proposed()
    amendments.put(amendment=amendment, step=city.plan.step, requirement=city.plan, values=None, by=city.office)
    city.applied(amendment)
    page = said(signed_in(city.office).get(reverse("late-list", args=[city.campaign.pk, city.root.pk])))
    assert "第二支部" not in page
    assert Progress.objects.filter(requirement=city.plan).exists()


# The pages.


def walk(client: Any, city: City) -> str:
    """An office goes through all pages; returns the address of the amendment."""
    url = reverse("amendment-create", args=[city.campaign.pk])
    yesterday = TODAY() - timedelta(1)
    assert "不能早于今天" in said(client.post(url, {"reason": "上级通知", "takes_effect_on": yesterday}))
    place = client.post(url, {"reason": "上级通知", "takes_effect_on": TODAY()}).url
    amendment = Amendment.objects.get()
    add = reverse("amendment-add", args=[amendment.pk, city.plan.step_id])
    assert "摸底调查已完成" in said(client.get(add))
    fields = {"label": "开展调研", "audience": "all-branches", "due_from": "start", "days": "10", "side": "after"}
    assert "请填写规定动作名称" in said(client.post(f"{add}?indicator=surveyed", fields | {"label": ""}))
    assert client.post(f"{add}?indicator=surveyed", fields).url == place
    change = reverse("amendment-change", args=[amendment.pk, city.plan.pk])
    assert 'value="plan-filed"' in said(client.get(change))
    client.post(
        change, fields | {"label": "方案备案", "due_from": "date", "due_date": "2005-12-20", "sectors": ["village"]}
    )
    client.post(reverse("amendment-withdraw", args=[amendment.pk, city.contact.pk]))
    return str(place)


def test_an_office_walks_through_the_pages(city: City, client: Any) -> None:
    client = signed_in(city.office)
    place = walk(client, city)
    page = said(client.get(place))
    assert "阶段开始后10天" in page
    assert "<del>全体支部</del> → <ins>全体支部（农村）</ins>" in page
    assert "2005年12月20日前" in page
    assert page.count("从调整中去掉") == 3
    amendment = Amendment.objects.get()
    added = amendment.changes.get(kind="add")
    assert "开展调研" in said(client.get(reverse("amendment-revise", args=[amendment.pk, added.pk])))
    client.post(reverse("amendment-drop", args=[amendment.pk, amendment.changes.get(kind="withdraw").pk]))
    page = said(client.post(reverse("amendment-effect", args=[amendment.pk]), follow=True))
    assert "全部 3 个参加单位中，<strong>2 个现在已全部完成的单位会重新有未完成的事项</strong>" in page
    response = client.post(reverse("amendment-approve", args=[amendment.pk]))
    job = Job.objects.get(kind="amendment")
    assert response.url == reverse("job-detail", args=[job.pk])
    assert "正在为各单位准备数字" in said(client.get(place))
    jobs.run(job_id=job.pk)
    assert "已生效" in said(client.get(place))
    secretary = make.secretary(city.branches[0])
    page = said(signed_in(secretary).get(reverse("campaign-detail", args=[city.campaign.pk])))
    assert "第1次调整" in page
    assert "开展调研" in page
    assert "撤销这次调整" not in said(signed_in(secretary).get(place))


def test_who_may_see_and_write_it(city: City) -> None:
    amendment = city.proposed()
    city.added(amendment, "surveyed", "all-branches")
    detail = reverse("amendment-detail", args=[amendment.pk])
    approve = reverse("amendment-approve", args=[amendment.pk])
    secretary, stranger = make.secretary(city.branches[0]), make.hat(Role.OFFICE, make.organization())
    expected: list[tuple[User, int, int]] = [(city.office, 200, 302), (secretary, 403, 403), (stranger, 404, 404)]
    for user, reading, acting in expected:
        assert signed_in(user).get(detail).status_code == reading
        assert signed_in(user).post(approve).status_code == acting


def test_the_page_costs_the_same_as_changes_grow(
    city: City, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    amendment = city.proposed()
    for code in ("surveyed", "secretary-appointed", "leading-group-named", "ledger-opened"):
        city.added(amendment, code, "all-branches")
    client = signed_in(city.office)
    client.get(reverse("amendment-detail", args=[amendment.pk]))
    with django_assert_max_num_queries(24):
        client.get(reverse("amendment-detail", args=[amendment.pk]))


def test_a_large_campaign_is_weighed_by_a_job(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(amendments, "AT_ONCE", 1)
    amendment = city.proposed()
    city.added(amendment, "surveyed", "all-branches")
    job = amendments.foresee(amendment=amendment, by=city.office)
    assert job is not None
    jobs.run(job_id=job.pk)
    amendment.refresh_from_db()
    assert numbers(amendment.effect) == [("新增surveyed", None, [0, 0, 3])]


def test_the_record_is_printed(city: City) -> None:
    amendment = city.proposed()
    city.changed(amendment, city.plan, label="方案备案（修订）", sectors=["village"])
    city.added(amendment, "surveyed", "all-branches")
    url = reverse("document-print", args=["amendment"])
    secretary = make.secretary(city.branches[0])
    asked = {"amendment": amendment.pk, "format": "pdf"}
    assert signed_in(secretary).post(url, asked).status_code == 404
    city.applied(amendment)
    assert signed_in(secretary).post(url, asked).status_code == 302
    page = html("amendment", secretary, amendment=amendment.pk)
    for words in (
        "上级通知",
        "由“plan-filed”改为“方案备案（修订）”",
        "新增surveyed",
        "没有要求",
        "对进度的影响（生效时）",
    ):
        assert words in page
