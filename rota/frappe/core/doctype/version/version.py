"""What changed in documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.documents.document import Document
from rota.frappe._missing import missing
from rota.sites.versions import difference


class Version(Document):
    """A change of a document."""

    def get_data(self) -> Any:
        """What changed: `changed`, `added`, `removed`, `row_changed`."""
        return frappe.parse_json(self.data)


def get_diff(old: Any, new: Any, for_child: bool = False, compare_cancelled: bool = False) -> Any:
    """What differs between two documents: `changed`, `added`, `removed`, `row_changed`; None when nothing does."""
    found = difference(old, new, is_row=for_child)
    return None if found is None else frappe._dict(found)


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
