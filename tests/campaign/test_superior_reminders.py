"""What superiors and groups are told of units that have stopped, and how an office sets the rules."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from campaign.models import Campaign, Enrolment, PhaseRun, StudySession
from campaign.progress.writing import recompute
from campaign.reminders import units as reminders
from campaign.reminders.group_lines import campaign_lines
from campaign.reminders.rules import reminder_rules
from campaign.reminders.superiors import units_stalled
from campaign.reminders.traces import quiet
from members.models import Organization, User
from members.permissions import Role
from portal.actions.notice import notify
from portal.models import Notice
from portal.notices import Draft
from tests import factories as make

pytestmark = pytest.mark.django_db
TODAY = date(2005, 9, 1)


def signed(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def root() -> Organization:
    return make.organization("区委")


@pytest.fixture
def campaign(root: Organization) -> Campaign:
    return make.campaign(root, (("plan-filed", "all-branches"), ("study-note", "all-members")))


def late_unit(campaign: Campaign, at: Organization, name: str, days: int = 1) -> Enrolment:
    """A branch whose phase ended ``days`` ago with something missing."""
    unit = make.enrolment(campaign, make.branch(at, name))
    PhaseRun.objects.filter(enrolment=unit, phase__number=0).update(ends_on=TODAY - timedelta(days=days))
    recompute([unit])
    return unit


def session(unit: Enrolment, day: date) -> None:
    held = timezone.make_aware(datetime(2005, 8, 1, 9))
    made = StudySession.objects.create(enrolment=unit, topic="学习党章", held_at=held, by=make.user())
    StudySession.objects.filter(pk=made.pk).update(updated_at=timezone.make_aware(datetime.combine(day, held.time())))


def test_one_line_a_week_to_the_nearest_office(root: Organization, campaign: Campaign) -> None:
    far = make.hat(Role.OFFICE, root)
    street = make.organization("街道党工委", Organization.objects.get(pk=root.pk))
    near = make.hat(Role.OFFICE, street)
    for name in ("第一党支部", "第二党支部", "第三党支部"):
        late_unit(campaign, street, name)
    late_unit(campaign, Organization.objects.get(pk=root.pk), "机关党支部")
    found = {draft.recipient_id: draft for draft in units_stalled(TODAY)}
    assert set(found) == {near.pk, far.pk}
    assert found[near.pk].text.startswith("3个支部停滞（第一党支部、第二党支部、第三党支部）")
    assert found[near.pk].url == reverse("late-list", args=[campaign.pk, street.pk])
    assert found[far.pk].text.startswith("1个支部停滞（机关党支部）")
    for days in range(14):
        notify(units_stalled(TODAY + timedelta(days=days)))
    assert Notice.objects.filter(recipient=near).count() == 3, "three calendar weeks"


@pytest.mark.parametrize(("ago", "told"), [(15, True), (13, False)])
def test_who_has_recorded_something_lately_has_not_stopped(
    root: Organization, campaign: Campaign, ago: int, told: bool
) -> None:
    make.hat(Role.OFFICE, root)
    unit = late_unit(campaign, root, "第一党支部")
    session(unit, TODAY - timedelta(days=ago))
    assert bool(list(units_stalled(TODAY))) is told
    assert (unit.pk in quiet([unit.pk], timezone.make_aware(datetime(2005, 8, 18)))) is told


def test_nothing_due_nothing_missing_or_not_under_way_is_no_stop(root: Organization, campaign: Campaign) -> None:
    make.hat(Role.OFFICE, root)
    unit = late_unit(campaign, root, "第一党支部", days=0)
    assert list(units_stalled(TODAY)) == []
    PhaseRun.objects.filter(enrolment=unit, phase__number=0).update(ends_on=TODAY - timedelta(days=1))
    recompute([unit])
    assert len(list(units_stalled(TODAY))) == 1
    for state in (Enrolment.State.POSTPONED, Enrolment.State.FINISHED):
        Enrolment.objects.update(state=state)
        assert list(units_stalled(TODAY)) == []


def test_queries_do_not_grow_with_the_units(root: Organization, campaign: Campaign) -> None:
    make.hat(Role.OFFICE, root)
    late_unit(campaign, root, "第一党支部")

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            list(units_stalled(TODAY))
        return len(asked)

    before = queries()
    for n in range(5):
        late_unit(campaign, Organization.objects.get(pk=root.pk), f"支部{n}")
    assert queries() == before


def test_a_group_gets_numbers_and_no_names(root: Organization, campaign: Campaign) -> None:
    unit = late_unit(campaign, root, "第一党支部")
    make.participation(unit, "王芳")
    lines = [line.text for line in campaign_lines(Organization.objects.get(pk=root.pk), TODAY)]
    assert lines == [f"{campaign}：1个单位有规定动作过期未完成", f"{campaign}：1个支部停滞，14天没有新的记录"]


def test_before_free_days_people_hear_of_what_these_would_bring(root: Organization, campaign: Campaign) -> None:
    """The last working day before 国庆 2005 is a Friday, the next the Saturday after."""
    home = make.branch(root, "第一党支部")
    secretary = make.secretary(home)
    make.enrolment(campaign, home)
    PhaseRun.objects.filter(phase__number=1).update(starts_on=date(2005, 10, 5))
    (draft,) = reminders.phases_starting(date(2005, 9, 30))
    assert draft.recipient_id == secretary.pk
    assert "还有5天开始（10月5日至" in draft.text
    assert list(reminders.phases_starting(date(2005, 9, 29))) == []


def rules(**changed: str) -> dict[str, str]:
    data = {f"{rule.code}-on": "on" for rule in reminder_rules}
    data |= {f"{rule.code}-days": "、".join(str(day) for day in rule.days) for rule in reminder_rules}
    data |= {key.replace("_", "-"): value for key, value in changed.items()}
    return {key: value for key, value in data.items() if value}


def test_an_office_sets_the_rules(root: Organization, campaign: Campaign) -> None:
    Campaign.objects.update(settings={"committees": True})
    client, address = signed(make.hat(Role.OFFICE, root)), reverse("campaign-reminders", args=[campaign.pk])
    assert "7、3、1" in client.get(address).content.decode()
    answer = client.post(address, rules(phase_starts_days="10，５", stalled_on="", gate_waits_days="2"))
    assert answer.status_code == 302
    campaign.refresh_from_db()
    assert campaign.settings["committees"] is True
    starts, stalled = reminder_rules["phase-starts"], reminder_rules["stalled"]
    assert starts.days_in(campaign.settings) == (5, 10)
    assert not stalled.on_in(campaign.settings)
    late_unit(campaign, Organization.objects.get(pk=root.pk), "第一党支部")
    assert list(units_stalled(TODAY)) == []
    home = make.branch(Organization.objects.get(pk=root.pk), "第二党支部")
    make.secretary(home)
    make.enrolment(campaign, home)
    PhaseRun.objects.filter(enrolment__organization=home, phase__number=1).update(starts_on=TODAY + timedelta(days=9))
    found: list[Draft] = list(reminders.phases_starting(TODAY))
    assert [draft.key.split(":")[-2] for draft in found] == ["10"]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("phase_ends_days", "三天", "“阶段将要结束”的提前天数应是1至90的整数"),
        ("phase_ends_days", "0", "应是1至90的整数"),
        ("phase_ends_days", "1 2 3 4 5 6", "不超过5个"),
        ("stalled_days", "7、14", "应是一个1至90的整数"),
        ("stalled_days", "", "应是一个1至90的整数"),
        ("stalled_days", "²", "应是一个1至90的整数"),
    ],
)
def test_numbers_that_make_no_sense_are_explained(
    root: Organization, campaign: Campaign, field: str, value: str, words: str
) -> None:
    address = reverse("campaign-reminders", args=[campaign.pk])
    answer = signed(make.hat(Role.OFFICE, root)).post(address, rules(**{field: value}))
    assert (answer.status_code, words in answer.content.decode()) == (422, True)
    campaign.refresh_from_db()
    assert "reminders" not in campaign.settings


@pytest.mark.parametrize(
    "kept", [{"reminders": None}, {"reminders": {"stalled": {"days": ["x", -1]}}}, {"reminders": []}]
)
def test_settings_that_make_no_sense_leave_the_default(kept: dict[str, Any]) -> None:
    assert reminder_rules["stalled"].days_in(kept) == (14,)
    assert reminder_rules["stalled"].on_in(kept)
