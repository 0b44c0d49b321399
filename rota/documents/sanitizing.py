"""Texts of documents made safe before they are stored, as Frappe does it: what a browser would run is taken out.

A field is left alone that ignores the filter (`ignore_xss_filter`), or holds code, a file's address or a secret. So are
addresses, as `Ann <ann@example.com>`, and JSON in a field that is not for HTML.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from rota.documents.doctype import Field, Meta
from rota.documents.fieldtypes import Kind
from rota.documents.html import sanitize_html
from rota.documents.values import to_int

if TYPE_CHECKING:
    from rota.documents.document import Document

_TAG = re.compile(r"<[a-zA-Z/]")
# One tag name to a browser: without blanks, slashes and quotes it can have no attribute.
_ADDRESS = re.compile(r"<[^\s<>/=\"'@]+@[^\s<>/=\"'@]+>")
_LEFT_ALONE = frozenset({"Attach", "Attach Image", "Barcode", "Code", "Password"})
_EDITORS = frozenset({"Text Editor", "HTML Editor", "Markdown Editor"})


def sanitize(doc: Document) -> None:
    """Clean the texts of a document and its rows; those that a submitted document can no longer change stay."""
    if doc.documents.flags.in_install:
        return
    is_frozen = doc._action == "update_after_submit"
    for one in (doc, *doc.get_all_children()):
        own = one.__dict__
        for name, field in _fields(one.meta):
            text = own.get(name)
            if isinstance(text, str) and "<" in text and not (is_frozen and not to_int(field.allow_on_submit)):
                own[name] = _clean(field, text)


def _clean(field: Field, text: str) -> str:
    is_editor = field.fieldtype in _EDITORS
    seen = text if is_editor else _ADDRESS.sub("", text)
    if not _TAG.search(seen) or (not is_editor and _is_json(text)):
        return text
    clean: str = sanitize_html(text, linkify=field.fieldtype == "Text Editor", always_sanitize=True)
    return clean


def _is_json(text: str) -> bool:
    if text.lstrip()[:1] not in ("{", "["):
        return False
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _fields(meta: Meta) -> list[tuple[str, Field]]:
    known: list[tuple[str, Field]] | None = meta.__dict__.get("_sanitized")
    if known is None:
        known = meta.__dict__["_sanitized"] = [
            (field.fieldname, field)
            for field in meta.fields
            if field.has_column
            and field.kind in (Kind.TEXT, Kind.LONG)
            and field.fieldtype not in _LEFT_ALONE
            and not to_int(field.ignore_xss_filter)
        ]
    return known
