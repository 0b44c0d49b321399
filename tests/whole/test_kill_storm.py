"""Jobs under kill -9 of workers and dispatchers at random: every effect exactly once, and no job lost."""

from __future__ import annotations

import contextlib
import random
import signal
import time
from collections.abc import Callable

import psutil
import pytest

from tests.support.benches import TestBench, kill_tree, tree
from tests.support.scale import at_scale
from tests.support.waiting import wait_until

pytestmark = pytest.mark.serial
JOBS = at_scale(2_000, 20_000)
KILLS = at_scale(10, 300)
SECONDS = at_scale(600, 1800)
KINDS = ("record", "record_with_child", "fork_only", "fail_first")


def test_every_effect_is_there_once_and_no_job_is_lost(make_bench: Callable[..., TestBench]) -> None:
    bench = make_bench(apps=["ledger"], max_crashes=1000)
    enqueue(bench)
    storm = Storm(bench, random.Random(20))

    storm.rage(until=lambda: ended(bench) >= JOBS)
    storm.calm()
    bench.wait_for({"queued": 0, "started": 0, "scheduled": 0, "failed": 0, "canceled": 0}, timeout=300)

    assert storm.kills >= KILLS
    wanted = sorted([*range(JOBS), *(n + 1_000_000 for n in of_kind("record_with_child"))])
    assert effects(bench) == sorted(wanted + [n + 2_000_000 for n in range(JOBS)])


def enqueue(bench: TestBench) -> None:
    with bench.jobs() as jobs:
        for number in range(JOBS):
            jobs.enqueue(
                f"ledger.tasks.{KINDS[number % len(KINDS)]}",
                {"number": number, "seconds": 0.002 * (number % 5)},
                retry={"attempts": 3, "base": 0.01},
                on_success="ledger.tasks.note_success",
            )


def of_kind(kind: str) -> range:
    return range(KINDS.index(kind), JOBS, len(KINDS))


def effects(bench: TestBench) -> list[int]:
    with bench.open() as context:
        return sorted(context.documents.get_all("Effect", pluck="number"))


def ended(bench: TestBench) -> int:
    return bench.stats()["finished"]


class Storm:
    """A dispatcher with workers, and somebody who kills them."""

    def __init__(self, bench: TestBench, dice: random.Random) -> None:
        self.bench, self.dice, self.kills = bench, dice, 0
        self.process = bench.start("worker", "--processes", "3")

    def rage(self, *, until: Callable[[], bool]) -> None:
        """Kill a process now and then until it is over."""
        end = time.monotonic() + SECONDS
        while not until():
            assert time.monotonic() < end, f"{self.bench.stats()}\n{self.bench.output()[-3000:]}"
            self.strike()

    def calm(self) -> None:
        """Leave a dispatcher that nobody kills any more."""
        kill_tree(self.process)
        self.process.wait()
        self.process = self.bench.start("worker", "--processes", "3")

    def strike(self) -> None:
        """Kill one of the processes, the dispatcher a little more often than the others."""
        ended_before = ended(self.bench)
        victims = tree(self.process)
        if victims:
            victim = victims[0] if self.dice.random() < 0.1 else self.dice.choice(victims)
            with contextlib.suppress(psutil.NoSuchProcess):
                victim.send_signal(signal.SIGKILL)
                self.kills += 1
        # Let it do some work before the next one dies; a machine that is slow gets more time, not more deaths.
        wait_until(lambda: self.has_run(min(JOBS, ended_before + 40)), timeout=120)

    def has_run(self, jobs: int) -> bool:
        """Whether so many have finished; starts a dispatcher anew that has died, as a supervisor would."""
        if self.process.poll() is not None:
            self.process = self.bench.start("worker", "--processes", "3")
        return ended(self.bench) >= jobs
