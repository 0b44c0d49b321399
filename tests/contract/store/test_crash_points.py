"""Whoever is killed, wherever: what is left behind, and who goes on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rota.db import Connection
from rota.errors import JobLost
from rota.jobs import Claim, Ending, JobState, Mode, Outcome
from rota.store import ScheduleRow
from tests.contract.store.site import SECOND, Site, outcome, ref

TABLES = ("job", "live", "done", "attempt", "tick", "schedule", "dependency", "batch", "rate", "pause", "dispatcher")


class Killed(BaseException):
    """The process ends here."""


class Fuse:
    """Ends the process at its n-th statement."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, connection: Connection) -> None:
        self.left: int | None = None
        for name in ("query", "run", "run_many"):
            monkeypatch.setattr(type(connection), name, self._burning(getattr(type(connection), name)))

    def _burning(self, original: Callable[..., object]) -> Callable[..., object]:
        def statement(connection: Connection, sql: str, *rest: object) -> object:
            # After a kill the database itself rolls back: what our code still sends to do so is not counted. Nor is
            # what it says after the commit.
            if self.left is not None and not sql.startswith(("rollback", "release", "pragma", "select pg_notify")):
                self.left -= 1
                if self.left < 0:
                    raise Killed
            return original(connection, sql, *rest)

        return statement


def snapshot(site: Site) -> dict[str, list[object]]:
    connection = site.connect_engine()
    schema = "" if site.sqlite else "rota."
    tables = {name: sorted(map(repr, connection.query(f"select * from {schema}{name}"))) for name in TABLES}
    connection.close()
    return tables


def supersede(site: Site) -> Callable[[], None]:
    site.enqueue("x")
    dependent = site.enqueue().key
    specs = [site.spec("x"), site.spec(), site.spec("x", mode=Mode.SKIP), site.spec(depends_on=(dependent,))]

    def act() -> None:
        with site.store.turn() as turn:
            turn.insert(specs)

    return act


def claim(site: Site) -> Callable[[], None]:
    site.enqueue_many(3, options={"rate_limit": {"key": "r", "count": 5, "per": 1}})

    def act() -> None:
        site.claim(3)

    return act


def record(site: Site) -> Callable[[], None]:
    site.enqueue_many(4)
    site.enqueue("x")
    done, failed, again, child, chained = site.claim(5)
    site.enqueue("x")
    site.enqueue(depends_on=(failed.key,))
    outcomes = [
        outcome(done, Ending.RETURNED),
        outcome(failed, Ending.FAILED, error="boom", on_failure=site.spec()),
        outcome(again, Ending.FAILED, run_at=site.store.now() + SECOND),
        outcome(child, Ending.RETURNED, children=(site.spec(),)),
        outcome(chained, Ending.RETURNED),
    ]

    def act() -> None:
        with site.store.turn() as turn:
            turn.record(outcomes)

    return act


def settle(site: Site) -> Callable[[], None]:
    running, worker = site.start("x"), site.connect()
    site.commit_last(worker, running, site.spec("x"), site.spec())

    def act() -> None:
        site.another_store().settle()

    return act


def last_commit(site: Site) -> Callable[[], None]:
    claim, worker, child = site.start("x"), site.connect(), site.spec("x")

    def act() -> None:
        site.commit_last(worker, claim, child)

    return act


def tick(site: Site) -> Callable[[], None]:
    with site.store.turn() as turn:
        turn.put_schedules([ScheduleRow(id="s", definition="{}")])
        due = turn.now + SECOND
    spec = site.spec()

    def act() -> None:
        with site.store.turn() as turn:
            turn.tick("s", due, spec)

    return act


def cancel(site: Site) -> Callable[[], None]:
    key = site.enqueue("x").key
    site.enqueue(depends_on=(key,))

    def act() -> None:
        with site.store.turn() as turn:
            turn.cancel(key, "", "ann")

    return act


def expire(site: Site) -> Callable[[], None]:
    site.enqueue_many(2)
    site.claim(2)
    site.clock.advance(seconds=21)
    lost = site.store.expiry.raise_fence(site.lost())
    outcomes = [Outcome(key=one.key, claim=one.number, ending=Ending.LOST, run_at=0) for one in lost]

    def act() -> None:
        with site.store.turn() as turn:
            turn.expire(outcomes)

    return act


@pytest.mark.parametrize(
    "scenario", [supersede, claim, record, settle, last_commit, tick, cancel, expire], ids=lambda one: one.__name__
)
def test_a_kill_inside_a_turn_leaves_nothing_and_the_next_one_does_it_all(
    site: Site, scenario: Callable[[Site], Callable[[], None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    if scenario is settle and not site.sqlite:
        pytest.skip("PostgreSQL has nothing to settle")
    act = scenario(site)
    before = snapshot(site)
    fuse = Fuse(monkeypatch, site.connect())
    killed = 0
    while killed < 200:
        fuse.left = killed
        try:
            act()
        except Killed:
            fuse.left = None
            assert snapshot(site) == before
            killed += 1
            continue
        break
    fuse.left = None
    assert 1 < killed < 200
    assert site.store.settle()
    assert snapshot(site) != before


def test_killed_before_its_commit_a_caller_leaves_no_job(site: Site) -> None:
    caller = site.connect()
    caller.begin()
    caller.run("insert into effect (key, what) values ('', 'document')")
    site.store.handoff.publish(caller, [site.spec("x")])
    caller.close()
    assert not site.store.is_active("x")
    assert site.effects() == []


def test_killed_after_its_commit_a_caller_leaves_a_job_that_anybody_carries_over(site: Site) -> None:
    spec = site.spec("x")
    site.publish(site.connect(), spec)
    survivor = site.another_store()
    assert survivor.is_active("x")
    assert survivor.settle()
    assert survivor.sweep()
    assert site.another_store().is_active("x")
    assert site.claim_one().key == spec.key


def test_a_claim_whose_answer_was_lost_is_given_back_at_the_beat(site: Site) -> None:
    lost = site.start()
    with site.store.turn() as turn:
        assert turn.beat(site.token, 20).alive
        assert turn.unsent(site.token, []) == 1
    assert site.claim_one().key == lost.key


def test_a_claim_of_a_dispatcher_that_was_killed_expires(site: Site) -> None:
    lost = site.start()
    site.clock.advance(seconds=21)
    site.expire(run_at=0)
    assert site.claim_one(token=site.dispatcher()).key == lost.key


def test_a_frozen_worker_of_an_expired_claim_can_do_nothing_when_it_thaws(site: Site) -> None:
    old, frozen = site.start(), site.connect()
    site.clock.advance(seconds=21)
    site.expire(run_at=0)
    new = site.claim_one(token=site.dispatcher())
    for commit in (site.commit_midway, site.commit_last):
        with pytest.raises(JobLost):
            commit(frozen, old)
    assert site.record(old, Ending.LOST).state is None
    site.commit_last(site.connect(), new)
    assert site.record(new, Ending.COMMITTED).state is JobState.FINISHED
    assert site.effects(old.key) == ["effect"]


def test_a_resumable_job_goes_on_where_its_last_fenced_commit_was(site: Site) -> None:
    old, frozen = site.start(), site.connect()
    commit_batch(site, frozen, old, "1")
    site.clock.advance(seconds=21)
    site.expire(run_at=0)
    new, worker = site.claim_one(token=site.dispatcher()), site.connect()
    assert site.store.handoff.read_cursor(worker, new.key) == "1"
    with pytest.raises(JobLost):
        commit_batch(site, frozen, old, "2")
    commit_batch(site, worker, new, "2")
    assert site.effects(old.key) == ["1", "2"]


def commit_batch(site: Site, worker: Connection, claim: Claim, cursor: str) -> None:
    with site.writing(worker, cursor, claim.key):
        site.store.handoff.write_cursor(worker, ref(claim), cursor)
        site.store.handoff.fence(worker, ref(claim))


def test_killed_after_its_last_commit_a_worker_has_finished(site: Site) -> None:
    claim = site.start()
    site.commit_last(site.connect(), claim, site.spec("child"))
    site.clock.advance(seconds=21)
    assert {one.state for one in site.expire(run_at=0)} <= {JobState.FINISHED}
    assert site.state(claim.key) is JobState.FINISHED
    assert site.state("child") is JobState.QUEUED


def test_killed_after_the_fence_was_raised_a_maintainer_is_followed_by_another(site: Site) -> None:
    claim = site.start()
    site.clock.advance(seconds=21)
    site.store.expiry.raise_fence(site.lost())
    another = site.another_store()
    another.expiry.lost()
    again = another.expiry.raise_fence(another.expiry.lost())
    assert [one.ref for one in again] == [ref(claim)]
    with another.turn() as turn:
        (recorded,) = turn.expire([Outcome(key=claim.key, claim=claim.number, ending=Ending.LOST, run_at=0)])
    assert recorded.state is JobState.QUEUED


def test_a_canceled_run_that_committed_first_is_finished(site: Site) -> None:
    claim = site.start()
    with site.store.turn() as turn:
        assert turn.cancel(claim.key, "", "ann") == "canceling"
    site.commit_last(site.connect(), claim)
    assert site.record(claim, Ending.LOST).state is JobState.FINISHED


# --- restores ---


def test_after_a_restore_no_claim_number_comes_twice(site: Site) -> None:
    if not site.sqlite:
        with site.store.turn() as turn:
            turn._work.rows("draw_places", count=1)
        highest = site.start().number
        site.connect_engine().query("select setval('rota.claim_number', 1, false)")
        site.store.repair()
        assert site.start().number > highest
        return
    worker, claim = site.connect(), site.start()
    site.commit_midway(worker, claim)
    site.connect_engine().run("update counter set claim = 0")
    site.store.repair()
    assert site.start().number > claim.number


def test_after_a_restore_of_an_older_jobs_db_nothing_that_is_done_runs_again(site: Site) -> None:
    if not site.sqlite:
        pytest.skip("PostgreSQL is restored as one")
    claim, worker = site.start(), site.connect()
    site.commit_last(worker, claim, result="1")
    site.store.settle()
    site.store.sweep()
    older = site.connect_engine()
    older.run("delete from done")
    older.run(
        "insert into live (key, id, slot, state, waits, queue, lane, seq, method, root)"
        " values (:key, :key, 0, 1, 0, 'short', 1, 99, 'm', '')",
        {"key": claim.key},
    )
    site.store.repair()
    assert site.state(claim.key) is JobState.FINISHED
    assert site.claim(5) == []
