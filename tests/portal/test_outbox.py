"""Neither lost nor twice: real workers, a broker that forgets, a worker that is killed while the other side is listening."""

import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from celery import Celery
from redis import Redis

from tests.servers import Site, redis, wait_for
from tests.sinks import Mailbox, Receiver

pytestmark = pytest.mark.servers
PEOPLE = 12
PREPARE = f"""
from datetime import timedelta
from django.utils import timezone
from members.models import Channel, ChannelMessage, Organization, User
from portal.actions.notice import notify
from portal.models import DayException
from portal.notices import Draft
today = timezone.localdate()
for n in range(-7, 3):
    DayException.objects.create(day=today + timedelta(days=n), working=True)
users = [User.objects.create(username=f"p{{n}}", name="测试", email=f"p{{n}}@example.org") for n in range({PEOPLE})]
notify(Draft(user.pk, f"k{{n}}-{{user.pk}}", "整改", f"第{{n}}件") for user in users for n in range(3))
"""
CHANNEL = """
root = Organization.objects.add_root({{"name": "区委", "code": "1", "kind": "committee"}})
made = Channel.objects.create(organization=root, name="群", kind={kind!r}, url={url!r}, secret="s" * 16, host="x")
ChannelMessage.objects.create(channel=made, day=today, lines=[{{"text": "3个支部停滞", "url": "/x/", "kind": ""}}])
"""
TOMORROW = """
from datetime import timedelta
from django.utils import timezone
from portal.actions.notice import send_digests
answer = send_digests(now=timezone.now() + timedelta(days=1))
"""
MAIL = "portal.tasks.send_digests"
GROUPS = "members.tasks.send_groups"


@pytest.fixture
def site(mailbox: Mailbox, receiver: Receiver) -> Iterator[Site]:
    env = {"WORK_STARTS": "0", "WORK_ENDS": "24", "EMAIL_URL": mailbox.url, "WEBHOOK_PRIVATE_ADDRESSES": "1"}
    env |= {"WEBHOOK_CA_FILE": str(receiver.authority), "WEBHOOK_SECONDS": "30"}
    with ExitStack() as stack:
        made = stack.enter_context(Site(stack.enter_context(redis()), **env))
        made.migrate()
        yield made


def ring(site: Site, *names: str) -> None:
    """As the clock does."""
    with Celery(broker=site.env["BROKER_URL"]) as bells:
        for name in names:
            bells.send_task(name, queue="quick")


def states(site: Site, table: str = "portal_digest") -> dict[str, int]:
    """How many rows of the outbox are in which state."""
    return Counter(site.column(f"select state from {table}"))


def kill(worker: "subprocess.Popen[str]") -> None:
    """With kill -9, it and its helpers."""
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()


def readers(mailbox: Mailbox) -> Counter[str]:
    return Counter(str(letter["To"]) for letter in mailbox.taken)


def test_a_flushed_broker_two_schedulers_and_a_slow_server(site: Site, mailbox: Mailbox) -> None:
    """Bells that were lost are rung again by the clock; bells that ring again and again at two workers send nobody two,
    not even while the mail server thinks for longer than a lease lasts: the heartbeat says that somebody is at it."""
    site.run(PREPARE)
    ring(site, MAIL, MAIL)
    Redis.from_url(site.env["BROKER_URL"]).flushall()
    mailbox.hold.clear()
    for _ in range(2):
        site.start_worker("-c", "2")
    assert not mailbox.asked.is_set()
    ring(site, *[MAIL] * 2)
    wait_for(mailbox.asked.is_set, seconds=90)
    for _ in range(3):
        time.sleep(float(site.env["JOB_LEASE_SECONDS"]) / 2)
        ring(site, MAIL)
    assert states(site).get("unclear", 0) == 0
    mailbox.hold.set()
    wait_for(lambda: states(site) == {"sent": PEOPLE}, seconds=120)
    ring(site, MAIL, MAIL)
    wait_for(lambda: site.output().count("succeeded") >= 7, seconds=120)
    assert set(readers(mailbox).values()) == {1}
    assert len(set(mailbox.numbers())) == len(mailbox.taken) == PEOPLE


def test_a_worker_killed_while_the_mail_server_thinks(site: Site, mailbox: Mailbox) -> None:
    """Whether the letter arrived (here it had) cannot be known: there is no second one today, and its news are in
    tomorrow's."""
    site.run(PREPARE)
    mailbox.hold.clear()
    worker = site.start_worker("-P", "solo")
    ring(site, MAIL)
    wait_for(mailbox.asked.is_set, seconds=90)
    kill(worker)
    mailbox.hold.set()
    assert states(site)["sending"] == 1
    site.start_worker("-P", "solo")
    wait_for(lambda: ring(site, MAIL) or states(site) == {"sent": PEOPLE - 1, "unclear": 1}, seconds=120, pause=1)
    assert len(mailbox.taken) == PEOPLE
    assert set(readers(mailbox).values()) == {1}
    assert site.run(TOMORROW) == 1
    assert "第0件" in mailbox.taken[-1].get_content()
    assert len(set(mailbox.numbers())) == len(mailbox.taken) == PEOPLE + 1


@pytest.mark.parametrize(("kind", "times", "state"), [("json", 2, "sent"), ("wecom", 1, "unclear")])
def test_a_worker_killed_while_a_messenger_thinks(
    site: Site, receiver: Receiver, kind: str, times: int, state: str
) -> None:
    """A receiver that knows the number hears it again, under the same number; a robot, which does not, never."""
    site.run(PREPARE + CHANNEL.format(url=receiver.url(), kind=kind))
    receiver.hold.clear()
    worker = site.start_worker("-P", "solo")
    ring(site, GROUPS)
    wait_for(receiver.asked.is_set, seconds=90)
    kill(worker)
    receiver.hold.set()
    site.start_worker("-P", "solo")
    wait_for(lambda: ring(site, GROUPS) or states(site, "members_channelmessage") == {state: 1}, seconds=120, pause=1)
    assert len(receiver.taken) == times
    if kind == "json":
        assert len({headers["Idempotency-Key"] for _, headers, _ in receiver.taken}) == 1
