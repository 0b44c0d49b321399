"""Concurrency keys and rates hold exactly, whatever is killed: two dispatchers, kill -9, every execution counted."""

from __future__ import annotations

import contextlib
import random
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from rota.store import JobFilter
from tests.support.benches import TestBench, kill_tree, tree
from tests.support.waiting import wait_until

pytestmark = pytest.mark.serial
PLACES = 3
KILLS = 10
AT_A_KILL = 4  # new jobs
COUNT, PER = 10, 2.0  # ten at once, then five a second
# Each process reads the time for itself, and then waits for its turn to write.
CLOCKS = 1.0


class Pair:
    """Two dispatchers with workers, and somebody who kills them."""

    def __init__(self, bench: TestBench) -> None:
        self.bench = bench
        self.dice = random.Random(7)
        self.processes = [self._start(), self._start()]

    def _start(self) -> subprocess.Popen[str]:
        return self.bench.start("worker", "--processes", "3")

    def kill_a_worker(self) -> None:
        """kill -9 of any worker."""
        with contextlib.suppress(psutil.NoSuchProcess):
            self.dice.choice(wait_until(self.workers)).send_signal(signal.SIGKILL)

    def workers(self) -> list[psutil.Process]:
        # A dispatcher's one child makes the workers.
        return [one for process in self.processes for one in tree(process)[2:]]

    def kill_a_dispatcher(self) -> None:
        """kill -9 of a dispatcher, which takes its workers down; another one is started."""
        number = self.dice.randrange(2)
        kill_tree(self.processes[number])
        self.processes[number].wait()
        self.processes[number] = self._start()

    def await_finished(self, count: int) -> None:
        wait_until(lambda: self.bench.stats()["finished"] >= count)

    def rage(self, *, enqueue: Callable[[int], None]) -> None:
        """Kill a worker again and again, and each fourth time a dispatcher, while jobs come."""
        for number in range(KILLS):
            enqueue(AT_A_KILL)
            if number % 4 == 3:
                self.kill_a_dispatcher()
            else:
                self.kill_a_worker()
            self.await_finished((number + 1) * AT_A_KILL)


def test_no_more_jobs_of_a_key_run_at_once_than_its_limit(make_bench: Callable[..., TestBench], tmp_path: Path) -> None:
    bench = make_bench(apps=["ledger", "faults"], max_crashes=1000)

    def enqueue(count: int) -> None:
        with bench.jobs() as jobs:
            jobs.enqueue_many(
                "faults.tasks.take_place",
                [{"folder": str(tmp_path), "places": PLACES, "seconds": 0.1}] * count,
                concurrency_key="scanner",
                concurrency_limit=PLACES,
            )

    enqueue(2 * PLACES)  # so that some wait at every moment
    Pair(bench).rage(enqueue=enqueue)

    bench.wait_for({"finished": 2 * PLACES + KILLS * AT_A_KILL, "failed": 0, "queued": 0, "started": 0})
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
    for number in range(4):
        pair.await_finished(11 + 3 * number)
        pair.kill_a_worker()
    bench.wait_for({"finished": 30, "failed": 0})

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
