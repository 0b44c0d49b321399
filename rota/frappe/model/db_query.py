"""Lists of documents, by an object as Frappe has one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing


class DatabaseQuery:
    """`DatabaseQuery(doctype).execute(...)` is `frappe.get_list`."""

    def __init__(self, doctype: str, user: str | None = None) -> None:
        self.doctype = doctype
        self.user = user

    def execute(self, *args: Any, **kwargs: Any) -> Any:
        """What the filters pick; without permission checks with `ignore_permissions`."""
        if self.user:
            kwargs.setdefault("user", self.user)
        return frappe.get_list(self.doctype, *args, **kwargs)

    def build_match_conditions(self, as_condition: bool = True) -> Any:
        """The SQL condition for what the user may read; "" for all."""
        return frappe.build_match_conditions(self.doctype, as_condition)


def get_order_by(doctype: str, meta: Any) -> str:
    """The DocType's own order, as SQL."""
    field = meta.sort_field if meta.sort_field and "," not in meta.sort_field else "modified"
    return f"`tab{doctype}`.`{field}` {'asc' if (meta.sort_order or '').lower() == 'asc' else 'desc'}"


def is_parent_only_filter(doctype: str, filters: Any) -> bool:
    """Whether no filter reaches a child table."""
    return not any(isinstance(one, (list, tuple)) and len(one) > 3 and one[0] != doctype for one in filters or [])


def get_between_date_filter(value: Any, df: Any = None) -> str:
    """The two literals of a `between`, as SQL."""
    first, last = value
    end = frappe.utils.get_datetime(last)
    if df is not None and df.get("fieldtype") == "Datetime" and end.time() == end.time().min:
        end = end.replace(hour=23, minute=59, second=59, microsecond=999999)
    return f"{frappe.db.escape(str(first))} AND {frappe.db.escape(str(end))}"


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
