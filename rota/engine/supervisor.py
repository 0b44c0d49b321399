"""The parent of a bench's processes: starts each again when it dies, and ends all of them together.

It opens no database and runs nothing itself, so there is little in it that could fail. Its children are process groups
of their own: a Ctrl-C at the terminal reaches it alone, and it says to each once that it is time to stop.
"""

from __future__ import annotations

import ctypes
import logging
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NoReturn

log = logging.getLogger("rota.supervisor")

PR_SET_PDEATHSIG = 1
# A child that lived this long had a good start: when it dies it is started again at once. Seconds, all of them.
GOOD_LIFE_SECONDS = 10.0
BACK_OFF = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0)
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
RELOAD_SIGNAL = signal.SIGUSR1


@dataclass(slots=True)
class Part:
    """A process to keep alive. `run` gives its exit code."""

    name: str
    run: Callable[[], int]
    reloads: bool = True  #: whether it is started anew when the code has changed
    pid: int = 0
    born: float = 0.0
    start_at: float = 0.0
    deaths: int = 0


@dataclass(slots=True)
class Supervisor:
    """Keeps its parts alive until SIGTERM, SIGINT or SIGHUP; a second one kills them. SIGUSR1 starts them anew."""

    parts: Sequence[Part]
    grace: float  #: seconds that the parts may take to stop before they are killed
    _signals: list[int] = field(default_factory=list)
    _stop_until: float | None = None

    def run(self) -> int:
        """Supervise. The answer is the process's exit code: 1 if a part had to be killed."""
        read, write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        for number in (*STOP_SIGNALS, RELOAD_SIGNAL, signal.SIGCHLD):
            # Whoever started us with nohup wants no end with the terminal.
            if signal.getsignal(number) is not signal.SIG_IGN or number != signal.SIGHUP:
                signal.signal(number, self._note)
        while True:
            self._bury()
            self._obey()
            if self._stop_until is None:
                self._start()
            elif not any(part.pid for part in self.parts):
                return 0
            elif time.monotonic() >= self._stop_until:
                self._send(signal.SIGKILL)
                return 1
            select.select([read], [], [], self._pause())
            with suppress(BlockingIOError):
                os.read(read, 512)

    def _note(self, number: int, _: object) -> None:
        if number != signal.SIGCHLD:
            self._signals.append(number)

    def _obey(self) -> None:
        signals, self._signals = self._signals, []
        for number in signals:
            if number == RELOAD_SIGNAL:
                self._send(signal.SIGTERM, only_reloading=True)
            elif self._stop_until is None:
                self._stop_until = time.monotonic() + self.grace
                self._send(signal.SIGTERM)
            else:
                self._stop_until = 0.0

    # --- children ---

    def _start(self) -> None:
        now = time.monotonic()
        for part in self.parts:
            if not part.pid and part.start_at <= now:
                part.pid, part.born = _forked(part.run), now
                log.info("%s runs as process %d", part.name, part.pid)

    def _bury(self) -> None:
        for part in self.parts:
            if not part.pid:
                continue
            pid, status = os.waitpid(part.pid, os.WNOHANG)
            if not pid:
                continue
            part.pid = 0
            lived = time.monotonic() - part.born
            part.deaths = 0 if lived >= GOOD_LIFE_SECONDS else min(part.deaths + 1, len(BACK_OFF) - 1)
            part.start_at = time.monotonic() + BACK_OFF[part.deaths]
            if self._stop_until is None:
                code = os.waitstatus_to_exitcode(status)
                how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
                log.warning("%s %s; it is started again in %g s", part.name, how, BACK_OFF[part.deaths])

    def _send(self, number: int, *, only_reloading: bool = False) -> None:
        for part in self.parts:
            if part.pid and (part.reloads or not only_reloading):
                with suppress(ProcessLookupError):
                    os.kill(part.pid, number)

    def _pause(self) -> float | None:
        """Seconds until something is to be done without being told; None: nothing is."""
        if self._stop_until is not None:
            return max(0.0, self._stop_until - time.monotonic())
        waiting = [part.start_at for part in self.parts if not part.pid]
        return max(0.0, min(waiting) - time.monotonic()) if waiting else None


def _forked(run: Callable[[], int]) -> int:
    parent = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        _be_child(run, parent)
    return pid


def _be_child(run: Callable[[], int], parent: int) -> NoReturn:
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        for number in (*STOP_SIGNALS, RELOAD_SIGNAL, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        os.setpgid(0, 0)
        # Without its supervisor a child would go on unseen, and in the way of the next one.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() == parent:
            code = run()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001 - the process ends here, and says why
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
