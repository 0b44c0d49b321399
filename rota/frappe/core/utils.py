"""Small helpers for lists and documents."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing


def find(list_of_dict: Iterable[Any], match_function: Callable[[Any], Any]) -> Any:
    """The first that fits; None when none does."""
    return next((one for one in list_of_dict if match_function(one)), None)


def find_all(list_of_dict: Iterable[Any], match_function: Callable[[Any], Any]) -> list[Any]:
    """All that fit."""
    return [one for one in list_of_dict if match_function(one)]


def get_parent_doc(doc: Any) -> Any:
    """The document that a communication or comment is about; None when there is none."""
    if not getattr(doc, "parent_doc", None):
        doctype, name = doc.get("reference_doctype"), doc.get("reference_name")
        return frappe.get_doc(doctype, name) if doctype and name else None
    return doc.parent_doc


def set_timeline_doc(doc: Any) -> None:
    """Nothing: every document has a timeline of its own only."""


def ljust_list(_list: list[Any], length: int, fill_word: Any = None) -> list[Any]:
    """The list, filled up to a length."""
    _list.extend([fill_word] * (length - len(_list)))
    return _list


def html2text(html: str, strip_links: bool = False, wrap: bool = True) -> str:
    """HTML as Markdown."""
    return str(frappe.utils.to_markdown(html))


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
