"""Looking after what runs: deadlines, cancels, what waits behind something slow, and what a worker's death means."""

from __future__ import annotations

from collections.abc import Callable

from rota.engine.crew import Crew, Hand, Held
from rota.engine.nursery import Dead
from rota.engine.report import Report
from rota.jobs import Ending

# How long a job may hold up what waits behind it, or a claim may wait for a worker.
PATIENCE_SECONDS = 0.02
#: Why a worker is killed.
TIMEOUT, CANCEL, STOP, FENCED = "timeout", "cancel", "stop", "fenced"
KILLED_TYPES = ("rota.errors.JobTimeout", "builtins.BaseException")


class Watch:
    """One dispatcher's look at its workers; `keep` takes what was taken back from one."""

    def __init__(self, crew: Crew, *, grace: float, keep: Callable[[list[Held]], None]) -> None:
        self._crew = crew
        self._grace = grace
        self._keep = keep

    def patrol(self, now: float) -> None:
        """Look at every worker that has something. `now`: seconds, monotonic."""
        for hand in self._crew:
            if not hand.held or hand.doomed:
                continue
            running = hand.slate.running()
            if len(hand.held) > 1 and not hand.runs_async:
                self._free_what_waits(hand, running, now)
            for serial, held in list(hand.held.items()):
                began = running.get(serial)
                if held.canceled_at is not None:
                    self._press(hand, serial, held.canceled_at, now)
                elif began is not None and now - began / 1e9 > PATIENCE_SECONDS:
                    self._check_deadline(hand, serial, held, now - began / 1e9)

    def take_back(self, hand: Hand) -> None:
        """What a worker has not begun waits for another one."""
        self._keep(self._crew.take_back(hand))

    def cancel(self, held: Held, now: float) -> bool:
        """Stop a claim that a worker has: True when it had not begun, so that nothing of it is left to stop."""
        hand = self.hand_of(held)
        if hand is None or held.canceled_at is not None:
            return False
        held.canceled_at = now
        taken = self._crew.take_back(hand)
        was_waiting = held in taken
        if was_waiting:
            taken.remove(held)
        self._keep(taken)
        return was_waiting

    def hand_of(self, held: Held) -> Hand | None:
        """The worker that has a claim."""
        return next((hand for hand in self._crew if held in hand.held.values()), None)

    def post_mortem(self, hand: Hand, dead: Dead, serial: int, held: Held) -> Report:
        """What the end of a worker means for a job that it had begun."""
        if hand.doomed == TIMEOUT and serial == hand.doomed_serial:
            error = (
                f"JobTimeout: the job ran longer than {held.limit():g} s and did not stop within {self._grace:g} s "
                "more, so its worker was killed (SIGKILL)"
            )
            return Report(ending=Ending.FAILED, error=error, error_types=KILLED_TYPES)
        if hand.doomed:
            # Killed for another job's sake, to stop, or to cancel it, which the store knows.
            return Report(ending=Ending.RELEASED)
        crashes = held.claim.crashes + 1
        error = f"The worker of this job died: {dead.cause}. It is the job's crash number {crashes}."
        return Report(ending=Ending.LOST, error=error)

    def _free_what_waits(self, hand: Hand, running: dict[int, int], now: float) -> None:
        if any(now - began / 1e9 > PATIENCE_SECONDS for serial, began in running.items() if serial in hand.held):
            hand.load = float("inf")
            self.take_back(hand)

    def _check_deadline(self, hand: Hand, serial: int, held: Held, ran: float) -> None:
        if ran > held.limit() + self._grace:
            self._crew.kill(hand, TIMEOUT, serial)

    def _press(self, hand: Hand, serial: int, since: float, now: float) -> None:
        # Said again at each round: it may not have begun when it was said first.
        hand.slate.cancel(serial)
        if now > since + self._grace:
            self._crew.kill(hand, CANCEL, serial)
