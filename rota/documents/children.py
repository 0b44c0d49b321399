"""Child rows beside the documents of a list: `get_all("Order", fields=["name", {"items": ["item_code", "qty"]}])`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rota.documents.dictionary import AttrDict
from rota.documents.doctype import Meta
from rota.documents.query import Select, field_list
from rota.documents.sources import Source
from rota.errors import InvalidFilter

PARENT = "rota_parent"
"""The key under which a document's name is read for its rows."""


def told_apart(meta: Meta, fields: Any) -> tuple[Any, dict[str, list[Any]]]:
    """The fields without those that ask for child rows, and what is asked of the rows of each table field."""
    given = field_list(fields) if isinstance(fields, str) and "{" in fields else fields
    if not isinstance(given, (list, tuple)) or not any(isinstance(one, dict) for one in given):
        return fields, {}
    tables = {field.fieldname for field in meta.table_fields}
    asked: dict[str, list[Any]] = {}
    rest = []
    for one in given:
        if isinstance(one, dict) and one and tables.issuperset(one):
            asked.update({str(name): field_list(columns) for name, columns in one.items()})
        else:
            rest.append(one)
    return ([*(rest or ["name"]), f"name as {PARENT}"], asked) if asked else (fields, {})


def attach(
    meta: Meta,
    rows: Sequence[AttrDict],
    asked: Mapping[str, list[Any]],
    *,
    check: Callable[[Source, str], None] | None,
    read: Callable[[str, Select], list[AttrDict]],
) -> None:
    """Give each row the list of its child rows, in their order, under the table field's name.

    `read`: gives the rows of a child DocType; `check`: what refuses a field that the user may not read.
    """
    names = [row.pop(PARENT) for row in rows]
    for fieldname, columns in asked.items():
        field = meta.by_name[fieldname]
        found: dict[str, list[AttrDict]] = {str(name): [] for name in names}
        what = Select(
            fields=[*columns, f"parent as {PARENT}"],
            filters=[["parent", "in", names], ["parenttype", "=", meta["name"]], ["parentfield", "=", fieldname]],
            order_by="idx asc",
            check=check,
        )
        for child in read(field.options or "", what) if names else ():
            found[str(child.pop(PARENT))].append(child)
        for row, name in zip(rows, names, strict=True):
            row[fieldname] = found[str(name)]


def refuse_other_shapes(**shapes: Any) -> None:
    """Child rows belong to one document each, and are given in its dict.

    Raises:
        InvalidFilter: the rows are to be something else.
    """
    wrong = [name for name, value in shapes.items() if value]
    if wrong:
        raise InvalidFilter(f"child rows are not given with {', '.join(wrong)}: ask for them in a list of dicts")
