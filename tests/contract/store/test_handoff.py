"""The documents' transaction and the engine's: published together, finished together, fenced by the claim."""

from __future__ import annotations

from typing import Any

import pytest

from rota.errors import JobLost, UsageError
from rota.jobs import Ending, JobState, Mode
from rota.store import settle
from tests.contract.store.site import SECOND, Site, ref


def test_a_job_is_published_by_its_callers_commit(site: Site) -> None:
    caller, spec = site.connect(), site.spec("x")
    caller.begin()
    caller.run("insert into effect (key, what) values ('', 'document')")
    site.store.handoff.publish(caller, [spec])
    assert not site.store.is_active("x")
    assert site.store.job(spec.key) is None
    caller.commit()
    assert site.store.is_active("x")
    assert site.state(spec.key) is JobState.QUEUED
    assert site.claim_one().key == spec.key


def test_a_rollback_takes_the_job_back(site: Site) -> None:
    caller = site.connect()
    caller.begin()
    caller.run("insert into effect (key, what) values ('', 'document')")
    site.store.handoff.publish(caller, [site.spec("x")])
    caller.rollback()
    assert not site.store.is_active("x")
    assert site.claim(5) == []


def test_a_published_job_follows_the_rules_of_its_id(site: Site) -> None:
    caller = site.connect()
    first, second = site.spec("x"), site.spec("x", mode=Mode.SKIP)
    site.publish(caller, first)
    site.publish(caller, second)
    assert site.store.settle()
    assert site.state(first.key) is JobState.QUEUED
    assert site.job(second.key).winner == first.key


def test_a_scheduled_job_is_shown_before_it_is_settled(site: Site) -> None:
    spec = site.spec("x", run_at=site.store.now() + SECOND)
    site.publish(site.connect(), spec)
    assert site.state("x") is JobState.SCHEDULED
    live = site.store.live("x")
    assert live is not None
    assert live.key == spec.key


def test_the_last_commit_of_a_job_finishes_it_and_enqueues_its_children(site: Site) -> None:
    claim, worker = site.start("x"), site.connect()
    assert site.store.handoff.begun(worker, ref(claim))
    child = site.spec("child")
    site.commit_last(worker, claim, child, result='"done"')
    assert site.store.is_active("child")
    assert site.record(claim, Ending.COMMITTED).state is JobState.FINISHED
    job = site.job(claim.key)
    assert (job.state, job.result, job.ended_at) == (JobState.FINISHED, '"done"', site.store.now())
    assert site.effects(claim.key) == ["effect"]
    assert [one.key for one in site.claim(5)] == [child.key]


def test_a_chains_link_that_commits_leaves_no_gap(site: Site) -> None:
    claim, worker = site.start("x"), site.connect()
    child = site.spec("x")
    site.commit_last(worker, claim, child)
    assert site.store.is_active("x")
    assert site.record(claim, Ending.COMMITTED).state is JobState.FINISHED
    assert site.store.is_active("x")
    assert site.claim_one().key == child.key


def test_a_links_child_supersedes_a_successor_from_elsewhere(site: Site) -> None:
    claim, worker = site.start("x"), site.connect()
    elsewhere, child = site.enqueue("x"), site.spec("x")
    site.commit_last(worker, claim, child)
    site.record(claim, Ending.COMMITTED)
    assert site.job(elsewhere.key).winner == child.key
    assert site.claim_one().key == child.key


def test_a_worker_that_lost_its_claim_commits_nothing(site: Site) -> None:
    claim, worker = site.start("x"), site.connect()
    site.clock.advance(seconds=21)
    site.expire(run_at=site.store.now())
    with pytest.raises(JobLost):
        site.commit_last(worker, claim, site.spec("child"))
    with pytest.raises(JobLost):
        site.commit_midway(worker, claim, site.spec("child"))
    assert site.effects(claim.key) == []
    assert not site.store.is_active("child")
    assert site.state(claim.key) is JobState.QUEUED


def test_a_job_is_finished_once(site: Site) -> None:
    claim, worker = site.start("x"), site.connect()
    site.commit_last(worker, claim)
    with pytest.raises(JobLost):
        site.commit_last(worker, claim)
    with pytest.raises(JobLost):
        site.commit_midway(worker, claim)
    assert site.effects(claim.key) == ["effect"]


def test_midway_commits_publish_as_they_go(site: Site) -> None:
    claim, worker = site.start("x"), site.connect()
    site.commit_midway(worker, claim, site.spec("a"), what="1")
    site.commit_midway(worker, claim, site.spec("b"), what="2")
    assert site.store.is_active("a")
    assert site.state(claim.key) is JobState.STARTED
    site.record(claim, Ending.FAILED, error="boom")
    assert site.effects(claim.key) == ["1", "2"]
    assert site.store.stats()["queued"] == 2


def test_a_job_that_is_done_is_not_begun_again(site: Site) -> None:
    claim, worker = site.start("x"), site.connect()
    site.commit_last(worker, claim)
    assert not site.store.handoff.begun(worker, ref(claim))


def test_a_dead_worker_whose_last_commit_got_through_is_finished(site: Site) -> None:
    claim, worker = site.start("x"), site.connect()
    site.commit_last(worker, claim)
    assert site.record(claim, Ending.LOST).state is JobState.FINISHED


def test_a_cursor_commits_with_its_batch(site: Site) -> None:
    claim, worker = site.start("x"), site.connect()
    handoff = site.store.handoff
    with site.writing(worker, "batch", claim.key):
        handoff.write_cursor(worker, ref(claim), "100")
        handoff.fence(worker, ref(claim))
    worker.begin()
    handoff.write_cursor(worker, ref(claim), "200")
    worker.rollback()
    assert handoff.read_cursor(worker, claim.key) == site.store.cursor(claim.key) == "100"
    assert handoff.read_cursor(worker, "0" * 32) is None


def test_what_is_settled_is_swept_and_does_not_come_back(site: Site) -> None:
    claim, worker = site.start("x"), site.connect()
    site.commit_last(worker, claim, site.spec("child"))
    assert site.store.settle()
    assert site.store.sweep()
    fresh = site.another_store()
    assert fresh.settle()
    assert fresh.stats() == site.store.stats()
    assert site.store.stats()["queued"] == 1
    if site.sqlite:
        assert worker.value("select count(*) from rota_outbox") == 0
        assert worker.value("select recorded from rota_ledger where key = :key", {"key": claim.key}) == 1


def test_another_process_settles_what_a_dead_one_left(site: Site) -> None:
    claim, worker = site.start("x"), site.connect()
    site.commit_last(worker, claim, site.spec("child"))
    survivor = site.another_store()
    assert survivor.settle()
    assert site.state(claim.key) is JobState.FINISHED
    assert site.state("child") is JobState.QUEUED


def test_a_job_enqueued_in_the_order_of_commits_runs_in_it(site: Site) -> None:
    caller = site.connect()
    keys = []
    for _ in range(3):
        spec = site.spec()
        site.publish(caller, spec)
        keys.append(spec.key)
    assert [claim.key for claim in site.claim(5)] == keys


def test_a_huge_transaction_is_carried_over_whole(site: Site) -> None:
    caller = site.connect()
    specs = [site.spec() for _ in range(2500)]
    site.publish(caller, *specs)
    assert site.store.settle()
    assert site.store.stats()["queued"] == 2500
    assert site.store.sweep()


@pytest.mark.parametrize(
    "damage",
    ["update rota_outbox set spec = '{'", "update rota_outbox set spec = json_set(spec, '$.options.rate_limit', 1)"],
)
def test_an_unreadable_row_fails_alone(site: Site, damage: str) -> None:
    if not site.sqlite:
        pytest.skip("PostgreSQL has no outbox")
    caller = site.connect()
    good, bad, after = site.spec(), site.spec(), site.spec()
    site.publish(caller, good, bad, after)
    caller.run(damage + " where key = :key", {"key": bad.key})
    assert site.store.settle()
    job = site.job(bad.key)
    assert job.state is JobState.FAILED
    assert "can't be read" in (job.error or "")
    assert [claim.key for claim in site.claim(5)] == [good.key, after.key]


def test_a_crash_after_a_saved_cursor_does_not_count(site: Site) -> None:
    claim, worker = site.start("x"), site.connect()
    site.record(claim, Ending.LOST, run_at=site.store.now())
    again = site.claim_one()
    with site.writing(worker, key=again.key):
        site.store.handoff.write_cursor(worker, ref(again), "100")
        site.store.handoff.fence(worker, ref(again))
    assert site.record(again, Ending.LOST).state is JobState.QUEUED
    assert site.job("x").crashes == 0
    third = site.claim_one()
    assert site.record(third, Ending.LOST).state is JobState.FAILED


def test_a_job_that_holds_on_is_told_so_and_goes_on_at_once(site: Site) -> None:
    claim = site.start("x")
    with site.store.turn() as turn:
        turn.hold_on(claim.key)
        turn.set_speed(claim.key, 5)
    assert site.store.steering(claim.key) == (True, 5.0)
    site.record(claim, Ending.LATER, run_at=site.store.now() + 600 * SECOND)
    assert site.claim(1) == []
    with site.store.turn() as turn:
        turn.go_on(claim.key)
    assert site.store.steering(claim.key) == (False, 5.0)
    assert site.claim_one().key == claim.key


def test_what_is_asked_of_a_job_goes_with_it(site: Site) -> None:
    claim = site.start("x")
    with site.store.turn() as turn:
        turn.hold_on(claim.key)
    site.record(claim, Ending.RETURNED)
    site.store.sweep()
    with site.store.turn() as turn:
        assert turn.remove(claim.key)
    assert site.store.steering(claim.key) == (False, None)


def test_a_speed_is_a_number_of_rows(site: Site) -> None:
    with pytest.raises(UsageError, match="rows a second"), site.store.turn() as turn:
        turn.set_speed("0" * 32, 0)


def test_what_another_one_sweeps_while_it_is_settled_is_not_missed(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """It settled first, or it could not sweep: that the outbox was not empty is known before its rows are read."""
    if not site.sqlite:
        pytest.skip("PostgreSQL has no outbox")
    spec, other = site.spec(), site.another_store()
    site.publish(site.connect(), spec)
    assert other.settle()
    insert_outbox = settle._insert_outbox

    def swept_meanwhile(*arguments: Any) -> None:
        assert other.sweep()
        insert_outbox(*arguments)

    monkeypatch.setattr(settle, "_insert_outbox", swept_meanwhile)
    assert site.store.settle()
    assert site.claim_one().key == spec.key
