"""Progress towards a goal."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing


def get_monthly_results(
    goal_doctype: str, goal_field: str, date_col: str, filters: Any, aggregation: str = "sum"
) -> dict[str, float]:
    """`MM-YYYY` to the sum (or another aggregate) of a field in that month."""
    rows = frappe.get_all(goal_doctype, filters=filters, fields=[date_col, goal_field])
    months: dict[str, list[float]] = {}
    for row in rows:
        if row[date_col]:
            months.setdefault(frappe.utils.getdate(row[date_col]).strftime("%m-%Y"), []).append(
                frappe.utils.flt(row[goal_field])
            )
    combine: dict[str, Callable[[list[float]], float]] = {
        "sum": sum,
        "count": len,
        "avg": lambda values: sum(values) / len(values),
        "max": max,
        "min": min,
    }
    return {month: float(combine[aggregation.lower()](values)) for month, values in months.items()}


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
