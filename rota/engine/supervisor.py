"""The tree of processes under one command: started, restarted when they die, stopped together, heard in one stream.

The supervisor holds no connection and imports no application, so each child starts from a clean sheet.
"""

from __future__ import annotations

import ctypes
import logging
import os
import selectors
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn, Protocol

from rota.engine.nursery import PR_SET_PDEATHSIG, exit_after

log = logging.getLogger("rota.supervisor")

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

FIRST_DELAY_SECONDS, LAST_DELAY_SECONDS = 0.1, 10.0
# Who has run for so long did not fail at its start.
SETTLED_SECONDS = 10.0
READY_POLL_SECONDS = 0.05
LONGEST_LINE = 64 << 10
WRONG_USAGE = 2
COLOURS = (36, 33, 35, 32, 34, 31)  # of ANSI


class Output(Protocol):
    """Where lines go."""

    def write(self, text: str, /) -> object: ...
    def flush(self) -> object: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A process to keep alive: a function, whose value is its exit code, or a command's words."""

    name: str
    run: Callable[[], int | None] | Sequence[str]
    is_ready: Callable[[], bool] | None = None  #: asked until it says yes; None: ready once it runs
    reloads: bool = True  #: restarted at SIGHUP, and when watched files change
    #: the signal at which it ends as soon as its work is done; its successor is started without waiting for that
    hands_over: int | None = None


@dataclass(slots=True, eq=False)
class _Running:
    child: Child
    colour: int
    pid: int = 0
    pipe: int = -1
    rest: bytearray = field(default_factory=bytearray)
    started_at: float = 0.0
    start_at: float | None = 0.0  #: None while it runs
    failures: int = 0
    ready: bool = False
    restarting: bool = False


class Supervisor:
    """Runs until SIGINT or SIGTERM, then stops its children gracefully; a second signal kills them.

    SIGHUP restarts those that reload. One that hands over goes on beside its successor until its work is done.
    """

    def __init__(
        self,
        children: Sequence[Child],
        *,
        grace: float,
        output: Output | None = None,
        colours: bool = False,
        prefixes: bool = True,
        watch: Sequence[Path] = (),
        on_ready: Callable[[], None] | None = None,
    ) -> None:
        """`grace`: seconds that a stop may take before children are killed. `watch`: folders; a changed file in them
        restarts the children that reload. `on_ready` is called once, when all children are ready.
        """
        self._running = [_Running(child, COLOURS[n % len(COLOURS)]) for n, child in enumerate(children)]
        self._grace = grace
        self._output = output or sys.stdout
        self._colours = colours
        self._prefixes = prefixes
        self._leaving: list[_Running] = []  #: have a successor, and end when their work is done
        self._watch = tuple(watch)
        self._on_ready = on_ready
        self._width = max((len(one.child.name) for one in self._running), default=0)
        self._signals: list[int] = []
        self._stopping_since: float | None = None
        self._killed = False
        self._code = 0

    def run(self) -> int:
        """Keep the children alive. 0: all stopped by themselves when told; 1: one had to be killed; 2: wrong usage."""
        self._selector = selectors.DefaultSelector()
        read, write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(signum, lambda number, _: self._signals.append(number))
        self._selector.register(read, selectors.EVENT_READ, lambda: os.read(read, 4096))
        if self._watch:
            self._start_watching()
        while self._stopping_since is None or any(one.pid for one in self._all()):
            self._round()
        signal.set_wakeup_fd(-1)
        self._selector.close()
        return 1 if self._killed else self._code

    # --- the loop ---

    def _round(self) -> None:
        for key, _ in self._selector.select(self._sleep_seconds()):
            key.data()
        now = time.monotonic()
        signals, self._signals = self._signals, []
        for signum in signals:
            self._heed(signum, now)
        self._reap(now)
        self._start_due(now)
        self._check_ready()
        if self._stopping_since is not None and now > self._stopping_since + self._grace:
            self._kill_all()

    def _sleep_seconds(self) -> float | None:
        moments = [one.start_at for one in self._running if one.start_at is not None and self._stopping_since is None]
        if self._stopping_since is not None:
            moments.append(self._stopping_since + self._grace + 0.01)
        if self._on_ready is not None and self._stopping_since is None:
            moments.append(time.monotonic() + READY_POLL_SECONDS)
        return max(0.0, min(moments) - time.monotonic()) if moments else None

    def _heed(self, signum: int, now: float) -> None:
        if signum == signal.SIGHUP:
            self._restart()
        elif signum in (signal.SIGINT, signal.SIGTERM):
            if self._stopping_since is not None:
                self._kill_all()
                return
            self._stop(now)

    def _stop(self, now: float) -> None:
        self._stopping_since = now
        for one in self._all():
            _signal(one.pid, signal.SIGTERM)

    def _kill_all(self) -> None:
        for one in self._all():
            if one.pid:
                self._killed = True
                _signal(one.pid, signal.SIGKILL)

    def _restart(self) -> None:
        if self._stopping_since is not None:
            return
        for number, one in enumerate(self._running):
            if not one.child.reloads or not one.pid:
                continue
            if one.child.hands_over is None:
                one.restarting = True
                _signal(one.pid, signal.SIGTERM)
            else:
                self._leaving.append(one)
                self._running[number] = _Running(one.child, one.colour)
                _signal(one.pid, one.child.hands_over)

    # --- children ---

    def _all(self) -> list[_Running]:
        return [*self._running, *self._leaving]

    def _start_due(self, now: float) -> None:
        if self._stopping_since is not None:
            return
        for one in self._running:
            if one.start_at is not None and now >= one.start_at:
                self._start(one, now)

    def _start(self, one: _Running, now: float) -> None:
        read, write = os.pipe2(os.O_CLOEXEC)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        parent = os.getpid()
        pid = _fork()
        if pid == 0:
            _be_child(one.child, write, parent)
        os.close(write)
        os.set_blocking(read, False)
        one.pid, one.pipe, one.started_at, one.start_at, one.restarting = pid, read, now, None, False
        self._selector.register(read, selectors.EVENT_READ, lambda: self._relay(one))

    def _reap(self, now: float) -> None:
        for one in self._all():
            if not one.pid:
                continue
            pid, status = os.waitpid(one.pid, os.WNOHANG)
            if pid:
                self._buried(one, os.waitstatus_to_exitcode(status), now)

    def _buried(self, one: _Running, code: int, now: float) -> None:
        self._relay(one, last=True)
        self._selector.unregister(one.pipe)
        os.close(one.pipe)
        one.pid = 0
        if one in self._leaving:
            self._leaving.remove(one)
            return
        if self._stopping_since is not None:
            return
        if code == WRONG_USAGE:
            self._say(one, "can't start; all is stopped")
            self._code = WRONG_USAGE
            self._stop(now)
            return
        settled = one.restarting or now - one.started_at > SETTLED_SECONDS
        one.failures = 0 if settled else one.failures + 1
        delay = 0.0 if one.restarting else min(FIRST_DELAY_SECONDS * 2**one.failures, LAST_DELAY_SECONDS)
        one.start_at = now + delay
        if not one.restarting:
            how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
            self._say(one, f"{how}; it is started again in {delay:.1f} s")

    def _check_ready(self) -> None:
        for one in self._running:
            if one.pid and not one.ready:
                one.ready = one.child.is_ready is None or one.child.is_ready()
        if self._on_ready is not None and all(one.ready for one in self._running):
            call, self._on_ready = self._on_ready, None
            call()

    # --- what they say ---

    def _relay(self, one: _Running, *, last: bool = False) -> None:
        try:
            while data := os.read(one.pipe, LONGEST_LINE):
                one.rest += data
                if not last:
                    break
        except BlockingIOError:
            pass  # nothing more for now, or what it started holds the pipe open
        *lines, rest = bytes(one.rest).split(b"\n")
        if rest and (last or len(rest) > LONGEST_LINE):
            lines.append(rest)
            rest = b""
        one.rest = bytearray(rest)
        for line in lines:
            self._write(one, line.decode("utf-8", "replace"))
        self._output.flush()

    def _say(self, one: _Running, text: str) -> None:
        self._write(one, text)
        self._output.flush()

    def _write(self, one: _Running, line: str) -> None:
        prefix = f"{one.child.name:<{self._width}} | " if self._prefixes else ""
        if prefix and self._colours:
            prefix = f"\033[{one.colour}m{prefix}\033[0m"
        self._output.write(f"{prefix}{line}\n")

    # --- watched files ---

    def _start_watching(self) -> None:
        """In a process of its own: a thread here would be cut off by every fork."""
        read, write = os.pipe2(os.O_CLOEXEC)
        parent = os.getpid()
        pid = _fork()
        if pid == 0:
            exit_after(lambda: _watch_files(self._watch, write, parent))
        os.close(write)

        def changed() -> None:
            if os.read(read, 4096):
                self._restart()
            else:
                self._selector.unregister(read)
                os.waitpid(pid, 0)
                log.warning("files are not watched any more")

        self._selector.register(read, selectors.EVENT_READ, changed)


def _fork() -> int:
    """Fork with the signals held back that end a child.

    One that came too early would reach the supervisor's handlers in the child, and be lost when that becomes another
    program.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    pid = os.fork()
    if pid:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
    return pid


def _be_child(child: Child, output: int, parent: int) -> NoReturn:
    def live() -> None:
        _begin_anew(parent)
        # The terminal is the supervisor's: a background group that reads from it is stopped.
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        if callable(child.run):
            for stream in (sys.stdout, sys.stderr):
                stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
            sys.exit(child.run() or 0)
        os.execvp(child.run[0], list(child.run))  # noqa: S606 - the words are the supervisor's own

    exit_after(live)


def _begin_anew(parent: int) -> None:
    """Be a process of its own: no signals but its own, and no life after its supervisor's."""
    signal.set_wakeup_fd(-1)
    for signum in (*_ENDING, signal.SIGCHLD):
        signal.signal(signum, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
    # Ctrl-C reaches a terminal's whole process group; a child is to be told once, by its supervisor.
    os.setpgid(0, 0)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit(1)


def _watch_files(folders: Sequence[Path], output: int, parent: int) -> None:
    _begin_anew(parent)
    import watchfiles  # only who watches pays for it

    for _ in watchfiles.watch(*folders, watch_filter=watchfiles.PythonFilter(), raise_interrupt=False):
        os.write(output, b".")


def _signal(pid: int, signum: int) -> None:
    if pid:
        os.kill(pid, signum)
