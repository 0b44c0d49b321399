"""What a long history, a long backlog and an old transaction cost: row k."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rota.benchmark.arena import Arena
from rota.benchmark.fill import fill_finished, fill_queued
from rota.benchmark.rates import Figures, drained, singles
from rota.benchmark.sizes import Sizes
from rota.benchmark.stage import Stage
from rota.benchmark.waits import probed

# The queue that is served while the filled one waits.
SERVED = ("--queue", "short")
STEP = 0.02


@contextmanager
def grown(database: str, sizes: Sizes) -> Iterator[Stage]:
    """Rows a, c and e on an empty store, on one with many jobs waiting and ended, and on one under a held transaction.

    The transaction has been held under load for minutes before the first round, and stays open until the last.
    """
    with Arena(database) as empty, Arena(database) as full, Arena(database) as held, held_transaction(held):
        stores = _Stores(empty, full, held, sizes)
        yield Stage([stores.fill, stores.load], stores.measure)


class _Stores:
    """The three of them."""

    def __init__(self, empty: Arena, full: Arena, held: Arena, sizes: Sizes) -> None:
        self._empty, self._full, self._held, self._sizes = empty, full, held, sizes
        self._drains = min(sizes.backlog, sizes.queued)
        self._filled = self._drained = 0

    def fill(self) -> None:
        """As many have ended and wait in the full store as are wanted."""
        fill_finished(self._full, self._sizes.finished)
        self._fill_up()

    def load(self) -> None:
        """The load beneath the held transaction."""
        load(self._held, self._sizes.hold_minutes * 60, self._sizes.hold_rate)

    def measure(self) -> Figures:
        """Each store's figures in turn, and their shares of the empty one's: above 1 is better for rates, below 1 for
        times."""
        self._fill_up()
        for store in (self._empty, self._held):
            store.enqueue_many("noop", self._drains)
        empty, full, held = (self._round(store) for store in (self._empty, self._full, self._held))
        self._drained += self._drains
        figures = {f"empty: {key}": value for key, value in empty.items()}
        for name, found in (("grown", full), ("held", held)):
            figures |= {f"{name}: {key}": value for key, value in found.items()}
            figures |= {f"{name} of empty: {key}": value / empty[key] for key, value in found.items()}
        return figures

    def _fill_up(self) -> None:
        """Others wait in the place of those that were drained."""
        missing = self._sizes.queued + self._drained - self._filled
        if missing:
            fill_queued(self._full, missing, first=self._filled + 1)
            self._filled += missing

    def _round(self, store: Arena) -> Figures:
        """Rows a, c and e on a store as it is."""
        drain = drained(store, self._drains)
        store.start_workers(*SERVED)
        wait = probed(store, self._sizes.probes)
        store.stop()
        single = singles(store, self._sizes)
        return {
            "a jobs/s": drain["jobs/s"],
            "c enqueues/s": single["enqueues/s"],
            "c of raw": single["of raw"],
            "e p50 ms": wait["p50 ms"],
            "e p99 ms": wait["p99 ms"],
        }


@contextmanager
def held_transaction(arena: Arena) -> Iterator[None]:
    """A transaction that has read and stays open: on SQLite it keeps the WAL from being reset, on PostgreSQL no row
    that dies meanwhile can be removed."""
    with arena.store() as connection:
        connection.begin(write=False)
        if connection.dialect == "postgresql":
            connection.run("set transaction isolation level repeatable read")
        connection.query(f"select count(*) from {arena.table('lane')}")
        try:
            yield
        finally:
            connection.rollback()


def load(arena: Arena, seconds: float, rate: float) -> int:
    """No-op jobs at so many a second, with workers that drain them; the jobs that were enqueued, all finished."""
    since, offered, begin = time.time_ns() // 1000, 0, time.monotonic()
    arena.start_workers()
    with arena.jobs() as (jobs, commit):
        while (passed := time.monotonic() - begin) < seconds:
            due = int(passed * rate) - offered
            if due:
                jobs.enqueue_many("load.tasks.noop", [{"i": i} for i in range(due)])
                commit()
                offered += due
            time.sleep(STEP)
    arena.wait_for(offered, since=since, pause=1)
    arena.stop()
    return offered
