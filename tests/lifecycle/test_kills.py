"""Kills, freezes, timeouts and crashes, with real signals: what is lost, what runs again, what is recorded."""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import suppress

import psutil

from rota.jobs import JobState
from tests.lifecycle.conftest import NEVER, Bench, Process, is_alive
from tests.support.waiting import wait_until


def kill_one(process: Process, chance: random.Random) -> None:
    if workers := process.workers():
        with suppress(psutil.NoSuchProcess):
            chance.choice(workers).kill()


def test_workers_killed_at_random_lose_and_double_nothing(any_bench: Bench) -> None:
    process = any_bench.start(workers=3, max_crashes=1000)
    keys = []
    chance = random.Random(7)

    wait_until(process.workers)
    for _ in range(40):
        keys += any_bench.enqueue("effect", count=3, seconds=0.02, options={"max_crashes": 1000})
        time.sleep(0.03)
        kill_one(process, chance)
    views = any_bench.until_all(keys)
    assert {view.state for view in views} == {JobState.FINISHED}
    assert any_bench.effects() == dict.fromkeys(keys, 1)
    assert sum(view.crashes for view in views) > 0


def test_dispatchers_killed_at_random_lose_and_double_nothing(any_bench: Bench) -> None:
    keys = []
    for _ in range(5):
        before = any_bench.store.stats()["finished"]
        keys += any_bench.enqueue("effect", count=30, seconds=0.02, options={"max_crashes": 1000})
        process = any_bench.start(workers=3)
        wait_until(lambda before=before: any_bench.store.stats()["finished"] > before + 5)  # type: ignore[misc]
        process.kill()
        process.end()
    any_bench.start(workers=3)
    views = any_bench.until_all(keys)
    assert {view.state for view in views} == {JobState.FINISHED}
    assert any_bench.effects() == dict.fromkeys(keys, 1)


def test_workers_die_with_their_dispatcher_and_what_they_started(bench: Bench) -> None:
    process = bench.start()
    bench.enqueue("has_child", name="child", own_session=True)
    wait_until((bench.folder / "child").exists)
    child = int((bench.folder / "child").read_text())
    pids = [worker.pid for worker in process.workers()]
    process.kill()
    process.end()
    wait_until(lambda: not any(is_alive(pid) for pid in [*pids, child]))


def test_jobs_of_a_dispatcher_that_died_here_do_not_wait_for_its_lease(bench: Bench) -> None:
    process = bench.start(lease=NEVER)
    [key] = bench.enqueue("hold")
    bench.until_marked("holding")
    process.kill()
    process.end()
    bench.start(lease=NEVER)
    bench.until_marked("holding", 2)
    assert bench.job(key).crashes == 1


def test_another_dispatcher_of_this_machine_takes_over_without_looking(bench: Bench) -> None:
    first = bench.start(lease=NEVER)
    [key] = bench.enqueue("hold")
    bench.until_marked("holding")
    bench.start(lease=NEVER, look=NEVER)
    wait_until(lambda: len(bench.store.dispatchers()) == 2)
    first.kill()
    bench.until_marked("holding", 2)
    assert bench.job(key).crashes == 1


def test_a_frozen_dispatcher_and_worker_commit_nothing_after_the_lease(any_bench: Bench) -> None:
    first = any_bench.start(lease=2, workers=1)
    [key] = any_bench.enqueue("effect", name="began", hold=True)
    any_bench.until_marked("began")
    frozen = [worker.pid for worker in first.workers()]
    first.kill(signal.SIGSTOP)
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    any_bench.start(lease=2, workers=1)
    any_bench.until_marked("began", 2)
    (any_bench.folder / "go").touch()
    any_bench.until(key, "finished")
    for pid in frozen:
        os.kill(pid, signal.SIGCONT)
    any_bench.until_marked("refused")
    first.kill(signal.SIGCONT)
    assert any_bench.effects() == {key: 1}
    assert any_bench.job(key).state is JobState.FINISHED
    wait_until(lambda: not any(is_alive(pid) for pid in frozen) or "the lease was over" in first.said())
    any_bench.until(any_bench.enqueue("nothing")[0])


def test_a_timeout_is_raised_then_the_worker_is_killed_and_others_go_on(bench: Bench) -> None:
    bench.start(workers=2, grace=0.5)
    [soft] = bench.enqueue("sleep", seconds=60, timeout=0.3)
    assert "JobTimeout" in (bench.until(soft).error or "")
    [hard] = bench.enqueue("deaf", seconds=NEVER, timeout=2, name="deaf")
    bench.until_marked("deaf")
    others = bench.enqueue("mark", count=50, name="other")
    view = bench.until(hard)
    assert view.state is JobState.FAILED
    assert "did not stop within 0.5 s more, so its worker was killed" in (view.error or "")
    bench.until_all(others)
    assert len(bench.marks("other")) == 50


def test_a_kill_at_the_timeout_takes_the_jobs_children(bench: Bench) -> None:
    bench.start(grace=0.2)

    def began_a_child_in_time() -> bool:
        [key] = bench.enqueue("deaf_with_child", name="child", timeout=0.5)
        was_killed = "its worker was killed" in (bench.until(key).error or "")
        return was_killed and (bench.folder / "child").exists()

    wait_until(began_a_child_in_time)
    child = int((bench.folder / "child").read_text())
    wait_until(lambda: not is_alive(child))


def test_a_job_that_kills_its_worker_fails_after_its_crashes_with_the_signal(bench: Bench) -> None:
    bench.start(workers=2)
    [key] = bench.enqueue("dies", options={"max_crashes": 2, "on_failure": "mark"}, name="died")
    view = bench.until(key)
    assert (view.state, view.crashes) == (JobState.FAILED, 2)
    bench.until_marked("died", 2 + 1)  # twice it ran, then its callback
    assert "SIGSEGV" in (view.error or "")


def test_a_job_that_kills_its_dispatcher_fails_after_its_crashes(bench: Bench) -> None:
    [key] = bench.enqueue("kills_dispatcher", options={"max_crashes": 2})
    bench.start().end()
    bench.start().end()
    bench.start()
    view = bench.until(key)
    assert (view.state, view.crashes) == (JobState.FAILED, 2)


def test_what_waits_behind_a_crash_runs_once_and_loses_nothing(bench: Bench) -> None:
    bench.start(workers=1)
    bench.until_all(bench.enqueue("mark", count=100, name="warm"))
    bench.enqueue("dies", options={"max_crashes": 1})
    keys = bench.enqueue("mark", count=50, name="behind")
    views = bench.until_all(keys)
    assert {(view.state, view.attempt, view.crashes) for view in views} == {(JobState.FINISHED, 1, 0)}
    assert len(bench.marks("behind")) == 50


def test_a_killed_worker_is_replaced_without_looking(bench: Bench) -> None:
    process = bench.start(workers=1, look=NEVER)
    bench.until(bench.enqueue("nothing")[0])
    [worker] = process.workers()
    worker.kill()
    wait_until(lambda: [one.pid for one in process.workers() if one.pid != worker.pid])


def test_a_running_job_is_canceled_at_its_next_check(any_bench: Bench) -> None:
    any_bench.start()
    [key] = any_bench.enqueue("checks", name="checking")
    any_bench.until_marked("checking")
    assert any_bench.cancel(key) == "canceling"
    assert any_bench.until(key).state is JobState.CANCELED


def test_a_job_that_does_not_listen_to_its_cancel_is_killed_after_the_grace(bench: Bench) -> None:
    process = bench.start(grace=0.3)
    [key] = bench.enqueue("hold", timeout=NEVER)
    [pid] = bench.until_marked("holding")
    bench.cancel(key)
    assert bench.until(key).state is JobState.CANCELED
    assert not is_alive(pid)
    assert "(cancel)" in process.said()


def test_a_dispatcher_whose_nursery_dies_ends_and_leaves_its_jobs_to_the_next(bench: Bench) -> None:
    process = bench.start()
    [key] = bench.enqueue("hold")
    bench.until_marked("holding")
    nursery = process.nursery
    assert nursery is not None
    nursery.kill()
    assert process.end() == 1
    bench.start()
    bench.until_marked("holding", 2)
    assert bench.job(key).crashes == 1


def test_a_database_that_is_locked_for_long_costs_nothing(bench: Bench) -> None:
    bench.start()
    [key] = bench.enqueue("sleep", seconds=0.5)
    bench.until_marked("sleeping")
    with bench.store.turn():
        time.sleep(2)
    assert bench.until(key).state is JobState.FINISHED
    assert bench.job(key).attempt == 1
