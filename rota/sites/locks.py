"""Locks that outlast a transaction: a name that one process at a time may hold, and documents held by a queued job."""

from __future__ import annotations

import fcntl
import re
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from rota.clock import Clock, to_micros
from rota.db import Database
from rota.errors import DocumentLockedError, LockTimeoutError
from rota.sites.cache.tables import CacheTables

POLL = 0.05  # seconds
DOCUMENT_LOCK = 12 * 3600.0  # seconds after which a document's lock is over, in case nobody took it away
UNLOCKED = 0.25  # seconds for which a process may believe that no document of the site was ever locked
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
# The transaction's, not the session's: behind a pooler the session goes on to somebody else.
_TRY = "select pg_try_advisory_xact_lock(:number)"


@contextmanager
def file_lock(folder: Path, name: str, clock: Clock, *, timeout: float = 30) -> Iterator[None]:
    """Hold the lock `name` among the processes and threads of this machine; the kernel frees it when one dies.

    Raises:
        LockTimeoutError: somebody else held it for `timeout` seconds.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{_UNSAFE.sub('_', name)[:80]}-{_digest(name)[:12]}.lock"
    deadline = clock.monotonic() + timeout
    with path.open("ab") as file:
        while not _locked(file.fileno()):
            _wait(name, clock, deadline)
        yield


@contextmanager
def database_lock(database: Database, name: str, clock: Clock, *, timeout: float = 30) -> Iterator[None]:
    """Hold the lock `name` among all hosts that use a PostgreSQL database, which frees it when the connection ends.

    Raises:
        LockTimeoutError: somebody else held it for `timeout` seconds.
    """
    number = int(_digest(name)[:16], 16) - (1 << 63)
    deadline = clock.monotonic() + timeout
    connection = database.connect()
    try:
        connection.begin()
        while not connection.value(_TRY, {"number": number}):
            _wait(name, clock, deadline)
        yield
    finally:
        connection.close()


class FirstLock:
    """Whether any document of a site was ever locked, as one process knows it: most sites lock none.

    A process believes a no for `UNLOCKED` seconds, in which its saves ask nothing. Whoever locks the first document
    of the site says so and waits for as long before the lock is taken: by then everybody has looked again.
    """

    def __init__(self, tables: CacheTables, clock: Clock) -> None:
        self._tables, self._sql, self._clock = tables, tables.sql, clock
        self._was = False
        self._all_know = False
        self._look_again = float("-inf")

    def was(self) -> bool:
        """Whether there ever was a lock."""
        now = self._clock.monotonic()
        if not self._was and now >= self._look_again:
            with self._tables.reading() as tx:
                self._was = tx.one(self._sql["first_lock"]) is not None
            self._look_again = now + UNLOCKED
        return self._was

    def comes(self) -> None:
        """There will be one: see that every process knows."""
        if self._all_know:
            return
        now = to_micros(self._clock.now())
        with self._tables.writing() as tx:
            tx.run(self._sql["say_first_lock"], {"known_at": now + int(UNLOCKED * 1_000_000)})
            known_at: int = tx.value(self._sql["first_lock"])
        self._clock.sleep(min(max((known_at - now) / 1_000_000, 0), UNLOCKED))
        self._was = self._all_know = True


class DocumentLocks:
    """Documents that are held for a job: nobody else saves them. Seen by all processes of the site."""

    def __init__(self, tables: CacheTables, clock: Clock, first: FirstLock, token: str) -> None:
        """`token` names who holds: the key of a job, or a request. `first`: the process's for the site."""
        self._tables, self._sql, self._clock, self._token = tables, tables.sql, clock, token
        self._first = first

    def lock(self, doctype: str, name: str, *, timeout: float = 0, lasts: float = DOCUMENT_LOCK) -> None:
        """Hold a document, for `lasts` seconds at most; wait `timeout` seconds for it.

        Raises:
            DocumentLockedError: it is held, be it by the caller.
        """
        self._first.comes()
        deadline = self._clock.monotonic() + timeout
        while not self._try(doctype, name, lasts):
            if self._clock.monotonic() >= deadline:
                raise DocumentLockedError(
                    f"{doctype} {name} is locked: a job is working on it. Please try again later."
                )
            self._clock.sleep(POLL)

    def unlock(self, doctype: str, name: str) -> None:
        """Let a document go, whoever holds it: the job that was enqueued for it is not who locked it."""
        with self._tables.writing() as tx:
            tx.run(self._sql["unlock_document"], {"doctype": doctype, "name": name})

    def is_locked(self, doctype: str, name: str) -> bool:
        """Whether anybody holds it."""
        if not self._first.was():
            return False
        with self._tables.reading() as tx:
            row = {"doctype": doctype, "name": name, "now": self._now()}
            return tx.one(self._sql["document_lock"], row) is not None

    def release_all(self) -> None:
        """Let go what this holder still holds: the end of a job."""
        if not self._first.was():
            return
        with self._tables.writing() as tx:
            tx.run(self._sql["unlock_token"], {"token": self._token})

    def _try(self, doctype: str, name: str, lasts: float) -> bool:
        now = self._now()
        row = {"doctype": doctype, "name": name, "token": self._token, "now": now}
        with self._tables.writing() as tx:
            return bool(tx.run(self._sql["lock_document"], {**row, "expires_at": now + int(lasts * 1_000_000)}))

    def _now(self) -> int:
        return to_micros(self._clock.now())


def _locked(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wait(name: str, clock: Clock, deadline: float) -> None:
    if clock.monotonic() >= deadline:
        raise LockTimeoutError(f"Failed to acquire lock: {name}. Somebody else holds it; try again later.")
    clock.sleep(POLL)


def _digest(name: str) -> str:
    return sha256(name.encode("utf-8", "backslashreplace")).hexdigest()
