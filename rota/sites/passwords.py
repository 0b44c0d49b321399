"""Sign-in passwords: Argon2 hashes in the table `__Auth`, as Frappe keeps them (doctype, name, fieldname)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from rota.db.connection import Connection
from rota.documents.session import Session
from rota.errors import ValidationError

if TYPE_CHECKING:
    from rota.sites.site import Site

LEAST_LENGTH = 1
# A hash takes time on purpose; a longer text would let a request take as much of it as it likes.
GREATEST_LENGTH = 512

_READ = (
    "select password from \"__Auth\" where doctype = 'User' and name = :user and fieldname = 'password' "
    "and encrypted = 0"
)
_WRITE = (
    'insert into "__Auth" (doctype, name, fieldname, password, encrypted) '
    "values ('User', :user, 'password', :password, 0) "
    "on conflict (doctype, name, fieldname) do update set password = :password, encrypted = 0"
)
_FORGET = "delete from \"__Auth\" where doctype = 'User' and name = :user and fieldname = 'password'"


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


def set_password(session: Session, user: str, password: str) -> None:
    """Give `user` a new password; the caller commits.

    Raises:
        ValidationError: it is empty or longer than 512 characters.
    """
    if not LEAST_LENGTH <= len(password) <= GREATEST_LENGTH:
        raise ValidationError(f"a password has {LEAST_LENGTH} to {GREATEST_LENGTH} characters")
    session.write(_WRITE, {"user": user, "password": _hasher().hash(password)})


def change_password(site: Site, user: str, password: str) -> bool:
    """Give a user a new password in a transaction of its own; False when there is no such user."""
    session = Session(site.database)
    try:
        if not session.query('select 1 from "tabUser" where name = :user', {"user": user}):
            return False
        set_password(session, user, password)
        session.commit()
    finally:
        session.close()
    return True


def forget_password(session: Session, user: str) -> None:
    """Take the password away, so that nobody can sign in with one; the caller commits."""
    session.write(_FORGET, {"user": user})


def is_password(documents: Connection | Session, user: str, password: str) -> bool:
    """Whether this is the user's password. It takes as long when there is no such user."""
    rows = documents.query(_READ, {"user": user})
    known = rows[0][0] if rows else _nobodys()
    try:
        _hasher().verify(known, password[: GREATEST_LENGTH + 1])
    except (VerificationError, InvalidHashError):
        return False
    return bool(rows)


@cache
def _nobodys() -> str:
    return _hasher().hash("nobody has this password")
