"""A dispatcher and its workers as real processes: what runs where, how soon, and what ends it."""

from __future__ import annotations

import itertools
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from rota.engine.dispatcher import RETIRE_SIGNAL
from rota.jobs import JobState
from tests.lifecycle.conftest import NEVER, Bench
from tests.support.waiting import wait_until

FROZEN_WRITER = """
import os, signal, sys
from setproctitle import setproctitle
from rota.db import open_database
setproctitle("rota: scheduler")
connection = open_database(sys.argv[1]).connect()
connection.begin()
print("ready", flush=True)
os.kill(os.getpid(), signal.SIGSTOP)
"""


def test_jobs_run_and_finish(any_bench: Bench) -> None:
    any_bench.start()
    keys = any_bench.enqueue("effect", count=20) + any_bench.enqueue("pid", count=20)
    any_bench.until_all(keys)
    assert any_bench.store.stats()["finished"] == 40
    assert set(any_bench.effects().values()) == {1}


def test_an_enqueue_wakes_an_idle_dispatcher(any_bench: Bench) -> None:
    any_bench.start(look=NEVER)
    for _ in range(3):  # the first one may be found without having been heard of
        any_bench.until(any_bench.enqueue("nothing")[0])


def test_a_scheduled_job_runs_when_it_is_due(any_bench: Bench) -> None:
    any_bench.start(look=NEVER)
    any_bench.until(any_bench.enqueue("nothing")[0])
    now = time.time_ns() // 1000
    view = any_bench.until(any_bench.enqueue("nothing", run_at=now + 700_000)[0])
    assert view.started_at is not None
    assert view.started_at - now >= 700_000


def test_burst_ends_when_nothing_is_left(bench: Bench) -> None:
    keys = bench.enqueue("nothing", count=100)
    process = bench.start(burst=True)
    assert process.end() == 0
    assert {view.state for view in bench.store.jobs(keys)} == {JobState.FINISHED}
    assert "quitting" in process.said()


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_dispatcher_ends_at_once_when_told(bench: Bench, signum: int) -> None:
    process = bench.start(grace=NEVER)
    bench.until(bench.enqueue("nothing")[0])
    process.kill(signum)
    assert process.end() == 0
    assert bench.store.dispatchers() == []


def test_a_running_job_has_the_grace_period_at_a_stop(bench: Bench) -> None:
    process = bench.start(grace=NEVER)
    [key] = bench.enqueue("hold")
    bench.until_marked("holding")
    process.kill(signal.SIGTERM)
    wait_until(lambda: "stopping" in process.said())
    (bench.folder / "go").touch()
    assert process.end() == 0
    assert bench.job(key).state is JobState.FINISHED


def test_after_the_grace_period_a_job_is_released_without_losing_an_attempt(bench: Bench) -> None:
    process = bench.start(grace=0.3)
    [key] = bench.enqueue("sleep", seconds=60)
    waiting = bench.enqueue("sleep", count=5, seconds=60)
    bench.until_marked("sleeping", 2)
    process.kill(signal.SIGTERM)
    assert process.end() == 0
    views = [bench.job(one) for one in [key, *waiting]]
    assert {(view.state, view.attempt, view.crashes) for view in views} == {(JobState.QUEUED, 0, 0)}


def test_a_resumable_job_learns_of_the_stop(bench: Bench) -> None:
    process = bench.start()
    [key] = bench.enqueue("until_stopping", name="waiting")
    bench.until_marked("waiting")
    process.kill(signal.SIGTERM)
    assert process.end() == 0
    assert bench.job(key).result == '"stopped"'


def test_a_second_signal_does_not_wait(bench: Bench) -> None:
    process = bench.start(grace=NEVER)
    bench.enqueue("hold")
    bench.until_marked("holding")
    process.kill(signal.SIGTERM)
    wait_until(lambda: "stopping" in process.said())
    process.kill(signal.SIGTERM)
    assert process.end() == 0


def test_one_that_retires_lets_running_jobs_come_to_their_end_and_claims_no_more(bench: Bench) -> None:
    process = bench.start(grace=0.1)
    [running] = bench.enqueue("hold")
    bench.until_marked("holding")
    process.kill(RETIRE_SIGNAL)
    wait_until(lambda: "retiring" in process.said())
    later = bench.enqueue("nothing", count=5)
    (bench.folder / "go").touch()
    assert process.end() == 0
    assert (bench.job(running).state, bench.job(running).attempt) == (JobState.FINISHED, 1)
    assert {bench.job(one).state for one in later} == {JobState.QUEUED}
    assert bench.store.dispatchers() == []


def test_another_one_goes_on_while_one_retires(bench: Bench) -> None:
    old = bench.start()
    [running] = bench.enqueue("hold")
    bench.until_marked("holding")
    wait_until(lambda: len(old.workers()) == 2)
    old.kill(RETIRE_SIGNAL)
    wait_until(lambda: len(old.workers()) == 1)
    new = bench.start()
    bench.until(bench.enqueue("nothing")[0])
    assert bench.job(running).state is JobState.STARTED
    # It can still be told to stop.
    old.kill(signal.SIGTERM)
    wait_until(lambda: "stopping" in old.said())
    old.kill(signal.SIGTERM)
    assert old.end() == 0
    wait_until(lambda: bench.job(running).pid in [one.pid for one in new.workers()])


def test_a_resumable_job_learns_that_its_dispatcher_retires(bench: Bench) -> None:
    process = bench.start()
    [key] = bench.enqueue("until_stopping", name="waiting")
    bench.until_marked("waiting")
    process.kill(RETIRE_SIGNAL)
    assert process.end() == 0
    assert bench.job(key).result == '"stopped"'


def test_what_waits_behind_a_job_that_turns_out_slow_runs_elsewhere(bench: Bench) -> None:
    bench.start()
    bench.until_all(bench.enqueue("sleep", count=200, seconds=0, name="warm"))
    with bench.store.turn():
        pass
    slow = bench.enqueue("hold", timeout=NEVER)
    quick = bench.enqueue("sleep", count=60, seconds=0, name="quick")
    wait_until(lambda: {view.state for view in bench.store.jobs(quick)} == {JobState.FINISHED})
    assert bench.job(slow[0]).state is JobState.STARTED


def test_long_jobs_leave_a_worker_to_the_others(bench: Bench) -> None:
    bench.start(workers=2)
    bench.enqueue("hold", count=5, queue="long", timeout=NEVER)
    bench.until_marked("holding")
    bench.until(bench.enqueue("nothing", queue="short")[0])
    assert len(bench.marks("holding")) == 1


def test_a_queue_has_no_more_workers_than_its_limit(bench: Bench) -> None:
    bench.start(workers=4, limits={"short": 1})
    keys = bench.enqueue("sleep", count=4, seconds=0.2, queue="short")
    bench.until_all(keys)
    views = sorted(bench.store.jobs(keys), key=lambda view: view.started_at or 0)
    overlaps = [
        after for before, after in itertools.pairwise(views) if (after.started_at or 0) < (before.ended_at or 0)
    ]
    assert overlaps == []


def test_one_sites_backlog_does_not_keep_another_waiting(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench("one", "two")
    bench.start(workers=2)
    bench.enqueue("sleep", count=2000, seconds=0.05)
    bench.until_marked("sleeping", 4)
    bench.until(bench.enqueue("nothing", site="two")[0], site="two")
    assert bench.store.stats()["queued"] > 0


def test_a_broken_site_does_not_stop_the_others(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench("broken1", "one", "spoilt")
    (bench.folder / "spoilt-jobs.db").write_bytes(b"this is no database" * 1000)
    process = bench.start()
    bench.until(bench.enqueue("nothing")[0])
    wait_until(lambda: "broken1 is broken" in process.said() and "spoilt" in process.said())
    bench.until(bench.enqueue("nothing")[0])


def test_two_dispatchers_run_each_job_once(any_bench: Bench) -> None:
    any_bench.start()
    any_bench.start()
    keys = any_bench.enqueue("effect", count=200, seconds=0.002, name="ran")
    any_bench.until_all(keys)
    assert len(any_bench.marks("ran")) == 200
    assert any_bench.effects() == dict.fromkeys(keys, 1)


def test_workers_are_replaced_after_their_jobs_and_none_is_lost(bench: Bench) -> None:
    process = bench.start(workers=2, worker={"recycle_after_jobs": 20})
    keys = bench.enqueue("effect", count=200, seconds=0.002, name="ran")
    bench.until_all(keys)
    assert bench.store.stats()["finished"] == len(bench.marks("ran")) == 200
    assert len(set(bench.marks("ran"))) > 2
    assert "is replaced: " in process.said()


def test_workers_with_equal_shares_are_replaced_one_after_the_other(bench: Bench) -> None:
    process = bench.start(workers=2, worker={"recycle_after_jobs": 160})
    bench.until_all(bench.enqueue("mark", count=310, name="ran"))
    wait_until(lambda: "is replaced: " in process.said())
    assert re.findall(r"is replaced: (\d+) jobs", process.said())[0] in {"150", "140"}


def test_async_jobs_share_a_worker(bench: Bench) -> None:
    bench.start(workers=1)
    keys = bench.enqueue("hold_async", count=50)
    assert len(set(bench.until_marked("holding", 50))) == 1
    (bench.folder / "go").touch()
    bench.until_all(keys)


def test_logs_and_progress_are_kept_while_a_job_runs(any_bench: Bench) -> None:
    any_bench.start()
    [talk] = any_bench.enqueue("talk", lines=3, hold=True)
    wait_until(lambda: len(any_bench.store.lines(talk)) == 3)
    assert any_bench.job(talk).state is JobState.STARTED
    [count] = any_bench.enqueue("count")
    wait_until(lambda: any_bench.store.progress(count))
    progress = any_bench.store.progress(count)
    assert progress is not None
    assert (progress.done, progress.total, progress.message) == (1, 2, "half")


def test_people_see_the_workers_and_what_they_do(bench: Bench) -> None:
    process = bench.start(workers=2)
    [key] = bench.enqueue("sleep", seconds=30)
    wait_until(lambda: [one.key for one in bench.store.workers() if one.state == "busy"] == [key])
    [dispatcher] = bench.store.dispatchers()
    assert (dispatcher.pid, dispatcher.alive, dispatcher.queues) == (
        process.popen.pid,
        True,
        ("short", "default", "long"),
    )
    wait_until(lambda: len(bench.store.workers()) == 2)
    assert {one.pid for one in bench.store.workers()} == {worker.pid for worker in process.workers()}


def test_processes_have_names(bench: Bench) -> None:
    process = bench.start()
    bench.until(bench.enqueue("nothing")[0])

    def kinds() -> list[str]:
        children = psutil.Process(process.popen.pid).children(recursive=True)
        return sorted(" ".join(one.cmdline()).rstrip(" 0123456789") for one in children)

    wait_until(lambda: kinds() == ["rota: nursery", "rota: worker", "rota: worker"])


def test_no_connection_crosses_the_fork(bench: Bench) -> None:
    process = bench.start()
    bench.until(bench.enqueue("nothing")[0])
    open_there = [name for one in [process.nursery, *process.workers()] if one for name in open_files(one.pid)]
    assert open_there
    assert not [name for name in open_there if name.endswith((".db", "-wal", "-shm"))]


def open_files(pid: int) -> list[str]:
    found = []
    for name in os.listdir(f"/proc/{pid}/fd"):
        with suppress(FileNotFoundError):  # closed by now
            found.append(os.readlink(f"/proc/{pid}/fd/{name}"))
    return found


def test_burst_does_not_wait_for_a_broken_site(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench("broken1", "one")
    [key] = bench.enqueue("nothing")
    assert bench.start(burst=True).end() == 0
    assert bench.job(key).state is JobState.FINISHED


def test_a_server_that_does_not_answer_holds_up_no_other_site(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        dsn = f"postgresql://nobody@127.0.0.1:{silent.getsockname()[1]}/nothing"
        sites = {"silent": (dsn, dsn), "one": (str(tmp_path / "jobs.db"), str(tmp_path / "site.db"))}
        bench = Bench(tmp_path, sites)
        try:
            silent.settimeout(60)
            process = bench.start()
            wait_until(lambda: runs_meanwhile(bench, silent))
            wait_until(lambda: "silent: " in process.said())
        finally:
            bench.close()


def runs_meanwhile(bench: Bench, silent: socket.socket) -> bool:
    """Whether a job came to its end while a connection waited for an answer: it is given up after 5 seconds."""
    connection, _ = silent.accept()
    with connection:
        bench.until(bench.enqueue("nothing")[0])
        connection.setblocking(False)
        try:
            while connection.recv(4096):
                pass
        except BlockingIOError:
            return True
        return False


def test_jobs_that_nobody_is_free_for_are_not_claimed_again_and_again(bench: Bench) -> None:
    bench.start(workers=2)
    bench.until(bench.enqueue("nap", seconds=0)[0])
    bench.enqueue("hold_async")
    bench.enqueue("hold")
    bench.until_marked("holding", 2)
    waiting = bench.enqueue("sleep", seconds=0)
    time.sleep(2)
    assert len(bench.store.attempts(waiting[0])) < 10
    (bench.folder / "go").touch()
    assert bench.until(waiting[0]).state is JobState.FINISHED


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_a_dispatcher_hears_of_each_job_of_other_hosts_though_not_each_one_is_announced(any_bench: Bench) -> None:
    any_bench.start(look=3600)
    # The first one may be found without having been heard of.
    any_bench.until(any_bench.enqueue("nothing")[0], timeout=60)
    for _ in range(20):
        any_bench.until(any_bench.enqueue("nothing", wake=False)[0], timeout=60)
    burst = [any_bench.enqueue("nothing", wake=False)[0] for _ in range(300)]
    any_bench.until_all(burst)


def test_a_stopped_process_that_holds_the_write_lock_and_no_claim_is_ended_so_that_jobs_go_on(bench: Bench) -> None:
    (key,) = bench.enqueue("effect")
    frozen = subprocess.Popen(
        [sys.executable, "-c", FROZEN_WRITER, bench.sites["one"][0]], stdout=subprocess.PIPE, text=True
    )
    try:
        assert frozen.stdout is not None
        assert frozen.stdout.readline() == "ready\n"
        bench.start(lease=2, look=0.2)
        bench.until(key, "finished", timeout=60)
        assert frozen.wait(60) == -signal.SIGKILL
    finally:
        frozen.kill()
        frozen.communicate()
