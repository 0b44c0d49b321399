"""Checkpoints of a site's SQLite files, in a thread of their own: no turn and no enqueue should wait for one.

With one, a commit that takes a millisecond takes many; and while several processes write, it is not one commit of
many but each, as none of them finds the WAL copied to its end.
"""

from __future__ import annotations

import logging
import threading

from rota.errors import StoreError
from rota.store import Store

log = logging.getLogger("rota.dispatcher")

# Often, so that each is short: commits are slower beside one.
CHECKPOINT_SECONDS = 0.25


class Checkpoints:
    """Those of one site."""

    def __init__(self, store: Store, *, name: str) -> None:
        self._store = store
        self._name = name
        self._next_at = 0.0
        self._thread: threading.Thread | None = None

    def want(self, now: float) -> None:
        """Something was written: make one, unless one runs or was made a moment ago. `now`: seconds, monotonic."""
        if now < self._next_at or (self._thread is not None and self._thread.is_alive()):
            return
        self._next_at = now + CHECKPOINT_SECONDS
        self._thread = threading.Thread(target=self._make, name=f"checkpoint {self._name}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Wait for the one that runs, and make no more."""
        self._next_at = float("inf")
        if self._thread is not None:
            self._thread.join()

    def _make(self) -> None:
        try:
            self._store.checkpoint()
        except StoreError as error:
            log.info("%s: no checkpoint was made, the next one will do more: %s", self._name, error)
