"""Loopback servers that take what the portal sends, count it, and misbehave when told to: mail and HTTPS."""

import contextlib
import datetime as dt
import email
import email.policy
import http.server
import ipaddress
import json
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Mailbox(socketserver.ThreadingTCPServer):
    """An SMTP server. ``taken`` are the letters it has; while ``hold`` is not set, it does not say that it took them."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Postman)
        self.taken: list[EmailMessage] = []
        self.asked = threading.Event()
        self.hold = threading.Event()
        self.hold.set()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server_address[1]}"

    def numbers(self) -> list[str]:
        return [str(letter["Message-ID"]) for letter in self.taken]


class Postman(socketserver.StreamRequestHandler):
    server: Mailbox

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def handle(self) -> None:
        self.say("220 sink")
        with contextlib.suppress(ConnectionError):
            while line := self.rfile.readline().decode(errors="replace").strip().upper():
                if line.startswith("DATA"):
                    self.take()
                elif line.startswith("QUIT"):
                    self.say("221 bye")
                    return
                else:
                    self.say("250 ok")

    def take(self) -> None:
        self.say("354 go on")
        lines: list[bytes] = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line[1:] if line.startswith(b"..") else line)
        letter: Any = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
        self.server.taken.append(letter)
        self.server.asked.set()
        self.server.hold.wait(60)
        self.say("250 taken")


class Receiver(http.server.ThreadingHTTPServer):
    """An HTTPS server. ``taken``: path, headers and body of each request; ``answer(request number)``: status and body."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Clerk)
        self.taken: list[tuple[str, dict[str, str], bytes]] = []
        self.asked = threading.Event()
        self.hold = threading.Event()
        self.hold.set()
        self.answer: Callable[[int], tuple[int, Any]] = lambda n: (200, {"errcode": 0, "code": 0})
        self.drips = False
        self.authority = folder / "authority.pem"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate(folder, self.authority))
        self.socket = context.wrap_socket(self.socket, server_side=True)

    def url(self, path: str = "/hook") -> str:
        return f"https://localhost:{self.server_address[1]}{path}"

    def bodies(self) -> list[Any]:
        return [json.loads(body) for _, _, body in self.taken]


class Clerk(http.server.BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.taken.append((self.path, dict(self.headers), body))
        self.server.asked.set()
        self.server.hold.wait(60)
        if self.server.drips:
            self.drip()
        status, said = self.server.answer(len(self.server.taken))
        content = said if isinstance(said, bytes) else json.dumps(said).encode()
        self.send_response(status)
        if status in {301, 302, 307}:
            self.send_header("Location", self.server.url("/elsewhere"))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def drip(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        with contextlib.suppress(OSError):
            for _ in range(100):
                self.wfile.write(b"x")
                time.sleep(0.2)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


def certificate(folder: Path, authority: Path) -> Path:
    """A certificate for localhost that is its own authority; the path of certificate and key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    public = made.public_bytes(serialization.Encoding.PEM)
    authority.write_bytes(public)
    both = folder / "server.pem"
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    both.write_bytes(public + private)
    return both


@contextmanager
def running(server: Any) -> Iterator[Any]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.hold.set()
        server.shutdown()
        server.server_close()
