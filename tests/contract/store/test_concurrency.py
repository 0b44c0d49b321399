"""Many processes at once: one live job of an id, one job of a tick, one owner of a claim; and what a fork leaves."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

import pytest

from rota.errors import StoreBusy, StoreDeadlock
from rota.jobs import Ending, JobSpec, JobState, Mode
from rota.store import ClaimCursor, ScheduleRow, Store, TickRow, Want
from tests.contract.store.site import ALL_QUEUES, SECOND, Site, outcome, ref


def at_once(count: int, work: Callable[[int], None]) -> None:
    """Run `work(0)` ... `work(count - 1)` in threads that start together; their errors are raised here."""
    barrier, errors = threading.Barrier(count), []

    def run(number: int) -> None:
        barrier.wait()
        try:
            work(number)
        except BaseException as error:  # noqa: BLE001 - raised again by the test's own thread
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def insert(store: Store, spec: JobSpec) -> None:
    """As a caller does: a deadlock is solved by another try."""
    while True:
        try:
            with store.turn() as turn:
                turn.insert([spec])
        except StoreDeadlock:
            continue
        return


def test_one_job_of_an_id_is_alive_however_many_enqueue_it(site: Site) -> None:
    specs = [site.spec("x", mode=Mode.SKIP if n % 2 else Mode.PLAIN) for n in range(64)]
    stores = [site.another_store(busy_timeout=60) for _ in range(16)]
    at_once(64, lambda n: insert(stores[n % 16], specs[n]))
    jobs = site.store.jobs([spec.key for spec in specs])
    alive = [job for job in jobs if not job.state.is_final]
    assert len(jobs) == 64
    assert len(alive) == 1
    assert all(job.winner for job in jobs if job.state is JobState.CANCELED)
    assert [claim.key for claim in site.claim(64)] == [alive[0].key]


def test_one_successor_of_a_running_job_is_alive_however_many_enqueue_it(site: Site) -> None:
    running = site.start("x")
    specs = [site.spec("x") for _ in range(24)]
    stores = [site.another_store(busy_timeout=60) for _ in range(8)]
    at_once(24, lambda n: insert(stores[n % 8], specs[n]))
    alive = [job for job in site.store.jobs([spec.key for spec in specs]) if not job.state.is_final]
    assert [job.waits_for for job in alive] == ["predecessor"]
    site.record(running, Ending.RETURNED)
    assert site.claim_one().key == alive[0].key


def test_callers_that_enqueue_the_same_ids_in_their_transactions_all_get_through(site: Site) -> None:
    def publish(number: int) -> None:
        connection = connections[number]
        ids = ["a", "b", "c"] if number % 2 else ["c", "b", "a"]
        for _ in range(5):
            site.publish(connection, *[site.spec(id_) for id_ in ids])

    connections = [site.connect() for _ in range(8)]
    at_once(8, publish)
    assert site.store.settle()
    assert {claim.id for claim in site.claim(99)} == {"a", "b", "c"}
    assert len(site.effects()) == 40


def test_a_tick_has_one_job_however_many_schedulers_look(site: Site) -> None:
    with site.store.turn() as turn:
        turn.put_schedules([ScheduleRow(id="s", definition="{}")])
        start = turn.now
    stores = [site.another_store(busy_timeout=60) for _ in range(8)]
    taken: list[int] = []

    def schedule(number: int) -> None:
        for tick in range(1, 11):
            with stores[number].turn() as turn:
                if turn.tick("s", start + tick * SECOND, site.spec()):
                    taken.append(tick)

    at_once(8, schedule)
    # A scheduler that is ahead leaves no tick for the others: whoever takes one, nobody takes it twice.
    assert len(taken) == len(set(taken)) == site.store.stats()["queued"]
    assert max(taken) == 10


def test_ticks_of_many_schedules_are_taken_together_and_each_by_one_scheduler(site: Site) -> None:
    names = [f"s{number:02}" for number in range(40)]
    with site.store.turn() as turn:
        turn.put_schedules([ScheduleRow(id=name, definition="{}") for name in names])
        due = turn.now + SECOND
    stores = [site.another_store(busy_timeout=60) for _ in range(6)]
    taken: list[str] = []

    def schedule(number: int) -> None:
        mine = names[number:] + names[:number]  # each in an order of its own
        with stores[number].turn() as turn:
            got = turn.take_ticks([(name, due) for name in mine])
            rows = [TickRow(schedule=name, due=due, spec=site.spec(f"job of {name}")) for name in sorted(got)]
            turn.put_ticks(rows, free=[f"job of {name}" for name in got])
        taken.extend(got)

    at_once(6, schedule)
    assert sorted(taken) == names
    assert site.store.stats()["queued"] == len(site.store.ticks(limit=100)) == 40


def test_claims_of_several_dispatchers_never_overlap(site: Site) -> None:
    keys = {answer.key for answer in site.enqueue_many(400)}
    stores = [site.another_store(busy_timeout=60) for _ in range(4)]
    tokens = [site.dispatcher(store) for store in stores]
    claimed: list[str] = []

    def dispatch(number: int) -> None:
        cursor, idle = ClaimCursor(), 0
        while idle < 3:
            with stores[number].turn() as turn:
                claims = turn.claim(tokens[number], [Want(queue, 7) for queue in ALL_QUEUES], 7, cursor)
            idle = 0 if claims else idle + 1
            claimed.extend(claim.key for claim in claims)
            with stores[number].turn() as turn:
                turn.record([outcome(claim, Ending.RETURNED) for claim in claims])

    at_once(4, dispatch)
    assert len(claimed) == len(keys)
    assert set(claimed) == keys
    assert site.store.stats()["finished"] == 400


def test_a_concurrency_limit_is_exact_with_several_dispatchers(site: Site) -> None:
    for _ in range(30):
        site.enqueue(concurrency_key="k", options={"concurrency_limit": 3})
    stores = [site.another_store(busy_timeout=60) for _ in range(4)]
    tokens = [site.dispatcher(store) for store in stores]
    running, most, lock = [0], [0], threading.Lock()

    def dispatch(number: int) -> None:
        cursor = ClaimCursor()
        while site.store.stats()["finished"] < 30:
            with stores[number].turn() as turn:
                claims = turn.claim(tokens[number], [Want("short", 5)], 5, cursor)
            with lock:
                running[0] += len(claims)
                most[0] = max(most[0], running[0])
            with lock, stores[number].turn() as turn:
                running[0] -= len(claims)
                turn.record([outcome(claim, Ending.RETURNED) for claim in claims])

    at_once(4, dispatch)
    assert 1 <= most[0] <= 3


def test_enqueuers_and_dispatchers_lose_nothing_between_them(site: Site) -> None:
    """Rows that become visible behind a dispatcher's bound are found."""
    stores = [site.another_store(busy_timeout=60) for _ in range(6)]
    tokens = [site.dispatcher(store) for store in stores[:2]]
    finished: list[str] = []
    total = 4 * 40

    def work(number: int) -> None:
        if number >= 2:
            for _ in range(40):
                insert(stores[number], site.spec())
            return
        cursor = ClaimCursor()
        while len(finished) < total:
            with stores[number].turn() as turn:
                claims = turn.claim(tokens[number], [Want("short", 10)], 10, cursor)
                turn.record([outcome(claim, Ending.RETURNED) for claim in claims])
            finished.extend(claim.key for claim in claims)

    at_once(6, work)
    assert len(set(finished)) == len(finished) == total


def test_threads_share_a_store(site: Site) -> None:
    def work(number: int) -> None:
        for _ in range(10):
            key = site.enqueue(f"job-{number}").key
            assert site.job(key).state is JobState.QUEUED
            assert site.store.is_active(f"job-{number}")

    at_once(8, work)
    assert site.store.stats() | {"queued": 8, "canceled": 72} == site.store.stats()


def test_who_will_not_wait_is_told_that_another_one_writes(site: Site) -> None:
    if not site.sqlite:
        pytest.skip("PostgreSQL has many writers")
    other = site.another_store()
    with other.turn():
        with pytest.raises(StoreBusy), site.store.turn(busy_timeout=0):
            pytest.fail("two writers at once")
        assert not site.store.settle()
    assert site.store.settle()


def test_a_long_write_of_documents_holds_up_no_enqueue_claim_or_beat(site: Site) -> None:
    with site.writing(site.connect()):
        claim = site.start("x")
        with site.store.turn(busy_timeout=0) as turn:
            assert turn.beat(site.token, 20, [ref(claim)]).alive
        assert site.record(claim, Ending.RETURNED).state is JobState.FINISHED
        assert not site.store.is_active("x")
        assert site.store.sweep()


def test_a_forked_child_uses_no_connection_of_its_parent(site: Site) -> None:
    site.enqueue("parent")
    child = os.fork()
    if not child:
        status = 1
        try:
            site.enqueue("child")
            site.store.close()
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    site.enqueue("after")
    assert {claim.id for claim in site.claim(5)} == {"parent", "child", "after"}
