"""Merging, splitting, moving, closing and reopening: shown first, then done, and the campaign goes on."""

from datetime import date
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from campaign.models import Enrolment, Gate, Participation, PhaseRun, Waiver
from campaign.progress.recounting import recount
from campaign.progress.rollups import rebalance
from campaign.progress.writing import Figures, figures_of, recording
from members.actions import member as people
from members.actions import organization_reshape as reshape
from members.models import Appointment, Member, Organization, Transfer
from members.permissions import Role
from rectification.models import Task
from tests import factories as make
from tests.clients import signed_in

pytestmark = pytest.mark.django_db
REQUIREMENTS = (("plan-filed", "all-branches"), ("surveyed", "all-branches"), ("member-in-contact", "all-members"))


@pytest.fixture
def place() -> dict[str, Any]:
    root = make.organization("青岚区委")
    west = make.organization("西片党委", root)
    east = make.organization("东片党委", Organization.objects.get(pk=root.pk))
    one, two = make.branch(west, "第一党支部"), make.branch(west, "第二党支部")
    three, four = make.branch(east, "第三党支部"), make.branch(east, "第四党支部")
    for at in (one, two, three):
        make.member(at, f"{at}甲")
        make.member(at, f"{at}乙")
    campaign = make.campaign(Organization.objects.get(pk=root.pk), REQUIREMENTS)
    units = [make.enrolment(campaign, at) for at in (one, two, three)]
    return {
        "root": Organization.objects.get(pk=root.pk), "west": west, "east": east, "one": one, "two": two, "three": three,
        "four": four, "campaign": campaign, "units": units, "secretary": make.hat(Role.SECRETARY, one),
        "office": make.hat(Role.OFFICE, Organization.objects.get(pk=root.pk)),
    }  # fmt: skip


def url(name: str, place: dict[str, Any], at: str) -> str:
    return reverse(f"organization-{name}", args=[place[at].pk])


def figures(place: dict[str, Any], at: str) -> list[Figures]:
    """Of the three requirements, in their order."""
    found = figures_of(place["campaign"], Organization.objects.get(pk=place[at].pk))
    return [found.get(r.pk, Figures()) for r in place["campaign"].requirements.order_by("number")]


def test_merging_shows_what_will_happen_and_then_does_it(place: dict[str, Any]) -> None:
    office = signed_in(place["office"])
    assert "并入别的支部" in office.get(url("reshape", place, "one")).text
    page = office.post(url("merge", place, "one"), {"other": place["two"].code})
    for told in ("2名在册党员转到第二党支部", "1项任职随即终止", "2名党员带着已有记录转到第二党支部", "确认合并"):
        assert told in page.text
    assert Member.objects.filter(branch=place["one"]).count() == 2
    page = office.post(
        url("merge", place, "one"), {"other": place["two"].code, "shown": str(place["two"].pk)}, follow=True
    )
    assert "已办理" in page.text
    one = Organization.objects.get(pk=place["one"].pk)
    assert one.closed_on == timezone.localdate()
    assert Member.objects.filter(branch=place["two"]).count() == 4
    assert Transfer.objects.filter(kind="merger", origin=one, state="accepted").count() == 2
    assert not Appointment.objects.current().filter(organization=one).exists()
    assert Enrolment.objects.get(organization=one).state == "closed"
    assert figures(place, "one") == [Figures(), Figures(), Figures()]
    assert figures(place, "two") == [Figures(0, 0, 1), Figures(0, 0, 1), Figures(4, 0, 4)]
    assert list(recount(place["campaign"])) == []
    assert "已撤并" in office.get(reverse("enrolment-detail", args=[place["units"][0].pk])).text


def test_a_confirmation_holds_only_for_what_was_shown(place: dict[str, Any]) -> None:
    typed = {"other": place["three"].code, "shown": str(place["two"].pk)}
    page = signed_in(place["office"]).post(url("merge", place, "one"), typed)
    assert "转到第三党支部" in page.text
    assert Member.objects.filter(branch=place["one"]).count() == 2


def test_the_branch_that_takes_over_is_enrolled_where_the_other_stood(place: dict[str, Any]) -> None:
    reshape.merge(node=place["three"], other=place["four"], by=place["office"])
    unit = Enrolment.objects.get(organization=place["four"])
    assert (unit.state, unit.phase, unit.started_on) == (
        "running",
        place["units"][2].phase,
        place["units"][2].started_on,
    )
    assert unit.runs.get(state=PhaseRun.State.ACTIVE).phase == unit.phase
    assert Participation.objects.active().filter(enrolment=unit).count() == 2
    assert list(recount(place["campaign"])) == []


def test_promises_of_a_merged_branch_are_kept_by_the_other(place: dict[str, Any]) -> None:
    responsible = Participation.objects.filter(enrolment=place["units"][0]).first()
    fields = {"measure": "每月一次", "due_on": date(2005, 12, 1), "by": place["office"], "responsible": responsible}
    open_one = Task.objects.create(enrolment=place["units"][0], problem="联系群众不够", **fields)
    done = Task.objects.create(
        enrolment=place["units"][0], problem="已办", state="confirmed", closed_at=timezone.now(), **fields
    )
    page = signed_in(place["office"]).post(url("merge", place, "one"), {"other": place["two"].code})
    assert "1项未完成的整改事项" in page.text
    reshape.merge(node=place["one"], other=place["two"], by=place["office"])
    open_one.refresh_from_db()
    done.refresh_from_db()
    assert (open_one.enrolment, done.enrolment) == (place["units"][1], place["units"][0])


def test_guests_and_groups_go_along(place: dict[str, Any]) -> None:
    guest = Member.objects.filter(branch=place["three"]).first()
    local = Member.objects.filter(branch=place["two"]).first()
    for person in (guest, local):
        people.open_mobility(
            member=person, by=place["office"], kind="out-of-province", since=date(2005, 7, 1), host=place["one"]
        )
    make.organization("一组", Organization.objects.get(pk=place["one"].pk), kind="group")
    assert guest.participations.get().enrolment == place["units"][0]
    reshape.merge(node=place["one"], other=place["two"], by=place["office"])
    assert guest.mobilities.get().host == place["two"]
    assert guest.participations.get().enrolment == place["units"][1]
    assert local.mobilities.get().until == timezone.localdate()
    group = Organization.objects.get(name="一组")
    assert Organization.objects.get_parent(group) == place["two"]


def test_a_guest_of_a_branch_that_was_not_enrolled_goes_where_it_goes(place: dict[str, Any]) -> None:
    guest = Member.objects.filter(branch=place["three"]).first()
    people.open_mobility(
        member=guest, by=place["office"], kind="out-of-province", since=date(2005, 7, 1), host=place["four"]
    )
    assert guest.participations.get().enrolment == place["units"][2]
    reshape.merge(node=place["four"], other=place["two"], by=place["office"])
    assert guest.participations.get().enrolment == place["units"][1]
    assert figures(place, "three")[2].total == 1
    assert list(recount(place["campaign"])) == []


@pytest.mark.parametrize("what", ["gate", "transfer"])
def test_nothing_that_waits_for_a_word_is_swept_away(place: dict[str, Any], what: str) -> None:
    unit = place["units"][0]
    if what == "gate":
        Gate.objects.create(enrolment=unit, phase=unit.phase, assessment="好", requested_by=place["office"])
    else:
        person = Member.objects.filter(branch=place["one"]).first()
        Transfer.objects.create(member=person, kind="out", origin=place["one"], requested_by=place["office"])
    page = signed_in(place["office"]).post(url("merge", place, "one"), {"other": place["two"].code})
    assert "现在还不能办理" in page.text
    settled_at = (
        reverse("gate-detail", args=[Gate.objects.get().pk])
        if what == "gate"
        else url("detail", place, "one") + "transfers/?list=out"
    )
    assert f'<a href="{settled_at}">去办理</a>' in page.text
    assert signed_in(place["office"]).get(settled_at).status_code == 200
    with pytest.raises(reshape.ReshapeRefused):
        reshape.merge(node=place["one"], other=place["two"], by=place["office"])
    assert Member.objects.filter(branch=place["one"]).count() == 2


def test_splitting_goes_on_in_the_same_phase_without_asking_twice(place: dict[str, Any]) -> None:
    unit = place["units"][0]
    with recording([unit.pk]) as [locked]:
        locked.plan_filed_on = date(2005, 8, 1)
        locked.save()
    chosen = Member.objects.get(name="第一党支部甲")
    typed = {"name": "第五党支部", "code": "FIVE", "kind": "branch", "members": [chosen.pk]}
    office = signed_in(place["office"])
    page = office.post(url("split", place, "one"), typed)
    assert "新支部编入同一批次" in page.text
    assert (
        "原支部至少留一名"
        in office.post(
            url("split", place, "one"),
            typed | {"members": list(Member.objects.filter(branch=place["one"]).values_list("pk", flat=True))},
        ).text
    )
    assert "已有“第二党支部”" in office.post(url("split", place, "one"), typed | {"name": "第二党支部"}).text
    office.post(url("split", place, "one"), typed | {"shown": page.context["form"].fingerprint})
    five = Organization.objects.get(code="FIVE")
    new = Enrolment.objects.get(organization=five)
    chosen.refresh_from_db()
    assert chosen.branch == five
    assert chosen.transfers.get().kind == "division"
    assert (new.batch, new.phase, new.state, new.started_on) == (unit.batch, unit.phase, "running", unit.started_on)
    assert Waiver.objects.get(enrolment=new).reason == "分立前已由第一党支部完成"
    assert figures_of(place["campaign"], five)[place["campaign"].requirements.get(number=0).pk] == Figures(0, 1, 1)
    assert figures(place, "one") == [Figures(1, 0, 1), Figures(0, 0, 1), Figures(1, 0, 1)]
    assert list(recount(place["campaign"])) == []


def test_a_subtree_moves_with_its_figures_rights_and_roll_up_points(place: dict[str, Any]) -> None:
    extra = make.branch(place["west"], "第六党支部")
    make.enrolment(place["campaign"], extra)
    rebalance(place["campaign"], 3)
    before = figures(place, "root")
    east = make.hat(Role.OFFICE, Organization.objects.get(pk=place["east"].pk))
    assert signed_in(east).get(reverse("organization-detail", args=[place["one"].pk])).status_code == 404
    office = signed_in(place["office"])
    typed = {"other": place["east"].code}
    assert "1个参加单位一起移动" in office.post(url("move", place, "one"), typed).text
    office.post(url("move", place, "one"), typed | {"shown": str(place["east"].pk)})
    assert Organization.objects.get_parent(Organization.objects.get(pk=place["one"].pk)) == place["east"]
    assert list(recount(place["campaign"])) == []
    assert figures(place, "root") == before
    assert figures(place, "east")[2].total == 4
    assert signed_in(east).get(reverse("organization-detail", args=[place["one"].pk])).status_code == 200
    assert signed_in(place["secretary"]).get(reverse("member-list", args=[place["one"].pk])).status_code == 200


def test_nothing_is_counted_that_is_not_there(place: dict[str, Any]) -> None:
    office = signed_in(place["office"])
    page = office.post(url("move", place, "one"), {"other": place["east"].code}).text
    assert "2名在册党员一起移动" in page
    assert "0个下级组织" not in page
    page = office.post(url("move", place, "four"), {"other": place["west"].code}).text
    assert "0" not in page.split('class="effects"')[1].split("</ul>")[0]


@pytest.mark.parametrize(
    ("node", "parent", "reason"),
    [
        ("west", "one", "不能移到自己或自己的下级"),
        ("one", "west", "本来就在西片党委之下"),
        ("one", "two", "不能在党支部或党小组之下"),
    ],
)
def test_moves_that_make_no_tree_are_refused(place: dict[str, Any], node: str, parent: str, reason: str) -> None:
    with pytest.raises(reshape.ReshapeRefused, match=reason):
        reshape.move(node=place[node], parent=place[parent], by=place["office"])


def test_units_stay_inside_the_organisation_that_runs_their_campaign(place: dict[str, Any]) -> None:
    other = make.organization("白石区委")
    both = make.hat(Role.OFFICE, other, account=place["office"])
    page = signed_in(both).post(url("move", place, "one"), {"other": other.code})
    assert "就不在活动范围内" in page.text
    with pytest.raises(reshape.ReshapeRefused):
        reshape.move(node=place["one"], parent=other, by=both)


def test_only_the_empty_is_closed_and_may_be_reopened(place: dict[str, Any]) -> None:
    office = signed_in(place["office"])
    page = office.get(url("close", place, "one")).text
    assert "名册上还有2名党员" in page
    assert f'<a href="{reverse("member-list", args=[place["one"].pk])}">去办理</a>' in page
    assert "确认撤销" not in page
    assert "下面还有2个组织" in office.get(url("close", place, "west")).text
    office.post(url("close", place, "one"), {"shown": str(place["one"].pk)})
    assert Organization.objects.get(pk=place["one"].pk).closed_on is None
    office.post(url("close", place, "four"), {"shown": str(place["four"].pk)})
    assert Organization.objects.get(pk=place["four"].pk).closed_on == timezone.localdate()
    assert "恢复" in office.get(url("reshape", place, "four")).text
    office.post(url("reopen", place, "four"), {"shown": str(place["four"].pk)})
    assert Organization.objects.get(pk=place["four"].pk).closed_on is None


def test_what_was_merged_by_mistake_is_there_again(place: dict[str, Any]) -> None:
    reshape.merge(node=place["one"], other=place["two"], by=place["office"])
    reshape.reopen(node=place["one"], by=place["office"])
    unit = Enrolment.objects.get(organization=place["one"])
    assert unit.state == "running"
    assert figures(place, "one")[0] == Figures(0, 0, 1)
    assert list(recount(place["campaign"])) == []


def test_who_left_stays_with_the_closed_branch_until_it_is_reopened(place: dict[str, Any]) -> None:
    gone = Member.objects.filter(branch=place["one"]).first()
    people.leave(member=gone, ending="moved", ended_on=date(2005, 9, 1), by=place["office"])
    reshape.merge(node=place["one"], other=place["two"], by=place["office"])
    gone.refresh_from_db()
    assert gone.branch == place["one"]
    page = signed_in(place["office"]).post(reverse("member-come-back", args=[gone.pk]), follow=True)
    assert "第一党支部已经撤销" in page.text
    gone.refresh_from_db()
    assert gone.ended_on


def test_nobody_closes_the_place_of_their_own_office(place: dict[str, Any]) -> None:
    own = make.hat(Role.OFFICE, Organization.objects.get(pk=place["four"].pk))
    assert "您的职责就在这个组织" in signed_in(own).get(url("close", place, "four")).text


def test_the_secretary_reshapes_nothing(place: dict[str, Any]) -> None:
    for name in ("reshape", "merge", "split", "move", "close", "reopen"):
        assert signed_in(place["secretary"]).post(url(name, place, "one")).status_code == 403
        assert signed_in(place["secretary"]).get(url(name, place, "two")).status_code == 404


def test_both_ends_must_be_ones_own(place: dict[str, Any]) -> None:
    west = make.hat(Role.OFFICE, Organization.objects.get(pk=place["west"].pk))
    page = signed_in(west).post(url("merge", place, "one"), {"other": place["three"].code})
    assert page.status_code == 422
    assert "没有找到" in page.text
