"""What a worker tells of one execution, and who runs application code for it.

A report crosses a pipe as one line of JSON that begins with the hand-out's number; an execution that returned and
left nothing to record is just that number.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Protocol

from rota.jobs import Claim, Ending, JobSpec, Mode

if TYPE_CHECKING:
    from rota.engine.channel import Channel

_SPEC_DEFAULTS = {
    one.name: one.default if one.default is not MISSING else None for one in fields(JobSpec) if one.name != "options"
}


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


def spec_to_json(spec: JobSpec) -> dict[str, Any]:
    """A spec as plain JSON values; what is as by default is left out."""
    values = asdict(spec)
    return {key: value for key, value in values.items() if value != _SPEC_DEFAULTS.get(key, {})}


def spec_from_json(values: Mapping[str, Any]) -> JobSpec:
    """The spec that `spec_to_json` wrote."""
    return JobSpec(
        **{
            **values,
            "mode": Mode(values.get("mode", Mode.PLAIN)),
            "depends_on": tuple(values.get("depends_on", ())),
            "options": values.get("options", {}),
        }
    )


def encode_report(serial: int, report: Report) -> bytes:
    """One line for the pipe."""
    if report == NOTHING_TO_TELL:
        return b"%d\n" % serial
    values = [
        serial,
        report.ending.value,
        report.result,
        report.error,
        report.error_types,
        report.run_at,
        [spec_to_json(child) for child in report.children],
        report.unknown,
    ]
    return json.dumps(values, separators=(",", ":")).encode() + b"\n"


def decode_report(values: Sequence[Any]) -> Report:
    """The report in a line's values, the hand-out's number left off."""
    ending, result, error, types, run_at, children, unknown = values
    return Report(
        ending=Ending(ending),
        result=result,
        error=error,
        error_types=tuple(types),
        run_at=run_at,
        children=tuple(spec_from_json(child) for child in children),
        unknown=unknown,
    )


NOTHING_TO_TELL = Report(ending=Ending.RETURNED)
