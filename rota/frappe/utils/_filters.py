"""Filters held against a document in memory, and the words that they are made of."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from rota.documents.dictionary import AttrDict
from rota.errors import DataError
from rota.frappe.utils import _settings
from rota.frappe.utils._dates import getdate
from rota.frappe.utils._numbers import cast
from rota.frappe.utils._periods import get_timespan_date_range
from rota.frappe.utils._settings import translate as _

TREE_OPERATORS = (
    *("ancestors of", "descendants of", "not ancestors of", "not descendants of"),
    "descendants of (inclusive)",
)
VALID_OPERATORS = (
    *("=", "!=", ">", "<", ">=", "<=", "like", "not like", "in", "not in", "is", "between"),
    *("timespan", "previous", "next"),
    *TREE_OPERATORS,
)
# Tree operators, `previous` and `next` ask the database; these can be answered here.
UNTYPED = ("is", "like", "not like", "timespan", "Timespan")
COLUMN = re.compile(r"[^,'();\n]*")
IFNULL = re.compile(r"ifnull\(\s*[`\w.]+\s*,\s*(?:'[^']*'|\"[^\"]*\"|[\d.]+)\s*\)", re.IGNORECASE)


def sql_like(value: Any, pattern: Any) -> bool:
    """Whether the value is like the pattern: `%` at its ends stands for anything; without any, it may be anywhere."""
    if not isinstance(pattern, str):
        return False
    text = str(value if value is not None else "")
    starts, ends = pattern.startswith("%"), pattern.endswith("%")
    core = pattern.strip("%")
    if starts != ends:
        return text.endswith(core) if starts else text.startswith(core)
    return core in text


def filter_operator_is(value: Any, pattern: str) -> bool:
    """Whether the value is `set` (neither None nor "") or `not set`.

    Raises:
        ValidationError: the pattern is neither.
    """
    expected = {"set": True, "not set": False}.get(pattern.lower())
    if expected is None:
        _settings.throw(_("Invalid argument for operator 'IS': {0}").format(pattern))
    return (value is not None and value != "") is expected


def filter_operator_timespan(value: Any, pattern: str) -> bool:
    """Whether the date lies in the timespan of this name, as in `last week`."""
    dates = get_timespan_date_range(pattern)
    return bool(value and dates and dates[0] <= getdate(value) <= dates[1])


def _between(value: Any, bounds: Sequence[Any]) -> bool:
    return value is not None and bool(bounds[0] <= value <= bounds[1])


def _ordered(compare_values: Callable[[Any, Any], Any]) -> Callable[[Any, Any], bool]:
    # Nothing is neither more nor less than anything, as in SQL.
    return lambda a, b: a is not None and b is not None and bool(compare_values(a, b))


operator_map: dict[str, Callable[[Any, Any], Any]] = {
    "^": lambda a, b: (a or "").startswith(b),
    "in": lambda a, b: a in b,
    "not in": lambda a, b: a not in b,
    "=": operator.eq,
    "!=": operator.ne,
    ">": _ordered(operator.gt),
    "<": _ordered(operator.lt),
    ">=": _ordered(operator.ge),
    "<=": _ordered(operator.le),
    "not None": lambda a, b: a is not None,
    "None": lambda a, b: a is None,
    "like": sql_like,
    "not like": lambda a, b: not sql_like(a, b),
    "is": filter_operator_is,
    "between": _between,
    "timespan": filter_operator_timespan,
    "Timespan": filter_operator_timespan,
}


def compare(val1: Any, condition: str, val2: Any, fieldtype: str | None = None) -> bool:
    """Whether the condition holds for the two values, read as this field type; False for an unknown condition."""
    if condition not in operator_map:
        return False
    if condition in ("in", "not in") and isinstance(val2, str):
        val2 = [part.strip() for part in val2.split(",")]
    if fieldtype and condition not in UNTYPED:
        val1 = cast(fieldtype, val1)
        val2 = (
            [cast(fieldtype, item) for item in val2] if isinstance(val2, (list, tuple, set)) else cast(fieldtype, val2)
        )
    return bool(operator_map[condition](val1, val2))


def make_filter_tuple(doctype: str | None, key: str, value: Any) -> list[Any]:
    """The filter as [doctype, field, operator, value]; a value that is a list or tuple brings its operator."""
    if isinstance(value, (list, tuple)):
        return [doctype, key, value[0], value[1]]
    return [doctype, key, "=", value]


def make_filter_dict(filters: Iterable[Sequence[Any]]) -> AttrDict:
    """Filters of four parts as {field: (operator, value)}."""
    return AttrDict({part[1]: (part[2], part[3]) for part in filters})


def get_filter(
    doctype: str | None, f: Mapping[str, Any] | Sequence[Any], filters_config: Iterable[str] | None = None
) -> AttrDict:
    """The filter (a dict of one key, or a list of 3 or 4 parts) as an AttrDict of its parts and its field's type.

    `filters_config` names operators that are valid besides Frappe's.

    Raises:
        ValidationError: it is no filter, or its operator is not valid.
        DataError: its field is no field's name.
    """
    if isinstance(f, Mapping):
        f = make_filter_tuple(doctype, *next(iter(f.items())))
    if not isinstance(f, (list, tuple)):
        _settings.throw(_("Filter must be a tuple or list (in a list)"))
    parts = [doctype, *f] if len(f) == 3 else list(f[:4])
    if len(parts) != 4:
        _settings.throw(
            _("Filter must have 4 values (doctype, fieldname, operator, value): {0}").format(str(f)),
        )
    found = AttrDict(doctype=parts[0], fieldname=sanitize_column(parts[1]), operator=parts[2] or "=", value=parts[3])
    valid = (*VALID_OPERATORS, *(name.lower() for name in filters_config or ()))
    if str(found.operator).lower() not in valid:
        _settings.throw(_("Operator must be one of {0}").format(", ".join(valid)))
    return found.update(fieldtype=_settings.fieldtype(found.doctype, found.fieldname))


def _single_filters(filters: Any) -> Iterator[Any]:
    if isinstance(filters, Mapping):
        yield from ({key: value} for key, value in filters.items())
    else:
        for part in filters:
            yield from _single_filters(part) if isinstance(part, Mapping) else [part]


def evaluate_filters(doc: Mapping[str, Any] | Any, filters: Any) -> bool:
    """Whether the document (anything with `get`) matches all filters: a dict, or a list of dicts or lists.

    Raises:
        ValidationError: one of them is no filter.
    """
    for single in _single_filters(filters):
        part = get_filter(doc.get("doctype"), single)
        if not compare(doc.get(part.fieldname), part.operator, part.value, part.fieldtype):
            return False
    return True


def sanitize_column(column_name: str) -> str:
    """The column's name, checked; `ifnull(column, value)` is allowed.

    Raises:
        DataError: it is more than a name.
    """
    if not (COLUMN.fullmatch(column_name) or IFNULL.fullmatch(column_name)) or re.search(r"--|/\*|#", column_name):
        _settings.throw(_("Invalid field name {0}").format(column_name), DataError)
    return column_name
