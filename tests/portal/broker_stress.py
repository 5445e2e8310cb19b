"""Writers and a reader on one folder of messages, each in its own process."""

import multiprocessing
from pathlib import Path
from queue import Empty

from kombu import Connection

from portal import broker  # noqa: F401 - names the transport


def connect(folder: Path) -> Connection:
    places = {"data_folder_in": str(folder), "data_folder_out": str(folder), "control_folder": str(folder / "control")}
    return Connection("files://localhost", transport_options=places)


def write(folder: Path, messages: int) -> None:
    with connect(folder) as connection:
        queue = connection.SimpleQueue("quick")
        for number in range(messages):
            queue.put({"number": number, "text": "字" * 500})


def run(folder: Path, writers: int, messages: int) -> int:
    """How many messages arrived by the time the writers were done and the folder was empty."""
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=write, args=(folder, messages)) for _ in range(writers)]
    for process in processes:
        process.start()
    arrived = 0
    with connect(folder) as connection:
        channel = connection.default_channel
        while True:
            finished = not any(process.is_alive() for process in processes)
            try:
                channel._get("quick")
                arrived += 1
            except Empty:
                if finished:
                    return arrived
