"""Realtime messages: when they go out, and that nobody waits for them."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from rota.clock import FixedClock
from rota.documents.session import Session
from rota.event import Event
from rota.sites.realtime import MAX_MESSAGE, Realtime, progress_message
from rota.store import Store, StoreSettings
from tests.contract.sites.conftest import Ground


@pytest.fixture
def realtime(store: Store, clock: FixedClock, session: Session) -> Realtime:
    made = Realtime(store, clock)
    session.participants.append(made)
    session.script('create table "tabNote" (name text primary key)')
    session.commit()
    return made


def event(message: Any = None, *, name: str = "news", room: str = "all") -> Event:
    return Event(name=name, message=message, room=room)


def sent(store: Store) -> list[Any]:
    return [json.loads(row.payload) for row in store.events(0)]


def write(session: Session, name: str) -> None:
    session.write('insert into "tabNote" (name) values (:name)', {"name": name})


def test_a_message_goes_out_at_once_though_the_transaction_is_rolled_back(
    realtime: Realtime, session: Session, store: Store
) -> None:
    write(session, "a")
    realtime.publish(event({"a": 1}, room="user:x"))
    assert [(row.room, row.name) for row in store.events(0)] == [("user:x", "news")]
    session.rollback()
    assert sent(store) == [{"a": 1}]


def test_after_commit_a_message_waits_for_the_commit(realtime: Realtime, session: Session, store: Store) -> None:
    write(session, "a")
    realtime.publish(event(1), after_commit=True)
    assert sent(store) == []
    session.commit()
    assert sent(store) == [1]


def test_the_same_message_waits_only_once(
    realtime: Realtime, session: Session, store: Store, clock: FixedClock
) -> None:
    realtime.publish(event(1), after_commit=True)
    clock.advance(seconds=1)
    realtime.publish(event(1), after_commit=True)
    realtime.publish(event(1, room="doc:A/B"), after_commit=True)
    session.commit()
    assert len(sent(store)) == 2


def test_a_rollback_drops_what_waited(realtime: Realtime, session: Session, store: Store) -> None:
    write(session, "a")
    realtime.publish(event(1), after_commit=True)
    session.rollback()
    session.commit()
    assert sent(store) == []


def test_a_rollback_to_a_savepoint_drops_what_came_after_it(realtime: Realtime, session: Session, store: Store) -> None:
    realtime.publish(event(1), after_commit=True)
    session.savepoint("here")
    write(session, "a")
    realtime.publish(event(2), after_commit=True)
    session.rollback(save_point="here")
    realtime.publish(event(3), after_commit=True)
    session.commit()
    assert sent(store) == [1, 3]


def test_a_message_of_a_task_never_waits(realtime: Realtime, store: Store) -> None:
    realtime.publish(Event(name="x", message=1, room="task_progress:1", at_once=True), after_commit=True)
    assert sent(store) == [1]


def test_progress_goes_out_once_a_second_and_the_latest_is_not_forgotten(
    realtime: Realtime, store: Store, clock: FixedClock
) -> None:
    for percent in range(5):
        realtime.progress(event(percent), "job", is_over=False)
    assert sent(store) == [0]
    clock.advance(seconds=1)
    realtime.progress(event(5), "job", is_over=False)
    realtime.progress(event(6), "job", is_over=False)
    assert sent(store) == [0, 5]
    realtime.close()
    assert sent(store) == [0, 5, 6]


def test_the_end_of_progress_is_told_at_once(realtime: Realtime, store: Store) -> None:
    realtime.progress(event(1), "job", is_over=False)
    realtime.progress(event(99), "job", is_over=False)
    realtime.progress(event(100), "job", is_over=True)
    realtime.close()
    assert sent(store) == [1, 100]


def test_two_jobs_do_not_share_their_second(realtime: Realtime, store: Store) -> None:
    realtime.progress(event("a"), "one", is_over=False)
    realtime.progress(event("b"), "two", is_over=False)
    assert sent(store) == ["a", "b"]


def test_a_publisher_waits_for_no_other_writer_and_its_message_goes_with_the_next(
    ground: Ground, realtime: Realtime, store: Store
) -> None:
    if ground.dialect != "sqlite":
        pytest.skip("on PostgreSQL nobody holds the event table against inserts")
    other = ground.engine.connect()
    other.begin()
    started = time.monotonic()
    realtime.publish(event(1))
    assert time.monotonic() - started < StoreSettings().busy_timeout - 10
    other.rollback()
    other.close()
    assert sent(store) == []
    realtime.publish(event(2))
    assert sent(store) == [1, 2]


def test_a_store_that_is_gone_costs_the_message_and_nothing_else(
    ground: Ground, realtime: Realtime, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    connection = ground.engine.connect()
    connection.script("drop table event" if ground.dialect == "sqlite" else "drop table rota.event")
    connection.close()
    realtime.publish(event(1))
    assert "1 realtime messages are lost" in caplog.text


def test_what_is_no_json_is_refused(realtime: Realtime) -> None:
    circle: list[Any] = []
    circle.append(circle)
    with pytest.raises(ValueError, match="Circular"):
        realtime.publish(event(circle))


@pytest.mark.parametrize(
    ("message", "payload"),
    [
        ({"x": float("nan"), "y": "NaN"}, {"x": None, "y": "NaN"}),
        ("a\0b", "a\0b"),
        ("\ud800", "\ud800"),
    ],
    ids=["nan", "nul", "surrogate"],
)
def test_any_message_arrives(realtime: Realtime, store: Store, message: Any, payload: Any) -> None:
    realtime.publish(event(message))
    assert sent(store) == [payload]


def test_a_message_that_is_too_large_is_left_out(
    realtime: Realtime, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    realtime.publish(event("x" * MAX_MESSAGE))
    assert sent(store) == []
    assert "too large" in caplog.text


def test_web_servers_are_told(store: Store, clock: FixedClock) -> None:
    told: list[int] = []
    realtime = Realtime(store, clock, lambda: told.append(1))
    realtime.publish(event(1))
    realtime.flush()
    assert told == [1]


def test_progress_is_known_by_its_job() -> None:
    assert progress_message(10, "Processing: 10%", "Record 1", job="report::x") == {
        "percent": 10,
        "title": "Processing: 10%",
        "description": "Record 1",
        "job": "report::x",
    }
