"""What changed between two versions of a document's field: `frappe.utils.diff`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from difflib import unified_diff
from importlib import import_module
from typing import Any

from rota.frappe.utils._formats import pretty_date


def _value_after(version: str | int, fieldname: str) -> tuple[str, str] | None:
    rows = import_module("rota.frappe").get_list("Version", fields=["data", "modified"], filters={"name": version})
    changes = json.loads(rows[0].data).get("changed", []) if rows else []
    return next(((str(change[2]), str(rows[0].modified)) for change in changes if change[0] == fieldname), None)


def get_version_diff(from_version: str | int, to_version: str | int, fieldname: str = "script") -> list[str]:
    """The lines of a unified diff between what two Versions left in the field."""
    before, after = _value_after(from_version, fieldname), _value_after(to_version, fieldname)
    if not before or not after:
        return ["Values not available for diff"]
    old, new = before[0].split("\n"), after[0].split("\n")
    return list(unified_diff(old, new, str(from_version), str(to_version), before[1], after[1]))


def version_query(
    doctype: str, txt: str, searchfield: str, start: int, page_len: int, filters: Mapping[str, Any]
) -> list[tuple[Any, str, Any]]:
    """The Versions of a document, newest first, as (name, how long ago, when); of one field where `filters` name it."""
    wanted: dict[str, Any] = {"docname": filters["docname"], "ref_doctype": filters["ref_doctype"]}
    if filters.get("fieldname"):
        wanted["data"] = ("like", f'%"{filters["fieldname"]}"%')
    rows = import_module("rota.frappe").get_list(
        "Version",
        fields=["name", "modified"],
        filters=wanted,
        limit_start=start,
        limit_page_length=page_len,
        order_by="modified desc",
    )
    return [(row.name, pretty_date(row.modified), row.modified) for row in rows]
