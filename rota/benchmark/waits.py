"""How long something takes to happen: rows e, f, g and i, and the start-up."""

from __future__ import annotations

import http.client
import os
import re
import signal
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil

from rota.benchmark.arena import COMMAND, Arena, percentile
from rota.benchmark.rates import Figures, drained
from rota.benchmark.sizes import Sizes
from rota.engine.staff import STARTED_SECONDS
from rota.schedule import Schedule
from rota.store.views import ScheduleRow

EVERY = 0.05
STEP = 0.005
HOLD_SECONDS = 2.0


def latency(arena: Arena, sizes: Sizes) -> Figures:
    """From just before the enqueue to the job's first line, one job each 50 ms on an idle bench."""
    arena.start_workers()
    return probed(arena, sizes.probes)


def probed(arena: Arena, count: int) -> Figures:
    """The same with workers that run already; `after commit` counts from the moment when the commit has returned."""
    settle(arena)
    sent: dict[int, tuple[float, float]] = {}
    with arena.jobs() as (jobs, commit):
        for i in range(1, count + 1):
            begin = time.monotonic()
            jobs.enqueue("load.tasks.stamp", {"i": i}, queue="short")
            commit()
            sent[i] = begin, time.monotonic()
            time.sleep(max(0.0, begin + EVERY - time.monotonic()))
    return _delays(arena, sent)


def _delays(arena: Arena, sent: Mapping[int, tuple[float, float]]) -> Figures:
    """Once all of them have begun. `sent`: of each number, when it was to be enqueued and when it was committed."""
    wait_for_stamps(arena, len(sent) + 1)
    begun = {i: begin for i, begin, _ in arena.stamps()}
    after = [(begun[i] - committed) * 1000 for i, (_, committed) in sent.items()]
    return _percentiles([(begun[i] - begin) * 1000 for i, (begin, _) in sent.items()]) | {
        "p50 ms after commit": percentile(after, 0.5),
        "p99 ms after commit": percentile(after, 0.99),
    }


def busy_latency(arena: Arena, sizes: Sizes) -> Figures:
    """The same while no-op jobs come at half the rate at which this bench drains them."""
    arena.enqueue_many("noop", sizes.busy_backlog)
    rate = drained(arena, sizes.busy_backlog)["jobs/s"] / 2
    arena.start_workers()
    settle(arena)
    sent: dict[int, tuple[float, float]] = {}
    offered = 0
    with arena.jobs() as (jobs, commit):
        begin = time.monotonic()
        while (passed := time.monotonic() - begin) < sizes.busy_seconds:
            due = int(passed * rate) - offered
            if due:
                jobs.enqueue_many("load.tasks.noop", [{"i": i} for i in range(due)])
                commit()
            number, enqueued = len(sent) + 1, time.monotonic()
            jobs.enqueue("load.tasks.stamp", {"i": number})
            commit()
            sent[number] = enqueued, time.monotonic()
            offered += due + 1
            time.sleep(max(0.0, enqueued + STEP - time.monotonic()))
        passed = time.monotonic() - begin
    return _delays(arena, sent) | {"offered jobs/s": offered / passed, "wanted jobs/s": rate}


def recovery(arena: Arena, sizes: Sizes) -> Figures:
    """Seconds from a kill -9 until what was interrupted runs again: of a worker, of the dispatcher, of all processes.

    `rota start` puts a new dispatcher in a dead one's place. After the death of all, the time counts from the command
    that starts them again.
    """
    del sizes
    start_bench(arena)
    figures = {}
    for victim in ("worker", "dispatcher"):
        _interruptible(arena)
        process = next(one for one in arena.tree() if _title(one).startswith(f"rota: {victim}"))
        killed = time.monotonic()
        process.send_signal(signal.SIGKILL)
        figures[f"{victim} s"] = _begun_again(arena, 1 if victim == "worker" else 2) - killed
    _interruptible(arena)
    arena.stop()
    killed = time.monotonic()
    start_bench(arena, wait=False)
    figures["all s"] = _begun_again(arena, 2) - killed
    return figures


def _interruptible(arena: Arena) -> None:
    """Two jobs that have begun and stay for a while, once those of before have ended."""
    while not arena.is_idle():
        time.sleep(0.05)
    arena.forget_stamps()
    with arena.jobs() as (jobs, commit):
        for i in range(2):
            jobs.enqueue("load.tasks.hold", {"i": i, "seconds": HOLD_SECONDS})
        commit()
    wait_for_stamps(arena, 2)


def _begun_again(arena: Arena, count: int) -> float:
    wait_for_stamps(arena, 2 + count)
    return arena.stamps()[1 + count][1]


def due_at_once(arena: Arena, sizes: Sizes) -> Figures:
    """Seconds after the minute until the jobs of all schedules that are due in it are enqueued and committed."""
    due = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
    if (due - datetime.now(UTC)).total_seconds() < 10:  # for the rows, and the scheduler's start
        due += timedelta(minutes=1)
    cron = f"{due.minute} {due.hour} {due.day} {due.month} *"
    rows = [
        ScheduleRow(
            id=f"due-{i}",
            definition=Schedule(
                id=f"due-{i}", method="load.tasks.noop", frequency="Cron", cron=cron, tz="UTC", kwargs={"i": i}
            ).to_json(),
        )
        for i in range(sizes.schedules)
    ]
    with arena.site.store.turn() as turn:
        turn.put_schedules(rows)
    arena.start("schedule")
    time.sleep(max(0.0, due.timestamp() - time.time()))
    taken = f"select count(*) from {arena.table('tick')} where due >= :due"
    with arena.store() as connection:
        while (count := connection.value(taken, {"due": int(due.timestamp() * 1e6)})) < sizes.schedules:
            if time.time() > due.timestamp() + 120:
                raise TimeoutError(f"{count} of {sizes.schedules} schedules have fired\n{arena.output()[-2000:]}")
            time.sleep(0.02)
        return {"seconds": time.time() - due.timestamp()}


def start_up(arena: Arena, sizes: Sizes) -> Figures:
    """Milliseconds: `rota --help`; from `rota start` to the web's first answer, and to the first line of a job that
    waited; from the kill of an idle worker to the process in its place."""
    compiled = arena.folder / "bytecode"
    _help_seconds(compiled)  # the first one compiles
    helped = [_help_seconds(compiled) for _ in range(sizes.starts)]
    with arena.jobs() as (jobs, commit):
        jobs.enqueue("load.tasks.stamp", {"i": 0})
        commit()
    begin = time.monotonic()
    start_bench(arena, wait=False)
    answered = _first_answer(arena) - begin
    wait_for_stamps(arena, 1)
    ready = arena.stamps()[0][1] - begin
    replaced = [_replaced(arena) for _ in range(sizes.starts)]
    return {
        "help ms": statistics.median(helped) * 1000,
        "web ready ms": answered * 1000,
        "first job ms": ready * 1000,
        "worker replaced ms": statistics.median(replaced) * 1000,
    }


def _help_seconds(compiled: Path) -> float:
    """`compiled`: where Python keeps its bytecode, as it does of an installed program unless it is told not to."""
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(compiled)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command, begin = [*COMMAND, "--help"], time.monotonic()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True, env=environment)  # noqa: S603 - this very program
    return time.monotonic() - begin


def _first_answer(arena: Arena) -> float:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with suppress(OSError):
            if found := re.search(r"http://([\d.]+):(\d+)", arena.output()):
                web = http.client.HTTPConnection(found[1], int(found[2]), timeout=30)
                web.request("GET", "/")
                web.getresponse()
                web.close()
                return time.monotonic()
        time.sleep(0.005)
    raise TimeoutError(f"the web server gave no answer\n{arena.output()[-2000:]}")


def _replaced(arena: Arena) -> float:
    """Seconds until a worker that was killed while it waited has a successor, which bears a worker's name."""
    # One that dies as it starts would be replaced later on purpose.
    time.sleep(2 * STARTED_SECONDS)
    parent = next(one for one in arena.tree() if _title(one).startswith("rota: dispatcher"))
    before = {one.pid for one in _workers(parent)}
    killed = time.monotonic()
    psutil.Process(min(before)).send_signal(signal.SIGKILL)
    while not {one.pid for one in _workers(parent)} - before:
        if time.monotonic() > killed + 60:
            raise TimeoutError("no worker came in place of the one that was killed")
        time.sleep(0.001)
    return time.monotonic() - killed


def _workers(parent: psutil.Process) -> list[psutil.Process]:
    found = []
    for one in parent.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if _title(one).startswith("rota: worker") and one.status() != psutil.STATUS_ZOMBIE:
                found.append(one)
    return found


def _title(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return ""


def start_bench(arena: Arena, *, wait: bool = True) -> None:
    """Start everything; with `wait`, until a first job has run."""
    arena.start("start", "--port", "0", "--workers", str(arena.workers))
    if wait:
        settle(arena)


def settle(arena: Arena) -> None:
    """Wait until the workers have run a first job, and for a moment of quiet."""
    arena.forget_stamps()
    with arena.jobs() as (jobs, commit):
        jobs.enqueue("load.tasks.stamp", {"i": 0}, queue="short")
        commit()
    wait_for_stamps(arena, 1)
    time.sleep(1)


def wait_for_stamps(arena: Arena, count: int, seconds: float = 180) -> None:
    """Until so many records are there.

    Raises:
        TimeoutError: they are not, after so many seconds.
    """
    end = time.monotonic() + seconds
    while len(arena.stamps()) < count:
        if time.monotonic() > end:
            raise TimeoutError(f"{len(arena.stamps())} of {count} jobs have run\n{arena.output()[-2000:]}")
        time.sleep(0.01)


def _percentiles(delays: Sequence[float]) -> Figures:
    return {f"p{share} ms": percentile(list(delays), share / 100) for share in (50, 95, 99)}
