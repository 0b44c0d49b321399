"""A lock that one process at a time may hold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rota.errors import LockTimeoutError
from rota.frappe._missing import missing
from rota.sites.context import current
from rota.sites.locks import database_lock, file_lock

LOCKS_DIR = "locks"


@contextmanager
def filelock(lock_name: str, *, timeout: int = 30, is_global: bool = False) -> Iterator[None]:
    """Hold a lock of the site, or of the bench with `is_global`; it is free again at the end, or with the process.

    On PostgreSQL a site's lock holds for all hosts; a bench's is its host's own.

    Raises:
        LockTimeoutError: somebody else held it for `timeout` seconds.
    """
    site = current().site
    if is_global:
        lock = file_lock(site.bench.run_path / LOCKS_DIR, lock_name, site.clock, timeout=timeout)
    elif site.database.dialect == "sqlite":
        lock = file_lock(site.path / LOCKS_DIR, lock_name, site.clock, timeout=timeout)
    else:
        lock = database_lock(site.database, lock_name, site.clock, timeout=timeout)
    with lock:
        yield


__all__ = ["LockTimeoutError", "filelock"]

if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
