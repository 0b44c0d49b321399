"""What a long history, a long backlog and an old transaction cost: row k."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rota.benchmark.arena import Arena
from rota.benchmark.fill import fill_finished, fill_queued
from rota.benchmark.rates import Figures, drained, singles
from rota.benchmark.sizes import Sizes
from rota.benchmark.waits import probed

# The queue that is served while the filled one waits.
SERVED = ("--queue", "short")
STEP = 0.02


def grown(arena: Arena, sizes: Sizes) -> Figures:
    """Rows a, c and e on an empty store, on one with many jobs waiting and ended, and on one under a held transaction.

    The stores take turns, so that a noisy minute hits all; the figures are medians, and each store's share of the
    empty one's (above 1 is better for rates, below 1 for times).
    """
    rounds: dict[str, list[Figures]] = {"empty": [], "grown": [], "held": []}
    server = arena.server
    with Arena(server) as full, Arena(server) as loaded:
        fill_finished(full, sizes.finished)
        fill_queued(full, sizes.queued)
        with held_transaction(loaded):
            load(loaded, sizes.hold_minutes * 60, sizes.hold_rate)
            for number in range(sizes.grown_rounds):
                if number:
                    fill_queued(full, sizes.backlog, first=sizes.queued + 1 + (number - 1) * sizes.backlog)
                for name, store in (("empty", arena), ("grown", full), ("held", loaded)):
                    rounds[name].append(_round(store, sizes, has_backlog=name == "grown"))
    medians = {name: _medians(some) for name, some in rounds.items()}
    figures = {f"{name}: {key}": value for name, found in medians.items() for key, value in found.items()}
    for name in ("grown", "held"):
        shares = {f"{name} of empty: {key}": medians[name][key] / value for key, value in medians["empty"].items()}
        figures |= shares
    return figures


def _round(arena: Arena, sizes: Sizes, *, has_backlog: bool) -> Figures:
    """Rows a, c and e on a store as it is."""
    if not has_backlog:
        arena.enqueue_many("noop", sizes.backlog)
    drain = drained(arena, min(sizes.backlog, sizes.queued) if has_backlog else sizes.backlog)
    arena.start_workers(*SERVED)
    wait = probed(arena, sizes.probes)
    arena.stop()
    single = singles(arena, sizes)
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


def _medians(rounds: list[Figures]) -> Figures:
    return {key: statistics.median(one[key] for one in rounds) for key in rounds[0]}
