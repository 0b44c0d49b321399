"""Jobs that iterate or take steps: each row and step once, whatever ends the execution, on each database."""

from __future__ import annotations

from typing import Any

import pytest

from rota.errors import TooManyRowsFailed, UsageError
from rota.jobs import JobState
from rota.sites.iteration import iterate
from rota.testing.drain import Drain
from tests.support.ledgers import NUMBERS, Ledger

# --- every row once ---


@pytest.mark.parametrize("batch", [1, 7, 30, 500])
@pytest.mark.parametrize("order_by", ["name", "name desc", "creation", "creation desc"])
def test_each_document_comes_once(ledger: Ledger, batch: int, order_by: str) -> None:
    ledger.fill(creation="2026-01-05 12:00:00.000001")
    job = ledger.run("copy", batch=batch, order_by=order_by)
    assert job.status is JobState.FINISHED
    assert ledger.effects() == list(NUMBERS)


def test_names_are_read_in_the_order_in_which_they_are_compared(ledger: Ledger) -> None:
    names = ["a", "B", "c", "D", "ä", "Z", "y", "_", "1", "10", "2", "ß", "é", "F", "[x", "日本"]
    with ledger.site.open() as context:
        for number, name in enumerate(names, 1):
            context.documents.get_doc({"doctype": "Effect", "number": number, "name": name}).insert(set_name=name)
    ledger.run("copy", batch=1)
    assert ledger.effects() == list(range(1, len(names) + 1))


def test_items_of_a_list_come_once(ledger: Ledger) -> None:
    ledger.run("copy_numbers", count=30, batch=7)
    assert ledger.effects() == list(NUMBERS)


def test_loops_over_the_same_are_told_apart(ledger: Ledger) -> None:
    ledger.run("two_loops")
    assert ledger.effects(copies=False) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("batch", [1, 3, 20])
@pytest.mark.parametrize("kind", ["error", "lost", "later"])
def test_a_job_goes_on_behind_the_last_committed_row(ledger: Ledger, kind: str, batch: int) -> None:
    job = ledger.run("stop_at", {"retry": 3}, number=5, kind="error" if kind == "later" else kind, batch=batch)
    assert job.status is JobState.FINISHED
    assert ledger.effects(copies=False) == list(range(1, 11))


def test_a_retry_by_hand_goes_on_where_the_failed_job_was(ledger: Ledger) -> None:
    failed = ledger.run("stop_at", number=5, kind="error", batch=2)
    assert failed.status is JobState.FAILED
    assert ledger.effects(copies=False) == [1, 2, 3, 4]
    again = failed.requeue()
    ledger.drain()
    assert again.status is JobState.FAILED  # its own first try fails at the same row
    assert ledger.effects(copies=False) == [1, 2, 3, 4]


def test_a_retry_by_hand_of_a_finished_job_begins_anew(ledger: Ledger) -> None:
    ledger.run("copy_numbers", count=3).requeue()
    ledger.drain()
    assert ledger.effects() == [1, 1, 2, 2, 3, 3]


def test_what_the_job_rolls_back_itself_is_done_again_but_for_the_row_that_did_it(ledger: Ledger) -> None:
    ledger.fill()
    ledger.run("copy_catching", bad=[3, 17, 30], batch=10)
    assert ledger.effects() == [number for number in NUMBERS if number not in (3, 17, 30)]


def test_a_job_that_commits_each_row_itself_misses_none(ledger: Ledger) -> None:
    ledger.fill()
    ledger.run("copy_committing")
    assert ledger.effects() == list(NUMBERS)


# --- rows that fail ---


def test_rows_that_fail_are_taken_back_alone_and_named(ledger: Ledger) -> None:
    ledger.fill()
    job = ledger.run("copy_but", bad=[3, 17, 30], batch=10)
    assert job.status is JobState.FINISHED
    assert ledger.effects() == [number for number in NUMBERS if number not in (3, 17, 30)]
    assert sorted(one.error for one in job.failed_rows) == [f"ValueError: {n} is bad" for n in (17, 3, 30)]
    assert {one.row for one in job.failed_rows} == {one.reference_name for one in ledger.errors()}
    assert all("Traceback" in one.error and "ledger.long.copy_but" in one.method for one in ledger.errors())
    assert sum("is bad" in line.text for line in ledger.site.store.lines(job.key)) == 3


def test_the_failed_rows_can_be_tried_again_alone(ledger: Ledger) -> None:
    ledger.fill()
    job = ledger.run("copy_but", bad=[3, 17], batch=10)
    again = job.retry_failed_rows()
    ledger.drain()
    assert {one.row for one in again.failed_rows} == {one.row for one in job.failed_rows}
    assert len(ledger.effects()) == 28
    with pytest.raises(UsageError, match="no row of job"):
        ledger.run("copy_numbers", count=1).retry_failed_rows()


def test_too_many_failed_rows_fail_the_job_and_keep_what_is_done(ledger: Ledger) -> None:
    ledger.fill(range(1, 11))
    job = ledger.run("copy_but", bad=list(range(1, 11)), max_errors=2)
    assert job.status is JobState.FAILED
    assert TooManyRowsFailed.__name__ in (job.exc_info or "")
    assert len(job.failed_rows) == 3
    again = job.requeue()
    ledger.drain()
    assert len(again.failed_rows) > len(job.failed_rows)


@pytest.mark.parametrize("wrapped", [False, True], ids=["plain", "wrapped"])
def test_a_row_may_fail_in_any_block(ledger: Ledger, wrapped: bool) -> None:
    job = ledger.run("fail_in_many_ways", wrapped=wrapped)
    assert job.status is JobState.FINISHED, job.exc_info
    assert [one.row for one in job.failed_rows] == [1, 2, 3, 4, 5]
    # What the job commits itself, it has committed.
    assert ledger.effects(copies=False) == [1, 6, 7]


@pytest.mark.parametrize("wrapped", [False, True], ids=["plain", "wrapped"])
def test_an_error_behind_a_loop_that_was_left_is_the_jobs(ledger: Ledger, wrapped: bool) -> None:
    job = ledger.run("break_then_fail", wrapped=wrapped)
    assert job.status is JobState.FAILED
    assert job.failed_rows == []


# --- pace ---


def test_a_job_holds_on_and_goes_on(ledger: Ledger) -> None:
    job = ledger.enqueue("copy_numbers", count=5, batch=2)
    job.hold()
    assert [one.state for one in Drain(ledger.site).run(max_jobs=9, wait=False)] == [JobState.SCHEDULED]
    assert ledger.effects() == []
    job.resume()
    assert [one.state for one in Drain(ledger.site).run(max_jobs=9, wait=False)] == [JobState.FINISHED]
    assert ledger.effects() == [1, 2, 3, 4, 5]
    with pytest.raises(UsageError, match="nothing to hold"):
        job.hold()


def test_a_rate_slows_an_iteration_down_and_can_be_changed(ledger: Ledger) -> None:
    began = ledger.site.clock.now()
    ledger.run("copy_numbers", count=20, rate=10.0)
    slow = (ledger.site.clock.now() - began).total_seconds()
    assert slow > 1.5
    job = ledger.enqueue("copy_numbers", count=20, rate=10.0)
    job.set_speed(1.0)
    began = ledger.site.clock.now()
    ledger.drain()
    assert (ledger.site.clock.now() - began).total_seconds() > 15


def test_progress_tells_of_all_rows(ledger: Ledger) -> None:
    ledger.fill()
    job = ledger.run("copy")
    progress = ledger.site.store.progress(job.key)
    assert progress is not None
    assert (progress.done, progress.total) == (30, 30)


# --- shards ---


@pytest.mark.parametrize("count", [0, 1, 3, 30])
def test_shards_have_each_row_once_and_one_lineage(ledger: Ledger, count: int) -> None:
    ledger.fill(range(1, count + 1))
    job = ledger.enqueue("copy", {"job_id": "copying"}, shards=4)
    ran = ledger.drain()
    assert ledger.effects() == list(range(1, count + 1))
    assert len(ran) == (1 if count < 2 else 1 + min(4, count))
    assert {one.root for one in ran[1:]} <= {"copying"}
    assert len(ledger.site.store.children(job.key)) == len(ran) - 1


def test_shards_of_a_list_are_parts_of_it(ledger: Ledger) -> None:
    ledger.run("copy_numbers", count=10, shards=3)
    assert ledger.effects() == list(range(1, 11))


# --- steps ---


@pytest.mark.parametrize("fail_at", [None, "between", "send"])
def test_a_step_that_is_done_is_left_out(ledger: Ledger, fail_at: str | None) -> None:
    job = ledger.enqueue("export", {"retry": 3}, fail_at=fail_at)
    if fail_at is None:
        ledger.drain()
        assert job.status is JobState.FINISHED
    else:
        ledger.drain()
        # The block on the line of its own `with` can't be left out by every Python: it says so, or it is left out.
        assert job.status is JobState.FINISHED or "lines of its own" in str(job.exc_info)
    if job.status is JobState.FINISHED:
        assert job.result == [1, 2, 3]
        assert ledger.effects(copies=False) == [1, 6, 100]


def test_a_name_stands_for_one_step(ledger: Ledger) -> None:
    job = ledger.run("twice")
    assert "comes twice" in str(job.exc_info)


# --- what can't be ---


def test_iterations_are_not_nested(ledger: Ledger) -> None:
    assert "use a plain loop there" in str(ledger.run("nested").exc_info)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"order_by": "number"}, "orders by name or creation"),
        ({"batch": 0}, "above 0"),
        ({"on_error": "ignore"}, "on_error is"),
    ],
)
def test_what_is_asked_for_wrongly_is_told(ledger: Ledger, options: dict[str, Any], message: str) -> None:
    with ledger.site.open(), pytest.raises(UsageError, match=message):
        list(iterate("Effect", **options))


def test_filters_are_for_doctypes(ledger: Ledger) -> None:
    with ledger.site.open(), pytest.raises(UsageError, match="for the documents of a DocType"):
        list(iterate([1], {"a": 1}))


def test_outside_a_job_the_rows_are_just_handed_out(ledger: Ledger) -> None:
    ledger.fill([1, 2])
    with ledger.site.open():
        assert sorted(iterate("Effect", fields="number")) == [1, 2]
