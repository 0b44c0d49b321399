"""How fast an iteration goes, and where it stops: between two rows, with everything before them committed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rota.engine.cursor import Loop
from rota.sites.checkpoint import Checkpoint
from rota.sites.site import Site

MICROSECONDS = 1_000_000
LONGEST_BATCH = 5.0  # seconds after which is committed, however few rows it were
TELL_EVERY = 0.5
STEER_EVERY = 1.0
# How long it waits at a time: stops and cancels are noticed meanwhile. Faster than one row in it, it goes in bursts.
SLICE = 0.25
THROTTLED = 1.0
# The part of its time after which a job makes room and goes on later.
ENOUGH = 0.8
# A job that holds on looks again after this time, should nobody have told it to go on.
HOLD = 600


class Pacing:
    """Between the rows of one iteration."""

    def __init__(
        self, checkpoint: Checkpoint, site: Site, rate: float | None, throttle_on: Callable[[], Any] | None
    ) -> None:
        self._checkpoint, self._channel = checkpoint, checkpoint.running.channel
        self._store, self._clock = site.store, site.clock
        self._wanted = self._rate = rate
        self._throttle_on = throttle_on
        now = self._clock.monotonic()
        self._committed_at = self._next_at = now
        self._tell_at = now + TELL_EVERY
        self._steer_at = now
        self._rows = 0

    def before_row(self, state: Loop, batch_is_full: bool) -> None:
        """Commit what is due, stop if that is wanted, wait if it would be too fast.

        Raises:
            JobInterrupted: the place is saved, and the execution ends.
            JobCanceled, JobTimeout: as `Channel.check`.
        """
        now = self._clock.monotonic()
        self._look(now)
        if batch_is_full or now - self._committed_at > LONGEST_BATCH:
            self._save()
            while self._throttle_on is not None and self._throttle_on():
                self._wait(self._clock.monotonic() + THROTTLED)
        if now >= self._tell_at:
            self.tell(state)
            self._tell_at = now + TELL_EVERY
        if self._rate is not None:
            self._next_at = max(self._next_at, now) + 1 / self._rate
            if self._next_at - now > SLICE:
                self._save()
                self._wait(self._next_at)
        self._rows += 1

    def tell(self, state: Loop) -> None:
        """Let people see how far it is."""
        self._channel.progress(state.done, state.total)

    def _look(self, now: float) -> None:
        checkpoint, channel = self._checkpoint, self._channel
        channel.check()
        if channel.stopping:
            raise checkpoint.interrupt("its worker stops; it goes on elsewhere")
        if self._rows and channel.elapsed_micros() > channel.timeout * ENOUGH * MICROSECONDS:
            raise checkpoint.interrupt("it makes room for others, and goes on", self._store.now())
        if now >= self._steer_at:
            self._steer_at = now + STEER_EVERY
            steering = self._store.steering(checkpoint.running.key)
            if steering.held:
                raise checkpoint.interrupt("it holds on until it is resumed", self._store.now() + HOLD * MICROSECONDS)
            self._rate = self._wanted if steering.rate is None else steering.rate

    def _save(self) -> None:
        self._checkpoint.save()
        self._committed_at = self._clock.monotonic()

    def _wait(self, until: float) -> None:
        while (left := until - (now := self._clock.monotonic())) > 0:
            self._look(now)
            self._clock.sleep(min(left, SLICE))
