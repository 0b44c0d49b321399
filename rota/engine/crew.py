"""The dispatcher's workers: their sockets, pipes and slates, and what was handed to each.

The dispatcher keeps the worker's end of each socket open too, so that it can read back what a worker has not begun:
each datagram goes to exactly one reader.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from rota.engine.descriptors import receive, send_file
from rota.engine.nursery import Born, Dead, Nursery
from rota.engine.report import Runner
from rota.engine.slate import Slate
from rota.engine.worker import LONGEST_MESSAGE, WorkerSettings, encode_hand_out, serial_of, serve
from rota.jobs import Claim
from rota.store.words import ClaimRef

PIPE_SIZE = 256 << 10
# The most that the system gives unasked, or less if it does not.
SOCKET_SIZE = 208 << 10


@dataclass(slots=True, eq=False)
class Held:
    """A claim of ours: waiting for a worker, in one, or ended and not recorded yet."""

    site: str
    claim: Claim
    ref: ClaimRef
    waiting_since: float = 0.0  #: seconds, monotonic: when it was claimed or taken back
    canceled_at: float | None = None  #: when its job was told to stop
    gone: bool = False  #: the store says that somebody else has decided about it
    timeout: float = 0.0  #: seconds; 0 until it is looked at
    load: float = 0.0  #: seconds that it was thought to take when a worker got it
    given_at: float = 0.0  #: seconds, monotonic: when a worker got it

    def limit(self) -> float:
        """The job's timeout in seconds. Read only once a job has run for a while: most never ask."""
        if not self.timeout:
            try:
                self.timeout = float(json.loads(self.claim.body)["timeout"])
            except (ValueError, TypeError, KeyError):
                self.timeout = 1.0  # the worker refuses it at once
        return self.timeout


@dataclass(slots=True, eq=False)
class Hand:
    """One worker."""

    number: int
    jobs: socket.socket  #: our end
    theirs: socket.socket  #: the worker's end, to read back from
    reports: int  #: the pipe's reading end
    slate: Slate
    born_at: int  #: microseconds
    spawned_at: float  #: seconds, monotonic
    pid: int = 0
    pidfd: int = -1
    held: dict[int, Held] = field(default_factory=dict)  #: by serial number, in the order given
    rest: bytearray = field(default_factory=bytearray)
    load: float = 0.0  #: seconds of work that it is thought to have
    retiring: bool = False
    runs_async: bool = False
    doomed: str = ""  #: why it is being killed
    doomed_serial: int = 0
    finished: int = 0
    failed: int = 0
    busy: float = 0.0  #: seconds

    def note(self, seconds: float, *, failed: bool) -> None:
        """One of its jobs took so long."""
        self.busy += seconds
        self.finished += not failed
        self.failed += failed

    def ease(self, held: Held) -> None:
        """One of its jobs is over; behind one that was slow, it counts as busy until it has nothing left."""
        if not self.held:
            self.load, self.runs_async = 0.0, False
        elif held.load < float("inf"):
            self.load = max(0.0, self.load - held.load)

    @property
    def is_open(self) -> bool:
        """Whether it takes more work."""
        return not self.retiring and not self.doomed

    @property
    def is_new(self) -> bool:
        """Whether it has done nothing yet: its first job waits until its process is there and has opened the site."""
        return not self.finished and not self.failed


class Crew:
    """Makes, feeds, hears, and ends workers. Knows nothing of stores."""

    def __init__(self, runner: Runner, settings: WorkerSettings) -> None:
        """Fork the nursery; no database connection may be open yet."""
        self._settings = settings
        self._nursery = Nursery(serve(runner, settings), runner.preload)
        self._numbers = count(1)
        self._serials = count(1)
        self.hands: dict[int, Hand] = {}

    def fileno(self) -> int:
        """Readable when `events` has something."""
        return self._nursery.fileno()

    def __iter__(self) -> Iterator[Hand]:
        return iter(self.hands.values())

    def hire(self, born_at: int) -> Hand:
        """Ask for one more worker. It may be given work at once."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_SIZE)
        read, write = os.pipe()
        os.set_blocking(read, False)
        # Workers write on while the dispatcher waits for the disk.
        with suppress(PermissionError):
            fcntl.fcntl(read, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
        hand = Hand(
            number=next(self._numbers),
            jobs=ours,
            theirs=theirs,
            reports=read,
            slate=Slate(self._settings.async_jobs),
            born_at=born_at,
            spawned_at=time.monotonic(),
        )
        self.hands[hand.number] = hand
        try:
            self._nursery.spawn(hand.number, jobs=theirs, reports=write, slate=hand.slate.descriptor)
        finally:
            os.close(write)
        return hand

    def events(self) -> list[tuple[Hand, Dead | None]]:
        """Workers that were born (None) or died since the last call.

        Raises:
            NurseryGone: no worker can be made any more.
        """
        found: list[tuple[Hand, Dead | None]] = []
        for event in self._nursery.hear():
            hand = self.hands[event.number]
            if isinstance(event, Born):
                hand.pid, hand.pidfd = event.pid, event.pidfd
            found.append((hand, event if isinstance(event, Dead) else None))
        return found

    def give(self, hand: Hand, held: Held) -> bool:
        """Hand a claim to a worker; False when its socket is full."""
        serial = next(self._serials)
        message, rest = encode_hand_out(serial, held.site, held.claim)
        try:
            if rest:
                send_file(hand.jobs, message, rest)
            else:
                hand.jobs.send(message)
        except BlockingIOError:
            return False
        hand.held[serial] = held
        return True

    def take_back(self, hand: Hand) -> list[Held]:
        """What the worker has not begun, in the order in which it was given. It will not begin it."""
        found: list[Held] = []
        while True:
            try:
                data, descriptors = receive(hand.theirs, LONGEST_MESSAGE + 64, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return found
            for one in descriptors:
                os.close(one)
            if not data:
                return found
            found.append(hand.held.pop(serial_of(data)))

    def read(self, hand: Hand) -> list[Sequence[Any]]:
        """The lines that came from the worker, each as its values."""
        return self._lines(hand) if self._fill(hand) else []

    def read_all(self, hand: Hand) -> list[Sequence[Any]]:
        """All that a dead worker left in its pipe; a line that it could not finish is dropped."""
        while self._fill(hand):
            pass
        return self._lines(hand)

    @staticmethod
    def _fill(hand: Hand) -> bool:
        try:
            data = os.read(hand.reports, PIPE_SIZE)
        except BlockingIOError:
            return False
        hand.rest += data
        return bool(data)

    @staticmethod
    def _lines(hand: Hand) -> list[Sequence[Any]]:
        end = hand.rest.rfind(b"\n") + 1
        data = bytes(hand.rest[:end])
        del hand.rest[:end]
        if b"[" not in data:
            # The ends of jobs that left nothing to tell, two numbers each: most that is ever heard.
            words = [int(word) for word in data.split()]
            return list(zip(words[::2], words[1::2], strict=True))
        return [
            json.loads(one) if one[:1] == b"[" else [int(word) for word in one.split()] for one in data.splitlines()
        ]

    def retire(self, hand: Hand) -> None:
        """Let the worker end once it is through with what it has."""
        if not hand.retiring:
            hand.retiring = True
            hand.jobs.shutdown(socket.SHUT_WR)

    def kill(self, hand: Hand, why: str, serial: int = 0) -> None:
        """Kill the worker with all that it started; its death is told by `events`."""
        if not hand.doomed:
            hand.doomed, hand.doomed_serial = why, serial
            self._nursery.kill(hand.number)

    def bury(self, hand: Hand) -> None:
        """Free what belonged to a dead worker."""
        del self.hands[hand.number]
        hand.jobs.close()
        hand.theirs.close()
        os.close(hand.reports)
        hand.slate.close()
        if hand.pidfd >= 0:
            os.close(hand.pidfd)

    def close(self) -> None:
        """Kill what still lives, wait for it, and free everything."""
        self._nursery.close()
        for hand in list(self):
            self.bury(hand)
