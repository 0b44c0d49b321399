"""Filters in every form that Frappe takes, as one tree of conditions.

"INV-1", 7                         the name
{"status": "Open"}                 equality; {"amount": [">", 5]} an operator; {"name": ["a", "b"]} one of a list
[["status", "=", "Open"], ...]     with the DocType first where a child table is meant
[[...], "or", [...]]               "and" and "or" between conditions and groups
'{"status": "Open"}'               any of these as JSON
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rota.errors import InvalidFilter

OPERATORS = frozenset(
    {
        "=", "!=", ">", "<", ">=", "<=", "like", "not like", "in", "not in", "is", "between", "timespan",
        "previous", "next", "descendants of", "not descendants of", "ancestors of", "not ancestors of",
        "descendants of (inclusive)",
    }
)  # fmt: skip
_ALIASES = {"<>": "!=", "==": "=", "equals": "=", "not equals": "!="}
MAX_DEPTH = 20


@dataclass(frozen=True, slots=True)
class Condition:
    """`field` `operator` `value`; `doctype` is given when the field is a child table's, or to be sure."""

    field: str
    operator: str
    value: Any
    doctype: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions and groups, all of which (`and`) or any of which (`or`) must hold. An empty group always holds."""

    joiner: str
    parts: tuple[Condition | Group, ...]


EVERYTHING = Group("and", ())


def parse(filters: Any, *, joiner: str = "and") -> Group:
    """The conditions of filters in any form, joined by `and`, or by `or` for `or_filters`.

    Raises:
        InvalidFilter: they can't be understood; the message names the part.
    """
    return _parse(filters, joiner, MAX_DEPTH)


def _parse(filters: Any, joiner: str, depth: int) -> Group:
    if depth == 0:
        raise InvalidFilter(f"filters are nested more than {MAX_DEPTH} deep")
    if filters is None or (isinstance(filters, (str, Mapping, Sequence)) and not filters):
        return EVERYTHING
    if isinstance(filters, str) and filters.lstrip()[:1] in ("{", "["):
        return _parse(_from_json(filters), joiner, depth - 1)
    if isinstance(filters, (str, int, float)) and not isinstance(filters, bool):
        return Group(joiner, (Condition("name", "=", filters),))
    if isinstance(filters, Mapping):
        return Group(joiner, tuple(_of_key(key, value) for key, value in filters.items()))
    if isinstance(filters, (list, tuple)):
        return _of_list(filters, joiner, depth)
    if isinstance(filters, (set, frozenset)):
        return Group(joiner, (Condition("name", "in", sorted(filters, key=str)),))
    raise InvalidFilter(f"filters can't be a {type(filters).__name__}: {filters!r:.80}")


def _from_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidFilter(f"filters are no JSON: {text[:80]!r} ({error})") from None


def _of_key(key: Any, value: Any) -> Condition:
    if not isinstance(key, str):
        raise InvalidFilter(f"a filter's field must be text, not {key!r}")
    if isinstance(value, (list, tuple)) and len(value) == 2 and _operator(value[0]):
        return _condition(key, value[0], value[1])
    if isinstance(value, (list, tuple, set, frozenset)):
        return Condition(key, "in", list(value))
    return Condition(key, "=", value)


def _of_list(filters: Sequence[Any], joiner: str, depth: int) -> Group:
    if not any(isinstance(one, (list, tuple, dict)) for one in filters[:1]) and isinstance(filters[0], (str, int)):
        single = _single(filters)
        return Group(joiner, (single or Condition("name", "in", list(filters)),))
    if any(isinstance(one, str) for one in filters):
        return _of_words(filters, depth)
    return Group(joiner, tuple(_part(one, depth) for one in filters))


def _of_words(filters: Sequence[Any], depth: int) -> Group:
    """`[a, "and", b, "or", c]`: `and` binds tighter, as in SQL."""
    alternatives: list[list[Condition | Group]] = [[]]
    for place, one in enumerate(filters):
        if place % 2 == 0:
            alternatives[-1].append(_part(one, depth))
        elif one == "or" or (isinstance(one, str) and one.lower() == "or"):
            alternatives.append([])
        elif not (isinstance(one, str) and one.lower() == "and"):
            raise InvalidFilter(f"between two conditions stands 'and' or 'or', not {one!r:.40}")
    if len(filters) % 2 == 0:
        raise InvalidFilter(f"the filters end in {filters[-1]!r:.40}, with no condition after it")
    groups = [Group("and", tuple(parts)) for parts in alternatives]
    return groups[0] if len(groups) == 1 else Group("or", tuple(groups))


def _part(one: Any, depth: int) -> Condition | Group:
    if isinstance(one, Mapping):
        return _parse(one, "and", depth - 1)
    if isinstance(one, (list, tuple)):
        return _single(one) or _parse(one, "and", depth - 1)
    raise InvalidFilter(f"a condition is [field, operator, value], not {one!r:.80}")


def _single(one: Sequence[Any]) -> Condition | None:
    """`[field, value]`, `[field, operator, value]`, `[doctype, field, operator, value, ...]`; None if it is none."""
    if not one or not isinstance(one[0], str):
        return None
    if len(one) == 3 and isinstance(one[1], str) and _operator(one[1]):
        return _condition(one[0], one[1], one[2])
    if len(one) >= 4 and isinstance(one[1], str) and isinstance(one[2], str) and len(one) <= 5:
        return _condition(one[1], one[2], one[3], doctype=one[0])
    if len(one) == 2 and not isinstance(one[1], (list, dict)):
        return Condition(one[0], "=", one[1])
    if len(one) == 2:
        return _of_key(one[0], one[1])
    if len(one) == 3:
        raise InvalidFilter(f"{one[1]!r:.40} is no operator; operators are {', '.join(sorted(OPERATORS))}")
    return None


def _operator(word: Any) -> str | None:
    if not isinstance(word, str):
        return None
    word = " ".join(word.lower().split())
    word = _ALIASES.get(word, word)
    return word if word in OPERATORS else None


def _condition(field: str, operator: str, value: Any, *, doctype: str | None = None) -> Condition:
    known = _operator(operator)
    if known is None:
        raise InvalidFilter(f"{operator!r:.40} is no operator; operators are {', '.join(sorted(OPERATORS))}")
    return Condition(field, known, value, doctype)


def as_list(value: Any) -> list[Any]:
    """What stands after `in`: a list of any kind, JSON, or text separated by commas."""
    if value is None:
        return []
    if isinstance(value, str):
        if value.lstrip().startswith("["):
            try:
                parsed = json.loads(value)
            except ValueError:
                parsed = None
            if isinstance(parsed, list):
                return parsed
        return [one.strip() for one in value.split(",")]
    if isinstance(value, Mapping):
        return list(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return list(value)
    return [value]
