"""Transactions that are taken back in part."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.documents.naming import random_name
from rota.frappe._missing import missing


@contextmanager
def savepoint(catch: type[BaseException] | tuple[type[BaseException], ...] = Exception) -> Iterator[None]:
    """A block that is taken back when it raises one of these errors, which ends there; any other goes on."""
    name = "s" + random_name(10)
    frappe.db.savepoint(name)
    try:
        yield
    except catch:
        frappe.db.rollback(save_point=name)
    else:
        frappe.db.release_savepoint(name)


def get_db(*_: Any, **__: Any) -> Any:
    """`frappe.db`: the database of the open site."""
    return frappe.db


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
