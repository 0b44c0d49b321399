"""How a DocType is kept: rows of tabDocType, tabDocField and their kin; custom fields and property setters merged.

The DocTypes that this needs itself come with the package, as JSON in Frappe's format.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from rota.documents.doctype import Meta
from rota.documents.rows import rows_of
from rota.documents.session import Session
from rota.documents.sql import quote
from rota.documents.values import to_float, to_int
from rota.errors import ValidationError

PARTS = {
    "fields": "DocField",
    "permissions": "DocPerm",
    "actions": "DocType Action",
    "links": "DocType Link",
    "states": "DocType State",
}
"""The lists of a DocType, and the child DocType that each holds."""


@cache
def core_definitions() -> dict[str, dict[str, Any]]:
    """The DocTypes that come with this package, by name. Treat them as read-only."""
    folder = files("rota.documents") / "doctypes"
    found = [json.loads(file.read_text("utf-8")) for file in folder.iterdir() if file.name.endswith(".json")]
    return {definition["name"]: definition for definition in found}


@cache
def core_meta(name: str) -> Meta:
    """A DocType of this package, as it comes."""
    return Meta(core_definitions()[name])


def read_definition(session: Session, name: str) -> dict[str, Any] | None:
    """A DocType's definition as its rows say, without custom fields; None when there is none."""
    found = _dicts(session, "tabDocType", "name", name)
    if not found:
        return None
    definition = found[0]
    for key, child in PARTS.items():
        definition[key] = [
            row
            for row in _dicts(session, f"tab{child}", "parent", definition["name"], order="idx")
            if row.get("parenttype") == "DocType" and row.get("parentfield") == key
        ]
    return definition


def read_meta(session: Session, name: str) -> Meta | None:
    """A DocType with custom fields, property setters and custom permissions; None when there is none."""
    definition = read_definition(session, name)
    if definition is None:
        return None
    _add_custom_fields(session, definition)
    _apply_property_setters(session, definition)
    custom = _dicts(session, "tabCustom DocPerm", "parent", definition["name"], order="creation")
    if custom:
        definition["permissions"] = custom
    return Meta(definition)


def write_definition(session: Session, definition: Mapping[str, Any]) -> bool:
    """Write the rows of a DocType unless they are so already; whether anything changed."""
    wanted = _rows_wanted(definition)
    current = read_definition(session, str(definition["name"]))
    if current is not None and _comparable(current) == _comparable(wanted):
        return False
    dialect, name = session.dialect, wanted["name"]
    if current is not None:
        rows_of(core_meta("DocType"), dialect).delete(session, name)
    for child in PARTS.values():
        table = quote(f"tab{child}", dialect)
        session.write(f"delete from {table} where parent = :name and parenttype = 'DocType'", {"name": name})
    rows_of(core_meta("DocType"), dialect).insert(session, wanted)
    for key, child in PARTS.items():
        rows_of(core_meta(child), dialect).insert_many(session, wanted[key])
    return True


def check_definition(definition: Mapping[str, Any]) -> None:
    """Refuse a definition that can't become a table.

    Raises:
        ValidationError: with the DocType, the field and what is wrong.
    """
    name = definition.get("name")
    if not isinstance(name, str) or not name.strip() or len(name) > 61 or any(mark in name for mark in "`\"'\0;\n<>"):
        raise ValidationError(f"{name!r} is no name for a DocType: up to 61 letters, digits, spaces, - and _")
    seen: set[str] = set()
    for field in definition.get("fields") or ():
        fieldname = field.get("fieldname")
        if not fieldname and (field.get("fieldtype") or "").endswith((" Break", "HTML", "Heading", "Button", "Fold")):
            continue
        if not isinstance(fieldname, str) or not fieldname.isidentifier() or len(fieldname) > 63:
            raise ValidationError(f"DocType {name}: {fieldname!r} is no field name: letters, digits and underscores")
        if fieldname.lower() in seen:
            raise ValidationError(f"DocType {name}: the field {fieldname!r} stands twice")
        seen.add(fieldname.lower())


def _rows_wanted(definition: Mapping[str, Any]) -> dict[str, Any]:
    name = definition["name"]
    stamps = {key: definition.get(key) for key in ("creation", "modified")}
    stamps = {key: value or "2020-01-01 00:00:00" for key, value in stamps.items()}
    owners = {
        "owner": definition.get("owner") or "Administrator",
        "modified_by": definition.get("modified_by") or "Administrator",
    }
    wanted: dict[str, Any] = {**definition, **stamps, **owners, "docstatus": 0, "idx": to_int(definition.get("idx"))}
    wanted.setdefault("sort_field", "modified")
    for key, child in PARTS.items():
        wanted[key] = [
            {
                **row,
                **stamps,
                **owners,
                # The place names the row: the same definition gives the same rows on every site.
                "name": f"{name}-{key}-{number}",
                "parent": name,
                "parenttype": "DocType",
                "parentfield": key,
                "idx": number,
                "docstatus": 0,
            }
            for number, row in enumerate(definition.get(key) or (), 1)
            if row.get("doctype") in (None, child)
        ]
    for number, field in enumerate(wanted["fields"], 1):
        if not field.get("fieldname"):
            field["fieldname"] = f"{(field.get('fieldtype') or 'field').lower().replace(' ', '_')}_{number}"
    return wanted


def _comparable(definition: Mapping[str, Any]) -> Any:
    """What of a definition has a column, without empty values: equal for equal definitions."""
    parts = [core_meta("DocType").column_kinds, *(core_meta(child).column_kinds for child in PARTS.values())]
    own, *children = (set(part) - {"creation", "modified", "owner", "modified_by", "name"} for part in parts)

    def plain(row: Mapping[str, Any], columns: set[str]) -> dict[str, str]:
        return {key: str(row[key]) for key in columns if row.get(key) not in (None, "", 0, "0", False)}

    lists = [
        [plain(row, columns) for row in definition.get(key) or ()] for key, columns in zip(PARTS, children, strict=True)
    ]
    return plain(definition, own), lists


def _dicts(session: Session, table: str, column: str, value: str, *, order: str = "name") -> list[dict[str, Any]]:
    dialect = session.dialect
    names, rows = session.table(
        f"select * from {quote(table, dialect)} where {quote(column, dialect)} = :value "
        f"order by {quote(order, dialect)}",
        {"value": value},
    )
    return [{name: value for name, value in zip(names, row, strict=True) if value is not None} for row in rows]


def _add_custom_fields(session: Session, definition: dict[str, Any]) -> None:
    custom = _dicts(session, "tabCustom Field", "dt", definition["name"], order="idx")
    waiting = [{**row, "is_custom_field": 1} for row in custom]
    fields: list[dict[str, Any]] = definition["fields"]
    present = {field.get("fieldname") for field in fields}
    waiting = [row for row in waiting if row.get("fieldname") not in present]
    while waiting:
        names = [field.get("fieldname") for field in fields]
        placed = [row for row in waiting if row.get("insert_after") in names]
        for row in placed or waiting:
            after = row.get("insert_after")
            fields.insert(names.index(after) + 1 if after in names else len(fields), row)
            names = [field.get("fieldname") for field in fields]
        waiting = [row for row in waiting if row not in placed] if placed else []


def _apply_property_setters(session: Session, definition: dict[str, Any]) -> None:
    fields = {field.get("fieldname"): field for field in definition["fields"]}
    for setter in _dicts(session, "tabProperty Setter", "doc_type", definition["name"], order="creation"):
        kind, key = setter.get("doctype_or_field"), setter.get("property")
        value = _property_value(setter)
        if kind == "DocType" and key == "field_order" and value:
            _reorder(definition, json.loads(value))
        elif kind == "DocType" and key:
            definition[key] = value
        elif kind == "DocField" and key and setter.get("field_name") in fields:
            fields[setter["field_name"]][key] = value
        elif key and kind:
            part = next((name for name, child in PARTS.items() if child == kind), None)
            for row in definition.get(part or "", ()):
                if row.get("name") == setter.get("row_name"):
                    row[key] = value


def _property_value(setter: Mapping[str, Any]) -> Any:
    value, kind = setter.get("value"), setter.get("property_type")
    if kind in ("Check", "Int"):
        return to_int(value)
    return to_float(value) if kind == "Float" else value


def _reorder(definition: dict[str, Any], order: list[str]) -> None:
    places = {name: number for number, name in enumerate(order)}
    definition["fields"].sort(key=lambda field: places.get(field.get("fieldname"), len(places)))
