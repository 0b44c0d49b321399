"""Batches as applications make them, on each database."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

import rota
from rota.jobs import JobState
from rota.sites.context import Context
from tests.support.ledgers import Ledger

RECORD = "ledger.tasks.record"
FAIL = "ledger.long.fail"


def note(number: int) -> tuple[str, dict[str, Any]]:
    return "ledger.long.note", {"number": number}


CALLBACKS = {"on_done": note(101), "on_success": note(102), "on_failure": note(103)}


def record(number: int, **options: Any) -> Any:
    return rota.enqueue(RECORD, kwargs={"number": number}, **options)


def write(context: Context) -> None:
    """Something that makes the transaction one that wrote."""
    context.documents.get_doc({"doctype": "Effect", "number": -1}).insert()


@pytest.mark.parametrize("wrote", [False, True], ids=["read", "wrote"])
def test_callbacks_run_once_when_all_jobs_have_ended(ledger: Ledger, wrote: bool) -> None:
    with ledger.site.open() as context:
        if wrote:
            write(context)
        with rota.batch("import", **CALLBACKS) as batch:
            jobs = [record(number) for number in (1, 2, 3)]
    ledger.drain()
    assert ledger.effects(copies=False) == [1, 2, 3, 101, 102]
    with ledger.site.open():
        found = rota.find_batch(batch.key)
        assert found is not None
        assert (found.name, found.progress, found.is_over) == ("import", (3, 3), True)
        assert [job.status for job in jobs] == [JobState.FINISHED] * 3


def test_the_first_failure_is_told_and_there_is_no_success(ledger: Ledger) -> None:
    with ledger.site.open(), rota.batch(**CALLBACKS):
        for number in (1, 2):
            rota.enqueue(FAIL, kwargs={"number": number})
        record(3)
    ledger.drain()
    assert ledger.effects(copies=False) == [3, 101, 103]


def test_a_callback_may_want_its_batch(ledger: Ledger) -> None:
    with ledger.site.open(), rota.batch(on_done=("ledger.long.note_batch", {"number": 500})):
        record(1)
        record(2)
    ledger.drain()
    assert ledger.effects(copies=False) == [1, 2, 502]


def test_a_batch_of_nothing_is_over_with_the_transaction(ledger: Ledger) -> None:
    with ledger.site.open(), rota.batch(**CALLBACKS):
        pass
    ledger.drain()
    assert ledger.effects(copies=False) == [101, 102]


def test_a_rollback_leaves_nothing(ledger: Ledger) -> None:
    before = len(ledger.site.store.batches())
    with ledger.site.open() as context:
        write(context)
        with rota.batch(**CALLBACKS):
            record(1)
        context.documents.session.rollback()
        record(2)
    ledger.drain()
    assert ledger.effects(copies=False) == [2]
    assert len(ledger.site.store.batches()) == before


def test_an_error_in_the_block_takes_its_jobs_back(ledger: Ledger) -> None:
    with ledger.site.open():
        with suppress(ZeroDivisionError), rota.batch(**CALLBACKS):
            record(1 // 1)
            record(1 // 0)
        record(2)
    ledger.drain()
    assert ledger.effects(copies=False) == [2]


@pytest.mark.parametrize("more", [True, False], ids=["more follow", "none follow"])
def test_a_commit_in_the_block_does_not_close_the_batch(ledger: Ledger, more: bool) -> None:
    with ledger.site.open() as context, rota.batch(**CALLBACKS) as batch:
        record(1)
        context.documents.session.commit()
        ledger.drain()
        assert ledger.effects(copies=False) == [1]
        assert not batch.is_over
        if more:
            record(2)
    ledger.drain()
    assert ledger.effects(copies=False) == ([1, 2, 101, 102] if more else [1, 101, 102])


def test_what_is_enqueued_at_once_is_in_the_batch(ledger: Ledger) -> None:
    with ledger.site.open() as context:
        with rota.batch(**CALLBACKS):
            record(1, enqueue_after_commit=False)
            record(2)
        context.documents.session.commit()
    ledger.drain()
    assert ledger.effects(copies=False) == [1, 2, 101, 102]


def test_what_is_enqueued_at_once_behind_the_block_leaves_the_batch_alone(ledger: Ledger) -> None:
    with ledger.site.open():
        with rota.batch(**CALLBACKS):
            record(1)
        record(2, enqueue_after_commit=False)
    ledger.drain()
    assert ledger.effects(copies=False) == [1, 2, 101, 102]


def test_a_job_that_joins_at_once_does_not_close_a_batch_whose_jobs_are_not_published(ledger: Ledger) -> None:
    with ledger.site.open() as context:
        with rota.batch(**CALLBACKS) as batch:
            record(1)
        batch.add(RECORD, {"number": 2}, enqueue_after_commit=False)
        ledger.drain()
        assert ledger.effects(copies=False) == [2]
        context.documents.session.commit()
    ledger.drain()
    assert ledger.effects(copies=False) == [1, 2, 101, 102]


def test_a_job_of_a_batch_adds_to_it(ledger: Ledger) -> None:
    with ledger.site.open(), rota.batch(**CALLBACKS) as batch:
        rota.enqueue("ledger.long.add_to_batch", kwargs={"number": 1})
    ledger.drain()
    assert ledger.effects(copies=False) == [1, 2, 101, 102]
    with ledger.site.open():
        assert rota.find_batch(batch.key).progress == (2, 2)  # type: ignore[union-attr]


@pytest.mark.parametrize("own", [True, False], ids=["with jobs of its own", "without"])
def test_batches_are_nested_in_blocks(ledger: Ledger, own: bool) -> None:
    with ledger.site.open(), rota.batch("outer", **CALLBACKS) as outer:
        if own:
            record(1)
        with rota.batch("inner", on_done=note(200)):
            record(2)
            record(3)
    ledger.drain()
    assert ledger.effects(copies=False) == [*([1] if own else []), 2, 3, 101, 102, 200]
    with ledger.site.open():
        assert rota.find_batch(outer.key).progress == ((2, 2) if own else (1, 1))  # type: ignore[union-attr]


def test_a_batch_that_a_job_of_a_batch_makes_is_nested(ledger: Ledger) -> None:
    with ledger.site.open(), rota.batch("outer", **CALLBACKS) as outer:
        rota.enqueue("ledger.long.make_batch", kwargs={"numbers": [1, 2]})
    ran = ledger.drain()
    assert ledger.effects(copies=False) == [1, 2, 101, 102, 500]
    with ledger.site.open():
        assert rota.find_batch(outer.key).progress == (2, 2)  # type: ignore[union-attr]
    methods = [view.method for view in ran]
    assert methods.index("ledger.long.note") > max(n for n, one in enumerate(methods) if one == RECORD)


def test_a_thousand_jobs_are_one_batch(ledger: Ledger) -> None:
    with ledger.site.open() as context:
        write(context)
        with rota.batch(**CALLBACKS) as batch:
            rota.enqueue_many(RECORD, [{"number": number} for number in range(2, 1203)])
    assert ledger.site.store.settle()
    view = ledger.site.store.batch(batch.key)
    assert view is not None
    assert (view.total, view.closed, view.pending) == (1201, True, 1201)
    mine = [job.key for job in ledger.site.store.listing(limit=1500) if job.batch == batch.key]
    with ledger.site.store.turn() as turn:
        for key in mine:
            turn.cancel(key, "", "the test")
    ledger.drain()
    assert ledger.effects(copies=False) == [101]


def test_a_job_waits_for_jobs_of_its_own_transaction(ledger: Ledger) -> None:
    with ledger.site.open():
        first = record(1, job_id="first", priority=5)
        record(2, depends_on=["first"])
        record(3, depends_on=first)
        failing = rota.enqueue(FAIL, kwargs={"number": 0})
        canceled = record(4, depends_on=[failing])
    ledger.drain()
    assert ledger.effects(copies=False) == [1, 2, 3]
    with ledger.site.open():
        found = rota.find_job(canceled.key)
        assert found is not None
        assert found.status is JobState.CANCELED
