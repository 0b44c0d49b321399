"""One connection to an SMTP server, with a limit on everything that waits, and answers sorted into three kinds.

A server that is down says nothing about the mail; a refusal with 5xx is final; all else may be better later.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum

CONNECT_SECONDS = 10.0
COMMAND_SECONDS = 20.0
# All steps of one mail, however slowly the server drips its answers.
MAIL_SECONDS = 60.0
_CLOSING = 421


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """How a site's mails leave."""

    name: str  #: of the Email Account, "" for the one in the configuration
    server: str
    port: int
    login: str | None = None
    password: str | None = field(default=None, repr=False)
    tls_at_once: bool = False
    starttls: bool = False
    address: str | None = None  #: the sender's, for mails that name none
    sender_name: str | None = None
    always_own_address: bool = False


class Answer(Enum):
    """What came of an attempt."""

    SENT = "sent"
    REFUSED = "refused"  # for good
    LATER = "later"


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server said about one mail to one recipient."""

    answer: Answer
    text: str = ""


class ServerDown(Exception):
    """The server can't be reached, or won't take anything now; no mail is to blame."""


class Smtp:
    """A connection that is made when it is first needed, and used for mail after mail."""

    def __init__(self, account: Account, own_name: str) -> None:
        """`own_name`: what to call ourselves in EHLO; looking it up could take half a minute."""
        self._account, self._own_name = account, own_name or "localhost"
        self._smtp: smtplib.SMTP | None = None

    def send(self, sender: str, recipient: str, message: bytes) -> Reply:
        """Hand one mail over.

        Raises:
            ServerDown: there is no connection to be had.
        """
        smtp = self._connected()
        try:
            with _deadline(smtp, MAIL_SECONDS):
                smtp.sendmail(sender, [recipient], message)
        except smtplib.SMTPRecipientsRefused as refused:
            code, text = next(iter(refused.recipients.values()))
            return self._refused(code, text)
        except smtplib.SMTPResponseException as error:
            return self._refused(error.smtp_code, error.smtp_error)
        except (smtplib.SMTPException, OSError, ValueError) as error:
            # The mail may have been taken: the answer was lost. It goes again, with the same id.
            self.close()
            return Reply(Answer.LATER, _line(error))
        return Reply(Answer.SENT)

    def close(self) -> None:
        """Leave; at once if the server does not answer."""
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            with suppress(OSError, smtplib.SMTPException), _deadline(smtp, 1.0):
                smtp.quit()
            smtp.close()

    def _refused(self, code: int, text: bytes | str) -> Reply:
        shown = f"{code} {text.decode(errors='replace') if isinstance(text, bytes) else text}"[:1000]
        if code == _CLOSING or not self._still_there():
            self.close()
        return Reply(Answer.REFUSED if 500 <= code < 600 else Answer.LATER, shown)

    def _still_there(self) -> bool:
        return self._smtp is not None and self._smtp.sock is not None

    def _connected(self) -> smtplib.SMTP:
        if self._smtp is None:
            smtp = self._new()
            try:
                with _deadline(smtp, 2 * COMMAND_SECONDS):
                    self._begin(smtp)
            except (smtplib.SMTPException, OSError, ValueError) as error:
                smtp.close()
                server = f"{self._account.server}:{self._account.port}"
                raise ServerDown(f"the mail server {server}: {_line(error)}") from error
            except BaseException:
                smtp.close()
                raise
            self._smtp = smtp
        return self._smtp

    def _new(self) -> smtplib.SMTP:
        name = self._own_name
        if self._account.tls_at_once:
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(local_hostname=name, timeout=CONNECT_SECONDS, context=context)
        return smtplib.SMTP(local_hostname=name, timeout=CONNECT_SECONDS)

    def _begin(self, smtp: smtplib.SMTP) -> None:
        account = self._account
        smtp._host = account.server  # type: ignore[attr-defined] # the name that its certificate must have
        code, text = smtp.connect(account.server, account.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, text)
        if smtp.sock is not None:
            smtp.sock.settimeout(COMMAND_SECONDS)
        if account.starttls and not account.tls_at_once:
            smtp.ehlo_or_helo_if_needed()
            smtp.starttls(context=ssl.create_default_context())
        smtp.ehlo_or_helo_if_needed()
        if account.login:
            smtp.login(account.login, account.password or "")


@contextmanager
def _deadline(smtp: smtplib.SMTP, seconds: float) -> Iterator[None]:
    """End the connection after so many seconds: the socket's own limit starts anew with each byte."""

    def end() -> None:
        if smtp.sock is not None:
            with suppress(OSError):
                smtp.sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _line(error: BaseException) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        return f"{error.smtp_code} {text.decode(errors='replace') if isinstance(text, bytes) else text}"[:1000]
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return (" ".join(str(error).split()) or type(error).__name__)[:1000]
