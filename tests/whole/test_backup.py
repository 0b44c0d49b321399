"""A backup is taken while callers enqueue and workers run. In the restored world every job is there once, with its
document, and comes to its end once."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from rota.sites.jobs import jobs_of
from rota.store import JobFilter
from tests.support.benches import TestBench
from tests.support.postgres import PostgresServer
from tests.support.waiting import wait_until

pytestmark = pytest.mark.serial
#: what a caller writes with its job, beside the effect of the job itself
DOCUMENT = 1_000_000
PER_COMMIT = 4
LONG = 180.0  # seconds, on a machine that is busy
PAUSED = "long"  # so that jobs wait at every moment


class Callers:
    """Enqueue jobs without a pause: half of the transactions write a document for each job, half write nothing."""

    def __init__(self, bench: TestBench) -> None:
        self._bench = bench
        self._stop = threading.Event()
        self.enqueued = 0

    def run(self) -> None:
        with self._bench.site() as site:
            while not self._stop.is_set():
                numbers = range(self.enqueued, self.enqueued + PER_COMMIT)
                with site.open() as context:
                    for number in numbers:
                        if number // PER_COMMIT % 2:
                            document = {"doctype": "Effect", "number": DOCUMENT + number}
                            context.documents.get_doc(document).insert()
                        values = {"number": number, "seconds": 0.01}
                        queue = "default" if number % PER_COMMIT else PAUSED
                        jobs_of(context).enqueue("ledger.tasks.record", values, queue=queue, job_id=f"job-{number}")
                self.enqueued = numbers.stop
                self._stop.wait(0.02)

    def stop(self) -> None:
        self._stop.set()


@pytest.fixture
def target(database: str, request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """The words that name where an archive is restored to: the site itself, or an empty database."""
    with ExitStack() as stack:
        if database == "sqlite":
            yield []
        else:
            server: PostgresServer = request.getfixturevalue("postgres_server")
            yield ["--db", stack.enter_context(server.database())]


def test_a_backup_under_load_is_one_moment_and_goes_on_from_there(
    make_bench: Callable[..., TestBench], target: list[str], tmp_path: Path
) -> None:
    bench = make_bench(apps=["ledger"])
    assert bench.run("jobs", "pause", "--queue", PAUSED).returncode == 0
    running = bench.start("start", "--port", "0", "--workers", "2")
    callers = Callers(bench)
    with ThreadPoolExecutor(1) as pool:
        enqueuing = pool.submit(callers.run)
        try:
            archives = [back_up(bench, tmp_path / f"{number}.tar.gz", callers) for number in range(2)]
        finally:
            callers.stop()
        enqueuing.result()
    stop(running)

    restored = bench.run("restore", str(archives[-1]), *target, timeout=LONG)

    assert restored.returncode == 0, restored.stderr
    jobs = job_numbers(bench)
    live = sum(bench.stats()[state] for state in ("queued", "started"))
    assert 0 < live < len(jobs) < callers.enqueued, "the moment was in the middle"
    assert all(count == 1 for count in jobs.values())
    with_document = {number for number in jobs if number // PER_COMMIT % 2}
    assert documents(bench) == Counter(DOCUMENT + number for number in with_document)
    again = bench.start("start", "--port", "0", "--workers", "2")
    assert bench.run("jobs", "resume", "--queue", PAUSED).returncode == 0
    bench.wait_for({"queued": 0, "started": 0, "failed": 0, "canceled": 0}, timeout=LONG)
    assert job_numbers(bench) == jobs
    assert effects(bench) == jobs
    stop(again)


def stop(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGTERM)
    process.wait(LONG)


def back_up(bench: TestBench, path: Path, callers: Callers) -> Path:
    """A backup that is taken when more jobs have ended, and more have come."""
    ended, enqueued = bench.stats()["finished"], callers.enqueued
    wait_until(lambda: bench.stats()["finished"] > ended + 10 and callers.enqueued > enqueued + 10, timeout=LONG)
    done = bench.run("backup", str(path), timeout=LONG)
    assert done.returncode == 0, done.stderr
    seen = callers.enqueued
    wait_until(lambda: callers.enqueued > seen, timeout=LONG)
    return path


def job_numbers(bench: TestBench) -> Counter[int]:
    with bench.site() as site:
        found = site.store.listing(JobFilter(method="ledger.tasks.record"), limit=100_000)
    return Counter(int(job.id.removeprefix("job-")) for job in found)


def all_effects(bench: TestBench) -> Counter[int]:
    with bench.open() as context:
        return Counter(context.documents.get_all("Effect", pluck="number"))


def documents(bench: TestBench) -> Counter[int]:
    return Counter({number: count for number, count in all_effects(bench).items() if number >= DOCUMENT})


def effects(bench: TestBench) -> Counter[int]:
    return Counter({number: count for number, count in all_effects(bench).items() if number < DOCUMENT})
