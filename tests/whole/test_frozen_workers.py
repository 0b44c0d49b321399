"""A worker that is frozen past its lease: another attempt runs, and the frozen one commits nothing once it thaws."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.support.benches import TestBench, tree
from tests.support.scale import at_scale
from tests.support.waiting import wait_until

pytestmark = pytest.mark.serial
LEASE = 2.0
ROUNDS = at_scale(1, 200)


@pytest.fixture
def bench(make_bench: Callable[..., TestBench]) -> TestBench:
    return make_bench(apps=["ledger", "faults"], claim_timeout=LEASE, max_crashes=1000, busy_timeout=5)


@pytest.mark.parametrize("method", ["hold", "record_when"])
def test_a_frozen_worker_commits_nothing_once_another_attempt_has_run(
    bench: TestBench, tmp_path: Path, method: str
) -> None:
    frozen = Frozen(bench, tmp_path, method)
    for number in range(ROUNDS):
        frozen.round(number)

    with bench.open() as context:
        assert sorted(context.documents.get_all("Effect", pluck="number")) == list(range(ROUNDS))
    assert bench.stats()["finished"] == ROUNDS
    assert bench.output().count("claims of dispatchers that are gone were taken back") >= ROUNDS


class Frozen:
    """Freezes whole hosts: a dispatcher with all its workers, as a machine that sleeps does."""

    def __init__(self, bench: TestBench, folder: Path, method: str) -> None:
        self.bench, self.folder, self.method = bench, folder, method
        self.idle = bench.start("worker", "--processes", "1")

    def round(self, number: int) -> None:
        """A job begins, its host freezes until another one has run it, thaws, and tries to commit."""
        folder = self.folder / str(number)
        folder.mkdir()
        if number:
            wait_until(lambda: self.bench.stats()["started"] == 0)
        with self.bench.jobs() as jobs:
            jobs.enqueue(f"faults.tasks.{self.method}", {"number": number, "folder": str(folder)})
        begun = folder / f"begun-{number}"
        wait_until(lambda: begun.exists() and begun.read_text())
        victims = tree(self.idle)
        other = self.bench.start("worker", "--processes", "1")
        for process in victims:
            process.suspend()
        self._wait_for_second_attempt(begun)
        (folder / "go").touch()
        self.bench.wait_for({"finished": number + 1, "started": 0})
        for process in victims:
            # The first to thaw, or the other host, may have killed the next one already.
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGCONT)
        # It lives and says that it had lost its lease; unless it was killed for the lock that it held.
        wait_until(lambda: self.ends_said() > number, message=self.bench.output()[-2000:])
        if self.idle.poll() is None:
            self.idle.send_signal(signal.SIGTERM)
        self.idle.wait(timeout=60)
        self.idle = other

    def ends_said(self) -> int:
        output = self.bench.output()
        return output.count("the lease was over") + output.count("holds a lock and its lease is over")

    def _wait_for_second_attempt(self, begun: Path) -> None:
        wait_until(lambda: len(begun.read_text().splitlines()) >= 2, message=self.bench.output()[-2000:])
