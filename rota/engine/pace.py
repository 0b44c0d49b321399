"""How long jobs take, as measured, and so how many a worker may have at once."""

from __future__ import annotations

from typing import Any

# A job that takes longer never has others wait behind it.
SHORT_SECONDS = 0.005
# What a worker is given at once should not take longer than this.
HORIZON_SECONDS = 0.02
MOST_AT_ONCE = 256
# More methods than an application has; reached only by paths that are made up as one goes.
MOST_METHODS = 10_000
# Much slower or quicker than thought counts for more: a method that has changed is to be known soon, and one run that
# waited for a lock or a processor must not make its method slow for long, or, if it waited for a moment only, at all.
WEIGHT, SURPRISE_WEIGHT = 0.2, 0.5


class Pace:
    """Running averages, in seconds, of each method on each site and of each site as a whole."""

    def __init__(self) -> None:
        self._methods: dict[tuple[str, str], float] = {}
        self._sites: dict[str, float] = {}
        self._async: set[tuple[str, str]] = set()

    def note(self, site: str, method: str, seconds: float) -> None:
        """A job of `method` took so long."""
        if len(self._methods) > MOST_METHODS:
            self._methods.clear()
        _average(self._methods, (site, method), seconds)
        _average(self._sites, site, seconds)

    def estimate(self, site: str, method: str) -> float | None:
        """What a job of `method` will take; None when none has run yet."""
        return self._methods.get((site, method))

    def note_async(self, site: str, method: str) -> None:
        """The method is an `async def`."""
        self._async.add((site, method))

    def is_async(self, site: str, method: str) -> bool:
        return (site, method) in self._async

    def is_short(self, seconds: float | None) -> bool:
        """Whether others may wait behind a job that takes so long."""
        return seconds is not None and seconds <= SHORT_SECONDS

    def depth(self, site: str, horizon: float) -> int:
        """How many of the site's next jobs, whatever they are, a free worker can take at once."""
        average = self._sites.get(site)
        if average is None or average > SHORT_SECONDS:
            return 1
        return max(1, min(MOST_AT_ONCE, int(horizon / max(average, 1e-6))))


def _average(averages: dict[Any, float], key: Any, seconds: float) -> None:
    known = averages.get(key)
    if known is None:
        averages[key] = seconds
    else:
        weight = WEIGHT if known / 2 <= seconds <= 2 * known else SURPRISE_WEIGHT
        averages[key] = known + weight * (seconds - known)
