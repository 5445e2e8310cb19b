"""A blueprint is checked when it is read, and becomes a whole campaign."""

import copy
import json
from datetime import date
from typing import Any

import pytest

from campaign.actions.campaign import set_up
from campaign.blueprint import FOLDER, BlueprintError, blueprints, read
from campaign.dates import too_short
from campaign.models import Campaign
from portal.indicators import indicators
from tests import factories as make


@pytest.fixture
def data() -> dict[str, Any]:
    return copy.deepcopy(json.loads((FOLDER / "year_2005.json").read_text(encoding="utf-8")))


def first(data: dict[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = data["phases"][0]["steps"][0]["requirements"][0]
    return row


def test_2005_asks_everything_that_the_records_can_tell() -> None:
    used = {r.indicator for r in blueprints()["year-2005"].requirements()}
    assert {i.code for i in indicators} - used == set()


def test_2005_asks_for_no_number_that_no_document_fixes() -> None:
    optional = {r.indicator for r in blueprints()["year-2005"].requirements() if r.optional}
    assert optional == {"study-hours", "study-note"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"indicator": "surveid"}, "unknown indicator 'surveid'"),
        ({"audience": "everyone"}, "unknown audience 'everyone'"),
        ({"audience": "all-members"}, "concerns each organization"),
        ({"params": {"hours": 3}}, "unknown hours"),
        ({"waivabel": True}, "unknown waivabel"),
        ({"label": ""}, "'label' must be"),
    ],
)
def test_a_mistake_is_refused_with_its_place(data: dict[str, Any], change: dict[str, Any], said: str) -> None:
    first(data).update(change)
    with pytest.raises(BlueprintError, match=said) as error:
        read(data, "mine.json")
    assert "mine.json phase 0" in str(error.value)


def test_a_parameter_of_the_wrong_kind_is_refused(data: dict[str, Any]) -> None:
    data["phases"][1]["steps"][0]["requirements"][0]["params"]["minimum"] = "one"
    with pytest.raises(BlueprintError, match="'minimum' must be a int"):
        read(data)


@pytest.mark.django_db
def test_set_up_makes_the_whole_campaign() -> None:
    root, blueprint = make.organization(), blueprints()["year-2005"]
    campaign = set_up(
        blueprint=blueprint, organization=root, name="先进性教育活动", starts_on=date(2005, 1, 1), by=make.user()
    )
    assert campaign.state == Campaign.State.DRAFT
    assert [p.name for p in campaign.phases.all()] == ["准备", "学习动员", "分析评议", "整改提高", "巩固提高"]
    assert [(b.starts_on, b.ends_on) for b in campaign.batches.all()] == [
        (date(2005, 1, 1), date(2005, 6, 30)),
        (date(2005, 7, 1), date(2005, 12, 31)),
        (date(2006, 1, 1), date(2006, 6, 30)),
    ]
    assert not campaign.requirements.filter(indicator_code__in=["study-hours", "study-note"]).exists()
    assert campaign.materials.filter(title="《中国共产党章程》", required=True).exists()


@pytest.mark.django_db
def test_chosen_numbers_become_requirements() -> None:
    blueprint = blueprints()["year-2005"]
    key = next(r.key for r in blueprint.requirements() if r.indicator == "study-hours")
    campaign = set_up(
        blueprint=blueprint,
        organization=make.organization(),
        name="x",
        starts_on=date(2005, 1, 1),
        by=make.user(),
        chosen={key: {"hours": 24}},
    )
    assert campaign.requirements.get(indicator_code="study-hours").params == {"hours": 24}


@pytest.mark.django_db
def test_two_presses_at_the_same_moment_make_one_campaign() -> None:
    root, office = make.organization(), make.user()
    first, second = (
        set_up(blueprint=blueprints()["year-2005"], organization=root, name="x", starts_on=date(2005, 1, 1), by=office)
        for _ in range(2)
    )
    assert first.pk == second.pk


@pytest.mark.django_db
@pytest.mark.parametrize("days", [(date(2005, 1, 1), date(2005, 6, 30)), (date(2005, 1, 1), date(2005, 4, 20))])
def test_proposed_phases_leave_three_months_for_study(days: tuple[date, date]) -> None:
    """S0 四: 集中学习教育一般不少于3个月."""
    batches = [days, (date(2005, 7, 1), date(2005, 12, 31)), (date(2006, 1, 1), date(2006, 6, 30))]
    campaign = set_up(
        blueprint=blueprints()["year-2005"],
        organization=make.organization(),
        name="x",
        starts_on=days[0],
        by=make.user(),
        batches=batches,
    )
    windows = list(campaign.batches.get(number=1).windows.all())
    assert windows[0].starts_on == days[0]
    assert windows[-1].ends_on == days[1]
    assert all(a.ends_on < b.starts_on for a, b in zip(windows, windows[1:], strict=False))
    assert not too_short([(w.starts_on, w.ends_on) for w in windows[1:4]], 3)


def test_two_months_of_study_are_too_short() -> None:
    assert too_short([(date(2005, 7, 1), date(2005, 8, 31))], 3)
    assert not too_short([(date(2005, 7, 1), date(2005, 9, 30))], 3)
    assert not too_short([(date(2005, 7, 1), date(2005, 7, 2))], 0)
