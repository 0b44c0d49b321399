"""Addresses of the site's pages, and links to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit

from rota.frappe.utils import _settings
from rota.frappe.utils._html import escape_html
from rota.frappe.utils._settings import translate as _
from rota.frappe.utils._strings import cstr


def slug(name: str) -> str:
    """The name as the desk's addresses have it: Sales Invoice is `sales-invoice`."""
    return name.lower().replace(" ", "-")


def quoted(url: Any) -> str:
    """The text with the characters quoted that a URL can't have; those that structure one stay."""
    return quote(cstr(url), safe="~@#$&()*!+=:;,.?/'")


def get_url(uri: str | None = None, full_address: bool = False, allow_header_override: bool = True) -> str:
    """The site's address, or that of a path on it; a full address comes back as it is.

    Which address the site has is for its configuration (`host_name`) and the current request to say:
    the other two arguments are taken and ignored.
    """
    return urljoin(f"{_settings.host_url()}/", uri) if uri else _settings.host_url()


def get_request_site_address(full_address: bool = False) -> str:
    """The site's address."""
    return get_url()


def url_contains_port(url: str) -> bool:
    """Whether the address, which begins with a scheme, names a port."""
    return url.count(":") > 1


def get_host_name() -> str:
    """The site's host, with the port where there is one."""
    return get_url().rpartition("//")[2]


def is_site_link(link: str | None) -> bool:
    """Whether the link stays on the site."""
    if not link:
        return False
    return (link.startswith("/") and not link.startswith("//")) or urlsplit(link).netloc == urlsplit(get_url()).netloc


def get_absolute_url(doctype: str, name: str) -> str:
    """The path of a document's form."""
    return f"/app/{quoted(slug(doctype))}/{quoted(name)}"


def get_url_to_form(doctype: str, name: Any = None) -> str:
    """The address of a document's form; of the list (or a Single's form) without a name."""
    return get_url(get_absolute_url(doctype, name)) if name else get_url_to_list(doctype)


def get_url_to_list(doctype: str) -> str:
    """The address of a DocType's list."""
    return get_url(f"/app/{quoted(slug(doctype))}")


def get_url_to_report(name: str, report_type: str | None = None, doctype: str | None = None) -> str:
    """The address of a report; one of the Report Builder stands with its DocType."""
    if report_type == "Report Builder":
        return get_url(f"/app/{quoted(slug(doctype or ''))}/view/report/{quoted(name)}")
    return get_url(f"/app/query-report/{quoted(name)}")


def get_url_to_report_with_filters(
    name: str, filters: str, report_type: str | None = None, doctype: str | None = None
) -> str:
    """The address of a report with its filters, which come as a query string."""
    if report_type == "Report Builder":
        return get_url(f"/app/{quoted(slug(doctype or ''))}/view/report?{filters}")
    return get_url(f"/app/query-report/{quoted(name)}?{filters}")


def get_link_to_form(doctype: str, name: Any = None, label: str | None = None) -> str:
    """A link to a document's form. The label is HTML already, or the escaped name."""
    return f'<a href="{get_url_to_form(doctype, name)}">{label or escape_html(cstr(name)) or _(doctype)}</a>'


def get_link_to_report(
    name: str,
    label: str | None = None,
    report_type: str | None = None,
    doctype: str | None = None,
    filters: Mapping[str, Any] | None = None,
) -> str:
    """A link to a report; a filter is a value, or a list of (operator, value). The label is HTML already."""
    shown = label or escape_html(name)
    if not filters:
        return f"<a href='{_in_quotes(get_url_to_report(name, report_type, doctype))}'>{shown}</a>"
    conditions = []
    for field, value in filters.items():
        for condition in value if isinstance(value, list) else [value]:
            is_pair = isinstance(condition, (list, tuple))
            text = f'["{condition[0]}","{condition[1]}"]' if is_pair else str(condition)
            conditions.append(f"{field}={quote(text)}")
    url = get_url_to_report_with_filters(name, "&".join(conditions), report_type, doctype)
    return f"<a href='{_in_quotes(url)}'>{shown}</a>"


def _in_quotes(url: str) -> str:
    # `quoted` leaves apostrophes, which would end the attribute.
    return url.replace("'", "%27")


def add_trackers_to_url(
    url: str, source: str, campaign: str | None = None, medium: str | None = None, content: str | None = None
) -> str:
    """The address with where its reader comes from, as utm_ parameters; one of an e-mail as it is."""
    parts = urlsplit(url)
    if parts.scheme == "mailto":
        return url
    trackers = {"utm_source": source, "utm_medium": medium, "utm_campaign": campaign, "utm_content": content}
    query = dict(parse_qsl(parts.query)) | {name: value for name, value in trackers.items() if value}
    return parts._replace(query=urlencode(query)).geturl()


def map_trackers(url_trackers: Mapping[str, str], create: bool = False) -> dict[str, str]:
    """The utm_ parameters among these, with or without their prefix. `create` is taken and ignored."""
    names = ("utm_source", "utm_medium", "utm_campaign", "utm_content")
    found = {name: url_trackers.get(name) or url_trackers.get(name.removeprefix("utm_")) for name in names}
    return {name: value for name, value in found.items() if value}


def parse_and_map_trackers_from_url(url: str, create: bool = False) -> dict[str, str]:
    """The utm_ parameters of an address. `create` is taken and ignored."""
    return map_trackers(dict(parse_qsl(urlsplit(url).query)), create)
