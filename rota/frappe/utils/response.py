"""What a request answers with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.documents.values import to_json
from rota.errors import Redirect
from rota.frappe._missing import missing


def json_handler(obj: Any) -> Any:
    """A value of Python as JSON has it."""
    import json

    return json.loads(to_json(obj))


def build_response(response_type: str | None = None) -> Any:
    """Say how the answer of this request is to be written."""
    if response_type:
        frappe.response["type"] = response_type
    return frappe.response


def report_error(status_code: int) -> None:
    """Let the answer of this request have this status."""
    frappe.response["http_status_code"] = status_code


def redirect() -> None:
    """Send who asks elsewhere.

    Raises:
        Redirect: always.
    """
    raise Redirect


def handle_session_stopped() -> Any:
    """The answer while the site is under maintenance."""
    frappe.respond_as_web_page(
        frappe._("Updating"),
        frappe._("The system is being updated. Please refresh again after a few moments."),
        http_status_code=503,
        indicator_color="orange",
        primary_action=None,
        fullpage=True,
    )
    return frappe.response


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
