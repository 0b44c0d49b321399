"""What a worker tells of one execution, and who runs application code for it.

A report crosses a pipe as one line of JSON that begins with the hand-out's number and how long it ran; of an execution
that returned and left nothing to record, these two are all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from rota.engine.channel import Channel, line
from rota.jobs import Claim, Ending, JobSpec
from rota.store.wire import decode_spec, encode_spec


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How one execution ended, as the runner saw it."""

    ending: Ending
    result: str | None = None  #: the encoded return value
    error: str | None = None  #: the traceback's text
    #: dotted names of the exception's class and its bases, nearest first: what a retry policy is asked about
    error_types: tuple[str, ...] = ()
    run_at: int | None = None  #: microseconds; with LATER: when to run again
    children: tuple[JobSpec, ...] = ()  #: with RETURNED: jobs that it enqueued
    unknown: bool = False  #: with LOST: a COMMIT did not answer, so the worker must end
    wanted: bool | None = None  #: with FAILED: whether the job's retry policy wants this error; filled in by the worker


class Runner(Protocol):
    """Runs application code for the engine. One object a dispatcher; the forked processes inherit it."""

    def preload(self) -> None:
        """In the nursery, once: import what all workers need. May open no connection and start no thread."""

    def start(self) -> None:
        """In a new worker, before its first job."""

    def run(self, site: str, claim: Claim, channel: Channel) -> Report | Awaitable[Report]:
        """Execute a claim to its end: whatever the application raises is a report, never an exception.

        An `async def` job gives an awaitable: the worker runs it in its event loop, beside others of its kind.
        """
        ...


def encode_report(serial: int, micros: int, report: Report) -> bytes:
    """One line for the pipe. `micros`: microseconds that it ran."""
    if report is NOTHING_TO_TELL:
        return b"%d %d\n" % (serial, micros)
    values = [
        serial,
        micros,
        report.ending.value,
        report.result,
        report.error,
        report.error_types,
        report.run_at,
        [encode_spec(child) for child in report.children],
        report.unknown,
        report.wanted,
    ]
    return line(values)


def decode_report(values: Sequence[Any]) -> Report:
    """The report in a line's values after the first two."""
    if not values:
        return NOTHING_TO_TELL
    ending, result, error, types, run_at, children, unknown, wanted = values
    return Report(
        ending=Ending(ending),
        result=result,
        error=error,
        error_types=tuple(types),
        run_at=run_at,
        children=tuple(decode_spec(child) for child in children),
        unknown=unknown,
        wanted=wanted,
    )


#: Of most executions. Whoever gives this very object spares both sides what they would do to say no more.
NOTHING_TO_TELL = Report(ending=Ending.RETURNED)
