"""Child processes that are restarted when they fall and never outlive what started them."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

PR_SET_PDEATHSIG = 1
LONGEST_PAUSE = 30.0
STEADY = 60.0  # seconds after which a child's earlier falls are forgotten


def die_with_parent(parent: int | None = None, **kwargs: object) -> None:
    """Have the kernel kill this process when its parent ends, however it ends (Linux; elsewhere nothing happens).

    Takes any keywords, so that it can be a handler of Celery's process signals.
    """
    if not sys.platform.startswith("linux"):
        return
    parent = parent or os.getppid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)  # it ended before we asked


class Child:
    """One supervised process, leader of its own group: a terminal's Ctrl-C passes it by, its helpers end with it."""

    def __init__(self, name: str, command: Sequence[str], folder: Path) -> None:
        self.folder = folder
        self.name = name
        self.command = list(command)
        self.falls = 0
        self.not_before = 0.0
        self.start()

    def start(self) -> None:
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            self.command,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # banners; what matters is logged to stderr
            start_new_session=True,
            preexec_fn=partial(die_with_parent, os.getpid()),
        )

    def restart_if_fallen(self) -> bool:
        """Start it again when it has ended and its pause is over; the pause doubles with each fall.

        True if it has just been found fallen.
        """
        now = time.monotonic()
        if self.process.poll() is None:
            return False
        if self.not_before:
            if now >= self.not_before:
                self.not_before = 0.0
                self.start()
            return False
        self.signal(signal.SIGKILL)
        self.falls = 1 if now - self.started > STEADY else self.falls + 1
        self.not_before = now + min(LONGEST_PAUSE, 2.0 ** (self.falls - 1))
        return True

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the child; ``SIGKILL`` goes to its whole group."""
        with suppress(ProcessLookupError):
            if number == signal.SIGKILL:
                os.killpg(self.process.pid, number)
            elif self.process.poll() is None:
                self.process.send_signal(number)


class Supervisor:
    """Starts children, restarts those that fall, and ends them all when told to stop (SIGINT, SIGTERM, SIGHUP)."""

    def __init__(self, folder: Path, say: Callable[[str], object]) -> None:
        self.folder = folder
        self.say = say
        self.children: list[Child] = []
        self.asked_to_stop = 0
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.ask_to_stop)

    def ask_to_stop(self, *args: object) -> None:
        self.asked_to_stop += 1

    def add(self, name: str, command: Sequence[str]) -> Child:
        self.children.append(Child(name, command, self.folder))
        return self.children[-1]

    def watch(self) -> None:
        """Keep the children alive until asked to stop."""
        while not self.asked_to_stop:
            for child in self.children:
                if child.restart_if_fallen():
                    pause = child.not_before - time.monotonic()
                    self.say(f"{child.name}意外退出（{child.process.returncode}），{pause:.0f} 秒后重新启动。")
            time.sleep(0.2)

    def stop(self, patience: float = 8.0) -> None:
        """Ask every child to end, wait up to ``patience`` seconds (a second Ctrl-C: no longer), kill what is left."""
        for child in self.children:
            child.signal(signal.SIGTERM)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and self.asked_to_stop < 2 and self.alive():
            time.sleep(0.05)
        for child in self.children:
            child.signal(signal.SIGKILL)
            child.process.wait()

    def alive(self) -> bool:
        return any(child.process.poll() is None for child in self.children)
