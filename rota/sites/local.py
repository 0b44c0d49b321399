"""Run claims in this process, one after the other, as a worker does: with its time limit, log and transaction."""

from __future__ import annotations

import asyncio
import inspect
import json
import signal
from collections.abc import Awaitable, Callable
from typing import Self

from rota.engine.channel import Alarm, Channel
from rota.engine.report import Report
from rota.engine.slate import Slate
from rota.engine.worker import failed
from rota.jobs import Claim
from rota.sites.run import SiteRunner
from rota.sites.site import Site


class LocalWorker:
    """A worker without a process of its own. Belongs to the main thread; use it in a `with` block."""

    def __init__(self, site: Site, faces: Callable[[], None], send: Callable[[bytes], None]) -> None:
        """`faces` makes the names importable under which applications know Rota. `send` hears what jobs say."""
        self._site = site
        self._send = send
        self._runner = SiteRunner(site.bench, faces, [site])

    def __enter__(self) -> Self:
        self._runner.preload()
        self._slate = Slate(1)
        self._before = signal.getsignal(signal.SIGALRM)
        self._alarm = Alarm()
        return self

    def __exit__(self, *_: object) -> None:
        self._alarm.stop()
        signal.signal(signal.SIGALRM, self._before)
        self._slate.close()
        self._runner.close()

    def run(self, claim: Claim) -> Report:
        """Execute to the end: whatever the application raises is in the report."""
        body, alarm = json.loads(claim.body), self._alarm
        most = self._site.config.max_log_size
        channel = Channel(1, 0, self._slate, self._send, body=body, max_log_size=most, alarm=alarm)
        try:
            alarm.set("timeout", channel.timeout, channel.time_out)
            answer = self._runner.run(self._site.name, claim, channel)
            return asyncio.run(_finished(answer)) if inspect.isawaitable(answer) else answer
        except BaseException as error:  # noqa: BLE001 - also SystemExit and KeyboardInterrupt are the job's end only
            return failed(error)
        finally:
            alarm.clear("timeout")
            channel.flush()


async def _finished(answer: Awaitable[Report]) -> Report:
    return await answer
