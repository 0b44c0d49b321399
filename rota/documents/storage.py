"""Documents to rows and back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rota.documents.base import BaseDocument
from rota.documents.doctype import Meta
from rota.documents.fieldtypes import Kind
from rota.documents.naming import set_new_name
from rota.documents.rows import rows_of
from rota.documents.sql import table_of
from rota.documents.values import FROM_COLUMN, TO_COLUMN, to_text
from rota.errors import DoesNotExistError, DuplicateEntryError, StoreConflict, UniqueValidationError, ValidationError

if TYPE_CHECKING:
    from rota.documents.documents import Documents

# SQLite: `UNIQUE constraint failed: tabX.name`; PostgreSQL: `Key (name)=(foo) already exists`.
_TAKEN = re.compile(r"UNIQUE constraint failed: (?P<sqlite>.+?)(?: \(|$)|Key \((?P<postgresql>.+?)\)=\(")


def read_document(doc: Any, *, for_update: bool = False) -> None:
    """Fill a document and its table fields with what is stored under its name.

    Raises:
        DoesNotExistError: there is no such document.
    """
    documents: Documents = doc.documents
    meta = doc.meta
    own = doc.__dict__
    if meta.issingle:
        own.update(read_single(documents, meta))
        own["name"] = doc.doctype
    else:
        values = documents.read_row(meta, doc.name, for_update=for_update)
        if values is None:
            documents.message(f"{doc.doctype} {doc.name} not found")
            raise DoesNotExistError(f"{doc.doctype} {doc.name} not found")
        own.update(values)
    for field in meta.table_fields:
        child = documents.get_meta(field.options)
        rows = [] if child.is_virtual else documents.read_children(child, own["name"], doc.doctype, field.fieldname)
        own[field.fieldname] = [doc._child({**row, "doctype": field.options}, field.fieldname) for row in rows]
    own.pop("__islocal", None)
    own.pop("__unsaved", None)


def read_single(documents: Documents, meta: Meta) -> dict[str, Any]:
    """The values of a Single, each of its field's type; a field never set has its default."""
    found = documents.session.query(
        'select field, value from "tabSingles" where doctype = :name', {"name": meta["name"]}
    )
    stored: dict[str, Any] = {str(row[0]): row[1] for row in found}
    if not stored:
        stored = {field.fieldname: field.default for field in meta.fields if field.has_column and field.default}
    return {
        column: single_value(kind, stored.get(column)) for column, kind in meta.column_kinds.items() if column != "name"
    }


def single_value(kind: Kind, value: Any) -> Any:
    """The stored text of a Single's field as the field's type."""
    if value is None or value == "":
        return TO_COLUMN["sqlite"][kind](None) if kind in (Kind.INT, Kind.CHECK, Kind.FLOAT) else value
    plain = TO_COLUMN["sqlite"][kind](value)
    reader = FROM_COLUMN["sqlite"].get(kind)
    return reader(plain) if reader else plain


def single_text(kind: Kind, value: Any) -> str | None:
    """A Single's value as the text that tabSingles keeps."""
    return to_text(TO_COLUMN["sqlite"][kind](value))


def write_single(doc: Any) -> None:
    """Store all values of a Single."""
    values = {column: doc.get(column) for column in doc.meta.column_kinds if column != "name"}
    write_single_values(doc.documents, doc.meta, values)


def write_single_values(documents: Documents, meta: Meta, values: dict[str, Any]) -> None:
    """Store some values of a Single."""
    rows = [
        {"doctype": meta["name"], "field": key, "value": single_text(meta.column_kinds.get(key, Kind.LONG), value)}
        for key, value in values.items()
    ]
    documents.session.write_many(
        'insert into "tabSingles" (doctype, field, value) values (:doctype, :field, :value) '
        "on conflict (doctype, field) do update set value = excluded.value",
        rows,
    )


def insert_row(doc: Any, *, ignore_if_duplicate: bool = False) -> None:
    """Insert the row of a document.

    Raises:
        DuplicateEntryError: its name is taken (not with `ignore_if_duplicate`).
        UniqueValidationError: a unique field's value is taken.
    """
    documents: Documents = doc.documents
    meta = doc.meta
    refuse_view(documents, meta)
    _name_and_stamp(doc)
    values = _values(doc, meta)
    try:
        with documents.session.atomic():
            rows_of(meta, documents.session.dialect).insert(documents.session, values)
    except StoreConflict as error:
        taken = taken_columns(error)
        if ignore_if_duplicate and taken == ["name"]:
            return
        raise conflict(doc, taken, error) from error
    doc.__dict__.pop("__islocal", None)


def update_row(doc: Any) -> None:
    """Write the row of a document.

    Raises:
        UniqueValidationError: a unique field's value is taken.
    """
    documents: Documents = doc.documents
    refuse_view(documents, doc.meta)
    try:
        rows_of(doc.meta, documents.session.dialect).update(documents.session, _values(doc, doc.meta))
    except StoreConflict as error:
        raise conflict(doc, taken_columns(error), error) from error


def store_rows(rows: Sequence[Any], *, are_new: bool = False) -> None:
    """Insert the new rows of one child DocType (or all) and write the others: each in one way to the server and back.

    Raises:
        DuplicateEntryError, UniqueValidationError: with the row whose name or value is taken.
    """
    documents: Documents = rows[0].documents
    meta: Meta = rows[0].meta
    refuse_view(documents, meta)
    new: list[Any] = []
    known: list[Any] = []
    for row in rows:
        (new if are_new or row.is_new() or not row.name else known).append(row)
    for row in new:
        _name_and_stamp(row)
    handler, session = rows_of(meta, documents.session.dialect), documents.session
    try:
        with session.atomic():
            handler.insert_many(session, [_values(row, meta) for row in new])
            handler.update_many(session, [_values(row, meta) for row in known])
    except StoreConflict:
        # Alone, the one that is refused is known.
        for row in new:
            insert_row(row)
        for row in known:
            update_row(row)
    for row in new:
        row.__dict__.pop("__islocal", None)


def _name_and_stamp(doc: Any) -> None:
    if not doc.name:
        set_new_name(doc, doc.documents.series)
    if not doc.__dict__.get("creation"):
        stamp(doc)


def delete_rows_not_in(doc: Any, fieldname: str, rows: Sequence[BaseDocument]) -> None:
    """Delete the stored rows of a table field that are not among `rows`."""
    documents: Documents = doc.documents
    before = doc.get_doc_before_save()
    child = documents.get_meta(doc.meta.get_table_field_doctype(fieldname) or "")
    if child.is_virtual:
        return
    handler = rows_of(child, documents.session.dialect)
    kept = {row.name for row in rows}
    if before is not None:
        stored = [row.name for row in before.get(fieldname)]
    else:
        stored = [row["name"] for row in handler.children(documents.session, doc.name, doc.doctype, fieldname)]
    for name in stored:
        if name not in kept:
            handler.delete(documents.session, name)


def stamp(doc: Any) -> None:
    """Say when and by whom the document was changed, and made."""
    own = doc.__dict__
    now, user = doc.documents.now(), doc.documents.user
    own["_original_modified"] = own.get("modified")
    own["modified"], own["modified_by"] = now, user
    own["creation"] = own.get("creation") or now
    own["owner"] = own.get("owner") or user


def refuse_view(documents: Documents, meta: Meta) -> None:
    """Refuse to write what has no table of its own.

    Raises:
        ValidationError: the DocType is virtual, or a view over other tables.
    """
    if meta.is_virtual or table_of(meta["name"]) in documents.views:
        raise ValidationError(f"{meta['name']} is virtual: its controller has to store it (db_insert, db_update)")


def taken_columns(error: StoreConflict) -> list[str]:
    """The columns whose value is taken, as the database's message says; [] for another conflict."""
    found = _TAKEN.search(str(error))
    if found is None:
        return []
    columns = (found.group("sqlite") or found.group("postgresql")).split(", ")
    return [column.rpartition(".")[2].strip('"') for column in columns]


def conflict(doc: Any, taken: list[str], error: StoreConflict) -> Exception:
    """The conflict as Frappe's apps know it."""
    if taken == ["name"]:
        return DuplicateEntryError(f"{doc.doctype} {doc.name} already exists")
    if taken:
        labels = ", ".join(doc.meta.get_label(column) for column in taken)
        values = ", ".join(str(doc.get(column)) for column in taken)
        return UniqueValidationError(f"{doc.doctype} {doc.name}: {labels} must be unique; {values} is taken")
    return error


def _values(doc: Any, meta: Meta) -> dict[str, Any]:
    """What to bind for a document's columns. Empty text is nothing in a unique column, where it could stand once."""
    own = doc.__dict__
    values = {column: own[column] if column in own else doc.get(column) for column in meta.column_kinds}
    for field in _unique_fields(meta):
        if values.get(field) == "":
            values[field] = None
    return values


def _unique_fields(meta: Meta) -> list[str]:
    known: list[str] | None = meta.__dict__.get("_unique_fields")
    if known is None:
        known = meta.__dict__["_unique_fields"] = [
            field.fieldname for field in meta.fields if field.has_column and field.unique
        ]
    return known
