"""`rota demo`: a bench that is made at the first time and used again, at work until it is stopped."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rota.demo.prepare import SITE
from rota.sites.bench import Bench
from rota.sites.passwords import is_password
from rota.sites.site import Site
from tests.support.waiting import wait_until

COMMAND = [sys.executable, "-u", "-m", "rota.cli.main", "demo", "--port", "0", "--workers", "2"]


class Demo:
    """One that runs."""

    def __init__(self, folder: Path, log: Path) -> None:
        self._log = log
        with log.open("wb") as file:
            # Whoever started the tests may have had the signal ignored, and that is inherited.
            command = ["env", "--default-signal=INT", *COMMAND, str(folder)]
            self.process = subprocess.Popen(command, stdout=file, stderr=file)

    def said(self, pattern: str) -> str:
        """The first group of what it says, once it says it."""

        def found() -> re.Match[str] | None:
            assert self.process.poll() is None, self._log.read_text()
            return re.search(pattern, self._log.read_text())

        match = wait_until(found, timeout=120)
        assert match
        return match[1]

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(120)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], Demo]]:
    started: list[Demo] = []

    def begin() -> Demo:
        started.append(Demo(tmp_path / "demo", tmp_path / f"{len(started)}.log"))
        return started[-1]

    yield begin
    for one in started:
        if one.process.poll() is None:
            one.stop()


def finished(folder: Path) -> int:
    with Site.load(Bench(folder), SITE) as site:
        return site.store.stats()["finished"]


def test_it_shows_jobs_that_run_stops_at_ctrl_c_and_runs_again(start: Callable[[], Demo], tmp_path: Path) -> None:
    first = start()
    first.said(r" ([1-9]\d*) finished")
    assert first.stop() == 0
    before = finished(tmp_path / "demo")

    second = start()
    second.said("(Rota runs at )")
    wait_until(lambda: finished(tmp_path / "demo") > before, timeout=120)

    assert second.stop() == 0


def test_a_second_one_is_refused_and_changes_no_password(start: Callable[[], Demo], tmp_path: Path) -> None:
    first = start()
    password = first.said(r"password (\S+)")
    first.said("(Rota runs at )")

    second = subprocess.run([*COMMAND, str(tmp_path / "demo")], capture_output=True, text=True, check=False)

    assert second.returncode == 1
    assert f"is running already (process {first.process.pid})" in second.stderr
    assert "password" not in second.stdout
    assert first.stop() == 0
    with Site.load(Bench(tmp_path / "demo"), SITE) as site:
        connection = site.database.connect()
        assert is_password(connection, "Administrator", password)
        connection.close()
