"""免除: listed with filters, taken back with a reason, given to many at once."""

from typing import Any

import pytest
from django.urls import reverse

from campaign.actions import waiver as waivers
from campaign.actions.refusal import Refused
from campaign.models import Enrolment, Waiver
from campaign.progress.recounting import recount
from campaign.progress.writing import figures_of
from members.models import MemberTag
from members.permissions import Role
from portal.actions import job as jobs
from portal.models import Job
from tests import factories as make
from tests.campaign.unit import Unit, said, unit
from tests.clients import signed_in

pytestmark = pytest.mark.django_db
STUDY, ACTIVITY = "参加学习，缺课的补课", "开展主题实践活动"


@pytest.fixture
def here() -> Unit:
    return unit()


def listing(here: Unit, at: Any = None) -> str:
    return reverse("listing", args=[here.campaign.pk, (at or here.root).pk, "waivers"])


def waive(here: Unit, label: str, *people: Any, reason: str = "长期住院") -> Waiver:
    waivers.waive(
        requirement=here.requirement(label),
        enrolment=here.enrolment,
        participations=people,
        reason=reason,
        by=here.office,
    )
    return Waiver.objects.latest("pk")


def test_the_list_says_what_whom_why_and_who_allowed_it(here: Unit) -> None:
    waive(here, STUDY, here.people()[0])
    waive(here, ACTIVITY, reason="停产")
    client = signed_in(here.office)
    page = said(client.get(listing(here)))
    for words in (STUDY, ACTIVITY, "党员甲", "本单位", "长期住院", "停产", here.office.name):
        assert words in page
    assert "停产" not in said(client.get(listing(here), {"of": "person"}))
    requirement = here.requirement(ACTIVITY).pk
    assert "长期住院" not in said(client.get(listing(here), {"requirement": requirement}))
    assert "长期住院" in said(client.get(listing(here), {"q": "党员甲"}))
    assert "没有符合条件的" in said(client.get(listing(here), {"show": "withdrawn"}))
    for odd in ({"requirement": "x"}, {"show": "\x00"}, {"after": "9" * 30}, {"of": "alien"}):
        assert client.get(listing(here), odd).status_code == 200
    unit_page = said(client.get(reverse("enrolment-detail", args=[here.enrolment.pk])))
    assert listing(here, here.branch) in unit_page


def test_who_sees_the_list_and_who_takes_back(here: Unit) -> None:
    waiver = waive(here, STUDY, here.people()[0])
    url = reverse("waiver-withdraw", args=[waiver.pk])
    many = reverse("waiver-create-many", args=[here.campaign.pk, here.branch.pk])
    assert signed_in(here.secretary).get(listing(here, here.branch)).status_code == 200
    assert url not in said(signed_in(here.secretary).get(listing(here, here.branch)))
    for page in (url, many):
        assert signed_in(here.office).get(page).status_code == 200
        assert signed_in(here.secretary).get(page).status_code == 403
        assert signed_in(here.secretary).post(page, {"reason": "x"}).status_code == 403
        assert signed_in(here.outsider).get(page).status_code == 404
    overseer = make.hat(Role.OVERSEER, here.root)
    assert signed_in(overseer).get(listing(here)).status_code == 403


def test_taken_back_it_is_asked_again_and_stays_on_record(here: Unit) -> None:
    person = here.people()[0]
    waiver, requirement = waive(here, STUDY, person), here.requirement(STUDY)
    client, url = signed_in(here.office), reverse("waiver-withdraw", args=[waiver.pk])
    assert figures_of(here.campaign, here.root)[requirement.pk].waived == 1
    assert "请写明撤销的理由" in said(client.post(url, {"reason": ""}))
    client.post(url, {"reason": "已出院"})
    assert figures_of(here.campaign, here.root)[requirement.pk].waived == 0
    assert "已出院" in said(client.get(listing(here), {"show": "withdrawn"}))
    assert "没有免除记录" in said(client.get(listing(here)))
    assert "长期住院" not in said(client.get(reverse("enrolment-detail", args=[here.enrolment.pk])))
    with pytest.raises(Refused, match="已经撤销过"):
        waivers.withdraw(waiver=waiver, reason="x", by=here.office)
    waive(here, STUDY, person, reason="又住院")
    assert figures_of(here.campaign, here.root)[requirement.pk].waived == 1
    assert Waiver.objects.count() == 2
    assert not list(recount(here.campaign))


def test_many_at_once_only_those_who_still_owe_it(here: Unit) -> None:
    other = make.branch(here.root, "机关第二党支部")
    frail = make.member(other, "老党员", tags=(MemberTag.Kind.FRAIL,))
    make.member(other, "年轻党员")
    second = make.enrolment(here.campaign, other)
    client = signed_in(here.office)
    url = reverse("waiver-create-many", args=[here.campaign.pk, here.root.pk])
    fields = {"requirement": here.requirement(STUDY).pk, "tag": "frail", "reason": "年老体弱", "enrolments": []}
    assert "请勾选要免除的单位" in said(client.post(url, fields))
    fields["enrolments"] = [here.enrolment.pk, second.pk]
    assert "共免除 1 项" in said(client.post(url, fields, follow=True))
    assert Waiver.objects.get().participation.member == frail
    assert "没有还需要免除的" in said(client.post(url, fields, follow=True))
    branch = fields | {"requirement": here.requirement(ACTIVITY).pk}
    assert "不必选党员" in said(client.post(url, branch))
    assert "共免除 2 项" in said(client.post(url, branch | {"tag": ""}, follow=True))
    assert figures_of(here.campaign, here.root)[here.requirement(ACTIVITY).pk].waived == 2
    assert not list(recount(here.campaign))


def test_a_large_selection_is_a_job_that_stays_within_its_authors_right(here: Unit) -> None:
    units = [make.enrolment(here.campaign, make.branch(here.root)) for _ in range(2)]
    params = {
        "requirement": here.requirement(ACTIVITY).pk,
        "tag": "",
        "reason": "停产",
        "enrolments": [here.enrolment.pk, *(each.pk for each in units)],
    }
    local = make.hat(Role.OFFICE, here.branch)
    job = jobs.submit(kind="waive", title="x", params=params, by=local)
    jobs.run(job_id=job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.DONE, job.message
    assert [w.enrolment for w in Waiver.objects.all()] == [here.enrolment]
    jobs.run(job_id=jobs.submit(kind="waive", title="x", params=params, by=here.office).pk)
    assert Waiver.objects.count() == 3


def test_the_list_costs_the_same_as_it_grows(here: Unit, django_assert_max_num_queries: Any) -> None:
    for person in here.people():
        waive(here, STUDY, person)
    client = signed_in(here.office)
    client.get(listing(here))
    with django_assert_max_num_queries(16):
        assert said(client.get(listing(here))).count("长期住院") == 4
    assert Enrolment.objects.count() == 1


def test_nobody_lets_themselves_off(here: Unit) -> None:
    own = here.people()[0]
    office = make.hat(Role.OFFICE, here.root, of=own.member)
    url = reverse("waiver-create", args=[here.enrolment.pk])
    fields = {"requirement": here.requirement(STUDY).pk, "participations": [own.pk], "reason": "出差"}
    page = said(signed_in(office).post(url, fields))
    assert "不能免除您本人" in page
    assert "出差" in page
    assert not Waiver.objects.exists()
    many = reverse("waiver-create-many", args=[here.campaign.pk, here.root.pk])
    chosen = {"requirement": here.requirement(STUDY).pk, "enrolments": [here.enrolment.pk], "reason": "停产"}
    signed_in(office).post(many, chosen)
    waived = set(Waiver.objects.values_list("participation", flat=True))
    assert waived
    assert own.pk not in waived
