"""Signing in with other services: Rota has none; an app may sign a user in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from rota.errors import NotInRota
from rota.frappe._missing import missing


def get_oauth2_providers() -> dict[str, Any]:
    """None: no other service signs users in."""
    return {}


def get_oauth_keys(provider: str) -> NoReturn:
    """Refused.

    Raises:
        NotInRota: always.
    """
    raise NotInRota("frappe.utils.oauth.get_oauth_keys", "no other service signs users in")


def get_oauth2_authorize_url(provider: str, redirect_to: str | None = None) -> NoReturn:
    """Refused.

    Raises:
        NotInRota: always.
    """
    raise NotInRota("frappe.utils.oauth.get_oauth2_authorize_url", "no other service signs users in")


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
