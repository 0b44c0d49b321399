"""`rota start`: everything runs under one parent, which keeps it running and ends it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import requests

from rota.sites.bench import Bench
from tests.cli.conftest import run_process, write_app
from tests.support.waiting import wait_until

TASKS = "import frappe\ndef write():\n    frappe.get_doc({'doctype': 'ToDo', 'description': 'x'}).insert()\n"


class Running:
    """A `rota start` as a process of its own."""

    def __init__(self, bench: Bench, *words: str) -> None:
        self.log = bench.path / "start.log"
        command = [sys.executable, "-u", "-m", "rota.cli.main", "start", "--port", "0", "--workers", "2", *words]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, cwd=bench.path, stdout=log, stderr=log)
        self.url = wait_until(self._found_url, message=f"the address in {self.log}")

    def _found_url(self) -> str:
        found = re.search(r"http://\S+", self.log.read_text())
        return found[0] if found else ""

    def is_healthy(self) -> bool:
        try:
            return requests.get(f"{self.url}/health", timeout=5).status_code == 200
        except requests.RequestException:
            return False

    def children(self) -> dict[str, psutil.Process]:
        """The processes below it, by the name that `ps` shows."""
        found = {}
        for one in psutil.Process(self.process.pid).children(recursive=True):
            try:
                found[one.cmdline()[0]] = one
            except (psutil.NoSuchProcess, IndexError):
                continue
        return found

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)


@pytest.fixture
def start(bench: Bench, site: str) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def begin(*words: str) -> Running:
        started.append(Running(bench, *words))
        wait_until(started[-1].is_healthy, message=f"health; {started[-1].log.read_text()}")
        return started[-1]

    yield begin
    for one in started:
        if one.process.poll() is None:
            one.stop()


def test_it_runs_jobs_and_stops_at_sigterm(bench: Bench, start: Callable[..., Running]) -> None:
    write_app(bench, "start_app", tasks=TASKS)
    run_process(bench, "install-app", "start_app", check=True)
    running = start()
    enqueue = ["execute", "frappe.enqueue", "--args", '["start_app.tasks.write"]']
    run_process(bench, *enqueue)
    wait_until(lambda: json.loads(run_process(bench, "jobs", "stats", "--json").stdout)["finished"] == 1)
    wait_until(lambda: json.loads(run_process(bench, "scheduler", "status", "--json").stdout)["workers"] == 2)
    assert running.stop() == 0
    assert "Traceback" not in running.log.read_text()


def test_it_says_of_each_job_that_failed_which_and_why(bench: Bench, start: Callable[..., Running]) -> None:
    tasks = (
        "import time\n"
        "def fail(number, password): raise ValueError(f'{number} fails with {password}')\n"
        "def sleep(): time.sleep(60)\n"
    )
    folder = write_app(bench, "fail_app", tasks=tasks)
    run_process(bench, "install-app", folder.name, check=True)
    running = start()
    for method, kwargs in (("fail", {"number": 7, "password": "s3cret", "job_id": "seven"}), ("sleep", {"timeout": 1})):
        words = ["--args", json.dumps([f"fail_app.tasks.{method}"]), "--kwargs", json.dumps(kwargs)]
        run_process(bench, "execute", "frappe.enqueue", *words, check=True)
    wait_until(lambda: json.loads(run_process(bench, "jobs", "stats", "--json").stdout)["failed"] == 2)

    def told() -> list[str]:
        return [line for line in running.log.read_text().splitlines() if "rota.jobs" in line]

    lines = wait_until(lambda: len(found := told()) == 2 and found)
    assert lines
    (failed,) = (line for line in lines if "fail_app.tasks.fail" in line)
    assert "ERROR" in failed
    assert failed.endswith(": fail_app.tasks.fail failed, job seven: ValueError: 7 fails with ***")
    (stopped,) = (line for line in lines if "fail_app.tasks.sleep" in line)
    assert "JobTimeout" in stopped


def test_ctrl_c_is_quiet(start: Callable[..., Running]) -> None:
    running = start()
    os.kill(running.process.pid, signal.SIGINT)
    assert running.process.wait(60) == 0
    assert "Traceback" not in running.log.read_text()


def test_a_second_start_is_refused_in_one_line_and_the_first_goes_on(
    bench: Bench, start: Callable[..., Running]
) -> None:
    running = start()
    second = run_process(bench, "start", "--port", "0")
    assert (second.returncode, second.stdout) == (1, "")
    assert second.stderr == (
        f"rota: the bench {bench.path} is running already (process {running.process.pid}): stop that first\n"
    )
    wait_until(running.is_healthy)


def test_a_taken_port_is_told_in_one_line(bench: Bench, site: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        answer = run_process(bench, "start", "--port", str(port))
    assert answer.returncode == 1
    (line,) = answer.stderr.splitlines()
    assert f"can't listen at 127.0.0.1, port {port}" in line
    assert "--port" in line


@pytest.mark.parametrize("name", ["rota: dispatcher", "rota: scheduler", "rota: web"])
def test_a_process_that_dies_is_started_again(start: Callable[..., Running], name: str) -> None:
    running = start()
    first = wait_until(lambda: running.children().get(name))
    first.kill()
    wait_until(lambda: (now := running.children().get(name)) is not None and now.pid != first.pid)
    wait_until(running.is_healthy)


def test_nothing_is_left_when_the_parent_is_killed(bench: Bench, start: Callable[..., Running]) -> None:
    running = start()
    # A process that was just forked has its parent's name for a moment.
    wait_until(lambda: len(running.children()) == 6)
    processes = list(running.children().values())
    running.process.kill()
    running.process.wait()
    _, alive = psutil.wait_procs(processes, timeout=60)
    assert alive == []
    start()


def test_dev_starts_anew_when_an_app_changes(bench: Bench, start: Callable[..., Running]) -> None:
    folder: Path = write_app(bench, "dev_app", tasks=TASKS)
    run_process(bench, "install-app", "dev_app", check=True)
    running = start("--dev")
    first = wait_until(lambda: running.children().get("rota: dispatcher"))

    def changed() -> bool:
        # Nothing tells when the watching has begun.
        (folder / "tasks.py").write_text(TASKS + f"# {os.urandom(4).hex()}\n")
        now = running.children().get("rota: dispatcher")
        return now is not None and now.pid != first.pid

    wait_until(changed, every=0.3)
