"""A backup on SQLite is one cut through site.db and jobs.db, while everybody goes on (B).

One file after the other would be of two moments: a job without its transaction, a job that is in neither, or effects
whose job runs again. So both are locked for as long as it takes to open a snapshot of each, and copied afterwards.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from rota.db.sqlite import SQLite, SQLiteConnection
from rota.errors import StoreBusy, StoreUnavailable

# Documents' writers wait meanwhile, so it is better to let go and come back.
JOBS_WAIT = 0.25  # seconds
PAUSE = 0.02  # seconds


class Cut:
    """Both files at one moment."""

    def __init__(self, site: SQLiteConnection, jobs: SQLiteConnection) -> None:
        self._site, self._jobs = site, jobs

    def copy(self, site: Path, jobs: Path) -> None:
        """Write the two as new files, which are durable when this returns (B4)."""
        self._site.copy_to(site)
        self._jobs.copy_to(jobs)


@contextmanager
def cut(site: SQLite, jobs: SQLite, *, timeout: float = 30.0) -> Iterator[Cut]:
    """Make a cut, and keep it for the length of the block. Writers wait for a moment only.

    Raises:
        StoreBusy: somebody else wrote for `timeout` seconds.
        StoreUnavailable: one of the files is not there.
    """
    for database in (site, jobs):
        if not database.path.exists():
            raise StoreUnavailable(f"{database.path} does not exist: a backup needs both site.db and jobs.db")
    with closing(site.connect(read_only=True)) as first, closing(jobs.connect(read_only=True)) as second:
        with _both_locked(site, jobs, timeout):
            for connection in (first, second):
                connection.begin(write=False)
                # A snapshot is taken by the first statement that reads.
                connection.query("select 1 from sqlite_master limit 1")
        yield Cut(first, second)


@contextmanager
def _both_locked(site: SQLite, jobs: SQLite, timeout: float) -> Iterator[None]:
    """Hold both write locks, in the order in which everybody takes them (B1); let them go unused (B3)."""
    deadline = time.monotonic() + timeout
    with closing(site.connect(busy_timeout=timeout)) as first, closing(jobs.connect(busy_timeout=JOBS_WAIT)) as second:
        while True:
            first.begin()
            try:
                second.begin()
                break
            except StoreBusy:
                first.rollback()
                if time.monotonic() >= deadline:
                    raise
                time.sleep(PAUSE)
        yield
        second.rollback()
        first.rollback()
