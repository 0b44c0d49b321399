"""Run small services in turn, each when it wants to: one process, one loop, and no service stops the others."""

from __future__ import annotations

import logging
import os
import selectors
import signal
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rota.engine.wake import WakeSocket
from rota.errors import RotaError, StoreUnavailable

log = logging.getLogger("rota.service")

BACK_OFF = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
# To ask a database costs little, and ticks are to fire again soon after it is back.
UNAVAILABLE_SECONDS = 2.0
REFRESH_SECONDS = 30.0


class Service(Protocol):
    """One round of work, and in how many seconds the next should be."""

    def run_once(self) -> float: ...


#: A service's site and kind: a wake-up for them runs it at once.
Name = tuple[str, str]
Services = Callable[[], Mapping[Name, Callable[[], Service]]]


@dataclass(slots=True)
class _Entry:
    make: Callable[[], Service]
    at: float
    service: Service | None = None
    failures: int = 0


class ServiceLoop:
    """Runs until SIGTERM or SIGINT. New services are found and old ones left each half minute, or when woken."""

    def __init__(self, services: Services, *, run_folder: Path) -> None:
        """`services` names what is to run, by site and kind of wake-up, and how to make each."""
        self._services = services
        self._run_folder = run_folder
        self._entries: dict[Name, _Entry] = {}
        self._refresh_at = 0.0
        self._stop = False

    def run(self) -> int:
        """Serve. The answer is the process's exit code."""
        read, write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        for one in (signal.SIGTERM, signal.SIGINT):
            signal.signal(one, self._ask_to_stop)
        with WakeSocket(self._run_folder) as wake, selectors.DefaultSelector() as selector:
            selector.register(wake, selectors.EVENT_READ)
            selector.register(read, selectors.EVENT_READ)
            while not self._stop:
                pause = self.round(time.monotonic())
                for key, _ in selector.select(pause):
                    if key.fileobj is wake:
                        self._wake(*wake.drain())
        signal.set_wakeup_fd(-1)
        return 0

    def round(self, now: float) -> float:
        """Run what is due; seconds until the next is."""
        if now >= self._refresh_at:
            self._refresh(now)
        for name in [name for name, entry in self._entries.items() if entry.at <= now]:
            if self._stop:
                return 0.0
            self._run(name, self._entries[name])
        moments = [self._refresh_at, *(entry.at for entry in self._entries.values())]
        return max(0.0, min(moments) - time.monotonic())

    def _run(self, name: Name, entry: _Entry) -> None:
        try:
            if entry.service is None:
                entry.service = entry.make()
            pause = entry.service.run_once()
            entry.failures = 0
        except Exception as error:
            pause = BACK_OFF[min(entry.failures, len(BACK_OFF) - 1)]
            if isinstance(error, StoreUnavailable):
                pause = min(pause, UNAVAILABLE_SECONDS)
            entry.failures += 1
            known = isinstance(error, RotaError)
            log.warning("%s, %s: %s; next try in %g s", *name, error, pause, exc_info=None if known else error)
        entry.at = time.monotonic() + pause

    def _refresh(self, now: float) -> None:
        self._refresh_at = now + REFRESH_SECONDS
        wanted = self._services()
        for name in [name for name in self._entries if name not in wanted]:
            del self._entries[name]
        for name, make in wanted.items():
            self._entries.setdefault(name, _Entry(make, now))

    def _wake(self, heard: Iterable[Name], overflowed: bool) -> None:
        for name in heard:
            if name in self._entries:
                self._entries[name].at = 0.0
            elif not any(site == name[0] for site, _ in self._entries):
                self._refresh_at = 0.0
        if overflowed:
            for entry in self._entries.values():
                entry.at = 0.0

    def _ask_to_stop(self, *_: object) -> None:
        self._stop = True
