"""The cache: Frappe's calls, Redis's commands, expiry, bounds, and several processes."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import pytest

from rota.clock import FixedClock
from rota.errors import LockTimeoutError, NotEncodable, NotInRota, StoreError, UsageError
from rota.payload import CODEC
from rota.sites.cache import Cache, CacheTables, Entries
from rota.sites.cache.raw import MAX_KEY
from rota.sites.cache.tables import FILE
from tests.contract.sites.conftest import Ground
from tests.support.waiting import wait_until


def tables_of(ground: Ground) -> CacheTables:
    from rota.db.sqlite import SQLite

    return CacheTables(SQLite(ground.folder / FILE) if ground.dialect == "sqlite" else ground.engine)


@pytest.fixture
def tables(ground: Ground) -> Iterator[CacheTables]:
    made = tables_of(ground)
    yield made
    made.close()


@pytest.fixture
def entries(tables: CacheTables, clock: FixedClock) -> Entries:
    return Entries(tables, clock)


def request(entries: Entries, user: str = "me@example.com") -> Cache:
    """The cache as another request or job sees it."""
    return Cache(entries, CODEC, local={}, user=lambda: user)


@pytest.fixture
def cache(entries: Entries) -> Cache:
    return request(entries)


# --- Frappe's ---


@pytest.mark.parametrize("value", [0, "", [1, {"a": None}], {"d": datetime(2026, 1, 1)}, {"x"}, b"\0"], ids=repr)
def test_any_value_comes_back_as_it_was_in_another_request(cache: Cache, entries: Entries, value: Any) -> None:
    cache.set_value("key", value)
    assert request(entries).get_value("key") == value


def test_frappe_calls_the_cache_or_takes_it_as_it_is(cache: Cache) -> None:
    assert cache() is cache


def test_what_is_not_there_is_none_or_generated_once(cache: Cache, entries: Entries) -> None:
    assert request(entries).get_value("key") is None
    assert cache.get_value("key", generator=lambda: [1]) == [1]
    assert request(entries).get_value("key", generator=lambda: pytest.fail("generated again")) == [1]


def test_a_request_gets_the_same_object_again(cache: Cache) -> None:
    value = [1]
    cache.set_value("key", value)
    assert cache.get_value("key") is value


def test_each_user_has_entries_of_their_own(cache: Cache, entries: Entries) -> None:
    cache.set_value("key", 1, user=True)
    assert request(entries).get_value("key", user="me@example.com") == 1
    assert request(entries, user="you@example.com").get_value("key", user=True) is None
    assert request(entries).get_value("key") is None


def test_a_value_expires(cache: Cache, clock: FixedClock) -> None:
    cache.set_value("key", 1, expires_in_sec=10)
    assert cache.get_value("key", expires=True) == 1
    clock.advance(seconds=10)
    assert cache.get_value("key", expires=True) is None
    assert cache.exists("key") == 0


def test_a_value_that_expires_is_not_kept_by_the_request(cache: Cache) -> None:
    cache.set_value("key", 1)
    cache.set_value("key", 2, expires_in_sec=10)
    assert cache.get_value("key", expires=True) == 2


def test_deleting_forgets_in_the_request_and_for_all(cache: Cache, entries: Entries) -> None:
    cache.set_value("a", 1)
    cache.hset("h", "x", 1)
    cache.delete_value(["a", "h"])
    assert cache.get_value("a") is None
    assert cache.hget("h", "x") is None
    assert request(entries).hgetall("h") == {}


def test_keys_are_deleted_by_their_beginning(cache: Cache, entries: Entries) -> None:
    for key in ("user_a", "user_b", "use"):
        cache.set_value(key, 1)
    cache.delete_keys("user_")
    assert request(entries).get_keys("us") == [b"use"]
    assert cache.get_value("user_a") is None


def test_hashes_hold_any_values(cache: Cache, entries: Entries) -> None:
    cache.hset("h", "a", {"x": 1})
    cache.hset("h", "b", None)
    other = request(entries)
    assert other.hget("h", "a") == {"x": 1}
    assert other.hgetall("h") == {b"a": {"x": 1}, b"b": None}
    assert sorted(other.hkeys("h")) == [b"a", b"b"]
    assert other.hexists("h", "b") is True
    assert other.hdel("h", ["a", "z"]) == 1
    assert other.hget("h", "a", generator=lambda: "new") == "new"
    assert request(entries).hget("h", "a") == "new"


def test_what_can_not_be_encoded_is_refused_with_its_path(cache: Cache) -> None:
    with pytest.raises(NotEncodable, match=r"the value\.x"):
        cache.set_value("key", {"x": object()})


def test_no_pickle_is_ever_read(cache: Cache, entries: Entries) -> None:
    import pickle

    cache.set("key", pickle.dumps([1]))
    assert request(entries).get_value("key") is None


def test_text_search_and_other_commands_say_that_this_is_no_redis(cache: Cache) -> None:
    with pytest.raises(NotInRota, match="full-text"):
        cache.ft("idx")
    with pytest.raises(NotInRota, match=r"frappe\.cache\.zadd"):
        cache.zadd("x", {})
    assert not hasattr(cache, "zadd")


# --- Redis's ---


def test_raw_values_are_bytes(cache: Cache) -> None:
    cache.set("a", "é")
    cache.setex("b", 5, 7)
    assert (cache.get("a"), cache.get("b"), cache.get("c")) == ("é".encode(), b"7", None)
    assert cache.setnx("a", "x") is False
    assert cache.set("c", "x", xx=True) is None


def test_counters_count_and_keep_their_expiry(cache: Cache, clock: FixedClock) -> None:
    assert cache.incr("n") == 1
    cache.expire("n", 10)
    assert cache.incrby("n", 4) == 5
    assert cache.decr("n") == 4
    assert cache.ttl("n") == 10
    clock.advance(seconds=11)
    assert cache.incr("n") == 1
    assert cache.ttl("n") == -1
    assert cache.ttl("nothing") == -2


def test_a_text_is_not_counted(cache: Cache) -> None:
    cache.set("n", "x")
    with pytest.raises(UsageError, match="'n' is no whole number"):
        cache.incr("n")


def test_lists_are_queues_at_both_ends(cache: Cache) -> None:
    assert cache.rpush("l", "a", "b") == 2
    assert cache.lpush("l", "c", "d") == 4
    assert cache.lrange("l", 0, -1) == [b"d", b"c", b"a", b"b"]
    assert cache.lrange("l", -2, 10) == [b"a", b"b"]
    assert cache.lrange("l", 3, 1) == []
    assert (cache.lpop("l"), cache.rpop("l"), cache.llen("l")) == (b"d", b"b", 2)
    cache.ltrim("l", 1, -1)
    assert cache.lrange("l", 0, -1) == [b"a"]
    assert cache.lpop("l") == b"a"
    assert (cache.lpop("l"), cache.exists("l")) == (None, 0)


def test_a_list_takes_the_same_value_twice(cache: Cache) -> None:
    cache.rpush("l", "a")
    cache.rpush("l", "a")
    cache.lpop("l")
    cache.rpush("l", "b")
    assert cache.lrange("l", 0, -1) == [b"a", b"b"]


def test_sets_hold_each_member_once(cache: Cache) -> None:
    assert cache.sadd("s", "a", "b", "a") == 2
    assert cache.smembers("s") == {b"a", b"b"}
    assert (cache.sismember("s", "a"), cache.sismember("s", "z"), cache.scard("s")) == (True, False, 2)
    assert cache.srandmember("s") in (b"a", b"b")
    assert cache.srem("s", "a", "z") == 1
    assert (cache.spop("s"), cache.spop("s")) == (b"b", None)


def test_an_entry_has_one_kind(cache: Cache) -> None:
    cache.rpush("x", "a")
    with pytest.raises(UsageError, match="'x' is a list, not a hash"):
        cache.hset("x", "a", 1)


def test_what_is_left_of_an_expired_entry_is_gone(cache: Cache, clock: FixedClock) -> None:
    cache.rpush("x", "a")
    cache.expireat("x", clock.now() + timedelta(seconds=5))
    clock.advance(seconds=5)
    assert cache.lrange("x", 0, -1) == []
    cache.sadd("x", "b")
    assert cache.smembers("x") == {b"b"}


def test_keys_are_found_by_pattern(cache: Cache) -> None:
    for key in ("b1", "a2", "a1", "a_%"):
        cache.set(key, "")
    assert cache.keys("a*") == [b"a1", b"a2", b"a_%"]
    assert list(cache.scan_iter("?1")) == [b"a1", b"b1"]
    assert cache.keys("a_%") == [b"a_%"]


@pytest.mark.parametrize(
    "key", ["a\0b", "\ud800", "k" * 5000, "é", b"\xff"], ids=["nul", "surrogate", "long", "e", "b"]
)
def test_any_key_can_be_used(cache: Cache, entries: Entries, key: str | bytes) -> None:
    cache.set_value(key, 1)
    assert request(entries).get_value(key) == 1


def test_long_keys_are_told_apart(cache: Cache) -> None:
    cache.set("k" * (MAX_KEY + 1) + "a", "1")
    assert cache.get("k" * (MAX_KEY + 1) + "b") is None


def test_a_pipeline_is_made_as_a_whole(cache: Cache, entries: Entries) -> None:
    with cache.pipeline() as pipe:
        pipe.set("a", 1).incr("a")
        pipe.rpush("l", "x")
        assert request(entries).get("a") is None
        assert pipe.execute() == [True, 2, 1]
    with pytest.raises(UsageError):
        cache.pipeline().set("a", 5).sadd("l", "y").execute()
    assert cache.get("a") == b"2"


def test_flushing_forgets_everything(cache: Cache) -> None:
    cache.set_value("a", 1)
    cache.rpush("l", 1)
    cache.flushall()
    assert cache.keys() == []
    assert cache.get_value("a") is None
    assert cache.rpush("l", 2) == 1


# --- locks ---


def test_a_lock_is_held_by_one(cache: Cache, entries: Entries) -> None:
    with cache.lock("work", timeout=60) as lock:
        assert lock.owned()
        other = request(entries).lock("work", timeout=60, blocking_timeout=0.5)
        assert other.acquire() is False
        with pytest.raises(LockTimeoutError, match="held by somebody else"), other:
            pass
    assert other.acquire(blocking=False) is True


def test_a_lock_is_free_after_its_time_and_its_late_holder_is_told(cache: Cache, clock: FixedClock) -> None:
    late = cache.lock("work", timeout=10)
    assert late.acquire()
    clock.advance(seconds=10)
    assert cache.lock("work", timeout=10, blocking_timeout=0).acquire()
    with pytest.raises(LockTimeoutError, match="not held any longer"):
        late.release()
    assert cache.lock("work").locked()


# --- bounds ---


def test_what_was_used_longest_ago_goes_first(tables: CacheTables, clock: FixedClock) -> None:
    entries = Entries(tables, clock, max_entries=10)
    for number in range(20):
        clock.advance(seconds=1)
        entries.set(f"k{number:02}", b"x")
    clock.advance(seconds=3600)
    assert entries.get("k00") == b"x"
    entries.sweep()
    assert entries.keys("*") == ["k00", *(f"k{number}" for number in range(12, 20))]


def test_the_bytes_of_all_entries_are_bounded(tables: CacheTables, clock: FixedClock) -> None:
    entries = Entries(tables, clock, max_bytes=10_000)
    for number in range(40):
        entries.push("list", [b"x" * 500], left=False)
        clock.advance(seconds=1)
        entries.put_field(f"hash{number}", "hash", b"f", b"y" * 100)
    entries.sweep()
    assert entries.length("list", "list") == 0
    assert entries.kind("hash39") == "hash"


def test_the_size_of_an_entry_follows_its_members(entries: Entries, tables: CacheTables) -> None:
    for _ in range(3):
        entries.put_field("h", "hash", b"f", b"12345")
    entries.put_field("h", "hash", b"g", b"")
    entries.put_field("h", "hash", b"f", b"1")
    entries.delete_fields("h", "hash", [b"g"])
    with tables.reading() as tx:
        assert tx.query(entries._sql["totals"]) == [(1, 3)]


def test_expired_entries_are_swept(entries: Entries, clock: FixedClock) -> None:
    entries.set("a", b"", expires_at=entries.now() + 1)
    clock.advance(seconds=1)
    assert entries.sweep() == 1


# --- processes ---


def _count(ground: Ground, times: int) -> None:
    from rota.clock import SystemClock

    tables = tables_of(ground)
    cache = request(Entries(tables, SystemClock()))
    for _ in range(times):
        cache.incr("n")
        with cache.pipeline() as pipe:
            pipe.rpush("l", "a").rpush("l", "b").execute()
    tables.close()


def test_processes_lose_nothing_to_each_other(ground: Ground, cache: Cache) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_count, args=(ground, 50)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert cache.get("n") == b"150"
    assert cache.lrange("l", 0, -1) == [b"a", b"b"] * 150


def test_who_comes_second_to_make_the_tables_does_not_wait_for_who_writes_to_them(ground: Ground) -> None:
    if ground.dialect == "sqlite":
        pytest.skip("its one writer makes the tables, too")
    tables, failed = tables_of(ground), []

    def open_second() -> None:
        try:
            with tables.reading():
                pass
        except StoreError as error:
            failed.append(error)

    with closing(ground.engine.connect()) as lock, closing(ground.engine.connect()) as writer:
        lock.query(tables.sql["create_alone"].replace("_xact", ""))
        second = threading.Thread(target=open_second)
        second.start()
        wait_until(lambda: lock.value("select count(*) from pg_locks where locktype = 'advisory' and not granted"))
        with writer.transaction():
            writer.script(tables.sql["cache_schema"])
        with writer.transaction():
            writer.run("insert into rota.cache_entry (key, kind, used_at, size) values ('k', 'value', 0, 0)")
            lock.query(tables.sql["create_alone"].replace("_xact_lock", "_unlock"))
            second.join(60)
            assert not second.is_alive()
    tables.close()
    assert failed == []


def test_a_connection_is_not_used_by_a_forked_child(ground: Ground, cache: Cache, entries: Entries) -> None:
    cache.set("a", "1")

    def child() -> None:
        request(entries).set("a", "2")

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join()
    assert process.exitcode == 0
    assert request(entries).get("a") == b"2"


def test_a_damaged_cache_is_made_anew(ground: Ground, clock: FixedClock, caplog: pytest.LogCaptureFixture) -> None:
    if ground.dialect != "sqlite":
        pytest.skip("PostgreSQL empties its table by itself")
    (ground.folder / FILE).write_bytes(b"no database" * 1000)
    tables = tables_of(ground)
    cache = request(Entries(tables, clock))
    cache.set("a", "1")
    assert cache.get("a") == b"1"
    assert "made anew" in caplog.text
    tables.close()
