"""A process that is stopped while it writes to SQLite: which ones are ended, and when."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from rota.engine.frozen import FrozenWriters
from tests.support.waiting import wait_until

WRITER = """
import os, signal, sys
from setproctitle import setproctitle
from rota.db import open_database
title, file, lock, stop = sys.argv[1:]
setproctitle(title)
connection = open_database(file).connect()
connection.run("create table if not exists t (x)")
if lock == "lock":
    connection.begin()
print("ready", flush=True)
if stop == "stop":
    os.kill(os.getpid(), signal.SIGSTOP)
sys.stdin.read()
"""
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def begin(
        *, title: str = "rota: dispatcher", file: str = "jobs.db", lock: bool = True, stop: bool = True
    ) -> object:
        words = [title, str(tmp_path / file), "lock" if lock else "-", "stop" if stop else "-"]
        one = subprocess.Popen(
            [sys.executable, "-c", WRITER, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        started.append(one)
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
        if stop:
            wait_until(lambda: psutil.Process(one.pid).status() == psutil.STATUS_STOPPED, timeout=60)
        return one

    yield begin
    for one in started:
        one.kill()
        one.communicate()


def has_ended(process: subprocess.Popen[str]) -> bool:
    # Its status is gone: whoever killed it here is its parent, and has waited for it.
    return process.wait(60) is not None


def is_alive(process: subprocess.Popen[str]) -> bool:
    return process.poll() is None


def test_one_that_is_stopped_for_long_with_the_lock_is_ended(start: Start, tmp_path: Path) -> None:
    frozen = start()
    files, writers = [tmp_path / "site.db", tmp_path / "jobs.db"], FrozenWriters(patience=20)
    writers.look(files, 100)
    writers.look(files, 119)
    assert is_alive(frozen)
    writers.look(files, 120)
    assert has_ended(frozen)


def test_the_time_begins_anew_when_it_has_gone_on_in_between(start: Start, tmp_path: Path) -> None:
    frozen = start()
    files, writers = [tmp_path / "jobs.db"], FrozenWriters(patience=20)
    writers.look(files, 100)
    frozen.send_signal(signal.SIGCONT)
    wait_until(lambda: psutil.Process(frozen.pid).status() != psutil.STATUS_STOPPED, timeout=60)
    writers.look(files, 110)
    frozen.send_signal(signal.SIGSTOP)
    wait_until(lambda: psutil.Process(frozen.pid).status() == psutil.STATUS_STOPPED, timeout=60)
    writers.look(files, 125)
    assert is_alive(frozen)
    writers.look(files, 145)
    assert has_ended(frozen)


@pytest.mark.parametrize(
    "wanted",
    [{"title": "my program"}, {"file": "other.db"}, {"lock": False}, {"stop": False}],
    ids=["not ours", "another file", "no lock", "not stopped"],
)
def test_nobody_else_is_touched(start: Start, tmp_path: Path, wanted: dict[str, object]) -> None:
    other = start(**wanted)
    files, writers = [tmp_path / "jobs.db"], FrozenWriters(patience=0)
    writers.look(files, 100)
    writers.look(files, 200)
    assert is_alive(other)
