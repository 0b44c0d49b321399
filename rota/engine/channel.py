"""What a running job says to its dispatcher, and what it is told: log lines, progress, stop, cancel, timeout.

Lines are sent at most twice a second while a job runs, and the rest with its report.
"""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from rota.engine.slate import Slate
from rota.errors import JobCanceled, JobTimeout
from rota.payload import clean_text

FLUSH_SECONDS = 0.5
REWIND_SECONDS = 1.0
CUT = " [... the attempt logged more than is kept; the rest is cut off]"
LONGEST_MESSAGE = 1000  # characters of a progress message
LINE_COST = 32  # what a line takes beside its text, in bytes, roughly
# `json.dumps` would make an encoder for each line.
_encode = json.JSONEncoder(separators=(",", ":")).encode
# Marks of the lines on the pipe that are no report.
LOG, PROGRESS, RETIRE, ASYNC = "log", "progress", "retire", "async"


class Alarm:
    """The one interval timer that a process has, for a job's timeout and for flushing its lines.

    Both are functions called in the main thread, between two of its steps; a block `with alarm:` puts them off.
    """

    def __init__(self) -> None:
        self._due: dict[str, tuple[float, Callable[[], None]]] = {}
        self._put_off = False  #: something was to be wound, or rang, while `_held`
        self._rings_at = float("inf")  #: seconds, monotonic: when the timer goes off
        self._wound_at = 0.0
        self._held = 0
        signal.signal(signal.SIGALRM, self._ring)

    def set(self, name: str, seconds: float, call: Callable[[], None]) -> None:
        """Call `call` in so many seconds, in place of what `name` had."""
        self._due[name] = (time.monotonic() + seconds, call)
        self._wind()

    def clear(self, name: str) -> None:
        # The timer is left as it is: that it rings for nothing once is cheaper than two system calls for each job.
        self._due.pop(name, None)

    def stop(self) -> None:
        """Ring no more: another handler is to have the signal."""
        self._due.clear()
        self._rings_at = float("inf")
        signal.setitimer(signal.ITIMER_REAL, 0)

    def __enter__(self) -> None:
        """From here on nothing is called; what comes meanwhile is called after the outermost block's end."""
        self._held += 1

    def __exit__(self, *_: object) -> None:
        self._held -= 1
        if self._put_off and not self._held:
            self._put_off = False
            self._wind()

    def _wind(self) -> None:
        if self._held:
            self._put_off = True
            return
        if not self._due:
            return
        first, now = min([moment for moment, _ in self._due.values()]), time.monotonic()
        # Once in a while in any case: an application may have set the timer for itself.
        if first < self._rings_at or now > self._wound_at + REWIND_SECONDS:
            self._rings_at, self._wound_at = first, now
            # A delay of 0 would stop the timer; what is overdue rings at once.
            signal.setitimer(signal.ITIMER_REAL, max(first - now, 1e-6))

    def _ring(self, *_: object) -> None:
        self._rings_at = float("inf")
        if self._held:
            self._put_off = True
            return
        now = time.monotonic()
        late = [name for name, (moment, _) in self._due.items() if moment <= now]
        calls = [self._due.pop(name)[1] for name in late]
        self._wind()
        for call in calls:
            call()


class Channel:
    """One execution's line to its dispatcher. The runner hands it to the job's log, progress and database calls."""

    def __init__(
        self,
        serial: int,
        slot: int,
        slate: Slate,
        send: Callable[[bytes], None],
        *,
        body: Mapping[str, Any],
        max_log_size: int,
        alarm: Alarm,
    ) -> None:
        self.serial = serial
        self.body = body  #: the claim's, decoded: kwargs, timeout, options, ...
        self.timeout = float(body["timeout"])  #: seconds
        self._began = time.monotonic_ns()
        self._timed_out = False
        self._slot = slot
        self._slate = slate
        self._send = send
        self._room = max_log_size
        self._alarm = alarm
        self._flush_name = f"flush {slot}"
        self._lines: list[list[Any]] = []
        self._flushed = 0.0

    def elapsed_micros(self) -> int:
        """Microseconds since the execution began."""
        return (time.monotonic_ns() - self._began) // 1000

    @property
    def stopping(self) -> bool:
        """Whether the worker is to stop: a resumable job ends at its next step."""
        return self._slate.stopping

    def check(self) -> None:
        """Called by the job's log, progress and database calls, and before its last commit.

        Raises:
            JobCanceled: somebody canceled the job.
            JobTimeout: the job's time is over, and it went on all the same.
        """
        if self._timed_out:
            self.time_out()
        if self._slate.is_canceled(self._slot, self.serial):
            raise JobCanceled("the job was canceled")

    def time_out(self) -> None:
        """End the job as too long.

        Raises:
            JobTimeout: always.
        """
        self._timed_out = True
        raise JobTimeout(f"the job ran longer than {self.timeout:g} s")

    def must_end(self, *, late: bool) -> BaseException | None:
        """Why a job that runs in an event loop is to be cancelled now, if it is."""
        self._timed_out = self._timed_out or late
        try:
            self.check()
        except (JobTimeout, JobCanceled) as reason:
            return reason
        return None

    def log(self, level: str, text: str) -> None:
        """Keep a line. `level`: logging's name, or OUTPUT. What exceeds the attempt's room is cut, and marked."""
        if self._room <= 0:
            return
        if len(text) > self._room:
            text = text[: self._room] + CUT
        text = clean_text(text, 8 * len(text) + 100)
        self._room -= len(text) + LINE_COST
        with self.uninterrupted():
            self._lines.append([time.time_ns() // 1000, level, text])
            wait = self._flushed + FLUSH_SECONDS - time.monotonic()
            if wait <= 0:
                self._flush_now()
            elif len(self._lines) == 1:
                self._alarm.set(self._flush_name, wait, self._flush_now)

    def progress(self, done: float | None, total: float | None = None, message: str | None = None) -> None:
        """Tell how far the job is. The dispatcher writes the latest at most once a second."""
        text = None if message is None else clean_text(message, LONGEST_MESSAGE)
        with self.uninterrupted():
            self._send(line([PROGRESS, self.serial, done, total, text]))

    def flush(self) -> None:
        """Send the lines that are still here; the last call of an execution."""
        self._alarm.clear(self._flush_name)
        if self._lines:
            with self.uninterrupted():
                self._flush_now()

    def uninterrupted(self) -> AbstractContextManager[None]:
        """Inside, no JobTimeout is raised; if its moment comes, it is raised after the end. For a COMMIT."""
        return self._alarm

    def _flush_now(self) -> None:
        lines, self._lines = self._lines, []
        self._flushed = time.monotonic()
        self._send(line([LOG, self.serial, lines]))


def line(values: list[Any]) -> bytes:
    """A line for the pipe."""
    return _encode(values).encode() + b"\n"
