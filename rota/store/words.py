"""The small values that go in and out of a turn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from rota.jobs import JobSpec, JobState

DAY = 86_400.0


class ClaimRef(NamedTuple):
    """One claim of one job: its key and the claim number, which is the fence."""

    key: str
    number: int


class Inserted(NamedTuple):
    """What became of an enqueue. A loser to another job of its id is CANCELED and names the winner."""

    key: str
    state: JobState
    winner: str | None = None


class Recorded(NamedTuple):
    """What an outcome made of its job. `state` None: dropped, as somebody else had decided about the claim."""

    key: str
    claim: int
    state: JobState | None


class Want(NamedTuple):
    """How many jobs of a queue may be claimed now."""

    queue: str
    limit: int


class Steering(NamedTuple):
    """What people ask of one resumable job while it runs."""

    held: bool = False  #: to hold on until it is told to go on
    rate: float | None = None  #: rows a second that it may do at most, in place of what it asks for itself


@dataclass(frozen=True, slots=True)
class BeatResult:
    """What a dispatcher learns at its beat."""

    alive: bool  #: False: its lease was taken away; kill the workers and register anew
    canceled: frozenset[ClaimRef] = frozenset()  #: somebody wants these canceled
    gone: frozenset[ClaimRef] = frozenset()  #: these are not ours any more


@dataclass(frozen=True, slots=True, kw_only=True)
class LostClaim:
    """A claim whose dispatcher's lease is over, with what `engine.outcome` needs to decide."""

    key: str
    number: int
    id: str
    root: str
    method: str
    queue: str
    user: str
    attempt: int
    crashes: int
    failures: int
    token: str
    host: str | None
    body: str

    @property
    def ref(self) -> ClaimRef:
        return ClaimRef(self.key, self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """A job that is being canceled while no worker has it: what its `on_stopped` job is made from."""

    key: str
    id: str
    root: str
    method: str
    queue: str
    user: str
    claim: int
    attempt: int
    body: str
    reason: str


OnStopped = Callable[[Stopped], JobSpec | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    """Limits of a site's store. Durations in seconds, sizes in bytes."""

    lease: float = 20.0
    beat: float = 5.0
    busy_timeout: float = 30.0
    statement_timeout: float = 30.0  #: PostgreSQL only
    answer_timeout: float = 40.0  #: PostgreSQL only: how long a server may say nothing before it is given up
    pooler: bool = False  #: PostgreSQL: behind a transaction pooler, so no session state and nothing prepared
    priority_ageing: float = 300.0  #: a job that has waited for so long gets its turn, whatever its lane; 0 never
    max_result: int = 1 << 20
    max_error: int = 64 << 10
    result_ttl: float | None = None  #: a result is dropped this long after the end; None: with its job
    keep_finished: float = 7 * DAY
    keep_failed: float = 30 * DAY
    keep_canceled: float = 7 * DAY
    keep_finished_count: int = 1_000_000
    keep_failed_count: int = 100_000
    keep_canceled_count: int = 100_000
    keep_ticks: float = 90 * DAY
    keep_events: float = 3600.0
