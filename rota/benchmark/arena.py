"""A bench to measure in: a site with the load app, processes that are really started, and what they left behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import psutil

from rota.benchmark.scratch import SQLITE, scratch_database
from rota.db import Connection
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


class ProcessesEnded(Exception):
    """What was started ended by itself."""


class Arena:
    """One bench in a temporary directory, deleted at the end; on PostgreSQL with a database of its own."""

    def __init__(self, database: str = SQLITE, *, workers: int = 2, settings: Mapping[str, Any] | None = None) -> None:
        """`database`: `sqlite`, or the URL of a PostgreSQL server. `settings`: those of the bench."""
        install_as_frappe()
        self.server = database
        self.workers = workers
        self._processes: list[subprocess.Popen[bytes]] = []
        if str(APP.parent) not in sys.path:
            # An app is any importable package: here, and in the processes that are started.
            sys.path.append(str(APP.parent))
            os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), str(APP.parent)]))
        with ExitStack() as stack:
            self.folder = Path(tempfile.mkdtemp(prefix="rota-benchmark-"))
            stack.callback(shutil.rmtree, self.folder)
            self.bench = Bench.init(self.folder / "bench")
            self.bench.common_config_path.write_text(json.dumps(settings or {}), encoding="utf-8")
            self.database_url = stack.enter_context(scratch_database(database))
            new_site(self.bench, SITE, database=self.database_url, admin_password="benchmark", apps=[APP.name])  # noqa: S106
            self.site = Site.load(self.bench, SITE)
            stack.callback(self.site.close)
            stack.callback(self.stop)
            self._ends = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()

    def add_sites(self, names: Sequence[str]) -> None:
        """More sites, on SQLite and without the load: a new one, and copies of it, as to make one takes a second."""
        for name in names[:1]:
            new_site(self.bench, name, admin_password="benchmark")  # noqa: S106
        sites = self.site.path.parent
        for name in names[1:]:
            shutil.copytree(sites / names[0], sites / name)

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

    def enqueue_many(self, method: str, count: int, **options: Any) -> None:
        """So many jobs with their number as argument, in transactions of 10,000."""
        with self.jobs() as (jobs, commit):
            for first in range(0, count, 10_000):
                numbers = range(first, min(first + 10_000, count))
                jobs.enqueue_many(f"load.tasks.{method}", [{"i": i} for i in numbers], **options)
                commit()

    @contextmanager
    def store(self) -> Iterator[Connection]:
        """A connection of its own to the database that has the jobs."""
        connection = self.site.engine_database.connect()
        try:
            yield connection
        finally:
            connection.close()

    def table(self, name: str) -> str:
        """How a statement names a table of the jobs."""
        return name if self.database_url == SQLITE else f"rota.{name}"

    def ended(self, since: int = 0) -> tuple[int, int, int]:
        """How many jobs have finished since then, when the first did and when the last; microseconds."""
        ends = f"select count(*), min(ended_at), max(ended_at) from {self.table('done')}"
        with self.store() as connection:
            row = connection.one(f"{ends} where state = 4 and ended_at >= :since", {"since": since})
        return (row[0], row[1] or 0, row[2] or 0) if row else (0, 0, 0)

    def wait_for(self, finished: int, *, since: int = 0, seconds: float = 900, pause: float = 0.1) -> None:
        """Until so many jobs have finished since then; looks each `pause` seconds.

        Raises:
            TimeoutError: they have not, after so many seconds.
            ProcessesEnded: no process is left to run them.
        """
        end = time.monotonic() + seconds
        while (count := self.ended(since)[0]) < finished:
            if self._processes and all(one.poll() is not None for one in self._processes):
                raise ProcessesEnded(f"the processes ended before the jobs did:\n{self.output()[-2000:]}")
            if time.monotonic() > end:
                raise TimeoutError(f"{count} of {finished} jobs have finished after {seconds:g} s")
            time.sleep(pause)

    def is_idle(self) -> bool:
        """Whether no job is left to run."""
        with self.store() as connection:
            return not connection.query(f"select 1 from {self.table('live')} limit 1")

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

    def start_workers(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a dispatcher with its workers."""
        return self.start("worker", "--processes", str(self.workers), *words)

    def output(self) -> str:
        """What the processes have printed."""
        return (self.bench.logs_path / "processes.log").read_text(encoding="utf-8")

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
    """Processor time that the processes have used, and those of their children that have ended, as old workers do."""
    total = 0.0
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
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
