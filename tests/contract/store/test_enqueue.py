"""What becomes of an enqueue: the insertion table of ids, slots and modes."""

from __future__ import annotations

import pytest

from rota.errors import UsageError
from rota.jobs import Ending, JobState, Mode, new_key
from rota.store import ClaimCursor, JobFilter, Want
from tests.contract.store.site import SECOND, Site


def test_a_job_without_an_id_is_known_by_its_key(site: Site) -> None:
    key = site.enqueue().key
    assert site.job(key).id == key
    assert site.state(key) is JobState.QUEUED


def test_the_key_of_a_job_without_an_id_is_its_id(site: Site) -> None:
    first = site.enqueue().key
    assert site.store.is_active(first)
    assert (live := site.store.live(first)) is not None
    assert live.key == first
    second = site.enqueue(first)
    assert (site.job(first).state, site.job(first).winner) == (JobState.CANCELED, second.key)
    assert site.enqueue(first, mode=Mode.SKIP).winner == second.key
    listed = [one.key for one in site.store.listing(JobFilter(id=first))]
    assert (listed[-2:], len(listed)) == ([second.key, first], 3)


def test_a_job_of_the_key_of_one_that_runs_becomes_its_successor(site: Site) -> None:
    running = site.start()
    successor = site.enqueue(running.key)
    assert site.claim(5) == []
    site.record(running, Ending.RETURNED)
    assert [claim.key for claim in site.claim(5)] == [successor.key]


def test_a_job_that_waits_again_stands_behind_those_that_waited(site: Site) -> None:
    first, second, third = site.start(), site.enqueue().key, site.enqueue().key
    site.record(first, Ending.FAILED, run_at=0)
    with site.store.turn() as turn:
        turn.promote_due()
    assert [claim.key for claim in site.claim(5)] == [second, third, first.key]


def test_all_that_was_asked_for_is_kept(site: Site) -> None:
    spec = site.spec("x", kwargs='{"a": "é\\u0000"}', priority=2, at_front=True, options={"tags": ["t"]}, root="r")
    with site.store.turn() as turn:
        turn.insert([spec])
    job = site.job("x")
    assert (job.key, job.kwargs, job.lane, job.options, job.root) == (spec.key, spec.kwargs, 4, {"tags": ["t"]}, "r")
    assert (job.method, job.queue, job.user, job.timeout) == (spec.method, "short", "Administrator", 300)


def test_newest_arguments_win_while_a_job_of_the_id_waits(site: Site) -> None:
    first, second = site.enqueue("x"), site.enqueue("x")
    assert second.state is JobState.QUEUED
    loser = site.job(first.key)
    assert (loser.state, loser.reason, loser.winner) == (JobState.CANCELED, "superseded", second.key)
    assert [claim.key for claim in site.claim(5)] == [second.key]


def test_skip_keeps_the_job_that_is_alive(site: Site) -> None:
    first, second = site.enqueue("x"), site.enqueue("x", mode=Mode.SKIP)
    assert (second.state, second.winner) == (JobState.CANCELED, first.key)
    loser = site.job(second.key)
    assert (loser.reason, loser.winner) == ("deduplicated", first.key)


def test_a_job_of_a_running_ones_id_becomes_its_successor(site: Site) -> None:
    running = site.start("x")
    successor = site.enqueue("x")
    assert successor.state is JobState.QUEUED
    assert site.job(successor.key).waits_for == "predecessor"
    assert site.claim(5) == []
    site.record(running, Ending.RETURNED)
    assert site.claim_one().key == successor.key


def test_there_is_one_successor_and_the_newest_arguments_win(site: Site) -> None:
    site.start("x")
    first, second = site.enqueue("x"), site.enqueue("x")
    assert site.job(first.key).winner == second.key
    assert site.state(second.key) is JobState.QUEUED


def test_a_job_that_was_claimed_before_and_waits_again_gets_a_successor(site: Site) -> None:
    running = site.start("x")
    site.record(running, Ending.FAILED, run_at=site.store.now() + SECOND)
    successor = site.enqueue("x")
    assert site.job(successor.key).waits_for == "predecessor"
    assert site.state(running.key) is JobState.SCHEDULED


@pytest.mark.parametrize("mode", [Mode.SKIP, Mode.REPLACE, Mode.DEBOUNCE])
def test_only_a_plain_enqueue_succeeds_a_running_job(site: Site, mode: Mode) -> None:
    running = site.start("x")
    late = site.enqueue("x", mode=mode)
    assert (late.state, late.winner) == (JobState.CANCELED, running.key)


def test_replace_goes_on_waiting_and_debounce_begins_anew(site: Site) -> None:
    now = site.store.now()
    site.enqueue("replaced", run_at=now + 5 * SECOND)
    site.enqueue("debounced", run_at=now + 5 * SECOND)
    kept = site.enqueue("replaced", mode=Mode.REPLACE, run_at=now + 9 * SECOND)
    moved = site.enqueue("debounced", mode=Mode.DEBOUNCE, run_at=now + 9 * SECOND)
    assert site.job(kept.key).run_at == now + 5 * SECOND
    assert site.job(moved.key).run_at == now + 9 * SECOND


def test_the_id_is_free_once_its_job_is_final(site: Site) -> None:
    site.record(site.start("x"), Ending.FAILED)
    assert not site.store.is_active("x")
    assert site.enqueue("x", mode=Mode.SKIP).state is JobState.QUEUED
    assert site.store.is_active("x")


def test_one_call_with_an_id_twice_keeps_the_last(site: Site) -> None:
    specs = [site.spec("x"), site.spec("y"), site.spec("x")]
    with site.store.turn() as turn:
        answers = turn.insert(specs)
    assert [answer.key for answer in answers] == [spec.key for spec in specs]
    assert site.job(specs[0].key).winner == specs[2].key
    assert {claim.key for claim in site.claim(5)} == {specs[1].key, specs[2].key}


def test_thousands_in_one_call_all_go_in_and_come_out_in_order(site: Site) -> None:
    keys = [answer.key for answer in site.enqueue_many(1200)]
    assert [claim.key for claim in site.claim(1200)] == keys


def test_jobs_that_are_alike_are_written_as_others_are(site: Site) -> None:
    kwargs = ['{"a":"\\"quoted\\" \\\\u00e9"}', "{}", '{"b":"it\'s"}']
    common = {"options": {"tags": ["é"]}, "priority": 2, "parent": new_key(), "made_by": 7, "timeout": 1.5}
    together, among_others = [[site.spec(kwargs=one, **common) for one in kwargs] for _ in range(2)]
    with site.store.turn() as turn:
        assert turn.insert(together) == [(spec.key, JobState.QUEUED, None) for spec in together]
    with site.store.turn() as turn:
        turn.insert([*among_others, site.spec("x", priority=3)])
    assert [rows_of(site, spec.key) for spec in together] == [rows_of(site, spec.key) for spec in among_others]
    assert [site.job(spec.key).kwargs for spec in together] == kwargs
    assert [claim.key for claim in site.claim(6)] == [spec.key for spec in (*together, *among_others)]


def rows_of(site: Site, key: str) -> list[dict[str, object]]:
    """What is written of a job, but for what is its own."""
    connection = site.connect_engine()
    found = []
    for table in ("job", "live") if site.sqlite else ("rota.job", "rota.live"):
        names, (row,) = connection.table(f"select * from {table} where key = :key", {"key": key})
        found.append({name: value for name, value in zip(names, row, strict=True) if name not in ("key", "id", "seq")})
    return found


def test_large_arguments_go_in_by_several_statements(site: Site) -> None:
    specs = [site.spec(kwargs='{"a":"' + "x" * 400_000 + f'{n}"}}') for n in range(7)]
    with site.store.turn() as turn:
        turn.insert(specs)
    assert [claim.key for claim in site.claim(10)] == [spec.key for spec in specs]
    assert [site.job(spec.key).kwargs for spec in specs] == [spec.kwargs for spec in specs]


def test_a_scheduled_job_is_claimable_when_it_is_due(site: Site) -> None:
    at = site.store.now() + 10 * SECOND
    key = site.enqueue(run_at=at).key
    assert site.state(key) is JobState.SCHEDULED
    assert site.store.due_at() == at
    assert not site.store.backlog()
    site.clock.advance(seconds=10)
    with site.store.turn() as turn:
        assert turn.promote_due() is None
        assert turn.woken == {"short"}
    assert site.store.backlog()
    assert site.claim_one().key == key


def test_a_successor_with_a_time_waits_for_both(site: Site) -> None:
    running = site.start("x")
    late = site.enqueue("x", run_at=site.store.now() + 10 * SECOND)
    site.record(running, Ending.RETURNED)
    assert (site.state(late.key), site.job(late.key).waits_for) == (JobState.SCHEDULED, "time")
    early = site.enqueue("y", run_at=site.store.now() + 10 * SECOND)
    site.clock.advance(seconds=10)
    with site.store.turn() as turn:
        turn.promote_due()
    assert {claim.key for claim in site.claim(5)} == {late.key, early.key}


def test_a_successor_whose_time_comes_first_still_waits_for_the_running_job(site: Site) -> None:
    running = site.start("x")
    late = site.enqueue("x", run_at=site.store.now() + 10 * SECOND)
    site.clock.advance(seconds=10)
    with site.store.turn() as turn:
        turn.promote_due()
    assert site.claim(5) == []
    site.record(running, Ending.RETURNED)
    assert site.claim_one().key == late.key


def test_a_chain_keeps_its_roots_id_active(site: Site) -> None:
    root = site.start("x")
    site.record(root, Ending.RETURNED, children=(site.spec("x-2", root="x"),))
    assert site.store.is_active("x")
    assert site.store.is_active("x", "app.tasks.run")
    assert not site.store.is_active("x", "app.tasks.other")
    site.record(site.claim_one(), Ending.RETURNED)
    assert not site.store.is_active("x")


def test_a_job_that_enqueues_its_own_id_stays_active_without_a_gap(site: Site) -> None:
    link = site.start("x")
    child = site.spec("x")
    site.record(link, Ending.RETURNED, children=(child,))
    assert site.state(child.key) is JobState.QUEUED
    assert site.claim_one().key == child.key


def test_a_queue_is_starved_when_more_than_so_many_are_claimable(site: Site) -> None:
    site.enqueue_many(2)
    site.enqueue(priority=3)
    site.enqueue_many(5, queue="other")
    site.enqueue(run_at=site.store.now() + SECOND)
    assert not site.store.is_starved("short", 3)
    assert site.store.is_starved("short", 2)


def test_priority_and_at_front_decide_the_order_in_a_queue(site: Site) -> None:
    plain, low = site.enqueue().key, site.enqueue(priority=1).key
    front, high = site.enqueue(at_front=True).key, site.enqueue(priority=-1).key
    assert [claim.key for claim in site.claim(9)] == [high, front, plain, low]


def test_earlier_queues_come_first_and_each_has_its_limit(site: Site) -> None:
    long, short = site.enqueue(queue="long").key, [site.enqueue().key for _ in range(3)]
    site.enqueue(at_front=True, queue="other")
    wants = [Want("short", 2), Want("long", 5)]
    with site.store.turn() as turn:
        claims = turn.claim(site.token, wants, 5, ClaimCursor())
    assert [claim.key for claim in claims] == [*short[:2], long]


@pytest.mark.parametrize(("field", "value"), [("id", "a\0"), ("method", "\ud800"), ("user", "x\0y")])
def test_a_text_that_a_database_cannot_hold_is_refused_on_both(site: Site, field: str, value: str) -> None:
    with pytest.raises(UsageError, match=field), site.store.turn() as turn:
        turn.insert([site.spec(**{field: value})])
    assert site.store.stats()["queued"] == 0


def test_a_key_that_is_none_is_refused(site: Site) -> None:
    for broken in ("01-not-hex", site.spec().key.upper(), f"{site.spec().key}0"):
        for spec in (site.spec()._replace(key=broken), site.spec()._replace(key=broken, id=broken)):
            with pytest.raises(UsageError, match="not a job's key"), site.store.turn() as turn:
                turn.insert([site.spec(), spec])


def test_nothing_of_a_turn_that_failed_is_there(site: Site) -> None:
    spec = site.spec("x")

    class Boom(Exception):
        pass

    def fail() -> None:
        with site.store.turn() as turn:
            turn.insert([spec])
            raise Boom

    with pytest.raises(Boom):
        fail()
    assert site.store.job(spec.key) is None
    assert site.enqueue("x").state is JobState.QUEUED
    assert site.claim_one().id == "x"
