"""Where a resumable job is: the place of each of its iterations, and the steps that are done. Kept as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

# Options of a job that say what of its iterations is its own.
RESUME = "resume"  # key of the job whose place it begins at
ONLY = "only"  # iteration's name -> the rows that it has
SHARD = "shard"  # the part of an iteration that it has
#: Failed rows that are kept by name; more are only counted.
MOST_FAILED_ROWS = 10_000
LONGEST_ERROR = 500  # characters


@dataclass(frozen=True, slots=True)
class FailedRow:
    """A row that raised an error and was left out. Its traceback is in the Error Log and in the job's lines."""

    row: Any  #: a document's name, or the place in a list
    error: str


@dataclass(slots=True, kw_only=True)
class Loop:
    """One iteration of a job."""

    place: list[Any] | None = None  #: of the last row that is done; None before the first
    done: int = 0  #: rows that were handled, those that failed too
    total: int | None = None  #: how many there were when it began, if that can be known
    failed: int = 0
    failed_rows: list[FailedRow] = field(default_factory=list)
    is_over: bool = False

    def fail(self, row: Any, error: str) -> None:
        """Count a row that failed, and keep its name."""
        self.failed += 1
        if len(self.failed_rows) < MOST_FAILED_ROWS:
            self.failed_rows.append(FailedRow(row, error[:LONGEST_ERROR]))


@dataclass(slots=True)
class Cursor:
    """All that a resumable job has to know when it goes on."""

    loops: dict[str, Loop] = field(default_factory=dict)
    steps: dict[str, str | None] = field(default_factory=dict)  #: those that are done, with their encoded results

    def encode(self) -> str:
        """As it is stored."""
        loops = {name: asdict(loop) for name, loop in self.loops.items()}
        return json.dumps({"loops": loops, "steps": self.steps}, separators=(",", ":"))

    @classmethod
    def decode(cls, text: str | None) -> Cursor:
        """As it was stored; at the beginning without a text."""
        if text is None:
            return cls()
        stored = json.loads(text)
        loops = {name: _loop(values) for name, values in stored["loops"].items()}
        return cls(loops, stored["steps"])

    @property
    def failed_rows(self) -> list[FailedRow]:
        """Of all iterations."""
        return [row for loop in self.loops.values() for row in loop.failed_rows]


def _loop(values: dict[str, Any]) -> Loop:
    rows = [FailedRow(row["row"], row["error"]) for row in values.pop("failed_rows")]
    return Loop(**values, failed_rows=rows)
