"""Which fields link to documents of several DocTypes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rota import frappe  # what an app has put there counts
from rota.frappe._dict import _dict
from rota.frappe._missing import missing


def get_dynamic_link_map(for_delete: bool = False) -> dict[str, list[_dict]]:
    """For each DocType the Dynamic Link fields of documents that may link to it."""
    found: dict[str, list[_dict]] = {}
    for field in get_dynamic_links():
        meta = frappe.get_meta(field.parent)
        if meta.issingle:
            found.setdefault(field.parent, []).append(field)
            continue
        for doctype in frappe.get_all(field.parent, fields=[field.options], distinct=True, pluck=field.options):
            found.setdefault(doctype, []).append(field)
    return found


def get_dynamic_links() -> list[_dict]:
    """All Dynamic Link fields: dicts of `parent`, `fieldname`, `options`, `issingle`."""
    rows = frappe.get_all("DocField", filters={"fieldtype": "Dynamic Link"}, fields=["parent", "fieldname", "options"])
    return [_dict(row, issingle=frappe.get_meta(row.parent).issingle) for row in rows]


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
