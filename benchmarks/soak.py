"""PostgreSQL at length: `python benchmarks/soak.py [--jobs 1000000] [--rate 2000] [--dispatchers 4]`.

No-op jobs at a steady rate, drained by several dispatchers at once, while another connection holds a snapshot that
was taken before the first of them: no row that dies may be removed. Every few seconds a sample is taken. The samples
go to build/soak.json as they come; `chart.py` draws them.
"""

from __future__ import annotations

import argparse
import json
import statistics
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
from server import REPO, private_server

from rota.benchmark.arena import Arena, cpu_seconds, pss_mib
from rota.benchmark.grown import held_transaction
from rota.benchmark.report import conditions
from rota.db import Connection, open_database

CLAIM = """
select coalesce(sum(calls), 0), coalesce(sum(total_exec_time) / nullif(sum(calls), 0), 0),
    coalesce(max(max_exec_time), 0)
from pg_stat_statements s join pg_database d on d.oid = s.dbid
where d.datname = current_database() and query like '%picked as materialized%'
"""
ROWS = "select n_live_tup, n_dead_tup from pg_stat_user_tables where schemaname = 'rota' and relname = 'live'"
WAITING = """
select count(*) from pg_stat_activity
where datname = current_database() and wait_event_type = 'Lock' and pid <> pg_backend_pid()
"""
BATCH_SECONDS = 0.02


class Producer(threading.Thread):
    """Enqueues so many jobs at so many a second."""

    def __init__(self, arena: Arena, jobs: int, rate: float) -> None:
        super().__init__(name="producer")
        self._arena, self._jobs, self._rate = arena, jobs, rate
        self.offered = 0
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self._produce()
        except BaseException as error:
            self.error = error
            raise

    def _produce(self) -> None:
        begin = time.monotonic()
        with self._arena.jobs() as (jobs, commit):
            while self.offered < self._jobs:
                due = min(self._jobs, int((time.monotonic() - begin) * self._rate)) - self.offered
                for _ in range(0, due, 1000):
                    count = min(1000, due)
                    jobs.enqueue_many("load.tasks.noop", [{"i": self.offered + i} for i in range(count)])
                    commit()
                    self.offered += count
                    due -= count
                time.sleep(BATCH_SECONDS)


def sample(arena: Arena, watch: Connection, since: int) -> dict[str, float]:
    """What it costs now; times of claims are those since the last sample, as the server measured them."""
    claims = watch.one(CLAIM) or (0, 0, 0)
    watch.query("select pg_stat_statements_reset()")
    rows = watch.one(ROWS) or (0, 0)
    tree = arena.tree()
    descriptors = 0
    for process in tree:
        with suppress(psutil.NoSuchProcess):
            descriptors += process.num_fds()
    return {
        "claims": float(claims[0]),
        "claim ms": float(claims[1]),
        "slowest claim ms": float(claims[2]),
        "dead rows": float(rows[1]),
        "live MiB": float(watch.value("select pg_total_relation_size('rota.live')")) / 2**20,
        "waiting for locks": float(watch.value(WAITING)),
        "PSS MiB": pss_mib(tree),
        "descriptors": float(descriptors),
        "processor seconds": cpu_seconds(tree),
        "finished": float(arena.ended(since)[0]),
    }


def soak(arena: Arena, args: argparse.Namespace, told: dict[str, Any]) -> None:
    """Run to the end, and save the samples as they come."""
    watch = open_database(arena.database_url).connect()
    watch.run("create extension if not exists pg_stat_statements")
    since, begin = time.time_ns() // 1000, time.monotonic()
    for _ in range(args.dispatchers):
        arena.start_workers()
    producer = Producer(arena, args.jobs, args.rate)
    producer.start()
    try:
        while True:
            time.sleep(args.every)
            now = {"seconds": time.monotonic() - begin, "offered": float(producer.offered)} | sample(
                arena, watch, since
            )
            told["samples"].append(now)
            args.output.write_text(json.dumps(told, indent=1) + "\n")
            print(", ".join(f"{key} {value:,.1f}" for key, value in now.items()), flush=True)
            if producer.error is not None or now["finished"] >= args.jobs:
                return
            if now["seconds"] > args.jobs / args.rate + args.patience:
                raise TimeoutError(f"{now['finished']:,.0f} of {args.jobs:,} jobs have finished")
    finally:
        producer.join()
        watch.close()


def ends(samples: list[dict[str, float]]) -> dict[str, tuple[float, float]]:
    """Medians of the first and of the last quarter of the samples: what is flat has about the same twice."""
    quarter = max(1, len(samples) // 4)
    keys = ("claim ms", "slowest claim ms", "PSS MiB", "descriptors", "waiting for locks")
    return {
        key: (
            statistics.median(one[key] for one in samples[:quarter]),
            statistics.median(one[key] for one in samples[-quarter:]),
        )
        for key in keys
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1_000_000)
    parser.add_argument("--rate", type=float, default=2_000, help="jobs a second")
    parser.add_argument("--dispatchers", type=int, default=4)
    parser.add_argument("--workers", type=int, default=1, help="of each dispatcher")
    parser.add_argument("--every", type=float, default=5, help="seconds between samples")
    parser.add_argument("--patience", type=float, default=600, help="seconds for what is left at the end")
    parser.add_argument("--no-snapshot", action="store_true", help="hold none, to compare")
    parser.add_argument("--output", type=Path, default=REPO / "build/soak.json")
    args = parser.parse_args()
    args.output.parent.mkdir(parents=True, exist_ok=True)
    with (
        private_server(shared_preload_libraries="pg_stat_statements") as dsn,
        Arena(dsn, workers=args.workers) as arena,
    ):
        told: dict[str, Any] = {"conditions": conditions([dsn]), "samples": []}
        told["conditions"] |= {"jobs": args.jobs, "jobs/s": args.rate, "dispatchers": args.dispatchers}
        told["conditions"] |= {"workers": args.workers * args.dispatchers, "snapshot held": not args.no_snapshot}
        if args.no_snapshot:
            soak(arena, args, told)
        else:
            with held_transaction(arena):
                soak(arena, args, told)
        for key, (first, last) in ends(told["samples"]).items():
            print(f"{key}: {first:,.2f} in the first quarter, {last:,.2f} in the last")


if __name__ == "__main__":
    main()
