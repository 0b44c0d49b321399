"""MariaDB's JSON functions, in Python, for SQLite. A document is text; what is no JSON gives NULL."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

_STEPS = re.compile(r"\.(?:\"((?:[^\"\\]|\\.)*)\"|([\w$]+)|(\*))|\[(\d+|\*)\]")


def _load(document: str) -> Any:
    return json.loads(document)


def dumped(value: Any) -> str:
    """JSON as MariaDB writes it."""
    return json.dumps(value, ensure_ascii=False)


def _walk(value: Any, path: str) -> Iterator[Any]:
    """The values at a path such as `$.a[0]."b c".*`."""
    if not path.startswith("$"):
        raise ValueError(f"{path!r} is no JSON path")
    found = [value]
    for quoted, plain, star, index in _STEPS.findall(path):
        key = quoted or plain
        if star:
            found = [child for one in found if isinstance(one, dict) for child in one.values()]
        elif index == "*":
            found = [child for one in found if isinstance(one, list) for child in one]
        elif index:
            found = [_at(one, int(index)) for one in found if _has(one, int(index))]
        else:
            found = [one[key] for one in found if isinstance(one, dict) and key in one]
    yield from found


def _has(value: Any, index: int) -> bool:
    return index < len(value) if isinstance(value, list) else index == 0


def _at(value: Any, index: int) -> Any:
    return value[index] if isinstance(value, list) else value


def _or_none(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        except ValueError:
            return None

    return call


def _extract(document: str, *paths: str) -> str | None:
    value = _load(document)
    found = [one for path in paths for one in _walk(value, path)]
    if len(paths) == 1 and "*" not in paths[0]:
        return dumped(found[0]) if found else None
    return dumped(found) if found else None


def _unquote(text: str) -> str:
    if not (len(text) > 1 and text[0] == text[-1] == '"'):
        return text
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, str) else text


def _number(text: str) -> str:
    return {"true": "1", "false": "0"}.get(text) or _unquote(text)


def _value(document: str, path: str) -> str | int | None:
    found = next(_walk(_load(document), path), None)
    if isinstance(found, (dict, list)) or found is None:
        return None
    if isinstance(found, bool):
        return str(int(found))
    return found if isinstance(found, str) else dumped(found)


def _query(document: str, path: str) -> str | None:
    found = next(_walk(_load(document), path), None)
    return dumped(found) if isinstance(found, (dict, list)) else None


def _contains(document: str, wanted: str, path: str = "$") -> int:
    target = next(_walk(_load(document), path), None)
    return int(_holds(target, _load(wanted)))


def _holds(target: Any, wanted: Any) -> bool:
    if isinstance(target, list):
        members = wanted if isinstance(wanted, list) else [wanted]
        return all(any(_holds(one, member) for one in target) for member in members)
    if isinstance(target, dict):
        return isinstance(wanted, dict) and all(
            key in target and _holds(target[key], one) for key, one in wanted.items()
        )
    return type(target) is type(wanted) and bool(target == wanted)


def _length(document: str, path: str = "$") -> int | None:
    found = list(_walk(_load(document), path))
    return (len(found[0]) if isinstance(found[0], (dict, list)) else 1) if found else None


def _keys(document: str, path: str = "$") -> str | None:
    found = next(_walk(_load(document), path), None)
    return dumped(list(found)) if isinstance(found, dict) else None


def _valid(document: str) -> int:
    try:
        _load(document)
    except ValueError:
        return 0
    return 1


def _type(document: str) -> str:
    value = _load(document)
    names = {bool: "BOOLEAN", int: "INTEGER", float: "DOUBLE", str: "STRING", list: "ARRAY", dict: "OBJECT"}
    return names.get(type(value), "NULL")


def _exists(document: str, path: str) -> int:
    return int(any(True for _ in _walk(_load(document), path)))


def _changed(document: str, path: str, member: str, how: str) -> str:
    """The document with `member` set, inserted, replaced or appended at a path, or what is there removed."""
    steps: list[Any] = [int(index) if index else quoted or plain for quoted, plain, _, index in _STEPS.findall(path)]
    return dumped(_placed(_load(document), steps, _load(member), how))


def _placed(value: Any, steps: list[Any], member: Any, how: str) -> Any:
    if not steps:
        if how == "append":
            return [*value, member] if isinstance(value, list) else [value, member]
        return value if how == "insert" else member
    step, rest = steps[0], steps[1:]
    is_array = isinstance(value, list) and isinstance(step, int)
    if not is_array and not (isinstance(value, dict) and isinstance(step, str)):
        return value
    if (step < len(value)) if is_array else (step in value):
        copy = value.copy()
        if how == "remove" and not rest:
            del copy[step]
        else:
            copy[step] = _placed(value[step], rest, member, how)
        return copy
    if rest or how not in ("set", "insert"):
        return value
    return [*value, member] if is_array else {**value, step: member}


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "json_extract": _or_none(_extract),
    "json_unquote": _unquote,
    "json_number": _number,
    "json_value": _or_none(_value),
    "json_exists": _or_none(_exists),
    "json_changed": _or_none(_changed),
    "json_query": _or_none(_query),
    "json_quote": dumped,
    "json_contains": _or_none(_contains),
    "json_length": _or_none(_length),
    "json_keys": _or_none(_keys),
    "json_valid": _valid,
    "json_type": _or_none(_type),
}
