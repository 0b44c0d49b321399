"""The rows that are measured, by letter and name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from rota.benchmark import grown, rates, standing, waits
from rota.benchmark.arena import Arena
from rota.benchmark.rates import Figures
from rota.benchmark.sizes import Sizes
from rota.benchmark.stage import Stage
from rota.errors import UsageError


@dataclass(frozen=True, slots=True)
class Row:
    """One thing to measure, in an arena of its own in each round.

    `prepare` in place of `measure`: what takes long to prepare is prepared once, for all rounds and databases.
    """

    letter: str
    name: str
    title: str
    measure: Callable[[Arena, Sizes], Figures] | None = None
    prepare: Callable[[str, Sizes], AbstractContextManager[Stage]] | None = None


ROWS: Mapping[str, Row] = {
    row.letter: row
    for row in (
        Row("a", "drain", "no-op jobs from a backlog, outcomes recorded", rates.drain),
        Row("b", "inserting", "the same, each job inserts one document and leaves the commit to Rota", rates.inserting),
        Row("c", "singles", "single enqueues by one process, each committed", rates.singles),
        Row("d", "many", "`enqueue_many` in one transaction", rates.many),
        Row("e", "latency", "enqueue to the job's first line, idle", waits.latency),
        Row("f", "busy", "the same at half the rate of a", waits.busy_latency),
        Row("g", "recovery", "kill -9 until the interrupted jobs run again", waits.recovery),
        Row("h", "chain", "invoices got, saved and committed by 500, in a chain of jobs", rates.chain),
        Row("i", "schedules", "schedules due in one minute until all are enqueued", waits.due_at_once),
        Row("j", "idle", "an idle bench with two workers, a database server apart", standing.idle),
        Row("k", "grown", "a, c and e on a grown store, and under a held transaction", prepare=grown.grown),
        Row("l", "mixed", "jobs of 10 to 100 ms: share of the workers' time spent in jobs", rates.mixed),
        Row("s", "start", "start-up: the command, the bench, a worker in a dead one's place", waits.start_up),
    )
}
# What takes long to prepare gets only who asks for it.
USUAL = tuple(letter for letter, row in ROWS.items() if row.prepare is None)


def chosen(words: Iterable[str] | None) -> list[Row]:
    """The rows of these letters or names, in the table's order; the usual ones for None.

    Raises:
        UsageError: there is no such row.
    """
    by_word = {row.letter: row for row in ROWS.values()} | {row.name: row for row in ROWS.values()}
    wanted = list(USUAL if words is None else words)
    for word in wanted:
        if word not in by_word:
            known = ", ".join(f"{row.letter} ({row.name})" for row in ROWS.values())
            raise UsageError(f"there is no row {word!r}; there are {known}")
    letters = {by_word[word].letter for word in wanted}
    return [row for letter, row in ROWS.items() if letter in letters]
