"""How long jobs are thought to take, and how many a worker gets at once for it."""

from __future__ import annotations

import pytest

from rota.engine.pace import HORIZON_SECONDS, MOST_AT_ONCE, SHORT_SECONDS, Pace


def test_a_method_that_never_ran_is_not_known() -> None:
    pace = Pace()
    assert pace.estimate("one", "app.run") is None
    assert not pace.is_short(None)
    assert pace.depth("one", HORIZON_SECONDS) == 1


def test_an_estimate_follows_what_is_measured() -> None:
    pace = Pace()
    for _ in range(50):
        pace.note("one", "app.run", 0.001)
    assert pace.estimate("one", "app.run") == pytest.approx(0.001)
    assert pace.estimate("two", "app.run") is None


def test_one_slow_run_counts_at_once() -> None:
    pace = Pace()
    pace.note("one", "app.run", 0.001)
    pace.note("one", "app.run", 3.0)
    assert not pace.is_short(pace.estimate("one", "app.run"))


def test_one_run_that_waited_for_a_moment_makes_its_method_not_slow() -> None:
    pace = Pace()
    pace.note("one", "app.run", 0.001)
    pace.note("one", "app.run", SHORT_SECONDS * 1.5)
    assert pace.is_short(pace.estimate("one", "app.run"))
    for _ in range(10):
        pace.note("one", "app.run", SHORT_SECONDS * 1.5)
    assert not pace.is_short(pace.estimate("one", "app.run"))


def test_it_takes_several_quick_runs_to_be_trusted_again() -> None:
    pace = Pace()
    pace.note("one", "app.run", 1.0)
    pace.note("one", "app.run", 0.0001)
    assert not pace.is_short(pace.estimate("one", "app.run"))


@pytest.mark.parametrize(
    ("seconds", "depth"),
    [(SHORT_SECONDS * 2, 1), (HORIZON_SECONDS / 10, 10), (HORIZON_SECONDS / 10_000, MOST_AT_ONCE), (0.0, MOST_AT_ONCE)],
)
def test_the_shorter_the_jobs_the_more_at_once(seconds: float, depth: int) -> None:
    pace = Pace()
    pace.note("one", "app.run", seconds)
    assert pace.depth("one", HORIZON_SECONDS) == depth


def test_paths_that_are_made_up_do_not_fill_the_memory() -> None:
    pace = Pace()
    for number in range(25_000):
        pace.note("one", f"app.run{number}", 0.001)
    assert len(pace._methods) <= 10_001
