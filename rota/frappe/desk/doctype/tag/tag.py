"""Tags on documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.documents.document import Document
from rota.frappe._missing import missing


class Tag(Document):
    """A tag."""


class DocTags:
    """The tags on documents of a DocType."""

    def __init__(self, dt: str) -> None:
        self.dt = dt

    def get_tags(self, dn: Any) -> str:
        """The tags of a document, separated by commas, a comma before the first."""
        found = frappe.get_all(
            "Tag Link",
            filters={"document_type": self.dt, "document_name": str(dn)},
            pluck="tag",
            order_by="creation",
        )
        return "".join(f",{tag}" for tag in found)

    def add(self, dn: Any, tag: str) -> None:
        """Put a tag on a document."""
        if not frappe.db.exists("Tag", tag):
            frappe.get_doc({"doctype": "Tag", "name": tag, "__newname": tag}).insert(
                ignore_permissions=True, set_name=tag
            )
        link = {"document_type": self.dt, "document_name": str(dn), "tag": tag}
        if not frappe.db.exists("Tag Link", link):
            frappe.get_doc({"doctype": "Tag Link", "parenttype": self.dt, "parent": str(dn), **link}).insert(
                ignore_permissions=True
            )
        self._note(dn)

    def remove(self, dn: Any, tag: str) -> None:
        """Take a tag from a document."""
        frappe.db.delete("Tag Link", {"document_type": self.dt, "document_name": str(dn), "tag": tag})
        self._note(dn)

    def remove_all(self, dn: Any) -> None:
        """Take all tags from a document."""
        frappe.db.delete("Tag Link", {"document_type": self.dt, "document_name": str(dn)})
        self._note(dn)

    def _note(self, dn: Any) -> None:
        if frappe.db.has_column(self.dt, "_user_tags"):
            frappe.db.set_value(self.dt, dn, "_user_tags", self.get_tags(dn), update_modified=False)


@frappe.whitelist()
def add_tag(tag: str, dt: str, dn: Any, color: str | None = None) -> str:
    """Put a tag on a document."""
    DocTags(dt).add(dn, tag)
    return tag


@frappe.whitelist()
def add_tags(tags: Any, dt: str, docs: Any, color: str | None = None) -> None:
    """Put tags on documents."""
    for doc in frappe.parse_json(docs):
        for tag in frappe.parse_json(tags):
            DocTags(dt).add(doc, tag)


@frappe.whitelist()
def remove_tag(tag: str, dt: str, dn: Any) -> None:
    """Take a tag from a document."""
    DocTags(dt).remove(dn, tag)


@frappe.whitelist()
def get_tagged_docs(doctype: str, tag: str) -> Any:
    """The documents of a DocType that have a tag."""
    return frappe.get_list(doctype, filters={"_user_tags": ("like", f"%{tag}%")}, fields=["name"])


def delete_tags_for_document(doc: Any) -> None:
    """Take all tags from a document that is gone."""
    frappe.db.delete("Tag Link", {"document_type": doc.doctype, "document_name": str(doc.name)})


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
