"""Lists and dicts: cut, cleaned, grouped; and a queue of callbacks."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import (
    Callable,
    Hashable,
    Iterable,
    Iterator,
    Mapping,
    MutableMapping,
    MutableSequence,
    Sequence,
)
from typing import Any, TypeVar

from rota.documents.dictionary import AttrDict
from rota.frappe.utils import _settings

T = TypeVar("T")
Item = TypeVar("Item", bound=Hashable)


def unique(seq: Iterable[Item]) -> list[Item]:
    """Each item once, in the order in which they first come."""
    return list(dict.fromkeys(seq))


def has_common(l1: Iterable[Hashable], l2: Iterable[Hashable]) -> set[Hashable]:
    """What the two have in common: true where there is anything."""
    return set(l1) & set(l2)


def is_subset(list_a: Iterable[Hashable], list_b: Iterable[Hashable]) -> bool:
    """Whether everything in the first is in the second."""
    return set(list_a) <= set(list_b)


def dict_with_keys(dict: Mapping[Any, Any], keys: Iterable[Any]) -> dict[Any, Any]:
    """A new dict of these keys, as far as they are there."""
    wanted = list(keys)
    return {key: value for key, value in dict.items() if key in wanted}


def remove_blanks(d: dict[Any, Any]) -> dict[Any, Any]:
    """The same dict, without the keys whose value is "" or None."""
    for key in [key for key, value in d.items() if value is None or value == ""]:
        del d[key]
    return d


def squashify(what: Any) -> Any:
    """The single item of a sequence of one; anything else as it is."""
    return what[0] if isinstance(what, Sequence) and len(what) == 1 else what


def dictify(arg: Any) -> Any:
    """The list (in place) or the dict, with every dict in it made an AttrDict; dicts in dicts stay as they are."""
    if isinstance(arg, MutableSequence):
        for index, item in enumerate(arg):
            arg[index] = dictify(item)
        return arg
    return AttrDict(arg) if isinstance(arg, MutableMapping) else arg


def create_batch(iterable: Any, size: int) -> Iterator[Any]:
    """The parts of a sequence, of at most `size` items each."""
    for start in range(0, len(iterable), size):
        yield iterable[start : start + size]


def groupby_metric(iterable: Mapping[str, list[Any]], key: str) -> dict[Any, dict[str, list[Any]]]:
    """The items of all categories by the value of `key`, and in each group by category again."""
    groups: dict[Any, dict[str, list[Any]]] = {}
    for category, items in iterable.items():
        for item in items:
            groups.setdefault(item[key], {}).setdefault(category, []).append(item)
    return groups


def encode_dict(d: dict[Any, Any], encoding: str = "utf-8") -> dict[Any, Any]:
    """The same dict, its texts made bytes."""
    d.update({key: value.encode(encoding) for key, value in d.items() if isinstance(value, str)})
    return d


def decode_dict(d: dict[Any, Any], encoding: str = "utf-8") -> dict[Any, Any]:
    """The same dict, its bytes made text; what is not in the encoding is left out."""
    d.update({key: value.decode(encoding, "ignore") for key, value in d.items() if isinstance(value, bytes)})
    return d


def parse_json(val: Any) -> Any:
    """What the JSON text says; a dict becomes an AttrDict, anything else stays as it is.

    Raises:
        ValueError: a text that is no JSON.
    """
    value = json.loads(val) if isinstance(val, str) else val
    return AttrDict(value) if isinstance(value, dict) else value


def safe_json_loads(*args: Any) -> Any:
    """What each JSON text says, or the argument itself where it is no JSON; of one argument, not in a list."""
    return squashify([_loads_or_same(arg) for arg in args])


def _loads_or_same(value: Any) -> Any:
    try:
        return json.loads(value)
    except (TypeError, ValueError):
        return value


def get_safe_filters(filters: Any) -> Any:
    """Filters that came as JSON, read; a number stays a text, as it is a document's name."""
    value = _loads_or_same(filters)
    return str(value) if isinstance(value, (int, float)) else value


def validate_json_string(string: str) -> None:
    """Check that the text is JSON.

    Raises:
        ValidationError: it is not.
    """
    try:
        json.loads(string)
    except (TypeError, ValueError):
        _settings.throw(_settings.translate("Not valid JSON: {0}").format(string))


def recursive_defaultdict() -> defaultdict[Any, Any]:
    """A dict whose missing keys are dicts of the same kind."""
    return defaultdict(recursive_defaultdict)


class CallbackManager:
    """Functions to be called later, in the order in which they were added, each once."""

    __slots__ = ("_functions",)

    def __init__(self) -> None:
        self._functions: deque[Callable[[], Any]] = deque()

    def add(self, func: Callable[[], Any]) -> None:
        """Add a function, which takes nothing."""
        self._functions.append(func)

    __call__ = add

    def run(self) -> None:
        """Call what was added, and what is added meanwhile."""
        while self._functions:
            self._functions.popleft()()

    def reset(self) -> None:
        """Forget what was added."""
        self._functions.clear()
