"""A dispatcher's business with one site: its token and lease there, what it has claimed, and what is to be recorded.

Whatever fails here is this site's trouble: it is logged, backed off from, and tried again, while other sites go on.
"""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from rota.engine.crew import Held
from rota.engine.identity import Identity
from rota.engine.lease import Lease
from rota.engine.maintenance import Expirer
from rota.engine.outcome import OnFailed
from rota.engine.probe import Probe
from rota.engine.rest import Rest
from rota.engine.settings import DispatcherSettings
from rota.engine.wake import Waker
from rota.errors import CommitUnknown, RotaError, StoreBusy, StoreError, StoreUnavailable
from rota.jobs import Claim, JobState, Outcome
from rota.store import BeatResult, ClaimCursor, ClaimRef, Store, Turn, Want
from rota.store.views import LogLine, Progress, WorkerRow

if TYPE_CHECKING:
    from rota.store.listen import Listener  # its driver is an extra

log = logging.getLogger("rota.dispatcher")

# A site whose store is busy or down must not hold up the others for long.
TURN_BUSY_SECONDS = 0.5
PROGRESS_SECONDS = 1.0
UNAVAILABLE_SECONDS = 2.0
# What lasts is said again about once a minute.
SAID_EVERY = 30
BACK_OFF = (0.05, 0.2, 1.0, 2.0, 5.0, 10.0, 30.0)
PROBE_SECONDS = 0.05
LISTEN_AGAIN_SECONDS = 5.0
# A writer that is busy for a moment is daily life.
QUIET_FAILURES = 3
MOST_OUTCOMES = 500
MOST_LINES = 10_000


@dataclass(slots=True)
class News:
    """What a turn told."""

    claimed: list[Held] = field(default_factory=list)
    canceled: list[Held] = field(default_factory=list)
    gone: list[Held] = field(default_factory=list)
    fenced: bool = False  #: the lease was taken away: nothing that runs for this site may go on


class Holdings:
    """One site's part of a dispatcher."""

    def __init__(
        self,
        name: str,
        opener: Callable[[], Store],
        *,
        identity: Identity,
        settings: DispatcherSettings,
        waker: Waker,
        rows: Callable[[str], list[WorkerRow]],
        on_failed: OnFailed | None = None,
        is_closed: Callable[[str], bool] = lambda _: False,
    ) -> None:
        """`rows` tells of the workers, as this site may see them; `on_failed` is told of jobs that failed for good.

        Nothing is claimed from a site that `is_closed`.
        """
        self.name = name
        self._open = opener
        self._identity = identity
        self._queues = list(settings.queues)
        self._max_crashes = settings.max_crashes
        self._waker = waker
        self._on_failed = on_failed
        self._is_closed = is_closed
        self.listener: Listener | None = None
        self._listen_at = 0.0  #: seconds, monotonic: not tried before
        self.store: Store | None = None
        self._expirer: Expirer | None = None
        self._rest = Rest(lease=settings.lease)
        self.lease = Lease(identity=identity, queues=self._queues, seconds=settings.lease, rows=lambda: rows(name))
        self.held: dict[ClaimRef, Held] = {}
        self.waiting: deque[Held] = deque()
        self.ended: dict[ClaimRef, Outcome] = {}
        self.hungry = True  #: something may be claimable
        self.backlog = False  #: there was no end of it when we claimed last: others find as much as they can run
        self.capped = False  #: something may be, of a queue that has all the workers it may have
        self.fenced = False
        self.down_until = 0.0
        self.served_at = 0.0
        self._cursor = ClaimCursor()
        self._lines: list[LogLine] = []
        self._progress: dict[str, Progress] = {}
        self._progress_at = 0.0
        self.due_at: float | None = None  #: seconds, monotonic: when a scheduled job comes due
        self.due_unknown = True  #: a job may have been scheduled since `due_at` was read
        self.unmaintained = False  #: maintenance was wanted and its store was out of reach
        self._failures = 0
        self._answers = False  #: not known to be out of reach
        self._probe: Probe | None = None

    # --- what is to be told the store ---

    def end(self, held: Held, outcome: Outcome) -> None:
        """Keep a claim's outcome until its record has been committed."""
        self.ended[held.ref] = outcome

    def tell(self, lines: Sequence[LogLine]) -> None:
        self._lines += lines
        # A site that is down for long keeps its latest lines.
        del self._lines[:-MOST_LINES]

    def tell_progress(self, progress: Progress) -> None:
        self._progress[progress.key] = progress

    def wake(self) -> None:
        """Something is new here: look at it soon."""
        self.hungry = self.due_unknown = True

    def take_waiting(self, held: Held) -> bool:
        """Take a claim out of those that wait for a worker; False if it does not."""
        if held not in self.waiting:
            return False
        self.waiting.remove(held)
        return True

    def is_lost(self, held: Held) -> bool:
        """Whether somebody else decides about a claim, so that its end is not ours to record."""
        return self.fenced or held.gone

    @property
    def files(self) -> tuple[Path, ...]:
        """Its database files, once they are open; none where a server has them."""
        return () if self.store is None else self.store.files

    def drop(self, ref: ClaimRef) -> None:
        """Forget a claim about which somebody else has decided."""
        self.held.pop(ref, None)
        self.ended.pop(ref, None)

    # --- when ---

    def is_up(self, now: float) -> bool:
        """Whether there is a point in asking its store for anything now."""
        return now >= self.down_until and (self._answers or self._ask(now))

    @property
    def is_given_up(self) -> bool:
        """Whether it has failed so often that nobody should wait for it."""
        return self._failures > QUIET_FAILURES

    def _ask(self, now: float) -> bool:
        """Whether a server that did not answer does again. A file answers at once, if only that it can't be read."""
        try:
            store = self._opened()
        except Exception as error:  # noqa: BLE001 - as in turn
            self._trouble(now, error)
            return False
        if store.dialect == "sqlite":
            self._answers = True
            return True
        if self._probe is None:
            self._probe = Probe(store.due_at, name=self.name)
        if not self._probe.is_done:
            self.down_until = now + PROBE_SECONDS
            return False
        probe, self._probe = self._probe, None
        if probe.error is not None:
            self._trouble(now, probe.error)
            return False
        self._answers = True
        return True

    def needs_turn(self, now: float) -> bool:
        """Whether there is something to write, apart from claiming."""
        if not self.is_up(now):
            return False
        progress = bool(self._progress) and now >= self._progress_at + PROGRESS_SECONDS
        due = self.due_at is not None and now >= self.due_at
        return bool(self.ended or self._lines) or progress or due or now >= self.lease.next_at

    def may_sleep(self) -> bool:
        """Whether nothing goes on here but what `next_at` tells."""
        return not (
            self.hungry
            or self.due_unknown
            or self.unmaintained
            or self.held
            or self.ended
            or self._lines
            or self._progress
            or self.fenced
            or self._failures
        )

    def next_at(self, now: float) -> float:
        """When this site wants attention by itself next: seconds, monotonic."""
        if not self.is_up(now):
            return self.down_until
        moments = [self.lease.next_at]
        if self.due_at is not None:
            moments.append(self.due_at)
        if self._progress:
            moments.append(self._progress_at + PROGRESS_SECONDS)
        return min(moments)

    # --- a turn ---

    def turn(self, now: float, wants: Sequence[Want], limit: int) -> News:
        """One transaction: beat, record, promote, claim up to `limit`. On trouble nothing of it is forgotten."""
        news, registered = News(), bool(self.lease.token)
        limit = self._open_for(limit)
        try:
            store = self._opened()
            ended = list(self.ended.items())[:MOST_OUTCOMES]
            outcomes = [outcome for _, outcome in ended]
            lines, progress = self._lines, dict(self._progress)
            with store.turn(busy_timeout=TURN_BUSY_SECONDS) as turn:
                told = self.lease.beat(turn, now, self.held, claims=limit > 0, dialect=store.dialect)
                self._hear(told, news)
                recorded = turn.record(outcomes) if outcomes else []
                if lines:
                    turn.log(lines)
                if progress:
                    turn.progress(list(progress.values()))
                self._promote(turn, now)
                claims = turn.claim(self.lease.token, wants, limit, self._cursor) if limit and not news.fenced else []
        except CommitUnknown as error:
            # What was claimed and not told is given back at the next beat; what was recorded is recorded again.
            self._trouble(now, error)
            return News()
        except Exception as error:  # noqa: BLE001 - a broken site must never stop the others
            if not registered:
                self.lease.lapse()
            self._trouble(now, error)
            return News()
        self._failures = 0
        self.served_at = now
        for (ref, outcome), one in zip(ended, recorded, strict=True):
            if one.state is JobState.FAILED and self._on_failed is not None and ref in self.held:
                self._on_failed(self.name, self.held[ref].claim, outcome.error)
            self.drop(ref)
        self._lines = self._lines[len(lines) :]
        if progress:
            self._progress, self._progress_at = {}, now
        self.due_unknown = self.due_unknown or any(one.run_at or one.children for one in outcomes)
        news.claimed = [self._hold(claim, now) for claim in claims]
        if limit:
            self.backlog = len(claims) >= limit
            self.hungry = self.backlog or bool(turn.woken)
            self.capped = self._is_capped(wants, limit, claims)
        else:
            self.hungry = self.hungry or bool(turn.woken)
        if turn.woken:
            self._waker.wake(self.name)
        if store.is_sweep_due:
            self._sweep(store, now)
        return news

    def _open_for(self, limit: int) -> int:
        if not limit or not self._is_closed(self.name):
            return limit
        # It is asked again when somebody wakes it, or a look finds something claimable.
        self.hungry = False
        return 0

    def _sweep(self, store: Store, now: float) -> None:
        try:
            store.sweep()
        except StoreError as error:
            self._trouble(now, error)

    def _is_capped(self, wants: Sequence[Want], limit: int, claims: Sequence[Claim]) -> bool:
        """Whether there may be more of a queue that has all the workers it may have."""
        most, got = dict(wants), Counter(claim.queue for claim in claims)
        return any(most.get(name, 0) < limit and got[name] >= most.get(name, 0) for name in self._queues)

    def _hear(self, told: BeatResult | None, news: News) -> None:
        """Note what the store told at a beat."""
        if told is None:
            return
        if not told.alive:
            news.fenced = self.fenced = True
            return
        news.canceled = [self.held[ref] for ref in told.canceled]
        news.gone = [self.held[ref] for ref in told.gone if ref not in self.ended]

    def _promote(self, turn: Turn, now: float) -> None:
        if self.due_at is None or now < self.due_at:
            return
        self._next_due(turn.promote_due(), turn.now, now)
        self.hungry = True

    def _next_due(self, due: int | None, store_now: int, now: float) -> None:
        self.due_at = None if due is None else now + max(0.0, (due - store_now) / 1_000_000)

    def _hold(self, claim: Claim, now: float) -> Held:
        ref = ClaimRef(claim.key, claim.number)
        held = Held(self.name, claim, ref, now)
        self.held[ref] = held
        self.waiting.append(held)
        return held

    def start_anew(self) -> None:
        """After the lease was taken away, and with no worker left on this site: forget all, take a new token."""
        self.held.clear()
        self.waiting.clear()
        self.ended.clear()
        self.fenced = False
        self.lease.lapse()
        self._cursor = ClaimCursor()

    # --- looking without writing ---

    def is_at_rest(self, now: float) -> bool:
        """Whether a look would find nothing, as the last one did, since nobody has written anything."""
        if self.store is None or not self.may_sleep():
            return False
        try:
            return self._rest.spares(self.store.version(), now)
        except StoreError as error:
            self._trouble(now, error)
            return False

    def look(self, now: float) -> None:
        """Ask the store whether something is claimable or will be: the net under the wake-ups."""
        if not self.is_up(now):
            return
        try:
            store = self._opened()
            self._next_due(store.due_at(), store.now(), now)
            self.due_unknown = False
            self.hungry = self.hungry or store.backlog(self._queues, self._cursor)
        except Exception as error:  # noqa: BLE001 - as in turn
            self._trouble(now, error)

    def maintain(self, now: float) -> None:
        """Take back what dead dispatchers held, and bring what is settled out of the documents' database."""
        # At a start a server is asked first whether it answers: what a dead dispatcher held must not wait for longer.
        self.unmaintained = not self.is_up(now)
        if self.unmaintained:
            return
        try:
            self._opened().sweep()
            if self._expirer is not None:
                self.hungry = bool(self._expirer.expire()) or self.hungry
                self._rest.note_look(now, in_order=not (self.hungry or self._failures or self._expirer.is_held_up))
        except Exception as error:  # noqa: BLE001 - as in turn
            self._trouble(now, error)

    def listen(self, now: float) -> Listener | None:
        """Begin to hear of this site's jobs from its database, if that can tell and does not already."""
        if self.store is None or self.listener is not None or now < self._listen_at or not self.is_up(now):
            return None
        try:
            self.listener = self.store.listen()
        except StoreError as error:
            self._listen_at = now + LISTEN_AGAIN_SECONDS
            log.warning("%s: can't listen, so it is looked at now and then: %s", self.name, error)
        return self.listener

    def stop_listening(self) -> None:
        if self.listener is not None:
            self.listener.close()
            self.listener = None

    def _opened(self) -> Store:
        if self.store is None:
            self.store = self._open()
            self._expirer = Expirer(
                self.store,
                site=self.name,
                identity=self._identity,
                max_crashes=self._max_crashes,
                on_failed=self._on_failed,
            )
        return self.store

    def leave(self) -> None:
        """Say good-bye, with nothing held any more."""
        self.stop_listening()
        if self.store is None:
            return
        try:
            if self.lease.token:
                with self.store.turn(busy_timeout=TURN_BUSY_SECONDS) as turn:
                    turn.unregister(self.lease.token)
        except StoreError as error:
            log.warning("%s: could not leave: %s", self.name, error)
        self.store.close()

    def _trouble(self, now: float, error: Exception) -> None:
        delay = BACK_OFF[min(self._failures, len(BACK_OFF) - 1)]
        if isinstance(error, StoreBusy):
            delay = min(delay, 1.0)
        elif isinstance(error, StoreUnavailable):
            # To ask costs little, and jobs are to run again soon after it is back.
            delay = min(delay, UNAVAILABLE_SECONDS)
        self.down_until = now + delay
        self.lease.retry(now, self.down_until)
        self._rest.end()
        self._answers = not isinstance(error, StoreUnavailable)
        self._failures += 1
        if not isinstance(error, RotaError):
            log.error("%s: next try in %.2f s", self.name, delay, exc_info=error)
        elif self._is_news(error):
            log.warning("%s: %s; next try in %.2f s", self.name, error, delay)

    def _is_news(self, error: Exception) -> bool:
        if isinstance(error, StoreBusy):
            return self._failures > QUIET_FAILURES
        return self._failures <= len(BACK_OFF) or self._failures % SAID_EVERY == 0
