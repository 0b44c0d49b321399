"""How cost grows: `python benchmarks/sweeps.py [--curves backlog,sites] [--quick]`.

Each curve varies one thing and measures another, on SQLite and on a PostgreSQL server of its own. The points go to
build/sweeps.json, after each of them; `chart.py` draws the curves.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from server import REPO, private_server

from rota.benchmark.arena import Arena
from rota.benchmark.fill import fill_finished, fill_queued
from rota.benchmark.rates import drained
from rota.benchmark.report import conditions, kind, shown
from rota.benchmark.standing import at_rest
from rota.benchmark.waits import start_bench
from rota.engine.rest import LONGEST_SECONDS
from rota.engine.roster import LONGEST_LOOK_SECONDS
from rota.schedule import Schedule
from rota.store.views import ScheduleRow

SQLITE, POSTGRESQL = "sqlite", "postgresql"


@dataclass(frozen=True)
class Effort:
    """How much is done for a point: jobs drained, seconds of idleness, seconds until sites are at rest."""

    jobs: int = 20_000
    idle_seconds: float = 20.0
    rest_seconds: float = LONGEST_SECONDS + LONGEST_LOOK_SECONDS


@dataclass(frozen=True)
class Curve:
    """`measure(database, xs, effort)` gives y for one x after the other; `--quick` takes the `quick` ones."""

    x: str
    y: str
    xs: Sequence[int]
    quick: Sequence[int]
    measure: Callable[[str, Sequence[int], Effort], Generator[float, None, None]]
    databases: Sequence[str] = (SQLITE, POSTGRESQL)


def backlog(database: str, xs: Sequence[int], effort: Effort) -> Generator[float, None, None]:
    """The first jobs of a backlog."""
    filled = waiting = 0
    with Arena(database) as arena:
        for x in xs:
            fill_queued(arena, x - waiting, first=filled + 1)
            filled += x - waiting
            count = min(effort.jobs, x)
            yield drained(arena, count)["jobs/s"]
            waiting = x - count


def enqueue(database: str, xs: Sequence[int], effort: Effort) -> Generator[float, None, None]:
    """Milliseconds of single enqueues, each committed, into a backlog."""
    with Arena(database) as arena:
        for there, x in pairwise((0, *xs)):
            fill_queued(arena, x - there, first=there + 1)
            with arena.jobs() as (jobs, commit):
                begin = time.monotonic()
                for i in range(effort.jobs // 40):
                    jobs.enqueue("load.tasks.noop", {"i": i})
                    commit()
                yield (time.monotonic() - begin) / (effort.jobs // 40) * 1000


def history(database: str, xs: Sequence[int], effort: Effort) -> Generator[float, None, None]:
    """Jobs that come after many that have ended."""
    with Arena(database) as arena:
        for there, x in pairwise((0, *xs)):
            fill_finished(arena, x - there, first=there + 1)
            arena.enqueue_many("noop", effort.jobs)
            yield drained(arena, effort.jobs)["jobs/s"]


def queues(database: str, xs: Sequence[int], effort: Effort) -> Generator[float, None, None]:
    """As many jobs in as many queues of one's own, which are all served."""
    for x in xs:
        names = [f"queue{number:03}" for number in range(x)]
        with Arena(database, settings={"workers": {name: {"timeout": 300} for name in names}}) as arena:
            for name in names:
                arena.enqueue_many("noop", effort.jobs // x, queue=name)
            yield drained(arena, effort.jobs // x * x)["jobs/s"]


def sites(database: str, xs: Sequence[int], effort: Effort) -> Generator[float, None, None]:
    """Of all processes of a bench in which nothing happens."""
    with Arena(database) as arena:
        for there, x in pairwise((1, *xs)):
            arena.add_sites([f"site{number:03}.localhost" for number in range(there, x)])
            start_bench(arena)
            time.sleep(effort.rest_seconds)
            yield at_rest(arena, 3 * effort.idle_seconds)["CPU %"]
            arena.stop()


def schedules(database: str, xs: Sequence[int], effort: Effort) -> Generator[float, None, None]:
    """The scheduler's, with schedules of which none is due."""
    far = [
        Schedule(id=f"far-{i}", method="load.tasks.noop", frequency="Cron", cron="0 0 1 1 *") for i in range(max(xs))
    ]
    with Arena(database) as arena:
        for x in xs:
            with arena.site.store.turn() as turn:
                turn.put_schedules([ScheduleRow(id=one.id, definition=one.to_json()) for one in far[:x]])
            arena.start("schedule")
            time.sleep(5)
            yield at_rest(arena, effort.idle_seconds)["CPU %"]
            arena.stop()


def workers(database: str, xs: Sequence[int], effort: Effort) -> Generator[float, None, None]:
    """No-op jobs, which keep the dispatcher busier than the workers."""
    with Arena(database) as arena:
        for x in xs:
            arena.workers = x
            arena.enqueue_many("noop", effort.jobs)
            yield drained(arena, effort.jobs)["jobs/s"]


def sleepers(database: str, xs: Sequence[int], effort: Effort) -> Generator[float, None, None]:
    """Jobs that wait for 10 ms, as for somebody else's answer."""
    count = effort.jobs // 20
    with Arena(database) as arena:
        for x in xs:
            arena.workers = x
            with arena.jobs() as (jobs, commit):
                jobs.enqueue_many("load.tasks.stamp", [{"i": i, "seconds": 0.01} for i in range(count)])
                commit()
            yield drained(arena, count)["jobs/s"]


def dispatchers(database: str, xs: Sequence[int], effort: Effort) -> Generator[float, None, None]:
    """No-op jobs shared by dispatchers with one worker each."""
    with Arena(database, workers=1) as arena:
        for x in xs:
            arena.enqueue_many("noop", 2 * effort.jobs)
            yield drained(arena, 2 * effort.jobs, dispatchers=x)["jobs/s"]


def payload(database: str, xs: Sequence[int], effort: Effort) -> Generator[float, None, None]:
    """Jobs with so many bytes of arguments."""
    with Arena(database) as arena:
        for x in xs:
            count = max(200, min(effort.jobs, 20_000_000 // x))
            with arena.jobs() as (jobs, commit):
                for first in range(0, count, 1000):
                    numbers = range(first, min(first + 1000, count))
                    jobs.enqueue_many("load.tasks.noop", [{"i": i, "filler": "x" * x} for i in numbers])
                    commit()
            yield drained(arena, count)["jobs/s"]


CURVES = {
    "backlog": Curve("jobs waiting", "jobs/s", (1_000, 10_000, 100_000, 1_000_000), (200, 2_000), backlog),
    "enqueue": Curve("jobs waiting", "ms an enqueue", (1_000, 10_000, 100_000, 1_000_000), (200, 2_000), enqueue),
    "history": Curve("jobs finished", "jobs/s", (1_000, 100_000, 1_000_000, 5_000_000), (200, 2_000), history),
    "queues": Curve("queues", "jobs/s", (1, 3, 10, 30, 100), (1, 5), queues),
    "sites": Curve("idle sites", "CPU %", (1, 50, 100, 200), (1, 3), sites, (SQLITE,)),
    "schedules": Curve("schedules, none due", "CPU %", (1, 100, 1_000, 10_000), (1, 100), schedules),
    "workers": Curve("workers", "no-op jobs/s", (1, 2, 3, 4, 6, 8), (1, 2), workers),
    "sleepers": Curve("workers", "jobs/s of 10 ms", (1, 2, 3, 4, 6, 8), (1, 2), sleepers),
    "dispatchers": Curve("dispatchers", "jobs/s", (1, 2, 3, 4), (1, 2), dispatchers, (POSTGRESQL,)),
    "payload": Curve("bytes of arguments", "jobs/s", (100, 1_000, 10_000, 100_000), (100, 10_000), payload),
}


def sweep(names: Sequence[str], databases: Sequence[str], output: Path, *, quick: bool) -> None:
    """Measure the curves, and save what there is after each point."""
    effort = Effort(jobs=500, idle_seconds=1.0, rest_seconds=1.0) if quick else Effort()
    told: dict[str, Any] = {"conditions": conditions(databases), "curves": {}}
    for name in names:
        curve = CURVES[name]
        entry = told["curves"].setdefault(name, {"x": curve.x, "y": curve.y, "points": {}})
        xs = curve.quick if quick else curve.xs
        with ExitStack() as stack:
            # Each keeps what it has made for the points before: the databases take turns all the same.
            found = {
                kind(database): stack.enter_context(closing(curve.measure(database, xs, effort)))
                for database in databases
                if kind(database) in curve.databases
            }
            for x in xs:
                for database, points in found.items():
                    y = next(points)
                    entry["points"].setdefault(database, []).append([x, y])
                    print(f"{name}, {database}: {x:,} {curve.x}, {shown(y)} {curve.y}", flush=True)
                    output.write_text(json.dumps(told, indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--curves", default=",".join(CURVES), help="comma-separated; all by default")
    parser.add_argument("--quick", action="store_true", help="few and small points, to see that it works")
    parser.add_argument("--only", choices=[SQLITE, POSTGRESQL], help="one database instead of both")
    parser.add_argument("--output", type=Path, default=REPO / "build/sweeps.json")
    args = parser.parse_args()
    names = args.curves.split(",")
    if unknown := sorted(set(names) - set(CURVES)):
        parser.error(f"there is no curve {unknown[0]!r}; there are {', '.join(CURVES)}")
    args.output.parent.mkdir(parents=True, exist_ok=True)
    with private_server() as dsn:
        wanted = {SQLITE: SQLITE, POSTGRESQL: dsn}
        databases = [url for name, url in wanted.items() if args.only in (None, name)]
        sweep(names, databases, args.output, quick=args.quick)


if __name__ == "__main__":
    main()
