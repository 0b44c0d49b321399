"""Passwords of users, and the secrets of Password fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from rota import frappe  # what an app has put there counts
from rota.errors import AuthenticationError, NotInRota
from rota.frappe._missing import missing
from rota.sites import passwords
from rota.sites.context import current


def get_decrypted_password(
    doctype: str, name: Any, fieldname: str = "password", raise_exception: bool = True
) -> str | None:
    """What a Password field of a document holds.

    Raises:
        AuthenticationError: nothing, unless `raise_exception` is False.
    """
    return current().documents.passwords.get(doctype, name, fieldname, raise_exception=raise_exception)


def set_encrypted_password(doctype: str, name: Any, pwd: str, fieldname: str = "password") -> None:
    """Keep a secret for a Password field of a document."""
    current().documents.passwords.set(doctype, name, fieldname, pwd)


def remove_encrypted_password(doctype: str, name: Any, fieldname: str = "password") -> None:
    """Forget it."""
    current().documents.passwords.forget(doctype, name, fieldname)


def check_password(
    user: str, pwd: str, doctype: str = "User", fieldname: str = "password", delete_tracker_cache: bool = True
) -> str:
    """The user, if this is the password.

    Raises:
        AuthenticationError: it is not.
    """
    documents = current().documents
    if doctype == "User" and fieldname == "password":
        right = passwords.is_password(documents.session, user, pwd)
    else:
        kept = documents.passwords.get(doctype, user, fieldname, raise_exception=False)
        right = kept is not None and kept == pwd
    if not right:
        raise AuthenticationError("Incorrect User or Password")
    return user


def update_password(
    user: str, pwd: str, doctype: str = "User", fieldname: str = "password", logout_all_sessions: bool = False
) -> None:
    """Give a user a new password."""
    if doctype != "User" or fieldname != "password":
        set_encrypted_password(doctype, user, pwd, fieldname)
        return
    passwords.set_password(current().documents.session, user, pwd)


def delete_all_passwords_for(doctype: str, name: Any) -> None:
    """Forget all secrets of a document."""
    current().documents.passwords.forget(doctype, name)


def rename_password(doctype: str, old_name: Any, new_name: Any) -> None:
    """A document has another name."""
    current().documents.passwords.rename(doctype, old_name, new_name)


def encrypt(txt: str, encryption_key: str | None = None) -> str:
    """A text, sealed with the site's key.

    Raises:
        NotInRota: with a key of one's own.
    """
    return _secrets(encryption_key).seal(txt)  # type: ignore[no-any-return]


def decrypt(txt: str, encryption_key: str | None = None, key: str | None = None) -> str:
    """The text that `encrypt` sealed.

    Raises:
        ValidationError: it was sealed with another key.
    """
    return _secrets(encryption_key).open(txt)  # type: ignore[no-any-return]


def get_encryption_key() -> str:
    """The site's key."""
    return str(current().site.config.encryption_key or "")


def get_password_reset_limit() -> int:
    """How many links to set a password a user gets in an hour."""
    return int(frappe.get_system_settings("password_reset_limit") or 3)


def _secrets(encryption_key: str | None) -> Any:
    if encryption_key is not None:
        raise NotInRota("frappe.utils.password.encrypt", "with a key of your own, use the package cryptography")
    return current().documents.context.secrets


def create_auth_table() -> NoReturn:
    """Refused.

    Raises:
        NotInRota: always.
    """
    raise NotInRota("frappe.utils.password.create_auth_table", "`rota migrate` makes tables")


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
