"""Frozen processes of this machine: SQLite has one writer a file, and one that is stopped in the middle holds up all.

Their claims are shut out by the fence, whatever becomes of them. Killing them only frees what they lock.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import suppress

import psutil

from rota.engine.identity import Identity
from rota.store import DispatcherView, LostClaim, Store

log = logging.getLogger("rota.maintenance")

KILL_SECONDS = 0.5
# A worker's row tells when it was asked for; it began a little later, and the clock may have been set since.
BIRTH_SECONDS = 10.0
WORKER_TITLE = "rota: worker"


def living(store: Store) -> list[DispatcherView]:
    """The dispatchers that are alive: those of this machine for certain, the others as far as their leases tell."""
    me = Identity()
    return [one for one in store.dispatchers() if one.alive and not me.saw_die(one.host, one.pid, one.boot_id)]


def end_frozen(store: Store, identity: Identity, lost: Iterable[LostClaim]) -> bool:
    """Kill the processes of this machine that had these claims, their lease being over; whether there were any."""
    if store.dialect != "sqlite":
        return False  # the server ends what its clients leave open
    tokens = {one.token for one in lost}
    found = {*_dispatchers(store, identity, tokens), *_workers(store, identity, tokens)}
    for process in found:
        with suppress(psutil.Error):
            log.warning("process %d holds a lock and its lease is over: it is killed", process.pid)
            process.kill()
    psutil.wait_procs(found, timeout=KILL_SECONDS)
    return bool(found)


def _dispatchers(store: Store, identity: Identity, tokens: set[str]) -> Iterator[psutil.Process]:
    for one in store.dispatchers():
        known = one.token in tokens and identity.shares_machine(one.host, one.boot_id)
        if known and not identity.saw_die(one.host, one.pid, one.boot_id):
            with suppress(psutil.Error):
                process = psutil.Process(one.pid)
                yield from (process, *process.children(recursive=True))


def _workers(store: Store, identity: Identity, tokens: set[str]) -> Iterator[psutil.Process]:
    """Those that a dead dispatcher has left, too."""
    for one in store.workers():
        if one.token in tokens and one.host == identity.host:
            with suppress(psutil.Error):
                process = psutil.Process(one.pid)
                is_ours = " ".join(process.cmdline()).startswith(WORKER_TITLE)
                if is_ours and abs(process.create_time() - one.born_at / 1e6) < BIRTH_SECONDS:
                    yield process
