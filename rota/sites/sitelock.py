"""The lock between a restore and everybody else (S1).

Whoever has a site open holds it shared; a restore holds it alone. So no process of before can bring back what it
remembers of other files. A marker stays where a restore was interrupted.
"""

from __future__ import annotations

import errno
import fcntl
import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from rota.errors import RestoreUnfinished, SiteInUse, StoreUnavailable
from rota.sites.bench import read_json

LOCK = "locks/site.lock"
MARKER = "restore-unfinished.json"
MOST_NAMED = 5


class SiteLock:
    """A hold on a site, until it is released or nobody has it any more. A forked child holds the site, too."""

    def __init__(self, descriptor: int) -> None:
        self._close = weakref.finalize(self, os.close, descriptor)
        self._close.atexit = False

    def release(self) -> None:
        """Let go; does nothing the second time."""
        self._close()


def hold_shared(site: Path) -> SiteLock | None:
    """Hold the site in this folder among all who use it; None where its folder can't be written, so not restored.

    Raises:
        StoreUnavailable: it is being restored right now.
        RestoreUnfinished: a restore was interrupted.
    """
    try:
        descriptor = _open(site)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            return None
        raise
    lock = SiteLock(descriptor)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.release()
        raise StoreUnavailable(f"the site {site.name} is being restored: try again when that is done") from None
    if (site / MARKER).exists():
        lock.release()
        raise RestoreUnfinished(site.name, str(read_json(site / MARKER).get("archive", "ARCHIVE")))
    return lock


@contextmanager
def hold_alone(site: Path) -> Iterator[None]:
    """Keep everybody else away from the site in this folder.

    Raises:
        SiteInUse: some have it open.
    """
    descriptor = _open(site)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SiteInUse(site.name, _holders(descriptor)) from None
        yield
    finally:
        os.close(descriptor)


def _open(site: Path) -> int:
    path = site / LOCK
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def _holders(descriptor: int) -> list[str]:
    """Who has the lock's file open, for people."""
    mine = os.fstat(descriptor)
    found = []
    for pid in psutil.pids():
        if pid == os.getpid():
            continue
        try:
            held = any(os.path.samestat(mine, one.stat()) for one in Path(f"/proc/{pid}/fd").iterdir())
            if held:
                found.append(f"process {pid} ({_title(pid)})")
        except (OSError, psutil.Error):
            continue  # it has just ended, or is another user's
    more = len(found) - MOST_NAMED
    return [*found[:MOST_NAMED], *([f"{more} more"] if more > 0 else [])] or ["another process"]


def _title(pid: int) -> str:
    return (" ".join(psutil.Process(pid).cmdline()).strip() or psutil.Process(pid).name())[:60]
