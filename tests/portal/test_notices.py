"""Notices are written once; a person gets at most one digest a day, and no notice is lost on the way."""

import smtplib
import threading
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.utils import timezone

from members.models import User
from portal.actions.notice import NEWS_DAYS, collect, mark_read, notify, send_digests
from portal.letters import LISTED
from portal.models import DayException, Digest, Notice
from portal.models.outgoing import MAX_ATTEMPTS
from portal.notices import Draft, notice_sources
from tests import factories as make

TODAY = date(2005, 11, 8)
BACKEND = f"{__name__}.Post"


def at(hour: int, minute: int = 0, days: int = 0) -> datetime:
    return timezone.make_aware(datetime(2005, 11, 8, hour, minute)) + timedelta(days=days)


class Post(EmailBackend):
    """A mail server that does what the test says."""

    on_open: Callable[[], None] | None = None
    on_send: Callable[[], None] | None = None

    def open(self) -> bool:
        if Post.on_open:
            Post.on_open()
        return True

    def send_messages(self, messages: Any) -> int:
        if Post.on_send:
            Post.on_send()
        return super().send_messages(messages)


@pytest.fixture(autouse=True)
def post(settings: Any) -> Iterator[type[Post]]:
    settings.EMAIL_BACKEND = BACKEND
    settings.SITE_URL = "https://portal.example/"
    settings.WORKING_HOURS = (9, 24)
    yield Post
    Post.on_open = Post.on_send = None


def failing(error: Exception) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


def person(**fields: Any) -> User:
    return make.user(**({"email": "wang@example.org"} | fields))


def tell(
    user: User,
    key: str,
    text: str = "请及时办理",
    hour: int = 9,
    days: int = 0,
    kind: str = "整改",
    url: str = "/tasks/1/",
) -> Notice:
    notify([Draft(user.pk, key, kind, text, url)])
    Notice.objects.filter(key=key).update(created_at=at(hour, days=days))
    return Notice.objects.get(key=key)


@pytest.mark.django_db
def test_a_key_is_written_once_and_only_for_accounts_in_use() -> None:
    user, gone = person(), person(is_active=False)
    for _ in range(2):
        notify(
            [Draft(user.pk, "a", "整改", "一"), Draft(user.pk, "a", "整改", "一"), Draft(gone.pk, "b", "整改", "二")]
        )
        notify([Draft(999_999, "c", "整改", "三")])
    assert [(n.recipient, n.key) for n in Notice.objects.all()] == [(user, "a")]


@pytest.mark.django_db
def test_a_long_text_is_cut_and_many_are_written() -> None:
    user = person()
    notify(Draft(user.pk, f"k{n}", "整改", "长" * 600) for n in range(1_200))
    assert Notice.objects.count() == 1_200
    assert len(Notice.objects.first().text) == 500


@pytest.mark.django_db
def test_one_rule_that_fails_keeps_no_other_from_being_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    user = person()

    def broken(today: date) -> list[Draft]:
        raise ZeroDivisionError

    def sound(today: date) -> list[Draft]:
        return [Draft(user.pk, f"sound:{today}", "整改", "一")]

    monkeypatch.setattr(notice_sources, "_functions", [broken, sound])
    collect(TODAY)
    collect(TODAY)
    assert Notice.objects.get().key == "sound:2005-11-08"


@pytest.mark.django_db
def test_the_digest_is_plain_chinese_text_in_groups_with_links() -> None:
    user = person(username="wang")
    tell(user, "a", "甲事项<b>快到期</b> & 请办理", kind="整改")
    tell(user, "b", "阶段还有3天结束", kind="活动安排", url="")
    assert send_digests(now=at(18)) == 1
    (letter,) = mail.outbox
    assert letter.to == ["wang@example.org"]
    assert letter.subject == f"【{settings.PORTAL_NAME}】11月8日提醒（2条）"
    assert "【整改】" in letter.body
    assert "· 甲事项<b>快到期</b> & 请办理\n  https://portal.example/tasks/1/" in letter.body
    assert "全部提醒：https://portal.example/notices/" in letter.body
    assert letter.extra_headers["Message-ID"].startswith(f"<digest-{user.pk}-20051108@")
    assert letter.content_subtype == "plain"


@pytest.mark.django_db
def test_in_working_hours_only(settings: Any) -> None:
    settings.WORKING_HOURS = (9, 18)
    tell(person(), "a")
    assert [send_digests(now=at(hour, minute)) for hour, minute in ((8, 59), (18, 0), (23, 50))] == [0, 0, 0]
    assert not Digest.objects.exists()
    assert send_digests(now=at(17, 50)) == 1


@pytest.mark.django_db
def test_run_again_it_sends_nothing_and_late_news_go_tomorrow() -> None:
    user = person()
    tell(user, "a", "早上的事")
    assert send_digests(now=at(18)) == 1
    tell(user, "b", "晚上的事", hour=19)
    assert [send_digests(now=at(hour)) for hour in (18, 19, 23)] == [0, 0, 0]
    assert send_digests(now=at(8, days=1)) == 0
    assert send_digests(now=at(9, days=1)) == 1
    assert "早上的事" in mail.outbox[0].body
    assert "早上的事" not in mail.outbox[1].body
    assert "晚上的事" in mail.outbox[1].body


@pytest.mark.django_db
def test_without_an_address_or_an_account_in_use_the_portal_only() -> None:
    silent, leaving = person(email=""), person()
    tell(silent, "a")
    tell(leaving, "b")
    User.objects.filter(pk=leaving.pk).update(is_active=False)
    assert send_digests(now=at(18)) == 0
    assert not Digest.objects.exists()
    assert Notice.objects.visible_to(silent).unread().count() == 1


@pytest.mark.django_db
def test_what_was_read_or_is_no_news_any_more_is_not_mailed() -> None:
    user = person()
    mark_read(notices=[tell(user, "a", "看过的")])
    tell(user, "b", "很久以前的", days=-NEWS_DAYS - 5)
    assert send_digests(now=at(18)) == 0
    tell(user, "c", "新的")
    assert send_digests(now=at(18)) == 1
    assert "新的" in mail.outbox[0].body
    assert "看过的" not in mail.outbox[0].body
    assert "很久以前的" not in mail.outbox[0].body


@pytest.mark.django_db
def test_a_long_list_names_the_latest_and_how_many_more() -> None:
    user = person()
    for n in range(LISTED + 3):
        tell(user, f"k{n}", f"第{n:03}件", hour=1 + n // 10)
    send_digests(now=at(18))
    body = mail.outbox[0].body
    assert "第002件" not in body
    assert "第003件" in body
    assert "其余3条" in body


@pytest.mark.django_db
def test_a_second_scheduler_in_the_middle_of_the_first_sends_no_second(post: type[Post]) -> None:
    users = [person(email=f"p{n}@example.org") for n in range(3)]
    for user in users:
        tell(user, f"a{user.pk}")
    counts = []

    def second() -> None:
        post.on_send = None
        counts.append(send_digests(now=at(18)))

    post.on_send = second
    counts.append(send_digests(now=at(18)))
    assert sum(counts) == 3
    assert sorted(letter.to[0] for letter in mail.outbox) == [f"p{n}@example.org" for n in range(3)]


@pytest.mark.django_db
def test_a_mail_server_that_is_down_costs_nothing(post: type[Post]) -> None:
    tell(person(), "a")
    post.on_open = failing(ConnectionRefusedError("refused"))
    assert [send_digests(now=at(18, minute)) for minute in (0, 10, 20)] == [0, 0, 0]
    digest = Digest.objects.get()
    assert (digest.state, digest.attempts) == (Digest.State.WAITING, 0)
    post.on_open = None
    assert send_digests(now=at(23, 50)) == 1
    assert len(mail.outbox) == 1


@pytest.mark.django_db
def test_down_all_evening_it_goes_into_the_next_days_one_digest(post: type[Post]) -> None:
    user = person()
    tell(user, "a", "昨天的事")
    post.on_open = failing(OSError("no route"))
    send_digests(now=at(18))
    post.on_open = None
    assert send_digests(now=at(0, 10, days=1)) == 0
    tell(user, "b", "今天的事", days=1)
    assert send_digests(now=at(18, days=1)) == 1
    (letter,) = mail.outbox
    assert "昨天的事" in letter.body
    assert "今天的事" in letter.body


@pytest.mark.django_db
def test_a_refusal_is_tried_again_after_a_pause_and_not_for_ever(post: type[Post]) -> None:
    tell(person(), "a")
    post.on_send = failing(smtplib.SMTPRecipientsRefused({"wang@example.org": (450, b"later")}))
    assert send_digests(now=at(18)) == 0
    assert "邮件未被接受" in Digest.objects.get().error
    send_digests(now=at(18, 5))
    assert Digest.objects.get().attempts == 1
    post.on_send = None
    assert send_digests(now=at(18, 11)) == 1
    assert (len(mail.outbox), Digest.objects.get().state, Digest.objects.get().error) == (1, Digest.State.SENT, "")


@pytest.mark.django_db
@pytest.mark.parametrize("error", [smtplib.SMTPDataError(550, b"no such user"), ValueError("invalid address")])
def test_an_address_that_is_always_refused_keeps_nobody_waiting(post: type[Post], error: Exception) -> None:
    bad, good = person(email="bad@example.org"), person(email="good@example.org")
    tell(bad, "a")
    tell(good, "b")

    def refuse_one() -> None:
        if Digest.objects.filter(recipient=bad, state=Digest.State.SENDING).exists():
            raise error

    post.on_send = refuse_one
    assert send_digests(now=at(18)) == 1
    assert sum(send_digests(now=at(18) + timedelta(minutes=10 * n)) for n in range(1, 36)) == 0
    digest = Digest.objects.get(recipient=bad)
    assert (digest.state, digest.attempts) == (Digest.State.FAILED, MAX_ATTEMPTS)
    assert [letter.to for letter in mail.outbox] == [["good@example.org"]]


@pytest.mark.django_db
def test_a_fault_of_our_own_keeps_nobody_else_waiting(post: type[Post]) -> None:
    bad, good = person(email="bad@example.org"), person(email="good@example.org")
    tell(bad, "a", "出错的")
    tell(good, "b")

    def break_off() -> None:
        if Digest.objects.filter(recipient=bad, state=Digest.State.SENDING).exists():
            raise RuntimeError("a fault")

    post.on_send = break_off
    assert send_digests(now=at(18)) == 1
    assert [letter.to for letter in mail.outbox] == [["good@example.org"]]
    assert Digest.objects.get(recipient=bad).state == Digest.State.UNCLEAR
    post.on_send = None
    assert send_digests(now=at(19)) == 0, "it may have arrived"
    assert send_digests(now=at(18, days=1)) == 1
    assert "出错的" in mail.outbox[-1].body


@pytest.mark.django_db
def test_a_line_that_breaks_while_sending_sends_no_second_today(post: type[Post]) -> None:
    user = person()
    tell(user, "a", "也许到了")
    post.on_send = failing(smtplib.SMTPServerDisconnected("gone"))
    send_digests(now=at(18))
    post.on_send = None
    assert [send_digests(now=at(hour)) for hour in (19, 23)] == [0, 0]
    assert send_digests(now=at(18, days=1)) == 1
    assert "也许到了" in mail.outbox[0].body


@pytest.mark.django_db
def test_a_sender_that_was_killed_leaves_no_second_mail_and_loses_nothing(post: type[Post]) -> None:
    tell(person(), "a", "途中")
    post.on_send = failing(KeyboardInterrupt())  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        send_digests(now=at(18))
    post.on_send = None
    assert Digest.objects.get().state == Digest.State.SENDING
    assert send_digests(now=at(18, 10)) == 0
    assert Digest.objects.get().state == Digest.State.SENDING, "whoever holds the lease may still be at it"
    Digest.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert send_digests(now=at(18, 20)) == 0
    assert Digest.objects.get().state == Digest.State.UNCLEAR
    assert send_digests(now=at(18, days=1)) == 1
    assert "途中" in mail.outbox[0].body


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="the embedded database has one writer at a time")
def test_four_schedulers_at_once_send_one_digest_each(settings: Any) -> None:
    users = [person(email=f"p{n}@example.org") for n in range(30)]
    today = timezone.localdate()
    settings.WORKING_HOURS = (0, 24)
    DayException.objects.create(day=today, working=True)
    start, failures = threading.Barrier(4), []

    def source(_: date) -> list[Draft]:
        return [Draft(user.pk, f"race:{n}:{user.pk}", "整改", f"第{n}件") for n in range(20) for user in users]

    def schedule() -> None:
        try:
            start.wait()
            notify(source(today))
            start.wait()
            send_digests()
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=schedule) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert Notice.objects.count() == 600
    assert sorted(letter.to[0] for letter in mail.outbox) == sorted(user.email for user in users)
    assert all("（20条）" in letter.subject for letter in mail.outbox)
