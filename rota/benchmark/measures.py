"""The measurements, one function each. They start real workers, with the settings that users get."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from rota.benchmark import raw
from rota.benchmark.arena import Arena, cpu_seconds, percentile, pss_mib

Result = dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How much of everything; `quick` is for a first look."""

    backlog: int = 100_000
    inserts: int = 5_000
    singles: int = 5_000
    many: int = 10_000
    probes: int = 200
    rows: int = 100_000
    mixed: int = 2_000
    idle_seconds: float = 20.0
    raw_seconds: float = 2.0

    @classmethod
    def quick(cls) -> Sizes:
        """A minute instead of ten."""
        return cls(
            backlog=10_000, inserts=1_000, singles=1_000, many=5_000, probes=60, rows=5_000, mixed=200, idle_seconds=5.0
        )


@dataclass(slots=True)
class Round:
    """One round of all measurements on one database."""

    database: str
    sizes: Sizes
    results: Result = field(default_factory=dict)

    def run(self, say: Callable[[str], None], only: set[str] | None = None) -> Result:
        """Measure; `say` is told of each result. `only`: these measurements."""
        for name, measure in MEASURES.items():
            if only is not None and name not in only:
                continue
            with Arena(self.database) as arena:
                for key, value in measure(arena, self.sizes).items():
                    self.results[key] = value
                    say(f"{key} {value:,.2f}")
        return self.results


def limits(arena: Arena, sizes: Sizes) -> Result:
    """What the database allows without Rota."""
    database = raw.database_beside(arena.site.path, arena.site.database)
    raw.prepare(database)
    return {
        "raw single commits/s": raw.single_commits(database, sizes.raw_seconds),
        "raw single commits by two/s": raw.single_commits_by_two(database, sizes.raw_seconds),
        "raw rows in thousands/s": raw.bulk(database, 50_000),
    }


def drain(arena: Arena, sizes: Sizes) -> Result:
    """No-op jobs from a backlog, from the first outcome to the last."""
    return {"drain jobs/s": _drained(arena, "noop", sizes.backlog)}


def drain_inserts(arena: Arena, sizes: Sizes) -> Result:
    """The same, each job inserting a document that Rota commits with its outcome."""
    return {"drain inserting jobs/s": _drained(arena, "insert", sizes.inserts)}


def _drained(arena: Arena, method: str, count: int) -> float:
    arena.enqueue_many(method, count)
    arena.start_workers()
    arena.wait_for(count)
    finished, first, last = arena.ended()
    return (finished - 1) / max((last - first) / 1e6, 1e-6)


def enqueue(arena: Arena, sizes: Sizes) -> Result:
    """Enqueues of one process, each committed; and many in one transaction."""
    with arena.jobs() as (jobs, commit):
        jobs.enqueue("load.tasks.noop", {"i": 0})
        commit()
        begin = time.monotonic()
        for i in range(sizes.singles):
            jobs.enqueue("load.tasks.noop", {"i": i})
            commit()
        single = sizes.singles / (time.monotonic() - begin)
        begin = time.monotonic()
        jobs.enqueue_many("load.tasks.noop", [{"i": i} for i in range(sizes.many)])
        commit()
        many = sizes.many / (time.monotonic() - begin)
    return {"enqueue/s": single, "enqueue_many/s": many, "database MiB": arena.size() / 2**20}


def latency(arena: Arena, sizes: Sizes) -> Result:
    """From just before the enqueue to the job's first line, one job every 50 ms on an idle bench."""
    _warm_up(arena)
    sent: dict[int, float] = {}
    with arena.jobs() as (jobs, commit):
        for i in range(1, sizes.probes + 1):
            sent[i] = time.monotonic()
            jobs.enqueue("load.tasks.stamp", {"i": i}, queue="short")
            commit()
            time.sleep(max(0.0, sent[i] + 0.05 - time.monotonic()))
    _wait_for_stamps(arena, sizes.probes + 1)
    delays = [(begin - sent[i]) * 1000 for i, begin, _ in arena.stamps() if i in sent]
    return {f"latency p{share} ms": percentile(delays, share / 100) for share in (50, 95, 99)}


def recovery(arena: Arena, sizes: Sizes) -> Result:
    """How long after a kill -9 jobs run again: of a worker, and of all processes after their restart."""
    del sizes
    _warm_up(arena)
    dispatcher = arena.tree()[0]
    workers = [one for one in arena.tree() if "worker" in " ".join(one.cmdline())]
    with arena.jobs() as (jobs, commit):
        for i in range(10, 14):
            jobs.enqueue("load.tasks.stamp", {"i": i, "seconds": 0.5})
        commit()
    time.sleep(0.2)
    (workers[0] if workers else dispatcher).send_signal(signal.SIGKILL)
    killed = time.monotonic()
    _wait_for_stamps(arena, 5)
    after_worker = max(begin for i, begin, _ in arena.stamps() if i >= 10) - killed
    arena.stop()
    with arena.jobs() as (jobs, commit):
        jobs.enqueue("load.tasks.stamp", {"i": 20})
        commit()
    begin = time.monotonic()
    arena.start_workers()
    _wait_for_stamps(arena, 6)
    return {"after worker's kill s": after_worker, "after restart of all s": arena.stamps()[-1][1] - begin}


def chain(arena: Arena, sizes: Sizes) -> Result:
    """A chain of jobs that gets, saves and commits documents by 500."""
    now = arena.site.now()
    with arena.open() as context:
        fields = ["name", "number", "done", "creation", "modified", "owner", "modified_by"]
        rows = [(f"row{i:06}", i, 0, now, now, "Administrator", "Administrator") for i in range(sizes.rows)]
        context.documents.database.bulk_insert("Benchmark Row", fields, rows)
    with arena.jobs() as (jobs, commit):
        jobs.enqueue("load.tasks.process_rows", job_id="process_rows")
        commit()
    begin = time.monotonic()
    arena.start_workers()
    arena.wait_for(-(-sizes.rows // 500))
    return {"documents saved/s": sizes.rows / (time.monotonic() - begin)}


def idle(arena: Arena, sizes: Sizes) -> Result:
    """Memory and processor of a whole bench that has nothing to do."""
    arena.start("start", "--port", "0", "--workers", str(arena.workers))
    with arena.jobs() as (jobs, commit):
        jobs.enqueue("load.tasks.stamp", {"i": 0})
        commit()
    _wait_for_stamps(arena, 1)
    time.sleep(2)
    tree = arena.tree()
    used, begin = cpu_seconds(tree), time.monotonic()
    time.sleep(sizes.idle_seconds)
    share = (cpu_seconds(tree) - used) / (time.monotonic() - begin)
    return {"idle PSS MiB": pss_mib(tree), "idle CPU %": share * 100}


def mixed(arena: Arena, sizes: Sizes) -> Result:
    """Jobs of 10 to 100 ms: which share of the workers' time they fill."""
    dice = random.Random(7)  # noqa: S311 - the same jobs in every run
    with arena.jobs() as (jobs, commit):
        for i in range(sizes.mixed):
            jobs.enqueue("load.tasks.stamp", {"i": i, "seconds": dice.uniform(0.01, 0.1)})
        commit()
    arena.start_workers()
    arena.wait_for(sizes.mixed)
    stamps = arena.stamps()
    busy = sum(end - begin for _, begin, end in stamps)
    span = max(end for _, _, end in stamps) - min(begin for _, begin, _ in stamps)
    return {"workers' time in jobs %": 100 * busy / (span * arena.workers)}


def _warm_up(arena: Arena) -> None:
    arena.start_workers()
    with arena.jobs() as (jobs, commit):
        jobs.enqueue("load.tasks.stamp", {"i": 0})
        commit()
    _wait_for_stamps(arena, 1)
    time.sleep(1)


def _wait_for_stamps(arena: Arena, count: int, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while len(arena.stamps()) < count:
        if time.monotonic() > end:
            raise TimeoutError(f"{len(arena.stamps())} of {count} jobs have run after {seconds:g} s")
        time.sleep(0.01)


MEASURES: dict[str, Callable[[Arena, Sizes], Result]] = {
    "limits": limits,
    "drain": drain,
    "inserts": drain_inserts,
    "enqueue": enqueue,
    "latency": latency,
    "recovery": recovery,
    "chain": chain,
    "idle": idle,
    "mixed": mixed,
}


def conditions() -> dict[str, Any]:
    """What the figures were measured on."""
    import platform
    import sqlite3

    from rota import __version__
    from rota.benchmark.arena import processors

    return {
        "rota": __version__,
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "machine": platform.machine(),
        "system": f"{platform.system()} {platform.release()}",
        "processors": processors(),
        "workers": 2,
        "durability": "SQLite synchronous=FULL; PostgreSQL as the server is set up",
    }
