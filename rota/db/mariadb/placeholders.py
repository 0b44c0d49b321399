"""Placeholders as Frappe writes them, `%s` and `%(name)s`, as `:p0` and `:v_name`; and the shape of the values.

Text in quotes and comments stays as it is. Without values a `%` is a `%`, as for Frappe's drivers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Any
from uuid import UUID

from rota.errors import InvalidSQLValues, UnsupportedSQL

Shape = tuple[tuple[str, Any], ...]
"""The kind of each value by name, which decides a translation: see `shape_of`."""

_PIECES = re.compile(
    r"""'(?:[^'\\]|\\.|'')*' | "(?:[^"\\]|\\.|"")*" | `(?:[^`]|``)*`   # quoted: stays
      | (?P<own>/\*M?!) | /\*.*?\*/ | \#[^\n]* | --(?=\s|$)[^\n]*     # comments: stay
      | %\((?P<name>[^)]*)\)s | (?P<position>%s) | (?P<double>%%) | (?P<percent>%)
      | (?P<colon>:(?=[A-Za-z_0-9]))""",
    re.S | re.X,
)
# Before the names of values, for some are words of SQL: %(from)s.
PREFIX = "v_"
_NAME = re.compile(r"[A-Za-z_]\w*\Z", re.A)
_LISTS = (list, tuple, set, frozenset)


def named(statement: str, values: Any = ()) -> tuple[str, dict[str, Any]]:
    """The statement with `:name` parameters, and the values by these names.

    `values`: a mapping for `%(name)s`; a list or tuple, or one scalar, for `%s`. A list, tuple or set inside stands
    for several values, as in `IN %s`. Without values (None, `()`, `{}`) no placeholder is looked for.

    Raises:
        InvalidSQLValues: too many or too few values, a name without value, or a value of an unknown type.
    """
    if values is None or (isinstance(values, (Sequence, Mapping, set, frozenset)) and not values and values != ""):
        _scan(statement, False)  # refuses what no translation may see
        return statement, {}
    text, names = _scan(statement, True)
    if isinstance(values, Mapping):
        return text, _by_name(names, values)
    return text, _by_position(names, list(values) if isinstance(values, (list, tuple)) else [values])


def _by_name(names: tuple[str, ...], values: Mapping[str, Any]) -> dict[str, Any]:
    if any(not name.startswith(PREFIX) for name in names):
        raise InvalidSQLValues("the statement has %s: give the values as a list, or name them, as in %(name)s")
    wanted = {name: name.removeprefix(PREFIX) for name in names}
    missing = [name for name in wanted.values() if name not in values]
    if missing:
        raise InvalidSQLValues(f"the statement wants a value for %({missing[0]})s; given are {sorted(values)}")
    return {name: _plain(values[key], key) for name, key in wanted.items()}


def _by_position(names: tuple[str, ...], values: list[Any]) -> dict[str, Any]:
    by_name = [name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX)]
    if by_name:
        raise InvalidSQLValues(f"the statement wants %({by_name[0]})s: give the values as a dict, not as a list")
    if len(names) != len(values):
        raise InvalidSQLValues(f"the statement has {len(names)} placeholders (%s), but {len(values)} values were given")
    return {
        name: _plain(value, f"value {index + 1}") for index, (name, value) in enumerate(zip(names, values, strict=True))
    }


@lru_cache(maxsize=1024)
def _scan(statement: str, placeholders: bool) -> tuple[str, tuple[str, ...]]:
    names: list[str] = []

    def replace(found: re.Match[str]) -> str:
        kind = found.lastgroup
        if kind == "own":
            raise UnsupportedSQL("a /*! comment */ with code", "write its content as plain SQL, or leave it out")
        if kind == "colon":
            raise UnsupportedSQL("a `:name` parameter", "write %(name)s and give the values as a dict")
        if not placeholders or kind is None:
            return found.group()
        if kind == "double":
            return "%"
        if kind == "percent":
            raise InvalidSQLValues("a lone % in a statement with values: write %% for a percent sign")
        name = f"p{len(names)}" if kind == "position" else PREFIX + found.group("name")
        if not _NAME.match(name):
            raise InvalidSQLValues(f"{found.group()}: a placeholder's name is letters, digits and underscores")
        if name not in names:
            names.append(name)
        return f":{name}"

    text = _PIECES.sub(replace, statement)
    if placeholders:
        text = _halve_percents(text)
    return text, tuple(names)


_QUOTED = re.compile(r"""'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`(?:[^`]|``)*`""", re.S)


def _halve_percents(text: str) -> str:
    # The driver doubles back %% inside quotes too: `like '%%x%%'` with values is the pattern %x%.
    return _QUOTED.sub(lambda found: found.group().replace("%%", "%"), text)


def _plain(value: Any, where: str) -> Any:  # noqa: PLR0911 - one line a type
    """The value as MariaDB's driver would write it: times become text, as they do there."""
    if isinstance(value, Enum):
        value = value.value
    if value is None or isinstance(value, (str, float, Decimal)):
        return value
    if isinstance(value, int):  # bool too
        return int(value)
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(" ")
    if isinstance(value, (date, time, UUID)):
        return str(value)
    if isinstance(value, timedelta):
        return _clock_text(value)
    if isinstance(value, bytes):
        return _decoded(value, where)
    if isinstance(value, _LISTS) or (isinstance(value, Iterable) and not isinstance(value, Mapping)):
        return [_plain(item, where) for item in value]
    raise InvalidSQLValues(
        f"{where} is a {type(value).__name__}, which has no SQL form: give text, a number, a date or a list"
    )


def _decoded(value: bytes, where: str) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise InvalidSQLValues(
            f"{where} is bytes that are no UTF-8 text, which no column of a document holds"
        ) from None


def _clock_text(value: timedelta) -> str:
    sign, span = ("-", -value) if value < timedelta(0) else ("", value)
    seconds = span.days * 86400 + span.seconds
    fraction = f".{span.microseconds:06}" if span.microseconds else ""
    return f"{sign}{seconds // 3600:02}:{seconds % 3600 // 60:02}:{seconds % 60:02}{fraction}"


def shape_of(statement: str, values: Mapping[str, Any]) -> Shape:
    """What a translation of `statement` (with `:name` parameters) has to know of the values.

    `s` text, `u` text beyond ASCII, `i` integer, `f` float, `c2` Decimal with 2 decimals, `n` None, and a tuple of
    these for a list. A list after IN, all of one kind, is `("*", kind)`, so that its length makes no new translation.
    """
    if not values:
        return ()
    whole = _after_in(statement)
    return tuple((name, _kind(value, name in whole)) for name, value in values.items())


@lru_cache(maxsize=1024)
def _after_in(statement: str) -> frozenset[str]:
    return frozenset(re.findall(r"\bin\s*:(\w+)", statement, re.I))


def _kind(value: Any, whole: bool = False) -> Any:  # noqa: PLR0911 - one line a type
    if isinstance(value, str):
        return "s" if value.isascii() else "u"
    if value is None:
        return "n"
    if isinstance(value, int):
        return "i"
    if isinstance(value, float):
        return "f"
    if isinstance(value, Decimal):
        exponent = value.as_tuple().exponent
        return f"c{max(0, -exponent) if isinstance(exponent, int) else 0}"
    kinds = tuple(_kind(item) for item in value)
    if whole and len(set(kinds)) <= 1 and not any(isinstance(kind, tuple) for kind in kinds):
        return ("*", kinds[0] if kinds else "n")
    return kinds
