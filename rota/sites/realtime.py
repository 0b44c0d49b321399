"""Realtime messages leave through the engine's event table, never in the caller's transaction.

Publishing must never fail or hold up who publishes: a store that is busy gets the message with the next one, and one
that is broken costs the message and a line in the log. With `after_commit` a message takes part in the transaction of
documents: commit sends it, rollback (to a savepoint, too) drops it.
"""

from __future__ import annotations

import json
import logging
from collections import deque
from typing import Any, Protocol

from rota.clock import Clock
from rota.db.connection import Connection
from rota.documents.values import to_json
from rota.errors import StoreBusy, StoreError
from rota.event import Event
from rota.payload import clean_text
from rota.store import Store
from rota.store.views import EventRow

logger = logging.getLogger("rota.realtime")

MAX_MESSAGE = 256 << 10  # bytes of JSON; browsers get every message whole
WAIT = 0.25  # seconds that a publisher waits for another writer
MAX_WAITING = 1000  # messages that a process keeps for a busy store
PROGRESS_EVERY = 1.0  # seconds between two messages about the same progress


class Wake(Protocol):
    """Tells web servers on this machine that there is a message."""

    def __call__(self) -> None: ...


class Realtime:
    """The way out for the messages of one open site. A participant of the documents' session."""

    def __init__(self, store: Store, clock: Clock, wake: Wake | None = None) -> None:
        """`wake` is called after messages were stored."""
        self._store, self._clock, self._wake = store, clock, wake
        self._ready: deque[EventRow] = deque(maxlen=MAX_WAITING)
        self._for_commit: dict[tuple[str, str, str], EventRow] = {}
        self._marks: dict[str, int] = {}
        # The latest progress that came too soon after the one before, and when one was sent, by what it is about.
        self._held_back: dict[str, EventRow] = {}
        self._sent: dict[str, float] = {}

    def publish(self, event: Event, *, after_commit: bool = False) -> None:
        """Send a message: now, or when the transaction commits; the same one waits for a commit only once.

        Raises:
            TypeError, ValueError: the message is no JSON value.
        """
        row = self._row(event)
        if row is None:
            return
        if after_commit and not event.at_once:
            self._for_commit.setdefault((row.room, row.name, row.payload), row)
            return
        self._ready.append(row)
        self.flush()

    def progress(self, event: Event, subject: str, *, is_over: bool) -> None:
        """Send how far `subject` is, at most once a second; the latest that was held back goes with the next message.

        What `is_over` says that it is done is sent at once.
        """
        row = self._row(event)
        if row is None:
            return
        now = self._clock.monotonic()
        if not is_over and now - self._sent.get(subject, -PROGRESS_EVERY) < PROGRESS_EVERY:
            self._held_back[subject] = row
            return
        self._held_back.pop(subject, None)
        self._sent[subject] = now
        self._ready.append(row)
        self.flush()

    def flush(self) -> None:
        """Store what waits to go out."""
        rows = [*self._held_back.values(), *self._ready]
        if not rows:
            return
        try:
            with self._store.turn(busy_timeout=WAIT) as turn:
                turn.events(rows)
        except StoreBusy:
            return  # with the next message, or at the end of the job
        except StoreError as error:
            logger.warning("%d realtime messages are lost: %s", len(rows), error)
        self._ready.clear()
        self._held_back.clear()
        if self._wake is not None:
            self._wake()

    def close(self) -> None:
        """Send what is left; the last call of a job or request."""
        self.flush()
        self._for_commit.clear()
        self._sent.clear()

    # --- documents.session.Participant ---

    def savepoint(self, name: str) -> None:
        self._marks[name] = len(self._for_commit)

    def rollback_to(self, name: str) -> None:
        for late in list(self._for_commit)[self._marks.get(name, 0) :]:
            del self._for_commit[late]

    def release(self, name: str) -> None:
        self._marks.pop(name, None)

    def before_commit(self, connection: Connection | None, writes: int) -> None:
        """Nothing: messages are no part of what is committed."""

    def committed(self) -> None:
        self._ready.extend(self._for_commit.values())
        self.rolled_back()
        self.flush()

    def rolled_back(self) -> None:
        self._for_commit.clear()
        self._marks.clear()

    def _row(self, event: Event) -> EventRow | None:
        payload = _json(event.message)
        if len(payload) > MAX_MESSAGE:
            logger.warning("a realtime message %r of %d characters is too large to be sent", event.name, len(payload))
            return None
        name = clean_text(event.name, 255)
        return EventRow(room=clean_text(event.room, 512), name=name, payload=payload, at=self._store.now())


def _json(message: Any) -> str:
    """JSON that every browser and both databases take: no NaN, no lone surrogate."""
    text = to_json(message)
    if "NaN" in text or "Infinity" in text:
        text = to_json(json.loads(text, parse_constant=lambda _: None))
    return text.encode("utf-8", "backslashreplace").decode()


def progress_message(
    percent: float, title: str | None = None, description: str | None = None, *, job: str | None = None
) -> dict[str, Any]:
    """What browsers get of `frappe.publish_progress`.

    `job` is the id of the job that runs: a dialog is known by it, as titles change ("Processing: 40%").
    """
    message: dict[str, Any] = {"percent": percent, "title": title, "description": description}
    return message | ({"job": job} if job else {})
