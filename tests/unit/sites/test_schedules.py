"""migrate makes the schedules what hooks declare, and keeps what people made or decided."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from rota.schedule import Schedule
from rota.sites.bench import Bench
from rota.sites.schedules import sync_schedules
from rota.sites.site import Site
from rota.store import ScheduleRow, ScheduleView, Store
from tests.unit.sites.conftest import SITE

DAILY = Schedule.make("shop.tasks.nightly", "daily")
HOURLY = Schedule.make("shop.tasks.often", "hourly")


@pytest.fixture
def store(new_bench: Bench) -> Iterator[Store]:
    with Site.load(new_bench, SITE) as site:
        yield site.store


def by_id(store: Store) -> dict[str, ScheduleView]:
    return {one.id: one for one in store.schedules()}


def test_the_second_time_there_is_nothing_to_do(store: Store) -> None:
    assert len(sync_schedules(store, [DAILY, HOURLY], {})) == 2
    assert sync_schedules(store, [DAILY, HOURLY], {}) == []


def test_what_hooks_no_longer_declare_is_removed(store: Store) -> None:
    sync_schedules(store, [DAILY, HOURLY], {})
    assert sync_schedules(store, [DAILY], {}) == [f"removed schedule {HOURLY.id}, as no app declares it"]
    assert set(by_id(store)) == {DAILY.id}


def test_a_schedule_that_people_made_stays(store: Store) -> None:
    mine = Schedule.make("shop.tasks.mine", "daily", source="user")
    with store.turn() as turn:
        turn.put_schedules([ScheduleRow(id=mine.id, definition=mine.to_json())])
    assert sync_schedules(store, [], {}) == []
    assert set(by_id(store)) == {mine.id}


def test_a_stopped_schedule_stays_stopped_when_it_changes(store: Store) -> None:
    sync_schedules(store, [DAILY], {})
    with store.turn() as turn:
        turn.enable_schedule(DAILY.id, False)
    changed = Schedule.make("shop.tasks.nightly", "daily", queue="long")
    assert sync_schedules(store, [changed], {}) == [f"changed schedule {DAILY.id}"]
    assert not by_id(store)[DAILY.id].enabled
    assert json.loads(by_id(store)[DAILY.id].definition)["queue"] == "long"


def test_a_pause_that_people_made_stays_when_it_changes(store: Store) -> None:
    pause = {"paused_until": "2030-01-01T00:00:00+00:00", "paused_by": "ada@example.com", "paused_why": "stock-taking"}
    paused = json.dumps({**json.loads(DAILY.to_json()), **pause})
    with store.turn() as turn:
        turn.put_schedules([ScheduleRow(id=DAILY.id, definition=paused)])
    sync_schedules(store, [Schedule.make("shop.tasks.nightly", "daily", queue="long")], {})
    kept = Schedule.from_json(by_id(store)[DAILY.id].definition)
    assert (kept.queue, kept.paused_by, kept.paused_why) == ("long", "ada@example.com", "stock-taking")


def test_the_last_tick_stays_when_a_schedule_changes(store: Store) -> None:
    sync_schedules(store, [DAILY], {})
    before = by_id(store)[DAILY.id].last_due
    sync_schedules(store, [Schedule.make("shop.tasks.nightly", "daily", queue="long")], {})
    assert by_id(store)[DAILY.id].last_due == before


def test_one_that_can_not_be_resolved_is_marked_until_it_can(store: Store) -> None:
    sync_schedules(store, [DAILY], {})
    assert sync_schedules(store, [], {DAILY.id: "there is no module 'shop'"}) == []
    assert by_id(store)[DAILY.id].error == "there is no module 'shop'"
    sync_schedules(store, [DAILY], {})
    assert by_id(store)[DAILY.id].error is None


def test_one_that_can_not_be_resolved_is_not_made(store: Store) -> None:
    sync_schedules(store, [], {DAILY.id: "there is no module 'shop'"})
    assert by_id(store) == {}
