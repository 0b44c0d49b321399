"""What a job calls when it was enqueued as a method of a document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rota.engine.call import call_by_signature
from rota.sites.context import current


def call_bound(bound: Callable[..., Any], kwargs: Mapping[str, Any]) -> Any:
    """Call a method of the document as it was when it was enqueued, with what was not saved."""
    return bound(**kwargs)


def call_document(doctype: str, name: Any, doc_method: str, **kwargs: Any) -> Any:
    """Load a document and call one of its methods, with those of `kwargs` that it takes (Frappe's `enqueue_doc`)."""
    return call_by_signature(getattr(current().documents.get_doc(doctype, name), doc_method), kwargs)


def shown_name(bound: Any) -> str:
    """`Sales Order.recompute`, for people."""
    return f"{bound.__self__.doctype}.{bound.__func__.__name__}"
