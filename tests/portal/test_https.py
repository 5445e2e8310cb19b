"""Nothing is posted into the inner network, to who has no certificate, or without end; robots are spoken to their way."""

import base64
import hashlib
import hmac
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from portal import https
from portal.https import address_of, is_public, post
from portal.messengers import LONGEST, Message, send
from portal.notices import GroupLine
from portal.roads import Refused, Unclear
from tests.sinks import Receiver, running

LINE = GroupLine("3个单位有规定动作过期未完成", "/campaigns/1/late/2/", "进展")
MESSAGE = Message("group-1-20051108", "【平台】11月8日", [LINE])


@pytest.fixture
def receiver(tmp_path: Path, settings: Any) -> Iterator[Receiver]:
    with running(Receiver(tmp_path)) as server:
        settings.WEBHOOK_PRIVATE_ADDRESSES = True
        settings.WEBHOOK_CA_FILE = str(server.authority)
        settings.WEBHOOK_SECONDS = 2
        settings.SITE_URL = "https://portal.example"
        yield server


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/hook",
        "ftp://example.org/",
        "https://",
        "https://user:pass@example.org/",
        "https://example.org:99999/",
        "https://example.org/a b",
        "https://example.org/\r\nHost: inner",
        "javascript:alert(1)",
        "https://example.org/路径",
        "https://example.org/?key=１２３",
        f"https://{'a' * 254}/",
    ],
)
def test_addresses_one_may_not_type(url: str) -> None:
    with pytest.raises(ValueError, match="地址"):
        address_of(url)


@pytest.mark.parametrize(
    ("ip", "public"),
    [
        ("8.8.8.8", True),
        ("2400:3200::1", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::", False),
        ("::7f00:1", False),
        ("64:ff9b:1::a00:1", False),
        ("fec0::1", False),
        ("240.0.0.1", False),
    ],
)
def test_what_is_the_inner_network(ip: str, public: bool) -> None:
    assert is_public(ip) is public


def test_inner_addresses_are_not_posted_to_unless_allowed(receiver: Receiver, settings: Any) -> None:
    settings.WEBHOOK_PRIVATE_ADDRESSES = False
    for url in (
        receiver.url(),
        receiver.url().replace("localhost", "127.0.0.1"),
        "https://[::1]/",
        "https://2130706433/",
    ):
        with pytest.raises(Refused, match="内部网络|找不到主机"):
            post(url, b"{}", {})
    assert receiver.taken == []


def test_a_name_with_one_inner_address_among_others_is_refused(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.WEBHOOK_PRIVATE_ADDRESSES = False
    rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 443)) for ip in ("8.8.8.8", "10.0.0.1")]
    monkeypatch.setattr(https.socket, "getaddrinfo", lambda *args, **kwargs: rows)
    with pytest.raises(Refused, match="内部网络"):
        post("https://both.example/", b"", {})


def test_of_several_addresses_the_one_that_the_system_would_take(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """A machine without IPv6 must not try that first, because it sorts first."""
    settings.WEBHOOK_PRIVATE_ADDRESSES = False
    rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 443)) for ip in ("39.1.1.1", "2400:3200::1")]
    monkeypatch.setattr(https.socket, "getaddrinfo", lambda *args, **kwargs: rows)
    assert https.reachable("both.example", 443) == "39.1.1.1"


def test_a_certificate_nobody_vouches_for_is_refused(receiver: Receiver, settings: Any) -> None:
    settings.WEBHOOK_CA_FILE = ""
    with pytest.raises(Refused, match="安全证书"):
        post(receiver.url(), b"{}", {})
    assert receiver.taken == []


def test_redirections_are_not_followed(receiver: Receiver) -> None:
    receiver.answer = lambda n: (302, {})
    assert post(receiver.url(), b"{}", {}).status == 302
    assert len(receiver.taken) == 1


def test_no_answer_is_an_unknown_outcome_within_the_time(receiver: Receiver) -> None:
    receiver.hold.clear()
    start = time.monotonic()
    with pytest.raises(Unclear, match="可能已经送达"):
        post(receiver.url(), b"{}", {})
    assert time.monotonic() - start < 4
    assert len(receiver.taken) == 1


def test_nobody_there_is_certain_not_to_have_it() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(Refused, match="连接不上|内部网络"):
        post(f"https://localhost:{port}/", b"", {})


def test_a_long_answer_is_not_read_to_its_end(receiver: Receiver) -> None:
    receiver.answer = lambda n: (200, b"x" * 500_000)
    assert len(post(receiver.url(), b"{}", {}).body) <= https.LONGEST_ANSWER + https.PIECE


def test_a_server_that_drips_is_hung_up_on(receiver: Receiver, settings: Any) -> None:
    settings.WEBHOOK_SECONDS = 1
    receiver.drips = True
    start = time.monotonic()
    with pytest.raises(Unclear):
        post(receiver.url(), b"{}", {})
    assert time.monotonic() - start < 4


def test_wecom(receiver: Receiver) -> None:
    send("wecom", receiver.url("/cgi-bin/webhook/send?key=k"), "", MESSAGE)
    (body,) = receiver.bodies()
    assert body["msgtype"] == "markdown"
    assert "[3个单位有规定动作过期未完成](https://portal.example/campaigns/1/late/2/)" in body["markdown"]["content"]
    assert receiver.taken[0][0].endswith("?key=k")


def test_dingtalk_signs_in_the_address(receiver: Receiver) -> None:
    send("dingtalk", receiver.url("/robot/send?access_token=t"), "SECx", MESSAGE)
    query = parse_qs(urlsplit(receiver.taken[0][0]).query)
    moment = query["timestamp"][0]
    expected = hmac.new(b"SECx", f"{moment}\nSECx".encode(), hashlib.sha256).digest()
    assert query["sign"] == [base64.b64encode(expected).decode()]
    assert (len(moment), query["access_token"]) == (13, ["t"])


def test_feishu_signs_in_the_message(receiver: Receiver) -> None:
    send("feishu", receiver.url(), "key", MESSAGE)
    (body,) = receiver.bodies()
    expected = hmac.new(f"{body['timestamp']}\nkey".encode(), b"", hashlib.sha256).digest()
    assert body["sign"] == base64.b64encode(expected).decode()
    assert "· 3个单位" in body["content"]["text"]


def test_plain_json_is_signed_over_time_and_body(receiver: Receiver) -> None:
    send("json", receiver.url(), "s" * 16, Message("digest-7-20051108", "提醒", [LINE], to="wang.fang"))
    _, headers, body = receiver.taken[0]
    signed = hmac.new(b"s" * 16, headers["X-Portal-Timestamp"].encode() + b"." + body, hashlib.sha256).hexdigest()
    assert headers["X-Portal-Signature"] == f"sha256={signed}"
    assert headers["Idempotency-Key"] == "digest-7-20051108"
    (said,) = receiver.bodies()
    assert (said["to"], said["type"], said["id"]) == ("wang.fang", "person", "digest-7-20051108")


@pytest.mark.parametrize(
    ("kind", "status", "said", "words"),
    [
        ("wecom", 200, {"errcode": 93000, "errmsg": "invalid webhook url"}, "错误码93000"),
        ("feishu", 200, {"code": 19021, "msg": "sign match fail"}, "sign match fail"),
        ("dingtalk", 200, b"<html>", "看不懂"),
        ("wecom", 200, [], "看不懂"),
        ("json", 500, {}, "状态码500"),
        ("json", 302, {}, "状态码302"),
    ],
)
def test_a_refusal_is_told_in_chinese(receiver: Receiver, kind: str, status: int, said: Any, words: str) -> None:
    receiver.answer = lambda n: (status, said)
    with pytest.raises(Refused, match=words):
        send(kind, receiver.url(), "s" * 16, MESSAGE)


def test_a_long_message_is_cut_at_a_whole_line() -> None:
    text = Message("n", "标题", [GroupLine("很长的一行" * 10, "/x/")] * 200).markdown()
    assert len(text.encode()) < LONGEST + 100
    assert "另有" in text.splitlines()[-1]


def test_two_at_once_do_not_disturb_each_other(receiver: Receiver) -> None:
    threads = [threading.Thread(target=post, args=(receiver.url(), b"{}", {})) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(receiver.taken) == 4
