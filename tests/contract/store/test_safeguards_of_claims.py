"""Safeguards of claims, workers and dispatchers: the harm comes as soon as one is switched off."""

from __future__ import annotations

from rota.db import Connection
from rota.jobs import Claim, Ending, JobState
from tests.contract.store.harm import Scenario, with_and_without
from tests.contract.store.site import Site, ref
from tests.contract.store.test_safeguards import (
    attempt,
    change,
    enqueue_in,
    has_effects_without_having_finished,
    lose,
    without,
)


def fence_is_raised_before_a_resumable_job_goes_on(site: Site, safe: bool) -> bool:
    """Both attempts read the same cursor, and each commits the batch that comes after it."""
    first, frozen = site.start(), site.connect()
    lose(site, fence=safe, run_at=0)
    second, worker = site.claim_one(), site.connect()
    assert site.store.handoff.read_cursor(worker, second.key) is None
    attempt(commit_batch, site, frozen, first, "1")
    attempt(commit_batch, site, worker, second, "1")
    return site.effects(first.key) == ["1", "1"]


def commit_batch(site: Site, worker: Connection, claim: Claim, cursor: str) -> None:
    with site.writing(worker, cursor, claim.key):
        site.store.handoff.write_cursor(worker, ref(claim), cursor)
        site.store.handoff.fence(worker, ref(claim))


def the_ledger_commits_with_the_effects(site: Site, safe: bool) -> bool:
    """The worker is killed right after its effects have committed."""
    claim, worker = site.start(), site.connect()
    if safe:
        site.commit_last(worker, claim)
    else:
        with site.writing(worker, key=claim.key):
            pass
    site.record(claim, Ending.LOST, run_at=0)
    for again in site.claim():
        site.commit_last(worker, again)
    return site.effects(claim.key) == ["effect", "effect"]


def the_floor_is_below_every_current_claim(site: Site, safe: bool) -> bool:
    """The worker was killed after its last commit, and the ledger is pruned before anybody has read it."""
    if not safe:
        change(site, lowest_claim="select claim from counter", prune_ledger=without("recorded = 1 and"))
    claim, worker = site.start(), site.connect()
    site.commit_last(worker, claim)
    assert site.store.prune_ledger()
    site.record(claim, Ending.LOST, run_at=0)
    for again in site.claim():
        site.commit_last(worker, again)
    return site.effects(claim.key) == ["effect", "effect"]


def a_worker_is_told_its_claim(site: Site, safe: bool) -> bool:
    """A job was sent and not begun when its lease was over. It begins beside the next attempt."""
    sent = site.start()
    lose(site, run_at=0)
    second = site.claim_one()
    begun = sent if safe else sent._replace(number=site.job(sent.key).claim)
    attempt(site.commit_midway, site.connect(), begun)
    attempt(site.commit_midway, site.connect(), second)
    return site.effects(sent.key) == ["batch", "batch"]


def no_claim_number_comes_twice(site: Site, safe: bool) -> bool:
    """A number that is given out again is below the fence that was raised against it: the job never ends."""
    claim, worker = site.start(), site.connect()
    for _ in range(3):
        lose(site, run_at=0)
        if not safe:
            site.connect_engine().run("update counter set claim = claim - 1")
        claim = site.claim_one()
        if attempt(site.commit_last, worker, claim):
            site.record(claim, Ending.COMMITTED)
            break
    return site.state(claim.key) is not JobState.FINISHED


def a_killed_worker_is_waited_for(site: Site, safe: bool) -> bool:
    """SIGKILL was sent; the worker's last commit is on its way to the disk while its end is recorded."""
    claim, worker = site.start(), site.connect()
    if safe:
        attempt(site.commit_last, worker, claim)
    site.record(claim, Ending.LOST)
    if not safe:
        attempt(site.commit_last, worker, claim)
    return has_effects_without_having_finished(site, claim)


def jobs_of_a_job_that_wrote_nothing_go_with_its_outcome(site: Site, safe: bool) -> bool:
    """The worker is killed before its outcome is recorded, and the job runs again."""
    first = site.start()
    if not safe:
        enqueue_in(site.store, first, site.spec(parent=first.key))
    lose(site, run_at=0)
    second, child = site.claim_one(), site.spec(parent=first.key)
    if safe:
        site.record(second, Ending.RETURNED, children=(child,))
    else:
        enqueue_in(site.store, second, child)
        site.record(second, Ending.RETURNED)
    return len(site.store.children(first.key)) == 2


def callbacks_go_with_the_outcome(site: Site, safe: bool) -> bool:
    """The dispatcher is killed right after it has recorded the failure."""
    claim, callback = site.start(), site.spec()
    site.record(claim, Ending.FAILED, on_failure=callback if safe else None)
    assert site.state(claim.key) is JobState.FAILED
    return site.store.job(callback.key) is None


def claims_that_were_never_sent_are_given_back(site: Site, safe: bool) -> bool:
    """The claim's commit did not answer, so its dispatcher remembers nothing, and renews its lease for ever."""
    key = site.start().key
    for _ in range(20):
        site.clock.advance(seconds=5)
        with site.store.turn() as turn:
            assert turn.beat(site.token, 20).alive
            if safe:
                turn.unsent(site.token, [])
        site.expire(run_at=0)
    return [claim.key for claim in site.claim()] != [key]


SQLITE = [
    fence_is_raised_before_a_resumable_job_goes_on,
    the_floor_is_below_every_current_claim,
    no_claim_number_comes_twice,
    a_killed_worker_is_waited_for,
]
BOTH = [
    the_ledger_commits_with_the_effects,
    a_worker_is_told_its_claim,
    jobs_of_a_job_that_wrote_nothing_go_with_its_outcome,
    callbacks_go_with_the_outcome,
    claims_that_were_never_sent_are_given_back,
]


@with_and_without(sqlite=[*SQLITE, *BOTH], postgresql=BOTH)
def test_the_harm_comes_exactly_without_the_safeguard(site: Site, scenario: Scenario, safe: bool) -> None:
    assert scenario(site, safe) is not safe
