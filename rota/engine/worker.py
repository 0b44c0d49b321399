"""A worker: takes hand-outs from its socket, has each executed, and reports each at once.

It trusts what a hand-out says and reads nothing of it from the store. It never decides what an outcome means.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from setproctitle import setproctitle

from rota.engine.channel import ASYNC, RETIRE, Alarm, Channel, line
from rota.engine.descriptors import receive
from rota.engine.report import Report, Runner, encode_report
from rota.engine.slate import Slate
from rota.errors import InvalidRetry, JobLost
from rota.jobs import Claim, Ending
from rota.payload import clean_text
from rota.retry import RetryPolicy, error_names

log = logging.getLogger("rota.worker")

# AF_UNIX splits longer messages in two; what does not fit travels in a memory file beside its serial number.
LONGEST_MESSAGE = 16 << 10
LONGEST_ERROR = 64 << 10  # characters
CANCEL_POLL_SECONDS = 0.25
MEMORY_CHECK_SECONDS = 1.0
PAGE_KIB = os.sysconf("SC_PAGE_SIZE") // 1024
_quoted = json.encoder.encode_basestring_ascii


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """Limits of a worker; sizes in bytes unless the name says otherwise, 0 for no limit."""

    max_log_size: int = 1 << 20
    recycle_after_jobs: int = 10_000
    recycle_after_mib: int = 512
    async_jobs: int = 100


def encode_hand_out(serial: int, site: str, claim: Claim) -> tuple[bytes, bytes]:
    """The message for the socket, and what has to travel in a memory file (empty when all fits)."""
    key, number, attempt, crashes, failures, id_, root, method, queue, user, started_at, body = claim
    # JSON put together by hand: an encoder takes three times as long. The body is JSON already, and goes as it is.
    content = (
        f"[{_quoted(site)},{_quoted(key)},{number},{attempt},{crashes},{failures},{_quoted(id_)},{_quoted(root)},"
        f"{_quoted(method)},{_quoted(queue)},{_quoted(user)},{started_at}]\n{body}"
    ).encode()
    head = b"%d\n" % serial
    return (head + content, b"") if len(content) <= LONGEST_MESSAGE else (head, content)


def serial_of(message: bytes) -> int:
    """Which hand-out a message is."""
    return int(message.partition(b"\n")[0])


class Worker:
    """Runs in a process of its own until its socket ends or it says that it wants to be replaced."""

    def __init__(
        self, *, number: int, jobs: socket.socket, reports: int, slate: Slate, runner: Runner, settings: WorkerSettings
    ) -> None:
        self._number = number
        self._jobs = jobs
        self._reports = reports
        self._slate = slate
        self._runner = runner
        self._settings = settings
        self._alarm = Alarm()
        self._done = 0
        self._fresh_kib = self._memory_kib()
        self._checked = time.monotonic()
        # Workers have equal shares, and must not all be replaced at once.
        self._most_jobs = settings.recycle_after_jobs - number % 4 * (settings.recycle_after_jobs // 16)
        self._retire = ""
        self._retired = False
        self._sending = False
        self._free_slots = list(range(slate.slots - 1, 0, -1))
        self._loop: asyncio.Runner | None = None
        self._in_flight: set[asyncio.Task[None]] = set()

    def run(self) -> None:
        """Serve until the dispatcher ends the socket."""
        setproctitle(f"rota: worker {self._number}")
        signal.signal(signal.SIGTERM, self._asked_to_retire)
        self._runner.start()
        self._fresh_kib = self._memory_kib()
        while message := self._receive():
            self._execute(*message)
            self._consider_retiring()
        if self._loop is not None:
            self._loop.close()

    # --- messages ---

    def _receive(self, flags: int = 0) -> tuple[int, bytes] | None:
        """The next hand-out's serial number and content; None at the socket's end."""
        data, descriptors = receive(self._jobs, LONGEST_MESSAGE + 64, flags)
        if not data:
            return None
        head, _, content = data.partition(b"\n")
        if descriptors:
            with os.fdopen(descriptors[0], "rb") as file:
                content = file.read()
        return int(head), content

    def _send(self, data: bytes) -> None:
        self._sending = True
        view = memoryview(data)
        while view:
            view = view[os.write(self._reports, view) :]
        self._sending = False

    # --- one execution ---

    def _execute(self, serial: int, content: bytes) -> None:
        channel, report = self._start(serial, 0, content)
        if isinstance(report, Report):
            self._end(channel, 0, report)
        else:
            self._run_loop(channel, report)

    def _start(self, serial: int, slot: int, content: bytes) -> tuple[Channel, Report | Awaitable[Report]]:
        self._slate.begin(slot, serial, time.monotonic_ns())
        facts, _, body_text = content.decode().partition("\n")
        site, *values = json.loads(facts)
        claim = Claim._make([*values, body_text])
        body, broken = _body(claim)
        settings, alarm = self._settings, self._alarm
        channel = Channel(
            serial, slot, self._slate, self._send, body=body, max_log_size=settings.max_log_size, alarm=alarm
        )
        return channel, broken or self._run(site, claim, channel)

    def _run(self, site: str, claim: Claim, channel: Channel) -> Report | Awaitable[Report]:
        """The outermost frame: a time limit that struck anywhere below ends here, whatever was caught on its way."""
        try:
            self._alarm.set("timeout", channel.timeout, channel.time_out)
            try:
                return self._runner.run(site, claim, channel)
            finally:
                self._alarm.clear("timeout")
        except BaseException as error:  # noqa: BLE001 - also SystemExit and KeyboardInterrupt are the job's end only
            return failed(error)

    def _end(self, channel: Channel, slot: int, report: Report) -> None:
        if report.ending is Ending.FAILED:
            report = _asked(report, channel.body)
        channel.flush()
        self._slate.end(slot)
        self._done += 1
        self._send(encode_report(channel.serial, channel.elapsed_micros(), report))
        if report.unknown:
            # Nobody knows whether this process's last commit happened: it must not go on with that connection.
            sys.exit(0)

    # --- being replaced ---

    def _asked_to_retire(self, *_: object) -> None:
        self._retire = "SIGTERM"
        if not self._sending:
            self._say_retire()

    def _consider_retiring(self) -> None:
        settings, now = self._settings, time.monotonic()
        if self._most_jobs and self._done >= self._most_jobs:
            self._retire = f"{self._done} jobs"
        elif settings.recycle_after_mib and now - self._checked >= MEMORY_CHECK_SECONDS:
            self._checked = now
            grown = (self._memory_kib() - self._fresh_kib) // 1024
            if grown > settings.recycle_after_mib:
                self._retire = f"grown by {grown} MiB"
        if self._retire:
            self._say_retire()

    def _say_retire(self) -> None:
        if not self._retired:
            self._retired = True
            self._send(line([RETIRE, 0, self._retire]))

    @staticmethod
    def _memory_kib() -> int:
        return int(Path("/proc/self/statm").read_bytes().split()[1]) * PAGE_KIB

    # --- `async def` jobs ---

    def _run_loop(self, channel: Channel, first: Awaitable[Report]) -> None:
        """Run an `async def` job in this worker's loop, and what else is handed out meanwhile."""
        self._send(line([ASYNC, channel.serial]))
        if self._loop is None:
            self._loop = asyncio.Runner()
        self._loop.run(self._serve_async(channel, first))

    async def _serve_async(self, channel: Channel, first: Awaitable[Report]) -> None:
        loop = asyncio.get_running_loop()
        self._start_task(channel, 0, first)
        loop.add_reader(self._jobs, self._take_async)
        try:
            while self._in_flight:
                done, _ = await asyncio.wait(
                    self._in_flight, timeout=CANCEL_POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
                for task in done:
                    self._in_flight.discard(task)
                    task.result()
        finally:
            loop.remove_reader(self._jobs)

    def _take_async(self) -> None:
        try:
            message = self._receive(socket.MSG_DONTWAIT)
        except BlockingIOError:
            return  # taken back by the dispatcher between the two
        if message is None:
            asyncio.get_running_loop().remove_reader(self._jobs)
            return
        serial, content = message
        slot = self._free_slots.pop()
        channel, report = self._start(serial, slot, content)
        if isinstance(report, Report):
            self._free_slots.append(slot)
            self._end(channel, slot, report)
            return
        self._start_task(channel, slot, report)
        if not self._free_slots:
            asyncio.get_running_loop().remove_reader(self._jobs)

    def _start_task(self, channel: Channel, slot: int, awaitable: Awaitable[Report]) -> None:
        self._in_flight.add(asyncio.ensure_future(self._watch(channel, slot, awaitable)))

    async def _watch(self, channel: Channel, slot: int, awaitable: Awaitable[Report]) -> None:
        task = asyncio.ensure_future(awaitable)
        deadline, reason = time.monotonic() + channel.timeout, None
        while not task.done():
            left = deadline - time.monotonic()
            await asyncio.wait({task}, timeout=max(0.0, min(left, CANCEL_POLL_SECONDS)))
            if not task.done() and reason is None:
                reason = channel.must_end(late=time.monotonic() >= deadline)
                if reason is not None:
                    task.cancel()
                    # Once told, it may clean up; the dispatcher ends the worker when its grace is over.
                    deadline = float("inf")
        try:
            report = task.result()
        except BaseException as error:  # noqa: BLE001 - as in _run
            report = failed(reason or error)
        if slot:
            self._free_slots.append(slot)
            asyncio.get_running_loop().add_reader(self._jobs, self._take_async)
        self._end(channel, slot, report)


def _body(claim: Claim) -> tuple[Mapping[str, Any], Report | None]:
    """A claim's body, or the report of one that can't be read: it spoils nothing but itself."""
    try:
        body = json.loads(claim.body)
        float(body["timeout"])
    except (ValueError, TypeError, KeyError) as error:
        return {"timeout": 0}, failed(ValueError(f"the stored job can't be read: {error!r}"))
    return body, None


def _asked(report: Report, body: Mapping[str, Any]) -> Report:
    """Ask the job's retry policy here, where the module that defines the error's class is loaded."""
    try:
        policy = RetryPolicy.of((body.get("options") or {}).get("retry"))
    except InvalidRetry:
        return report
    return report if policy is None else replace(report, wanted=policy.wants(report.error_types))


def failed(error: BaseException) -> Report:
    """The report of an exception that got as far as the worker."""
    return Report(
        ending=Ending.LOST if isinstance(error, JobLost) else Ending.FAILED,
        error=clean_text("".join(traceback.format_exception(error)), LONGEST_ERROR),
        error_types=error_names(error),
    )


def serve(runner: Runner, settings: WorkerSettings) -> Callable[[int, socket.socket, int, int], None]:
    """What the nursery runs in each worker."""

    def work(number: int, jobs: socket.socket, reports: int, slate: int) -> None:
        page = Slate(settings.async_jobs, slate)
        Worker(number=number, jobs=jobs, reports=reports, slate=page, runner=runner, settings=settings).run()

    return work
