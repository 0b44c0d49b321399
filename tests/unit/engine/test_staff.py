"""When a worker is made in a dead one's place."""

from __future__ import annotations

from rota.engine.staff import LAST_DELAY_SECONDS, STARTED_SECONDS, Starts


def test_workers_that_die_as_they_start_are_replaced_more_and_more_slowly() -> None:
    starts, waits = Starts(), []
    for _ in range(8):
        starts.note_death(100.0, lived=0.01, was_useful=False)
        waits.append(round(starts.next_at - 100.0, 3))
    assert waits == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, LAST_DELAY_SECONDS, LAST_DELAY_SECONDS]


def test_an_idle_worker_that_is_killed_is_replaced_at_once_however_often() -> None:
    starts = Starts()
    for now in (100.0, 102.0, 104.0):
        starts.note_death(now, lived=STARTED_SECONDS, was_useful=False)
        assert starts.next_at <= now


def test_a_worker_that_died_of_its_job_is_replaced_at_once() -> None:
    starts = Starts()
    starts.note_death(100.0, lived=0.01, was_useful=True)
    assert starts.next_at <= 100.0


def test_after_a_worker_that_started_the_next_bad_start_counts_as_the_first() -> None:
    starts = Starts()
    for _ in range(3):
        starts.note_death(100.0, lived=0.01, was_useful=False)
    starts.note_death(200.0, lived=5.0, was_useful=False)
    starts.note_death(300.0, lived=0.01, was_useful=False)
    assert round(starts.next_at, 3) == 300.2
