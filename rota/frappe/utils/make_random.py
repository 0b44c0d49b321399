"""Documents drawn by lot, for demo data: `frappe.utils.make_random`."""

from __future__ import annotations

import random
from importlib import import_module
from typing import Any

from rota.documents.dictionary import AttrDict

# How likely a document of a type is made, and how many; apps add their own types.
settings = AttrDict(prob={"default": {"make": 0.6, "qty": (1, 5)}})

_lot = random.Random()  # noqa: S311 - demo data: nothing secret depends on it


def add_random_children(
    doc: Any, fieldname: str, rows: int, randomize: dict[str, Any], unique: str | None = None
) -> None:
    """Add 1 to `rows` - 1 child rows (or one); a value is drawn from (doctype, ...) or (from, below).

    Where `unique` names a field, no value comes twice in it.
    """
    for _row in range(_lot.randrange(1, rows) if rows > 1 else rows):
        values = {
            key: get_random(*source) if isinstance(source[0], str) else _lot.randrange(*source)
            for key, source in randomize.items()
        }
        if not (unique and doc.get(fieldname, {unique: values[unique]})):
            doc.append(fieldname, values)


def get_random(doctype: str, filters: dict[str, Any] | None = None, doc: bool = False) -> Any:
    """The name of any document that matches, or with `doc` the document; None where there is none."""
    frappe = import_module("rota.frappe")
    names = frappe.get_all(doctype, filters=filters or {}, pluck="name")
    if not names:
        return None
    name = _lot.choice(names)
    return frappe.get_doc(doctype, name) if doc else name


def _probability(doctype: str) -> dict[str, Any]:
    chances: dict[str, dict[str, Any]] = settings.prob
    return chances.get(doctype, chances["default"])


def can_make(doctype: str) -> bool:
    """Whether the lot says that a document of this type is made."""
    return bool(_lot.random() < _probability(doctype)["make"])


def how_many(doctype: str) -> int:
    """How many documents of this type the lot says to make."""
    return _lot.randrange(*_probability(doctype)["qty"])
