"""Wake sleeping dispatchers and schedulers of this bench as soon as there is something for them.

A datagram on a Unix socket says which site and what about; it carries no truth. One that gets lost costs a sleeper
the time to its next look at the store, so no sender ever waits or fails.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import psutil

JOBS, SCHEDULES, CONTROL = "jobs", "schedules", "control"
#: In place of a site: a process of this bench has started.
HELLO = ""
PREFIX, SUFFIX = "wake-", ".sock"
# sun_path has 108 bytes, and a bench may lie deeper than that.
LONGEST_PATH = 100
QUEUE_LENGTH = Path("/proc/sys/net/unix/max_dgram_qlen")


class WakeSocket:
    """Where a process of this bench hears that it is wanted. Give it to a selector, and `drain` it when readable."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = folder / f"{PREFIX}{os.getpid()}-{secrets.token_hex(4)}{SUFFIX}"
        self._owner = os.getpid()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
        with _short(folder) as short:
            self._socket.bind(f"{short}/{self.path.name}")
        self._full = int(QUEUE_LENGTH.read_text())

    def fileno(self) -> int:
        return self._socket.fileno()

    def drain(self) -> tuple[set[tuple[str, str]], bool]:
        """All (site, kind) that came since the last call, and whether others may have been turned away."""
        heard: set[tuple[str, str]] = set()
        count = 0
        while True:
            try:
                message = self._socket.recv(4096)
            except BlockingIOError:
                # A sender that found the queue full gave up; then at least that many messages were there.
                return heard, count >= self._full
            count += 1
            site, _, kind = message.decode("utf-8", "replace").rpartition("\n")
            heard.add((site, kind))

    def close(self) -> None:
        """Stop listening; the file goes with the process that made it."""
        self._socket.close()
        if os.getpid() == self._owner:
            self.path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Waker:
    """Wakes every listening process of a bench; kept by whoever commits jobs or changes schedules."""

    def __init__(self, folder: Path, *, but: str = "") -> None:
        """`but`: the name of a socket that is left out, the caller's own."""
        self._folder = folder
        self._but = but
        self._seen = 0
        self._names: list[str] = []

    def wake(self, site: str, kind: str = JOBS) -> None:
        """Tell all listeners that `site` has something of `kind` for them. Never blocks, never raises."""
        try:
            names = self._listeners()
            if names:
                self._send(f"{site}\n{kind}".encode(), names)
        except OSError:
            return  # no folder, or no descriptor left: the listeners look for themselves before long

    def _listeners(self) -> list[str]:
        changed = self._folder.stat().st_mtime_ns
        if changed != self._seen:
            self._names = [one.name for one in self._folder.glob(f"{PREFIX}*") if one.name != self._but]
            # Within the grain of the file system's clock another change could hide behind the same time.
            self._seen = changed if changed < time.time_ns() - 20_000_000 else 0
        return self._names

    def _send(self, message: bytes, names: list[str]) -> None:
        kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        with socket.socket(socket.AF_UNIX, kind) as sender, _short(self._folder) as short:
            for name in names:
                try:
                    sender.sendto(message, f"{short}/{name}")
                except BlockingIOError:
                    continue  # it takes a full queue for a call from everybody
                except (ConnectionRefusedError, FileNotFoundError):
                    self._forget(name)

    def _forget(self, name: str) -> None:
        pid = name.removeprefix(PREFIX).partition("-")[0]
        if not pid.isdigit() or not psutil.pid_exists(int(pid)):
            with contextlib.suppress(OSError):
                (self._folder / name).unlink(missing_ok=True)


@contextmanager
def _short(folder: Path) -> Iterator[str]:
    """A name of `folder` that leaves room for a file's name in a socket's address."""
    if len(os.fsencode(folder)) + 40 <= LONGEST_PATH:
        yield str(folder)
        return
    handle = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{handle}"
    finally:
        os.close(handle)
