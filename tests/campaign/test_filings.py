"""备案: the unit files its plan, the superior acknowledges or sends back, every round stays."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from campaign.actions import enrolment as enrolments
from campaign.actions import filing as filings
from campaign.actions.refusal import Refused
from campaign.models import Enrolment, PlanFiling
from campaign.progress.writing import figures_of
from members.models import Appointment
from members.permissions import Role
from portal.models import Notice
from tests import factories as make
from tests.campaign.unit import TODAY, Unit, said, unit
from tests.clients import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def fresh() -> Unit:
    return unit(started=False)


@pytest.fixture
def filed(fresh: Unit) -> PlanFiling:
    return filings.file(enrolment=fresh.enrolment, title="实施方案", text="分阶段学习。", by=fresh.secretary)


def done(here: Unit) -> int:
    return figures_of(here.campaign, here.root)[here.requirement("实施方案报上级备案").pk].done


def test_a_plan_counts_only_when_the_superior_has_acknowledged_it(fresh: Unit) -> None:
    client, create = signed_in(fresh.secretary), reverse("filing-create", args=[fresh.enrolment.pk])
    assert "请填写方案内容" in said(client.post(create, {"title": "实施方案", "text": ""}))
    client.post(create, {"title": "实施方案", "text": "分阶段学习。"})
    filing = PlanFiling.objects.get()
    assert done(fresh) == 0
    office, page = signed_in(fresh.office), reverse("filing-detail", args=[filing.pk])
    listed = reverse("listing", args=[fresh.campaign.pk, fresh.root.pk, "filings"])
    assert "机关第一党支部" in said(office.get(listed))
    assert "退回修改须写明要改什么" in said(office.post(page, {"decision": "return"}))
    office.post(page, {"decision": "return", "remarks": "时间安排再细一些"})
    assert done(fresh) == 0
    assert "时间安排再细一些" in Notice.objects.get(recipient=fresh.secretary).text
    again = said(client.get(create))
    assert "时间安排再细一些" in again
    assert "分阶段学习。" in again
    client.post(create, {"title": "实施方案", "text": "分四周学习。"})
    office.post(reverse("filing-detail", args=[PlanFiling.objects.first().pk]), {"decision": "acknowledge"})
    assert done(fresh) == 1
    now = fresh.fresh()
    assert (now.plan_title, now.plan_filed_on) == ("实施方案", TODAY())
    history = said(client.get(reverse("enrolment-detail", args=[fresh.enrolment.pk])))
    assert "时间安排再细一些" in history
    assert "退回修改" in history
    assert "没有等待备案的方案" in said(office.get(listed))


def test_who_files_and_who_answers(fresh: Unit, filed: PlanFiling) -> None:
    page, create = reverse("filing-detail", args=[filed.pk]), reverse("filing-create", args=[fresh.enrolment.pk])
    member, inspector = make.user(fresh.people()[0].member), make.hat(Role.INSPECTOR, fresh.root)
    assert signed_in(fresh.office).get(create).status_code == 403
    assert signed_in(fresh.outsider).get(create).status_code == 404
    assert [signed_in(u).get(page).status_code for u in (fresh.secretary, inspector, member, fresh.outsider)] == [
        200,
        200,
        404,
        404,
    ]
    for who in (fresh.secretary, inspector):
        assert signed_in(who).post(page, {"decision": "acknowledge"}).status_code == 403
    # An office of the branch itself is not its superior.
    own = make.hat(Role.OFFICE, fresh.branch)
    assert signed_in(own).post(page, {"decision": "acknowledge"}).status_code == 403
    assert done(fresh) == 0


def test_nobody_acknowledges_what_they_filed(fresh: Unit, filed: PlanFiling) -> None:
    Appointment.objects.create(user=fresh.secretary, organization=fresh.root, role=Role.OFFICE)
    page = said(
        signed_in(fresh.secretary).post(
            reverse("filing-detail", args=[filed.pk]), {"decision": "acknowledge"}, follow=True
        )
    )
    assert "须由上级其他同志备案" in page
    filed.refresh_from_db()
    assert filed.is_waiting


def test_one_waits_at_a_time_and_can_be_taken_back(fresh: Unit, filed: PlanFiling) -> None:
    again = filings.file(enrolment=fresh.enrolment, title="实施方案", text="分阶段学习。", by=fresh.secretary)
    assert again == filed
    with pytest.raises(Refused, match="请先撤回"):
        filings.file(enrolment=fresh.enrolment, title="另一份", text="x", by=fresh.secretary)
    with pytest.raises(IntegrityError), transaction.atomic():
        PlanFiling.objects.create(enrolment=fresh.enrolment, title="另一份")
    withdraw = reverse("filing-withdraw", args=[filed.pk])
    assert signed_in(fresh.office).post(withdraw).status_code == 403
    assert signed_in(fresh.outsider).post(withdraw).status_code == 404
    assert "已撤回" in said(signed_in(fresh.secretary).post(withdraw, follow=True))
    assert "已经处理过了" in said(
        signed_in(fresh.office).post(
            reverse("filing-detail", args=[filed.pk]), {"decision": "acknowledge"}, follow=True
        )
    )
    assert done(fresh) == 0


def test_a_finished_unit_files_nothing(fresh: Unit) -> None:
    Enrolment.objects.filter(pk=fresh.enrolment.pk).update(state=Enrolment.State.FINISHED)
    fields = {"title": "实施方案", "text": "x"}
    page = signed_in(fresh.secretary).post(reverse("filing-create", args=[fresh.enrolment.pk]), fields, follow=True)
    assert "不能报送方案" in said(page)


@pytest.mark.django_db(transaction=True)
def test_two_answers_at_the_same_moment_are_one(fresh: Unit) -> None:
    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        pytest.skip("threads share no database in memory")
    filing = filings.file(enrolment=fresh.enrolment, title="实施方案", text="x", by=fresh.secretary)
    leaders = [fresh.office, make.hat(Role.LEADING_GROUP, fresh.root)]

    def answer(number: int) -> str:
        try:
            filings.decide(
                filing=PlanFiling.objects.get(pk=filing.pk), acknowledge=number == 0, remarks="y", by=leaders[number]
            )
        except Refused as refusal:
            return str(refusal)
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(2) as threads:
        outcomes = sorted(threads.map(answer, range(2)))
    assert outcomes[0] == ""
    assert "已经处理过" in outcomes[1]


def test_the_plan_stands_between_preparing_and_starting(fresh: Unit, filed: PlanFiling) -> None:
    enrolments.prepare(enrolment=fresh.enrolment, values={"head": "书记", "survey_note": "已摸底"}, by=fresh.secretary)
    _, missing = enrolments.start(enrolment=fresh.enrolment, by=fresh.secretary)
    assert [gap.requirement for gap in missing] == ["实施方案报上级备案"]
    filings.decide(filing=filed, acknowledge=True, remarks="", by=fresh.office)
    assert enrolments.start(enrolment=fresh.enrolment, by=fresh.secretary) == ([], [])
