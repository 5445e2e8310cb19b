"""The office sets a campaign up: create, calendar, enrol, open; others don't."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from campaign.actions.campaign import change_calendar, set_up
from campaign.actions.enrolment import enrol
from campaign.blueprints.shipped import blueprints
from campaign.models import Batch, Campaign, Enrolment, Participation, PhaseRun
from campaign.progress.writing import figures_of
from members.models import Mobility, Organization
from members.permissions import Role
from portal.models import Job
from tests import factories as make
from tests.campaign.unit import TODAY, Unit, said, unit
from tests.clients import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def here() -> Unit:
    return unit()


def calendar(batch: Batch, **change: object) -> dict[str, object]:
    """What the batch's form sends."""
    fields: dict[str, object] = {"name": batch.name, "starts_on": batch.starts_on, "ends_on": batch.ends_on}
    for window in batch.windows.all():
        fields |= {f"starts-{window.phase_id}": window.starts_on, f"ends-{window.phase_id}": window.ends_on}
    return fields | change


def test_office_sets_up_a_campaign_with_hours_of_its_own(here: Unit) -> None:
    client = signed_in(here.office)
    blueprint = blueprints()["year-2005"]
    key = next(r.key for r in blueprint.requirements() if r.indicator == "study-hours")
    url = reverse("campaign-create", args=[here.root.pk])
    fields = {
        "blueprint": "year-2005",
        "name": "又一次活动",
        "starts_on": "2030-01-01",
        f"want-year-2005-{key}": "on",
        f"want-year-2005-{key}-hours": "30",
    }
    response = client.post(url, fields)
    campaign = Campaign.objects.get(name="又一次活动")
    assert response.url == reverse("campaign-detail", args=[campaign.pk])
    assert campaign.requirements.get(indicator_code="study-hours").params == {"hours": 30}
    assert "名称和开始日期都相同" in said(client.post(url, fields))
    assert Campaign.objects.filter(name="又一次活动").count() == 1


@pytest.mark.parametrize("day", ["", "2005-13-01", "0001-01-01", "99999-01-01"])
def test_a_bad_first_day_is_named_and_what_was_typed_stays(here: Unit, day: str) -> None:
    url = reverse("campaign-create", args=[here.root.pk])
    page = said(signed_in(here.office).post(url, {"blueprint": "year-2005", "name": "打了字的名称", "starts_on": day}))
    assert "invalid-feedback" in page
    assert "打了字的名称" in page


def test_set_up_is_for_those_in_charge(here: Unit) -> None:
    for name, pk in [
        ("campaign-create", here.root.pk),
        ("batch-edit", here.campaign.batches.get(number=1).pk),
        ("enrolment-create", here.campaign.batches.get(number=1).pk),
    ]:
        url = reverse(name, args=[pk])
        assert signed_in(here.office).get(url).status_code == 200
        inspector = make.hat(Role.INSPECTOR, here.root)
        assert signed_in(inspector).get(url).status_code == 403
        stranger = make.hat(Role.OFFICE, make.organization())
        assert signed_in(stranger).get(url).status_code == 404


def test_opening_happens_once_and_only_by_the_office(here: Unit) -> None:
    draft = set_up(
        blueprint=blueprints()["year-2005"], organization=here.root, name="草稿", starts_on=TODAY(), by=here.office
    )
    url = reverse("campaign-open", args=[draft.pk])
    assert signed_in(here.secretary).post(url).status_code == 403
    assert signed_in(here.office).get(url).status_code == 405
    assert "已启动" in said(signed_in(here.office).post(url, follow=True))
    assert "不必重复" in said(signed_in(here.office).post(url, follow=True))


def test_wrong_dates_are_named(here: Unit) -> None:
    batch = here.campaign.batches.get(number=1)
    client, url = signed_in(here.office), reverse("batch-edit", args=[batch.pk])
    first, second = batch.windows.all()[:2]
    cases = [
        ({"ends_on": batch.starts_on - timedelta(days=1)}, "结束日期早于开始日期"),
        ({f"ends-{first.phase_id}": first.starts_on - timedelta(days=1)}, "“准备”的结束日期早于开始日期"),
        ({f"starts-{first.phase_id}": batch.starts_on - timedelta(days=9)}, "“准备”超出本批次的起止日期"),
        ({f"starts-{second.phase_id}": first.ends_on}, "“学习动员”应在“准备”结束"),
    ]
    for change, message in cases:
        assert message in said(client.post(url, calendar(batch, **change)))
    batch.refresh_from_db()
    assert batch.windows.first() == first


def test_short_study_is_warned_about_not_refused(here: Unit) -> None:
    batch = here.campaign.batches.get(number=1)
    change = {}
    for number, window in enumerate(batch.windows.all()):
        day = batch.starts_on + timedelta(days=number * 10)
        change |= {f"starts-{window.phase_id}": day, f"ends-{window.phase_id}": day + timedelta(days=9)}
    page = said(
        signed_in(here.office).post(reverse("batch-edit", args=[batch.pk]), calendar(batch, **change), follow=True)
    )
    assert "不足 3 个月" in page
    assert batch.windows.first().ends_on == batch.starts_on + timedelta(days=9)


def test_a_narrower_batch_shows_whom_it_leaves_outside_before_and_after_it_is_saved(here: Unit) -> None:
    batch = here.campaign.batches.get(number=1)
    other = make.branch(here.root, "自定时间的支部")
    enrol(batch=batch, organizations=[other], by=here.office)
    own = Enrolment.objects.get(organization=other)
    Enrolment.objects.filter(pk=own.pk).update(ends_on=batch.ends_on - timedelta(days=1))
    last = batch.windows.last()
    end = batch.ends_on - timedelta(days=5)
    client, url = signed_in(here.office), reverse("batch-edit", args=[batch.pk])
    narrower = calendar(batch, ends_on=end, **{f"ends-{last.phase_id}": end})
    page = said(client.post(url, narrower))
    assert "还没有保存" in page
    assert "1 个单位自行确定的时间将超出新的批次时间" in page
    assert "自定时间的支部" in page
    assert here.branch.name not in page, "whoever follows the batch is not left outside"
    batch.refresh_from_db()
    assert batch.ends_on > end
    saved = said(client.post(url, narrower | {"confirmed": "on"}, follow=True))
    batch.refresh_from_db()
    assert batch.ends_on == end
    assert "有1个单位自行确定的时间超出批次" in saved
    assert "<strong>1 个单位自行确定的时间超出所在批次的起止日期：</strong>" in saved
    units = reverse("listing", args=[here.campaign.pk, here.root.pk, "units"])
    listed = said(client.get(units, {"mark": "outside"}))
    assert "自定时间的支部" in listed
    assert f"时间超出第一批（{batch.starts_on}至{end}）" in listed
    assert here.branch.name not in listed
    assert "超出第一批的起止日期" in said(client.get(reverse("enrolment-detail", args=[own.pk])))
    Enrolment.objects.filter(pk=own.pk).update(ends_on=end)
    assert "没有符合条件的" in said(client.get(units, {"mark": "outside"}))


def test_units_follow_their_batch_unless_they_chose_own_dates(here: Unit) -> None:
    batch = here.campaign.batches.get(number=1)
    other = make.branch(here.root, "自定时间的支部")
    make.member(other)
    enrol(batch=batch, organizations=[other], by=here.office)
    own = Enrolment.objects.get(organization=other)
    Enrolment.objects.filter(pk=own.pk).update(ends_on=batch.ends_on - timedelta(days=7))
    run = PhaseRun.objects.filter(enrolment=own).first()
    PhaseRun.objects.filter(pk=run.pk).update(ends_on=run.ends_on - timedelta(days=1))
    new = (batch.starts_on - timedelta(days=5), batch.ends_on + timedelta(days=5))
    phases = {w.phase_id: (w.starts_on + timedelta(days=1), w.ends_on + timedelta(days=1)) for w in batch.windows.all()}
    change_calendar(batch=batch, name=batch.name, dates=new, phases=phases, by=here.office)
    assert (here.fresh().starts_on, here.fresh().ends_on) == new
    assert Enrolment.objects.get(pk=own.pk).starts_on != new[0]
    first = here.enrolment.runs.first()
    assert (first.starts_on, first.ends_on) == phases[first.phase_id]
    assert PhaseRun.objects.get(pk=run.pk).ends_on == run.ends_on - timedelta(days=1)
    assert set(here.enrolment.participations.values_list("joined_on", flat=True)) == {new[0]}
    here.campaign.refresh_from_db()
    assert here.campaign.starts_on == new[0]


def test_a_whole_committee_is_enrolled_at_once_and_never_twice(here: Unit) -> None:
    committee = make.organization("街道党工委", Organization.objects.get(pk=here.root.pk))
    branches = [make.branch(committee) for _ in range(3)]
    closed = make.branch(committee, closed_on=TODAY())
    for branch in branches:
        make.member(branch)
    client = signed_in(here.office)
    url = reverse("enrolment-create", args=[here.campaign.batches.get(number=1).pk])
    assert "共 3 个支部，已编入 0 个" in said(client.get(url, {"q": "街道"}))
    assert "已把 4 个单位编入" in said(client.post(url, {"organizations": [committee.pk]}, follow=True))
    assert "没有新的单位" in said(client.post(url, {"organizations": [committee.pk]}, follow=True))
    assert not Enrolment.objects.filter(organization=closed).exists()
    assert Participation.objects.filter(enrolment__organization__in=branches).count() == 3
    assert PhaseRun.objects.filter(enrolment__organization=branches[0], state="active").count() == 1
    surveyed = here.requirement("开展调查摸底")
    assert figures_of(here.campaign, Organization.objects.get(pk=committee.pk))[surveyed.pk].total == 3


def test_a_district_enrols_its_own_and_nothing_else(here: Unit) -> None:
    committee = make.organization("街道党工委", Organization.objects.get(pk=here.root.pk))
    own = make.branch(committee)
    foreign = make.branch(Organization.objects.get(pk=here.root.pk), "别人的支部")
    client = signed_in(make.hat(Role.OFFICE, Organization.objects.get(pk=committee.pk)))
    url = reverse("enrolment-create", args=[here.campaign.batches.get(number=2).pk])
    assert "别人的支部" not in said(client.get(url, {"q": "支部"}))
    assert "不在您的管理范围内" in said(client.post(url, {"organizations": [own.pk, foreign.pk]}, follow=True))
    assert not Enrolment.objects.filter(organization__in=[own, foreign]).exists()
    client.post(url, {"organizations": [own.pk]})
    assert Enrolment.objects.get(organization=own).batch.number == 2
    assert client.get(url, {"node": foreign.pk}).status_code == 404
    assert client.get(url, {"node": "x"}).status_code == 200


def test_a_large_selection_becomes_a_job(here: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaign.views.batch.AT_ONCE", 1)
    committee = make.organization("街道党工委", Organization.objects.get(pk=here.root.pk))
    for _ in range(2):
        make.branch(committee)
    url = reverse("enrolment-create", args=[here.campaign.batches.get(number=1).pk])
    signed_in(here.office).post(url, {"organizations": [committee.pk]})
    job = Job.objects.get(kind="enrol")
    from portal.actions import job as jobs

    jobs.run(job_id=job.pk)
    job.refresh_from_db()
    assert (job.state, job.message) == ("done", "共编入 3 个单位。")
    assert Enrolment.objects.filter(organization__path__startswith=committee.path).count() == 3


def test_detail_names_who_has_no_place(here: Unit) -> None:
    away = make.member(here.branch, "远行者")
    Mobility.objects.create(member=away, kind=Mobility.Kind.OUT_OF_PROVINCE, since=TODAY(), place="广州")
    make.branch(Organization.objects.get(pk=here.root.pk), "没有批次的支部", condition="weak")
    page = said(signed_in(here.office).get(reverse("campaign-detail", args=[here.campaign.pk])))
    assert "没有批次的支部" in page
    assert "软弱涣散" in page
    assert "远行者（机关第一党支部）：流出外省市（广州）" in page
    plain = said(signed_in(here.secretary).get(reverse("campaign-detail", args=[here.campaign.pk])))
    assert "没有批次的支部" not in plain
    assert "召开动员大会" in plain
    stranger = make.user(make.member(make.branch(), "外人"))
    assert signed_in(stranger).get(reverse("campaign-detail", args=[here.campaign.pk])).status_code == 404


def test_progress_is_offered_where_the_reader_may_look(here: Unit) -> None:
    def progress(place: Organization) -> str:
        return reverse("dashboard", args=[here.campaign.pk, place.pk])

    inspector = make.hat(Role.INSPECTOR, here.branch)
    for user, place in ((here.office, here.root), (inspector, here.branch)):
        page = said(signed_in(user).get(reverse("campaign-detail", args=[here.campaign.pk])))
        assert re.findall(r'class="btn" href="(/campaigns/\d+/progress/\d+/)"', page) == [progress(place)]
        assert signed_in(user).get(progress(place)).status_code == 200
    administrator = make.hat(Role.ADMINISTRATOR, here.root)
    assert "/progress/" not in said(signed_in(administrator).get(reverse("campaign-detail", args=[here.campaign.pk])))


def test_two_hats_at_one_place_offer_one_campaign(here: Unit) -> None:
    make.hat(Role.ADMINISTRATOR, here.root, account=here.office)
    page = said(signed_in(here.office).get(reverse("campaign-list")))
    assert page.count(reverse("campaign-create", args=[here.root.pk])) == 1


def test_lists_filter_and_survive_bad_query_strings(here: Unit) -> None:
    client, url = signed_in(here.office), reverse("campaign-detail", args=[here.campaign.pk])
    unit_page = reverse("enrolment-detail", args=[here.enrolment.pk])
    assert unit_page in said(client.get(url, {"batch": "1", "state": "running", "q": "机关"}))
    assert unit_page not in said(client.get(url, {"batch": "2"}))
    for query in ({"batch": "x" * 50}, {"batch": "9" * 30}, {"after": "9" * 30}, {"before": "-1"}, {"state": "x"}):
        assert client.get(url, query).status_code == 200


def test_campaign_pages_cost_the_same_as_units_grow(here: Unit, django_assert_max_num_queries: object) -> None:
    for _ in range(5):
        make.member(make.branch(Organization.objects.get(pk=here.root.pk)))
    enrol(batch=here.campaign.batches.get(number=1), organizations=[here.root], by=here.office)
    client = signed_in(here.office)
    client.get(reverse("campaign-list"))
    with django_assert_max_num_queries(30):  # type: ignore[operator]
        client.get(reverse("campaign-detail", args=[here.campaign.pk]))
    with django_assert_max_num_queries(14):  # type: ignore[operator]
        client.get(reverse("campaign-list"))
    with django_assert_max_num_queries(16):  # type: ignore[operator]
        client.get(reverse("enrolment-create", args=[here.campaign.batches.get(number=1).pk]))
