"""How much of everything is measured."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any, Self

from rota.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Numbers of jobs, rows and probes; `_seconds` and `_minutes` are times."""

    backlog: int = 100_000  #: no-op jobs to drain
    inserts: int = 5_000  #: jobs that insert a document each
    singles: int = 5_000  #: enqueues, each committed
    many: int = 10_000  #: jobs of one `enqueue_many`
    raw_seconds: float = 2.0  #: for raw commits by two processes
    probes: int = 200  #: jobs whose latency is measured on an idle system, one each 50 ms
    busy_backlog: int = 30_000  #: jobs drained to learn what half the rate is
    busy_seconds: float = 10.0  #: how long jobs come at half the rate
    rows: int = 100_000  #: documents of the chain
    schedules: int = 10_000  #: due at once
    idle_seconds: float = 20.0
    mixed: int = 2_000  #: jobs of 10 to 100 ms
    starts: int = 5  #: how often `rota --help` is run
    queued: int = 1_000_000  #: the grown store: jobs that wait
    finished: int = 10_000_000  #: the grown store: jobs that have ended
    hold_minutes: float = 10.0  #: how long a transaction is held open under load
    hold_rate: int = 1_000  #: jobs a second of that load

    @classmethod
    def quick(cls) -> Self:
        """A few minutes for all rows; the figures only say that it works."""
        return cls(
            backlog=10_000, inserts=1_000, singles=1_000, many=5_000, raw_seconds=0.5, probes=40, busy_backlog=5_000,
            busy_seconds=2.0, rows=5_000, schedules=1_000, idle_seconds=5.0, mixed=200, starts=3, queued=20_000,
            finished=50_000, hold_minutes=0.1, hold_rate=200,
        )  # fmt: skip

    def with_changes(self, changes: Iterable[str]) -> Self:
        """The same with some numbers changed, each written as `NAME=NUMBER`.

        Raises:
            UsageError: there is no such number, or it is none.
        """
        known = {one.name: type(getattr(self, one.name)) for one in fields(self)}
        wanted: dict[str, Any] = {}
        for change in changes:
            name, _, text = change.partition("=")
            if name not in known:
                raise UsageError(f"there is no size {name!r}; there are {', '.join(known)}")
            try:
                wanted[name] = known[name](text.replace("_", ""))
            except ValueError as error:
                raise UsageError(f"{name} takes a number, not {text!r}") from error
            if wanted[name] <= 0:
                raise UsageError(f"{name} takes a number above 0, not {text!r}")
        return replace(self, **wanted)
