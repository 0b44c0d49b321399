"""Ticks that come by the clock: in a running `rota start`, and with several schedulers and dispatchers on one site."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest

from rota.jobs import JobState
from rota.store import JobView, TickView
from tests.support.benches import TestBench
from tests.support.waiting import wait_until

pytestmark = pytest.mark.serial
SECOND = 1_000_000


def test_a_tick_comes_by_the_clock_in_a_running_start(make_bench: Callable[..., TestBench]) -> None:
    bench = make_bench(apps=["ticking"])
    bench.start("start", "--port", "0", "--workers", "2")

    wait_until(lambda: len(done(bench)) >= 3)

    with bench.open() as context:
        assert context.documents.count("ToDo") >= 3
        rows = context.documents.get_all(
            "Scheduled Job Log", filters={"status": "Complete"}, pluck="scheduled_job_type"
        )
    assert set(rows) == {"tasks.tick"}


def test_every_tick_comes_once_whoever_lives(make_bench: Callable[..., TestBench]) -> None:
    bench = make_bench(apps=["ticking"])
    schedulers = [bench.start("schedule") for _ in range(2)]
    for _ in range(2):
        bench.start("worker", "--processes", "1")

    wait_until(lambda: len(ticks(bench)) >= 4)
    schedulers[0].send_signal(signal.SIGKILL)
    wait_until(lambda: len(ticks(bench)) >= 8)
    schedulers[1].send_signal(signal.SIGTERM)
    schedulers[1].wait(timeout=60)
    bench.wait_for({"queued": 0, "started": 0, "scheduled": 0})

    found = ticks(bench)
    seconds = sorted(one.due // SECOND for one in found)
    assert seconds == list(range(seconds[0], seconds[0] + len(found)))
    with bench.open() as context:
        assert context.documents.count("ToDo") == len([one for one in found if one.key])
    assert not [one.skipped for one in found if one.skipped]


def ticks(bench: TestBench) -> list[TickView]:
    with bench.site() as site:
        return site.store.ticks(limit=1000)


def done(bench: TestBench) -> list[JobView]:
    with bench.site() as site:
        keys = [one.key for one in site.store.ticks(limit=1000) if one.key]
        return [view for view in site.store.jobs(keys) if view.state is JobState.FINISHED]
