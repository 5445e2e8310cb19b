"""The organisation's messenger: set up, told once a day without names, retried, and switched off when it is deaf."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from members.actions import channel as actions
from members.models import Channel, ChannelAccount, ChannelMessage, Organization, User
from members.permissions import Role
from portal.actions.notice import notify, send_digests
from portal.models import DayException, Digest, Notice
from portal.notices import Draft, GroupLine, group_sources
from tests import factories as make
from tests.sinks import Receiver, running

pytestmark = pytest.mark.django_db
DAY = date(2005, 11, 8)
SECRET = "a secret of sixteen or more"
LINES = [GroupLine("3个单位有规定动作过期未完成", "/late/", "进展")]


def at(hour: int, minute: int = 0, days: int = 0) -> datetime:
    return timezone.make_aware(datetime(2005, 11, 8, hour, minute)) + timedelta(days=days)


@pytest.fixture
def receiver(tmp_path: Path, settings: Any) -> Iterator[Receiver]:
    with running(Receiver(tmp_path)) as server:
        settings.WEBHOOK_PRIVATE_ADDRESSES = True
        settings.WEBHOOK_CA_FILE = str(server.authority)
        settings.WEBHOOK_SECONDS = 2
        yield server


@pytest.fixture
def root() -> Organization:
    return make.organization("区委")


@pytest.fixture
def office(root: Organization) -> User:
    return make.hat(Role.OFFICE, root)


@pytest.fixture(autouse=True)
def something_to_say(monkeypatch: pytest.MonkeyPatch) -> list[GroupLine]:
    said = list(LINES)
    monkeypatch.setattr(group_sources, "_functions", [lambda organization, day: said])
    return said


def channel(root: Organization, url: str, kind: str = "wecom", **fields: Any) -> Channel:
    return actions.save(
        channel=Channel(organization=root, name=kind, kind=kind, url=url, secret=SECRET, **fields), by=None
    )


def signed(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def sent(receiver: Receiver) -> int:
    return len(receiver.taken)


def test_an_office_sets_one_up_and_tries_it(root: Organization, office: User, receiver: Receiver) -> None:
    client = signed(office)
    data = {"name": "工作群", "kind": "wecom", "url": receiver.url("/send?key=top-secret"), "secret": ""}
    page = client.post(reverse("channel-create", args=[root.pk]), data, follow=True).content.decode()
    assert "localhost" in page
    assert "top-secret" not in page, "the address is a key"
    made = Channel.objects.get()
    page = client.post(reverse("channel-test", args=[made.pk]), follow=True).content.decode()
    assert "已被接收" in page
    assert "测试消息" in receiver.bodies()[0]["markdown"]["content"]
    receiver.answer = lambda n: (200, {"errcode": 93000, "errmsg": "invalid"})
    page = client.post(reverse("channel-test", args=[made.pk]), follow=True).content.decode()
    assert "测试没有成功：对方没有接收（错误码93000）" in page


def test_address_and_secret_lie_sealed(root: Organization) -> None:
    channel(root, "https://example.org/send?key=top-secret")
    with connection.cursor() as cursor:
        cursor.execute("select url, secret, host from members_channel")
        url, secret, host = cursor.fetchone()
    assert b"top-secret" not in bytes(url)
    assert SECRET.encode() not in bytes(secret)
    assert host == "example.org"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"url": "http://example.org/"}, "必须以 https:// 开头"),
        ({"url": ""}, "请填写 Webhook 地址"),
        ({"kind": "json", "secret": "short"}, "不能少于16个字符"),
        ({"name": "已有"}, "已有同名的通道"),
        ({"name": ""}, "请填写名称"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    root: Organization, office: User, changed: dict[str, str], words: str
) -> None:
    Channel.objects.create(organization=root, name="已有", kind="wecom", host="x")
    data = {"name": "新的", "kind": "wecom", "url": "https://example.org/x", "secret": ""} | changed
    answer = signed(office).post(reverse("channel-create", args=[root.pk]), data)
    assert (answer.status_code, words in answer.content.decode()) == (422, True)
    assert Channel.objects.count() == 1


def test_changing_without_typing_the_keys_again_keeps_them(root: Organization, office: User) -> None:
    made = channel(root, "https://example.org/send?key=k", "json")
    data = {"name": "新名称", "kind": "json", "url": "", "secret": ""}
    signed(office).post(reverse("channel-edit", args=[made.pk]), data)
    made.refresh_from_db()
    assert (made.name, made.url, made.secret) == ("新名称", "https://example.org/send?key=k", SECRET)


def test_others_neither_see_nor_touch_them(root: Organization) -> None:
    made = channel(root, "https://example.org/x")
    home = make.branch(root)
    for user, status in ((make.hat(Role.LEADING_GROUP, root), 403), (make.secretary(home), 404)):
        assert signed(user).get(reverse("channel-list", args=[root.pk])).status_code == status
        assert signed(user).post(reverse("channel-remove", args=[made.pk])).status_code == 404
    assert Channel.objects.exists()


def test_a_group_is_told_once_a_day_in_working_hours(root: Organization, receiver: Receiver) -> None:
    channel(root, receiver.url())
    assert [actions.send_groups(now=at(hour)) for hour in (8, 9, 10, 18)] == [0, 1, 0, 0]
    assert sent(receiver) == 1
    assert "11月8日区委工作提醒" in receiver.bodies()[0]["markdown"]["content"]
    assert actions.send_groups(now=at(10, days=4)) == 0, "a Saturday"
    assert actions.send_groups(now=at(10, days=6)) == 1


def test_where_there_is_nothing_to_say_nothing_is_said(
    root: Organization, receiver: Receiver, something_to_say: list[GroupLine]
) -> None:
    something_to_say.clear()
    channel(root, receiver.url())
    assert actions.send_groups(now=at(10)) == 0
    something_to_say.extend(LINES)
    assert actions.send_groups(now=at(11)) == 0
    assert sent(receiver) == 0


def test_a_rule_that_fails_for_one_group_leaves_the_others_told(
    root: Organization, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = make.organization("街道党工委", root)
    channel(Organization.objects.get(pk=root.pk), receiver.url())
    channel(below, receiver.url())

    def lines(organization: Organization, day: date) -> list[GroupLine]:
        if organization == root:
            raise RuntimeError("a fault")
        return LINES

    monkeypatch.setattr(group_sources, "_functions", [lines])
    assert actions.send_groups(now=at(9)) == 1
    monkeypatch.setattr(group_sources, "_functions", [lambda organization, day: LINES])
    assert actions.send_groups(now=at(10)) == 1
    assert sent(receiver) == 2


def test_a_refusal_is_tried_again_with_growing_pauses(root: Organization, receiver: Receiver) -> None:
    made = channel(root, receiver.url())
    receiver.answer = lambda n: (500, {}) if n < 3 else (200, {"errcode": 0})
    went = [actions.send_groups(now=at(9, minute)) for minute in (0, 5, 11, 20, 32)]
    assert went == [0, 0, 0, 0, 1]
    assert sent(receiver) == 3
    made.refresh_from_db()
    assert (made.error, made.failing_since) == ("", None)


def test_an_unknown_outcome_is_not_said_to_a_robot_twice_but_to_a_receiver_that_knows_the_number(
    root: Organization, receiver: Receiver
) -> None:
    channel(root, receiver.url("/robot"))
    channel(root, receiver.url("/json"), "json")
    receiver.hold.clear()
    actions.send_groups(now=at(9))
    receiver.hold.set()
    assert actions.send_groups(now=at(9, 30)) == 1
    assert sorted(path for path, _, _ in receiver.taken) == ["/json", "/json", "/robot"]
    numbers = {headers["Idempotency-Key"] for path, headers, _ in receiver.taken if path == "/json"}
    assert len(numbers) == 1
    states = dict(ChannelMessage.objects.values_list("channel__kind", "state"))
    assert states == {"wecom": "unclear", "json": "sent"}


def test_a_sender_that_was_killed(root: Organization, receiver: Receiver) -> None:
    made = channel(root, receiver.url())
    actions.fill(DAY)
    ago = timezone.now() - timedelta(seconds=1)
    ChannelMessage.objects.update(state=ChannelMessage.State.SENDING, lease_until=ago)
    assert actions.send_groups(now=at(10)) == 0
    assert made.messages.get().state == ChannelMessage.State.UNCLEAR
    assert actions.send_groups(now=at(10, days=1)) == 1


def test_the_deaf_are_switched_off_and_their_keepers_told(root: Organization, office: User, receiver: Receiver) -> None:
    made = channel(root, receiver.url())
    receiver.answer = lambda n: (500, {})
    actions.send_groups(now=at(9))
    Channel.objects.update(failing_since=DAY)
    actions.send_groups(now=at(9, days=2))
    assert Channel.objects.get().on
    for _ in range(2):
        actions.send_groups(now=at(9, days=3))
    made.refresh_from_db()
    assert not made.on
    notice = Notice.objects.get(recipient=office)
    assert "已自动停用。最近的错误：对方没有接收（状态码500）" in notice.text
    page = signed(office).get(notice.url).content.decode()
    assert "已停用" in page
    signed(office).post(reverse("channel-switch", args=[made.pk]), {"on": "1"})
    receiver.answer = lambda n: (200, {"errcode": 0})
    assert actions.send_groups(now=at(9, days=6)) == 1


def mapped(root: Organization, receiver: Receiver, office: User) -> User:
    home = make.branch(root)
    user = make.user(make.member(home, "王芳"), "wangfang", email="wang@example.org")
    made = channel(Organization.objects.get(pk=root.pk), receiver.url(), "json")
    answer = signed(office).post(reverse("channel-accounts", args=[made.pk]), {"accounts": "wangfang  w.fang\n\n"})
    assert answer.status_code == 302
    notify([Draft(user.pk, "a", "整改", "一项整改快到期", "/tasks/1/")])
    Notice.objects.update(created_at=at(9))
    return user


def test_who_is_mapped_gets_the_digest_there_and_no_mail(root: Organization, office: User, receiver: Receiver) -> None:
    mapped(root, receiver, office)
    assert [send_digests(now=at(hour)) for hour in (10, 11)] == [1, 0]
    (said,) = receiver.bodies()
    assert (said["to"], said["items"][0]["text"]) == ("w.fang", "一项整改快到期")
    assert mail.outbox == []


def test_who_is_told_of_other_places_too_is_not_sent_to_this_ones_messenger(
    root: Organization, office: User, receiver: Receiver
) -> None:
    """Neither mapped by a lower organisation, nor any longer once they take on something elsewhere."""
    below = make.organization("街道党工委", root)
    home = make.branch(below)
    leader = make.user(make.member(home, "赵刚"), "zhaogang", email="zhao@example.org")
    made = channel(Organization.objects.get(pk=below.pk), receiver.url(), "json")
    client, address = signed(make.hat(Role.OFFICE, below)), reverse("channel-accounts", args=[made.pk])
    assert client.post(address, {"accounts": "zhaogang z.g"}).status_code == 302
    make.hat(Role.LEADING_GROUP, Organization.objects.get(pk=root.pk), account=leader)
    answer = client.post(address, {"accounts": "zhaogang z.g"})
    assert "以外还有任职" in answer.content.decode()
    notify([Draft(leader.pk, "a", "转段", "另一单位的转段申请等待审核")])
    Notice.objects.update(created_at=at(9))
    assert send_digests(now=at(10)) == 1
    assert (sent(receiver), [letter.to for letter in mail.outbox]) == (0, [["zhao@example.org"]])


def test_where_the_messenger_fails_all_day_the_mail_goes_when_it_is_off(
    root: Organization, office: User, receiver: Receiver
) -> None:
    mapped(root, receiver, office)
    receiver.answer = lambda n: (503, {})
    assert send_digests(now=at(10)) == 0
    assert "状态码503" in Digest.objects.get().error
    Channel.objects.update(on=False)
    assert send_digests(now=at(10, days=1)) == 1
    assert "一项整改快到期" in mail.outbox[0].body


def test_one_deaf_receiver_is_asked_once_a_round(root: Organization, office: User, receiver: Receiver) -> None:
    user = mapped(root, receiver, office)
    other = make.user(make.member(user.member.branch, "李强"), "liqiang")
    ChannelAccount.objects.create(channel=Channel.objects.get(), user=other, account="l.q")
    notify([Draft(other.pk, "b", "整改", "又一项")])
    Notice.objects.update(created_at=at(9))
    receiver.answer = lambda n: (503, {})
    send_digests(now=at(10))
    assert sent(receiver) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("wangfang", "第1行应是"),
        ("\nnobody x", "第2行的账号“nobody”不在区委"),
        ("wangfang a\nwangfang b", "第2行的账号“wangfang”重复"),
    ],
)
def test_lines_that_cant_be_read_are_named(root: Organization, office: User, text: str, words: str) -> None:
    made = channel(root, "https://example.org/x", "json")
    make.user(make.member(make.branch(root), "王芳"), "wangfang")
    answer = signed(office).post(reverse("channel-accounts", args=[made.pk]), {"accounts": text})
    assert words in answer.content.decode()
    assert text.strip() in answer.content.decode()


def test_the_list_asks_as_often_however_many_there_are(root: Organization, office: User) -> None:
    client = signed(office)

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            client.get(reverse("channel-list", args=[root.pk]))
        return len(asked)

    channel(root, "https://example.org/x")
    queries()
    before = queries()
    for n in range(8):
        channel(root, "https://example.org/x", "json", id=1000 + n).accounts.create(user=make.user(), account="x")
        Channel.objects.filter(name="json").update(name=f"群{n}")
    assert queries() == before


def test_the_calendar_is_kept_at_the_top(root: Organization) -> None:
    keeper = make.hat(Role.ADMINISTRATOR, root)
    client, address = signed(keeper), reverse("working-day-list", args=[root.pk])
    page = client.get(address, {"year": "2030"}).content.decode()
    assert "平台还不知道2030年的放假和补班安排" in page
    assert "平台还不知道2026年" not in client.get(address, {"year": "2026"}).content.decode()
    data = {"first": "2030-02-02", "last": "2030-02-08", "working": "0", "note": "春节"}
    page = client.post(address, data, follow=True).content.decode()
    assert "已录入7天放假" in page
    row = DayException.objects.get(day=date(2030, 2, 4))
    client.post(reverse("working-day-remove", args=[root.pk, row.pk]))
    assert DayException.objects.count() == 6
    below = make.organization("街道党工委", Organization.objects.get(pk=root.pk))
    assert client.get(reverse("working-day-list", args=[below.pk])).status_code == 404


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"first": ""}, "请填写日期"),
        ({"first": "2030-02-30"}, "不是有效的日期"),
        ({"last": "2030-01-01"}, "不能早于"),
        ({"last": "2030-12-01"}, "一次最多录入31天"),
        ({"working": ""}, "请选择放假还是上班"),
    ],
)
def test_a_wrong_entry_is_explained(root: Organization, changed: dict[str, str], words: str) -> None:
    data = {"first": "2030-02-02", "last": "", "working": "0", "note": ""} | changed
    client = signed(make.hat(Role.ADMINISTRATOR, root))
    assert words in client.post(reverse("working-day-list", args=[root.pk]), data).content.decode()
    assert not DayException.objects.exists()
