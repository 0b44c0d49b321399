"""Concurrency keys and rates hold exactly, whatever is killed: two dispatchers, kill -9, every execution counted."""

from __future__ import annotations

import contextlib
import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from rota.store import JobFilter
from tests.support.benches import TestBench, kill_tree, tree
from tests.support.waiting import wait_until

pytestmark = pytest.mark.serial
PLACES = 3
JOBS = 40
COUNT, PER = 10, 2.0  # ten at once, then five a second
# Each process reads the time for itself, and then waits for its turn to write.
CLOCKS = 0.05


class Pair:
    """Two dispatchers with workers, and somebody who kills them."""

    def __init__(self, bench: TestBench) -> None:
        self.bench = bench
        self.dice = random.Random(7)
        self.processes = [self._start(), self._start()]

    def _start(self) -> subprocess.Popen[str]:
        return self.bench.start("worker", "--processes", "3")

    def kill_a_worker(self) -> bool:
        """kill -9 of any worker; False if there is none."""
        # A dispatcher's one child makes the workers.
        workers = [one for process in self.processes for one in tree(process.pid)[2:]]
        if not workers:
            return False
        with contextlib.suppress(psutil.NoSuchProcess):
            self.dice.choice(workers).send_signal(signal.SIGKILL)
        return True

    def kill_a_dispatcher(self) -> None:
        """kill -9 of a dispatcher, which takes its workers down; another one is started."""
        number = self.dice.randrange(2)
        kill_tree(self.processes[number].pid)
        self.processes[number].wait()
        self.processes[number] = self._start()

    def await_finished(self, count: int) -> None:
        wait_until(lambda: self.bench.stats()["finished"] >= count, timeout=30)

    def rage(self, *, until: Callable[[], bool]) -> int:
        """Kill a worker now and then, and each fourth time a dispatcher; how often."""
        kills = 0
        while not until():
            finished = self.bench.stats()["finished"]
            if kills % 4 == 3:
                self.kill_a_dispatcher()
                kills += 1
            else:
                kills += self.kill_a_worker()
            self.await_finished(min(JOBS, finished + 4))
        return kills


def test_no_more_jobs_of_a_key_run_at_once_than_its_limit(make_bench: Callable[..., TestBench], tmp_path: Path) -> None:
    bench = make_bench(apps=["ledger", "faults"], max_crashes=1000)
    with bench.jobs() as jobs:
        jobs.enqueue_many(
            "faults.tasks.take_place",
            [{"folder": str(tmp_path), "places": PLACES, "seconds": 0.1}] * JOBS,
            concurrency_key="scanner",
            concurrency_limit=PLACES,
        )
    kills = Pair(bench).rage(until=lambda: bench.stats()["finished"] >= JOBS)

    bench.wait_for({"finished": JOBS, "failed": 0, "queued": 0, "started": 0})
    assert kills >= 5
    assert not (tmp_path / "too-many").exists()
    # And as many as may did.
    assert len(list(tmp_path.glob("place-*"))) == PLACES


def test_no_more_jobs_start_than_the_rate_allows_and_none_waits_for_ever(
    make_bench: Callable[..., TestBench],
) -> None:
    bench = make_bench(apps=["ledger", "faults"], max_crashes=1000)
    rate = {"key": "api", "count": COUNT, "per": PER}
    with bench.jobs() as jobs:
        jobs.enqueue_many("faults.tasks.occupy", [{"seconds": 0.05}] * 30, rate_limit=rate)
    pair = Pair(bench)
    began = wait_until(lambda: bench.stats()["finished"] and time.monotonic(), timeout=30)
    for number in range(4):
        pair.await_finished(11 + 3 * number)
        pair.kill_a_worker()
    bench.wait_for({"finished": 30, "failed": 0}, timeout=30)

    assert time.monotonic() - began < 20 / (COUNT / PER) + 5
    moments = starts(bench)
    assert len(moments) >= 30
    for first, beginning in enumerate(moments):
        for number, moment in enumerate(moments[first:], 1):
            assert number <= COUNT + (moment - beginning + CLOCKS) * COUNT / PER


def starts(bench: TestBench) -> list[float]:
    """When each execution was claimed, also those that were killed: seconds, sorted."""
    with bench.site() as site:
        found = [one.started_at for one in site.store.listing(JobFilter(method="faults.tasks.occupy"))]
        for view in site.store.listing(JobFilter(method="faults.tasks.occupy")):
            found += [one.started_at for one in site.store.attempts(view.key)]
    return sorted(moment / 1e6 for moment in found if moment is not None)
