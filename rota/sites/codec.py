"""How documents travel in a job: by value, with what was not saved, so that the job sees what its caller saw.

A bound method of a document travels as the document and the method's name.
"""

from __future__ import annotations

from types import MethodType
from typing import Any

from rota.documents.base import BaseDocument
from rota.documents.dictionary import AttrDict
from rota.payload import CODEC, Kind
from rota.sites.context import current

# What a document holds for itself and its process alone.
_OWN = ("_documents", "_parent_doc", "_doc_before_save", "_meta")


def _values(document: BaseDocument) -> dict[str, Any]:
    return {key: value for key, value in document.__dict__.items() if key not in _OWN}


def _document(values: dict[str, Any], _: Any) -> BaseDocument:
    doctype = values["doctype"]
    documents = current().documents
    found = documents.controller(doctype)
    document: BaseDocument = found.__new__(found)
    document.__dict__.update(values, _documents=documents, flags=AttrDict(values.get("flags") or {}))
    for field in documents.get_meta(doctype).table_fields:
        rows = document.__dict__.get(field.fieldname) or []
        document.__dict__[field.fieldname] = []
        for row in rows:
            document.append(field.fieldname, row)
    return document


def _bound(parts: list[Any], _: Any) -> Any:
    document, name = parts
    if not isinstance(document, BaseDocument) or str(name).startswith("__"):
        raise TypeError("not a method of a document")
    return getattr(document, name)


def is_bound(value: Any) -> bool:
    """Whether a value is a method of a document, bound to it."""
    return isinstance(value, MethodType) and isinstance(value.__self__, BaseDocument)


#: encodes and decodes all that an application may put into a job; decoding needs an open site
JOB_CODEC = CODEC.with_kinds(
    Kind(tag="document", fits=lambda value: isinstance(value, BaseDocument), simplify=_values, restore=_document),
    Kind(
        tag="method",
        fits=is_bound,
        simplify=lambda value: [value.__self__, value.__func__.__name__],
        restore=_bound,
    ),
)
