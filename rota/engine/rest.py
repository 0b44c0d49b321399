"""Whether a site is at rest, so that looking at it would cost something and find nothing: a bench may have many such.

A look is the net under the wake-ups: it sees what somebody committed without a word. What nobody has written to since
the last look found it in order is in order.
"""

from __future__ import annotations

# A look is spared for so long at most: the wall clock, by which scheduled jobs come due, may have been set.
LONGEST_SECONDS = 60.0
# Leases run out though nobody writes; for so many of them looks go on after the last write.
LEASES = 3


class Rest:
    """What the looks at one site have found."""

    def __init__(self, *, lease: float) -> None:
        """`lease`: seconds for which a dispatcher that runs jobs need not say that it lives."""
        self._patience = max(LONGEST_SECONDS, LEASES * lease)
        self._version: object = None
        self._unchanged_since = 0.0
        self._looked_at = 0.0
        self._was_in_order = False

    def spares(self, version: object, now: float) -> bool:
        """Whether no look is needed now. `version`: of the site's store; None: there is no telling what changed."""
        if version is None or version != self._version:
            self._version, self._unchanged_since = version, now
            return False
        is_fresh = now - self._looked_at < LONGEST_SECONDS
        return self._was_in_order and is_fresh and now - self._unchanged_since > self._patience

    def note_look(self, now: float, *, in_order: bool) -> None:
        """`in_order`: there was nothing to do, and no claim of a lost dispatcher was left to be taken back."""
        self._looked_at, self._was_in_order = now, in_order

    def end(self) -> None:
        """Nothing is known any more."""
        self._version, self._was_in_order = None, False
