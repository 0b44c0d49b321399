"""`Database`, the class of `frappe.db`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rota.documents.database import DocumentDatabase as Database
from rota.frappe._missing import missing
from rota.frappe.database import savepoint

__all__ = ["Database", "savepoint"]


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
