"""The tree of processes, with real ones: restarts, stops, output, reload."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.lifecycle.conftest import is_alive
from tests.support.waiting import wait_until


class Tree:
    def __init__(self, folder: Path, *words: str) -> None:
        self.folder = folder
        self.log = folder / "output"
        root = Path(__file__).parents[2]
        with self.log.open("wb") as output:
            self.popen = subprocess.Popen(
                [sys.executable, "-u", "-m", "tests.lifecycle.supervised", str(folder), *words],
                stdout=output,
                stderr=output,
                cwd=root,
                env={**os.environ, "PYTHONPATH": str(root)},
            )

    def output(self) -> str:
        return self.log.read_text()

    def lines(self, name: str, count: int = 1) -> list[str]:
        """What a child wrote into its file, once it wrote so many lines."""
        file = self.folder / name

        def found() -> list[str]:
            lines = file.read_text().splitlines() if file.exists() else []
            return lines if len(lines) >= count else []

        return wait_until(found, message=f"{count} of {name}: {self.output()}")

    def close(self) -> None:
        pids = [one.pid for one in psutil.Process(self.popen.pid).children()] if self.popen.poll() is None else []
        self.popen.kill()
        self.popen.wait()
        for pid in pids:
            if is_alive(pid):
                os.kill(pid, signal.SIGKILL)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Tree]]:
    (tmp_path / "code").mkdir()
    trees: list[Tree] = []

    def made(*words: str) -> Tree:
        trees.append(Tree(tmp_path, *words))
        return trees[-1]

    yield made
    for one in trees:
        one.close()


def test_children_are_heard_line_by_line_under_their_names(start: Callable[..., Tree]) -> None:
    tree = start("steady", "shell")
    wait_until(lambda: "steady | steady here\n" in tree.output())
    wait_until(lambda: "shell  | from a shell\n" in tree.output())


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_one_signal_stops_all(start: Callable[..., Tree], signum: int) -> None:
    tree = start("steady", "shell")
    [pid] = tree.lines("steady")
    tree.popen.send_signal(signum)
    assert tree.popen.wait(60) == 0
    assert not is_alive(int(pid))


def test_a_child_that_dies_is_started_again(start: Callable[..., Tree]) -> None:
    tree = start("steady")
    [pid] = tree.lines("steady")
    os.kill(int(pid), signal.SIGKILL)
    assert len(set(tree.lines("steady", 2))) == 2
    assert "steady | was killed by SIGKILL; it is started again in 0.2 s" in tree.output()


def test_a_child_that_fails_at_its_start_is_tried_more_and_more_slowly(start: Callable[..., Tree]) -> None:
    tree = start("failing")
    tree.lines("failing", 4)
    pauses = re.findall(r"ended with exit code 3; it is started again in (\S+) s", tree.output())
    assert pauses[:3] == ["0.2", "0.4", "0.8"]
    moments = [float(line) for line in tree.lines("failing", 4)]
    assert moments[3] - moments[0] > 0.2 + 0.4 + 0.8


def test_wrong_usage_stops_all_with_its_code(start: Callable[..., Tree]) -> None:
    tree = start("steady", "wrong")
    assert tree.popen.wait(60) == 2
    assert "wrong  | there is no such queue" in tree.output()


def test_a_child_that_does_not_stop_is_killed_after_the_grace(start: Callable[..., Tree]) -> None:
    tree = start("deaf", "steady", "--impatient")
    [pid] = tree.lines("deaf")
    tree.popen.terminate()
    assert tree.popen.wait(60) == 1
    assert not is_alive(int(pid))


def test_a_second_signal_kills_at_once(start: Callable[..., Tree]) -> None:
    tree = start("deaf", "steady")
    tree.lines("deaf")
    [pid] = tree.lines("steady")
    tree.popen.terminate()
    wait_until(lambda: not is_alive(int(pid)))
    tree.popen.terminate()
    assert tree.popen.wait(60) == 1


def test_a_hangup_restarts_the_children(start: Callable[..., Tree]) -> None:
    tree = start("steady")
    [pid] = tree.lines("steady")
    tree.popen.send_signal(signal.SIGHUP)
    assert tree.lines("steady", 2)[0] == pid
    assert "started again" not in tree.output()


def test_one_that_hands_over_goes_on_beside_its_successor(start: Callable[..., Tree]) -> None:
    tree = start("handing_over")
    [old] = tree.lines("handing_over")
    tree.popen.send_signal(signal.SIGHUP)
    [_, new] = tree.lines("handing_over", 2)
    assert (is_alive(int(old)), is_alive(int(new))) == (True, True)
    (tree.folder / f"may-end-{old}").touch()
    wait_until(lambda: not is_alive(int(old)))
    wait_until(lambda: "old one is through" in tree.output())
    assert "started again" not in tree.output()
    tree.popen.terminate()
    assert tree.popen.wait(60) == 0
    assert tree.lines("handing_over", 2) == [old, new]


def test_a_stop_ends_those_that_have_a_successor_too(start: Callable[..., Tree]) -> None:
    tree = start("handing_over")
    [old] = tree.lines("handing_over")
    tree.popen.send_signal(signal.SIGHUP)
    [_, new] = tree.lines("handing_over", 2)
    tree.popen.terminate()
    assert tree.popen.wait(60) == 0
    assert not is_alive(int(old))
    assert not is_alive(int(new))


def test_a_changed_file_restarts_the_children(start: Callable[..., Tree]) -> None:
    tree = start("steady", "--watch")
    tree.lines("steady")

    def changed() -> bool:
        (tree.folder / "code" / "tasks.py").write_text(f"# {os.urandom(4).hex()}\n")
        return len((tree.folder / "steady").read_text().splitlines()) >= 2

    # The watcher may need a moment before it sees anything.
    wait_until(changed, every=0.3)


def test_it_says_when_all_are_ready(start: Callable[..., Tree]) -> None:
    tree = start("steady", "slow_to_start")
    tree.lines("slow_to_start")
    wait_until(lambda: "all are ready" in tree.output())
    assert tree.output().index("all are ready") > 0
    assert (tree.folder / "is-ready").exists()


def test_children_do_not_outlive_a_supervisor_that_is_killed(start: Callable[..., Tree]) -> None:
    tree = start("steady", "shell", "--watch")
    [pid] = tree.lines("steady")
    wait_until(lambda: len(psutil.Process(tree.popen.pid).children()) == 3)
    pids = [one.pid for one in psutil.Process(tree.popen.pid).children()]
    tree.popen.kill()
    wait_until(lambda: not any(is_alive(one) for one in [*pids, int(pid)]))
