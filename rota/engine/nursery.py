"""A process that forks workers and buries them.

It is forked from the dispatcher before that opens a database connection, so no worker inherits one, and it imports the
applications once for all workers. Workers die with it, and it ends when its dispatcher does.

The two speak over a SOCK_SEQPACKET pair: one JSON message a datagram, descriptors beside it.
"""

from __future__ import annotations

import ctypes
import gc
import json
import logging
import os
import selectors
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn

import psutil
from setproctitle import setproctitle

from rota.engine.descriptors import receive
from rota.errors import RotaError

log = logging.getLogger("rota.nursery")

PR_SET_PDEATHSIG = 1
MESSAGE = 4096
Work = Callable[[int, socket.socket, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Born:
    """A worker is there."""

    number: int
    pid: int
    pidfd: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dead:
    """A worker and its process group are dead and waited for."""

    number: int
    pid: int
    status: int  #: as os.waitstatus_to_exitcode gives it: the exit code, or minus the signal
    peak_kib: int  #: the most memory it ever held, in KiB

    @property
    def cause(self) -> str:
        """How it died, for people."""
        if self.status < 0:
            return f"killed by {signal.Signals(-self.status).name}, peak memory {self.peak_kib // 1024} MiB"
        return f"ended with exit code {self.status}"


class NurseryGone(RotaError):
    """The process that forks workers has died, so the dispatcher has to start anew."""


class Nursery:
    """The dispatcher's end: asks for workers, and hears of their births and deaths."""

    def __init__(self, work: Work, preload: Callable[[], None]) -> None:
        """Fork the nursery. `preload` runs there, once; `work(number, jobs, reports, slate)` in each worker."""
        mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket = mine
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if self.pid == 0:
            mine.close()
            exit_after(lambda: _Parent(theirs, work, preload).run())
        theirs.close()
        self._socket.setblocking(False)

    def fileno(self) -> int:
        return self._socket.fileno()

    def spawn(self, number: int, *, jobs: socket.socket, reports: int, slate: int) -> None:
        """Ask for a worker that reads hand-outs from `jobs` and writes to `reports`; `Born` follows."""
        self._send({"spawn": number}, [jobs.fileno(), reports, slate])

    def kill(self, number: int) -> None:
        """Kill a worker, its process group and their descendants with SIGKILL; `Dead` follows."""
        self._send({"kill": number})

    def hear(self) -> list[Born | Dead]:
        """What happened since the last call.

        Raises:
            NurseryGone: the nursery died.
        """
        events: list[Born | Dead] = []
        while True:
            try:
                data, descriptors = receive(self._socket, MESSAGE)
            except BlockingIOError:
                return events
            except ConnectionResetError:
                data = b""
            if not data:
                raise NurseryGone("the process that forks workers has died; its workers died with it")
            message = json.loads(data)
            events.append(Born(**message, pidfd=descriptors[0]) if descriptors else Dead(**message))

    def close(self) -> None:
        """End the nursery and all its workers at once, and wait for it."""
        self._socket.close()
        with suppress(ChildProcessError):
            os.waitpid(self.pid, 0)

    def _send(self, message: dict[str, int], descriptors: list[int] | None = None) -> None:
        data = json.dumps(message).encode()
        try:
            self._socket.setblocking(True)
            socket.send_fds(self._socket, [data], descriptors or [])
        except (BrokenPipeError, ConnectionResetError) as error:
            raise NurseryGone("the process that forks workers has died; its workers died with it") from error
        finally:
            self._socket.setblocking(False)


class _Parent:
    """The nursery's own side: a loop over requests and the deaths of children."""

    def __init__(self, control: socket.socket, work: Work, preload: Callable[[], None]) -> None:
        self._control = control
        self._work = work
        self._preload = preload
        self._numbers: dict[int, int] = {}  # pid to number
        self._pid = os.getpid()

    def run(self) -> None:
        setproctitle("rota: nursery")
        # They mean the dispatcher, which ends this process when it is through.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        self._preload()
        # Kept out of collections, the pages that workers share stay shared.
        gc.collect()
        gc.freeze()
        selector, rang = selectors.DefaultSelector(), _ring_on_sigchld()
        selector.register(self._control, selectors.EVENT_READ)
        selector.register(rang, selectors.EVENT_READ)
        while True:
            ready = {key.fileobj for key, _ in selector.select()}
            if rang in ready:
                os.read(rang, MESSAGE)
                self._bury()
            if self._control in ready and not self._serve():
                break
        for pid in list(self._numbers):
            _kill_tree(pid)
        while self._numbers:
            self._bury(wait=True)

    def _serve(self) -> bool:
        try:
            data, descriptors = receive(self._control, MESSAGE)
        except ConnectionResetError:
            return False  # the dispatcher died before it had read all
        if not data:
            return False
        message = json.loads(data)
        if "spawn" in message:
            self._spawn(message["spawn"], descriptors)
        else:
            for pid, number in self._numbers.items():
                if number == message["kill"]:
                    _kill_tree(pid)
        return True

    def _spawn(self, number: int, descriptors: list[int]) -> None:
        try:
            pid = os.fork()
        except OSError:
            log.exception("no worker could be forked")
            _close(descriptors)
            self._tell({"number": number, "pid": 0, "status": 1, "peak_kib": 0})
            return
        if pid == 0:
            exit_after(lambda: self._be_worker(number, descriptors))
        self._numbers[pid] = number
        _close(descriptors)
        # Taken before the child can be reaped, so it never means another process.
        pidfd = os.pidfd_open(pid)
        self._tell({"number": number, "pid": pid}, [pidfd])
        os.close(pidfd)

    def _be_worker(self, number: int, descriptors: list[int]) -> None:
        os.setpgid(0, 0)
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != self._pid:
            return  # it died between the fork and here
        self._control.close()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        jobs, reports, slate = descriptors
        self._work(number, socket.socket(fileno=jobs), reports, slate)

    def _bury(self, *, wait: bool = False) -> None:
        while self._numbers:
            flags = os.WEXITED | os.WNOWAIT | (0 if wait else os.WNOHANG)
            found = os.waitid(os.P_ALL, 0, flags)
            if found is None:
                return
            pid = found.si_pid
            # Not reaped yet, so no other group can have this number: what the worker started dies with it.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
            _, status, usage = os.wait4(pid, 0)
            number = self._numbers.pop(pid, None)
            if number is not None:
                code = os.waitstatus_to_exitcode(status)
                self._tell({"number": number, "pid": pid, "status": code, "peak_kib": usage.ru_maxrss})

    def _tell(self, message: dict[str, int], descriptors: list[int] | None = None) -> None:
        # Its dispatcher is gone: the loop ends with the next message that is not there.
        with suppress(BrokenPipeError, ConnectionResetError):
            socket.send_fds(self._control, [json.dumps(message).encode()], descriptors or [])


def exit_after(call: Callable[[], None]) -> NoReturn:
    """The life of a forked process: nothing of its parent's may run in it afterwards."""
    code = 1
    try:
        call()
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    except BaseException:
        log.exception("this process ends")
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _ring_on_sigchld() -> int:
    read, write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return read


def _kill_tree(pid: int) -> None:
    """Kill an unreaped child with its group, and what it started that left the group."""
    descendants: list[Any] = []
    with suppress(psutil.Error):
        descendants = psutil.Process(pid).children(recursive=True)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    for one in descendants:
        with suppress(psutil.Error):
            one.kill()


def _close(descriptors: list[int]) -> None:
    for one in descriptors:
        os.close(one)
