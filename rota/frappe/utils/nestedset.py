"""Trees, kept as nested sets: `lft` and `rgt` enclose what is below."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.documents.document import Document
from rota.errors import ValidationError
from rota.frappe._missing import missing


class NestedSetRecursionError(ValidationError):
    """A document can't be below itself."""


class NestedSetMultipleRootsError(ValidationError):
    """There can be one root only."""


class NestedSetChildExistsError(ValidationError):
    """There is something below the document."""


class NestedSetInvalidMergeError(ValidationError):
    """A group can be merged with a group only, a leaf with a leaf."""


class NestedSet(Document):
    """A document of a tree; `nsm_parent_field` names the field that holds its parent."""

    nsm_parent_field: str
    nsm_oldparent_field = "old_parent"
    lft: Any
    rgt: Any

    def __setup__(self) -> None:
        """Nothing to prepare."""

    def on_update(self) -> None:
        """Put it where it belongs."""
        update_nsm(self)
        self.validate_ledger()

    def on_trash(self, allow_root_deletion: bool = False) -> None:
        """Take it out of the tree.

        Raises:
            NestedSetChildExistsError: something is below it.
            ValidationError: it is the root.
        """
        field = _parent_field(self)
        parent = self.get(field)
        if not parent and not allow_root_deletion:
            frappe.throw(frappe._("Root {0} cannot be deleted").format(frappe._(self.doctype)))
        self.validate_if_child_exists()
        self.set(field, "")
        frappe.db.set_value(self.doctype, self.name, field, "", update_modified=False)
        rebuild_tree(self.doctype)

    def validate_if_child_exists(self) -> None:
        """Refuse when something is below it.

        Raises:
            NestedSetChildExistsError: it is so.
        """
        if frappe.db.count(self.doctype, {_parent_field(self): self.name}):
            frappe.throw(f"Cannot delete {self.name} as it has child nodes", NestedSetChildExistsError)

    def validate_one_root(self) -> None:
        """Refuse a second root.

        Raises:
            NestedSetMultipleRootsError: it is one.
        """
        if not self.get(_parent_field(self)) and self.get_root_node_count() > 1:
            frappe.throw(frappe._("Multiple root nodes not allowed."), NestedSetMultipleRootsError)

    def get_root_node_count(self) -> int:
        """How many documents have no parent."""
        return len(frappe.get_all(self.doctype, filters={_parent_field(self): ("is", "not set")}))

    def validate_ledger(self, group_identifier: str = "is_group") -> None:
        """Refuse a leaf with something below it.

        Raises:
            ValidationError: it is so.
        """
        if not self.meta.has_field(group_identifier) or self.get(group_identifier):
            return
        if frappe.db.count(self.doctype, {_parent_field(self): self.name}):
            frappe.throw(f"{self.doctype} {self.name} cannot be a leaf node as it has children")

    def before_rename(self, olddn: Any, newdn: Any, merge: bool = False, group_fname: str = "is_group") -> None:
        """Refuse to merge a group with a leaf.

        Raises:
            NestedSetInvalidMergeError: it would.
        """
        if not merge or not self.meta.has_field(group_fname):
            return
        if frappe.db.get_value(self.doctype, newdn, group_fname) != self.get(group_fname):
            message = frappe._("Merging is only possible between Group-to-Group or Leaf Node-to-Leaf Node")
            frappe.throw(message, NestedSetInvalidMergeError)

    def after_rename(self, olddn: Any, newdn: Any, merge: bool = False) -> None:
        """Let what was below the old name be below the new one."""
        field = _parent_field(self)
        for name in frappe.get_all(self.doctype, filters={field: olddn}, pluck="name"):
            frappe.db.set_value(self.doctype, name, field, newdn, update_modified=False)
        rebuild_tree(self.doctype)

    def get_ancestors(self) -> list[Any]:
        """What is above it, the nearest first."""
        return get_ancestors_of(self.doctype, self.name)

    def get_parent(self) -> Any:
        """The document above it; None for the root."""
        name = self.get(_parent_field(self))
        return frappe.get_doc(self.doctype, name) if name else None

    def get_children(self) -> Iterator[Any]:
        """The documents right below it."""
        for name in frappe.get_all(self.doctype, filters={_parent_field(self): self.name}, pluck="name"):
            yield frappe.get_doc(self.doctype, name)


def _parent_field(doc: Any) -> str:
    named = getattr(doc, "nsm_parent_field", None) or doc.meta.get("nsm_parent_field")
    return str(named or f"parent_{frappe.scrub(doc.doctype)}")


def update_nsm(doc: Any) -> None:
    """Put a document where its parent says.

    Raises:
        NestedSetRecursionError: its parent is below it.
    """
    field = _parent_field(doc)
    parent = doc.get(field) or ""
    if parent == doc.name:
        frappe.throw(frappe._("Item cannot be added to its own descendants"), NestedSetRecursionError)
    if parent and parent in get_descendants_of(doc.doctype, doc.name, ignore_permissions=True):
        frappe.throw(frappe._("Item cannot be added to its own descendants"), NestedSetRecursionError)
    rebuild_tree(doc.doctype, field)
    doc.lft, doc.rgt = frappe.db.get_value(doc.doctype, doc.name, ["lft", "rgt"])
    if doc.meta.has_field("old_parent"):
        doc.db_set("old_parent", parent, update_modified=False)


def rebuild_tree(doctype: str, parent_field: str | None = None) -> None:
    """Number a tree anew; only what is numbered otherwise is written."""
    meta = frappe.get_meta(doctype)
    field = parent_field or meta.get("nsm_parent_field") or f"parent_{frappe.scrub(doctype)}"
    rows = frappe.get_all(doctype, fields=["name", field, "lft", "rgt"], order_by="lft, name")
    names = {row.name for row in rows}
    below: dict[Any, list[Any]] = {}
    for row in rows:
        below.setdefault(row[field] if row[field] in names else None, []).append(row)
    number = 1
    # A walk with a stack of its own: a tree may be deeper than Python's.
    left: dict[Any, int] = {}
    stack = [(row, False) for row in reversed(below.get(None, []))]
    while stack:
        row, is_left = stack.pop()
        if not is_left:
            left[row.name] = number
            stack.append((row, True))
            stack += [(child, False) for child in reversed(below.get(row.name, []))]
        elif (row.lft, row.rgt) != (left[row.name], number):
            values = {"lft": left[row.name], "rgt": number}
            frappe.db.set_value(doctype, row.name, values, update_modified=False)
        number += 1


def get_root_of(doctype: str) -> Any:
    """The root of a tree; None when it is empty."""
    found = frappe.get_all(doctype, filters={"lft": 1}, pluck="name", limit=1)
    return found[0] if found else None


def get_ancestors_of(doctype: str, name: Any, order_by: str = "lft desc", limit: int | None = None) -> list[Any]:
    """What is above a document, the nearest first."""
    row = frappe.db.get_value(doctype, name, ["lft", "rgt"], as_dict=True)
    if row is None:
        return []
    above = {"lft": ("<", row.lft), "rgt": (">", row.rgt)}
    return list(frappe.get_all(doctype, filters=above, order_by=order_by, pluck="name", limit=limit))


def get_descendants_of(
    doctype: str,
    name: Any,
    order_by: str = "lft desc",
    limit: int | None = None,
    ignore_permissions: bool = False,
) -> list[Any]:
    """What is below a document."""
    row = frappe.db.get_value(doctype, name, ["lft", "rgt"], as_dict=True)
    if row is None or not row.rgt:
        return []
    below = {"lft": (">", row.lft), "rgt": ("<", row.rgt)}
    return list(
        frappe.get_list(
            doctype, filters=below, order_by=order_by, pluck="name", limit=limit, ignore_permissions=ignore_permissions
        )
    )


def remove_subtree(doctype: str, name: Any, throw: bool = True) -> None:
    """Delete a document and what is below it, the deepest first."""
    for one in [*get_descendants_of(doctype, name, ignore_permissions=True), name]:
        frappe.delete_doc(doctype, one, force=True, ignore_permissions=True)


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
