"""Requests to other services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing


def make_request(
    method: str,
    url: str,
    auth: Any = None,
    headers: Any = None,
    data: Any = None,
    json: Any = None,
    params: Any = None,
    **_: Any,
) -> Any:
    """What a service answers: JSON read, other text as it is.

    Raises:
        requests.HTTPError: it answers with an error, which is kept in the Error Log.
    """
    session = frappe.utils.get_request_session()
    frappe.flags.integration_request = session.request(
        method, url, data=data, auth=auth, headers=headers or {}, json=json, params=params
    )
    answer = frappe.flags.integration_request
    try:
        answer.raise_for_status()
    except OSError:  # requests' errors are OSErrors, and requests may not be installed
        frappe.log_error(f"{method} {url.partition('?')[0]} failed")
        raise
    kind = answer.headers.get("content-type", "")
    if kind.startswith("text/plain"):
        return parse_qs(answer.text)
    return answer.json() if "json" in kind else answer.text


def make_get_request(url: str, **kwargs: Any) -> Any:
    """What a service answers to GET."""
    return make_request("GET", url, **kwargs)


def make_post_request(url: str, **kwargs: Any) -> Any:
    """What a service answers to POST."""
    return make_request("POST", url, **kwargs)


def make_put_request(url: str, **kwargs: Any) -> Any:
    """What a service answers to PUT."""
    return make_request("PUT", url, **kwargs)


def make_patch_request(url: str, **kwargs: Any) -> Any:
    """What a service answers to PATCH."""
    return make_request("PATCH", url, **kwargs)


def make_delete_request(url: str, **kwargs: Any) -> Any:
    """What a service answers to DELETE."""
    return make_request("DELETE", url, **kwargs)


def create_request_log(
    data: Any,
    integration_type: str | None = None,
    service_name: str | None = None,
    name: str | None = None,
    error: Any = None,
    request_headers: Any = None,
    output: Any = None,
    **kwargs: Any,
) -> Any:
    """Keep a request as an Integration Request; the document."""
    text = data if isinstance(data, str) else get_json(data)
    doc = frappe.get_doc(
        {
            "doctype": "Integration Request",
            "integration_request_service": service_name,
            "request_headers": get_json(request_headers),
            "data": text,
            "output": get_json(output),
            "error": get_json(error),
            **kwargs,
        }
    )
    if name:
        doc.flags._name = name
    doc.insert(ignore_permissions=True, set_name=name)
    frappe.db.commit()
    return doc


def get_json(obj: Any) -> str | None:
    """A value as JSON; text as it is."""
    return obj if isinstance(obj, str) or obj is None else frappe.as_json(obj, indent=1)


def json_handler(obj: Any) -> Any:
    """A date as text, for `json.dumps`."""
    return str(obj)


def get_payment_gateway_controller(payment_gateway: str) -> Any:
    """The settings of a payment gateway."""
    gateway = frappe.get_doc("Payment Gateway", payment_gateway)
    if gateway.gateway_controller is None:
        return frappe.get_doc(f"{payment_gateway} Settings")
    return frappe.get_doc(gateway.gateway_settings, gateway.gateway_controller)


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
