"""How the robots of group messengers, and a receiver of plain JSON, are spoken to.

企业微信: the key is in the address. 钉钉: time in milliseconds and signature in the address. 飞书: time in seconds and
signature in the message. JSON: signed in the headers over time and body, so that it can't be changed or sent again.
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings

from portal.https import Answer, post
from portal.notices import GroupLine
from portal.roads import Refused

JSON = {"Content-Type": "application/json; charset=utf-8"}
# 企业微信 takes 4096 bytes of markdown, the others more.
LONGEST = 3800
SHOWN_ANSWER = 80


@dataclass(frozen=True)
class Message:
    """``number`` is the same in every attempt; ``to`` is an account at the receiver (empty: the group)."""

    number: str
    title: str
    lines: Sequence[GroupLine]
    to: str = ""

    def markdown(self) -> str:
        return within(
            LONGEST, f"**{self.title}**\n", [f"- [{escaped(each.text)}]({link(each)})" for each in self.lines]
        )

    def plain(self) -> str:
        return within(LONGEST, f"{self.title}\n", [f"· {each.text}\n  {link(each)}" for each in self.lines])

    def as_json(self) -> dict[str, Any]:
        items = [{"kind": each.kind, "text": each.text, "url": link(each)} for each in self.lines]
        return {
            "id": self.number,
            "type": "person" if self.to else "group",
            "to": self.to,
            "title": self.title,
            "items": items,
        }


def link(line: GroupLine) -> str:
    return settings.SITE_URL.rstrip("/") + (line.url or "/")


def escaped(text: str) -> str:
    return text.replace("[", "［").replace("]", "］")


def within(limit: int, head: str, lines: Sequence[str]) -> str:
    """As many whole lines as fit into so many bytes, and how many more there are."""
    text = head
    for number, line in enumerate(lines):
        if len((text + line).encode()) > limit:
            return f"{text}\n…另有{len(lines) - number}项，请登录平台查看"
        text += f"\n{line}"
    return text


def signature(key: str, message: str = "") -> str:
    return base64.b64encode(hmac.digest(key.encode(), message.encode(), "sha256")).decode()


def wecom(url: str, secret: str, message: Message) -> Answer:
    body = {"msgtype": "markdown", "markdown": {"content": message.markdown()}}
    return post(url, json.dumps(body, ensure_ascii=False).encode(), JSON)


def dingtalk(url: str, secret: str, message: Message) -> Answer:
    if secret:
        moment = str(round(time.time() * 1000))
        signed = urlencode({"timestamp": moment, "sign": signature(secret, f"{moment}\n{secret}")})
        url += ("&" if urlsplit(url).query else "?") + signed
    body = {"msgtype": "markdown", "markdown": {"title": message.title, "text": message.markdown()}}
    return post(url, json.dumps(body, ensure_ascii=False).encode(), JSON)


def feishu(url: str, secret: str, message: Message) -> Answer:
    body: dict[str, Any] = {"msg_type": "text", "content": {"text": message.plain()}}
    if secret:
        moment = str(round(time.time()))
        body |= {"timestamp": moment, "sign": signature(f"{moment}\n{secret}")}
    return post(url, json.dumps(body, ensure_ascii=False).encode(), JSON)


def plain_json(url: str, secret: str, message: Message) -> Answer:
    body = json.dumps(message.as_json(), ensure_ascii=False).encode()
    moment = str(round(time.time()))
    signed = hmac.new(secret.encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()
    headers = {
        "X-Portal-Timestamp": moment,
        "X-Portal-Signature": f"sha256={signed}",
        "Idempotency-Key": message.number,
    }
    return post(url, body, JSON | headers)


SPEAKERS: dict[str, Callable[[str, str, Message], Answer]] = {
    "wecom": wecom,
    "dingtalk": dingtalk,
    "feishu": feishu,
    "json": plain_json,
}


def send(kind: str, url: str, secret: str, message: Message) -> None:
    """Hand a message over; raises ``Refused`` or ``Unclear`` with what the page should say."""
    answer = SPEAKERS[kind](url, secret, message)
    if not 200 <= answer.status < 300:
        raise Refused(f"对方没有接收（状态码{answer.status}），请核对地址。")
    if kind != "json":
        understood(answer)


def understood(answer: Answer) -> None:
    """Robots answer 200 even when they refuse; the code in the body tells."""
    try:
        said = json.loads(answer.body)
        code = said.get("errcode", said.get("code", said.get("StatusCode")))
    except (ValueError, AttributeError):
        raise Refused("对方的答复看不懂，请核对地址是不是群机器人的地址。") from None
    if code != 0:
        words = str(said.get("errmsg") or said.get("msg") or "")[:SHOWN_ANSWER]
        raise Refused(f"对方没有接收（错误码{code}）：{words}")
