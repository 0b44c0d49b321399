"""Claims, outcomes, and that each outcome is a compare-and-set on its claim."""

from __future__ import annotations

import pytest

from rota.errors import JobLost
from rota.jobs import Claim, Ending, JobState
from rota.store import ClaimCursor, ClaimRef, Recorded, StoreSettings, Want, read_body
from tests.contract.store.site import SECOND, Site, outcome, ref


def test_a_claim_carries_all_that_a_worker_needs(site: Site) -> None:
    spec = site.spec("x", kwargs='{"n":1}', root="r", options={"retry": 3}, timeout=12.5)
    with site.store.turn() as turn:
        turn.insert([spec])
    claim = site.claim_one()
    assert (claim.key, claim.id, claim.root, claim.method) == (spec.key, "x", "r", spec.method)
    assert (claim.attempt, claim.crashes, claim.failures, claim.user) == (1, 0, 0, "Administrator")
    body = read_body(claim.body)
    assert (body["kwargs"], body["timeout"], body["options"]) == ('{"n":1}', 12.5, {"retry": 3})


def test_a_claimed_job_is_shown_as_started_by_its_dispatcher(site: Site) -> None:
    claim = site.start()
    job = site.job(claim.key)
    assert (job.state, job.token, job.host, job.claim) == (JobState.STARTED, site.token, "here", claim.number)
    assert job.started_at == site.store.now()


def test_a_token_that_is_not_registered_gets_nothing(site: Site) -> None:
    site.enqueue()
    assert site.claim(token="unknown") == []


def test_claim_numbers_are_never_given_out_twice(site: Site) -> None:
    first = site.start()
    site.record(first, Ending.RELEASED)
    second = site.claim_one()
    assert second.key == first.key
    assert second.number > first.number


def test_a_job_that_returned_is_finished_with_its_result(site: Site) -> None:
    claim = site.start()
    assert site.record(claim, Ending.RETURNED, result='"ok"') == Recorded(claim.key, claim.number, JobState.FINISHED)
    job = site.job(claim.key)
    assert (job.state, job.result, job.attempt, job.ended_at, job.host) == (
        JobState.FINISHED,
        '"ok"',
        1,
        site.store.now(),
        "here",
    )


def test_a_batch_of_outcomes_is_answered_in_its_order(site: Site) -> None:
    site.enqueue_many(4)
    a, b, c, d = site.claim(4)
    endings = [
        outcome(a, Ending.FAILED, error="boom"),
        outcome(b, Ending.RETURNED),
        outcome(c, Ending.RETURNED, result="1"),
        outcome(d, Ending.RETURNED, children=(site.spec("child"),)),
    ]
    with site.store.turn() as turn:
        recorded = turn.record(endings)
    assert [one.key for one in recorded] == [a.key, b.key, c.key, d.key]
    assert [one.state for one in recorded] == [JobState.FAILED, *[JobState.FINISHED] * 3]
    assert site.state("child") is JobState.QUEUED


def test_recording_again_changes_nothing_and_says_what_is(site: Site) -> None:
    claim = site.start("x")
    child = site.spec("child")
    for _ in range(2):
        assert site.record(claim, Ending.RETURNED, children=(child,)).state is JobState.FINISHED
    assert site.claim_one().id == "child"
    failed = site.start("y")
    callback = site.spec("callback")
    for _ in range(2):
        assert site.record(failed, Ending.FAILED, on_failure=callback).state is JobState.FAILED
    assert site.store.stats()["queued"] == 1


def test_a_failed_job_keeps_its_error_and_enqueues_its_callback(site: Site) -> None:
    claim = site.start("x")
    callback = site.spec("callback")
    site.record(claim, Ending.FAILED, error="Traceback: boom", on_failure=callback)
    job = site.job(claim.key)
    assert (job.state, job.error, job.failures) == (JobState.FAILED, "Traceback: boom", 1)
    assert site.state("callback") is JobState.QUEUED


def test_a_retry_waits_and_keeps_the_attempt_on_record(site: Site) -> None:
    claim = site.start("x")
    again = site.store.now() + 30 * SECOND
    assert site.record(claim, Ending.FAILED, error="boom", run_at=again).state is JobState.SCHEDULED
    job = site.job(claim.key)
    assert (job.failures, job.run_at, job.token) == (1, again, None)
    (attempt,) = site.store.attempts(claim.key)
    assert (attempt.attempt, attempt.ending, attempt.error, attempt.next_at) == (1, "failed", "boom", again)
    site.clock.advance(seconds=30)
    with site.store.turn() as turn:
        turn.promote_due()
    second = site.claim_one()
    assert (second.attempt, second.failures, second.crashes) == (2, 1, 0)


def test_a_lost_worker_counts_as_a_crash(site: Site) -> None:
    claim = site.start()
    assert site.record(claim, Ending.LOST, run_at=site.store.now()).state is JobState.QUEUED
    second = site.claim_one()
    assert (second.attempt, second.crashes, second.failures) == (2, 1, 0)
    assert site.record(second, Ending.LOST, error="killed by signal 9").state is JobState.FAILED
    assert site.job(second.key).crashes == 2


@pytest.mark.parametrize("ending", [Ending.RELEASED, Ending.LATER])
def test_what_is_nobodys_fault_burns_no_attempt(site: Site, ending: Ending) -> None:
    claim = site.start()
    assert site.record(claim, ending, run_at=site.store.now()).state is JobState.QUEUED
    second = site.claim_one()
    assert (second.attempt, second.failures, second.crashes) == (1, 0, 0)


def test_a_cancel_of_a_running_job_is_carried_out_when_it_ends_otherwise(site: Site) -> None:
    claim = site.start()
    with site.store.turn() as turn:
        assert turn.cancel(claim.key, "", "ann") == "canceling"
    callback = site.spec("stopped")
    recorded = site.record(claim, Ending.LOST, run_at=site.store.now(), on_stopped=callback)
    assert recorded.state is JobState.CANCELED
    assert site.state("stopped") is JobState.QUEUED


def test_a_job_that_returned_before_its_cancel_was_seen_is_finished(site: Site) -> None:
    claim = site.start()
    with site.store.turn() as turn:
        turn.cancel(claim.key, "", "ann")
    assert site.record(claim, Ending.RETURNED).state is JobState.FINISHED


@pytest.mark.parametrize("ending", [Ending.RETURNED, Ending.FAILED, Ending.RELEASED, Ending.LOST])
def test_an_outcome_of_an_earlier_claim_is_dropped_with_its_jobs(site: Site, ending: Ending) -> None:
    old = site.start("x")
    site.record(old, Ending.RELEASED)
    new = site.claim_one()
    late = site.record(old, ending, children=(site.spec("child"),), on_failure=site.spec("callback"))
    assert late.state is None
    assert site.job(new.key).claim == new.number
    assert site.state(new.key) is JobState.STARTED
    assert site.store.job("child") is site.store.job("callback") is None


@pytest.mark.parametrize("result", [None, "1"])
def test_an_outcome_of_an_earlier_claim_is_dropped_among_outcomes_that_count(site: Site, result: str | None) -> None:
    site.enqueue_many(2)
    old, other = site.claim(2)
    site.record(old, Ending.RELEASED)
    new = site.claim_one()
    with site.store.turn() as turn:
        recorded = turn.record([outcome(one, Ending.RETURNED, result=result) for one in (old, other)])
    assert [one.state for one in recorded] == [None, JobState.FINISHED]
    assert site.state(new.key) is JobState.STARTED


def test_two_claims_of_one_job_are_told_apart(site: Site) -> None:
    old = site.start()
    site.record(old, Ending.RELEASED)
    new = site.claim_one()
    with site.store.turn() as turn:
        assert turn.beat(site.token, 20, [ref(new), ref(old)]).gone == {ref(old)}
        recorded = turn.record([outcome(one, Ending.RETURNED) for one in (new, old)])
    assert [one.state for one in recorded] == [JobState.FINISHED, None]


def test_an_enqueue_inside_a_job_needs_its_claim(site: Site) -> None:
    old = site.start("x")
    with site.store.turn() as turn:
        turn.insert([site.spec("mine")], by=ref(old))
    site.record(old, Ending.RELEASED)
    with pytest.raises(JobLost), site.store.turn() as turn:
        turn.insert([site.spec("stale")], by=ref(old))
    assert site.store.job("stale") is None


def test_an_outcome_that_cannot_be_recorded_fails_its_own_job_only(site: Site) -> None:
    site.enqueue_many(2)
    bad, good = site.claim(2)
    broken = site.spec("child")._replace(key="nonsense")
    with site.store.turn() as turn:
        states = [
            one.state
            for one in turn.record(
                [outcome(bad, Ending.RETURNED, children=(broken,)), outcome(good, Ending.RETURNED, result="1")]
            )
        ]
    assert states == [JobState.FAILED, JobState.FINISHED]
    assert "could not be recorded" in (site.job(bad.key).error or "")


def test_texts_of_any_origin_can_be_recorded(site: Site) -> None:
    claim = site.start()
    site.record(claim, Ending.FAILED, error="nul \0 and \ud800 and " + "x" * 200_000)
    error = site.job(claim.key).error or ""
    assert error.startswith("nul \ufffd and ")
    assert "characters left out" in error
    assert len(error) < 70_000


def test_a_result_over_the_limit_is_left_out_and_says_so(site: Site) -> None:
    claim = site.start()
    site.record(claim, Ending.RETURNED, result='"' + "x" * StoreSettings().max_result + '"')
    job = site.job(claim.key)
    assert (job.state, job.result) == (JobState.FINISHED, None)
    assert "result left out" in (job.reason or "")


def test_the_beat_renews_the_lease_and_tells_what_became_of_claims(site: Site) -> None:
    site.enqueue_many(3)
    kept, canceled, gone = site.claim(3)
    site.record(gone, Ending.RELEASED)
    with site.store.turn() as turn:
        turn.cancel(canceled.key, "", "ann")
        told = turn.beat(site.token, 20, [ref(kept), ref(canceled), ref(gone)])
    assert told.alive
    assert (told.canceled, told.gone) == ({ref(canceled)}, {ref(gone)})


def test_a_beat_without_a_row_says_so(site: Site) -> None:
    with site.store.turn() as turn:
        assert not turn.beat("unknown", 20).alive


def test_what_was_claimed_and_never_sent_goes_back(site: Site) -> None:
    site.enqueue_many(2)
    sent, unsent = site.claim(2)
    with site.store.turn() as turn:
        assert turn.unsent(site.token, [ref(sent)]) == 1
    back = site.claim_one()
    assert (back.key, back.attempt) == (unsent.key, 1)
    assert site.state(sent.key) is JobState.STARTED
    assert [one.ending for one in site.store.attempts(back.key)] == ["unsent"]


def test_what_was_canceled_before_it_was_sent_is_canceled(site: Site) -> None:
    claim = site.start()
    with site.store.turn() as turn:
        turn.cancel(claim.key, "", "ann")
        turn.unsent(site.token, [])
    assert site.state(claim.key) is JobState.CANCELED


def test_a_claim_is_held_by_the_dispatcher_that_took_it(site: Site) -> None:
    other = site.dispatcher()
    claim = site.start()
    with site.store.turn() as turn:
        assert turn.unsent(other, []) == 0
        assert turn.beat(other, 20, [ref(claim)]).gone == {ref(claim)}


def test_late_rows_and_retries_are_found_behind_what_was_claimed(site: Site) -> None:
    cursor = ClaimCursor()
    first = site.enqueue().key
    later = site.enqueue().key
    assert [one.key for one in site.claim(2, cursor=cursor)] == [first, later]
    third = site.enqueue().key
    assert [one.key for one in site.claim(2, cursor=cursor)] == [third]


def test_an_empty_claim_touches_nothing(site: Site) -> None:
    assert site.claim(0) == []
    assert site.claim(5) == []
    with site.store.turn() as turn:
        assert turn.claim(site.token, [Want("short", 0)], 5, site.cursor) == []
        assert turn.record([]) == []


def test_a_claim_ref_is_a_pair(site: Site) -> None:
    claim: Claim = site.start()
    assert ref(claim) == ClaimRef(claim.key, claim.number) == (claim.key, claim.number)


def test_what_follows_from_an_end_is_done_whatever_ends_beside_it(site: Site) -> None:
    site.enqueue("alone")
    first, second = (site.enqueue(concurrency_key="k").key for _ in range(2))
    claims = site.claim(5)
    stale = claims[0]._replace(key=second, number=claims[0].number + 1000)
    assert [claim.id for claim in claims] == ["alone", first]

    with site.store.turn() as turn:
        recorded = turn.record([outcome(claim, Ending.RETURNED) for claim in [*claims, stale]])

    assert [one.state for one in recorded] == [JobState.FINISHED, JobState.FINISHED, None]
    assert site.claim_one().key == second
