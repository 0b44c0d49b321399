"""What an open site gets when it is first asked for: its cache, its locks on documents, and its way to browsers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

from rota.db.sqlite import SQLite
from rota.sites.cache import Cache, CacheTables, Entries
from rota.sites.codec import JOB_CODEC
from rota.sites.context import Context
from rota.sites.locks import DocumentLocks, FirstLock
from rota.sites.realtime import Realtime
from rota.sites.translate import Translations

if TYPE_CHECKING:
    from rota.sites.site import Site

CACHE_DB = "cache.db"
_T = TypeVar("_T")


def cache_of(context: Context) -> Cache:
    """`frappe.cache` of this request or job."""
    return _once(
        context.local,
        "__cache",
        lambda: Cache(_entries_of(context.site), JOB_CODEC, local={}, user=lambda: context.user),
    )


def realtime_of(context: Context) -> Realtime:
    """The way to browsers; it takes part in the context's transactions from now on."""
    return _once(context.local, "__realtime", lambda: _joined(context))


def locks_of(context: Context) -> DocumentLocks:
    """Locks on documents that this request or job takes for itself; those it still holds at its end are given back."""
    return _once(context.local, "__locks", lambda: _own_locks(context))


def action_locks_of(context: Context) -> DocumentLocks:
    """Locks on documents for jobs that were enqueued to work on them: the job gives them back."""
    return _locks_of(context.site, "action")


def _own_locks(context: Context) -> DocumentLocks:
    token = context.running.key if context.running else uuid4().hex
    locks = _locks_of(context.site, token)
    context.at_end.append(locks.release_all)
    return locks


def _locks_of(site: Site, token: str) -> DocumentLocks:
    tables = _tables_of(site)
    first = _once(site.__dict__, "first_lock", lambda: FirstLock(tables, site.clock))
    return DocumentLocks(tables, site.clock, first, token)


def translations_of(site: Site) -> Translations:
    """Texts in people's languages, read once by each process."""
    return _once(site.__dict__, "translations", lambda: Translations(site.apps))


def _joined(context: Context) -> Realtime:
    site, session = context.site, context.documents.session
    realtime = Realtime(site.store, site.clock)
    session.participants.append(realtime)

    def leave() -> None:
        realtime.close()
        # A worker's session goes on to the next job.
        session.participants.remove(realtime)

    context.at_end.append(leave)
    return realtime


def _entries_of(site: Site) -> Entries:
    return _once(site.__dict__, "cache_entries", lambda: Entries(_tables_of(site), site.clock))


def _tables_of(site: Site) -> CacheTables:
    return _once(site.__dict__, "cache_tables", lambda: CacheTables(_cache_database(site)))


def _cache_database(site: Site) -> Any:
    database = site.engine_database
    return SQLite(database.path.with_name(CACHE_DB)) if isinstance(database, SQLite) else database


def _once(kept: dict[str, Any], name: str, make: Callable[[], _T]) -> _T:
    if name not in kept:
        kept[name] = make()
    found: _T = kept[name]
    return found
