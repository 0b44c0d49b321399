"""What stands beside `frappe.db`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing

DefaultOrderBy = "KEEP_DEFAULT_ORDERING"
NestedSetHierarchy = (
    "ancestors of", "descendants of", "not ancestors of", "not descendants of", "descendants of (inclusive)",
)  # fmt: skip


def is_query_type(query: str, query_type: str | tuple[str, ...]) -> bool:
    """Whether a statement begins with this word."""
    return query.lstrip().split(maxsplit=1)[0].lower().startswith(query_type)


def commit_after_response(func: Any) -> None:
    """Call a function once the transaction is committed."""
    frappe.db.after_commit.add(func)


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
