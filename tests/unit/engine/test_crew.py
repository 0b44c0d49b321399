"""Workers as real processes: what they run, report, survive, and how they end."""

from __future__ import annotations

import itertools
import json
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

from rota.engine.channel import ASYNC, LOG, PROGRESS, RETIRE
from rota.engine.crew import Crew, Hand, Held
from rota.engine.nursery import Dead, NurseryGone
from rota.engine.report import NOTHING_TO_TELL, Report, decode_report
from rota.engine.worker import WorkerSettings
from rota.jobs import Claim, Ending, new_key
from rota.store.words import ClaimRef
from tests.support.waiting import wait_until
from tests.unit.engine.toys import ToyRunner

numbers = itertools.count(1)


def held(method: str, *, timeout: float = 60, **kwargs: Any) -> Held:
    number = next(numbers)
    body = json.dumps({"kwargs": json.dumps(kwargs), "timeout": timeout, "options": {}})
    claim = Claim(
        key=new_key(), number=number, attempt=1, crashes=0, failures=0, id="x", root="", method=method,
        queue="default", user="Administrator", started_at=0, body=body,
    )  # fmt: skip
    return Held(site="one", claim=claim, ref=ClaimRef(claim.key, number))


class Watched:
    """A crew, and all that its workers said."""

    def __init__(self, crew: Crew) -> None:
        self.crew = crew
        self.reports: dict[str, Report] = {}
        self.words: list[list[Any]] = []
        self.deaths: dict[int, Dead] = {}

    def give(self, hand: Hand, method: str, **kwargs: Any) -> Held:
        one = held(method, **kwargs)
        assert self.crew.give(hand, one)
        return one

    def look(self) -> None:
        for hand, dead in self.crew.events():
            if dead:
                self._hear(hand, self.crew.read_all(hand))
                self.deaths[hand.number] = dead
        for hand in self.crew:
            self._hear(hand, self.crew.read(hand))

    def _hear(self, hand: Hand, lines: Sequence[Sequence[Any]]) -> None:
        for head, *rest in lines:
            if isinstance(head, str):
                self.words.append([head, *rest[1:]])
            else:
                one = hand.held.pop(head)
                self.reports[one.claim.key] = decode_report(rest[1:])

    def until(self, condition: Callable[[], Any]) -> Any:
        def asked() -> Any:
            self.look()
            return condition()

        return wait_until(asked, every=0.001)

    def report(self, one: Held) -> Report:
        return self.until(lambda: self.reports.get(one.claim.key))

    def death(self, hand: Hand) -> Dead:
        return self.until(lambda: self.deaths.get(hand.number))

    def said(self, kind: str) -> list[list[Any]]:
        return [rest for head, *rest in self.words if head == kind]


@pytest.fixture
def settings() -> WorkerSettings:
    return WorkerSettings()


@pytest.fixture
def watched(tmp_path: Path, settings: WorkerSettings) -> Iterator[Watched]:
    crew = Crew(ToyRunner(tmp_path), settings)
    yield Watched(crew)
    crew.close()


@pytest.fixture
def hand(watched: Watched) -> Hand:
    """A worker. Its number may come to be known after its first report."""
    hand = watched.crew.hire(0)
    watched.until(lambda: hand.pid)
    return hand


def pids(file: Path) -> list[int]:
    return [int(word) for word in file.read_text().split()] if file.exists() else []


def test_a_job_that_leaves_nothing_is_reported(watched: Watched, hand: Hand) -> None:
    assert watched.report(watched.give(hand, "nothing")) == NOTHING_TO_TELL


def test_a_result_comes_back(watched: Watched, hand: Hand) -> None:
    result = watched.report(watched.give(hand, "pid")).result
    watched.until(lambda: hand.pid)  # its first report may be here before the nursery has told of its birth
    assert result == str(hand.pid) != str(os.getpid())


@pytest.mark.parametrize("size", [10, 16_000, 17_000, 500_000])
def test_arguments_and_results_of_any_size_arrive_whole(watched: Watched, hand: Hand, size: int) -> None:
    assert watched.report(watched.give(hand, "length", text="ü" * size)).result == str(size)
    assert watched.report(watched.give(hand, "echo", text="ü" * size)).result == json.dumps("ü" * size)


def test_jobs_of_one_socket_run_in_their_order(watched: Watched, hand: Hand) -> None:
    given = [watched.give(hand, "nothing") for _ in range(200)]
    watched.until(lambda: len(watched.reports) == 200)
    assert list(watched.reports) == [one.claim.key for one in given]


def test_an_exception_is_reported_with_its_traceback_and_types(watched: Watched, hand: Hand) -> None:
    report = watched.report(watched.give(hand, "raises"))
    assert report.ending is Ending.FAILED
    assert (report.error or "").endswith("ZeroDivisionError: no way\n")
    assert report.error_types[:2] == ("builtins.ZeroDivisionError", "builtins.ArithmeticError")


def test_sys_exit_fails_the_job_and_leaves_the_worker(watched: Watched, hand: Hand) -> None:
    assert watched.report(watched.give(hand, "leaves")).error_types[0] == "builtins.SystemExit"
    assert watched.report(watched.give(hand, "pid")).result == str(hand.pid)


def test_a_stored_body_that_is_broken_fails_alone(watched: Watched, hand: Hand) -> None:
    bad = held("nothing")
    bad.claim = bad.claim._replace(body="{")
    watched.crew.give(hand, bad)
    after = watched.give(hand, "nothing")
    assert "the stored job can't be read" in (watched.report(bad).error or "")
    assert watched.report(after) == NOTHING_TO_TELL


def test_a_timeout_raises_inside_the_job(watched: Watched, hand: Hand) -> None:
    report = watched.report(watched.give(hand, "sleep", seconds=30, timeout=0.1))
    assert report.error_types[0] == "rota.errors.JobTimeout"


def test_a_job_that_swallows_its_timeout_is_failed_all_the_same(watched: Watched, hand: Hand) -> None:
    report = watched.report(watched.give(hand, "swallow", seconds=0.2, timeout=0.1))
    assert (report.ending, report.error_types[0]) == (Ending.FAILED, "rota.errors.JobTimeout")


def test_a_timeout_does_not_strike_the_next_job(watched: Watched, hand: Hand) -> None:
    watched.give(hand, "nothing", timeout=0.1)
    assert watched.report(watched.give(hand, "sleep", seconds=0.3)) == NOTHING_TO_TELL


def test_what_is_not_begun_can_be_taken_back_exactly(watched: Watched, hand: Hand, tmp_path: Path) -> None:
    slow = watched.give(hand, "hold")
    behind = [watched.give(hand, "mark", name="ran") for _ in range(5)] + [
        watched.give(hand, "length", text="x" * 99999)
    ]
    wait_until((tmp_path / "holding").exists)
    assert watched.crew.take_back(hand) == behind
    (tmp_path / "go").touch()
    assert watched.report(slow) == NOTHING_TO_TELL
    watched.report(watched.give(hand, "nothing"))
    assert not (tmp_path / "ran").exists()


def test_the_slate_shows_what_runs_and_since_when(watched: Watched, hand: Hand, tmp_path: Path) -> None:
    before = time.monotonic_ns()
    watched.give(hand, "hold")
    wait_until((tmp_path / "holding").exists)
    [(serial, began)] = hand.slate.running().items()
    assert serial in hand.held
    assert before < began < time.monotonic_ns()
    (tmp_path / "go").touch()
    watched.until(lambda: watched.reports)
    assert hand.slate.running() == {}


def test_a_canceled_job_stops_at_its_next_check(watched: Watched, hand: Hand, tmp_path: Path) -> None:
    one = watched.give(hand, "checks", name="checking")
    wait_until((tmp_path / "checking").exists)
    assert hand.slate.cancel(next(iter(hand.held)))
    assert watched.report(one).error_types[0] == "rota.errors.JobCanceled"
    assert watched.report(watched.give(hand, "nothing")) == NOTHING_TO_TELL


def test_a_job_learns_that_its_worker_is_to_stop(watched: Watched, hand: Hand, tmp_path: Path) -> None:
    one = watched.give(hand, "until_stopping", name="waiting")
    wait_until((tmp_path / "waiting").exists)
    hand.slate.stop()
    assert watched.report(one).result == '"stopped"'


def test_lines_are_sent_while_the_job_runs_and_none_is_lost(watched: Watched, hand: Hand, tmp_path: Path) -> None:
    one = watched.give(hand, "talk", lines=100, hold=True)
    watched.until(lambda: sum(len(lines) for [lines] in watched.said(LOG)) == 100)
    assert one.claim.key not in watched.reports
    assert [text for [lines] in watched.said(LOG) for _, _, text in lines] == [f"line {n}" for n in range(100)]
    assert len(watched.said(LOG)) < 10  # two, unless the worker had to wait for a processor
    (tmp_path / "go").touch()
    watched.report(one)


def test_lines_come_with_the_report_at_the_latest(watched: Watched, hand: Hand) -> None:
    watched.report(watched.give(hand, "talk", lines=3))
    assert sum(len(lines) for [lines] in watched.said(LOG)) == 3


@pytest.mark.parametrize("settings", [WorkerSettings(max_log_size=1024)])
def test_lines_beyond_the_attempts_room_are_cut_and_marked(watched: Watched, hand: Hand) -> None:
    watched.report(watched.give(hand, "shout", text="x" * 2000))
    [[[_, _, text]]] = [lines for [lines] in watched.said(LOG)]
    assert text.startswith("x" * 1024 + " [... ")


def test_lines_hold_nothing_that_a_database_refuses(watched: Watched, hand: Hand) -> None:
    watched.report(watched.give(hand, "shout", text="a\0b\ud800c"))
    assert watched.said(LOG)[0][0][0][2] == "a\\x00b\\ud800c"


def test_progress_is_told(watched: Watched, hand: Hand) -> None:
    watched.report(watched.give(hand, "count"))
    assert watched.said(PROGRESS) == [[1, 2, "half"]]


def test_a_crash_is_told_with_its_signal_and_what_was_behind_it_comes_back(
    watched: Watched, hand: Hand, tmp_path: Path
) -> None:
    first = watched.give(hand, "nothing")
    fatal = watched.give(hand, "dies")
    behind = [watched.give(hand, "nothing") for _ in range(3)]
    dead = watched.death(hand)
    assert dead.cause.startswith("killed by SIGSEGV, peak memory ")
    assert watched.reports == {first.claim.key: NOTHING_TO_TELL}
    assert watched.crew.take_back(hand) == behind
    assert list(hand.held.values()) == [fatal]


def test_an_exit_code_is_told(watched: Watched, hand: Hand) -> None:
    watched.give(hand, "ends")
    assert watched.death(hand).cause == "ended with exit code 7"


@pytest.mark.parametrize("own_session", [False, True])
def test_a_kill_takes_what_the_job_started(watched: Watched, hand: Hand, tmp_path: Path, own_session: bool) -> None:
    watched.give(hand, "has_child", name="child", own_session=own_session)
    wait_until((tmp_path / "child").exists)
    watched.crew.kill(hand, "test")
    assert watched.death(hand).status == -signal.SIGKILL
    wait_until(lambda: not alive(pids(tmp_path / "child")[0]))


def test_a_workers_own_death_takes_its_group(watched: Watched, hand: Hand, tmp_path: Path) -> None:
    watched.give(hand, "has_child", name="child")
    wait_until((tmp_path / "child").exists)
    watched.look()
    os.kill(hand.pid, signal.SIGKILL)
    watched.death(hand)
    wait_until(lambda: not alive(pids(tmp_path / "child")[0]))


def test_a_retired_worker_ends_after_what_it_has(watched: Watched, hand: Hand) -> None:
    given = [watched.give(hand, "nothing") for _ in range(3)]
    watched.crew.retire(hand)
    assert watched.death(hand).status == 0
    assert set(watched.reports) == {one.claim.key for one in given}


@pytest.mark.parametrize("settings", [WorkerSettings(recycle_after_jobs=2)])
def test_a_worker_asks_to_be_replaced_after_its_jobs(watched: Watched, hand: Hand) -> None:
    for _ in range(3):
        watched.give(hand, "nothing")
    watched.until(lambda: len(watched.reports) == 3)
    assert watched.said(RETIRE) == [["2 jobs"]]


@pytest.mark.parametrize("settings", [WorkerSettings(recycle_after_mib=20)])
def test_a_worker_that_grew_asks_to_be_replaced(watched: Watched, hand: Hand) -> None:
    watched.report(watched.give(hand, "grows", mib=40))
    watched.until(lambda: watched.said(RETIRE))
    assert watched.said(RETIRE)[0][0].startswith("grown by ")


def test_sigterm_asks_for_a_replacement_after_the_job(watched: Watched, hand: Hand, tmp_path: Path) -> None:
    one = watched.give(hand, "hold")
    wait_until((tmp_path / "holding").exists)
    watched.look()
    os.kill(hand.pid, signal.SIGTERM)
    watched.until(lambda: watched.said(RETIRE))
    (tmp_path / "go").touch()
    assert watched.report(one) == NOTHING_TO_TELL
    assert watched.said(RETIRE) == [["SIGTERM"]]


def test_async_jobs_run_at_once_in_one_worker(watched: Watched, hand: Hand, tmp_path: Path) -> None:
    given = [watched.give(hand, "hold_async") for _ in range(20)]
    watched.until(lambda: len(pids(tmp_path / "holding")) == 20)
    assert set(pids(tmp_path / "holding")) == {hand.pid}
    (tmp_path / "go").touch()
    assert {watched.report(one).ending for one in given} == {Ending.RETURNED}
    assert len(watched.said(ASYNC)) == 1


def test_an_async_job_has_its_own_time_limit(watched: Watched, hand: Hand) -> None:
    late = watched.give(hand, "nap", seconds=30, timeout=0.1)
    fine = watched.give(hand, "nap", seconds=0.4)
    assert watched.report(late).error_types[0] == "rota.errors.JobTimeout"
    assert watched.report(fine).ending is Ending.RETURNED


def test_an_async_job_is_canceled_alone(watched: Watched, hand: Hand, tmp_path: Path) -> None:
    one = watched.give(hand, "nap", seconds=30)
    other = watched.give(hand, "nap", seconds=0.6, name="other")
    wait_until((tmp_path / "other").exists)
    assert hand.slate.cancel(next(serial for serial, job in hand.held.items() if job is one))
    assert watched.report(one).error_types[0] == "rota.errors.JobCanceled"
    assert watched.report(other).ending is Ending.RETURNED


@pytest.mark.parametrize("settings", [WorkerSettings(async_jobs=3)])
def test_no_more_async_jobs_run_at_once_than_the_limit(watched: Watched, hand: Hand, tmp_path: Path) -> None:
    for _ in range(7):
        watched.give(hand, "hold_async")
    watched.until(lambda: len(pids(tmp_path / "holding")) == 3)
    assert len(hand.slate.running()) == 3
    (tmp_path / "go").touch()
    watched.until(lambda: len(watched.reports) == 7)


def test_a_worker_goes_on_with_plain_jobs_after_async_ones(watched: Watched, hand: Hand) -> None:
    watched.report(watched.give(hand, "nap", seconds=0))
    assert watched.report(watched.give(hand, "pid")).result == str(hand.pid)
    assert watched.report(watched.give(hand, "nap", seconds=0)).result == str(hand.pid)


def test_workers_die_with_the_nursery(watched: Watched, hand: Hand) -> None:
    watched.until(lambda: hand.pid)
    os.kill(watched.crew._nursery.pid, signal.SIGKILL)
    wait_until(lambda: not alive(hand.pid))
    with pytest.raises(NurseryGone):
        watched.until(lambda: False)


def test_closing_ends_every_worker_and_what_it_started(tmp_path: Path) -> None:
    watched = Watched(Crew(ToyRunner(tmp_path), WorkerSettings()))
    hand = watched.crew.hire(0)
    watched.give(hand, "has_child", name="child")
    wait_until((tmp_path / "child").exists)
    watched.look()
    watched.crew.close()
    assert not alive(hand.pid)
    wait_until(lambda: not alive(pids(tmp_path / "child")[0]))


def test_applications_are_loaded_before_the_first_worker(watched: Watched, hand: Hand, tmp_path: Path) -> None:
    watched.report(watched.give(hand, "nothing"))
    assert (tmp_path / "preloaded").exists()


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
