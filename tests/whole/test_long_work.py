"""A job over many rows, killed again and again: none is missed, and none comes twice."""

from __future__ import annotations

import contextlib
import random
import signal
from collections.abc import Callable

import psutil
import pytest

from rota.engine.cursor import Cursor
from rota.jobs import JobState
from tests.support.benches import TestBench, tree
from tests.support.waiting import wait_until

pytestmark = pytest.mark.serial
ROWS = 20_000
KILLS = 12


@pytest.mark.parametrize("shards", [1, 3])
def test_each_row_is_done_once_whatever_is_killed(make_bench: Callable[..., TestBench], shards: int) -> None:
    # One of several shards may be hit a few times before it has saved its place: that counts as crashes.
    bench = make_bench(apps=["ledger"], claim_timeout=3, **({} if shards == 1 else {"max_crashes": 50}))
    fill(bench)
    with bench.jobs() as jobs:
        job = jobs.enqueue("ledger.long.copy", {"batch": 100, "shards": shards}, timeout=600)
    killer = Killer(bench)
    while killer.kills < KILLS and done(bench) < ROWS:
        killer.strike()
    killer.run_until(lambda: done(bench) >= ROWS)
    bench.wait_for({"finished": 1 if shards == 1 else shards + 1, "started": 0, "queued": 0}, timeout=300)

    assert killer.kills >= KILLS // 2
    with bench.open() as context:
        assert context.site.store.jobs([job.key])[0].state is JobState.FINISHED
        numbers = context.documents.get_all("Effect", filters={"number": ["<", 0]}, pluck="number")
        assert sorted(-number for number in numbers) == list(range(1, ROWS + 1))


class Killer:
    """A dispatcher with workers, and somebody who kills one of its processes whenever some rows more are done."""

    def __init__(self, bench: TestBench) -> None:
        self.bench, self.dice, self.kills = bench, random.Random(7), 0
        self.process = bench.start("worker", "--processes", "3")

    def strike(self) -> None:
        before = done(self.bench)
        self.run_until(lambda: done(self.bench) >= min(ROWS, before + 200))
        victims = tree(self.process)
        if not victims:
            return  # it has died since the last look
        # The dispatcher now and then, its workers mostly.
        victim = victims[0] if self.dice.random() < 0.1 else self.dice.choice(victims[1:] or victims)
        with contextlib.suppress(psutil.NoSuchProcess):
            victim.send_signal(signal.SIGKILL)
            self.kills += 1

    def run_until(self, condition: Callable[[], bool]) -> None:
        """Wait, and start a dispatcher anew that has died, as a supervisor would."""

        def holds() -> bool:
            if self.process.poll() is not None:
                self.process = self.bench.start("worker", "--processes", "3")
            return condition()

        wait_until(holds, timeout=300)


def fill(bench: TestBench) -> None:
    with bench.open() as context:
        documents, now = context.documents, context.site.now()
        fields = ["name", "number", "creation", "modified", "owner", "modified_by"]
        who = "Administrator"
        rows = [(f"E{number:06}", number, now, now, who, who) for number in range(1, ROWS + 1)]
        documents.database.bulk_insert("Effect", fields, rows)


def done(bench: TestBench) -> int:
    """How many rows the saved places say."""
    with bench.site() as site:
        cursors = [site.store.cursor(view.key) for view in site.store.listing(limit=10)]
    return sum(loop.done for text in cursors for loop in Cursor.decode(text).loops.values())
