"""Files take part in the transaction of documents.

What was written goes again if the transaction, or the savepoint, is rolled back. What was to be deleted goes once it is
committed, unless a document still has it. A content that was there already is only borrowed: its last document may be
deleted at the same time, so whoever commits a new document for it sees to it that the file is there, and whoever
deletes waits for those commits.
"""

from __future__ import annotations

import fcntl
import logging
import time
from typing import IO, NamedTuple

from rota.db.connection import Connection
from rota.documents.session import Session
from rota.errors import StoreError
from rota.sites.files import FileStore, content_hash

logger = logging.getLogger("rota.files")

LOCK = "locks/files.lock"
PATIENCE = 5.0  # seconds that a deletion waits for commits under way; then the file is left behind
_IN_USE = (
    "select 1 from \"tabFile\" where (content_hash = :hash or content_hash is null or content_hash = '') "
    "and file_url = :url limit 1"
)


class _Written(NamedTuple):
    url: str
    digest: str


class _Borrowed(NamedTuple):
    url: str
    content: bytes


class FileChanges:
    """The files of one session's transaction. A participant of the session."""

    def __init__(self, session: Session, store: FileStore) -> None:
        self._session, self._store = session, store
        self._written: list[_Written] = []
        self._borrowed: list[_Borrowed] = []
        self._deleted: list[_Written] = []
        self._marks: dict[str, tuple[int, int, int]] = {}
        self._lock: IO[bytes] | None = None

    @classmethod
    def of(cls, session: Session, store: FileStore) -> FileChanges:
        """Those of a session, which they join when they are first asked for."""
        for participant in session.participants:
            if isinstance(participant, FileChanges):
                return participant
        changes = cls(session, store)
        session.participants.append(changes)
        return changes

    def write(self, name: str, content: bytes, *, private: bool) -> str:
        """Write a new file; its address."""
        url = self._store.write(name, content, private=private)
        self._written.append(_Written(url, content_hash(content)))
        return url

    def borrow(self, url: str, content: bytes) -> None:
        """A new document has a file that is there already."""
        self._borrowed.append(_Borrowed(url, content))

    def delete(self, url: str, digest: str | None) -> None:
        """A document that had a file is deleted."""
        self._deleted.append(_Written(url, digest or ""))

    # --- documents.session.Participant ---

    def savepoint(self, name: str) -> None:
        self._marks[name] = (len(self._written), len(self._borrowed), len(self._deleted))

    def rollback_to(self, name: str) -> None:
        written, borrowed, deleted = self._marks.get(name, (0, 0, 0))
        late = self._written[written:]
        del self._written[written:], self._borrowed[borrowed:], self._deleted[deleted:]
        self._take_away(late)

    def release(self, name: str) -> None:
        self._marks.pop(name, None)

    def before_commit(self, connection: Connection | None, writes: int) -> None:
        if self._borrowed:
            self._lock = self._open_lock()
            fcntl.flock(self._lock, fcntl.LOCK_SH)
            for url, content in self._borrowed:
                self._store.put_back(url, content)

    def committed(self) -> None:
        deleted = self._deleted
        self._end()
        self._take_away(deleted)

    def rolled_back(self) -> None:
        # Also after a commit that did not answer: what is in the database then says whose files stay.
        written = self._written
        self._end()
        self._take_away(written)

    def _end(self) -> None:
        self._written, self._borrowed, self._deleted = [], [], []
        self._marks.clear()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _take_away(self, files: list[_Written]) -> None:
        """Delete the files that no document has. One that can't be deleted is left behind: the transaction is over."""
        if not files:
            return
        try:
            with self._open_lock() as lock:
                if not _exclusive(lock):
                    raise TimeoutError("other commits are under way")
                for url, digest in files:
                    if not self._session.query(_IN_USE, {"url": url, "hash": digest}):
                        self._store.remove(url)
        except (OSError, StoreError) as error:
            logger.warning("files were left behind: %s: %s", ", ".join(url for url, _ in files), error)

    def _open_lock(self) -> IO[bytes]:
        path = self._store.site / LOCK
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("ab")


def _exclusive(lock: IO[bytes]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.01)
        else:
            return True
