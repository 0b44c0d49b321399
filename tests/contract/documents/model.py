"""What filters pick, in plain Python: the model that both databases are compared with."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

TEXT, NUMBER, DATE, DATETIME = "text", "number", "date", "datetime"
EARLIEST = {DATE: date(1, 1, 1), DATETIME: datetime(1, 1, 1)}


def folded(value: Any) -> Any:
    """Text compares without regard to the case of ASCII letters."""
    return re.sub("[A-Z]", lambda found: found.group().lower(), value) if isinstance(value, str) else value


def picks(kind: str, value: Any, operator: str, wanted: Any, *, lists: bool, standard: bool = False) -> bool:
    """Whether a row with this value is picked; `lists`: by the rules of get_all, else by those of frappe.db."""
    return {TEXT: _text, NUMBER: _number, DATE: _moment, DATETIME: _moment}[kind](
        kind, value, operator, wanted, lists=lists and not standard
    )


_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
}


def _text(kind: str, value: Any, operator: str, wanted: Any, *, lists: bool) -> bool:
    value = folded(value)
    if operator == "is":
        return bool(value) is (wanted == "set")
    if operator in ("in", "not in"):
        return _text_in(value, operator == "not in", wanted, lists=lists)
    wanted = folded(wanted)
    if operator in ("=", "!="):
        if lists and not wanted:
            return bool(value) is (operator == "!=")
        if wanted is None:
            return (value is None) is (operator == "=")
        if value is None:
            return lists and operator == "!="
        return (value == wanted) is (operator == "=")
    if operator in ("like", "not like"):
        wanted = wanted or ""
        if value is None:
            value = "" if lists and (operator == "not like" or not wanted) else None
        return value is not None and _like(value, wanted) is (operator == "like")
    if operator == "between":
        return value is not None and folded(wanted[0]) <= value <= folded(wanted[1])
    if value is None:
        value = "" if lists else None
    return value is not None and _ORDER[operator](value, wanted or "")


def _text_in(value: Any, negated: bool, wanted: list[Any], *, lists: bool) -> bool:
    if lists:
        listed = [folded(one) or "" for one in wanted] or [""]
        return ((value or "") in listed) is not negated
    listed = [folded(one) for one in wanted if one is not None] if wanted else [""]
    if not listed:
        return negated
    return value is not None and (value in listed) is not negated


def _like(value: str, pattern: str) -> bool:
    regex, place = "", 0
    while place < len(pattern):
        mark = pattern[place]
        if mark == "\\" and place + 1 < len(pattern):
            place += 1
            regex += re.escape(pattern[place])
        else:
            regex += {"%": ".*", "_": "."}.get(mark, re.escape(mark))
        place += 1
    return re.fullmatch(regex, value, re.S) is not None


def _number(kind: str, value: Any, operator: str, wanted: Any, *, lists: bool) -> bool:
    if operator == "is":
        return (value != 0) is (wanted == "set")
    if operator in ("in", "not in"):
        listed = [one or 0 for one in wanted if one is not None or lists] if wanted else [0]
        return (value in listed) is (operator == "in") if listed else operator == "not in"
    if operator == "between":
        return bool(wanted[0] <= value <= wanted[1])
    if wanted is None and not lists and operator in ("=", "!="):
        return operator == "!="
    wanted = wanted or 0
    if operator in ("=", "!="):
        return bool((value == wanted) is (operator == "="))
    return bool(_ORDER[operator](value, wanted))


def _moment(kind: str, value: Any, operator: str, wanted: Any, *, lists: bool) -> bool:
    earliest = EARLIEST[kind]
    if operator == "is":
        return (value is not None) is (wanted == "set")
    if operator in ("in", "not in"):
        return _moment_in(value, operator == "not in", wanted, lists=lists)
    if operator in ("=", "!="):
        if not wanted:
            return (
                (value is None) is (operator == "=")
                if lists or wanted is None
                else value is not None and operator == "!="
            )
        if value is None:
            return lists and operator == "!="
        return bool((value == wanted) is (operator == "="))
    if operator == "between":
        last = wanted[1]
        if kind == DATETIME and not isinstance(last, datetime):
            last = datetime(last.year, last.month, last.day, 23, 59, 59, 999999)
        first = wanted[0]
        if kind == DATETIME and not isinstance(first, datetime):
            first = datetime(first.year, first.month, first.day)
        return value is not None and first <= value <= last
    wanted = wanted or earliest
    if value is None:
        value = earliest if lists else None
    return value is not None and _ORDER[operator](value, wanted)


def _moment_in(value: Any, negated: bool, wanted: list[Any], *, lists: bool) -> bool:
    has_nothing = not wanted or any(one is None or one == "" for one in wanted)
    listed = [one for one in wanted if one]
    if lists:
        inside = value in listed or (value is None and has_nothing)
        return inside is not negated
    if not listed:
        return negated
    return value is not None and (value in listed) is not negated
