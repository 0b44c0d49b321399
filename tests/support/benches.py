"""Benches for tests: made for real, with apps copied in, and the real command run in them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from rota.frappe import install_as_frappe
from rota.sites.bench import Bench, read_json, write_json
from rota.sites.context import Context
from rota.sites.install import new_site
from rota.sites.jobs import Jobs, jobs_of
from rota.sites.site import Site
from tests.support.waiting import wait_until

APPS = Path(__file__).with_name("apps")
ROTA = [sys.executable, "-c", "from rota.cli.main import main; main()"]


class TestBench:
    """A bench with one site, and the processes that were started in it."""

    __test__ = False

    def __init__(
        self, folder: Path, *, database: str = "sqlite", apps: Sequence[str | Path] = (), **settings: Any
    ) -> None:
        install_as_frappe()
        self.bench = Bench.init(folder)
        write_json(self.bench.common_config_path, {**read_json(self.bench.common_config_path), **settings})
        names = [self._copy_app(app) for app in apps]
        self.name = "test.localhost"
        new_site(self.bench, self.name, database=database, admin_password="secret", apps=names)
        self.processes: list[subprocess.Popen[str]] = []

    def _copy_app(self, app: str | Path) -> str:
        source = APPS / app if isinstance(app, str) else app
        shutil.copytree(source, self.bench.apps_path / source.name)
        forget_app(source.name)
        return source.name

    # --- the site ---

    @contextmanager
    def site(self) -> Iterator[Site]:
        """The site, as a process of its own would load it."""
        with Site.load(self.bench, self.name) as site:
            yield site

    @contextmanager
    def open(self, user: str = "Administrator") -> Iterator[Context]:
        """The site, open for a user; commits at the end."""
        with self.site() as site, site.open(user) as context:
            yield context

    @contextmanager
    def jobs(self) -> Iterator[Jobs]:
        """The jobs of the open site."""
        with self.open() as context:
            yield jobs_of(context)

    def stats(self) -> dict[str, int]:
        """A count of jobs for each state."""
        with self.site() as site:
            return site.store.stats()

    # --- the command ---

    def run(self, *words: str, timeout: float = 180) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [*ROTA, "--bench", str(self.bench.path), *words],
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a command and go on; it is killed with all its children when the bench is closed."""
        log = (self.bench.logs_path / f"{words[0]}-{len(self.processes)}.txt").open("w")
        with log:
            process = subprocess.Popen(
                [*ROTA, "--bench", str(self.bench.path), *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        self.processes.append(process)
        return process

    def output(self) -> str:
        """What the started commands have printed."""
        return "\n".join(file.read_text() for file in sorted(self.bench.logs_path.glob("*.txt")))

    def wait_for(self, counts: dict[str, int], *, timeout: float = 60) -> None:
        """Until the site has exactly these counts of jobs, all at one moment: a job changes state between two reads."""
        with self.site() as site:
            try:
                wait_until(lambda: counts.items() <= site.store.stats().items(), timeout=timeout)
            except AssertionError as error:
                raise AssertionError(f"{site.store.stats()}, not {counts}\n{self.output()[-3000:]}") from error

    def close(self) -> None:
        """Kill what was started."""
        for process in self.processes:
            kill_tree(process)
            process.wait()


def forget_app(name: str) -> None:
    """Let the next import find another bench's app of the same name."""
    for module in [one for one in sys.modules if one.split(".")[0] == name]:
        del sys.modules[module]
    sys.path[:] = [one for one in sys.path if not Path(one, name).is_dir() or "site-packages" in one]


def tree(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """A process and all below it; none once it has ended, as its number may be another's by then."""
    return family(process.pid) if process.poll() is None else []


def family(pid: int) -> list[psutil.Process]:
    """The process that has this number, and all below it."""
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def kill_tree(process: subprocess.Popen[str]) -> None:
    """kill -9 of a process and all below it."""
    kill_all(tree(process))


def kill_all(processes: list[psutil.Process]) -> None:
    """kill -9 of each that is still there."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGKILL)
