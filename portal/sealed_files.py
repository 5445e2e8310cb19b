"""Files that lie on the disk only as ciphertext: a head with a salt, then sealed pieces of which each knows its place and the last that it is
the last, so that nothing can be changed, exchanged, put in another order or cut off unnoticed."""

import os
from collections.abc import Iterator
from io import BytesIO
from typing import IO, Any

from portal.ciphers import TAG_BYTES, seal_piece, unseal_piece

HEAD = b"sealed-1"
SALT_BYTES = 16
PIECE = 1 << 20
SEALED_PIECE = PIECE + TAG_BYTES


class Damaged(ValueError):
    """The file is not, or no longer, what was sealed for this context."""


def sealed(content: bytes, context: str) -> Iterator[bytes]:
    """``content`` sealed for ``context``, piece by piece as it is to be written; never more than a piece in memory besides ``content``."""
    return sealed_stream(BytesIO(content), context)


def sealed_stream(content: IO[Any], context: str) -> Iterator[bytes]:
    """The same for what is read from a file, two pieces in memory at most."""
    salt = os.urandom(SALT_BYTES)
    yield HEAD + salt
    number, piece = 0, content.read(PIECE)
    while True:
        following = content.read(PIECE)
        yield seal_piece(piece, context, salt, number, not following)
        if not following:
            return
        number, piece = number + 1, following


def unsealed(file: IO[Any], context: str) -> Iterator[bytes]:
    """The pieces of what was sealed, each verified before it is given out; raises ``Damaged``."""
    head = file.read(len(HEAD) + SALT_BYTES)
    if not head.startswith(HEAD):
        raise Damaged
    number, piece = 0, file.read(SEALED_PIECE)
    while True:
        following = file.read(SEALED_PIECE)
        try:
            yield unseal_piece(piece, context, head[len(HEAD) :], number, not following)
        except ValueError as error:
            raise Damaged from error
        if not following:
            return
        number, piece = number + 1, following


def read_sealed(file: IO[Any], context: str) -> bytes:
    """All of what was sealed (twice its size in memory at most); raises ``Damaged`` and then gives nothing."""
    return b"".join(unsealed(file, context))


def size_unsealed(size: int) -> int:
    """How many bytes are in a sealed file of ``size`` bytes."""
    body = size - len(HEAD) - SALT_BYTES
    return max(0, body - TAG_BYTES * -(-body // SEALED_PIECE))
