"""Ticks on a real store, with a clock that the test moves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from rota.clock import FixedClock, to_micros
from rota.config import Config
from rota.engine.outcome import decide
from rota.engine.queue import Queue
from rota.engine.report import Report
from rota.engine.scheduler import Ticker, job_id
from rota.errors import UnknownMethod
from rota.jobs import Ending, JobState
from rota.schedule import Schedule
from rota.store import ClaimCursor, JobFilter, JobView, ScheduleRow, Store, Want

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


def refuse_missing(path: str) -> None:
    if path.startswith("app.missing"):
        raise UnknownMethod(path, "there is no such module")


@dataclass
class ToySite:
    store: Store
    queue: Queue
    name: str = "one"
    time_zone: str = "Europe/Berlin"
    reason: str | None = None
    woken: list[int] = field(default_factory=list)

    def paused(self) -> str | None:
        return self.reason

    def wake(self) -> None:
        self.woken.append(1)


@pytest.fixture
def site(store: Store) -> ToySite:
    queue = Queue(
        store=store,
        config=Config(),
        site="one",
        zone=ZoneInfo("Europe/Berlin"),
        check_method=refuse_missing,
        wake=lambda: None,
    )
    return ToySite(store, queue)


@pytest.fixture
def ticker(site: ToySite, clock: FixedClock) -> Ticker:
    return Ticker(site, clock)


@pytest.fixture
def put(store: Store) -> Callable[..., Schedule]:
    def made(cron: str = "*/10 * * * *", method: str = "app.tasks.run", **options: Any) -> Schedule:
        one = Schedule.make(method, cron=cron, **{"jitter": 0, **options})
        with store.turn() as turn:
            turn.put_schedules([ScheduleRow(id=one.id, definition=one.to_json())])
        return one

    return made


def jobs(store: Store) -> list[JobView]:
    return store.listing(JobFilter())


def test_it_sleeps_until_the_next_due_time(ticker: Ticker, put: Callable[..., Schedule], clock: FixedClock) -> None:
    put("1 * * * *")
    clock.advance(seconds=20)
    assert ticker.run_once() == 40


def test_it_never_sleeps_longer_than_a_minute_as_the_clock_may_step(
    ticker: Ticker, put: Callable[..., Schedule]
) -> None:
    put("0 0 1 1 *")
    assert ticker.run_once() == 60


def test_a_due_time_becomes_one_job_with_its_tick(
    ticker: Ticker, put: Callable[..., Schedule], store: Store, clock: FixedClock, site: ToySite
) -> None:
    schedule = put(kwargs={"a": 1}, queue="long", timeout=77, retry={"attempts": 2})
    clock.advance(seconds=600)
    ticker.run_once()
    ticker.run_once()
    [job] = jobs(store)
    assert (job.id, job.queue, job.timeout, job.kwargs) == (job_id(schedule.id), "long", 77, '{"a":1}')
    assert job.options["due"] == to_micros(NOON + timedelta(minutes=10))
    assert [(tick.key, tick.skipped) for tick in store.ticks()] == [(job.key, None)]
    assert site.woken


def test_several_schedulers_fire_a_due_time_once(
    site: ToySite, put: Callable[..., Schedule], store: Store, clock: FixedClock
) -> None:
    put()
    tickers = [Ticker(site, clock) for _ in range(3)]
    for _ in range(5):
        clock.advance(seconds=600)
        for one in tickers:
            one.run_once()
        finish_all(store)
    assert len(store.ticks()) == len(jobs(store)) == 5


def test_cron_is_read_in_the_sites_time_zone(
    ticker: Ticker, put: Callable[..., Schedule], store: Store, clock: FixedClock
) -> None:
    put("30 13 * * *")
    clock.advance(seconds=29 * 60)
    ticker.run_once()
    assert jobs(store) == []
    clock.advance(seconds=60)
    ticker.run_once()
    assert len(jobs(store)) == 1


def test_missed_due_times_become_one_run(
    ticker: Ticker, put: Callable[..., Schedule], store: Store, clock: FixedClock
) -> None:
    put()
    clock.advance(timedelta(hours=5, minutes=3))
    ticker.run_once()
    [job] = jobs(store)
    assert job.options["coalesced"] == 29


def test_a_run_that_is_still_alive_skips_the_tick_and_says_so(
    ticker: Ticker, put: Callable[..., Schedule], store: Store, clock: FixedClock
) -> None:
    put()
    for _ in range(2):
        clock.advance(seconds=600)
        ticker.run_once()
    assert len(jobs(store)) == 1
    assert [tick.skipped for tick in store.ticks()] == ["the run of 2026-01-05 12:10:00 UTC is still queued", None]


def test_a_run_that_ended_does_not_skip_the_tick(
    ticker: Ticker, put: Callable[..., Schedule], store: Store, clock: FixedClock
) -> None:
    put()
    for _ in range(3):
        clock.advance(seconds=600)
        ticker.run_once()
        finish_all(store, Ending.FAILED)
    assert [tick.skipped for tick in store.ticks()] == [None] * 3


def test_overlap_allow_starts_another_run(
    ticker: Ticker, put: Callable[..., Schedule], store: Store, clock: FixedClock
) -> None:
    put(overlap="allow")
    for _ in range(2):
        clock.advance(seconds=600)
        ticker.run_once()
    assert [job.state for job in jobs(store)] == [JobState.QUEUED] * 2


def test_overlap_queue_lets_the_next_run_follow_the_running_one(
    ticker: Ticker, put: Callable[..., Schedule], store: Store, clock: FixedClock
) -> None:
    put(overlap="queue")
    clock.advance(seconds=600)
    ticker.run_once()
    claim(store)
    clock.advance(seconds=600)
    ticker.run_once()
    assert sorted((job.state, job.waits_for) for job in jobs(store)) == [("queued", "predecessor"), ("started", None)]


def test_overlap_replace_cancels_the_running_one(
    ticker: Ticker, put: Callable[..., Schedule], store: Store, clock: FixedClock
) -> None:
    put(overlap="replace")
    clock.advance(seconds=600)
    ticker.run_once()
    claim(store)
    clock.advance(seconds=600)
    ticker.run_once()
    assert {(job.state, job.cancel_requested) for job in jobs(store)} == {("queued", False), ("started", True)}


def test_jitter_puts_off_the_job_and_not_the_tick(
    ticker: Ticker, put: Callable[..., Schedule], store: Store, clock: FixedClock
) -> None:
    schedule = put(jitter=300)
    clock.advance(seconds=600)
    ticker.run_once()
    [job] = jobs(store)
    due = NOON + timedelta(minutes=10)
    assert (job.state, job.run_at) == (JobState.SCHEDULED, to_micros(due + schedule.offset("one")))
    assert store.ticks()[0].due == to_micros(due)


@pytest.mark.parametrize(
    ("options", "words"), [({"method": "app.missing.run"}, "no such module"), ({"queue": "x"}, "'x' is not")]
)
def test_what_cannot_run_is_marked_and_recorded_and_the_rest_goes_on(
    ticker: Ticker, put: Callable[..., Schedule], store: Store, clock: FixedClock, options: dict[str, Any], words: str
) -> None:
    bad = put(**options) if options else None
    put(method="app.tasks.good")
    clock.advance(seconds=600)
    ticker.run_once()
    assert [job.method for job in jobs(store)] == ["app.tasks.good"]
    assert bad is not None
    view = store.schedule(bad.id)
    assert view is not None
    assert words in (view.error or "")
    assert words in (store.ticks(bad.id)[0].skipped or "")


def test_a_definition_that_cannot_be_read_is_marked_and_healed(
    ticker: Ticker, put: Callable[..., Schedule], store: Store, clock: FixedClock
) -> None:
    good = put()
    with store.turn() as turn:
        turn.put_schedules([ScheduleRow(id="broken", definition="{")])
    clock.advance(seconds=600)
    ticker.run_once()
    broken = store.schedule("broken")
    assert broken is not None
    assert "can't be read" in (broken.error or "")
    assert len(jobs(store)) == 1

    with store.turn() as turn:
        turn.put_schedules([ScheduleRow(id="broken", definition=good.to_json())])
    ticker.run_once()
    healed = store.schedule("broken")
    assert healed is not None
    assert healed.error is None


def test_people_see_when_it_is_due_next(
    ticker: Ticker, put: Callable[..., Schedule], store: Store, clock: FixedClock
) -> None:
    schedule = put()
    ticker.run_once()
    view = store.schedule(schedule.id)
    assert view is not None
    assert view.next_due == to_micros(NOON + timedelta(minutes=10))


def test_a_paused_site_and_a_schedule_switched_off_fire_nothing(
    ticker: Ticker, put: Callable[..., Schedule], store: Store, clock: FixedClock, site: ToySite
) -> None:
    schedule = put()
    site.reason = "pause_scheduler"
    clock.advance(seconds=600)
    assert ticker.run_once() == 60
    site.reason = None
    with store.turn() as turn:
        turn.enable_schedule(schedule.id, False)
    ticker.run_once()
    assert jobs(store) == []


def test_a_clock_that_steps_back_repeats_no_tick(
    ticker: Ticker, put: Callable[..., Schedule], store: Store, clock: FixedClock
) -> None:
    put()
    clock.advance(seconds=600)
    ticker.run_once()
    finish_all(store)
    clock.step_to(NOON)
    ticker.run_once()
    clock.advance(seconds=600)
    ticker.run_once()
    assert len(store.ticks()) == 1


def claim(store: Store) -> None:
    take(store)


def take(store: Store) -> list[Any]:
    with store.turn() as turn:
        if not store.dispatchers():
            turn.register("t", host="h", pid=1, boot_id="b", queues=["default"], lease=1e6)
        return turn.claim("t", [Want("default", 10)], 10, ClaimCursor())


def finish_all(store: Store, ending: Ending = Ending.RETURNED) -> None:
    for one in take(store):
        with store.turn() as turn:
            turn.record([decide(one, Report(ending=ending, error=""), now=turn.now, random=Random(1))])
