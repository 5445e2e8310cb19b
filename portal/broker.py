"""The embedded broker: Kombu's folder of messages, with messages that appear whole and are taken once.

Kombu's own channel lets a reader find a message that is still being written: the message is lost and the worker stops.
"""

import os
import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps, loads


class Channel(filesystem.Channel):
    """One file per message: renamed into place when complete, taken by whoever succeeds in removing it."""

    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]
        folder = Path(self.data_folder_out)
        name = f"{time.time_ns()}_{uuid.uuid4()}"
        part = folder / f"{name}.part"
        part.write_text(dumps(payload), encoding="utf-8")
        part.replace(folder / f"{name}.{queue}.msg")

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        folder = Path(self.data_folder_in)
        for name in sorted(os.listdir(folder)):
            if name.partition(".")[2] != f"{queue}.msg":
                continue
            try:
                text = (folder / name).read_text(encoding="utf-8")
                (folder / name).unlink()
            except FileNotFoundError:
                continue  # another worker was faster
            return loads(text)
        raise Empty


class Transport(filesystem.Transport):
    """``files://`` in ``BROKER_URL``; its folders are in ``CELERY_BROKER_TRANSPORT_OPTIONS``."""

    Channel = Channel

    def drain_events(self, connection: Any, timeout: float | None = None, **kwargs: Any) -> None:
        """Look for messages for half a second at most, so that a worker soon notices that it should stop."""
        super().drain_events(connection, timeout=timeout and min(timeout, 0.5), **kwargs)


TRANSPORT_ALIASES["files"] = "portal.broker:Transport"
