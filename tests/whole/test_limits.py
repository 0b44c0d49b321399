"""Limits that hold whatever a job does: crashes, timeouts, and room for short jobs while long ones fill the host."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg
import pytest

from rota.store import JobFilter
from tests.support.benches import TestBench
from tests.support.waiting import wait_until

pytestmark = pytest.mark.serial
SHORT_JOBS = 20


def test_a_job_that_kills_its_worker_fails_after_three_starts_and_the_signal_is_named(
    make_bench: Callable[..., TestBench], tmp_path: Path
) -> None:
    bench = make_bench(apps=["ledger", "faults"])
    bench.start("worker", "--processes", "2")
    with bench.jobs() as jobs:
        key = jobs.enqueue("faults.tasks.kill_itself", {"number": 1, "folder": str(tmp_path)}).key
        jobs.queue.enqueue_many("ledger.tasks.record", [{"number": n} for n in range(200)])
    bench.wait_for({"failed": 1, "finished": 200}, timeout=120)

    assert len((tmp_path / "begun-1").read_text().split()) == 3
    with bench.site() as site:
        view = site.store.job(key)
        assert view is not None
        assert view.crashes == 3
        assert "SIGKILL" in (view.error or "")
        assert all("SIGKILL" in (one.error or "") for one in site.store.attempts(key))


def test_short_jobs_begin_while_long_ones_fill_the_host(make_bench: Callable[..., TestBench], tmp_path: Path) -> None:
    bench = make_bench(apps=["ledger", "faults"])
    bench.start("worker", "--processes", "3")
    with bench.jobs() as jobs:
        jobs.queue.enqueue_many("faults.tasks.occupy", [{"seconds": 600} for _ in range(30)], queue="long")
    with bench.site() as site:
        long = JobFilter(queue="long")
        wait_until(lambda: any(one.state.value == "started" for one in site.store.listing(long)))

    for number in range(SHORT_JOBS):
        with bench.jobs() as jobs:
            jobs.enqueue("faults.tasks.stamp", {"number": number, "folder": str(tmp_path)}, queue="short")
        wait_until((tmp_path / f"stamp-{number}").exists)


def test_a_wait_in_c_is_killed_with_its_children_at_timeout_and_grace(
    make_bench: Callable[..., TestBench], tmp_path: Path
) -> None:
    bench = make_bench(apps=["ledger", "faults"], grace=1)
    bench.start("worker", "--processes", "1")
    with bench.jobs() as jobs:
        key = jobs.enqueue("faults.tasks.hang_in_c", {"folder": str(tmp_path)}, timeout=5).key
    pids = tmp_path / "pids"
    wait_until(lambda: pids.exists() and len(pids.read_text().split()) == 2)
    processes = [psutil.Process(int(pid)) for pid in pids.read_text().split()]

    wait_until(lambda: not any(runs(process) for process in processes))

    bench.wait_for({"failed": 1, "started": 0})
    with bench.site() as site:
        view = site.store.job(key)
        assert view is not None
        assert "killed (SIGKILL)" in (view.error or "")


def test_a_wait_for_the_server_ends_at_the_timeout_and_the_worker_goes_on(
    make_bench: Callable[..., TestBench], database: str
) -> None:
    if database == "sqlite":
        pytest.skip("SQLite's statements can't be ended from outside: the worker is killed, as for any wait in C")
    bench = make_bench(apps=["ledger", "faults"], grace=600)
    bench.start("worker", "--processes", "1")
    with bench.jobs() as jobs:
        jobs.enqueue("ledger.tasks.record", {"number": 1})
    bench.wait_for({"finished": 1})
    with psycopg.connect(database) as other:
        other.execute('select name from "tabEffect" for update')
        with bench.jobs() as jobs:
            key = jobs.enqueue("faults.tasks.wait_for_a_row", {"number": 2, "other": 1}, timeout=2).key
            jobs.enqueue("ledger.tasks.record", {"number": 3})
        bench.wait_for({"failed": 1, "finished": 2})
    with bench.site() as site:
        view = site.store.job(key)
        assert view is not None
        assert (view.attempt, view.crashes) == (1, 0)
        assert "JobTimeout" in (view.error or "")
    with bench.open() as context:
        assert context.documents.get_all("Effect", pluck="number", order_by="number") == [1, 3]


def runs(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
