"""How much gets done in a time: rows a to d, h and l. Each function measures one row and gives its figures."""

from __future__ import annotations

import random
import time

from rota.benchmark.arena import Arena, cpu_seconds, pss_mib
from rota.benchmark.raw import commits_by_two, raw_beside
from rota.benchmark.sizes import Sizes

Figures = dict[str, float]
# Enqueues and raw commits take turns of so many, so that a noisy second hits both.
TURN = 250
BATCH = 500


def drain(arena: Arena, sizes: Sizes) -> Figures:
    """No-op jobs from a backlog, from the first outcome to the last."""
    arena.enqueue_many("noop", sizes.backlog)
    return drained(arena, sizes.backlog)


def drained(arena: Arena, count: int, *, dispatchers: int = 1) -> Figures:
    """Start so many dispatchers with their workers, and stop them when so many jobs have finished."""
    since = time.time_ns() // 1000
    for _ in range(dispatchers):
        arena.start_workers()
    arena.wait_for(count, since=since)
    tree = arena.tree()
    figures = {"CPU us/job": cpu_seconds(tree) / count * 1e6, "PSS MiB": pss_mib(tree)}
    arena.stop()
    finished, first, last = arena.ended(since)
    rate = (finished - 1) / max((last - first) / 1e6, 1e-6)
    return {"jobs/s": rate, **figures, "database MiB": arena.size() / 2**20}


def inserting(arena: Arena, sizes: Sizes) -> Figures:
    """As `drain`, each job inserting a document that Rota commits with its outcome; raw commits before and after."""
    before = commits_by_two(arena.site.path, arena.site.database, sizes.raw_seconds / 2)
    arena.enqueue_many("insert", sizes.inserts)
    figures = drained(arena, sizes.inserts)
    raw = (before + commits_by_two(arena.site.path, arena.site.database, sizes.raw_seconds / 2)) / 2
    return {**figures, "raw commits/s": raw, "of raw": figures["jobs/s"] / raw}


def singles(arena: Arena, sizes: Sizes) -> Figures:
    """Enqueues of one process, each committed, in turns with raw single-row commits."""
    ours = theirs = 0.0
    with arena.jobs() as (jobs, commit), raw_beside(arena.site.path, arena.site.database) as raw:
        raw.singles(20)
        for i in range(20):
            jobs.enqueue("load.tasks.noop", {"i": i})
            commit()
        for first in range(0, sizes.singles, TURN):
            count = min(TURN, sizes.singles - first)
            theirs += raw.singles(count)
            begin = time.monotonic()
            for i in range(count):
                jobs.enqueue("load.tasks.noop", {"i": first + i})
                commit()
            ours += time.monotonic() - begin
    return {"enqueues/s": sizes.singles / ours, "raw commits/s": sizes.singles / theirs, "of raw": theirs / ours}


def many(arena: Arena, sizes: Sizes) -> Figures:
    """`enqueue_many` of many jobs in one transaction, between two raw inserts of as many rows by 1,000."""
    rows = [{"i": i} for i in range(sizes.many)]
    with arena.jobs() as (jobs, commit), raw_beside(arena.site.path, arena.site.database) as raw:
        jobs.enqueue_many("load.tasks.noop", rows[:100])
        commit()
        raw.bulk(1000)
        theirs = raw.bulk(sizes.many)
        begin = time.monotonic()
        jobs.enqueue_many("load.tasks.noop", rows)
        commit()
        ours = time.monotonic() - begin
        theirs = (theirs + raw.bulk(sizes.many)) / 2
    return {"jobs/s": sizes.many / ours, "raw rows/s": sizes.many / theirs, "of raw": theirs / ours}


def chain(arena: Arena, sizes: Sizes) -> Figures:
    """A chain of jobs that gets, saves and commits documents by 500, from its enqueue to the last outcome."""
    now = arena.site.now()
    fields = ["name", "status", "processed", "creation", "modified", "owner", "modified_by"]
    rows = [(f"BINV-{i:05}", "Draft", 0, now, now, "Administrator", "Administrator") for i in range(sizes.rows)]
    with arena.open() as context:
        context.documents.database.bulk_insert("Benchmark Invoice", fields, rows)
    arena.start_workers()
    since, begin = time.time_ns() // 1000, time.monotonic()
    with arena.jobs() as (jobs, commit):
        jobs.enqueue("load.tasks.process_invoices", {"batch": BATCH}, queue="long", job_id="process_invoices")
        commit()
    arena.wait_for(-(-sizes.rows // BATCH), since=since)
    took = time.monotonic() - begin
    return {"seconds": took, "documents/s": sizes.rows / took, "database MiB": arena.size() / 2**20}


def mixed(arena: Arena, sizes: Sizes) -> Figures:
    """Jobs of 10 to 100 ms: their share of the workers' time, from the first one's begin to the last one's end."""
    dice = random.Random(7)  # noqa: S311 - the same jobs in every run
    with arena.jobs() as (jobs, commit):
        for i in range(sizes.mixed):
            jobs.enqueue("load.tasks.stamp", {"i": i, "seconds": dice.uniform(0.01, 0.1)})
        commit()
    since = time.time_ns() // 1000
    arena.start_workers()
    arena.wait_for(sizes.mixed, since=since, seconds=60 + sizes.mixed * 0.1)
    stamps = arena.stamps()
    busy = sum(end - begin for _, begin, end in stamps)
    span = max(end for _, _, end in stamps) - min(begin for _, begin, _ in stamps)
    return {"share %": 100 * busy / (span * arena.workers)}
