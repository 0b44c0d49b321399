"""What was done to a site, for people."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

# More lines than this are counted by kind.
MANY = 25


@dataclass(slots=True)
class Report:
    """What was done to a site, and what could not be."""

    site: str
    done: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def add(self, other: Report) -> None:
        """Take in what another one says."""
        self.done += other.done
        self.problems += other.problems

    def lines(self) -> list[str]:
        """For people; many lines of one kind are counted."""
        if not self.done:
            return [f"{self.site}: nothing to do"]
        if len(self.done) <= MANY:
            return [f"{self.site}: {line}" for line in self.done]
        kinds = Counter(" ".join(line.split()[:2]) for line in self.done)
        return [f"{self.site}: {kind} ({count} times)" for kind, count in kinds.items()]
