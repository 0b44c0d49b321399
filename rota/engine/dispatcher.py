"""The parent of a host's workers: one loop that claims, hands out, watches, and records, for all sites of a bench.

It runs no application code and never waits for a job. Each step is made so that a kill after it leaves what the next
process can go on from.
"""

from __future__ import annotations

import gc
import logging
import os
import selectors
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from setproctitle import setproctitle

from rota.clock import Clock, SystemClock, to_micros
from rota.engine.channel import ASYNC, LOG, PROGRESS, RETIRE
from rota.engine.crew import Crew, Hand, Held
from rota.engine.descriptors import raise_file_limit
from rota.engine.frozen import FrozenWriters
from rota.engine.handout import HandOut
from rota.engine.holdings import Holdings, News
from rota.engine.identity import Identity
from rota.engine.nursery import NurseryGone
from rota.engine.outcome import OnFailed, decide
from rota.engine.pace import Pace
from rota.engine.peers import Peers
from rota.engine.report import Report, Runner, decode_report
from rota.engine.roster import Roster, Sites
from rota.engine.settings import DispatcherSettings
from rota.engine.staff import Staff
from rota.engine.wake import CONTROL, HELLO, Waker, WakeSocket
from rota.engine.watch import FENCED, PATIENCE_SECONDS, STOP, Watch
from rota.jobs import Ending
from rota.store import Store
from rota.store.views import LogLine, Progress

log = logging.getLogger("rota.dispatcher")

PATROL_SECONDS = 0.1
# A turn is a commit, which costs the same for one outcome as for many: while all workers have at least so many jobs, or
# enough for longer, it waits so long at most until there are so many outcomes.
GATHER_SECONDS, GATHER_HELD, GATHER_OUTCOMES = 0.005, 48, 160
# How long nothing is claimed after a claim was given back as nobody was free for it, unless a worker is.
FIRST_PAUSE_SECONDS, LAST_PAUSE_SECONDS = 0.05, 1.0
# So many new objects are there before garbage is looked for among them; a full turn's claims make fewer.
YOUNG_OBJECTS = 10_000
#: Told so, a dispatcher claims nothing more, lets what runs come to its end, and ends itself; another one goes on.
RETIRE_SIGNAL = signal.SIGUSR1
# What a site that is down has not recorded by then is left to its lease.
LAST_RECORDS_SECONDS = 5.0


class Dispatcher:
    """Serves queues until it is told to stop (SIGTERM or SIGINT) or to retire, or, in burst mode, until they are empty.

    Told to stop, it gives what runs the grace period; told to retire, as long as it takes.
    """

    def __init__(
        self,
        *,
        sites: Sites,
        runner: Runner,
        run_folder: Path,
        settings: DispatcherSettings,
        clock: Clock | None = None,
        on_failed: OnFailed | None = None,
        is_closed: Callable[[str], bool] = lambda _: False,
    ) -> None:
        """`sites` names the bench's sites and how to open each one's store; nothing is opened before `run`.

        `on_failed` is told of each job that has failed for good. Nothing is claimed from a site that `is_closed`. Both
        must be quick.
        """
        self._open_sites = sites
        self._runner = runner
        self._run_folder = run_folder
        self._settings = settings
        self._clock = clock or SystemClock()
        self._on_failed = on_failed
        self._is_closed = is_closed
        self._identity = Identity()
        self._random = Random()  # noqa: S311 - spreads retries, guards nothing
        self._pace = Pace()
        self._stopping = False
        self._kill_at = float("inf")  #: seconds, monotonic: when what runs has had its grace
        self._signals = 0
        self._retires = False
        self._claims_from = 0.0
        self._misses = 0
        self._now = 0  #: microseconds since 1970, when this round began

    def run(self) -> int:
        """Serve. The answer is the process's exit code."""
        setproctitle("rota: dispatcher")
        raise_file_limit()
        # The nursery first: a process forked after a connection was opened would share it.
        self._crew = Crew(self._runner, self._settings.worker)
        self._hand_outs = HandOut(self._crew, self._pace, self._settings)
        self._watch = Watch(self._crew, grace=self._settings.grace, keep=self._keep)
        self._wake = WakeSocket(self._run_folder)
        self._waker = Waker(self._run_folder, but=self._wake.path.name)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._crew, selectors.EVENT_READ, self._hear_nursery)
        self._selector.register(self._wake, selectors.EVENT_READ, self._hear_wake)
        self._selector.register(self._take_signals(), selectors.EVENT_READ, _drain)
        frozen = FrozenWriters(patience=self._settings.lease)
        self._sites = Roster(self._open_sites, self._make_holdings, self._selector, frozen=frozen)
        self._staff = Staff(
            self._crew,
            self._watch,
            self._sites,
            self._selector,
            self._settings.workers,
            hear=self._heard,
            end=self._end,
        )
        self._peers = Peers(self._run_folder, self._selector, self._sites.maintain_all)
        self._peers.look()
        self._waker.wake(HELLO, CONTROL)
        # What stays until the end is not looked through again and again: that would stop everything for 30 ms. Nor are
        # claims, which come and go by the hundred and are never part of a cycle.
        gc.freeze()
        gc.set_threshold(YOUNG_OBJECTS)
        try:
            while not self._is_done():
                self._round()
        except NurseryGone as error:
            log.error("%s; this dispatcher ends, to be started anew", error)  # noqa: TRY400 - the error says it all
            return 1
        finally:
            self._leave()
        if self._settings.burst and not self._stopping:
            sys.stderr.write("quitting: nothing is left to do\n")
        return 0

    # --- the loop ---

    def _round(self) -> None:
        ready = self._selector.select(self._sleep_seconds())
        self._now = to_micros(self._clock.now())
        for key, _ in ready:
            key.data(key.fileobj)
        # After all pipes: a worker's last words count, and its descriptors may be given out again.
        self._staff.bury_the_dead()
        now = time.monotonic()
        self._check_stop(now)
        if not self._stopping and self._staff.hire(now, self._now):
            self._claims_from = 0.0
        self._watch.patrol(now)
        if not self._stopping:
            self._sites.tick(now)
        # A worker that is free gets what was claimed ahead before the end of its last job is recorded.
        self._hand_out()
        self._turns()
        self._hand_out()
        # Only now: a job that was just claimed need not wait for it.
        if not self._stopping:
            self._sites.look(time.monotonic())
        self._sites.rest(time.monotonic())

    def _sleep_seconds(self) -> float:
        now, stopping = time.monotonic(), self._stopping
        awake = self._sites.awake.values()
        moments = [float("inf") if stopping else self._sites.wants_round_at()]
        if len(self._crew.hands) < self._settings.workers and not stopping:
            moments.append(self._staff.starts.next_at)
        deep = any(len(hand.held) > 1 for hand in self._crew) or any(one.waiting for one in awake)
        if deep or stopping or any(hand.held for hand in self._crew):
            moments.append(now + (PATIENCE_SECONDS if deep else PATROL_SECONDS))
        may_claim = not stopping and now >= self._claims_from
        free = may_claim and any(hand.is_open and not hand.held for hand in self._crew)
        for one in awake:
            if one.needs_turn(now) or (free and one.hungry and one.is_up(now)):
                if not self._gathers(one, now):
                    return 0.0
                moments.append(one.served_at + GATHER_SECONDS)
            moments.append(one.next_at(now))
        if not may_claim and not stopping:
            moments.append(self._claims_from)
        return max(0.0, min(moments) - now)

    def _is_done(self) -> bool:
        if self._stopping:
            working = any(hand.held for hand in self._crew)
            late = time.monotonic() > self._kill_at + LAST_RECORDS_SECONDS
            return not working and (late or not any(one.held for one in self._sites))
        if not self._settings.burst or not self._sites:
            return False
        return all(one.is_given_up and not one.held for one in self._sites.awake.values())

    def _leave(self) -> None:
        self._crew.close()
        self._sites.leave()
        self._peers.close()
        self._selector.close()
        self._wake.close()
        signal.set_wakeup_fd(-1)

    # --- being told ---

    def _take_signals(self) -> int:
        read, write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        for one in (signal.SIGTERM, signal.SIGINT, RETIRE_SIGNAL):
            signal.signal(one, self._count_signal)
        return read

    def _count_signal(self, number: int, _: object) -> None:
        if number == RETIRE_SIGNAL:
            self._retires = True
        else:
            self._signals += 1

    def _hear_wake(self, _: object) -> None:
        heard, overflowed = self._wake.drain()
        for name, kind in heard:
            if name == HELLO:
                self._peers.look()
                continue
            one = self._sites.wake(name)
            if one is not None and kind == CONTROL:
                one.lease.beat_at = 0.0
        if overflowed:
            self._sites.wake_all()

    def _hear_nursery(self, _: object) -> None:
        self._staff.note_deaths()

    def _heard(self, hand: Hand, values: Sequence[Any]) -> None:
        head = values[0]
        if isinstance(head, int):
            held = hand.held.pop(head, None)
            if held is not None:
                self._reported(hand, held, values[1] / 1_000_000, decode_report(values[2:]))
            return
        rest = values[1:]
        if head == RETIRE:
            log.info("worker %d is replaced: %s", hand.pid, rest[1])
            self._watch.take_back(hand)
            self._crew.retire(hand)
            return
        held = hand.held.get(rest[0])
        if held is None:
            return
        site, key = self._sites.stir(held.site), held.claim.key
        if head == LOG:
            attempt = held.claim.attempt
            site.tell([LogLine(key=key, attempt=attempt, at=at, level=level, text=text) for at, level, text in rest[1]])
        elif head == PROGRESS:
            done, total, message = rest[1:]
            site.tell_progress(Progress(key=key, at=self._now, done=done, total=total, message=message))
        elif head == ASYNC:
            hand.runs_async = True
            self._pace.note_async(held.site, held.claim.method)

    def _reported(self, hand: Hand, held: Held, seconds: float, report: Report) -> None:
        hand.ease(held)
        if not hand.held:
            self._claims_from, self._misses = 0.0, 0
        if not hand.is_new:  # else it had to open the site first, which says nothing of the method
            self._pace.note(held.site, held.claim.method, seconds)
        hand.note(seconds, failed=report.ending is Ending.FAILED)
        self._end(held, report)

    def _end(self, held: Held, report: Report) -> None:
        outcome = decide(held.claim, report, now=self._now, random=self._random, max_crashes=self._settings.max_crashes)
        self._sites.stir(held.site).end(held, outcome)
        if held.claim.queue in self._hand_outs.capped:
            for one in self._sites:
                if one.capped:
                    self._sites.stir(one.name).hungry = True

    def _keep(self, taken: list[Held]) -> None:
        """What a worker has not begun waits for another one, before what waits already."""
        now = time.monotonic()
        for held in reversed(taken):
            held.waiting_since = now
            self._sites.stir(held.site).waiting.appendleft(held)

    # --- sites ---

    def _make_holdings(self, name: str, opener: Callable[[], Store]) -> Holdings:
        return Holdings(
            name,
            opener,
            identity=self._identity,
            settings=self._settings,
            waker=self._waker,
            rows=self._staff.rows,
            on_failed=self._on_failed,
            is_closed=self._is_closed,
        )

    def _gathers(self, one: Holdings, now: float) -> bool:
        """Whether a turn of this site may wait a moment and do more at once, as no worker waits for it.

        So it is while all have enough to do, and while all have something and the turn would only record.
        """
        if now >= min(one.served_at + GATHER_SECONDS, one.lease.beat_at) or len(one.ended) >= GATHER_OUTCOMES:
            return False
        if not one.hungry and all(hand.held for hand in self._crew):
            return True
        return all(len(hand.held) >= GATHER_HELD or hand.load >= 2 * GATHER_SECONDS for hand in self._crew)

    def _turns(self) -> None:
        now, sites = time.monotonic(), list(self._sites.awake.values())
        hungry = [one for one in sites if one.hungry and one.is_up(now) and not one.fenced]
        may_claim = not self._stopping and now >= self._claims_from
        room = self._hand_outs.room(sites, hungry) if may_claim else 0
        # Whoever was served longest ago comes first, and takes no more than its share.
        for one in sorted(sites, key=lambda one: one.served_at):
            if one.fenced:
                self._end_fenced(one)
                continue
            if self._gathers(one, now):
                continue
            limit = self._hand_outs.share(one, room, hungry)
            wants = self._hand_outs.wants(sites, limit) if limit else []
            if not wants and not one.needs_turn(now):
                continue
            began = time.monotonic()
            news = one.turn(began, wants, limit if wants else 0)
            self._hand_outs.note_turn(time.monotonic() - began)
            room -= len(news.claimed)
            self._follow(one, news)

    def _follow(self, one: Holdings, news: News) -> None:
        """Do what the store told at the beat."""
        now = time.monotonic()
        if news.fenced:
            log.warning("%s: the lease was over, others have its jobs: the workers on them are killed", one.name)
            for hand in self._crew:
                if any(held.site == one.name for held in hand.held.values()):
                    self._crew.kill(hand, FENCED)
            return
        for held in news.canceled:
            if one.take_waiting(held) or self._watch.cancel(held, now):
                self._end(held, Report(ending=Ending.RELEASED))
        for held in news.gone:
            self._let_go(one, held)

    def _let_go(self, one: Holdings, held: Held) -> None:
        """Somebody else has decided about a claim. Its worker may be just about to say the same."""
        hand = self._watch.hand_of(held)
        if hand is None:
            one.take_waiting(held)
            one.drop(held.ref)
        elif held.gone:
            self._crew.kill(hand, FENCED)
        held.gone = True

    def _end_fenced(self, one: Holdings) -> None:
        if not any(held.site == one.name for hand in self._crew for held in hand.held.values()):
            one.start_anew()

    # --- handing out ---

    def _hand_out(self) -> None:
        if self._stopping:
            return
        now, missed, patience = time.monotonic(), False, self._hand_outs.patience()
        for one in sorted(self._sites.awake.values(), key=lambda one: one.served_at):
            while one.waiting and not one.fenced and self._hand_outs.place(one.waiting[0]):
                one.waiting.popleft()
            while one.waiting and now - one.waiting[-1].waiting_since > patience:
                # Nobody here is free for it: others may be. It is not to be claimed and given back again and again.
                self._end(one.waiting.pop(), Report(ending=Ending.RELEASED))
                missed = True
        if missed:
            self._claims_from = now + min(FIRST_PAUSE_SECONDS * 2**self._misses, LAST_PAUSE_SECONDS)
            self._misses = min(self._misses + 1, 10)

    # --- stopping ---

    def _check_stop(self, now: float) -> None:
        if not self._signals and not self._retires:
            return
        if not self._stopping:
            self._begin_to_stop()
        if self._signals and self._kill_at == float("inf"):
            log.info("stopping: running jobs have %g s", self._settings.grace)
            self._kill_at = now + self._settings.grace
        for one in self._sites.awake.values():
            while one.waiting:
                self._end(one.waiting.pop(), Report(ending=Ending.RELEASED))
        if self._signals > 1 or now > self._kill_at:
            for hand in self._crew:
                if hand.held:
                    self._crew.kill(hand, STOP)

    def _begin_to_stop(self) -> None:
        self._stopping = True
        if self._retires:
            log.info("retiring: nothing more is claimed, and running jobs go on to their end")
        for hand in self._crew:
            # Jobs that can be resumed elsewhere end at their next step.
            hand.slate.stop()
            self._watch.take_back(hand)
            if self._retires:
                self._crew.retire(hand)


def _drain(descriptor: int) -> None:
    os.read(descriptor, 4096)
