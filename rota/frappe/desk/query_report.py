"""Reports: Rota runs none by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.errors import DoesNotExistError
from rota.frappe._missing import missing
from rota.sites.context import current


@frappe.whitelist()
def run(report_name: str, filters: Any = None, user: str | None = None, **_: Any) -> dict[str, Any]:
    """`{"columns", "result"}` of a report that an app brings as a Python file.

    Raises:
        DoesNotExistError: no app has a report of this name.
    """
    columns, rows = execute(report_name, frappe.parse_json(filters) or {})
    return {"columns": columns, "result": rows, "message": None, "chart": None, "report_summary": None}


def execute(report_name: str, filters: Any) -> tuple[Any, Any]:
    """The columns and rows of a report."""
    name = frappe.scrub(report_name)
    for app in current().site.apps:
        for path in app.path.glob(f"*/report/{name}/{name}.py"):
            module = frappe.get_module(f"{app.package}.{path.parts[-4]}.report.{name}.{name}")
            columns, rows, *_more = module.execute(frappe._dict(filters))
            return columns, rows
    raise DoesNotExistError(f"Report {report_name} not found")


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
