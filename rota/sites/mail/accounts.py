"""Which server a mail leaves by: its Email Account, that of its sender, the default one, else the configuration's."""

from __future__ import annotations

from email.utils import parseaddr

from rota.config import Config
from rota.db import Statements
from rota.documents.session import Session
from rota.documents.values import to_int
from rota.errors import RotaError
from rota.sites.mail.smtp import Account
from rota.sites.secrets import FernetSecrets

NONE = (
    "there is no outgoing mail account: set mail_server in the configuration, "
    "or make an Email Account with 'Enable Outgoing'"
)


class Accounts:
    """The ways out of one site, read once for a round of sending."""

    def __init__(self, session: Session, config: Config) -> None:
        self._config = config
        self._by_name: dict[str, Account] = {}
        self._default = _configured(config)
        sql = Statements("rota.sites.mail", session.connection.dialect)
        for row in session.query(sql["accounts"]):
            account = _of_row(row, session, sql["password"], config)
            self._by_name[account.name] = account
            if to_int(row[9]) and self._default is None:
                self._default = account

    def of(self, email_account: str | None, sender: str | None) -> Account | None:
        """The account of a mail; None when there is none at all."""
        if email_account and email_account in self._by_name:
            return self._by_name[email_account]
        mail = parseaddr(sender or "")[1].lower()
        own = (one for one in self._by_name.values() if mail and (one.address or "").lower() == mail)
        return next(own, None) or self._default or next(iter(self._by_name.values()), None)


def _configured(config: Config) -> Account | None:
    if not config.mail_server:
        return None
    usual = 465 if config.use_ssl else 587 if config.use_tls else 25
    return Account(
        name="",
        server=config.mail_server,
        port=config.mail_port or usual,
        login=config.mail_login,
        password=config.mail_password,
        tls_at_once=config.use_ssl,
        starttls=config.use_tls,
        address=config.auto_email_id,
        sender_name=config.email_sender_name,
        always_own_address=config.always_use_account_email_id_as_sender,
    )


def _of_row(row: tuple[object, ...], session: Session, password: str, config: Config) -> Account:
    name, email_id, own_login, login_id, server, port, tls, ssl, open_relay, _, always = row
    at_once = bool(to_int(ssl))
    return Account(
        name=str(name),
        server=str(server),
        port=to_int(port) or (465 if at_once else 587 if to_int(tls) else 25),
        login=None if to_int(open_relay) else str((login_id if to_int(own_login) else None) or email_id or ""),
        password=_password(session, password, str(name), config),
        tls_at_once=at_once,
        starttls=bool(to_int(tls)) and not at_once,
        address=str(email_id or "") or None,
        sender_name=config.email_sender_name,
        always_own_address=bool(to_int(always)),
    )


def _password(session: Session, query: str, name: str, config: Config) -> str | None:
    rows = session.query(query, {"name": name})
    try:
        return FernetSecrets(config.encryption_key).open(rows[0][0]) if rows else None
    except RotaError:
        return None  # the server will say that the login failed, and other accounts still work
