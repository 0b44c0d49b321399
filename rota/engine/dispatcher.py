"""The parent of a host's workers: one loop that claims, hands out, watches, and records, for all sites of a bench.

It runs no application code and never waits for a job. Each step is made so that a kill after it leaves what the next
process can go on from.
"""

from __future__ import annotations

import logging
import os
import resource
import selectors
import signal
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from setproctitle import setproctitle

from rota.clock import Clock, SystemClock, to_micros
from rota.config import Config
from rota.engine.channel import ASYNC, LOG, PROGRESS, RETIRE
from rota.engine.crew import Crew, Hand, Held
from rota.engine.holdings import Holdings, News
from rota.engine.identity import Identity
from rota.engine.nursery import Dead, NurseryGone
from rota.engine.outcome import decide
from rota.engine.pace import HORIZON_SECONDS, Pace
from rota.engine.report import Report, Runner, decode_report
from rota.engine.wake import CONTROL, Waker, WakeSocket
from rota.engine.worker import WorkerSettings
from rota.errors import UnknownQueue
from rota.jobs import Ending
from rota.store import Store, Want
from rota.store.views import LogLine, Progress, WorkerRow

log = logging.getLogger("rota.dispatcher")

Sites = Callable[[], Mapping[str, Callable[[], Store]]]

# How long a job may hold up what waits behind it, or a claim may wait for a worker.
PATIENCE_SECONDS = 0.02
PATROL_SECONDS = 0.1
SITES_SECONDS = 30.0
# Jobs of a queue with a longer default timeout never hold all workers.
LONG_TIMEOUT_SECONDS = 600.0
START_BACK_OFF_SECONDS = 0.1
MOST_START_BACK_OFF_SECONDS = 10.0
TIMEOUT, CANCEL, STOP, FENCED = "timeout", "cancel", "stop", "fenced"
KILLED_TYPES = ("rota.errors.JobTimeout", "builtins.BaseException")


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatcherSettings:
    """What a dispatcher serves, and its limits. Durations in seconds."""

    queues: Mapping[str, float]  #: name to default timeout, in the order of service
    workers: int
    limits: Mapping[str, int] = field(default_factory=dict)  #: the most jobs of a queue at once on this host
    lease: float = 20.0
    grace: float = 10.0
    max_crashes: int = 3
    burst: bool = False  #: end when nothing is left to do
    worker: WorkerSettings = field(default_factory=WorkerSettings)

    @classmethod
    def of(
        cls, config: Config, *, queues: Iterable[str] = (), workers: int | None = None, burst: bool = False
    ) -> DispatcherSettings:
        """The bench's settings, with a command's own over them. `queues`: only these, in this order.

        Raises:
            UnknownQueue: the bench has no such queue.
        """
        known = config.queues()
        wanted = list(queues) or list(known)
        for name in wanted:
            if name not in known:
                raise UnknownQueue(name, list(known))
        return cls(
            queues={name: known[name] for name in wanted},
            workers=workers or config.worker_processes(),
            limits=config.queue_limits(),
            lease=config.claim_timeout,
            grace=config.grace,
            max_crashes=config.max_crashes,
            burst=burst,
            worker=WorkerSettings(
                max_log_size=config.max_log_size,
                recycle_after_jobs=config.recycle_after_jobs,
                recycle_after_mib=config.recycle_after_mib,
                async_jobs=config.async_jobs,
            ),
        )


class Dispatcher:
    """Serves queues until it is told to stop (SIGTERM or SIGINT), or, in burst mode, until they are empty."""

    def __init__(
        self,
        *,
        sites: Sites,
        runner: Runner,
        run_folder: Path,
        settings: DispatcherSettings,
        clock: Clock | None = None,
    ) -> None:
        """`sites` names the bench's sites and how to open each one's store; nothing is opened before `run`."""
        self._sites = sites
        self._runner = runner
        self._run_folder = run_folder
        self._settings = settings
        self._clock = clock or SystemClock()
        self._identity = Identity()
        self._pace = Pace()
        self._random = Random()  # noqa: S311 - spreads retries, guards nothing
        self._holdings: dict[str, Holdings] = {}
        self._turn_seconds = 0.0
        self._stopping_since: float | None = None
        self._signals = 0
        self._hire_at = 0.0
        self._bad_starts = 0
        self._sites_at = 0.0
        self._look_at = 0.0
        self._look_order: list[str] = []

    def run(self) -> int:
        """Serve. The answer is the process's exit code."""
        setproctitle("rota: dispatcher")
        _raise_file_limit()
        # The nursery first: a process forked after a connection was opened would share it.
        self._crew = Crew(self._runner, self._settings.worker)
        self._wake = WakeSocket(self._run_folder)
        self._waker = Waker(self._run_folder, but=self._wake.path.name)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._crew, selectors.EVENT_READ, self._hear_nursery)
        self._selector.register(self._wake, selectors.EVENT_READ, self._hear_wake)
        self._selector.register(self._take_signals(), selectors.EVENT_READ, _drain)
        try:
            while not self._is_done():
                self._round()
        except NurseryGone as error:
            log.error("%s; this dispatcher ends, to be started anew", error)  # noqa: TRY400 - the error says it all
            return 1
        finally:
            self._leave()
        if self._settings.burst and self._stopping_since is None:
            sys.stderr.write("quitting: nothing is left to do\n")
        return 0

    # --- the loop ---

    def _round(self) -> None:
        for key, _ in self._selector.select(self._sleep_seconds()):
            key.data(key.fileobj)
        now = time.monotonic()
        self._check_stop(now)
        self._hire(now)
        self._look(now)
        self._patrol(now)
        self._turns(time.monotonic())
        self._hand_out(time.monotonic())

    def _sleep_seconds(self) -> float:
        now = time.monotonic()
        moments = [self._look_at, self._sites_at]
        if len(self._crew.hands) < self._settings.workers:
            moments.append(self._hire_at)
        busy = any(hand.held for hand in self._crew)
        deep = any(len(hand.held) > 1 for hand in self._crew) or any(one.waiting for one in self._holdings.values())
        if busy or deep or self._stopping_since is not None:
            moments.append(now + (PATIENCE_SECONDS if deep else PATROL_SECONDS))
        room = any(hand.is_open and not hand.held for hand in self._crew)
        for one in self._holdings.values():
            if one.needs_turn(now) or (room and one.hungry and one.is_up(now) and self._stopping_since is None):
                return 0.0
            moments.append(one.next_at(now))
        return max(0.0, min(moments) - now)

    def _is_done(self) -> bool:
        if self._stopping_since is not None:
            return not any(one.held for one in self._holdings.values()) and not any(hand.held for hand in self._crew)
        if not self._settings.burst or not self._holdings:
            return False
        now = time.monotonic()
        return not any(one.held or one.hungry or one.needs_turn(now) for one in self._holdings.values())

    def _leave(self) -> None:
        self._crew.close()
        for one in self._holdings.values():
            one.leave()
        self._selector.close()
        self._wake.close()
        signal.set_wakeup_fd(-1)

    # --- being told ---

    def _take_signals(self) -> int:
        read, write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        for one in (signal.SIGTERM, signal.SIGINT):
            signal.signal(one, self._count_signal)
        return read

    def _count_signal(self, *_: object) -> None:
        self._signals += 1

    def _hear_wake(self, _: object) -> None:
        heard, overflowed = self._wake.drain()
        for name, kind in heard:
            one = self._holdings.get(name)
            if one is None:
                self._sites_at = 0.0
                continue
            one.hungry = one.due_unknown = True
            if kind == CONTROL:
                one.beat_at = 0.0
        if overflowed:
            for one in self._holdings.values():
                one.hungry = one.due_unknown = True

    def _hear_nursery(self, _: object) -> None:
        for hand, dead in self._crew.events():
            if dead is not None:
                self._bury(hand, dead)

    def _hear_hand(self, hand: Hand) -> None:
        for values in self._crew.read(hand):
            self._heard(hand, values)

    def _heard(self, hand: Hand, values: list[Any]) -> None:
        head, *rest = values
        if head == RETIRE:
            log.info("worker %d is replaced: %s", hand.pid, rest[1])
            self._keep(self._crew.take_back(hand))
            self._crew.retire(hand)
            return
        held = hand.held.get(rest[0] if isinstance(head, str) else head)
        if held is None:
            return
        site = self._holdings[held.site]
        if head == LOG:
            site.tell([LogLine(key=held.claim.key, attempt=held.claim.attempt, at=at, level=level, text=text)
                       for at, level, text in rest[1]])  # fmt: skip
        elif head == PROGRESS:
            done, total, message = rest[1:]
            now = to_micros(self._clock.now())
            site.tell_progress(Progress(key=held.claim.key, at=now, done=done, total=total, message=message))
        elif head == ASYNC:
            hand.runs_async = True
            self._pace.note_async(held.site, held.claim.method)
        else:
            del hand.held[head]
            self._reported(hand, held, rest[0] / 1_000_000, decode_report(rest[1:]))

    def _reported(self, hand: Hand, held: Held, seconds: float, report: Report) -> None:
        if not hand.held:
            hand.load, hand.runs_async = 0.0, False
        hand.busy += seconds
        if report.ending is Ending.FAILED:
            hand.failed += 1
        else:
            hand.finished += 1
        self._pace.note(held.site, held.claim.method, seconds)
        self._end(held, report)

    def _end(self, held: Held, report: Report) -> None:
        now = to_micros(self._clock.now())
        outcome = decide(held.claim, report, now=now, random=self._random, max_crashes=self._settings.max_crashes)
        self._holdings[held.site].end(outcome)

    def _keep(self, taken: list[Held]) -> None:
        """What a worker has not begun waits for another one, before what waits already."""
        now = time.monotonic()
        for held in reversed(taken):
            held.waiting_since = now
            self._holdings[held.site].waiting.appendleft(held)

    # --- workers ---

    def _hire(self, now: float) -> None:
        if self._stopping_since is not None or now < self._hire_at:
            return
        open_hands = sum(1 for hand in self._crew if hand.is_open)
        for _ in range(self._settings.workers - open_hands):
            hand = self._crew.hire(to_micros(self._clock.now()))
            self._selector.register(hand.reports, selectors.EVENT_READ, lambda _, hand=hand: self._hear_hand(hand))

    def _bury(self, hand: Hand, dead: Dead) -> None:
        for values in self._crew.read_all(hand):
            self._heard(hand, values)
        self._keep(self._crew.take_back(hand))
        for serial, held in hand.held.items():
            if hand.doomed == FENCED and self._holdings[held.site].fenced:
                continue
            self._end(held, self._post_mortem(hand, dead, serial, held))
        if dead.status or hand.doomed:
            log.warning("worker %d %s%s", dead.pid, dead.cause, f" ({hand.doomed})" if hand.doomed else "")
        early = not hand.finished and not hand.failed and not hand.doomed and dead.status != 0 and not hand.held
        self._bad_starts = self._bad_starts + 1 if early else 0
        if early:
            delay = min(START_BACK_OFF_SECONDS * 2**self._bad_starts, MOST_START_BACK_OFF_SECONDS)
            self._hire_at = time.monotonic() + delay
        self._selector.unregister(hand.reports)
        self._crew.bury(hand)

    def _post_mortem(self, hand: Hand, dead: Dead, serial: int, held: Held) -> Report:
        """What the end of a worker means for a job that it had begun."""
        if hand.doomed == TIMEOUT and serial == hand.doomed_serial:
            grace = self._settings.grace
            error = (
                f"JobTimeout: the job ran longer than {held.limit():g} s and did not stop within {grace:g} s more, "
                "so its worker was killed (SIGKILL)"
            )
            return Report(ending=Ending.FAILED, error=error, error_types=KILLED_TYPES)
        if hand.doomed:
            # Killed for another job's sake, to stop, or to cancel it, which the store knows.
            return Report(ending=Ending.RELEASED)
        crashes = held.claim.crashes + 1
        error = f"The worker of this job died: {dead.cause}. It is the job's crash number {crashes}."
        return Report(ending=Ending.LOST, error=error)

    def _patrol(self, now: float) -> None:
        """Look after what runs: deadlines, cancels, and what waits behind something slow."""
        for hand in self._crew:
            if not hand.held:
                continue
            running = hand.slate.running()
            if len(hand.held) > 1 and not hand.runs_async:
                self._free_what_waits(hand, running, now)
            for serial, held in list(hand.held.items()):
                began = running.get(serial)
                if held.canceled_at is not None:
                    self._press_cancel(hand, serial, held, now)
                elif began is not None and now - began / 1e9 > PATIENCE_SECONDS:
                    self._check_deadline(hand, serial, held, now - began / 1e9)

    def _free_what_waits(self, hand: Hand, running: dict[int, int], now: float) -> None:
        slow = any(now - began / 1e9 > PATIENCE_SECONDS for serial, began in running.items() if serial in hand.held)
        if slow:
            hand.load = float("inf")
            self._keep(self._crew.take_back(hand))

    def _check_deadline(self, hand: Hand, serial: int, held: Held, ran: float) -> None:
        if ran > held.limit() + self._settings.grace:
            self._crew.kill(hand, TIMEOUT, serial)

    def _press_cancel(self, hand: Hand, serial: int, held: Held, now: float) -> None:
        hand.slate.cancel(serial)
        if held.canceled_at is not None and now > held.canceled_at + self._settings.grace:
            self._crew.kill(hand, CANCEL, serial)

    # --- sites ---

    def _look(self, now: float) -> None:
        if now >= self._sites_at:
            self._sites_at = now + SITES_SECONDS
            self._find_sites()
        if now < self._look_at or self._stopping_since is not None:
            return
        # Spread over the interval, so that many idle sites cost little, and none much at once.
        count = max(1, len(self._holdings))
        self._look_at = now + look_seconds(count) / count
        if not self._look_order:
            self._look_order = list(self._holdings)
        name = self._look_order.pop() if self._look_order else None
        if name in self._holdings:
            self._holdings[name].look(now)
            self._holdings[name].maintain(now)

    def _find_sites(self) -> None:
        openers = self._sites()
        for name, opener in openers.items():
            if name not in self._holdings:
                self._holdings[name] = Holdings(
                    name, opener, identity=self._identity, queues=list(self._settings.queues),
                    lease=self._settings.lease, waker=self._waker, rows=self._worker_rows,
                    max_crashes=self._settings.max_crashes,
                )  # fmt: skip
        for name in [name for name, one in self._holdings.items() if name not in openers and not one.held]:
            self._holdings.pop(name).leave()

    def _turns(self, now: float) -> None:
        stopping = self._stopping_since is not None
        hungry = [one for one in self._holdings.values() if one.hungry and one.is_up(now) and not one.fenced]
        room = 0 if stopping else self._room(hungry)
        # Whoever was served longest ago comes first, and takes no more than its share.
        for one in sorted(self._holdings.values(), key=lambda one: one.served_at):
            if one.fenced:
                self._end_fenced(one)
                continue
            limit = self._share(one, room, hungry)
            if not limit and not one.needs_turn(now):
                continue
            began = time.monotonic()
            news = one.turn(began, self._wants(limit), limit)
            self._turn_seconds += 0.2 * (time.monotonic() - began - self._turn_seconds)
            room -= len(news.claimed)
            self._follow(one, news)

    def _room(self, hungry: list[Holdings]) -> int:
        """How many more claims the workers can take."""
        horizon = max(HORIZON_SECONDS, 2 * self._turn_seconds)
        depth = max((self._pace.depth(one.name, horizon) for one in hungry), default=0)
        waiting = sum(len(one.waiting) for one in self._holdings.values())
        room = 0
        for hand in self._crew:
            if hand.is_open and hand.runs_async:
                room += max(0, self._settings.worker.async_jobs - len(hand.held))
            elif hand.is_open and hand.load < horizon:
                room += max(0, (depth if hand.held else max(1, depth)) - len(hand.held))
        return max(0, room - waiting)

    def _share(self, one: Holdings, room: int, hungry: list[Holdings]) -> int:
        if room <= 0 or one not in hungry:
            return 0
        horizon = max(HORIZON_SECONDS, 2 * self._turn_seconds)
        share = -(-room // len(hungry))
        idle = sum(1 for hand in self._crew if hand.is_open and not hand.held)
        depth = self._pace.depth(one.name, horizon)
        # Without a measure, or with slow jobs, only free workers count.
        return min(room, share, idle if depth == 1 else room)

    def _wants(self, limit: int) -> list[Want]:
        settings = self._settings
        counts: dict[str, int] = {}
        for one in self._holdings.values():
            for held in one.held.values():
                if held.ref not in one.ended:
                    counts[held.claim.queue] = counts.get(held.claim.queue, 0) + 1
        long = [name for name, timeout in settings.queues.items() if timeout > LONG_TIMEOUT_SECONDS]
        most_long = settings.workers - (1 if settings.workers > 1 and len(long) < len(settings.queues) else 0)
        left = most_long - sum(counts.get(name, 0) for name in long)
        wants = []
        for name in settings.queues:
            most = limit
            if name in long:
                # Several long queues share what is left, each in turn the odd one.
                most = min(most, max(0, -(-left // len(long))))
            if name in settings.limits:
                most = min(most, max(0, settings.limits[name] - counts.get(name, 0)))
            if most > 0:
                wants.append(Want(name, most))
        return wants

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
            self._cancel(one, held, now)
        for held in news.gone:
            self._drop_gone(one, held)

    def _cancel(self, one: Holdings, held: Held, now: float) -> None:
        if held in one.waiting:
            one.waiting.remove(held)
            self._end(held, Report(ending=Ending.RELEASED))
            return
        hand = self._hand_of(held)
        if hand is None or held.canceled_at is not None:
            return
        held.canceled_at = now
        taken = self._crew.take_back(hand)
        if held in taken:
            taken.remove(held)
            self._end(held, Report(ending=Ending.RELEASED))
        self._keep(taken)

    def _drop_gone(self, one: Holdings, held: Held) -> None:
        """Somebody else has decided about a claim. Its worker may be just about to say the same."""
        hand = self._hand_of(held)
        if hand is None:
            one.drop(held.ref)
            if held in one.waiting:
                one.waiting.remove(held)
        elif held.gone:
            self._crew.kill(hand, FENCED)
        held.gone = True

    def _end_fenced(self, one: Holdings) -> None:
        if not any(held.site == one.name for hand in self._crew for held in hand.held.values()):
            one.start_anew()

    def _hand_of(self, held: Held) -> Hand | None:
        return next((hand for hand in self._crew if held in hand.held.values()), None)

    # --- handing out ---

    def _hand_out(self, now: float) -> None:
        if self._stopping_since is not None:
            return
        horizon = max(HORIZON_SECONDS, 2 * self._turn_seconds)
        for one in sorted(self._holdings.values(), key=lambda one: one.served_at):
            while one.waiting and not one.fenced:
                if not self._place(one.waiting[0], horizon):
                    break
                one.waiting.popleft()
            while one.waiting and now - one.waiting[-1].waiting_since > PATIENCE_SECONDS:
                # Nobody here is free for it: others may be.
                self._end(one.waiting.pop(), Report(ending=Ending.RELEASED))

    def _place(self, held: Held, horizon: float) -> bool:
        seconds = self._pace.estimate(held.site, held.claim.method)
        hand = self._choose(held, seconds, horizon)
        if hand is None or not self._crew.give(hand, held):
            return False
        short = self._pace.is_short(seconds) and not held.claim.crashes
        hand.load += seconds if short and seconds is not None else float("inf")
        return True

    def _choose(self, held: Held, seconds: float | None, horizon: float) -> Hand | None:
        """A worker that is running others of an `async def` job, or a free one, or the one with least to do."""
        suspect = held.claim.crashes > 0
        if not suspect and self._pace.is_async(held.site, held.claim.method):
            for hand in self._crew:
                if hand.is_open and hand.runs_async and len(hand.held) < self._settings.worker.async_jobs:
                    return hand
        best: Hand | None = None
        for hand in self._crew:
            if not hand.is_open:
                continue
            if not hand.held:
                return hand
            if best is None or hand.load < best.load:
                best = hand
        if best is None or suspect or seconds is None or not self._pace.is_short(seconds):
            return None
        return best if best.load + seconds <= horizon else None

    # --- stopping ---

    def _check_stop(self, now: float) -> None:
        if not self._signals:
            return
        if self._stopping_since is None:
            self._stopping_since = now
            log.info("stopping: running jobs have %g s", self._settings.grace)
            for hand in self._crew:
                hand.slate.stop()
                self._keep(self._crew.take_back(hand))
        for one in self._holdings.values():
            while one.waiting:
                self._end(one.waiting.pop(), Report(ending=Ending.RELEASED))
        if self._signals > 1 or now > self._stopping_since + self._settings.grace:
            for hand in self._crew:
                if hand.held:
                    self._crew.kill(hand, STOP)

    # --- being seen ---

    def _worker_rows(self, site: str) -> list[WorkerRow]:
        return [self._row(hand, site) for hand in self._crew if hand.pid]

    def _row(self, hand: Hand, site: str) -> WorkerRow:
        running = [hand.held[serial] for serial in hand.slate.running() if serial in hand.held]
        ours = [held.claim.key for held in running if held.site == site]
        return WorkerRow(
            pid=hand.pid,
            state="busy" if running else "idle",
            born_at=hand.born_at,
            key=ours[0] if ours else None,
            finished=hand.finished,
            failed=hand.failed,
            busy=hand.busy,
        )


def look_seconds(sites: int) -> float:
    """How often each site is looked at unasked; with many sites less often, so that an idle bench costs nothing."""
    return min(max(5.0, sites / 20), 12.0)


def _raise_file_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _drain(descriptor: int) -> None:
    os.read(descriptor, 4096)
