"""When checkpoints are made, and that nobody waits for one but who closes the store."""

import logging
import threading
from collections.abc import Iterator

import pytest

from rota.engine.checkpoints import CHECKPOINT_SECONDS, Checkpoints
from rota.errors import StoreFull
from tests.support.waiting import wait_until


class Slow:
    """A store whose checkpoints take until they are let go."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.go = threading.Semaphore(0)
        self.made = 0
        self.full = False

    def checkpoint(self) -> None:
        self.begun.release()
        assert self.go.acquire(timeout=60)
        if self.full:
            raise StoreFull("no space is left")
        self.made += 1


@pytest.fixture
def store() -> Slow:
    return Slow()


@pytest.fixture
def checkpoints(store: Slow) -> Iterator[Checkpoints]:
    found = Checkpoints(store, name="one")  # type: ignore[arg-type]
    yield found
    store.go.release(100)
    found.close()


def test_whoever_wants_one_does_not_wait_for_it_and_one_runs_at_a_time(store: Slow, checkpoints: Checkpoints) -> None:
    for step in range(3):
        checkpoints.want(100 + 10 * step)
    assert store.begun.acquire(timeout=60)
    store.go.release()
    wait_until(lambda: store.made == 1)
    assert not store.begun.acquire(blocking=False)


def test_the_next_one_is_made_once_a_moment_has_passed(store: Slow, checkpoints: Checkpoints) -> None:
    store.go.release(2)
    checkpoints.want(100)
    wait_until(lambda: store.made == 1)
    checkpoints.want(100 + CHECKPOINT_SECONDS / 2)
    assert store.begun.acquire(timeout=60)
    assert not store.begun.acquire(blocking=False)

    def again() -> bool:
        checkpoints.want(100 + 2 * CHECKPOINT_SECONDS)
        return store.made == 2

    wait_until(again)


def test_closing_waits_for_the_one_that_runs_and_makes_no_more(store: Slow, checkpoints: Checkpoints) -> None:
    checkpoints.want(100)
    assert store.begun.acquire(timeout=60)
    store.go.release(2)
    checkpoints.close()
    assert store.made == 1
    checkpoints.want(200)
    checkpoints.close()
    assert store.made == 1


def test_one_that_fails_is_made_again(store: Slow, checkpoints: Checkpoints, caplog: pytest.LogCaptureFixture) -> None:
    store.full = True
    store.go.release(2)
    with caplog.at_level(logging.INFO, "rota.dispatcher"):
        checkpoints.want(100)
        wait_until(lambda: "no checkpoint was made" in caplog.text)
    store.full = False

    def again() -> bool:
        checkpoints.want(200)
        return store.made == 1

    wait_until(again)
