"""Each safeguard of the protocol: the harm that it prevents happens as soon as it is switched off.

A scenario plays the shortest way to the harm and says whether it happened. Those that are not in this module:

| safeguard | scenario |
| --- | --- |
| | test_safeguards_of_claims.py |
| fence raised before a resumable job goes on | fence_is_raised_before_a_resumable_job_goes_on |
| ledger row in the effects' transaction | the_ledger_commits_with_the_effects |
| floor below every current claim | the_floor_is_below_every_current_claim |
| claim number in the message | a_worker_is_told_its_claim |
| claim number never given out twice | no_claim_number_comes_twice |
| kill, wait, ask | a_killed_worker_is_waited_for |
| jobs of a job that wrote nothing go with its outcome | jobs_of_a_job_that_wrote_nothing_go_with_its_outcome |
| callbacks in the outcome's transaction | callbacks_go_with_the_outcome |
| what was never sent is released | claims_that_were_never_sent_are_given_back |
| | test_safeguards_of_jobs.py |
| key, not public id | a_job_is_known_by_its_key |
| outbox read under jobs.db's lock | the_outbox_is_read_under_the_lock_of_jobs_db |
| settle before an outcome is recorded | an_outcome_is_recorded_after_settling |
| asking: outbox first | who_asks_reads_the_outbox_first |
| tick: no check-then-insert | a_tick_is_taken_and_not_looked_for |
| tick: job in its transaction, cursor in jobs.db | a_ticks_job_is_in_its_transaction, last_due_is_not_kept_in_... |
| | test_safeguards_of_backups.py |
| backup is one cut | site_db_first, jobs_db_first_and_... |
| | test_safeguards_of_commits.py (PostgreSQL) |
| unknown outcome: a waiting compare-and-set | an_unknown_outcome_waits_..., an_outcome_waits_for_a_commit_under_way |
| a worker with an unknown outcome ends | a_worker_with_an_unknown_outcome_ends |
| what was never sent is released | a_claim_without_an_answer_is_given_back |
| claim is one statement | a_claim_is_one_statement |
| asking is one SELECT | whether_an_id_is_active_is_one_statement |
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from rota.errors import JobLost, StoreBusy, StoreConflict
from rota.jobs import Claim, Ending, JobSpec, JobState, Mode, Outcome
from rota.store import ScheduleRow, Store
from tests.contract.store.site import SECOND, Site, ref


class Overridden:
    """Named statements, some of them in another wording."""

    def __init__(self, statements: Any, changes: dict[str, str]) -> None:
        self._statements, self._changes = statements, changes

    def __getitem__(self, name: str) -> str:
        return self._changes.get(name) or self._statements[name]


def change(site: Site, **statements: str | Callable[[str], str]) -> None:
    """Replace statements of the site's store, by a text or by what a function makes of the one there is."""
    store = site.store
    changes = {
        name: new if isinstance(new, str) else changed(store._sql[name], new) for name, new in statements.items()
    }
    store._sql = store.handoff._sql = Overridden(store._sql, changes)  # type: ignore[assignment]


def changed(old: str, how: Callable[[str], str]) -> str:
    new = how(old)
    assert new != old
    return new


def without(part: str) -> Callable[[str], str]:
    return lambda text: text.replace(part, " ")


def attempt(work: Callable[..., Any], *args: Any) -> bool:
    """Did a worker's commit pass?"""
    try:
        work(*args)
    except (JobLost, StoreConflict):
        return False
    return True


def lose(site: Site, *, fence: bool = True, **fields: Any) -> list[Any]:
    """The lease is over: X1, X2 unless `fence` is off, X3."""
    site.clock.advance(seconds=21)
    lost = site.lost()
    if fence:
        site.store.expiry.raise_fence(lost)
    with site.store.turn() as turn:
        return turn.expire([Outcome(key=one.key, claim=one.number, ending=Ending.LOST, **fields) for one in lost])


def cancel(site: Site, key: str) -> None:
    with site.store.turn() as turn:
        turn.cancel(key, "", "ann")


def has_effects_without_having_finished(site: Site, claim: Claim) -> bool:
    return bool(site.effects(claim.key)) and site.state(claim.key) in (JobState.FAILED, JobState.CANCELED)


# --- scenarios: True is harm ---


def fence_is_raised(site: Site, safe: bool) -> bool:
    claim, worker = site.start(), site.connect()
    lose(site, fence=safe)
    attempt(site.commit_last, worker, claim)
    return has_effects_without_having_finished(site, claim)


def fence_in_midway_commits(site: Site, safe: bool) -> bool:
    if not safe:
        change(site, fence="update rota_ledger_floor set claim = claim", holds_claim="select 1")
    first, worker = site.start(), site.connect()
    lose(site, run_at=0)
    second = site.claim_one()
    attempt(site.commit_midway, worker, first)
    attempt(site.commit_midway, site.connect(), second)
    return site.effects(first.key) == ["batch", "batch"]


def fence_in_the_last_commit(site: Site, safe: bool) -> bool:
    if not safe:
        change(site, finish=without("fence <= excluded.fence and"))
    claim, worker = site.start(), site.connect()
    lose(site, run_at=0)
    attempt(site.commit_last, worker, claim)
    cancel(site, claim.key)
    return has_effects_without_having_finished(site, claim)


def the_ledger_is_read_before_an_outcome_is_recorded(site: Site, safe: bool) -> bool:
    if not safe:
        change(site, unrecorded="select key, done, result, ended_at from rota_ledger where 0")
    claim, worker = site.start(), site.connect()
    site.commit_last(worker, claim)
    site.record(claim, Ending.LOST)
    return has_effects_without_having_finished(site, claim)


def done_is_unique_by_key(site: Site, safe: bool) -> bool:
    """An older jobs.db is copied back by hand."""
    if not safe:
        change(site, finish=without("and done is null"))
    claim, worker = site.start(), site.connect()
    site.commit_last(worker, claim)
    change(site, unrecorded="select key, done, result, ended_at from rota_ledger where 0")
    site.record(claim, Ending.RELEASED)
    attempt(site.commit_last, worker, site.claim_one())
    return len(site.effects(claim.key)) == 2


def settling_is_read_on_a_connection_of_its_own(site: Site, safe: bool) -> bool:
    documents, spec = site.connect(), site.spec()
    if not safe:
        site.store._connections._open["site"] = documents
    documents.begin()
    site.store.handoff.publish(documents, [spec])
    site.enqueue()
    documents.rollback()
    return site.store.job(spec.key) is not None


def pruning_waits_for_the_outbox(site: Site, safe: bool) -> bool:
    if not safe:
        change(site, not_swept="select key from rota_outbox where 0")
    spec = site.spec()
    site.publish(site.connect(), spec)
    site.record(site.claim_one(), Ending.RETURNED)
    site.clock.advance(seconds=365 * 86_400)
    with site.store.turn() as turn:
        turn.prune()
    site.another_store().settle()
    return any(claim.key == spec.key for claim in site.claim(5))


def outbox_rows_go_after_they_were_carried_over(site: Site, safe: bool) -> bool:
    spec = site.spec()
    site.publish(site.connect(), spec)
    if safe:
        roll_back_a_turn(site.store)
        site.store.sweep()
    else:
        site.connect().run("delete from rota_outbox")
    return not site.claim(5)


def roll_back_a_turn(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.turn() as turn:
        _ = turn.now / 0


def claims_below_the_floor_are_refused(site: Site, safe: bool) -> bool:
    if not safe:
        change(site, finish=lambda text: text.replace("where claim < :claim", "where 1"))
    claim, worker = site.start(), site.connect()
    lose(site)
    site.store.prune_ledger()
    assert site.connect().value("select count(*) from rota_ledger") == 0
    attempt(site.commit_last, worker, claim)
    return has_effects_without_having_finished(site, claim)


def a_dispatchers_token_is_new_at_each_start(site: Site, safe: bool) -> bool:
    """The dispatcher is killed, its worker lives on; it starts again and gives back what it never sent."""
    claim, worker = site.start(), site.connect()
    token = site.dispatcher() if safe else site.token
    with site.store.turn() as turn:
        turn.unsent(token, [])
    attempt(site.commit_last, worker, claim)
    cancel(site, claim.key)
    return has_effects_without_having_finished(site, claim)


def outcomes_are_compared_with_the_claim(site: Site, safe: bool) -> bool:
    if not safe:
        change(site, hold=without("and claim = :claim"))
    first = site.start()
    lose(site, run_at=0)
    second, worker = site.claim_one(), site.connect()
    cancel(site, second.key)
    site.record(first, Ending.LOST)
    attempt(site.commit_last, worker, second)
    return has_effects_without_having_finished(site, second)


def jobs_are_inserted_once_by_their_key(site: Site, safe: bool) -> bool:
    """The one that carried a job over was killed before it deleted the outbox row."""
    if not safe:
        change(
            site,
            known_keys="select key from job where 0",
            insert_alike=lambda text: text.replace("insert into", "insert or ignore into"),
        )
    spec = site.spec()
    site.publish(site.connect(), spec)
    site.record(site.claim_one(), Ending.RETURNED)
    another = site.another_store()
    another._sql = site.store._sql
    another.settle()
    return bool(site.claim(5))


def losers_are_rows(site: Site, safe: bool) -> bool:
    """A loser that left no trace comes back with the outbox row."""
    first, second = site.spec("x"), site.spec("x", mode=Mode.SKIP)
    site.publish(site.connect(), first, second)
    site.record(site.claim_one(), Ending.RETURNED)
    if not safe:
        tables = site.connect_engine()
        tables.run("delete from job where key = :key", {"key": second.key})
        tables.run("delete from done where key = :key", {"key": second.key})
    site.another_store().settle()
    return bool(site.claim(5))


def an_enqueue_inside_a_job_needs_its_claim(site: Site, safe: bool) -> bool:
    if not safe:
        change(site, holds_claim="select 1")
    claim, child = site.start(), site.spec("child")
    lose(site, run_at=0)
    attempt(enqueue_in, site.store, claim, child)
    return site.store.job("child") is not None


def enqueue_in(store: Store, claim: Claim, child: JobSpec) -> None:
    with store.turn() as turn:
        turn.insert([child], by=ref(claim))


def the_outbox_counts_as_enqueued(site: Site, safe: bool) -> bool:
    if not safe:
        change(site, outbox_keys="select key, method from rota_outbox where 0")
    site.publish(site.connect(), site.spec("x"))
    return not site.store.is_active("x")


def a_successor_is_not_claimable(site: Site, safe: bool) -> bool:
    if not safe:
        change(site, claimable=without("and waits = 0"))
    site.start("x")
    site.enqueue("x")
    return bool(site.claim(5))


def canceling_what_runs_kills_it_first(site: Site, safe: bool) -> bool:
    if not safe:
        change(site, take_waiting=without("and state <> 2"))
    claim, worker = site.start(), site.connect()
    cancel(site, claim.key)
    attempt(site.commit_last, worker, claim)
    return has_effects_without_having_finished(site, claim)


def a_tick_moves_the_schedule_forward(site: Site, safe: bool) -> bool:
    if not safe:
        change(site, take_ticks=without("and last_due < r.due"))
    with site.store.turn() as turn:
        turn.put_schedules([ScheduleRow(id="s", definition="{}")])
        due = turn.now + SECOND
    for _ in range(2):
        with site.store.turn() as turn:
            turn.tick("s", due, site.spec())
        site.connect_engine().run("delete from tick" if site.sqlite else "delete from rota.tick")
    return site.store.stats()["queued"] == 2


def ids_are_kept_unique_by_an_index(site: Site, safe: bool) -> bool:
    """Two transactions enqueue one id at the same time: the second waits for the first."""
    if not safe:
        site.connect_engine().run("drop index rota.live_id")
        change(site, insert_live=without("on conflict (id, slot) where id <> encode(uuid_send(key), 'hex') do nothing"))
    first, second = site.connect(), site.another_store(busy_timeout=0.2)
    if not safe:
        second._sql = site.store._sql
    first.begin()
    site.store.handoff.publish(first, [site.spec("x")])
    with suppress(StoreBusy), second.turn() as turn:
        turn.insert([site.spec("x")])
    first.commit()
    return len(site.claim(5)) == 2


def a_fence_takes_the_row(site: Site, safe: bool) -> bool:
    """A commit is under way when the lease of its claim is over."""
    if not safe:
        change(site, holds_claim=without("for share"))
    claim, worker = site.start(), site.connect()
    worker.begin()
    worker.run("insert into effect (key, what) values (:key, 'batch')", {"key": claim.key})
    site.store.handoff.fence(worker, ref(claim))
    lose(site)
    worker.commit()
    return has_effects_without_having_finished(site, claim)


BOTH = [
    fence_in_midway_commits,
    an_enqueue_inside_a_job_needs_its_claim,
    a_tick_moves_the_schedule_forward,
]
SQLITE = [
    fence_is_raised,
    fence_in_the_last_commit,
    the_ledger_is_read_before_an_outcome_is_recorded,
    done_is_unique_by_key,
    settling_is_read_on_a_connection_of_its_own,
    pruning_waits_for_the_outbox,
    outbox_rows_go_after_they_were_carried_over,
    claims_below_the_floor_are_refused,
    a_dispatchers_token_is_new_at_each_start,
    outcomes_are_compared_with_the_claim,
    the_outbox_counts_as_enqueued,
    jobs_are_inserted_once_by_their_key,
    losers_are_rows,
    a_successor_is_not_claimable,
    canceling_what_runs_kills_it_first,
]
POSTGRESQL = [ids_are_kept_unique_by_an_index, a_fence_takes_the_row]


@pytest.mark.parametrize("safe", [True, False], ids=["with", "without"])
@pytest.mark.parametrize(
    ("databases", "scenario"),
    [
        *[("sqlite", scenario) for scenario in (*BOTH, *SQLITE)],
        *[("postgresql", scenario) for scenario in (*BOTH, *POSTGRESQL)],
    ],
    indirect=["databases"],
    ids=lambda one: getattr(one, "__name__", one),
)
def test_the_harm_comes_exactly_without_the_safeguard(
    site: Site, scenario: Callable[[Site, bool], bool], safe: bool
) -> None:
    assert scenario(site, safe) is not safe
