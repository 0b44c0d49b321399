"""Wake-ups through PostgreSQL: a connection that listens. They may get lost, so whoever waits looks now and then."""

from __future__ import annotations

from rota.db.postgresql import PostgreSQLConnection


class Listener:
    """Readable (`fileno`) when a queue of the site got something claimable."""

    def __init__(self, connection: PostgreSQLConnection, statement: str) -> None:
        self._connection = connection
        # Kept, as a lost connection does not tell it any more, and whoever waits has to stop watching it.
        self._descriptor = connection.fileno()
        connection.query(statement)

    def fileno(self) -> int:
        """For `select`."""
        return self._descriptor

    def drain(self) -> set[str]:
        """The queues named by what has come, without waiting.

        Raises:
            StoreUnavailable: the connection is lost; ask the store for a new listener.
        """
        return {queue for payload in self._connection.notifications() for queue in payload.split(",")}

    def close(self) -> None:
        """Stop listening."""
        self._connection.close()
