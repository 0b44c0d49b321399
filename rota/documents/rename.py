"""Give a document another name, in every field that names it; or merge it into another one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota.documents.delete import link_fields_to
from rota.documents.doctype import Meta
from rota.documents.naming import valid_name
from rota.documents.sql import quote, table_of
from rota.documents.values import to_int
from rota.errors import DoesNotExistError, DuplicateEntryError, PermissionError, ValidationError  # noqa: A004 - Frappe's name

if TYPE_CHECKING:
    from rota.documents.documents import Documents

_RENAME_SINGLE = 'update "tabSingles" set value = :new where doctype = :holder and field = :field and value = :old'
_OF_KIND = (
    ' and exists (select 1 from "tabSingles" k where k.doctype = :holder and k.field = :kind and k.value = :doctype)'
)


def rename_doc(
    documents: Documents,
    doctype: str,
    old: Any,
    new: Any,
    force: bool = False,
    merge: bool = False,
    ignore_permissions: bool = False,
    ignore_if_exists: bool = False,
    show_alert: bool = True,
    rebuild_search: bool = True,
    doc: Any = None,
    validate: bool = True,
) -> Any:
    """Rename a document; the new name.

    Raises:
        DoesNotExistError: there is no `old`, or with `merge` no `new`.
        DuplicateEntryError: there is a `new` already (not with `merge` or `ignore_if_exists`).
        ValidationError: the DocType's documents may not be renamed (not with `force`).
        PermissionError: the user may not write it.
    """
    meta = documents.get_meta(doctype)
    doc = documents.get_doc(doctype, old)
    new = valid_name(meta, new)
    with documents.session.atomic():
        changed = doc.run_method("before_rename", doc.name, new, merge)
        new = _new_name(changed) or new
        if str(new) == str(doc.name):
            return new
        is_there = _check(documents, meta, doc, new, force=force, merge=merge, ignore_permissions=ignore_permissions)
        if is_there and not merge:
            if ignore_if_exists:
                return new
            raise DuplicateEntryError(f"Another {doctype} with name {new} exists, select another name")
        old = doc.name
        if not merge:
            _rename_row(documents, meta, old, new)
        _rename_children(documents, meta, old, new, merge=merge)
        _rename_links(documents, doctype, old, new)
        documents.passwords.rename(doctype, old, new, merge=merge)
        _rename_references(documents, doctype, old, new)
        if merge:
            documents.delete_doc(doctype, old, force=True, ignore_permissions=True)
        elif meta.issingle is False or not meta.issingle:
            _rename_field(documents, meta, new)
        documents.forget(doctype)
        renamed = documents.get_doc(doctype, new)
        renamed.run_method("after_rename", old, new, merge)
        renamed.add_comment("Edit", f"renamed from {old} to {new}")
    return new


def _new_name(changed: Any) -> Any:
    """What `before_rename` may return: a name, or a dict with `new`."""
    if isinstance(changed, dict):
        return changed.get("new")
    return changed if isinstance(changed, (str, int)) and not isinstance(changed, bool) else None


def _check(
    documents: Documents, meta: Meta, doc: Any, new: Any, *, force: bool, merge: bool, ignore_permissions: bool
) -> bool:
    found = documents.database.exists(meta["name"], str(new))
    # A new name that differs in case only is this document.
    is_there = found is not None and str(found).lower() != str(doc.name).lower()
    if merge and not is_there:
        raise DoesNotExistError(f"{meta['name']} {new} does not exist, select a new target to merge")
    if not ignore_permissions and not doc.has_permission("write"):
        raise PermissionError(f"You need write permission on {meta['name']} {doc.name} to rename")
    if not force and not to_int(meta.get("allow_rename")):
        raise ValidationError(f"{meta['name']} not allowed to be renamed")
    return is_there


def _rename_row(documents: Documents, meta: Meta, old: Any, new: Any) -> None:
    dialect = documents.session.dialect
    documents.session.write(
        f"update {quote(table_of(meta['name']), dialect)} set name = :new where name = :old",
        {"new": new, "old": old},
    )


def _rename_children(documents: Documents, meta: Meta, old: Any, new: Any, *, merge: bool) -> None:
    session = documents.session
    for field in meta.table_fields:
        child = documents.get_meta(field.options)
        if child.is_virtual:
            continue
        table = quote(table_of(field.options), session.dialect)
        where = "parent = :old and parenttype = :doctype and parentfield = :field"
        values = {"old": str(old), "new": str(new), "doctype": meta["name"], "field": field.fieldname}
        if merge:
            session.write(f"delete from {table} where {where}", values)
        else:
            session.write(f"update {table} set parent = :new where {where}", values)


def _rename_links(documents: Documents, doctype: str, old: Any, new: Any) -> None:
    session = documents.session
    for holder, field, kind_field in link_fields_to(documents, doctype):
        meta = documents.get_meta(holder)
        values = {
            "old": str(old),
            "new": str(new),
            "doctype": doctype,
            "holder": holder,
            "field": field,
            "kind": kind_field,
        }
        if meta.issingle:
            session.write(_RENAME_SINGLE + (_OF_KIND if kind_field else ""), values)
        elif not meta.is_virtual:
            table, column = quote(table_of(holder), session.dialect), quote(field, session.dialect)
            of_kind = f" and {quote(kind_field, session.dialect)} = :doctype" if kind_field else ""
            session.write(f"update {table} set {column} = :new where {column} = :old{of_kind}", values)
            documents.forget(holder)


def _rename_references(documents: Documents, doctype: str, old: Any, new: Any) -> None:
    session = documents.session
    values = {"doctype": doctype, "old": str(old), "new": str(new)}
    session.write(
        'update "tabUser Permission" set for_value = :new where allow = :doctype and for_value = :old', values
    )
    if doctype == "DocType":
        raise ValidationError("a DocType can't be renamed: its table and code are called by its name")


def _rename_field(documents: Documents, meta: Meta, new: Any) -> None:
    """A name that is a field's value stays that."""
    autoname = meta.get("autoname") or ""
    field = autoname[6:].strip() if autoname.startswith("field:") else ""
    if field and meta.has_field(field):
        documents.database.set_value(meta["name"], new, field, new, update_modified=False)
