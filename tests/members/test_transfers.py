"""Transfers: one place at every moment, two ends that both agree, and a history of every move."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from campaign.progress.writing import Figures, figures_of
from members.actions import member as people
from members.actions import transfer as transfers
from members.models import Appointment, Member, Organization, Transfer, User
from members.permissions import Role
from members.transfer_documents import letter, transfer_tables
from portal.documents import documents
from portal.models import Notice, ReadLog
from portal.printing import render_pdf
from tests import factories as make
from tests.clients import signed_in

pytestmark = pytest.mark.django_db
IDENTITY = "11010519491231002X"


@pytest.fixture
def place() -> dict[str, Any]:
    root = make.organization("青岚区委")
    home = make.branch(root, "财政局党支部")
    away = make.branch(root, "民政局党支部")
    other = make.branch(make.organization("白石区委"), "民政局第二党支部")
    person = make.member(home, "李强", group="第一小组")
    campaign = make.campaign(root, (("member-in-contact", "all-members"),))
    make.enrolment(campaign, home)
    make.enrolment(campaign, away)
    return {
        "root": Organization.objects.get(pk=root.pk), "home": home, "away": away, "other": other, "person": person,
        "campaign": campaign, "secretary": make.secretary(home), "receiver": make.secretary(away),
        "committee": make.hat(Role.COMMITTEE, home), "author": make.user(person), "stranger": make.secretary(other),
        "office": make.hat(Role.OFFICE, Organization.objects.get(pk=root.pk)),
    }  # fmt: skip


def ask(place: dict[str, Any], **fields: Any) -> Transfer:
    url = reverse("transfer-create", args=[place["person"].pk])
    answer = signed_in(place["secretary"]).post(url, {"target": place["away"].code} | fields)
    assert answer.status_code == 302, answer.context["form"].errors
    return Transfer.objects.latest("pk")


def branch_of(person: Member) -> Organization:
    return Member.objects.select_related("branch").get(pk=person.pk).branch


def test_asked_accepted_and_only_then_moved(place: dict[str, Any]) -> None:
    requirement = place["campaign"].requirements.get()
    before = place["person"].participations.get()
    transfer = ask(place, letter_number="青组转〔2005〕7号", letter_date="2005-09-01", valid_days="30")
    assert branch_of(place["person"]) == place["home"]
    assert place["person"].participations.get().enrolment == before.enrolment
    assert transfer.expires_on == date(2005, 10, 1)
    assert transfer.is_expired
    receiver = signed_in(place["receiver"])
    assert "1名党员的组织关系等待接收" in receiver.get(reverse("home")).text
    assert "1名党员的组织关系等待接收" not in signed_in(place["secretary"]).get(reverse("home")).text
    assert "李强" in receiver.get(reverse("transfer-list", args=[place["away"].pk])).text
    assert Notice.objects.get(recipient=place["receiver"]).url == reverse("transfer-detail", args=[transfer.pk])
    page = receiver.post(reverse("transfer-accept", args=[transfer.pk]), follow=True)
    assert "已接收，现在是民政局党支部的党员" in page.text
    moved = Member.objects.get(pk=place["person"].pk)
    assert (moved.branch, moved.group, moved.since) == (place["away"], "", timezone.localdate())
    after = place["person"].participations.get()
    assert (after.pk, after.enrolment.organization, after.arrived_on) == (
        before.pk,
        place["away"],
        timezone.localdate(),
    )
    assert figures_of(place["campaign"], place["home"])[requirement.pk] == Figures(1, 0, 1)
    assert figures_of(place["campaign"], place["away"])[requirement.pk] == Figures(2, 0, 2)
    assert "已接收" in Notice.objects.get(recipient=place["secretary"]).text
    assert (
        "没有生效" in receiver.post(reverse("transfer-return", args=[transfer.pk]), {"reason": "x"}, follow=True).text
    )


def test_returned_or_withdrawn_with_a_reason_the_member_stays(place: dict[str, Any]) -> None:
    transfer = ask(place)
    receiver, secretary = signed_in(place["receiver"]), signed_in(place["secretary"])
    page = receiver.post(reverse("transfer-return", args=[transfer.pk]), {"reason": " "})
    assert page.status_code == 422
    assert "请写明理由" in page.text
    receiver.post(reverse("transfer-return", args=[transfer.pk]), {"reason": "不在本单位工作"})
    again = ask(place)
    secretary.post(reverse("transfer-withdraw", args=[again.pk]), {"reason": "填错了支部"})
    assert branch_of(place["person"]) == place["home"]
    page = signed_in(place["author"]).get(reverse("member-moves", args=[place["person"].pk])).text
    assert "已退回" in page
    assert "不在本单位工作" in page
    assert "填错了支部" in page


def test_one_open_transfer_per_member(place: dict[str, Any]) -> None:
    ask(place)
    url = reverse("transfer-create", args=[place["person"].pk])
    page = signed_in(place["secretary"]).post(url, {"target": place["other"].code})
    assert page.status_code == 422
    assert "已有一份转接正在办理" in page.text
    assert Transfer.objects.count() == 1
    for name in ("transfer-create", "transfer-out-create"):
        shown = signed_in(place["secretary"]).get(reverse(name, args=[place["person"].pk])).text
        assert "已有一份转接正在办理" in shown
        assert "介绍信编号" not in shown, "no form that could only be refused"


def test_the_target_is_found_by_name_and_code_without_script(place: dict[str, Any]) -> None:
    client, url = signed_in(place["secretary"]), reverse("transfer-create", args=[place["person"].pk])
    page = client.post(url, {"target": "民政局", "letter_number": "7号"})
    assert page.status_code == 422
    assert "找到2个" in page.text
    assert "白石区委" in page.text
    assert 'value="7号"' in page.text
    assert not Transfer.objects.exists()
    assert "找到2个" in client.post(url, {"target": "mzj"}).text
    assert "没有找到" in client.post(url, {"target": "海事局"}).text
    assert "本来就在" in client.post(url, {"target": place["home"].code.lower()}).text
    assert "请填写转入支部" in client.post(url, {"target": ""}).text
    Organization.objects.filter(pk=place["away"].pk).update(closed_on=date(2005, 1, 1))
    assert "没有找到" in client.post(url, {"target": place["away"].name}).text
    chosen = {"target": "民政局", "target-words": "民政局", "target-choice": str(place["other"].pk)}
    client.post(url, chosen)
    assert Transfer.objects.get().target == place["other"]


def test_a_choice_holds_only_for_the_words_it_was_offered_for(place: dict[str, Any]) -> None:
    url = reverse("transfer-create", args=[place["person"].pk])
    stale = {"target": place["away"].code, "target-words": "民政局", "target-choice": str(place["other"].pk)}
    signed_in(place["secretary"]).post(url, stale)
    assert Transfer.objects.get().target == place["away"]


def test_who_keeps_both_rolls_may_settle_it_at_once(place: dict[str, Any]) -> None:
    url = reverse("transfer-create", args=[place["person"].pk])
    wanted = {"target": place["away"].code, "at_once": "on"}
    assert "一步办结" not in signed_in(place["secretary"]).get(url).text
    signed_in(place["secretary"]).post(url, wanted)
    assert Transfer.objects.get().is_waiting
    Transfer.objects.all().delete()
    foreign = signed_in(place["office"]).post(url, {"target": place["other"].code, "at_once": "on"})
    assert "不负责民政局第二党支部的名册" in foreign.text
    page = signed_in(place["office"]).post(url, wanted, follow=True)
    assert "一步办结" in page.text
    transfer = Transfer.objects.get()
    assert (transfer.state, transfer.immediate, branch_of(place["person"])) == ("accepted", True, place["away"])


def test_out_of_the_portal_ends_with_the_receipt(place: dict[str, Any]) -> None:
    url = reverse("transfer-out-create", args=[place["person"].pk])
    client = signed_in(place["secretary"])
    assert "请填写转往的党组织" in client.post(url, {"place": ""}).text
    client.post(url, {"place": "海南省海口市委组织部"})
    transfer = Transfer.objects.get()
    assert Member.objects.get(pk=place["person"].pk).ended_on is None
    assert "等待回执" in client.get(reverse("transfer-list", args=[place["home"].pk]), {"list": "out"}).text
    client.post(reverse("transfer-accept", args=[transfer.pk]))
    person = Member.objects.get(pk=place["person"].pk)
    assert (person.ending, person.ended_on, person.branch) == ("moved", timezone.localdate(), place["home"])
    assert not User.objects.get(pk=place["author"].pk).is_active
    assert person.participations.get().left_on == timezone.localdate()


def test_nobody_confirms_their_own_way_out(place: dict[str, Any]) -> None:
    own = Member.objects.get(pk=place["secretary"].member_id)
    client = signed_in(place["secretary"])
    client.post(reverse("transfer-out-create", args=[own.pk]), {"place": "外省"})
    accept = reverse("transfer-accept", args=[Transfer.objects.get().pk])
    assert client.post(accept).status_code == 403
    assert signed_in(place["office"]).post(accept).status_code == 302
    own.refresh_from_db()
    assert own.ended_on


def test_from_outside_and_back_again_after_asking(place: dict[str, Any]) -> None:
    client, url = signed_in(place["receiver"]), reverse("transfer-in-create", args=[place["away"].pk])
    typed = {"name": "王芳", "status": "full", "place": "海南省委", "identity": IDENTITY, "letter_number": "3号"}
    assert "请填写原所在的党组织" in client.post(url, typed | {"place": ""}).text
    client.post(url, typed)
    person = Member.objects.get(name="王芳")
    arrival = Transfer.objects.get()
    assert (arrival.kind, arrival.state, arrival.origin_place, arrival.target) == (
        "in",
        "accepted",
        "海南省委",
        person.branch,
    )
    assert "已经登记在另一位在册党员名下" in client.post(url, typed).text
    people.leave(member=person, ending="moved", ended_on=date(2005, 9, 1), by=place["receiver"])
    person.mobilities.create(kind="out-of-province", since="2005-08-01")
    page = client.post(url, typed | {"place": "广东省委"})
    assert "王芳曾在本平台（民政局党支部），2005-09-01转出" in page.text
    assert "身份证号以前登记在另一个姓名名下" in client.post(url, typed | {"name": "王方"}).text
    client.post(url, typed | {"place": "广东省委", "same_person": "on"})
    back = Member.objects.get(name="王芳")
    assert (back.pk, back.ended_on, back.ending) == (person.pk, None, "")
    assert back.transfers.first().origin_place == "广东省委"
    assert not back.mobilities.filter(until=None).exists()
    assert back.participations.get().left_on is None


@pytest.mark.parametrize("ending", ["died", "left"])
def test_only_who_moved_out_is_reopened(place: dict[str, Any], ending: str) -> None:
    place["person"].set_identity(IDENTITY)
    place["person"].save()
    people.leave(member=place["person"], ending=ending, ended_on=date(2005, 9, 1), by=place["office"])
    typed = {"name": "李强", "status": "full", "place": "海南", "identity": IDENTITY, "same_person": "on"}
    page = signed_in(place["receiver"]).post(reverse("transfer-in-create", args=[place["away"].pk]), typed)
    assert page.status_code == (422 if ending == "died" else 302)
    assert Member.objects.get(pk=place["person"].pk).ended_on


def test_who_leaves_takes_the_open_request_back(place: dict[str, Any]) -> None:
    transfer = ask(place)
    people.leave(member=place["person"], ending="died", ended_on=date(2005, 9, 1), by=place["office"])
    transfer.refresh_from_db()
    assert (transfer.state, transfer.reason) == ("withdrawn", "已离开名册（去世）")


def test_hats_of_the_old_branch_end(place: dict[str, Any]) -> None:
    make.hat(Role.SECRETARY, place["home"], account=place["author"])
    make.hat(Role.INSPECTOR, place["root"], account=place["author"])
    transfers.at_once(member=place["person"], target=place["away"], by=place["office"])
    assert [hat.role for hat in Appointment.objects.current().filter(user=place["author"])] == ["inspector"]


def test_both_ends_see_it_and_nobody_else(place: dict[str, Any]) -> None:
    transfer = ask(place)
    url = reverse("transfer-detail", args=[transfer.pk])
    for who in ("secretary", "receiver", "office", "author", "committee"):
        assert signed_in(place[who]).get(url).status_code == 200, who
    assert signed_in(place["stranger"]).get(url).status_code == 404
    assert "接收到民政局党支部" not in signed_in(place["secretary"]).get(url).text
    assert "撤回这份转接" not in signed_in(place["receiver"]).get(url).text
    for name, refused in (
        ("accept", "secretary"),
        ("return", "secretary"),
        ("withdraw", "receiver"),
        ("accept", "author"),
    ):
        answer = signed_in(place[refused]).post(reverse(f"transfer-{name}", args=[transfer.pk]), {"reason": "x"})
        assert answer.status_code == 403, (name, refused)
    transfer.refresh_from_db()
    assert transfer.is_waiting


def test_lists_are_filtered_and_keep_their_queries(place: dict[str, Any]) -> None:
    client, url = signed_in(place["office"]), reverse("transfer-list", args=[place["root"].pk])
    for number in range(3):
        transfers.request(member=make.member(place["home"], f"等待{number}"), target=place["away"], by=place["office"])
    done = transfers.at_once(member=place["person"], target=place["away"], by=place["office"])
    Transfer.objects.filter(pk=done.pk).update(requested_at=timezone.now() - timedelta(days=40))
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        assert len(client.get(url).context["page"].rows) == 3
    for number in range(60):
        transfers.request(member=make.member(place["home"], f"更多{number}"), target=place["away"], by=place["office"])
    with CaptureQueriesContext(connection) as many:
        first = client.get(url, {"list": "out", "kind": "within"})
    assert len(many) <= len(few)
    assert len(first.context["page"].rows) == 50
    second = client.get(first.context["page"].next_url)
    assert len(second.context["page"].rows) == 13
    assert "kind=within" in first.context["page"].next_url
    assert [t.pk for t in client.get(url, {"list": "done", "name": "李"}).context["page"].rows] == [done.pk]
    assert not client.get(url, {"list": "done", "since": f"{timezone.localdate()}"}).context["page"].rows
    assert not client.get(url, {"list": "done", "state": "returned"}).context["page"].rows
    assert client.get(url, {"list": "?", "kind": "\x00", "before": "x"}).status_code == 200


def test_letter_shows_what_the_printer_may_see(place: dict[str, Any]) -> None:
    place["person"].set_identity(IDENTITY)
    place["person"].save()
    transfer = ask(place, letter_number="青组转7号", letter_date="2005-09-01", valid_days="30")
    context = letter(transfer, {}, place["secretary"])
    html = render_to_string("members/print/transfer_letter.html", context | {"title": "介绍信"})
    assert IDENTITY in html
    assert "介绍信有效期30天，至2005年10月1日" in html
    assert ReadLog.objects.filter(kind="member-contact").count() == 1
    assert render_pdf(html, look="official").startswith(b"%PDF")
    assert IDENTITY not in str(letter(transfer, {}, place["office"]))
    sheet = reverse("document-print", args=["transfer-letter"])
    for who, status in (("secretary", 302), ("committee", 403), ("receiver", 404), ("stranger", 404)):
        assert signed_in(place[who]).post(sheet, {"transfer": transfer.pk}).status_code == status, who
    assert signed_in(place["secretary"]).post(sheet, {}).status_code == 404


def test_table_of_a_list(place: dict[str, Any]) -> None:
    ask(place, letter_number="7号")
    [table] = transfer_tables(place["away"], {"list": "in"}, place["receiver"])
    assert table.rows[0][1:7] == ["李强", "转接", "财政局党支部", "民政局党支部", "待接收", "7号"]
    assert transfer_tables(place["away"], {"list": "out"}, place["receiver"])[0].rows == []
    assert documents["transfers"].formats == ("xlsx",)
