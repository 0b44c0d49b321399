"""A bench of toy jobs on real databases, with dispatchers as real processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from rota.clock import SystemClock, to_micros
from rota.engine import roster
from rota.engine.wake import CONTROL, Waker
from rota.jobs import JobSpec, new_key
from rota.store import JobView, Store
from tests.lifecycle.effects import TABLE
from tests.lifecycle.program import ToyBench
from tests.support.waiting import wait_until

NEVER = 3600.0  # seconds: no test lasts so long


def is_alive(pid: int) -> bool:
    """Whether a process still runs; a zombie does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


class Process:
    """A dispatcher."""

    def __init__(self, popen: subprocess.Popen[bytes], log: Path) -> None:
        self.popen = popen
        self.log = log

    @property
    def nursery(self) -> psutil.Process | None:
        try:
            children = psutil.Process(self.popen.pid).children()
        except psutil.NoSuchProcess:
            return None
        return children[0] if children else None

    def workers(self) -> list[psutil.Process]:
        try:
            return self.nursery.children() if self.nursery else []
        except psutil.NoSuchProcess:
            return []

    def said(self) -> str:
        return self.log.read_text()

    def kill(self, signum: int = signal.SIGKILL) -> None:
        self.popen.send_signal(signum)

    def end(self, timeout: float = 60) -> int:
        return self.popen.wait(timeout)


class Bench:
    """Sites, jobs on them, and the dispatchers that serve them."""

    def __init__(self, folder: Path, sites: dict[str, tuple[str, str]]) -> None:
        self.folder = folder
        self.sites = sites
        self._toys = ToyBench(folder, sites, 20.0)
        self.stores: dict[str, Store] = {}
        self.processes: list[Process] = []
        self.waker = Waker(folder / "run")
        for name in sites:
            if not name.startswith(("broken", "silent")):
                store = self.stores[name] = self._toys.open_store(name)
                store.migrate()
                documents = self._toys.documents(name).connect()
                documents.run(TABLE)
                documents.close()

    @property
    def store(self) -> Store:
        return self.stores["one"]

    def start(
        self, *, worker: dict[str, Any] | None = None, look: float = roster.LOOK_SECONDS, **settings: Any
    ) -> Process:
        """`look`: seconds between two looks at an idle site."""
        number = len(self.processes)
        file, log = self.folder / f"dispatcher-{number}.json", self.folder / f"dispatcher-{number}.log"
        asked = {
            "folder": str(self.folder),
            "sites": self.sites,
            "settings": settings,
            "worker": worker or {},
            "look": look,
        }
        file.write_text(json.dumps(asked))
        with log.open("wb") as output:
            popen = subprocess.Popen(
                [sys.executable, "-m", "tests.lifecycle.program", str(file)],
                stdout=output,
                stderr=output,
                cwd=Path(__file__).parents[2],
                env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            )
        process = Process(popen, log)
        self.processes.append(process)
        return process

    def enqueue(self, method: str, *, site: str = "one", count: int = 1, wake: bool = True, **wanted: Any) -> list[str]:
        """Keys of new jobs; what is no field of JobSpec is an argument of the method. `wake`: as on this machine."""
        own = {name: wanted.pop(name) for name in list(wanted) if name in JobSpec._fields}
        now = to_micros(SystemClock().now())
        common = {"queue": "default", "user": "mia", "timeout": 60.0, "kwargs": json.dumps(wanted)} | own
        specs = [
            JobSpec(key=key, id=key, method=method, created_at=now, **common)
            for key in (new_key() for _ in range(count))
        ]
        with self.stores[site].turn() as turn:
            turn.insert(specs)
        if wake:
            self.waker.wake(site)
        return [spec.key for spec in specs]

    def job(self, key: str, site: str = "one") -> JobView:
        view = self.stores[site].job(key)
        assert view is not None
        return view

    def until(self, key: str, *states: str, timeout: float = 60, site: str = "one") -> JobView:
        wanted = states or ("finished", "failed", "canceled")
        return wait_until(
            lambda: view if (view := self.job(key, site)).state in wanted else None,
            timeout=timeout,
            message=f"{wanted}; {self.logs()}",
        )

    def until_all(self, keys: list[str], *, timeout: float = 60, site: str = "one") -> list[JobView]:
        def ended() -> bool:
            stats = self.stores[site].stats()
            return not (stats["queued"] or stats["started"] or stats["scheduled"])

        wait_until(ended, timeout=timeout, message=f"all ended; {self.stores[site].stats()} {self.logs()}", every=0.05)
        return self.stores[site].jobs(keys)

    def cancel(self, key: str) -> str:
        with self.store.turn() as turn:
            answer = turn.cancel(key, "test", "mia")
        self.waker.wake("one", CONTROL)
        return answer

    def effects(self, site: str = "one") -> dict[str, int]:
        """How often each job's effect is there."""
        documents = self._toys.documents(site).connect()
        rows = documents.query("select key, count(*) from effect group by key")
        documents.close()
        return dict(rows)

    def marks(self, name: str) -> list[int]:
        """The processes in which a job of that mark began."""
        file = self.folder / name
        return [int(word) for word in file.read_text().split()] if file.exists() else []

    def until_marked(self, name: str, count: int = 1) -> list[int]:
        wait_until(lambda: len(self.marks(name)) >= count, message=f"{count} of {name}; {self.logs()}")
        return self.marks(name)

    def logs(self) -> str:
        return "\n".join(process.said()[-3000:] for process in self.processes)

    def close(self) -> None:
        for process in self.processes:
            tree = [*process.workers(), *([process.nursery] if process.nursery else [])]
            process.kill(signal.SIGCONT)
            process.kill()
            process.end()
            wait_until(lambda tree=tree: not any(is_alive(one.pid) for one in tree))  # type: ignore[misc]
        for store in self.stores.values():
            store.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def make_bench(tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    """Benches on SQLite, with sites of these names."""
    made: list[Bench] = []

    def make(*names: str) -> Bench:
        sites = {name: (str(tmp_path / f"{name}-jobs.db"), str(tmp_path / f"{name}-site.db")) for name in names}
        made.append(Bench(tmp_path, sites))
        return made[-1]

    yield make
    for bench in made:
        bench.close()


@pytest.fixture
def bench(make_bench: Callable[..., Bench]) -> Bench:
    """A bench with one site, `one`, on SQLite."""
    return make_bench("one")


@pytest.fixture
def any_bench(dialect: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Bench]:
    """A bench with one site, `one`, on each database in turn."""
    if dialect == "sqlite":
        urls = (str(tmp_path / "jobs.db"), str(tmp_path / "site.db"))
    else:
        dsn = request.getfixturevalue("postgres_dsn")
        urls = (dsn, dsn)
    one = Bench(tmp_path, {"one": urls})
    yield one
    one.close()
