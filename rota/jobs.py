"""What a job is: how it was asked for, what was claimed, how it ended, and how it looks to people.

States and the arrows between them (the store guards each once more, by the old state, in its SQL):

    scheduled ──due──> queued ──claim──> started ──> finished
        │  ^             │ ^               │ │ │
        │  └───retry─────┼─┼───────────────┘ │ └──> failed
        └──────cancel────┴─┼──> canceled <───┘
                           └── lost claim, release, retry ── started

A final state has no arrow out: `retry` by hand makes a new job that names the old one. `waiting` is a queued job that
nobody may claim yet, as its concurrency key is full or a job that it depends on is not done.
"""

from __future__ import annotations

import os
import struct
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum, IntEnum, StrEnum
from typing import Any, NamedTuple

SHORT, DEFAULT, LONG = "short", "default", "long"
# Seconds, as in Frappe.
QUEUE_TIMEOUTS: Mapping[str, float] = {SHORT: 300, DEFAULT: 300, LONG: 1500}
MAX_ID_LENGTH = 255


class JobState(StrEnum):
    """What people see; the names are RQ's."""

    SCHEDULED = "scheduled"
    QUEUED = "queued"
    STARTED = "started"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def is_final(self) -> bool:
        return self in (JobState.FINISHED, JobState.FAILED, JobState.CANCELED)


ARROWS: Mapping[JobState, frozenset[JobState]] = {
    JobState.SCHEDULED: frozenset({JobState.QUEUED, JobState.CANCELED}),
    JobState.QUEUED: frozenset({JobState.STARTED, JobState.CANCELED, JobState.SCHEDULED}),
    JobState.STARTED: frozenset(
        {JobState.FINISHED, JobState.FAILED, JobState.CANCELED, JobState.QUEUED, JobState.SCHEDULED}
    ),
    JobState.FINISHED: frozenset(),
    JobState.FAILED: frozenset(),
    JobState.CANCELED: frozenset(),
}


class StateCode(IntEnum):
    """How the tables write a state: `live` holds the first four, `done` the last three."""

    SCHEDULED = 0
    QUEUED = 1
    STARTED = 2
    WAITING = 3
    FINISHED = 4
    FAILED = 5
    CANCELED = 6

    @property
    def state(self) -> JobState:
        return JobState.QUEUED if self is StateCode.WAITING else JobState[self.name]


class Mode(StrEnum):
    """What an enqueue does when a job of its public id is alive."""

    PLAIN = "plain"  # newest arguments win while it waits; a successor once it has been claimed
    SKIP = "skip"  # the live one stays, this one becomes a canceled row
    REPLACE = "replace"  # as PLAIN while it waits; SKIP once it has been claimed
    DEBOUNCE = "debounce"  # as REPLACE, and the waiting time starts anew


_NO_OPTIONS: Mapping[str, Any] = {}


class JobSpec(NamedTuple):
    """One enqueue, complete: what the tables and the outbox carry. Made by `engine.queue`, by keyword, never changed.

    A tuple, as ten thousand may be made in a row. What enqueues of one call differ in stands at its two ends.
    """

    key: str  #: 32 hex digits of a UUIDv7: one enqueue, never given out twice
    id: str  #: the public id; `key` when none was given
    method: str  #: dotted path of the function
    queue: str
    user: str
    created_at: int  #: microseconds since 1970, UTC
    timeout: float  #: seconds
    mode: Mode = Mode.PLAIN
    priority: int = 0  #: lower runs first; 0 is usual
    at_front: bool = False
    run_at: int | None = None  #: microseconds; not before this
    root: str = ""  #: the public id at the head of a chain, "" when it is its own
    parent: str | None = None  #: key of the job that enqueued it
    made_by: int | None = None  #: claim number under which the parent did
    retry_of: str | None = None  #: key of the job that this one repeats
    batch: str | None = None
    begins: tuple[str, ...] = ()  #: definitions of batches (`store.wire.batch_text`) that begin with this job
    ends: tuple[str, ...] = ()  #: keys of batches of which this is the last job that their caller adds
    concurrency_key: str | None = None
    depends_on: tuple[str, ...] = ()  #: keys
    #: plain JSON values that only the worker and the recorder read: `job_name`, `event`, `retry`, `max_crashes`,
    #: `on_success`, `on_failure`, `on_stopped`, `language`, `mask`, `tags`, `result_ttl`, `allow_failure`, ...
    options: Mapping[str, Any] = _NO_OPTIONS
    kwargs: str = "{}"  #: encoded arguments (payload.py)

    @property
    def lane(self) -> int:
        """The place in line among the lanes of its queue: lower first, FIFO inside one."""
        return 2 * self.priority + (0 if self.at_front else 1)

    @property
    def common(self) -> tuple[Any, ...]:
        """All but its key, its id and its arguments."""
        return self[2:-1]

    def again(self, keys: Sequence[str], kwargs: Iterable[str]) -> list[JobSpec]:
        """The same enqueue under other keys, which are the ids, too, each with its encoded arguments."""
        # As `_make`, without its call and its check for each: a list of ten thousand is made at once.
        common, make = self.common, tuple.__new__
        return [make(JobSpec, (key, key, *common, own)) for key, own in zip(keys, kwargs, strict=True)]


class Claim(NamedTuple):
    """One execution of a job, as the dispatcher hands it to a worker, who reads nothing else of it from the store.

    A tuple, as is an outcome: a dispatcher makes thousands a second, and a frozen dataclass takes five times as long.
    """

    key: str
    number: int  #: the claim number: the fence, which a site never gives out twice
    attempt: int  #: 1 for the first
    crashes: int
    failures: int
    id: str
    root: str
    method: str
    queue: str
    user: str
    started_at: int  #: microseconds
    body: str  #: JSON object: kwargs (encoded), timeout, options, parent, ...


class Ending(Enum):
    """How an execution ended, as its worker or its death tells."""

    COMMITTED = "committed"  # its last commit is in the documents' database (W4)
    RETURNED = "returned"  # it wrote nothing and returned
    FAILED = "failed"  # it raised, and was rolled back
    LATER = "later"  # it asked to be run again later: no attempt is burnt
    RELEASED = "released"  # it was not begun, or was stopped for a shutdown: no attempt is burnt
    LOST = "lost"  # its worker died, or lost the claim, or does not know whether its commit happened


class Outcome(NamedTuple):
    """What is to be recorded of one execution; `engine.outcome` decides all of it before the store writes.

    `children` are inserted if it is recorded as finished (those of a COMMITTED one are in the store already).
    """

    key: str
    claim: int
    ending: Ending
    result: str | None = None  #: encoded return value
    error: str | None = None
    #: run again at (microseconds) if it is not over; None with FAILED or LOST: no try is left
    run_at: int | None = None
    children: tuple[JobSpec, ...] = ()
    on_failure: JobSpec | None = None  #: inserted if it is recorded as failed
    on_stopped: JobSpec | None = None  #: inserted if it is recorded as canceled


_pack_key = struct.Struct(">QQ").pack
_VERSION, _TAIL, _VARIANT = 0x7000, 0x3FFF_FFFF_FFFF_FFFF, 0x8000_0000_0000_0000


class _Keys:
    """Makes keys that increase within a process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def __call__(self) -> str:
        """A new key: UUIDv7 (RFC 9562) as 32 hex digits, increasing within a process."""
        return self.many(1)[0]

    def many(self, count: int) -> list[str]:
        """So many new keys, increasing."""
        stamp = time.time_ns() // 1_000_000
        with self._lock:
            # 12 bits after the time stamp count within the millisecond, so that keys made in a row sort in that order.
            first = max(self._last + 1, stamp << 12)
            self._last = first + count - 1
        tails = struct.unpack(f"{count}Q", os.urandom(8 * count))
        return [
            _pack_key(head >> 12 << 16 | _VERSION | head & 0xFFF, tail & _TAIL | _VARIANT).hex()
            for head, tail in zip(range(first, first + count), tails, strict=True)
        ]


new_key = _Keys()
