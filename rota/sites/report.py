"""What was done to a site, for people."""

from __future__ import annotations

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
        """For people; many lines that begin with the same word are counted."""
        if not self.done:
            return [f"{self.site}: nothing to do"]
        if len(self.done) <= MANY:
            return [f"{self.site}: {line}" for line in self.done]
        kinds: dict[str, list[str]] = {}
        for line in self.done:
            kinds.setdefault(line.split()[0], []).append(line)
        more = {kind: f" and {len(lines) - 1} more" if len(lines) > 1 else "" for kind, lines in kinds.items()}
        return [f"{self.site}: {lines[0]}{more[kind]}" for kind, lines in kinds.items()]
