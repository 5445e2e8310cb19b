"""A blueprint is checked when it is read, and becomes a whole campaign."""

import copy
import json
from datetime import date, timedelta
from typing import Any

import pytest

from campaign.actions.campaign import set_up
from campaign.blueprints.shipped import FOLDER, BlueprintError, blueprints, read
from campaign.models import Campaign, PhaseRun
from campaign.progress.writing import NOTHING, figures_of, unmet
from campaign.units.dates import too_short
from members.models import Mobility, Organization
from portal.indicators import indicators
from tests import factories as make


@pytest.fixture
def data() -> dict[str, Any]:
    return copy.deepcopy(json.loads((FOLDER / "year_2005.json").read_text(encoding="utf-8")))


def first(data: dict[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = data["phases"][0]["steps"][0]["requirements"][0]
    return row


def test_the_blueprints_ask_everything_that_the_records_can_tell() -> None:
    used = {r.indicator for blueprint in blueprints().values() for r in blueprint.requirements()}
    assert {i.code for i in indicators} - used == set()


def test_committees_and_branches_are_both_asked_in_2005() -> None:
    blueprint = blueprints()["year-2005"]
    assert blueprint.committees
    asked = {r.audience for r in blueprint.requirements()}
    assert {"all-members", "all-branches", "leaders", "committees", "leading-bodies"} <= asked


def test_2005_asks_for_no_number_that_no_document_fixes() -> None:
    optional = {r.indicator for r in blueprints()["year-2005"].requirements() if r.optional}
    assert optional == {"study-hours", "study-note", "materials-read"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"indicator": "surveid"}, "没有“surveid”这个指标，可用的指标：.*surveyed"),
        ({"audience": "everyone"}, "没有“everyone”这个适用对象"),
        ({"audience": "all-members"}, "是对参加单位的，适用对象“全体党员”却是党员"),
        ({"params": {"hours": 3}}, "指标参数：有不认识的项目“hours”"),
        ({"waivabel": True}, "有不认识的项目“waivabel”"),
        ({"label": ""}, "“规定动作名称”没有填写"),
        ({"label": "长" * 81}, "有81个字，最多80个字"),
        ({"sectors": ["moon"]}, "没有“moon”这个领域"),
        ({"sectors": "village"}, "“适用领域”应为列表"),
        ({"waivable": "yes"}, "“是否可以免除”应为是（true）或否（false）"),
        ({"due_from": "later"}, "“期限起算”应为 end"),
        ({"due_from": "date", "due_day": "02-30"}, "“固定日期”应按“月-日”填写"),
        ({"due_day": "12-31"}, "只有期限按固定日期算时才填"),
        ({"due_offset": "soon"}, "“期限天数”应为-3660到3660之间的整数，现在是“soon”"),
    ],
)
def test_a_mistake_is_refused_with_its_place(data: dict[str, Any], change: dict[str, Any], said: str) -> None:
    first(data).update(change)
    with pytest.raises(BlueprintError, match=said) as error:
        read(data, "mine.json")
    assert "mine.json：第1阶段“准备”第1环节“调查摸底”第1项" in str(error.value)


def test_every_mistake_is_named_at_once(data: dict[str, Any]) -> None:
    data["phases"][0]["steps"][0]["requirements"][0]["indicator"] = "x"
    data["phases"][2]["steps"][1]["requirements"][1] = "text"
    data["phases"][3]["steps"] = []
    data["phases"][4]["preparation"] = True
    data["batches"][1]["months"] = 0
    data["materials"].append({"title": "《中国共产党章程》"})
    data["nmae"] = "x"
    with pytest.raises(BlueprintError) as error:
        read(data)
    text = "\n".join(error.value.problems)
    for place in (
        "蓝本：有不认识的项目“nmae”",
        "第1阶段“准备”第1环节“调查摸底”第1项“开展调查摸底”：没有“x”这个指标",
        "第3阶段“分析评议”第2环节“党性分析”第2项：格式不对",
        "第4阶段“整改提高”：没有环节",
        "第5阶段“巩固提高”：只有第1阶段可以是准备阶段",
        "第2批：“月数”应为1到60之间的整数，现在是“0”",
        "第6份学习材料：“《中国共产党章程》”写了两次",
    ):
        assert place in text


@pytest.mark.parametrize("junk", [None, 3, "text", [], {}, {"phases": [[]]}, {"phases": [{"steps": [3]}]}])
def test_anything_at_all_can_be_read_and_refused(junk: Any) -> None:
    with pytest.raises(BlueprintError):
        read(junk)


def test_a_parameter_of_the_wrong_kind_is_refused(data: dict[str, Any]) -> None:
    data["phases"][1]["steps"][0]["requirements"][0]["params"]["minimum"] = "one"
    with pytest.raises(BlueprintError, match="参数“最少次数”应为0到100000之间的整数，现在是“one”"):
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


@pytest.mark.django_db
def test_due_rules_follow_the_start_the_end_or_a_day(data: dict[str, Any]) -> None:
    first(data).update(due_from="start", due_offset=3)
    data["phases"][0]["steps"][0]["requirements"][1].update(due_from="date", due_day="02-15")
    campaign = set_up(
        blueprint=read(data), organization=make.organization(), name="x", starts_on=date(2005, 7, 1), by=make.user()
    )
    run = PhaseRun(starts_on=date(2005, 7, 4), ends_on=date(2005, 7, 31))
    start, fixed, end = campaign.requirements.filter(step__phase__number=0)[:3]
    assert start.due_on(run) == date(2005, 7, 7)
    assert start.due_in_words() == "阶段开始后3天"
    assert fixed.due_on(run) == date(2006, 2, 15)
    assert end.due_on(run) == date(2005, 7, 17)
    for requirement in (start, fixed, end):
        day = requirement.due_on(run)
        runs = PhaseRun.objects.filter(requirement.due_until(day))
        made = PhaseRun.objects.create(
            enrolment=make.enrolment(make.campaign(make.organization()), make.branch()),
            phase=requirement.step.phase,
            starts_on=run.starts_on,
            ends_on=run.ends_on,
        )
        assert runs.filter(pk=made.pk).exists()
        assert not PhaseRun.objects.filter(requirement.due_until(day - timedelta(1)), pk=made.pk).exists()


@pytest.mark.django_db
def test_a_sector_narrows_any_audience() -> None:
    root = make.organization()
    village, office = make.branch(root, sector="village"), make.branch(root, sector="government")
    unknown = make.branch(root)
    campaign = make.campaign(root, (("study-note", "all-members"), ("plan-filed", "all-branches")))
    campaign.requirements.filter(indicator_code="study-note").update(sectors=["village", ""])
    campaign.requirements.filter(indicator_code="plan-filed").update(sectors=["government"])
    for branch in (village, office, unknown):
        make.member(branch)
        make.enrolment(campaign, branch)
    note, plan = campaign.requirements.order_by("number")
    figures = [figures_of(campaign, branch) for branch in (village, office, unknown)]
    assert [f.get(note.pk, NOTHING).total for f in figures] == [1, 0, 1]
    assert [f.get(plan.pk, NOTHING).total for f in figures] == [0, 1, 0]
    assert note.audience_in_words() == "全体党员（农村、未填领域）"


@pytest.mark.django_db
def test_people_on_the_move_are_asked_on_their_own() -> None:
    branch = make.branch()
    campaign = make.campaign(Organization.objects.get(pk=branch.pk).parent(), (("study-note", "floating"),))
    here, away, lost = (make.member(branch, name) for name in "甲乙丙")
    Mobility.objects.create(member=away, kind=Mobility.Kind.IN_CITY, since=date(2005, 1, 1))
    Mobility.objects.create(member=lost, kind=Mobility.Kind.LOST, since=date(2005, 1, 1))
    make.enrolment(campaign, branch)
    owing = unmet(campaign.requirements.get()).values_list("member__name", flat=True)
    assert list(owing) == ["乙"]
    assert here.name not in owing
