"""Tell those who listen on PostgreSQL that queues got something claimable, without a word for each transaction.

A process says it of a queue once in an interval, right after the commit. What it commits until the interval is over, it
does not announce: whoever hears of a queue looks once more when the interval has passed, and finds it then.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection

from rota.db import Connection
from rota.errors import StoreError

log = logging.getLogger("rota.store")

INTERVAL_SECONDS = 0.02
#: How long after it has heard something a listener looks once more: clocks of two machines may run at different speeds.
LOOK_AGAIN_SECONDS = 1.25 * INTERVAL_SECONDS


class Notifier:
    """What one process has said of a site's queues. Safe to use from threads."""

    def __init__(self, statement: str) -> None:
        self._statement = statement
        self._said: dict[str, float] = {}

    def tell(self, connection: Connection, queues: Collection[str]) -> None:
        """Tell of what has been committed, outside a transaction. It is only help: listeners look now and then."""
        # The moment before it is sent: nobody hears it, and counts the interval, from an earlier one.
        now = time.monotonic()
        due = sorted(name for name in queues if now - self._said.get(name, 0.0) >= INTERVAL_SECONDS)
        if not due:
            return
        self._said.update(dict.fromkeys(due, now))
        try:
            connection.query(self._statement, {"payload": ",".join(due)})
        except StoreError as error:
            log.info("listeners were not told of new jobs, and find them when they look: %s", error)
