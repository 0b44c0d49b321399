"""What link fields search for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing

validate_and_sanitize_search_inputs = frappe.validate_and_sanitize_search_inputs

_FIELD = re.compile(r"(`[\w ]+`\.|\w+\.)?`?\w+`?")


def sanitize_searchfield(searchfield: str | None) -> None:
    """Refuse what is no field's name: apps put it into statements.

    Raises:
        DataError: it is none.
    """
    if searchfield and not _FIELD.fullmatch(searchfield):
        frappe.throw(frappe._("Invalid Search Field {0}").format(searchfield), frappe.DataError)


@frappe.whitelist()
def search_link(
    doctype: str,
    txt: str,
    query: str | None = None,
    filters: Any = None,
    page_length: Any = 10,
    searchfield: str | None = None,
    reference_doctype: str | None = None,
    ignore_user_permissions: Any = False,
    **_: Any,
) -> list[dict[str, Any]]:
    """Documents whose name or title is like a text: dicts of `value`, `description` and perhaps `label`."""
    rows = search_widget(doctype, txt.strip(), query, searchfield, page_length=page_length, filters=filters)
    return build_for_autosuggest(rows, doctype)


@frappe.whitelist()
def search_widget(
    doctype: str,
    txt: str,
    query: str | None = None,
    searchfield: str | None = None,
    start: Any = 0,
    page_length: Any = 10,
    filters: Any = None,
    filter_fields: Any = None,
    as_dict: Any = False,
    reference_doctype: str | None = None,
    ignore_user_permissions: Any = False,
    **_: Any,
) -> Any:
    """Rows of such documents: name, title, and the fields that the DocType is searched by. `query`: an app's own."""
    sanitize_searchfield(searchfield)
    filters = frappe.parse_json(filters) if isinstance(filters, str) else filters
    if query:
        function = frappe.get_attr(query)
        frappe.is_whitelisted(function)
        start, page_len = frappe.utils.cint(start), frappe.utils.cint(page_length)
        given = {"doctype": doctype, "txt": txt, "searchfield": searchfield or "name", "start": start}
        return frappe.call(function, **given, page_len=page_len, filters=filters, as_dict=frappe.utils.sbool(as_dict))
    meta = frappe.get_meta(doctype)
    fields = list(dict.fromkeys(["name", meta.get_title_field(), *meta.get_search_fields()]))
    wanted = _conditions(filters)
    if meta.has_field("disabled"):
        wanted.append(["disabled", "!=", 1])
    either = [[field, "like", f"%{txt}%"] for field in fields] if txt else None
    rows = frappe.get_list(
        doctype,
        filters=wanted,
        or_filters=either,
        fields=fields,
        limit_start=frappe.utils.cint(start),
        limit=frappe.utils.cint(page_length),
        order_by="name",
    )
    return rows if frappe.utils.sbool(as_dict) else [tuple(row.get(field) for field in fields) for row in rows]


def _conditions(filters: Any) -> list[Any]:
    if not isinstance(filters, dict):
        return list(filters or [])
    return [[key, *one] if isinstance(one, (list, tuple)) else [key, "=", one] for key, one in filters.items()]


def build_for_autosuggest(res: Any, doctype: str) -> list[dict[str, Any]]:
    """Rows as link fields take them."""
    meta = frappe.get_meta(doctype)
    shows_title = bool(meta.show_title_field_in_link and meta.title_field)
    found = []
    for row in res:
        name, *others = list(row.values()) if isinstance(row, dict) else list(row)
        one: dict[str, Any] = {
            "value": name,
            "description": ", ".join(str(part) for part in others if part and part != name),
        }
        if shows_title and others:
            one["label"] = others[0]
        found.append(one)
    return found


@frappe.whitelist()
def get_link_title(doctype: str, docname: Any) -> Any:
    """What people call a document."""
    meta = frappe.get_meta(doctype)
    if not meta.show_title_field_in_link:
        return docname
    return frappe.db.get_value(doctype, docname, meta.get_title_field()) or docname


__all__ = ["build_for_autosuggest", "search_link", "search_widget", "validate_and_sanitize_search_inputs"]

if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
