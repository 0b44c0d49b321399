"""Secrets of Password fields, encrypted with the site's key: Fernet (AES-128-CBC and HMAC-SHA256), as Frappe has it.

The key is `encryption_key` in site_config.json, made with the site. Who has both the database and that file can read
the secrets; the database alone tells nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rota.errors import ConfigError, ValidationError

if TYPE_CHECKING:
    from cryptography.fernet import Fernet


class FernetSecrets:
    """What `documents.context.Secrets` asks for, with one key."""

    def __init__(self, key: str | None) -> None:
        """`key`: the setting `encryption_key`; None where the site has none, which only matters once it is needed."""
        self._key = key

    def seal(self, secret: str) -> str:
        """The secret as text that may be stored.

        Raises:
            ConfigError: the site's key is missing or is none.
        """
        return self._fernet().encrypt(secret.encode("utf-8", "surrogatepass")).decode()

    def open(self, sealed: str) -> str:
        """The secret again.

        Raises:
            ConfigError: the site's key is missing or is none.
            ValidationError: it was sealed with another key, or was changed.
        """
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet().decrypt(sealed.encode()).decode("utf-8", "surrogatepass")
        except InvalidToken:
            raise ValidationError(
                "a stored secret can't be read with this site's encryption_key: put the key back that "
                "site_config.json had when it was stored, or set the secret anew"
            ) from None

    def _fernet(self) -> Fernet:
        # It takes 5 MiB of every process, and few of them ever meet a secret.
        from cryptography.fernet import Fernet

        if not self._key:
            raise ConfigError(
                "site_config.json has no encryption_key, so passwords can't be stored or read: put the key back, or "
                "make one with `rota set-config encryption_key KEY` (32 random bytes in URL-safe base64)"
            )
        try:
            return Fernet(self._key)
        except ValueError as error:
            raise ConfigError("encryption_key in site_config.json must be 32 bytes in URL-safe base64") from error
