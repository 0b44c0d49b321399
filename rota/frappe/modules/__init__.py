"""Modules of apps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rota.frappe._apps import get_module_app, get_module_path, scrub
from rota.frappe._missing import missing
from rota.frappe.modules.utils import (
    get_doc_path,
    get_doctype_module,
    load_doctype_module,
    scrub_dt_dn,
)

__all__ = [
    "get_doc_path",
    "get_doctype_module",
    "get_module_app",
    "get_module_path",
    "load_doctype_module",
    "scrub",
    "scrub_dt_dn",
]


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
