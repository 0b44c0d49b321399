"""Received mails: Rota receives none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rota.errors import ValidationError
from rota.frappe._missing import missing


class EmailSizeExceededError(ValidationError):
    """A mail is too large."""


class LoginLimitExceeded(ValidationError):
    """Too many attempts to sign in to a mail server."""


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
