"""What has to be done now and then in each site's store: expiry, sweeping, pruning.

Each service does one round and says in how many seconds it wants the next; `rota.engine.service` loops.
"""

from __future__ import annotations

import logging
from random import Random

from rota.engine.identity import Identity
from rota.engine.neighbors import end_frozen
from rota.engine.outcome import OnFailed, decide
from rota.engine.report import Report
from rota.errors import StoreBusy
from rota.jobs import Ending, JobState, Outcome
from rota.store import DispatcherView, LostClaim, Store

log = logging.getLogger("rota.maintenance")

PRUNE_SECONDS = 60.0
PRUNE_AT_ONCE = 1000
# Where nobody has written since a round that found nothing to delete, age alone can make something of it: so many
# rounds may be left out.
SPARED_ROUNDS = 9
SWEEP_SECONDS = 5.0
# Dispatchers look here between their rounds: nobody's lease may run out over another's lock.
BUSY_SECONDS = 0.5


class Expirer:
    """Gives back the claims of dispatchers that are no more (protocol X)."""

    def __init__(
        self, store: Store, *, site: str, identity: Identity, max_crashes: int, on_failed: OnFailed | None = None
    ) -> None:
        """`on_failed` is told of jobs that have failed by it."""
        self._store = store
        self._site = site
        self._identity = identity
        self._max_crashes = max_crashes
        self._on_failed = on_failed
        self._random = Random()  # noqa: S311 - spreads retries, guards nothing
        self.is_held_up = False  #: there were claims to take that could not be had: somebody was writing

    def expire(self) -> int:
        """Take the claims whose lease is over, and those of processes that died on this machine; how many."""
        me = self._identity
        dead = [one for one in self._store.dispatchers() if me.saw_die(one.host, one.pid, one.boot_id)]
        if dead:
            self._end_leases(dead)
            # A maintainer's first look finds nothing, lest one that slept takes everybody for dead. These are.
            self._store.expiry.lost()
        taken = 0
        while lost := self._store.expiry.lost():
            given_back = self._take(lost)
            taken += given_back
            if not given_back:
                break
        self.is_held_up = bool(lost)
        if dead or taken:
            self._store.expiry.forget()
            log.warning("%s: %d claims of dispatchers that are gone were taken back", self._site, taken)
        return taken

    def _take(self, lost: list[LostClaim]) -> int:
        shut_out = self._store.expiry.raise_fence(lost)
        if not shut_out and end_frozen(self._store, self._identity, lost):
            shut_out = self._store.expiry.raise_fence(lost)
        if not shut_out:
            return 0  # site.db is being written; next time
        try:
            with self._store.turn(busy_timeout=BUSY_SECONDS) as turn:
                outcomes = [self._outcome(one, turn.now) for one in shut_out]
                recorded = turn.expire(outcomes)
        except StoreBusy:
            end_frozen(self._store, self._identity, lost)
            return 0
        for job, outcome, one in zip(shut_out, outcomes, recorded, strict=True):
            if one.state is JobState.FAILED and self._on_failed is not None:
                self._on_failed(self._site, job, outcome.error)
        return sum(one.state is not None for one in recorded)

    def _end_leases(self, dead: list[DispatcherView]) -> None:
        with self._store.turn(busy_timeout=BUSY_SECONDS) as turn:
            for one in dead:
                log.warning("%s: the dispatcher with process id %d has died", self._site, one.pid)
                turn.end_lease(one.token)

    def _outcome(self, one: LostClaim, now: int) -> Outcome:
        error = (
            f"The dispatcher that had this job ({one.host or 'unknown host'}) was lost. "
            f"It is the job's crash number {one.crashes + 1}."
        )
        report = Report(ending=Ending.LOST, error=error)
        return decide(one, report, now=now, random=self._random, max_crashes=self._max_crashes)


class Pruner:
    """Deletes what is kept for longer or more than the settings say, and the ledger's rows below the floor."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pruned_version: object = None
        self._spared = 0

    def run_once(self) -> float:
        version = self._store.version()
        if version is not None and version == self._pruned_version and self._spared < SPARED_ROUNDS:
            self._spared += 1
            return PRUNE_SECONDS
        with self._store.turn() as turn:
            pruned = turn.prune(PRUNE_AT_ONCE)
        if pruned >= PRUNE_AT_ONCE:
            return 0.0
        self._store.sweep()
        self._store.prune_ledger()
        self._pruned_version, self._spared = version, 0
        return PRUNE_SECONDS
