"""What keeps a job from being claimed: concurrency keys, rates, dependencies, pauses. And batches."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rota.clock import FixedClock
from rota.db import Database
from rota.errors import UsageError
from rota.jobs import Claim, Ending, JobSpec, JobState, Mode, new_key
from rota.store import BatchView, Stopped
from tests.contract.store.site import SECOND, Site, outcome

PER_SECOND = {"rate_limit": {"key": "api", "count": 2, "per": 10}}


def finish(site: Site, *claims: Claim, ending: Ending = Ending.RETURNED) -> None:
    with site.store.turn() as turn:
        turn.record([outcome(claim, ending) for claim in claims])


def promote(site: Site, seconds: float = 0) -> int | None:
    site.clock.advance(seconds=seconds)
    with site.store.turn() as turn:
        return turn.promote_due()


# --- concurrency keys ---


def test_one_job_of_a_concurrency_key_runs_at_a_time(site: Site) -> None:
    keys = [site.enqueue(concurrency_key="tenant").key for _ in range(3)]
    assert site.job(keys[1]).waits_for == "concurrency"
    for key in keys:
        (claim,) = site.claim(5)
        assert claim.key == key
        finish(site, claim)


def test_a_key_may_have_a_larger_limit_and_change_it(site: Site) -> None:
    for _ in range(6):
        site.enqueue(concurrency_key="tenant", options={"concurrency_limit": 2})
    assert len(site.claim(9)) == 2
    with site.store.turn() as turn:
        turn.set_key_limit("tenant", 4)
    assert len(site.claim(9)) == 2
    with pytest.raises(UsageError), site.store.turn() as turn:
        turn.set_key_limit("tenant", 0)


def test_jobs_of_other_keys_are_not_held_up(site: Site) -> None:
    site.enqueue(concurrency_key="a")
    site.enqueue(concurrency_key="a")
    other = site.enqueue(concurrency_key="b").key
    assert other in [claim.key for claim in site.claim(9)]


def test_a_retry_gives_its_place_under_the_key_back(site: Site) -> None:
    first, second = site.enqueue(concurrency_key="k"), site.enqueue(concurrency_key="k")
    claim = site.claim_one()
    site.record(claim, Ending.FAILED, run_at=site.store.now() + SECOND)
    assert [one.key for one in site.claim(5)] == [second.key]
    promote(site, 1)
    assert site.job(first.key).waits_for == "concurrency"


def test_a_canceled_and_a_superseded_job_give_their_place_back(site: Site) -> None:
    first = site.enqueue("x", concurrency_key="k")
    second = site.enqueue(concurrency_key="k")
    replaced = site.enqueue("x")
    assert {claim.key for claim in site.claim(5)} == {second.key, replaced.key}
    third = site.enqueue(concurrency_key="k")
    with site.store.turn() as turn:
        assert turn.cancel(third.key, "", "ann") == "canceled"
    assert site.state(first.key) is site.state(third.key) is JobState.CANCELED


def test_a_lost_claim_keeps_the_limit(site: Site) -> None:
    first = site.enqueue(concurrency_key="k")
    site.enqueue(concurrency_key="k")
    claim = site.claim_one()
    site.record(claim, Ending.LOST, run_at=site.store.now())
    assert [one.key for one in site.claim(5)] == [first.key]


# --- rates ---


def test_as_many_jobs_start_as_the_rate_has_tokens(site: Site) -> None:
    keys = [site.enqueue(options=PER_SECOND).key for _ in range(5)]
    assert [claim.key for claim in site.claim(9)] == keys[:2]
    assert site.job(keys[2]).waits_for == "rate"
    assert promote(site, 4) == site.store.now() + SECOND
    assert site.claim(9) == []
    promote(site, 1)
    assert [claim.key for claim in site.claim(9)] == [keys[2]]
    promote(site, 5)
    assert [claim.key for claim in site.claim(9)] == [keys[3]]


def test_tokens_are_not_saved_up_beyond_the_limit(site: Site) -> None:
    for _ in range(2):
        site.enqueue(options=PER_SECOND)
    promote(site, 3600)
    assert len(site.claim(9)) == 2
    for _ in range(5):
        site.enqueue(options=PER_SECOND)
    assert site.claim(9) == []
    promote(site, 3600)
    for _ in range(5):
        site.enqueue(options=PER_SECOND)
    assert len(site.claim(9)) == 2


def test_time_that_one_clock_has_counted_is_not_counted_again_by_one_that_is_behind(site: Site) -> None:
    for _ in range(4):
        site.enqueue(options=PER_SECOND)
    assert len(site.claim(9)) == 2
    for _ in range(5):
        promote(site, 4)
        promote(site, -4)
    promote(site, 4.9)
    assert site.claim(9) == []
    promote(site, 0.1)
    assert len(site.claim(9)) == 1


def test_jobs_that_nobody_claims_do_not_burst_later(site: Site) -> None:
    for _ in range(20):
        site.enqueue(options=PER_SECOND)
    for _ in range(10):
        promote(site, 60)
    assert len(site.claim(20)) == 2
    assert promote(site) == site.store.now() + 5 * SECOND


def test_a_key_and_a_rate_both_hold(site: Site) -> None:
    for _ in range(4):
        site.enqueue(concurrency_key="k", options=PER_SECOND)
    first = site.claim_one()
    assert site.claim(5) == []
    finish(site, first)
    finish(site, site.claim_one())
    assert site.claim(5) == []
    promote(site, 5)
    assert len(site.claim(5)) == 1


# --- dependencies ---


def test_a_job_waits_for_all_that_it_depends_on(site: Site) -> None:
    a, b = site.enqueue(), site.enqueue()
    last = site.enqueue(depends_on=(a.key, b.key))
    assert site.job(last.key).waits_for == "dependency"
    assert sorted(site.store.dependencies(last.key)) == sorted([a.key, b.key])
    claims = site.claim(5)
    assert len(claims) == 2
    finish(site, claims[0])
    assert site.claim(5) == []
    finish(site, claims[1])
    assert [claim.key for claim in site.claim(5)] == [last.key]
    assert site.store.dependents(a.key) == []


def test_a_job_that_depends_on_what_is_finished_waits_for_nothing(site: Site) -> None:
    first = site.start()
    finish(site, first)
    assert site.enqueue(depends_on=(first.key,)).state is JobState.QUEUED
    assert len(site.claim(5)) == 1


def test_whoever_depends_on_a_failed_job_is_canceled_and_so_on(site: Site) -> None:
    first = site.start()
    second = site.enqueue(depends_on=(first.key,))
    third = site.enqueue(depends_on=(second.key,))
    finish(site, first, ending=Ending.FAILED)
    assert site.state(second.key) is site.state(third.key) is JobState.CANCELED
    assert first.key in (site.job(second.key).reason or "")
    late = site.enqueue(depends_on=(first.key,))
    assert late.state is JobState.CANCELED
    assert site.enqueue(depends_on=(new_key(),)).state is JobState.CANCELED


def test_failures_can_be_allowed(site: Site) -> None:
    first = site.start()
    second = site.enqueue(depends_on=(first.key,), options={"allow_failure": True})
    finish(site, first, ending=Ending.FAILED)
    assert [claim.key for claim in site.claim(5)] == [second.key]
    assert site.enqueue(depends_on=(first.key,), options={"allow_failure": True}).state is JobState.QUEUED


def test_a_job_can_depend_on_one_of_the_same_call(site: Site) -> None:
    first = site.spec()
    second = site.spec(depends_on=(first.key,))
    with site.store.turn() as turn:
        turn.insert([second, first])
    (claim,) = site.claim(5)
    assert claim.key == first.key
    finish(site, claim)
    assert site.claim_one().key == second.key


def test_what_replaces_a_job_is_depended_on_instead(site: Site) -> None:
    old = site.enqueue("x")
    waiting = site.enqueue(depends_on=(old.key,))
    new = site.enqueue("x")
    late = site.enqueue(depends_on=(old.key,))
    claim = site.claim_one()
    assert claim.key == new.key
    finish(site, claim)
    assert {one.key for one in site.claim(5)} == {waiting.key, late.key}


def test_a_dependent_with_a_time_waits_for_both(site: Site) -> None:
    first = site.start()
    second = site.enqueue(depends_on=(first.key,), run_at=site.store.now() + SECOND)
    promote(site, 1)
    assert site.job(second.key).waits_for == "dependency"
    finish(site, first)
    assert site.claim_one().key == second.key


# --- callbacks of jobs that are stopped while no worker has them ---


@pytest.fixture
def stopping(databases: tuple[Database, Database], clock: FixedClock) -> Iterator[tuple[Site, list[Stopped]]]:
    seen: list[Stopped] = []

    def on_stopped(job: Stopped) -> JobSpec | None:
        seen.append(job)
        return site.spec(f"stopped-{job.id}") if job.id != "silent" else None

    site = Site(databases, clock, on_stopped=on_stopped)
    yield site, seen
    site.close()


def test_a_canceled_job_enqueues_its_callback(stopping: tuple[Site, list[Stopped]]) -> None:
    site, seen = stopping
    job = site.enqueue("x")
    dependent = site.enqueue("y", depends_on=(job.key,))
    site.enqueue("silent", depends_on=(dependent.key,))
    with site.store.turn() as turn:
        assert turn.cancel(job.key, "not needed", "ann") == "canceled"
    assert [one.id for one in seen] == ["x", "y", "silent"]
    assert (seen[0].reason, seen[0].method) == ("canceled by ann: not needed", "app.tasks.run")
    assert {claim.id for claim in site.claim(5)} == {"stopped-x", "stopped-y"}


def test_a_superseded_job_has_no_callback(stopping: tuple[Site, list[Stopped]]) -> None:
    site, seen = stopping
    site.enqueue("x")
    site.enqueue("x")
    site.enqueue("x", mode=Mode.SKIP)
    assert seen == []


def test_a_final_job_refuses_to_be_canceled(site: Site) -> None:
    claim = site.start()
    finish(site, claim)
    with site.store.turn() as turn:
        assert turn.cancel(claim.key, "", "ann") == "refused"
        assert turn.cancel(new_key(), "", "ann") == "refused"


def test_canceling_the_running_one_lets_its_successor_go_on(site: Site) -> None:
    running, successor = site.start("x"), site.enqueue("x")
    with site.store.turn() as turn:
        turn.cancel(running.key, "", "ann")
    site.record(running, Ending.LOST)
    assert site.claim_one().key == successor.key


# --- pauses ---


def test_nothing_is_claimed_from_a_paused_queue(site: Site) -> None:
    site.enqueue()
    other = site.enqueue(queue="long").key
    with site.store.turn() as turn:
        turn.pause("queue", "short", by="ann", why="upstream is down")
    assert [claim.key for claim in site.claim(5)] == [other]
    (pause,) = site.store.pauses()
    assert (pause.scope, pause.name, pause.by, pause.why) == ("queue", "short", "ann", "upstream is down")
    with site.store.turn() as turn:
        assert turn.resume("queue", "short")
        assert not turn.resume("queue", "short")
        assert turn.woken == {"short"}
    assert len(site.claim(5)) == 1


def test_a_paused_method_does_not_hold_up_the_others(site: Site) -> None:
    paused = [answer.key for answer in site.enqueue_many(700, method="app.slow")]
    other = site.enqueue(method="app.fast").key
    with site.store.turn() as turn:
        turn.pause("method", "app.slow", by="ann", why="")
    assert [claim.key for claim in site.claim(5)] == [other]
    assert site.job(paused[0]).waits_for == "pause"
    assert site.claim(5) == []
    with site.store.turn() as turn:
        turn.resume("method", "app.slow")
    while promote(site) is not None:
        pass
    assert {claim.key for claim in site.claim(700)} == set(paused)


def test_a_pause_ends_by_itself(site: Site) -> None:
    key = site.enqueue().key
    with site.store.turn() as turn:
        turn.pause("site", "", by="ann", why="backup", until=turn.now + 60 * SECOND)
    assert site.claim(5) == []
    site.clock.advance(seconds=61)
    assert site.store.pauses() == []
    assert [claim.key for claim in site.claim(5)] == [key]


def test_dispatchers_are_told_when_a_pause_ends(site: Site) -> None:
    with site.store.turn() as turn:
        end = turn.now + 60 * SECOND
        turn.pause("queue", "short", by="ann", why="", until=end)
        turn.pause("queue", "long", by="ann", why="")
    assert site.store.due_at() == end
    assert promote(site, 61) is None


def test_parked_jobs_go_on_when_their_pause_has_ended(site: Site) -> None:
    keys = [answer.key for answer in site.enqueue_many(600, method="app.slow")]
    with site.store.turn() as turn:
        turn.pause("method", "app.slow", by="ann", why="", until=turn.now + 60 * SECOND)
    assert site.claim(5) == []
    assert site.job(keys[0]).waits_for == "pause"
    site.clock.advance(seconds=60)
    while (due := site.store.due_at()) is not None:
        assert due <= site.store.now()
        promote(site)
    assert len(site.claim(700)) == len(keys)


def test_the_site_is_paused_under_no_name(site: Site) -> None:
    with pytest.raises(UsageError), site.store.turn() as turn:
        turn.pause("site", "short", by="ann", why="")


# --- batches ---


def opened(site: Site) -> str:
    key = new_key()
    with site.store.turn() as turn:
        turn.open_batch(
            key,
            "import",
            on_success=site.spec("success"),
            on_failure=site.spec("failure"),
            on_complete=site.spec("complete"),
        )
    return key


def batch(site: Site, key: str) -> BatchView:
    view = site.store.batch(key)
    assert view is not None
    return view


def close(site: Site, key: str) -> None:
    with site.store.turn() as turn:
        turn.close_batch(key)


def test_a_batch_ends_when_it_is_closed_and_all_of_it_has_ended(site: Site) -> None:
    key = opened(site)
    for _ in range(3):
        site.enqueue(batch=key)
    claims = site.claim(3)
    finish(site, *claims[:2])
    close(site, key)
    assert (batch(site, key).total, batch(site, key).finished, batch(site, key).pending) == (3, 2, 1)
    assert batch(site, key).ended_at is None
    finish(site, claims[2])
    assert batch(site, key).ended_at == site.store.now()
    assert {claim.id for claim in site.claim(5)} == {"success", "complete"}


def test_a_batch_with_a_failure_says_so_at_once_and_once(site: Site) -> None:
    key = opened(site)
    for _ in range(3):
        site.enqueue(batch=key)
    claims = site.claim(3)
    finish(site, *claims[:2], ending=Ending.FAILED)
    (failure,) = site.claim(5)
    assert failure.id == "failure"
    finish(site, claims[2])
    close(site, key)
    assert [claim.id for claim in site.claim(5)] == ["complete"]
    assert batch(site, key).failed == 2


def test_an_empty_batch_ends_when_it_is_closed(site: Site) -> None:
    key = opened(site)
    close(site, key)
    assert {claim.id for claim in site.claim(5)} == {"success", "complete"}
    close(site, key)
    assert site.claim(5) == []


def test_what_was_replaced_does_not_count(site: Site) -> None:
    key = opened(site)
    site.enqueue("x", batch=key)
    site.enqueue("x", batch=key)
    site.enqueue("x", batch=key, mode=Mode.SKIP)
    assert batch(site, key).total == 1
    finish(site, site.claim_one())
    close(site, key)
    assert batch(site, key).finished == 1
    assert {claim.id for claim in site.claim(5)} == {"success", "complete"}
    assert [one.key for one in site.store.batches()] == [key]
