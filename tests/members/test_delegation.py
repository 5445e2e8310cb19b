"""Lending a role for a time of absence."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from campaign.progress.writing import figures_of
from members.actions.member import leave
from members.models import Appointment, Member, User
from members.permissions import Role
from portal.models import AuditEntry, Notice, ReadLog
from tests import factories as make
from tests.clients import signed_in

pytestmark = pytest.mark.django_db


def day(offset: int) -> str:
    return str(timezone.localdate() + timedelta(offset))


@pytest.fixture
def place() -> dict[str, Any]:
    root = make.organization("青岚区委")
    home, away = make.branch(root, "财政局党支部"), make.branch(root, "民政局党支部")
    secretary = make.hat(Role.SECRETARY, home, of=make.member(home, "陈书记"))
    return {
        "root": root, "home": home, "away": away, "secretary": secretary, "hat": secretary.appointments.get(),
        "person": make.user(make.member(home, "李强", number="QL001", phone="13900001234")),
        "stranger": make.user(make.member(away, "赵敏", number="QL900")), "office": make.hat(Role.OFFICE, root),
    }  # fmt: skip


def lend(place: dict[str, Any], by: str = "secretary", **fields: str) -> Any:
    url = reverse("appointment-lend", args=[place["hat"].pk])
    values = {"person": "李强", "since": day(0), "until": day(30)} | fields
    return signed_in(User.objects.get(pk=place[by].pk)).post(url, values, follow=True)


def delegation() -> Appointment:
    return Appointment.objects.exclude(delegated_from=None).get()


def test_the_deputy_does_the_secretarys_work_and_the_secretary_keeps_the_role(place: dict[str, Any]) -> None:
    roll = reverse("member-list", args=[place["home"].pk])
    deputy = signed_in(place["person"])
    assert deputy.get(roll).status_code == 403
    page = lend(place)
    assert "已委托李强任财政局党支部代理支部书记" in page.text
    assert deputy.get(roll).status_code == 200
    assert signed_in(place["secretary"]).get(roll).status_code == 200
    assert "代理支部书记·财政局党支部" in deputy.get("/").text
    assert "陈书记委托您" in Notice.objects.get(recipient=place["person"]).text
    entry = AuditEntry.objects.get(verb="委托代理支部书记")
    assert entry.by == place["secretary"]
    assert entry.details == {"person": "李强", "until": day(30)}


def test_both_see_it_on_their_pages_and_the_office_in_the_list(place: dict[str, Any]) -> None:
    lend(place)
    lender = signed_in(place["secretary"]).get(reverse("my-appointments")).text
    assert "委托给别人的" in lender
    assert "李强" in lender
    assert "提前收回" in lender
    holder = signed_in(place["person"]).get(reverse("my-appointments")).text
    assert "受陈书记委托" in holder
    assert "提前交回" in holder
    assert "委托代理</a>" not in holder
    office = signed_in(place["office"]).get(reverse("appointment-list", args=[place["home"].pk])).text
    assert "代理支部书记" in office
    assert "受陈书记委托" in office


def test_the_read_log_says_in_which_capacity(place: dict[str, Any]) -> None:
    lend(place)
    other = make.member(place["home"], "孙平", phone="13800005678")
    signed_in(place["person"]).post(reverse("member-contact", args=[other.pk]))
    assert ReadLog.objects.get().capacity == "代理支部书记"


@pytest.mark.parametrize("by", ["secretary", "person"])
def test_either_ends_it_early_and_the_other_is_told(place: dict[str, Any], by: str) -> None:
    lend(place)
    deputy = signed_in(place["person"])
    url = reverse("appointment-return", args=[delegation().pk])
    Notice.objects.all().delete()
    assert "已结束李强的代理支部书记" in signed_in(place[by]).post(url, follow=True).text
    assert deputy.get(reverse("member-list", args=[place["home"].pk])).status_code == 403
    assert signed_in(place["secretary"]).get(reverse("member-list", args=[place["home"].pk])).status_code == 200
    other = "person" if by == "secretary" else "secretary"
    assert Notice.objects.get().recipient == place[other]
    assert "此前已经结束" in signed_in(place[by]).post(url, follow=True).text
    assert "曾任" in deputy.get(reverse("my-appointments")).text


def test_it_ends_with_what_it_was_lent_from(place: dict[str, Any]) -> None:
    lend(place)
    deputy, roll = signed_in(place["person"]), reverse("member-list", args=[place["home"].pk])
    signed_in(place["office"]).post(reverse("appointment-revoke", args=[place["hat"].pk]))
    assert deputy.get(roll).status_code == 403
    assert delegation().revoked_at is not None


def test_it_ends_when_the_lender_leaves_the_roll(place: dict[str, Any]) -> None:
    lend(place)
    member = Member.objects.get(pk=place["secretary"].member_id)
    leave(member=member, ending="moved", ended_on=timezone.localdate(), by=place["office"])
    assert not User.objects.get(pk=place["person"].pk).hats


def test_it_begins_and_ends_by_date(place: dict[str, Any]) -> None:
    lend(place, since=day(3), until=day(5))
    deputy, roll = signed_in(place["person"]), reverse("member-list", args=[place["home"].pk])
    assert deputy.get(roll).status_code == 403
    assert "尚未开始" in deputy.get(reverse("my-appointments")).text
    hat = delegation()
    Appointment.objects.filter(pk=hat.pk).update(since=day(-5), until=day(0))
    assert deputy.get(roll).status_code == 200
    Appointment.objects.filter(pk=hat.pk).update(until=day(-1))
    assert deputy.get(roll).status_code == 403
    assert "已委托" in lend(place).text, "and can be given again afterwards"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"until": ""}, "请填写结束日期"),
        ({"until": day(91)}, "最长 90 天"),
        ({"since": day(-1)}, "不能早于今天"),
        ({"since": day(5), "until": day(4)}, "结束日期不能早于起始日期"),
        ({"person": "陈书记"}, "不能委托给自己"),
        ({"person": "QL900"}, "没有这位党员，也没有这个账号"),
        ({"person": "赵敏"}, "没有这位党员，也没有这个账号"),
        ({"person": ""}, "请填写由谁"),
    ],
)
def test_bad_input_is_named(place: dict[str, Any], fields: dict[str, str], reason: str) -> None:
    page = lend(place, **fields)
    assert page.status_code == 422
    assert reason in page.text
    assert not Appointment.objects.exclude(delegated_from=None).exists()


def test_the_account_of_a_stranger_or_ones_own_by_username_is_refused(place: dict[str, Any]) -> None:
    assert "没有这个账号" in lend(place, person=place["stranger"].username).text
    assert "不能委托给自己" in lend(place, person=place["secretary"].username).text


def test_no_longer_than_ones_own_term(place: dict[str, Any]) -> None:
    Appointment.objects.filter(pk=place["hat"].pk).update(until=day(10))
    assert "您自己的任期到" in lend(place, until=day(11)).text
    assert "已委托" in lend(place, until=day(10)).text


def test_not_twice_to_the_same_person(place: dict[str, Any]) -> None:
    lend(place)
    assert "已经担任或代理这个职责" in lend(place).text
    assert Appointment.objects.filter(delegated_from=place["hat"]).count() == 1


def test_what_is_borrowed_is_not_lent_on_and_an_office_is_not_lent(place: dict[str, Any]) -> None:
    lend(place)
    url = reverse("appointment-lend", args=[delegation().pk])
    assert signed_in(place["person"]).get(url).status_code == 403
    assert signed_in(place["secretary"]).get(url).status_code == 403
    office = place["office"].appointments.get()
    assert signed_in(place["office"]).get(reverse("appointment-lend", args=[office.pk])).status_code == 403


def test_only_the_holder_lends_and_only_the_two_return(place: dict[str, Any]) -> None:
    lend(place)
    for who, status in (("office", 403), ("stranger", 404)):
        assert signed_in(place[who]).get(reverse("appointment-lend", args=[place["hat"].pk])).status_code == status
        url = reverse("appointment-return", args=[delegation().pk])
        assert signed_in(place[who]).post(url).status_code == status
    assert signed_in(place["secretary"]).post(reverse("appointment-return", args=[place["hat"].pk])).status_code == 403
    assert delegation().revoked_at is None


def test_the_office_takes_a_delegation_away_too(place: dict[str, Any]) -> None:
    lend(place)
    signed_in(place["office"]).post(reverse("appointment-revoke", args=[delegation().pk]))
    assert not User.objects.get(pk=place["person"].pk).hats
    assert User.objects.get(pk=place["secretary"].pk).hats


def test_a_deputy_owes_nothing_that_secretaries_owe(place: dict[str, Any]) -> None:
    campaign = make.campaign(
        make.organization(), (("secretary-appointed", "all-branches"), ("member-in-contact", "secretaries"))
    )
    make.enrolment(campaign, place["home"])
    requirement = campaign.requirements.order_by("number")[1]
    lend(place)
    assert figures_of(campaign, place["home"])[requirement.pk].total == 1


def test_the_database_refuses_an_endless_delegation_and_one_of_an_office(place: dict[str, Any]) -> None:
    values = {"user": place["person"], "organization": place["home"], "delegated_from": place["hat"]}
    for fields in ({"role": "secretary", "until": None}, {"role": "office", "until": day(3)}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Appointment.objects.create(**values, **fields)


def test_the_deputy_keeps_accounts_but_does_not_get_into_the_lenders(place: dict[str, Any]) -> None:
    lend(place)
    deputy, other = signed_in(place["person"]), make.user(make.member(place["home"]))
    assert deputy.post(reverse("account-reset", args=[other.pk])).status_code == 200
    for name in ("account-reset", "account-second-factor-reset"):
        assert deputy.post(reverse(name, args=[place["secretary"].pk])).status_code == 403
    assert signed_in(place["office"]).post(reverse("account-reset", args=[place["secretary"].pk])).status_code == 200


def test_a_deputy_who_is_appointed_stands_in_no_more(place: dict[str, Any]) -> None:
    lend(place)
    url = reverse("appointment-create", args=[place["home"].pk])
    signed_in(place["office"]).post(url, {"person": "李强", "role": "secretary", "since": day(0)})
    assert [hat.title for hat in User.objects.get(pk=place["person"].pk).hats] == ["支部书记"]
    assert delegation().revoked_at is not None
