"""The road that needs nothing but an address: e-mail."""

from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.mail import EmailMessage, get_connection
from django.db.models import QuerySet

from portal.letters import text_of, unsubscribe_url
from portal.models import Digest
from portal.roads import Refused, Unclear, roads

SMTP_SECONDS = 30


class MailRoad:
    """One connection for all letters of a round."""

    code = "mail"
    order = 90

    def __init__(self) -> None:
        self.connection: Any = None

    def people(self) -> QuerySet[Any]:
        """Who has an address and has not unsubscribed."""
        accounts = get_user_model().objects.filter(is_active=True, mail_refusal=None)
        return accounts.exclude(email="").values("pk")

    def open(self) -> None:
        """A server may have hung up since the last letter: that is found out before the next one is claimed."""
        if self.connection is None:
            self.connection = get_connection(timeout=SMTP_SECONDS)
        wire = getattr(self.connection, "connection", None)
        if wire is not None and not answers(wire):
            self.connection.close()
        self.connection.open()

    def carry(self, digest: Digest) -> None:
        if not self.people().filter(pk=digest.recipient_id).exists():
            raise Refused("收件人刚刚退订，或不再有电子邮箱。")
        try:
            self.connection.send_messages([letter(digest, self.connection)])
        except (SMTPResponseException, SMTPRecipientsRefused, ValueError) as refusal:
            # The server said no, or the address is none.
            self.close()
            raise Refused(f"邮件未被接受：{refusal}") from refusal
        except OSError as broken:
            # Broken off in the middle; SMTP has no way to ask whether the letter was taken.
            self.close()
            raise Unclear("邮件发出后没有收到邮件服务器的答复，可能已经送达。") from broken

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None


def answers(wire: Any) -> bool:
    try:
        return bool(wire.noop()[0] == 250)
    except (SMTPException, OSError):
        return False


def letter(digest: Digest, connection: Any) -> EmailMessage:
    """The letter; its Message-ID is the same in every attempt."""
    away = unsubscribe_url(digest.recipient_id)
    subject, body = text_of(digest, unsubscribe_url=away)
    domain = settings.DEFAULT_FROM_EMAIL.split("@")[-1].rstrip(">")
    headers = {
        "Message-ID": f"<{digest.number}@{domain}>",
        "List-Unsubscribe": f"<{away}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Auto-Submitted": "auto-generated",
    }
    return EmailMessage(subject, body, to=[digest.recipient.email], headers=headers, connection=connection)


roads.register(MailRoad)
