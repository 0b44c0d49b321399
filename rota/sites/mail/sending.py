"""Send what waits. Run by a job after each commit that queued a mail, and by a schedule each minute."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

from rota.clock import Clock
from rota.documents.session import Session
from rota.errors import ValidationError
from rota.sites.files import FileStore
from rota.sites.mail.accounts import NONE, Accounts
from rota.sites.mail.addresses import Address, parsed
from rota.sites.mail.compose import Attachment, addressed
from rota.sites.mail.outbox import Claimed, Outbox, Waiting
from rota.sites.mail.smtp import Account, Answer, Reply, ServerDown, Smtp
from rota.sites.mail.unsubscribe import unsubscribe_url
from rota.sites.site import Site

logger = logging.getLogger("rota.mail")

SECONDS = 200.0  # for one round; its job has 300
_FILE = 'select file_url, file_name from "tabFile" where name = :name'
_BY_URL = 'select file_url, file_name from "tabFile" where file_url = :url limit 1'


class Connection(Protocol):
    """What mails are handed to: `Smtp`."""

    def send(self, sender: str, recipient: str, message: bytes) -> Reply: ...
    def close(self) -> None: ...


@dataclass(slots=True)
class Flushed:
    """What one round did, in recipients."""

    sent: int = 0
    refused: int = 0
    later: int = 0
    expired: int = 0
    problems: list[str] = field(default_factory=list)
    next_at: int | None = None  #: when the next one may be tried (microseconds); None when nobody waits


def flush_site(
    site: Site,
    *,
    mail: str = "",
    seconds: float = SECONDS,
    is_over: Callable[[], bool] = lambda: False,
    connect: Callable[[Account, str], Connection] = Smtp,
) -> Flushed:
    """Send what waits, or one mail; at most for `seconds`, and until `is_over`.

    A server that is down ends the round for its mails; they stay in the queue.
    """
    if site.config.mute_emails:
        return Flushed(problems=["mails are muted (mute_emails)"])
    session = Session(site.database)
    try:
        with _Round(site, session, connect) as one_round:
            return one_round.run(mail, site.clock, seconds, is_over)
    finally:
        session.close()


def home_of(site: Site) -> str:
    """The site's address in links: by its configuration alone, as a request may name any host."""
    host = site.config.host_name or f"{site.name}:{site.config.http_port}"
    return (host if "://" in host else f"http://{host}").rstrip("/")


class _Round:
    def __init__(self, site: Site, session: Session, connect: Callable[[Account, str], Connection]) -> None:
        self._site, self._session, self._connect = site, session, connect
        self._outbox = Outbox(session, site.clock, site.now())
        self._accounts = Accounts(session, site.config)
        self._connections: dict[Account, Connection] = {}
        self._down: dict[Account | None, str] = {}
        self._did = Flushed()

    def __enter__(self) -> _Round:
        return self

    def __exit__(self, *_: object) -> None:
        for connection in self._connections.values():
            connection.close()

    def run(self, mail: str, clock: Clock, seconds: float, is_over: Callable[[], bool]) -> Flushed:
        ends = clock.monotonic() + seconds
        self._did.expired = self._outbox.tidy()
        try:
            for waiting in self._waiting(mail):
                if is_over() or clock.monotonic() >= ends:
                    break
                claimed = self._outbox.claim(waiting)
                if claimed is not None:
                    self._send(claimed)
        finally:
            self._outbox.settle()
        self._did.next_at = self._outbox.next_due(self._site.zone)
        self._did.problems += self._down.values()
        for problem in self._did.problems:
            logger.warning("%s: %s", self._site.name, problem)
        return self._did

    def _waiting(self, mail: str) -> Iterator[Waiting]:
        """Whoever may be written to, until none is left; what was put off comes no more in this round."""
        seen: set[str] = set()
        skipped = 0
        while True:
            fresh = [one for one in self._outbox.waiting(mail, skip=skipped) if one.name not in seen]
            if not fresh:
                return
            for one in fresh:
                seen.add(one.name)
                if self._accounts.of(one.email_account, one.sender) in self._down:
                    skipped += 1
                else:
                    yield one

    def _send(self, one: Claimed) -> None:
        account = self._accounts.of(one.email_account, one.sender)
        if account is None:
            self._put_off(one, None, NONE)
            return
        try:
            sender, message = self._message(one, account)
        except (ValidationError, OSError) as error:
            self._did.refused += 1
            self._outbox.refused(one, str(error))
            return
        try:
            reply = self._connection(account).send(sender, one.recipient, message)
        except ServerDown as error:
            self._put_off(one, account, str(error))
            return
        if reply.answer is Answer.SENT:
            self._did.sent += 1
            self._outbox.sent(one)
        elif reply.answer is Answer.REFUSED:
            self._did.refused += 1
            self._outbox.refused(one, reply.text)
        else:
            self._did.later += 1
            self._outbox.later(one, reply.text)

    def _put_off(self, one: Claimed, account: Account | None, problem: str) -> None:
        """Nothing can leave this way now: say so with one mail, and leave the others as they are."""
        self._down[account] = problem
        self._did.later += 1
        self._outbox.give_back(one, problem)

    def _connection(self, account: Account) -> Connection:
        if account not in self._connections:
            self._connections[account] = self._connect(account, self._own_name(account))
        return self._connections[account]

    def _own_name(self, account: Account) -> str:
        host = urlsplit(self._site.config.host_name or "").hostname
        return host or (account.address or "").rpartition("@")[2] or "localhost"

    def _message(self, one: Claimed, account: Account) -> tuple[str, bytes]:
        own = parsed(account.address) if account.address else None
        asked = parsed(one.sender) if one.sender else None
        if account.always_own_address and own is not None:
            asked = Address(asked.name, own.mail) if asked else None
        sender = asked or own
        if sender is None:
            raise ValidationError("no sender: set auto_email_id in the configuration, or give sendmail a sender")
        if not sender.name and account.sender_name and sender == own:
            sender = Address(account.sender_name, sender.mail)
        message = addressed(
            one.message,
            sender=sender,
            to=one.recipient if one.expose_recipients != "header" else None,
            attachments=list(self._attachments(json.loads(one.attachments or "[]"))),
            unsubscribe_url=unsubscribe_url(self._site.config, home_of(self._site), one),
        )
        return sender.mail, message

    def _attachments(self, files: list[dict[str, Any]]) -> Iterator[Attachment]:
        store = FileStore(self._site.path)
        for file in files:
            rows = (
                self._session.query(_FILE, {"name": file["fid"]})
                if file.get("fid")
                else self._session.query(_BY_URL, {"url": file["file_url"]})
            )
            if not rows:
                raise ValidationError(f"the attached file {file.get('fid') or file.get('file_url')} is gone")
            url, name = rows[0]
            yield Attachment(name=str(file.get("fname") or name), content=store.read(str(url)))
