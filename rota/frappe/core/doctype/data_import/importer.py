"""Names of the importer that apps take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing


def get_data_keys() -> Any:
    """The words that mark the parts of a template for imports."""
    return frappe._dict(
        data_separator=frappe._("Start entering data below this line"),
        main_table=frappe._("Table") + ":",
        parent_table=frappe._("Parent Table") + ":",
        columns=frappe._("Column Name") + ":",
        doctype=frappe._("DocType") + ":",
    )


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
