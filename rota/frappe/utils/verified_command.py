"""Links that only the site can have made: `frappe.utils.verified_command`."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from importlib import import_module
from typing import Any
from urllib.parse import urlencode

from rota.frappe.utils import _settings, _urls
from rota.frappe.utils._settings import translate as _
from rota.frappe.utils._strings import safe_decode

SIGNATURE = "&_signature="


def get_secret() -> str:
    """The key with which the site signs.

    Raises:
        UsageError: no site is open.
    """
    return _settings.site_open("verified_command").secret


def _sign_message(message: str) -> str:
    return hmac.new(get_secret().encode(), message.encode(), hashlib.sha512).hexdigest()


def get_signed_params(params: str | Mapping[str, Any]) -> str:
    """The query string of the parameters with a signature at its end."""
    query = params if isinstance(params, str) else urlencode(params)
    return f"{query}{SIGNATURE}{_sign_message(query)}"


def get_url(cmd: str, params: str | Mapping[str, Any], nonce: str | None = None, secret: str | None = None) -> str:
    """The signed address that calls the method `cmd` with these parameters. The rest is taken and ignored."""
    return _urls.get_url(f"/api/method/{cmd}?{get_signed_params(params)}")


def is_signed(query_string: str) -> bool:
    """Whether the query string ends with the site's signature of what stands before it."""
    query, _separator, signature = query_string.rpartition(SIGNATURE)
    return bool(query) and hmac.compare_digest(signature.encode(), _sign_message(query).encode())


def verify_request() -> bool:
    """Whether the current request is a GET of a signed address; where not, it is answered with an error page."""
    frappe = import_module("rota.frappe")
    request = frappe.request
    query = safe_decode(frappe.local.flags.signed_query_string or getattr(request, "query_string", b"")) or ""
    if getattr(request, "method", "GET") == "GET" and is_signed(query):
        return True
    message = _("This link is invalid or expired. Please make sure you have pasted correctly.")
    frappe.respond_as_web_page(_("Invalid Link"), message)
    return False
