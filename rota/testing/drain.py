"""Run a site's jobs in the test's process through all that a dispatcher and a worker do: claim, run, decide, record."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from socket import gethostname

from rota.clock import from_micros
from rota.engine.channel import LOG, PROGRESS
from rota.engine.outcome import decide
from rota.frappe import install_as_frappe
from rota.jobs import Claim, JobState, new_key
from rota.sites.local import LocalWorker
from rota.sites.logs import ToAttempt
from rota.sites.site import Site
from rota.store import ClaimCursor, JobView, Want, boot_id
from rota.store.views import LogLine, Progress
from rota.testing.testclock import TestClock

LEASE = 10 * 366 * 86400.0  # seconds; nobody renews it, and a test may move the clock far


@dataclass(slots=True)
class _Heard:
    """What a job said while it ran."""

    claim: Claim
    lines: list[LogLine] = field(default_factory=list)
    progress: Progress | None = None


class Drain:
    """One claim after the other, until there is none or the test's limit is reached."""

    def __init__(self, site: Site) -> None:
        """`site`: one whose clock a test may move, to wait."""
        self._site = site
        self._store = site.store
        self._token = new_key()
        self._wants = [Want(name, 1) for name in site.config.queues()]
        self._cursor = ClaimCursor()
        self._random = Random()  # noqa: S311 - spreads retries
        self._heard: _Heard | None = None

    def run(self, *, max_jobs: int, wait: bool) -> list[JobView]:
        """Run jobs until none is left; how each execution left its job, in order.

        `wait`: move the clock to when the next job is due, instead of stopping there.

        Raises:
            AssertionError: there are more than `max_jobs`.
        """
        ran: list[JobView] = []
        with self._registered(), self._worker() as worker:
            while (claim := self._next(wait=wait)) is not None:
                if len(ran) >= max_jobs:
                    raise AssertionError(f"{max_jobs} jobs ran, and there are more; the next is {claim.method}")
                ran.append(self._execute(worker, claim))
        return ran

    @contextmanager
    def _registered(self) -> Iterator[None]:
        with self._store.turn() as turn:
            turn.register(
                self._token,
                host=gethostname(),
                pid=os.getpid(),
                boot_id=boot_id(),
                queues=[want.queue for want in self._wants],
                lease=LEASE,
            )
        try:
            yield
        finally:
            with self._store.turn() as turn:
                turn.unsent(self._token, ())
                turn.unregister(self._token)

    @contextmanager
    def _worker(self) -> Iterator[LocalWorker]:
        to_attempt = ToAttempt()
        logging.getLogger().addHandler(to_attempt)
        try:
            with LocalWorker(self._site, install_as_frappe, self._hear) as worker:
                yield worker
        finally:
            logging.getLogger().removeHandler(to_attempt)

    def _next(self, *, wait: bool) -> Claim | None:
        while True:
            with self._store.turn() as turn:
                turn.promote_due()
                claims = turn.claim(self._token, self._wants, 1, self._cursor)
            if claims:
                return claims[0]
            due = self._store.due_at() if wait else None
            if due is None or not isinstance(self._site.clock, TestClock):
                return None
            self._site.clock.move_to(from_micros(due))

    def _execute(self, worker: LocalWorker, claim: Claim) -> JobView:
        heard = self._heard = _Heard(claim)
        report = worker.run(claim)
        with self._store.turn() as turn:
            most = self._site.config.max_crashes
            turn.record([decide(claim, report, now=turn.now, random=self._random, max_crashes=most)])
            turn.log(heard.lines)
            turn.progress([heard.progress] if heard.progress else [])
        view = self._store.job(claim.key)
        if view is None:
            raise AssertionError(f"{claim.method} deleted its own job {claim.id}")
        return view

    def _hear(self, data: bytes) -> None:
        """What a worker would send to its dispatcher."""
        heard = self._heard
        kind, _, *values = json.loads(data)
        if heard is None:
            return
        if kind == LOG:
            lines = [
                LogLine(key=heard.claim.key, attempt=heard.claim.attempt, at=at, level=level, text=text)
                for at, level, text in values[0]
            ]
            heard.lines += lines
        elif kind == PROGRESS:
            done, total, message = values
            heard.progress = Progress(
                key=heard.claim.key, at=self._store.now(), done=done, total=total, message=message
            )


def failures(ran: list[JobView]) -> list[JobView]:
    """Those that ended as failed."""
    return [view for view in ran if view.state is JobState.FAILED]
