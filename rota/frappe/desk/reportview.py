"""Lists as the desk asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing
from rota.sites.context import current

_LISTS = ("fields", "filters", "or_filters")


@frappe.whitelist()
def get(**kwargs: Any) -> Any:
    """`{"keys": names of the columns, "values": rows}` of what the user may read; empty when there is nothing."""
    rows = execute(**_given())
    if not rows:
        return []
    keys = list(rows[0])
    return {"keys": keys, "values": [[row.get(key) for key in keys] for row in rows], "user_info": {}}


@frappe.whitelist()
def get_list(**kwargs: Any) -> Any:
    """What the user may read, as dicts."""
    return execute(**_given())


@frappe.whitelist()
def get_count(**kwargs: Any) -> int:
    """How many documents the user may read."""
    given = _given()
    rows = frappe.get_list(given["doctype"], filters=given.get("filters"), fields=["count(name) as n"], order_by=None)
    return int(rows[0].n) if rows else 0


def execute(doctype: str, *args: Any, **kwargs: Any) -> Any:
    """The same as `frappe.get_list`."""
    return frappe.get_list(doctype, *args, **kwargs)


def _given() -> dict[str, Any]:
    """The request's values that a list takes."""
    form = frappe.form_dict
    names = (*_LISTS, "doctype", "order_by", "group_by", "start", "page_length", "distinct")
    given = {name: form[name] for name in names if form.get(name) not in (None, "")}
    return {name: frappe.parse_json(value) if name in _LISTS else value for name, value in given.items()}


def get_form_params() -> Any:
    """The request's values, those that are JSON read."""
    return frappe._dict(_given())


def build_match_conditions(doctype: str, user: str | None = None, as_condition: bool = True) -> Any:
    """The condition for what the user may read, as SQL over the names; "" for all."""
    documents = current().documents
    meta = documents.get_meta(doctype)
    restriction = documents.permissions.restriction(meta, user or documents.user)
    if not restriction.parts and not documents.permissions.raw_restrictions(meta, user or documents.user):
        return "" if as_condition else []
    names = frappe.get_list(doctype, pluck="name", user=user)
    listed = ", ".join(frappe.db.escape(str(name)) for name in names) or "''"
    return f"`tab{doctype}`.`name` in ({listed})" if as_condition else [{"name": names}]


def get_match_cond(doctype: str, as_condition: bool = True) -> str:
    """The same, to stand behind another condition."""
    condition = build_match_conditions(doctype)
    return f" and {condition}" if condition else ""


def get_filters_cond(
    doctype: str, filters: Any, conditions: Any, ignore_permissions: Any = None, with_match_conditions: bool = False
) -> str:
    """The condition that filters mean, as SQL to stand behind another."""
    filters = frappe.parse_json(filters)
    if not filters:
        return ""
    listed = [[key, "=", value] for key, value in filters.items()] if isinstance(filters, dict) else list(filters)
    names = frappe.get_all(doctype, filters=listed, pluck="name")
    quoted = ", ".join(frappe.db.escape(str(name)) for name in names) or "''"
    return f" and `tab{doctype}`.`name` in ({quoted})"


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
