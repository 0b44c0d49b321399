"""Batches that are being filled: each begins with the first of its jobs that is published, and ends with the last."""

from __future__ import annotations

from dataclasses import dataclass

from rota.jobs import JobSpec


@dataclass(slots=True, eq=False)
class Opening:
    """One batch on its way."""

    key: str
    definition: str
    around: Opening | None = None  #: the batch that was open when this one was made
    is_left: bool = False  #: its block has ended
    is_begun: bool = False  #: a commit has published its definition
    is_going: bool = False  #: the commit that is under way does

    def holds(self, key: str | None, openings: list[Opening]) -> bool:
        """Whether a job of batch `key` is one of this batch's, or of one inside it."""
        one = next((one for one in openings if one.key == key), None)
        while one is not None and one is not self:
            one = one.around
        return one is not None


class Openings:
    """The batches that the jobs of one unit of work go into."""

    def __init__(self) -> None:
        self._all: list[Opening] = []

    @property
    def current(self) -> Opening | None:
        """The innermost one whose block is open."""
        return next((one for one in reversed(self._all) if not one.is_left), None)

    def open(self, key: str, definition: str) -> Opening:
        """Begin a batch inside the current one."""
        opening = Opening(key, definition, self.current)
        self._all.append(opening)
        return opening

    def members(self, opening: Opening, specs: list[JobSpec]) -> list[int]:
        """Which of these jobs are its own, those of batches inside it too."""
        return [place for place, spec in enumerate(specs) if opening.holds(spec.batch, self._all)]

    def marked(self, specs: list[JobSpec], *, is_commit: bool = True) -> list[JobSpec]:
        """Jobs on their way, with what begins with them, and, if they are all of a commit, what ends."""
        for opening in self._all:
            places = [] if opening.is_going else self.members(opening, specs)
            if not places:
                continue
            if not opening.is_begun:
                first = specs[places[0]]
                specs[places[0]] = first._replace(begins=(*first.begins, opening.definition))
            if opening.is_left and is_commit:
                last = specs[places[-1]]
                specs[places[-1]] = last._replace(ends=(*last.ends, opening.key))
            opening.is_going = True
        return specs

    def published(self) -> None:
        """What was on its way is there, whatever becomes of the transaction."""
        for opening in self._all:
            opening.is_begun = opening.is_begun or opening.is_going
            opening.is_going = False

    def committed(self) -> None:
        """The transaction is over, and with it the batches whose blocks have ended."""
        self.published()
        self._all = [one for one in self._all if not one.is_left]

    def rolled_back(self) -> None:
        """What was on its way is not."""
        for opening in self._all:
            opening.is_going = False
        self._all = [one for one in self._all if not one.is_left]

    def drop(self, opening: Opening) -> None:
        """Nothing of it is left to publish."""
        self._all.remove(opening)
