"""New documents made of others: an invoice of an order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.errors import MappingMismatchError
from rota.frappe._missing import missing
from rota.frappe.model import child_table_fields, default_fields, table_fields


def get_mapped_doc(
    from_doctype: str,
    from_docname: Any,
    table_maps: Mapping[str, Any],
    target_doc: Any = None,
    postprocess: Any = None,
    ignore_permissions: bool = False,
    ignore_child_tables: bool = False,
    cached: bool = False,
) -> Any:
    """A document made of another: fields of the same name are copied, and what `table_maps` says for each DocType.

    A table map has `doctype`, `field_map` (`{from: to}`), `field_no_map`, `validation` (`{field: [operator, value]}`),
    `condition(row)`, `filter(row)`, `postprocess(source, target, parent)`, `add_if_empty`. Not stored yet.

    Raises:
        MappingMismatchError: the source does not fit a `validation`.
        PermissionError: the user may not read the one, or create the other.
    """
    source = (frappe.get_cached_doc if cached else frappe.get_doc)(from_doctype, from_docname)
    main = table_maps[from_doctype]
    target = _target(target_doc, main["doctype"])
    if not ignore_permissions:
        source.check_permission("read")
        frappe.has_permission(target.doctype, "create", throw=True)
    map_doc(source, target, main)
    if not ignore_child_tables:
        for field in source.meta.get("fields", {"fieldtype": ["in", table_fields]}):
            _map_rows(source, target, field, table_maps)
    if main.get("postprocess"):
        main["postprocess"](source, target)
    if postprocess:
        postprocess(source, target)
    target.run_method("after_mapping", source)
    target.set_onload("load_after_mapping", True)
    return target


def _target(target_doc: Any, doctype: str) -> Any:
    if isinstance(target_doc, str):
        target_doc = frappe.parse_json(target_doc)
    if not target_doc:
        return frappe.new_doc(doctype)
    return target_doc if hasattr(target_doc, "meta") else frappe.get_doc(target_doc)


def _map_rows(source: Any, target: Any, field: Any, table_maps: Mapping[str, Any]) -> None:
    child = field.options
    table_map = table_maps.get(child)
    if table_map is None and child in table_maps:
        return
    own = target.meta.get_field(field.fieldname)
    if table_map is None:
        if own is None or own.options != child:
            return
        table_map = {"doctype": child}
    kind = table_map["doctype"]
    names = [one.fieldname for one in target.meta.table_fields if one.options == kind]
    if not names:
        return
    fieldname = field.fieldname if field.fieldname in names else names[0]
    if table_map.get("reset_value"):
        target.set(fieldname, [])
    if table_map.get("add_if_empty") and target.get(fieldname):
        return
    for row in source.get(field.fieldname) or []:
        if table_map.get("condition") and not table_map["condition"](row):
            continue
        if table_map.get("filter") and table_map["filter"](row):
            continue
        made = target.append(fieldname, {})
        map_doc(row, made, table_map, source)


def map_doc(source_doc: Any, target_doc: Any, table_map: Mapping[str, Any], source_parent: Any = None) -> None:
    """Check and copy the fields of one document or row.

    Raises:
        MappingMismatchError: it does not fit the map's `validation`.
    """
    for field, (operation, value) in (table_map.get("validation") or {}).items():
        if not frappe.utils.compare(source_doc.get(field), operation, value):
            label = source_doc.meta.get_label(field)
            frappe.throw(
                f"Cannot map because following condition fails: {label} {operation} {value}", MappingMismatchError
            )
    map_fields(source_doc, target_doc, table_map, source_parent)
    if table_map.get("postprocess") and source_parent is not None:
        table_map["postprocess"](source_doc, target_doc, source_parent)


def map_fields(source_doc: Any, target_doc: Any, table_map: Mapping[str, Any], source_parent: Any = None) -> None:
    """Copy fields of the same name, but those that are not copied, and those of the map's `field_map`."""
    left_out = {*default_fields, *child_table_fields, *(table_map.get("field_no_map") or ())}
    left_out |= {one.fieldname for one in target_doc.meta.fields if one.no_copy}
    left_out |= {one.fieldname for one in source_doc.meta.fields if one.no_copy}
    for field in target_doc.meta.fields:
        name = field.fieldname
        if name in left_out or field.fieldtype in table_fields or not source_doc.meta.has_field(name):
            continue
        value = source_doc.get(name)
        if value not in (None, []):
            target_doc.set(name, value)
    field_map = table_map.get("field_map") or {}
    pairs = field_map.items() if isinstance(field_map, Mapping) else [(one[0], one[1]) for one in field_map]
    for source_field, target_field in pairs:
        value = source_doc.get(source_field)
        if value not in (None, []):
            target_doc.set(target_field, value)
    if source_doc.get("idx"):
        target_doc.idx = source_doc.idx


@frappe.whitelist()
def make_mapped_doc(method: str, source_name: str, selected_children: Any = None, args: Any = None) -> Any:
    """Call a whitelisted mapper for a document, as forms do; the new document."""
    function = frappe.get_attr(frappe.override_whitelisted_method(method))
    frappe.is_whitelisted(function)
    frappe.flags.args = frappe._dict(frappe.parse_json(args)) if args else None
    frappe.flags.selected_children = frappe.parse_json(selected_children) if selected_children else None
    return function(source_name)


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
