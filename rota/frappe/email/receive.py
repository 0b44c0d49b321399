"""Received mails: Rota receives none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rota.errors import MaxFileSizeReachedError, ValidationError
from rota.frappe._missing import missing

__all__ = ["EmailSizeExceededError", "LoginLimitExceeded", "MaxFileSizeReachedError"]


class EmailSizeExceededError(ValidationError):
    """A mail is too large."""


class LoginLimitExceeded(ValidationError):
    """Too many attempts to sign in to a mail server."""


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
