"""Where an enqueue goes when jobs of its public id are alive.

An id has two places. Slot 0 is the job that the id stands for; slot 1 is its successor, which nobody claims until
slot 0 is final. Who loses becomes a canceled row that names the winner, so that losing is a fact and not an absence.
"""

from __future__ import annotations

from typing import NamedTuple

from rota.jobs import JobSpec, Mode, StateCode

DEDUPLICATED, SUPERSEDED = "deduplicated", "superseded"


class Seat(NamedTuple):
    """Who sits in a slot."""

    key: str
    slot: int
    state: int
    claim: int
    run_at: int | None

    @property
    def untouched(self) -> bool:
        """Never claimed."""
        return self.claim == 0 and self.state != StateCode.STARTED


class Placement(NamedTuple):
    """`slot` None: the new one loses to `winner`. `leaves`: who gives up that slot for it."""

    slot: int | None
    winner: str | None = None
    leaves: Seat | None = None


def place(spec: JobSpec, first: Seat | None, second: Seat | None) -> Placement:
    """Decide between a new job and those in slot 0 and 1 of its id."""
    if first is None:
        return Placement(0)
    if spec.mode is Mode.SKIP or (spec.mode is not Mode.PLAIN and not first.untouched):
        return Placement(None, winner=first.key)
    if first.untouched:
        return Placement(0, leaves=first)
    return Placement(1, leaves=second)
