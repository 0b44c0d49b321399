"""What differs between a document as it was stored and as it is saved: the data of a Version."""

from __future__ import annotations

from typing import Any

from rota.documents.base import BaseDocument
from rota.documents.comparison import same_value
from rota.documents.fieldtypes import Kind


def difference(before: BaseDocument, after: BaseDocument, *, is_row: bool = False) -> dict[str, list[Any]] | None:
    """`changed` [field, old, new], `added` and `removed` [table, row], `row_changed`; None when nothing differs."""
    found: dict[str, list[Any]] = {"changed": [], "added": [], "removed": [], "row_changed": []}
    for field in after.meta.fields:
        old, new = before.get(field.fieldname), after.get(field.fieldname)
        if field.kind is Kind.TABLE:
            _compare_rows(found, field.fieldname, old or [], new or [])
        elif field.has_column and not same_value(field.kind, old, new):
            found["changed"].append([field.fieldname, old, new])
    if not is_row and before.docstatus != after.docstatus:
        found["changed"].append(["docstatus", int(before.docstatus), int(after.docstatus)])
    return found if any(found.values()) else None


def _compare_rows(found: dict[str, list[Any]], table: str, before: list[Any], after: list[Any]) -> None:
    old = {row.name: row for row in before}
    for number, row in enumerate(after):
        if row.name not in old:
            found["added"].append([table, row.as_dict()])
        elif changes := difference(old.pop(row.name), row, is_row=True):
            found["row_changed"].append([table, number, row.name, changes["changed"]])
    found["removed"] += [[table, row.as_dict()] for row in old.values()]
