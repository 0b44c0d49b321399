"""Safeguards on a job's way into the tables and out of them, and of ticks: the harm comes as soon as one is off."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rota.jobs import Ending, JobState
from rota.store import ScheduleRow, reads
from rota.store.work import Work
from tests.contract.store.harm import Scenario, with_and_without
from tests.contract.store.site import SECOND, Site
from tests.contract.store.test_safeguards import change, without

YEAR = 365 * 86_400


def a_job_is_known_by_its_key(site: Site, safe: bool) -> bool:
    """A second job of an id that has ended is taken for the first one, and its outbox row is deleted."""
    if not safe:
        change(site, known_keys="select value from json_each(:keys) where exists (select 1 from job where id = 'x')")
    site.record(site.start("x"), Ending.RETURNED)
    second = site.spec("x")
    site.publish(site.connect(), second)
    assert site.store.settle()
    assert site.store.sweep()
    return site.store.job(second.key) is None


def the_outbox_is_read_under_the_lock_of_jobs_db(site: Site, safe: bool) -> bool:
    """Two carry the outbox over. One of them reads it and freezes until the job has run and is pruned."""
    frozen, spec = site.another_store(), site.spec()
    site.publish(site.connect(), spec)
    if not safe:
        with frozen._connections.use("site") as reading:
            reading.begin(write=False)
            assert reading.query("select key from rota_outbox") == [(spec.key,)]
    site.record(site.claim_one(), Ending.RETURNED)
    assert site.store.sweep()
    site.clock.advance(seconds=YEAR)
    with site.store.turn() as turn:
        while turn.prune():
            pass
    assert site.store.job(spec.key) is None
    assert frozen.settle()
    return [claim.key for claim in site.claim()] == [spec.key]


def an_outcome_is_recorded_after_settling(site: Site, safe: bool) -> bool:
    """A link's end is recorded while its successor is in the outbox, between the two looks of whoever asks."""
    if not safe:
        change(
            site,
            unsettled=lambda text: text.replace(
                "select exists(select 1 from rota_outbox where seq > :seq)", "select 0"
            ),
        )
    link, worker = site.start("root"), site.connect()
    seen_in_outbox: list[str] = []
    site.commit_last(worker, link, site.spec("next", root="root"))
    site.record(link, Ending.COMMITTED)
    with site.store._reading() as work:
        return not reads.is_active(work, "root", None, seen_in_outbox)


def who_asks_reads_the_outbox_first(site: Site, safe: bool) -> bool:
    """A job is carried over between the two looks."""
    site.publish(site.connect(), site.spec("x"))
    if safe:
        carry_over_before_the_second_look(site)
        return not site.store.is_active("x")
    with site.store._reading() as work:
        in_tables = reads.is_active(work, "x")
    carry_over(site)
    in_outbox = site.connect().query("select 1 from rota_outbox where id = 'x'")
    return not (in_tables or in_outbox)


def carry_over(site: Site) -> None:
    another = site.another_store()
    assert another.settle()
    assert another.sweep()


def carry_over_before_the_second_look(site: Site) -> None:
    original = site.store._reading

    @contextmanager
    def reading() -> Iterator[Work]:
        carry_over(site)
        with original() as work:
            yield work

    site.store._reading = reading  # type: ignore[method-assign]


def schedule(site: Site) -> int:
    """A schedule; when it comes due first."""
    with site.store.turn() as turn:
        turn.put_schedules([ScheduleRow(id="s", definition="{}")])
        return turn.now + SECOND


def a_tick_is_taken_and_not_looked_for(site: Site, safe: bool) -> bool:
    """Two schedulers look whether the tick is there, and then both insert it."""
    due = schedule(site)
    if not safe:
        change(
            site,
            take_ticks=without("and last_due < r.due"),
            insert_tick=lambda text: text + " on conflict do nothing",  # no unique row
        )
    found = [site.store.schedule("s") for _ in range(2)]
    for seen in found:
        assert seen is not None
        assert seen.last_due < due
        with site.store.turn() as turn:
            turn.tick("s", due, site.spec())
    return site.store.stats()["queued"] == 2


def a_ticks_job_is_in_its_transaction(site: Site, safe: bool) -> bool:
    """The scheduler is killed between the tick and its job; another one comes."""
    due = schedule(site)
    with site.store.turn() as turn:
        if safe:
            turn.tick("s", due, site.spec())
        else:
            turn.tick("s", due, skipped="the job is inserted afterwards")
    with site.store.turn() as turn:
        assert turn.tick("s", due, site.spec()) is None
    return site.store.stats()["queued"] == 0


def last_due_is_not_kept_in_site_db_afterwards(site: Site, safe: bool) -> bool:
    """The scheduler is killed after it has inserted the job and before it has written where it is."""
    due = schedule(site)
    for _ in range(2):
        with site.store.turn() as turn:
            if safe:
                turn.tick("s", due, site.spec())
            else:
                turn.insert([site.spec()])
    return site.store.stats()["queued"] == 2


def last_due_is_not_kept_in_site_db_before(site: Site, safe: bool) -> bool:
    """The scheduler is killed after it has written where it is and before it has inserted the job."""
    due, documents = schedule(site), site.connect()
    if not safe:
        with site.writing(documents, f"due {due}"):
            pass
    if f"due {due}" not in site.effects():
        with site.store.turn() as turn:
            turn.tick("s", due, site.spec())
    return site.store.stats()["queued"] == 0


SQLITE = [
    a_job_is_known_by_its_key,
    the_outbox_is_read_under_the_lock_of_jobs_db,
    an_outcome_is_recorded_after_settling,
    who_asks_reads_the_outbox_first,
    last_due_is_not_kept_in_site_db_afterwards,
    last_due_is_not_kept_in_site_db_before,
]
BOTH = [a_tick_is_taken_and_not_looked_for, a_ticks_job_is_in_its_transaction]


@with_and_without(sqlite=[*SQLITE, *BOTH], postgresql=BOTH)
def test_the_harm_comes_exactly_without_the_safeguard(site: Site, scenario: Scenario, safe: bool) -> None:
    assert scenario(site, safe) is not safe
    if scenario is an_outcome_is_recorded_after_settling:
        assert site.state("root") is JobState.FINISHED
