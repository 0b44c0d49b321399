"""What PostgreSQL alone has: notifications, late commits, connections that break, poolers, a clock of its own."""

from __future__ import annotations

import select
import time
from collections.abc import Iterator
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest

from rota.clock import FixedClock, SystemClock, to_micros
from rota.db import open_database
from rota.db.postgresql import KEPT_CURSORS, KEPT_ROWS, PostgreSQLConnection
from rota.errors import CommitUnknown, StoreUnavailable
from rota.jobs import Ending, JobState
from rota.store import ClaimCursor, Store, Want, claim
from rota.store.claim import LOOK_SHARE
from tests.contract.store.site import SECOND, Site, ref


@pytest.fixture
def site(postgres_dsn: str, clock: FixedClock) -> Iterator[Site]:
    database = open_database(postgres_dsn)
    site = Site((database, database), clock)
    yield site
    site.close()


def heard(listener: object) -> set[str]:
    assert select.select([listener], [], [], 60)[0]
    return listener.drain()  # type: ignore[attr-defined]


def test_who_listens_is_told_which_queues_got_something(site: Site) -> None:
    listener = site.store.listen()
    assert listener is not None
    with site.store.turn() as turn:
        turn.insert([site.spec(), site.spec(), site.spec(queue="long"), site.spec(run_at=turn.now + SECOND)])
    assert heard(listener) == {"short", "long"}
    site.publish(site.connect(), site.spec(queue="default"))
    assert heard(listener) == {"default"}
    site.enqueue(run_at=site.store.now() + SECOND)
    claim = site.claim_one()
    site.commit_last(site.connect(), claim)
    assert listener.drain() == set()
    listener.close()


def test_a_burst_of_enqueues_sends_no_more_than_one_notification_of_a_queue_in_20_ms(site: Site) -> None:
    listener, connection = site.connect_engine(), site.connect()
    assert isinstance(listener, PostgreSQLConnection)
    listener.query("listen rota_jobs")
    began = time.monotonic()
    for number in range(1000):
        if number % 2:
            site.publish(connection, site.spec())
        else:
            site.enqueue()
    most = 1 + (time.monotonic() - began) / 0.02
    # Notifications arrive in order, so this one is the last.
    connection.query("select pg_notify('rota_jobs', 'end')")
    said: list[str] = []
    while "end" not in said:
        assert select.select([listener], [], [], 60)[0]
        said += listener.notifications()
    assert set(said) == {"short", "end"}
    assert said.count("short") <= most


def test_what_was_rolled_back_is_not_announced(site: Site) -> None:
    listener = site.store.listen()
    assert listener is not None
    connection = site.connect()
    connection.begin()
    site.store.handoff.publish(connection, [site.spec()])
    connection.rollback()
    site.publish(connection, site.spec(queue="long"))
    assert heard(listener) == {"long"}
    listener.close()


def test_a_listener_whose_connection_broke_says_so(site: Site) -> None:
    listener = site.store.listen()
    assert listener is not None
    break_connections(site)

    def wait_for_ever() -> None:
        while select.select([listener], [], [], 60)[0]:
            listener.drain()

    with pytest.raises(StoreUnavailable):
        wait_for_ever()
    listener.close()


def break_connections(site: Site) -> None:
    connection = site.engine.connect()
    connection.query(
        "select pg_terminate_backend(pid, 60000) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()"
    )
    connection.close()


def test_a_broken_connection_is_replaced(site: Site) -> None:
    site.enqueue()
    site.store.stats()
    break_connections(site)
    with suppress(StoreUnavailable):
        site.enqueue()
    with suppress(StoreUnavailable):
        site.store.stats()
    key = site.enqueue().key
    assert site.state(key) is JobState.QUEUED


def test_a_connection_that_broke_while_nobody_used_it_is_not_noticed(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rota.store.connections.ASK_AFTER", 0.0)
    site.enqueue()
    site.store.stats()
    break_connections(site)
    site.enqueue()
    assert site.store.stats()["queued"] == 2


def test_a_plain_enqueue_is_one_statement_that_commits_by_itself(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: object, **_: object) -> None:
        raise AssertionError("a transaction was begun")

    with monkeypatch.context() as patch:
        patch.setattr(PostgreSQLConnection, "begin", refuse)
        (inserted,) = site.store.insert([site.spec()])
    assert site.another_store().job(inserted.key) is not None
    assert site.claim_one().key == inserted.key


def test_a_plain_enqueue_whose_answer_does_not_come_may_have_happened(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rota.store.connections.ASK_AFTER", float("inf"))
    site.store.insert([site.spec()])
    break_connections(site)
    with pytest.raises(CommitUnknown):
        site.store.insert([site.spec()])
    (inserted,) = site.store.insert([site.spec()])
    assert inserted.state is JobState.QUEUED


def test_a_row_that_becomes_visible_late_is_found_behind_the_bound(site: Site) -> None:
    cursor = ClaimCursor()
    late = site.connect()
    spec = site.spec()
    late.begin()
    site.store.handoff.publish(late, [spec])
    passing = [answer.key for answer in site.enqueue_many(3)]
    assert [claim.key for claim in site.claim(5, cursor=cursor)] == passing
    assert site.claim(5, cursor=cursor) == []
    late.commit()
    assert claimed_in_time(site, cursor) == [spec.key]


def test_the_floor_rises_when_nothing_can_come_below_it(site: Site) -> None:
    cursor = ClaimCursor()
    site.enqueue_many(50)
    site.claim(50, cursor=cursor)
    for _ in range(3):
        cursor.cheap_look = 0.0
        assert site.claim(5, cursor=cursor) == []
    assert cursor.floors["short", 1] >= cursor.bounds["short", 1]


def test_who_gets_nothing_does_not_walk_again_over_what_others_have_claimed(site: Site) -> None:
    mine, others = ClaimCursor(), ClaimCursor()
    site.enqueue_many(50)
    last = 0
    for _ in range(4):
        site.claim(50, cursor=others)
        mine.cheap_look = 0.0
        assert site.claim(5, cursor=mine) == []
        last = others.bounds["short", 1]
    assert mine.bounds["short", 1] >= last > 0
    late = site.enqueue().key
    assert [claim.key for claim in site.claim(5, cursor=mine)] == [late]


def test_an_open_enqueue_holds_the_floor_and_a_reader_does_not(site: Site) -> None:
    cursor = ClaimCursor()
    reader, late = site.connect(), site.connect()
    reader.begin(write=False)
    reader.query("select * from rota.job")
    late.begin()
    site.store.handoff.publish(late, [site.spec()])
    site.enqueue_many(5)
    site.claim(5, cursor=cursor)
    for _ in range(3):
        cursor.cheap_look = 0.0
        site.claim(5, cursor=cursor)
    assert cursor.floors == {}
    late.rollback()
    for _ in range(3):
        cursor.cheap_look = 0.0
        site.claim(5, cursor=cursor)
    assert cursor.floors["short", 1] > 0


def test_a_row_that_was_locked_as_we_passed_is_found_again(site: Site) -> None:
    cursor = ClaimCursor()
    first = site.enqueue("x").key
    site.enqueue()
    other = site.connect()
    other.begin()
    other.query("select * from rota.live where id = 'x' for update")
    assert len(site.claim(5, cursor=cursor)) == 1
    other.rollback()
    assert claimed_in_time(site, cursor) == [first]


def test_a_row_that_somebody_has_locked_is_not_passed_over_however_long_it_is_locked(site: Site) -> None:
    cursor = ClaimCursor()
    site.claim(5, cursor=cursor)
    locked = site.enqueue("x").key
    other = site.connect()
    other.begin()
    other.query("select * from rota.live where id = 'x' for share")
    for _ in range(4):
        site.enqueue()
        cursor.next_look = cursor.cheap_look = 0.0
        assert len(site.claim(5, cursor=cursor)) == 1
    other.rollback()
    cursor.next_look = 0.0
    assert [claim.key for claim in site.claim(5, cursor=cursor)] == [locked]


def test_a_claim_that_walks_far_behind_a_look_puts_the_next_look_off(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    cursor, now, take = ClaimCursor(), [1000.0], claim._take

    def slow(*words: Any) -> Any:
        now[0] += 2
        return take(*words)

    monkeypatch.setattr(claim, "_take", slow)
    monkeypatch.setattr(claim, "time", SimpleNamespace(monotonic=lambda: now[0]))
    site.enqueue()
    assert len(site.claim(5, cursor=cursor)) == 1
    assert cursor.next_look == cursor.cheap_look == 1000 + 2 * LOOK_SHARE


def test_the_next_look_finds_what_a_turn_claimed_and_did_not_commit(site: Site) -> None:
    cursor = ClaimCursor()
    key = site.enqueue().key
    with suppress(ZeroDivisionError), site.store.turn() as turn:
        assert len(turn.claim(site.token, [Want("short", 5)], 5, cursor)) == 1
        raise ZeroDivisionError
    cursor.next_look = 0.0
    assert [claim.key for claim in site.claim(5, cursor=cursor)] == [key]


def test_a_look_finds_what_is_left_behind_while_more_waits_than_is_claimed(site: Site) -> None:
    cursor, late = ClaimCursor(), site.connect()
    spec = site.spec()
    late.begin()
    site.store.handoff.publish(late, [spec])
    site.enqueue_many(10)
    site.claim(3, cursor=cursor)
    late.commit()
    cursor.next_look = 0.0
    assert site.claim(3, cursor=cursor)[0].key == spec.key


def test_the_first_look_of_a_dispatcher_raises_the_floor_where_nobody_is_about_to_commit(site: Site) -> None:
    cursor = ClaimCursor()
    site.enqueue_many(60)
    site.claim(50, cursor=ClaimCursor())
    site.claim(5, cursor=cursor)
    assert cursor.bounds["short", 1] - cursor.floors["short", 1] == 5


def claimed_in_time(site: Site, cursor: ClaimCursor) -> list[str]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if claims := site.claim(5, cursor=cursor):
            return [claim.key for claim in claims]
    return []


def test_a_claim_is_a_hot_update(site: Site) -> None:
    site.enqueue_many(20)
    with site.store.turn() as turn:
        turn.claim(site.token, [Want("short", 20)], 20, site.cursor)
        connection = turn._work.tx
        counts = connection.one(
            "select pg_stat_get_xact_tuples_updated(c), pg_stat_get_xact_tuples_hot_updated(c)"
            " from (select 'rota.live'::regclass::oid c) t"
        )
    assert counts == (20, 20)


def test_dispatchers_plan_with_pinned_settings(site: Site) -> None:
    with site.store.turn() as turn:
        assert turn._work.tx.value("show enable_sort") == "off"
        assert turn._work.tx.value("show statement_timeout") == "30s"


def test_behind_a_pooler_nothing_is_left_in_the_session(site: Site) -> None:
    pooled = site.another_store(pooler=True)
    site.store = pooled
    claim = site.start("x")
    site.record(claim, Ending.RETURNED)
    with pooled.turn(busy_timeout=0.5) as turn:
        assert turn._work.tx.value("show enable_sort") == "off"
        assert turn._work.tx.value("show lock_timeout") == "500ms"
        connection = turn._work.tx
    assert connection.value("show enable_sort") == "on"
    assert connection.value("show lock_timeout") == "0"
    assert connection.value("select count(*) from pg_prepared_statements") == 0
    assert pooled.listen() is None


def test_time_is_the_servers(postgres_dsn: str) -> None:
    class Wrong(SystemClock):
        def now(self):  # type: ignore[no-untyped-def]
            from datetime import timedelta

            return super().now() - timedelta(hours=3)

    database = open_database(postgres_dsn)
    store = Store(engine=database, documents=database, clock=Wrong())
    store.migrate()
    store.stats()
    assert abs(store.now() - to_micros(SystemClock().now())) < 5 * SECOND
    store.close()


def test_a_worker_whose_claim_was_taken_does_not_begin(site: Site) -> None:
    claim = site.start()
    worker = site.connect()
    assert site.store.handoff.begun(worker, ref(claim))
    site.record(claim, Ending.LOST, run_at=site.store.now())
    assert not site.store.handoff.begun(worker, ref(claim))


def test_a_statement_takes_values_and_gives_columns_of_other_types_the_next_time(postgres_dsn: str) -> None:
    connection = open_database(postgres_dsn).connect()
    try:
        for value in (1, None, 2**40, 3):
            assert connection.query("select cast(:n as bigint)", {"n": value}) == [(value,)]
        connection.run("create table changing (a integer)")
        connection.run("insert into changing values (1)")
        assert connection.table("select * from changing") == (["a"], [(1,)])
        connection.script("alter table changing alter a type text; alter table changing add b boolean default true")
        assert connection.table("select * from changing") == (["a", "b"], [("1", True)])
        assert connection.query("update changing set b = false") == []
    finally:
        connection.close()


def test_a_connection_keeps_few_cursors_and_no_long_result(postgres_dsn: str) -> None:
    connection = open_database(postgres_dsn).connect()
    assert isinstance(connection, PostgreSQLConnection)
    try:
        many = "select n from generate_series(1, :n) n"
        for count in (KEPT_ROWS + 1, 3):
            assert connection.query(many, {"n": count}) == [(n,) for n in range(1, count + 1)]
            assert connection.table(many, {"n": count})[0] == ["n"]
            assert (many in connection._cursors) is (count == 3)
        for number in range(2 * KEPT_CURSORS):
            assert connection.value(f"select {number}") == number
            assert len(connection._cursors) <= KEPT_CURSORS
    finally:
        connection.close()
