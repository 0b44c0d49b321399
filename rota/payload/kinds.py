"""The kinds that Rota knows from the start: Python's own values, and what apps build from them."""

from __future__ import annotations

import base64
import inspect
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, Flag
from functools import lru_cache, partial
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from rota.payload.codec import Kind
from rota.payload.paths import Refused, import_path

_HINT = "pass its parts one by one"
_ZONED = re.compile(r"(?P<iso>[^\[\]]+)\[(?P<zone>[^\[\]]+)\]")
_LIKE: Mapping[type, Callable[[Any], Any]] = {
    str: str.__str__,
    int: int.__int__,
    float: float.__float__,
    bytes: bytes.__bytes__,
    list: list,
    tuple: tuple,
    set: set,
    frozenset: frozenset,
}


def _expect(of: Any, *bases: type) -> Any:
    if not (isinstance(of, type) and issubclass(of, bases)):
        raise TypeError(f"not a subclass of {' or '.join(base.__name__ for base in bases)}")
    return of


def _stamp(value: datetime | time) -> str:
    """ISO 8601; a named zone follows in brackets, as in RFC 9557. pytz keeps the name in `zone`, zoneinfo in `key`."""
    zone = getattr(value.tzinfo, "key", None) or getattr(value.tzinfo, "zone", None)
    return f"{value.isoformat()}[{zone}]" if zone else value.isoformat()


def _datetime(text: str) -> datetime:
    zoned = _ZONED.fullmatch(text)
    if zoned is None:
        return datetime.fromisoformat(text)
    moment, zone = datetime.fromisoformat(zoned["iso"]), ZoneInfo(zoned["zone"])
    wall = moment.replace(tzinfo=zone)
    for fold in (0, 1):
        if wall.replace(fold=fold).utcoffset() == moment.utcoffset():
            return wall.replace(fold=fold)
    return moment.astimezone(zone)  # the zone's rules have changed since: the moment stands, the wall clock gives way


def _time(text: str) -> time:
    zoned = _ZONED.fullmatch(text)
    if zoned is None:
        return time.fromisoformat(text)
    return time.fromisoformat(zoned["iso"]).replace(tzinfo=ZoneInfo(zoned["zone"]))


def _base_of(cls: type) -> type | None:
    return next((base for base in _LIKE if issubclass(cls, base)), None)


def _without_attributes(value: Any) -> Any:
    if getattr(value, "__dict__", None):
        raise Refused(f"this {type(value).__name__} has attributes beside its value, which would be lost: {_HINT}")
    return value


def _from_like(simple: Any, of: Any) -> Any:
    cls = _expect(of, *_LIKE)
    return cls._make(simple) if hasattr(cls, "_fields") else cls(simple)


def _like(value: Any) -> Any:
    cls, base = type(value), _base_of(type(value))
    assert base is not None
    simple = _LIKE[base](_without_attributes(value))
    _check_rebuilds(value, partial(_from_like, simple, cls))
    return simple


def _from_mapping(simple: dict[Any, Any], of: Any) -> Any:
    made = _expect(of, dict)()
    for key, item in simple.items():
        made[key] = item
    return made


def _mapping(value: Any) -> dict[Any, Any]:
    simple = dict(_without_attributes(value))
    _check_rebuilds(value, partial(_from_mapping, simple, type(value)))
    return simple


def _check_rebuilds(value: Any, rebuild: Callable[[], Any]) -> None:
    """Refuse at `enqueue` what the worker could not make again: a class may want more than its value."""
    try:
        rebuilt = rebuild()
    except Exception as error:  # an app's class may raise anything while it is made anew
        raise Refused(f"a {type(value).__name__} can't be made again from its value ({error}): {_HINT}") from error
    if rebuilt != value and value == value:  # noqa: PLR0124 - NaN is the one value that differs from itself
        raise Refused(f"a {type(value).__name__} made again from its value is not equal to it: {_HINT}")


@lru_cache(maxsize=256)
def _kept_nowhere(cls: type) -> str | None:
    """A parameter that making the dataclass needs and no field holds: an `InitVar`, or one of its own `__init__`."""
    names = {field.name for field in fields(cls)}
    for parameter in inspect.signature(cls).parameters.values():
        is_variadic = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        if parameter.default is parameter.empty and not is_variadic and parameter.name not in names:
            return parameter.name
    return None


def _dataclass(value: Any) -> dict[str, Any]:
    cls: type = type(value)
    missing = _kept_nowhere(cls)
    if missing is not None:
        raise Refused(f"making a {cls.__name__} again needs {missing!r}, which no field keeps: {_HINT}")
    return {field.name: getattr(value, field.name) for field in fields(value) if hasattr(value, field.name)}


def _from_dataclass(simple: dict[str, Any], of: Any) -> Any:
    if not (isinstance(of, type) and is_dataclass(of)):
        raise TypeError("not a dataclass")
    by_init = {field.name for field in fields(of) if field.init}
    later = {field.name for field in fields(of) if not field.init}
    unknown = simple.keys() - by_init - later
    if unknown:
        raise TypeError(f"it has no field {min(unknown)!r} any more")
    made = of(**{name: value for name, value in simple.items() if name in by_init})
    for name in later & simple.keys():
        object.__setattr__(made, name, simple[name])  # it may be frozen
    return made


def _is_reference(value: Any) -> bool:
    return isinstance(value, (type, FunctionType, BuiltinFunctionType)) or (
        isinstance(value, MethodType) and isinstance(value.__self__, type)
    )


def _from_reference(_: None, of: Any) -> Any:
    if not _is_reference(of):
        raise TypeError("not a function or class")
    return of


def _enum(value: Enum) -> Any:
    return value.value if isinstance(value, Flag) else value.name


def _from_enum(simple: Any, of: Any) -> Any:
    cls = _expect(of, Enum)
    return cls(simple) if issubclass(cls, Flag) else cls[simple]


def _class_path(value: Any) -> str:
    return import_path(type(value))


STANDARD_KINDS: Sequence[Kind] = (
    Kind(
        tag="str",
        type=str,
        simplify=lambda value: value.encode("unicode_escape").decode("ascii"),
        restore=lambda text, _: text.encode("ascii").decode("unicode_escape"),
    ),
    Kind(tag="int", type=int, simplify=hex, restore=lambda text, _: int(text, 16)),
    Kind(tag="float", type=float, simplify=repr, restore=lambda text, _: float(text)),
    Kind(tag="dict", simplify=dict, restore=lambda pairs, _: dict(pairs)),
    Kind(tag="tuple", type=tuple, simplify=list, restore=lambda items, _: tuple(items)),
    Kind(tag="set", type=set, simplify=list, restore=lambda items, _: set(items)),
    Kind(tag="frozenset", type=frozenset, simplify=list, restore=lambda items, _: frozenset(items)),
    Kind(
        tag="bytes",
        type=bytes,
        simplify=lambda value: base64.b64encode(value).decode("ascii"),
        restore=lambda text, _: base64.b64decode(text, validate=True),
    ),
    Kind(tag="datetime", type=datetime, simplify=_stamp, restore=lambda text, _: _datetime(text)),
    Kind(tag="date", type=date, simplify=date.isoformat, restore=lambda text, _: date.fromisoformat(text)),
    Kind(tag="time", type=time, simplify=_stamp, restore=lambda text, _: _time(text)),
    Kind(
        tag="timedelta",
        type=timedelta,
        simplify=lambda value: [value.days, value.seconds, value.microseconds],
        restore=lambda parts, _: timedelta(*parts),
    ),
    Kind(tag="decimal", type=Decimal, simplify=str, restore=lambda text, _: Decimal(text)),
    Kind(tag="uuid", type=UUID, simplify=str, restore=lambda text, _: UUID(text)),
    Kind(
        tag="defaultdict",
        type=defaultdict,
        simplify=lambda value: [value.default_factory, dict(value)],
        restore=lambda parts, _: defaultdict(*parts),
    ),
    Kind(tag="enum", fits=lambda value: isinstance(value, Enum), of=_class_path, simplify=_enum, restore=_from_enum),
    Kind(tag="reference", fits=_is_reference, of=import_path, simplify=lambda _: None, restore=_from_reference),
    Kind(
        tag="dataclass",
        fits=lambda value: is_dataclass(type(value)),
        of=_class_path,
        simplify=_dataclass,
        restore=_from_dataclass,
    ),
    Kind(
        tag="mapping",
        fits=lambda value: isinstance(value, dict),
        of=_class_path,
        simplify=_mapping,
        restore=_from_mapping,
    ),
    Kind(
        tag="like",
        fits=lambda value: _base_of(type(value)) is not None,
        of=_class_path,
        simplify=_like,
        restore=_from_like,
    ),
)
