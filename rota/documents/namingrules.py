"""Document Naming Rules: documents that say how others are named, whatever their DocType says.

Of the rules of a DocType the first counts whose conditions hold, those of higher priority first. Each has a counter of
its own, which is part of the transaction, as the counters of series are.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rota.documents.comparison import same_value
from rota.documents.fieldtypes import Kind
from rota.documents.values import TO_COLUMN, to_int

if TYPE_CHECKING:
    from rota.documents.document import Document
    from rota.documents.documents import Documents
    from rota.documents.naming import Series

RULE = "Document Naming Rule"
#: Frappe lets no rule name these.
_LOGS = frozenset({"Version", "Error Log", "Scheduled Job Log", "Activity Log", "Notification Log", "Email Queue"})
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}


def name_by_naming_rule(doc: Document, series: Series) -> str | None:
    """The name that the first matching rule gives; None without one."""
    for rule in _rules(doc):
        if all(_holds(doc, row.field, row.condition, row.value) for row in rule.conditions):
            number = series.next_of_rule(rule.name)
            return f"{series.beginning(rule.prefix, doc)}{str(number).zfill(to_int(rule.prefix_digits))}"
    return None


def _rules(doc: Document) -> list[Any]:
    """The rules of a document's DocType. A rule that is saved or deleted makes a new `Meta`, on which they are kept."""
    own = doc.meta.__dict__
    if "_naming_rules" not in own:
        own["_naming_rules"] = [] if doc.doctype in _LOGS else _read_rules(doc.documents, doc.doctype)
    found: list[Any] = own["_naming_rules"]
    return found


def _read_rules(documents: Documents, doctype: str) -> list[Any]:
    if not documents.doctypes.exists(RULE):
        return []
    names = documents.get_all(
        RULE, filters={"document_type": doctype, "disabled": 0}, order_by="priority desc, creation, name", pluck="name"
    )
    return [documents.get_doc(RULE, name) for name in names]


def _holds(doc: Document, field: str, condition: str, wanted: Any) -> bool:
    kind, value = doc.meta.column_kinds.get(field, Kind.LONG), doc.get(field)
    if condition in ("=", "!="):
        return same_value(kind, value, wanted) is (condition == "=")
    known, limit = (TO_COLUMN["sqlite"][kind](one) for one in (value, wanted))
    return known is not None and limit is not None and _ORDER[condition](known, limit)
