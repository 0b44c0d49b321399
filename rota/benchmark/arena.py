"""A bench to measure in: a site with the load app, processes that are really started, and what they left behind."""

from __future__ import annotations

import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

import psutil

from rota.frappe import install_as_frappe
from rota.sites.bench import Bench
from rota.sites.context import Context
from rota.sites.install import new_site
from rota.sites.jobs import Jobs, jobs_of
from rota.sites.site import Site

SITE = "benchmark.localhost"
APP = Path(__file__).with_name("load")
RECORD = struct.Struct("qdd")
COMMAND = (sys.executable, "-c", "from rota.cli.main import main; main()")


class Arena:
    """One bench in a temporary directory, deleted at the end."""

    def __init__(self, database: str = "sqlite", *, workers: int = 2) -> None:
        """`database`: `sqlite`, or the URL of an empty PostgreSQL database."""
        install_as_frappe()
        self.folder = Path(tempfile.mkdtemp(prefix="rota-benchmark-"))
        self.workers = workers
        self.bench = Bench.init(self.folder / "bench")
        if str(APP.parent) not in sys.path:
            # An app is any importable package: here, and in the processes that are started.
            sys.path.append(str(APP.parent))
            os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), str(APP.parent)]))
        new_site(self.bench, SITE, database=database, admin_password="benchmark", apps=[APP.name])  # noqa: S106
        self.site = Site.load(self.bench, SITE)
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.site.close()
        shutil.rmtree(self.folder)

    # --- jobs ---

    @contextmanager
    def open(self) -> Iterator[Context]:
        with self.site.open() as context:
            yield context

    @contextmanager
    def jobs(self) -> Iterator[tuple[Jobs, Callable[[], None]]]:
        """The site's jobs, and what commits the open transaction."""
        with self.site.open() as context:
            yield jobs_of(context), context.documents.session.commit

    def enqueue_many(self, method: str, count: int) -> None:
        """So many jobs with their number as argument, in transactions of 10,000."""
        with self.jobs() as (jobs, commit):
            for first in range(0, count, 10_000):
                jobs.enqueue_many(f"load.tasks.{method}", [{"i": i} for i in range(first, min(first + 10_000, count))])
                commit()

    def ended(self) -> tuple[int, int, int]:
        """How many jobs are finished, and when the first and the last ended (microseconds)."""
        connection = self.site.engine_database.connect()
        try:
            table = "done" if connection.dialect == "sqlite" else "rota.done"
            row = connection.one(f"select count(*), min(ended_at), max(ended_at) from {table}")  # noqa: S608 - one of two
        finally:
            connection.close()
        return (row[0], row[1] or 0, row[2] or 0) if row else (0, 0, 0)

    def wait_for(self, finished: int, *, seconds: float = 600) -> None:
        """Until so many jobs are finished.

        Raises:
            TimeoutError: they are not, after so many seconds.
        """
        end = time.monotonic() + seconds
        while self.site.store.stats()["finished"] < finished:
            if time.monotonic() > end:
                raise TimeoutError(f"{self.site.store.stats()} after {seconds:g} s, and not {finished} finished")
            time.sleep(0.05)

    # --- processes ---

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a command of Rota in the bench."""
        with (self.bench.logs_path / "processes.log").open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - this very program
                [*COMMAND, "--bench", str(self.bench.path), *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def start_workers(self) -> subprocess.Popen[bytes]:
        """Start the dispatcher with its workers."""
        return self.start("worker", "--processes", str(self.workers))

    def tree(self) -> list[psutil.Process]:
        """All processes that were started and what they started."""
        found: list[psutil.Process] = []
        for process in self._processes:
            with suppress(psutil.NoSuchProcess):
                parent = psutil.Process(process.pid)
                found += [parent, *parent.children(recursive=True)]
        return found

    def stop(self, number: int = signal.SIGKILL) -> None:
        """End all processes."""
        for process in self.tree():
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        for started in self._processes:
            started.wait()
        self._processes.clear()

    # --- what was left behind ---

    @property
    def stamps_path(self) -> Path:
        return self.site.path / "stamps"

    def stamps(self) -> list[tuple[int, float, float]]:
        """Records of `load.tasks.stamp`: number, begin, end."""
        if not self.stamps_path.exists():
            return []
        data = self.stamps_path.read_bytes()
        return list(RECORD.iter_unpack(data[: len(data) // RECORD.size * RECORD.size]))

    def forget_stamps(self) -> None:
        self.stamps_path.unlink(missing_ok=True)

    def size(self) -> int:
        """Bytes of the databases."""
        connection = self.site.database.connect()
        try:
            if connection.dialect == "postgresql":
                return int(connection.value("select pg_database_size(current_database())"))
        finally:
            connection.close()
        return sum(file.stat().st_size for file in self.site.path.glob("*.db*"))


def cpu_seconds(processes: list[psutil.Process]) -> float:
    """Processor time that the processes have used."""
    total = 0.0
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system
    return total


def pss_mib(processes: list[psutil.Process]) -> float:
    """Memory of the processes, what they share counted once."""
    total = 0
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            total += process.memory_full_info().pss
    return total / 2**20


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` (0 to 1) of them lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0))
