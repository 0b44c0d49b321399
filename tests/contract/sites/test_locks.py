"""Locks by name, and locks of documents."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from rota.clock import Clock, FixedClock, SystemClock
from rota.db import Connection
from rota.errors import DocumentLockedError, LockTimeoutError
from rota.sites.cache import CacheTables
from rota.sites.locks import DOCUMENT_LOCK, UNLOCKED, DocumentLocks, FirstLock, database_lock, file_lock
from tests.contract.sites.conftest import Ground
from tests.contract.sites.test_cache import tables_of


def lock(ground: Ground, name: str, clock: Clock, timeout: float) -> AbstractContextManager[None]:
    if ground.dialect == "postgresql":
        return database_lock(ground.documents, name, clock, timeout=timeout)
    return file_lock(ground.folder, name, clock, timeout=timeout)


def test_a_name_is_held_by_one(ground: Ground, clock: FixedClock) -> None:
    with lock(ground, "import", clock, 30):
        with pytest.raises(LockTimeoutError, match="Failed to acquire lock: import"), lock(ground, "import", clock, 30):
            pass
        with lock(ground, "export", clock, 0):
            pass
    with lock(ground, "import", clock, 0):
        pass


def test_a_name_is_free_after_an_error(ground: Ground, clock: FixedClock) -> None:
    with pytest.raises(ValueError, match="mine"), lock(ground, "import", clock, 30):
        raise ValueError("mine")
    with lock(ground, "import", clock, 0):
        pass


def test_who_waits_gets_it_when_it_is_free(ground: Ground) -> None:
    order: list[str] = []

    def second() -> None:
        with lock(ground, "import", SystemClock(), 60):
            order.append("second")

    thread = threading.Thread(target=second)
    with lock(ground, "import", SystemClock(), 60):
        thread.start()
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def _hold(ground: Ground, holds: Any) -> None:
    with lock(ground, "import", SystemClock(), 60):
        holds.set()
        time.sleep(600)


def test_a_name_is_free_once_its_holder_was_killed(ground: Ground) -> None:
    context = multiprocessing.get_context("spawn")
    holds = context.Event()
    process = context.Process(target=_hold, args=(ground, holds))
    process.start()
    assert holds.wait(120)
    with pytest.raises(LockTimeoutError), lock(ground, "import", SystemClock(), 0):
        pass
    process.kill()
    process.join()
    with lock(ground, "import", SystemClock(), 60):
        pass


@pytest.mark.parametrize("name", ["../../x", "/etc/passwd", "a\0b", "x" * 500, "ü", "\ud800"], ids=ascii)
def test_no_name_leads_out_of_the_folder(tmp_path: Path, clock: FixedClock, name: str) -> None:
    with file_lock(tmp_path / "locks", name, clock):
        assert len(list((tmp_path / "locks").iterdir())) == 1
    assert list(tmp_path.iterdir()) == [tmp_path / "locks"]


def test_names_that_look_alike_are_told_apart(tmp_path: Path, clock: FixedClock) -> None:
    with file_lock(tmp_path, "a/b", clock), file_lock(tmp_path, "a.b", clock, timeout=0):
        pass


@pytest.fixture
def tables(ground: Ground) -> Iterator[CacheTables]:
    made = tables_of(ground)
    yield made
    made.close()


def locks_of(tables: CacheTables, clock: Clock, token: str) -> DocumentLocks:
    """Locks as another process has them: it shares nothing but the tables."""
    return DocumentLocks(tables, clock, FirstLock(tables, clock), token)


def test_a_locked_document_is_locked_for_everybody(tables: CacheTables, clock: FixedClock) -> None:
    mine, other = locks_of(tables, clock, "a"), locks_of(tables, clock, "b")
    mine.lock("ToDo", "T1")
    assert other.is_locked("ToDo", "T1")
    for holder in (mine, other):
        with pytest.raises(DocumentLockedError, match="ToDo T1 is locked"):
            holder.lock("ToDo", "T1", timeout=1)
    assert not other.is_locked("ToDo", "T2")


def test_the_job_unlocks_what_the_request_has_locked(tables: CacheTables, clock: FixedClock) -> None:
    locks_of(tables, clock, "request").lock("ToDo", "T1")
    job = locks_of(tables, clock, "job")
    job.unlock("ToDo", "T1")
    job.lock("ToDo", "T1")


def test_a_documents_lock_is_over_after_its_time(tables: CacheTables, clock: FixedClock) -> None:
    locks = locks_of(tables, clock, "a")
    locks.lock("ToDo", "T1")
    clock.advance(seconds=DOCUMENT_LOCK)
    assert not locks.is_locked("ToDo", "T1")
    locks.lock("ToDo", "T1")


def test_the_end_of_a_job_frees_what_it_still_holds(tables: CacheTables, clock: FixedClock) -> None:
    mine, other = locks_of(tables, clock, "a"), locks_of(tables, clock, "b")
    mine.lock("ToDo", "T1")
    other.lock("ToDo", "T2")
    mine.release_all()
    assert [mine.is_locked("ToDo", name) for name in ("T1", "T2")] == [False, True]


class Counted(CacheTables):
    """Tables that count how often they are read and written."""

    uses = 0

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        self.uses += 1
        with super().reading() as connection:
            yield connection


def test_where_nothing_was_ever_locked_asking_costs_nothing(ground: Ground, clock: FixedClock) -> None:
    tables = Counted(ground.engine)
    locks = locks_of(tables, clock, "a")
    assert not any(locks.is_locked("ToDo", str(number)) for number in range(1000))
    locks.release_all()
    assert tables.uses == 1
    tables.close()


def test_the_first_lock_of_a_site_is_seen_by_who_has_just_looked(tables: CacheTables, clock: FixedClock) -> None:
    other = locks_of(tables, clock, "b")
    assert not other.is_locked("ToDo", "T1")
    locks_of(tables, clock, "a").lock("ToDo", "T1")
    assert other.is_locked("ToDo", "T1")


def test_who_locks_while_the_first_lock_is_being_told_waits_for_the_rest(tables: CacheTables) -> None:
    waits: list[float] = []

    class Halfway(FixedClock):
        """In the middle of the first wait, another process locks."""

        def sleep(self, seconds: float) -> None:
            waits.append(seconds)
            self.advance(seconds=seconds / 2)
            if len(waits) == 1:
                FirstLock(tables, self).comes()

    clock = Halfway()
    FirstLock(tables, clock).comes()
    assert waits == [UNLOCKED, UNLOCKED / 2]
