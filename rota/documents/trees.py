"""Conditions on trees: DocTypes whose documents carry `lft` and `rgt`, a nested set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rota.documents.conditions import Ref
from rota.documents.doctype import Meta
from rota.documents.sql import quote, table_of
from rota.errors import InvalidFilter

TREE_OPERATORS = frozenset(
    {
        "descendants of",
        "not descendants of",
        "ancestors of",
        "not ancestors of",
        "descendants of (inclusive)",
    }
)


def tree_condition(
    ref: Ref, operator: str, target: Meta, place: tuple[int, int] | None, bind: Callable[[Any], str], dialect: str
) -> str:
    """The condition that a column names a document above or below the one at `place` (its `lft` and `rgt`).

    Raises:
        InvalidFilter: the DocType is no tree.
    """
    if not target.is_nested_set():
        raise InvalidFilter(f"{target['name']} is no tree: it has no lft and rgt")
    negated = operator.startswith("not ")
    if place is None:
        inside = "1 = 0"
    else:
        left, right = bind(place[0]), bind(place[1])
        inside = {
            "descendants of": f"lft > {left} and rgt < {right}",
            "descendants of (inclusive)": f"lft >= {left} and rgt <= {right}",
            "ancestors of": f"lft < {left} and rgt > {right}",
        }[operator.removeprefix("not ")]
    chosen = f"{ref.sql} in (select name from {quote(table_of(target['name']), dialect)} where {inside})"
    return f"({ref.sql} is null or not ({chosen}))" if negated else chosen
