"""People steer what runs: pauses that end by themselves, bulk retries that can be stopped, priorities that age."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rota.store import JobFilter
from tests.support.benches import TestBench
from tests.support.waiting import wait_until

pytestmark = pytest.mark.serial


@pytest.mark.parametrize("target", [{"queue": "short"}, {"method": "faults.tasks.stamp"}, {}])
def test_a_pause_ends_by_itself(make_bench: Callable[..., TestBench], tmp_path: Path, target: dict[str, str]) -> None:
    bench = make_bench(apps=["ledger", "faults"])
    bench.start("worker", "--processes", "1")
    with bench.jobs() as jobs:
        jobs.enqueue("faults.tasks.stamp", {"number": 0, "folder": str(tmp_path)})
    bench.wait_for({"finished": 1})
    with bench.jobs() as jobs:
        end = datetime.now(UTC) + timedelta(seconds=2)
        jobs.pause(**target, why="the printer is out", until=end)
        jobs.enqueue("faults.tasks.stamp", {"number": 1, "folder": str(tmp_path)}, queue="short")
    bench.wait_for({"finished": 2})
    assert float((tmp_path / "stamp-1").read_text()) >= end.timestamp()


def test_a_bulk_retry_stops_when_it_is_canceled(make_bench: Callable[..., TestBench]) -> None:
    bench = make_bench(apps=["ledger", "faults"])
    bench.start("worker", "--processes", "2")
    with bench.jobs() as jobs:
        jobs.enqueue_many("faults.tasks.fail", [{"number": n} for n in range(100)])
    bench.wait_for({"failed": 100})
    answer = bench.run("jobs", "retry", "--state", "failed", "--rate", "1")
    assert answer.returncode == 0, answer.stderr
    with bench.site() as site:
        (bulk,) = site.store.listing(JobFilter(method="rota.sites.retrying.run_matching"))
        wait_until(lambda: len(site.store.children(bulk.key)) >= 2)
        progress = wait_until(lambda: site.store.progress(bulk.key))
        assert progress is not None
        assert progress.total == 100
        assert bench.run("jobs", "cancel", bulk.key).stdout.strip() == f"{bulk.key}: canceling"
        bench.wait_for({"canceled": 1, "started": 0, "queued": 0})
        retried = site.store.children(bulk.key)
        assert 2 <= len(retried) < 100
        assert site.store.stats()["failed"] == 100 + len(retried)


def test_an_aged_job_runs_while_urgent_ones_keep_coming(make_bench: Callable[..., TestBench], tmp_path: Path) -> None:
    bench = make_bench(apps=["ledger", "faults"], priority_ageing=1)
    with bench.jobs() as jobs:
        jobs.enqueue("faults.tasks.stamp", {"number": 1, "folder": str(tmp_path)}, priority=10)
        jobs.enqueue_many("faults.tasks.occupy", [{"seconds": 0.02}] * 3000, priority=-10)
    bench.start("worker", "--processes", "1")
    wait_until((tmp_path / "stamp-1").exists, timeout=180)
    assert bench.stats()["queued"] > 0
