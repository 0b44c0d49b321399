"""The mails that wait, and who sends which: a recipient is claimed by one UPDATE, for as long as sending may take.

Whoever dies in between leaves a claim that runs out; the mail then goes again, with the same id. That is the one way in
which a mail can arrive twice.
"""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import Any, NamedTuple
from uuid import uuid4

from rota.clock import Clock, to_micros
from rota.db import Statements
from rota.documents.session import Session
from rota.documents.values import iso, to_datetime

SECOND = 1_000_000
CLAIM = 300 * SECOND  # longer than any mail may take
# Between one attempt and the next, in seconds; the last one is repeated.
PAUSES = (60, 120, 300, 900, 1800, 3600)
EXPIRES = timedelta(days=7)
BATCH = 50
_FINAL = ("Sent", "Error", "Expired", "Canceled")


class Waiting(NamedTuple):
    """A recipient's row, its mail's, and what says how that leaves."""

    name: str
    mail: str
    email_account: str | None = None
    sender: str | None = None


class Claimed(NamedTuple):
    """A recipient that is ours to send to, and what there is to be sent."""

    name: str
    claim: str
    recipient: str
    attempts: int
    mail: str
    sender: str | None
    message: str
    attachments: str | None
    email_account: str | None
    show_as_cc: str | None
    expose_recipients: str | None
    unsubscribe_method: str | None
    unsubscribe_params: str | None
    reference_doctype: str | None
    reference_name: str | None
    message_id: str | None


class Outbox:
    """The Email Queue of a site, over a session of its own: what is recorded here no job's failure takes back."""

    def __init__(self, session: Session, clock: Clock, local_now: datetime) -> None:
        self._session, self._clock = session, clock
        self._sql = Statements("rota.sites.mail", "sqlite" if session.dialect == "sqlite" else "postgresql")
        self._local_now = local_now
        self._touched: dict[str, None] = {}

    def waiting(self, mail: str = "", *, skip: int = 0) -> list[Waiting]:
        """Who may be written to now, at most `BATCH` after the first `skip`; of one mail, or of all."""
        moment = {"now": self._now(), "local_now": self._stored(self._local_now)}
        params = {**moment, "mail": mail, "limit": BATCH, "skip": skip}
        return [Waiting(*row) for row in self._session.query(self._sql["waiting"], params)]

    def next_due(self, zone: tzinfo) -> int | None:
        """When the next recipient may be tried (microseconds); None when nobody waits."""
        put_off, later = self._session.query(self._sql["next_due"], {"local_now": self._stored(self._local_now)})[0]
        moment = to_datetime(later)
        send_after = None if moment is None else to_micros(moment.replace(tzinfo=zone))
        return min((one for one in (put_off, send_after) if one is not None), default=None)

    def claim(self, one: Waiting) -> Claimed | None:
        """Take a recipient; None when somebody else has."""
        claim = uuid4().hex
        now = self._now()
        taken = self._session.write(
            self._sql["claim"], {"name": one.name, "claim": claim, "now": now, "until": now + CLAIM}
        )
        self._session.commit()
        if not taken:
            return None
        self._touched[one.mail] = None
        return Claimed(one.name, claim, *self._session.query(self._sql["claimed"], {"name": one.name})[0])

    def sent(self, one: Claimed) -> None:
        """It was handed over."""
        self._record(one, "Sent")

    def refused(self, one: Claimed, error: str) -> None:
        """It was refused for good."""
        self._record(one, "Error", error)

    def later(self, one: Claimed, error: str) -> None:
        """It may go later; the pauses between attempts grow."""
        pause = PAUSES[min(one.attempts, len(PAUSES)) - 1]
        self._record(one, "Not Sent", error, not_before=self._now() + pause * SECOND)

    def give_back(self, one: Claimed, error: str) -> None:
        """Nothing was tried, as there is no way to send anything."""
        self._record(one, "Not Sent", error, not_before=self._now() + PAUSES[0] * SECOND, free=1)

    def tidy(self) -> int:
        """Give up what nobody took for a week, and end what a predecessor left unended; how many were given up."""
        self._touched.update((row[0], None) for row in self._session.query(self._sql["unsettled"], {"limit": 1000}))
        cutoff = self._stored(self._local_now - EXPIRES)
        rows = [Waiting(*row) for row in self._session.query(self._sql["expired"], {"cutoff": cutoff, "limit": 1000})]
        for one in rows:
            self._session.write(self._sql["expire"], {"name": one.name, "local_now": self._stored(self._local_now)})
            self._touched[one.mail] = None
        self._session.commit()
        return len(rows)

    def settle(self) -> None:
        """Bring the mails up to date with their recipients."""
        now = self._stored(self._local_now)
        for mail in self._touched:
            self._session.write(self._sql["hold_mail"], {"mail": mail, "local_now": now})
            rows = self._session.query(self._sql["counts"], {"mail": mail})
            counts = {status or "Not Sent": int(count) for status, count, _ in rows}
            errors = [error for status, _, error in rows if error and status != "Sent"]
            values = {"mail": mail, "status": status_of(counts), "error": errors[0] if errors else None}
            self._session.write(self._sql["set_mail"], {**values, "local_now": now})
            self._session.commit()
        self._touched.clear()

    def _record(
        self, one: Claimed, status: str, error: str | None = None, *, not_before: int = 0, free: int = 0
    ) -> None:
        row = {"name": one.name, "claim": one.claim, "status": status, "error": error}
        times = {"not_before": not_before, "free": free, "local_now": self._stored(self._local_now)}
        self._session.write(self._sql["record"], {**row, **times})
        self._session.commit()

    def _now(self) -> int:
        return to_micros(self._clock.now())

    def _stored(self, moment: datetime) -> Any:
        return iso(moment) if self._session.dialect == "sqlite" else moment


def status_of(counts: dict[str, int]) -> str:
    """The status of a mail, by how many of its recipients have which."""
    open_ones = sum(count for status, count in counts.items() if status not in _FINAL)
    sent = counts.get("Sent", 0)
    if open_ones:
        return "Sending" if counts.get("Sending") else "Partially Sent" if sent else "Not Sent"
    if sent:
        return "Sent" if sent == sum(counts.values()) else "Partially Sent"
    return next((one for one in ("Error", "Expired", "Canceled") if counts.get(one)), "Not Sent")
