"""One small cipher interface for what is encrypted at rest; another suite (SM4/SM3) can take its place behind the same functions."""

import hashlib
import hmac
import os
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import models

NONCE_BYTES = 12
TAG_BYTES = 16


@lru_cache(maxsize=64)
def derive(context: str) -> bytes:
    """A 32-byte key for ``context`` out of the portal's field key (HKDF-SHA256)."""
    kdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=b"portal", info=context.encode())
    return kdf.derive(settings.FIELD_KEY.encode())


@lru_cache(maxsize=64)
def suite(context: str) -> AESGCM:
    """The cipher of ``context``, with its key in place."""
    return AESGCM(derive(context))


def seal(text: str, context: str) -> bytes:
    """Ciphertext (nonce first) of ``text``, bound to ``context``. The empty text seals to nothing."""
    if not text:
        return b""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + suite(context).encrypt(nonce, text.encode(), context.encode())


def unseal(sealed: bytes, context: str) -> str:
    """What ``seal`` was given; raises ``ValueError`` when key or context are not the ones that sealed it."""
    data = bytes(sealed)
    if not data:
        return ""
    try:
        return suite(context).decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], context.encode()).decode()
    except InvalidTag as error:
        raise ValueError("sealed with another key or for another field") from error


def piece_cipher(context: str, salt: bytes) -> AESGCM:
    """Every file has a key of its own, so that numbers can serve as nonces."""
    return AESGCM(hmac.new(derive("file"), salt + context.encode(), hashlib.sha256).digest())


def piece_nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(NONCE_BYTES - 1, "big") + bytes([last])


def seal_piece(piece: bytes, context: str, salt: bytes, number: int, last: bool) -> bytes:
    """Ciphertext (``TAG_BYTES`` longer) of one piece of a file, bound to ``context``, to the file's ``salt`` (random, of a fixed length), and
    to its place in the file."""
    return piece_cipher(context, salt).encrypt(piece_nonce(number, last), piece, None)


def unseal_piece(sealed: bytes, context: str, salt: bytes, number: int, last: bool) -> bytes:
    """What ``seal_piece`` was given; raises ``ValueError`` when anything is not as it was then."""
    try:
        return piece_cipher(context, salt).decrypt(piece_nonce(number, last), sealed, None)
    except InvalidTag as error:
        raise ValueError("changed, out of its place, or sealed with another key") from error


def blind_index(text: str, context: str) -> str:
    """A keyed digest (64 hex digits) that finds equal values without revealing them; empty for empty text."""
    return hmac.digest(derive(f"index:{context}"), text.encode(), "sha256").hex() if text else ""


class SealedTextField(models.BinaryField):
    """Text that the database holds only as ciphertext; reads and writes as ``str``. Cannot be searched."""

    # What type checkers are told that it reads and writes.
    _pyi_private_set_type: str
    _pyi_private_get_type: str  # type: ignore[assignment]

    def __init__(self, *args: Any, context: str = "", **kwargs: Any) -> None:
        self.context = context
        kwargs.setdefault("default", b"")
        kwargs.setdefault("blank", True)
        kwargs["editable"] = True
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, list[object], dict[str, object]]:
        name, path, args, kwargs = super().deconstruct()
        kwargs["context"] = self.context
        return name, path, list(args), dict(kwargs)

    def get_default(self) -> str:
        return ""

    def get_db_prep_value(self, value: object, connection: Any, prepared: bool = False) -> Any:
        if isinstance(value, str):
            value = seal(value, self.context)
        return super().get_db_prep_value(value, connection, prepared)

    def from_db_value(self, value: bytes | None, expression: object, connection: object) -> str | None:
        return None if value is None else unseal(value, self.context)

    def to_python(self, value: object) -> object:
        return value

    def value_to_string(self, obj: models.Model) -> str:
        return str(self.value_from_object(obj))
