"""A lock that all processes of a site share, kept in the cache: `frappe.cache.lock(name)`."""

from __future__ import annotations

from typing import Self
from uuid import uuid4

from rota.errors import LockTimeoutError
from rota.sites.cache.entries import SECOND, Entries

# Nobody holds a lock for longer unless told so: its holder may have died.
LONGEST = 3600.0  # seconds


class CacheLock:
    """Held inside a `with`, or between `acquire` and `release`."""

    def __init__(
        self, entries: Entries, key: str, timeout: float | None, sleep: float, blocking_timeout: float | None
    ) -> None:
        self._entries, self._key = entries, key
        self._timeout, self._sleep, self._blocking_timeout = timeout or LONGEST, sleep, blocking_timeout
        self._token: bytes | None = None

    def acquire(self, blocking: bool = True, blocking_timeout: float | None = None) -> bool:
        """Get the lock; False when somebody else has it and the time to wait is over (None: without end)."""
        wait = self._blocking_timeout if blocking_timeout is None else blocking_timeout
        clock = self._entries.clock
        deadline = None if wait is None else clock.monotonic() + wait
        token = uuid4().hex.encode()
        while True:
            expires_at = self._entries.now() + int(self._timeout * SECOND)
            if self._entries.set_if_absent(self._key, token, expires_at=expires_at):
                self._token = token
                return True
            if not blocking or (deadline is not None and clock.monotonic() + self._sleep > deadline):
                return False
            clock.sleep(self._sleep)

    def release(self) -> None:
        """Give it back.

        Raises:
            LockTimeoutError: it was not held any longer, so somebody else may have done the same work.
        """
        token, self._token = self._token, None
        with self._entries.together():
            if token is None or self._entries.get(self._key) != token:
                raise LockTimeoutError(f"the lock {self._key!r} was not held any longer")
            self._entries.delete([self._key])

    def locked(self) -> bool:
        """Whether anybody holds it."""
        return self._entries.kind(self._key) is not None

    def owned(self) -> bool:
        """Whether this object holds it."""
        return self._token is not None and self._entries.get(self._key) == self._token

    def __enter__(self) -> Self:
        if not self.acquire():
            raise LockTimeoutError(f"the lock {self._key!r} is held by somebody else")
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
