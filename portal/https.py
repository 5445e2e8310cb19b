"""Posting to an address that somebody typed in: HTTPS only, never into the inner network, never for long.

The name is resolved once, every address it has is checked, and the connection goes to the checked one: what the name
resolves to a moment later does not matter. Redirections are not followed.
"""

import http.client
import ipaddress
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from threading import Timer
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from portal.roads import Refused, Unclear

LONGEST_ANSWER = 64 * 1024
LONGEST_HOST = 253
PIECE = 4096
# So many times the time for one byte is the time for everything.
PATIENCE = 2
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes


def address_of(url: str) -> SplitResult:
    """The parts of a URL one may post to; raises ``ValueError`` (Chinese) for any other."""
    if any(ord(sign) <= 32 or ord(sign) == 127 for sign in url):
        raise ValueError("地址里不能有空格或换行。")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("地址不完整，请从消息工具里重新复制。") from None
    if parts.scheme != "https":
        raise ValueError("地址必须以 https:// 开头，以免内容和密钥在途中被看到。")
    if not parts.hostname or len(parts.hostname) > LONGEST_HOST or parts.username or parts.password or port == 0:
        raise ValueError("地址不完整，请从消息工具里重新复制。")
    if not (parts.path + parts.query).isascii():
        raise ValueError("地址里不能有汉字或全角符号，请从消息工具里重新复制。")
    return parts


def reachable(host: str, port: int) -> str:
    """The IP address of ``host`` that the system would take first and that one may connect to; raises ``Refused``. If one
    of them is of the inner network, none is taken."""
    try:
        found = [str(row[4][0]) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError) as error:
        raise Refused(f"找不到主机{host}，请核对地址。") from error
    if not settings.WEBHOOK_PRIVATE_ADDRESSES and not all(is_public(ip) for ip in found):
        raise Refused(f"{host}在内部网络，平台不向内部地址发送。确需使用的，请系统管理员打开相应设置。")
    return found[0]


def is_public(ip: str) -> bool:
    address = ipaddress.ip_address(ip.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inside = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if address in NAT64:
            inside = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inside is not None:
            return is_public(str(inside))
        if address.is_site_local:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


@lru_cache(maxsize=4)
def tls(ca_file: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca_file or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class PinnedConnection(http.client.HTTPSConnection):
    """Connects to the address that was checked; the certificate is still held against the name."""

    def __init__(self, host: str, port: int, ip: str) -> None:
        self.context = tls(settings.WEBHOOK_CA_FILE)
        super().__init__(host, port, timeout=settings.WEBHOOK_SECONDS, context=self.context)
        self.ip = ip
        self.watch: Timer | None = None
        self.was_cut = False

    def connect(self) -> None:
        wire = socket.create_connection((self.ip, self.port), self.timeout)
        # Timeouts hold for each byte; who drips bytes for ever is hung up on.
        self.wire = wire.dup()
        self.watch = Timer(settings.WEBHOOK_SECONDS * PATIENCE, self.hang_up)
        self.watch.daemon = True
        self.watch.start()
        try:
            self.sock = self.context.wrap_socket(wire, server_hostname=self.host)
        except BaseException:
            wire.close()
            raise

    def close(self) -> None:
        super().close()
        if self.watch is not None:
            self.watch.cancel()
            self.wire.close()

    def hang_up(self) -> None:
        self.was_cut = True
        with suppress(OSError):
            self.wire.shutdown(socket.SHUT_RDWR)


def post(url: str, body: bytes, headers: dict[str, str]) -> Answer:
    """The answer of the other side, whatever its status; raises ``Refused`` when nothing was handed over, ``Unclear`` when
    the answer did not come."""
    try:
        parts = address_of(url)
    except ValueError as error:
        raise Refused(str(error)) from error
    host, port = str(parts.hostname), parts.port or 443
    connection = PinnedConnection(host, port, reachable(host, port))
    try:
        connect(connection)
        return exchange(connection, parts, body, headers)
    finally:
        connection.close()


def connect(connection: PinnedConnection) -> None:
    try:
        connection.connect()
    except ssl.SSLError as error:
        raise Refused(f"{connection.host}的安全证书没有通过验证：{error.reason or error}") from error
    except OSError as error:
        raise Refused(f"连接不上{connection.host}：{error.strerror or '超时'}") from error


def exchange(connection: PinnedConnection, parts: SplitResult, body: bytes, headers: dict[str, str]) -> Answer:
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", target, body, headers | {"User-Agent": "portal", "Connection": "close"})
        response = connection.getresponse()
        answer = Answer(response.status, whole(response))
        if connection.was_cut:
            raise TimeoutError
        return answer
    except (OSError, http.client.HTTPException) as error:
        raise Unclear(f"已发到{connection.host}，但没有收到答复，可能已经送达。") from error


def whole(response: http.client.HTTPResponse) -> bytes:
    """The body, up to ``LONGEST_ANSWER``."""
    found = b""
    while len(found) < LONGEST_ANSWER and (piece := response.read1(PIECE)):
        found += piece
    return found
