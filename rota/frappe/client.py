"""What programs call over HTTP (`frappe.client.*`): documents, one by one and as lists, as the user who asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import (
    errors,
    frappe,  # what an app has put there counts
)
from rota.frappe._missing import missing
from rota.frappe.model import child_table_fields, default_fields
from rota.sites.context import current

MAX_AT_ONCE = 200


@frappe.whitelist()
def get_list(
    doctype: str,
    fields: Any = None,
    filters: Any = None,
    group_by: str | None = None,
    order_by: str | None = None,
    limit_start: Any = None,
    limit_page_length: Any = 20,
    parent: str | None = None,
    debug: bool = False,
    as_dict: bool = True,
    or_filters: Any = None,
    expand: Any = None,
) -> Any:
    """What the filters pick of what the user may read; 20 unless told otherwise."""
    return frappe.get_list(
        doctype,
        fields=frappe.parse_json(fields) or ["name"],
        filters=frappe.parse_json(filters),
        or_filters=frappe.parse_json(or_filters),
        group_by=group_by or None,
        order_by=order_by or None,
        limit_start=limit_start,
        limit_page_length=limit_page_length,
        parent_doctype=parent,
        as_list=not frappe.utils.sbool(as_dict),
    )


@frappe.whitelist()
def get_count(doctype: str, filters: Any = None, debug: bool = False, cache: bool = False) -> int:
    """How many documents the filters pick of what the user may read."""
    rows = frappe.get_list(doctype, filters=frappe.parse_json(filters), fields=["count(name) as n"], order_by=None)
    return int(rows[0].n) if rows else 0


@frappe.whitelist()
def get(doctype: str, name: Any = None, filters: Any = None, parent: str | None = None) -> Any:
    """A document's values; by name, by filters, or a Single.

    Raises:
        PermissionError: the user may not read it.
    """
    if filters and not name:
        name = frappe.db.get_value(doctype, frappe.parse_json(filters))
        if not name:
            frappe.throw(frappe._("No document found for given filters"), errors.DoesNotExistError)
    doc = frappe.get_doc(doctype, name) if name else frappe.get_single(doctype)
    doc.check_permission("read")
    doc.apply_fieldlevel_read_permissions()
    return doc.as_dict()


@frappe.whitelist()
def get_value(
    doctype: str,
    fieldname: Any,
    filters: Any = None,
    as_dict: Any = True,
    debug: bool = False,
    parent: str | None = None,
) -> Any:
    """Values of the first document that the filters pick.

    Raises:
        PermissionError: the user may not read it.
    """
    fields = frappe.parse_json(fieldname) if isinstance(fieldname, str) and fieldname[:1] in "[{" else fieldname
    filters = frappe.parse_json(filters) if isinstance(filters, str) and filters[:1] in "[{" else filters
    names = [fields] if isinstance(fields, str) else list(fields)
    if frappe.get_meta(doctype).issingle:
        frappe.has_permission(doctype, "read", throw=True)
        values = frappe.db.get_value(doctype, None, names, as_dict=True)
    else:
        rows = frappe.get_list(doctype, filters=filters, fields=names, limit=1, parent_doctype=parent)
        values = rows[0] if rows else None
    if frappe.utils.sbool(as_dict):
        return values or {}
    if values is None:
        return None
    return list(values.values()) if len(names) > 1 else values[names[0]]


@frappe.whitelist()
def get_single_value(doctype: str, field: str) -> Any:
    """A field of a Single.

    Raises:
        PermissionError: the user may not read it.
    """
    frappe.has_permission(doctype, "read", throw=True)
    return frappe.db.get_single_value(doctype, field)


@frappe.whitelist(methods=["POST", "PUT"])
def set_value(doctype: str, name: Any, fieldname: Any, value: Any = None) -> Any:
    """Change fields of a document (or of a child row's document), with checks and hooks; its values."""
    if fieldname in (*default_fields, *child_table_fields):
        frappe.throw(frappe._("Cannot edit standard fields"))
    if isinstance(fieldname, str) and fieldname[:1] == "{":
        fieldname = frappe.parse_json(fieldname)
    values = dict(fieldname) if isinstance(fieldname, dict) else {fieldname: value}
    if not frappe.get_meta(doctype).istable:
        doc = frappe.get_doc(doctype, name)
        doc.update(values)
    else:
        row = frappe.db.get_value(doctype, name, ["parenttype", "parent"], as_dict=True)
        doc = frappe.get_doc(row.parenttype, row.parent)
        next(one for one in doc.get_all_children() if one.doctype == doctype and one.name == name).update(values)
    doc.save()
    return doc.as_dict()


@frappe.whitelist(methods=["POST", "PUT"])
def insert(doc: Any = None) -> Any:
    """Insert a document; its values."""
    return insert_doc(frappe.parse_json(doc)).as_dict()


@frappe.whitelist(methods=["POST", "PUT"])
def insert_many(docs: Any = None) -> list[Any]:
    """Insert up to 200 documents, all or none; their names."""
    many = frappe.parse_json(docs)
    if len(many) > MAX_AT_ONCE:
        frappe.throw(frappe._("Only 200 inserts allowed in one request"))
    return [insert_doc(one).name for one in many]


def insert_doc(doc: Any) -> Any:
    """Insert a document, or a row of one; the document."""
    values = frappe._dict(doc)
    if not (values.parent and values.parenttype):
        return frappe.get_doc(dict(values)).insert()
    parent = frappe.get_doc(values.parenttype, values.parent)
    parent.append(values.parentfield, values)
    parent.save()
    return parent


@frappe.whitelist(methods=["POST", "PUT"])
def save(doc: Any) -> Any:
    """Save a document; its values."""
    saved = frappe.get_doc(frappe.parse_json(doc))
    saved.save()
    return saved.as_dict()


@frappe.whitelist(methods=["POST", "PUT"])
def rename_doc(doctype: str, old_name: Any, new_name: Any, merge: Any = False) -> Any:
    """Give a document another name; the new one."""
    return frappe.rename_doc(doctype, old_name, new_name, merge=bool(frappe.utils.sbool(merge)))


@frappe.whitelist(methods=["POST", "PUT"])
def submit(doc: Any) -> Any:
    """Submit a document; its values."""
    submitted = frappe.get_doc(frappe.parse_json(doc))
    submitted.submit()
    return submitted.as_dict()


@frappe.whitelist(methods=["POST", "PUT"])
def cancel(doctype: str, name: Any) -> Any:
    """Cancel a document; its values."""
    doc = frappe.get_doc(doctype, name)
    doc.cancel()
    return doc.as_dict()


@frappe.whitelist(methods=["DELETE", "POST"])
def delete(doctype: str, name: Any) -> None:
    """Delete a document."""
    delete_doc(doctype, name)


def delete_doc(doctype: str, name: Any) -> None:
    """Delete a document, or a row of one."""
    if not frappe.get_meta(doctype).istable:
        frappe.delete_doc(doctype, name, ignore_missing=False)
        return
    row = frappe.db.get_value(doctype, name, ["parenttype", "parent", "parentfield"], as_dict=True)
    if row is None:
        raise errors.DoesNotExistError(f"{doctype} {name} not found")
    parent = frappe.get_doc(row.parenttype, row.parent)
    for one in list(parent.get(row.parentfield)):
        if one.name == name:
            parent.remove(one)
    parent.save()


@frappe.whitelist(methods=["POST", "PUT"])
def bulk_update(docs: Any) -> dict[str, Any]:
    """Save several documents, each with its `docname`; those that could not be saved, each with its error."""
    failed = []
    for one in frappe.parse_json(docs):
        values = dict(one)
        try:
            doc = frappe.get_doc(values.pop("doctype"), values.pop("docname"))
            doc.update(values)
            doc.save()
        except errors.RotaError:
            failed.append({"doc": one, "exc": frappe.get_traceback()})
    return {"failed_docs": failed}


@frappe.whitelist()
def has_permission(doctype: str, docname: Any, perm_type: str = "read") -> dict[str, bool]:
    """`{"has_permission": whether the user may}`."""
    return {"has_permission": frappe.has_permission(doctype, perm_type, docname)}


@frappe.whitelist()
def get_doc_permissions(doctype: str, docname: Any) -> dict[str, Any]:
    """`{"permissions": {right: 0 or 1}}` of the user on a document."""
    from rota.frappe.permissions import get_doc_permissions as permissions

    return {"permissions": permissions(frappe.get_doc(doctype, docname))}


@frappe.whitelist()
def get_password(doctype: str, name: Any, fieldname: str) -> str | None:
    """What a Password field holds; System Managers only."""
    frappe.only_for("System Manager")
    secret: str | None = frappe.get_doc(doctype, name).get_password(fieldname)
    return secret


@frappe.whitelist()
def get_time_zone() -> dict[str, str]:
    """`{"time_zone": the site's}`."""
    return {"time_zone": current().site.time_zone}


@frappe.whitelist(methods=["POST", "PUT"])
def attach_file(
    filename: str | None = None,
    filedata: Any = None,
    doctype: str | None = None,
    docname: Any = None,
    folder: str | None = None,
    decode_base64: Any = False,
    is_private: Any = None,
    docfield: str | None = None,
) -> Any:
    """Attach a file to a document; the File."""
    doc = frappe.get_doc(str(doctype), docname)
    doc.check_permission()
    file = frappe.get_doc(
        {
            "doctype": "File",
            "file_name": filename,
            "attached_to_doctype": doctype,
            "attached_to_name": docname,
            "attached_to_field": docfield,
            "folder": folder,
            "is_private": frappe.utils.cint(is_private),
            "content": filedata,
            "decode": frappe.utils.sbool(decode_base64),
        }
    ).insert()
    if docfield:
        doc.set(docfield, file.file_url)
        doc.save()
    return file


@frappe.whitelist()
def is_document_amended(doctype: str, docname: Any) -> Any:
    """The document that amends this one; None when there is none."""
    if not frappe.get_meta(doctype).has_field("amended_from"):
        return None
    return frappe.db.exists(doctype, {"amended_from": docname})


@frappe.whitelist()
def validate_link(doctype: str, docname: str, fields: Any = None) -> Any:
    """`{"name": ...}` and the wanted fields of a document that the user may pick; empty when there is none.

    Raises:
        PermissionError: the user may neither read nor pick documents of this DocType.
    """
    if not (frappe.has_permission(doctype, "select") or frappe.has_permission(doctype, "read")):
        frappe.throw(f"You do not have Read or Select Permissions for {doctype}", errors.PermissionError)
    values = frappe._dict(name=frappe.db.get_value(doctype, {"name": docname}))
    wanted = frappe.parse_json(fields or "[]")
    if values.name is None or not wanted:
        return values
    return values.update(get_value(doctype, wanted, {"name": docname}) or {})


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
