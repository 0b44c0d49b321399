"""Ticks: one due time, one job, whoever looks and however often."""

from __future__ import annotations

import pytest

from rota.errors import UsageError
from rota.jobs import JobState, Mode
from rota.store import ScheduleRow, Store, TickRow
from tests.contract.store.site import SECOND, Site


def define(store: Store, name: str = "nightly", *, enabled: bool = True) -> int:
    with store.turn() as turn:
        turn.put_schedules([ScheduleRow(id=name, definition="{}", enabled=enabled)])
        return turn.now


def test_a_schedule_is_due_after_it_was_defined(site: Site) -> None:
    since = define(site.store)
    schedule = site.store.schedule("nightly")
    assert schedule is not None
    assert (schedule.last_due, schedule.enabled, schedule.next_due) == (since, True, None)


def test_defining_it_again_keeps_its_ticks(site: Site) -> None:
    since = define(site.store)
    with site.store.turn() as turn:
        turn.tick("nightly", since + SECOND, site.spec("t"))
        turn.put_schedules([ScheduleRow(id="nightly", definition='{"cron": "* * * * *"}')], since=0)
    (schedule,) = site.store.schedules()
    assert (schedule.last_due, schedule.definition) == (since + SECOND, '{"cron": "* * * * *"}')


def test_a_tick_comes_with_its_job(site: Site) -> None:
    since, spec = define(site.store), site.spec("nightly-job")
    with site.store.turn() as turn:
        inserted = turn.tick("nightly", since + SECOND, spec)
    assert inserted is not None
    assert inserted.state is JobState.QUEUED
    (tick,) = site.store.ticks("nightly")
    assert (tick.due, tick.key, tick.skipped) == (since + SECOND, spec.key, None)


def test_a_tick_is_taken_once(site: Site) -> None:
    since = define(site.store)
    with site.store.turn() as turn:
        assert turn.tick("nightly", since + SECOND, site.spec()) is not None
    with site.another_store().turn() as turn:
        assert turn.tick("nightly", since + SECOND, site.spec()) is None
        assert turn.tick("nightly", since, site.spec()) is None
    assert site.store.stats()["queued"] == 1


def test_a_tick_stays_taken_when_its_row_is_pruned(site: Site) -> None:
    since = define(site.store)
    with site.store.turn() as turn:
        turn.tick("nightly", since + SECOND, site.spec())
    site.clock.advance(seconds=365 * 86_400)
    with site.store.turn() as turn:
        turn.prune()
    assert site.store.ticks() == []
    with site.store.turn() as turn:
        assert turn.tick("nightly", since + SECOND, site.spec()) is None


def test_a_skipped_tick_says_why(site: Site) -> None:
    since = define(site.store)
    with site.store.turn() as turn:
        turn.tick("nightly", since + SECOND, skipped="the job before is still running")
    (tick,) = site.store.ticks()
    assert (tick.key, tick.skipped) == (None, "the job before is still running")


def test_a_ticks_job_gives_way_to_one_that_took_its_id_meanwhile(site: Site) -> None:
    since = define(site.store)
    spec = site.spec("nightly-job", mode=Mode.SKIP)
    with site.store.turn() as turn:
        assert turn.take_ticks([("nightly", since + SECOND)]) == {"nightly"}
        first = turn.insert([site.spec("nightly-job")])[0]
        row = TickRow(schedule="nightly", due=since + SECOND, spec=spec)
        assert turn.put_ticks([row], free=["nightly-job"])[0].winner == first.key


def test_two_due_times_of_a_schedule_are_not_taken_in_one_go(site: Site) -> None:
    since = define(site.store)
    with pytest.raises(UsageError), site.store.turn() as turn:
        turn.take_ticks([("nightly", since + SECOND), ("nightly", since + 2 * SECOND)])


def test_overlap_is_seen_inside_the_ticks_transaction(site: Site) -> None:
    define(site.store)
    site.start("nightly-job")
    with site.store.turn() as turn:
        assert turn.active("nightly-job")
        live = turn.live("nightly-job")
        assert live is not None
        assert live.state is JobState.STARTED
        assert turn.live("other") is None


def test_a_schedule_that_is_off_has_no_ticks(site: Site) -> None:
    since = define(site.store, enabled=False)
    with site.store.turn() as turn:
        assert turn.tick("nightly", since + SECOND, site.spec()) is None
        turn.enable_schedule("nightly", True)
        assert turn.tick("nightly", since + SECOND, site.spec()) is not None


def test_a_tick_needs_a_job_or_a_reason(site: Site) -> None:
    since = define(site.store)
    with pytest.raises(UsageError), site.store.turn() as turn:
        turn.tick("nightly", since + SECOND)


def test_notes_are_shown_and_schedules_can_go(site: Site) -> None:
    define(site.store)
    with site.store.turn() as turn:
        turn.note_schedule("nightly", None, "no such day")
    assert site.store.schedules()[0].error == "no such day"
    with site.store.turn() as turn:
        turn.drop_schedules(["nightly"])
    assert site.store.schedule("nightly") is None
