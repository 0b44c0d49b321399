"""Leases: what a dispatcher that is gone held is run again, and never what a live one holds."""

from __future__ import annotations

from rota.jobs import Ending, JobState, Outcome
from tests.contract.store.site import Site, ref


def test_nothing_is_lost_while_the_lease_lasts(site: Site) -> None:
    site.start()
    site.clock.advance(seconds=19)
    assert site.lost() == []


def test_claims_of_a_dispatcher_whose_lease_is_over_are_lost(site: Site) -> None:
    claim = site.start("x", options={"max_crashes": 3})
    site.clock.advance(seconds=21)
    (lost,) = site.lost()
    assert (lost.ref, lost.token, lost.attempt, lost.crashes, lost.id) == (ref(claim), site.token, 1, 0, "x")
    assert '"max_crashes":3' in lost.body
    site.expire(run_at=site.store.now())
    second = site.claim_one(token=site.dispatcher())
    assert (second.key, second.crashes, second.attempt) == (claim.key, 1, 2)


def test_a_beat_keeps_the_claims(site: Site) -> None:
    site.start()
    for _ in range(5):
        site.clock.advance(seconds=10)
        with site.store.turn() as turn:
            assert turn.beat(site.token, 20).alive
    assert site.lost() == []


def test_a_wall_clock_that_steps_takes_no_lease_on_one_host(site: Site) -> None:
    from datetime import timedelta

    site.start()
    site.clock.step_to(site.clock.now() + timedelta(days=1))
    assert len(site.lost()) == (0 if site.sqlite else 1)


def test_a_maintainer_that_was_held_up_looks_twice(site: Site) -> None:
    site.start()
    site.clock.advance(seconds=21)
    expiry = site.store.expiry
    assert expiry.lost() == []
    assert len(expiry.lost()) == 1
    site.clock.advance(seconds=60)
    assert expiry.lost() == []


def test_a_known_death_ends_the_lease_at_once(site: Site) -> None:
    claim = site.start()
    with site.store.turn() as turn:
        turn.end_lease(site.token)
    assert [one.key for one in site.lost()] == [claim.key]


def test_a_dispatcher_that_leaves_takes_its_row_along_unless_it_holds_something(site: Site) -> None:
    idle, busy = site.dispatcher(), site.token
    claim = site.start()
    with site.store.turn() as turn:
        turn.unregister(idle)
        turn.unregister(busy)
    assert [one.token for one in site.store.dispatchers()] == [busy]
    assert [one.key for one in site.lost()] == [claim.key]
    site.expire(run_at=None)
    assert site.state(claim.key) is JobState.FAILED
    assert site.store.expiry.forget() == 1
    assert site.store.dispatchers() == []


def test_claims_of_a_token_that_nobody_knows_are_lost(site: Site) -> None:
    claim = site.start()
    connection = site.engine.connect()
    connection.run("delete from rota.dispatcher" if not site.sqlite else "delete from dispatcher")
    connection.close()
    assert [one.key for one in site.lost()] == [claim.key]


def test_an_expired_claim_is_recorded_once(site: Site) -> None:
    claim = site.start()
    site.clock.advance(seconds=21)
    lost = site.lost()
    site.store.expiry.raise_fence(lost)
    outcomes = [Outcome(key=one.key, claim=one.number, ending=Ending.LOST, run_at=0) for one in lost]
    with site.store.turn() as turn:
        assert [one.state for one in turn.expire(outcomes)] == [JobState.QUEUED]
        assert [one.state for one in turn.expire(outcomes)] == [None]
    assert site.job(claim.key).crashes == 1


def test_a_last_commit_before_the_fence_wins(site: Site) -> None:
    claim, worker = site.start(), site.connect()
    site.clock.advance(seconds=21)
    lost = site.lost()
    site.commit_last(worker, claim)
    site.store.expiry.raise_fence(lost)
    with site.store.turn() as turn:
        (recorded,) = turn.expire([Outcome(key=claim.key, claim=claim.number, ending=Ending.LOST)])
    assert recorded.state is JobState.FINISHED


def test_a_fence_is_left_for_later_while_documents_are_written(site: Site) -> None:
    claim, worker = site.start(), site.connect()
    site.clock.advance(seconds=21)
    lost = site.lost()
    with site.writing(worker, key=claim.key):
        fenced = site.store.expiry.raise_fence(lost)
        assert [one.ref for one in fenced] == ([] if site.sqlite else [ref(claim)])
    assert len(site.store.expiry.raise_fence(lost)) == 1


def test_a_claim_in_the_middle_of_its_commit_is_left_alone(site: Site) -> None:
    claim, worker = site.start(), site.connect()
    site.clock.advance(seconds=21)
    lost = site.lost()
    worker.begin()
    worker.run("insert into effect (key, what) values (:key, 'late')", {"key": claim.key})
    site.store.handoff.finish(worker, ref(claim))
    fenced = site.store.expiry.raise_fence(lost)
    outcomes = [Outcome(key=one.key, claim=one.number, ending=Ending.LOST) for one in fenced]
    with site.store.turn() as turn:
        assert [one.state for one in turn.expire(outcomes)] == [None] * len(outcomes)
    worker.commit()
    assert site.record(claim, Ending.COMMITTED).state is JobState.FINISHED


def test_a_dispatcher_that_holds_something_is_not_forgotten(site: Site) -> None:
    site.start()
    site.clock.advance(seconds=21)
    assert site.store.expiry.forget() == 0
