"""Names like `frappe.db` that mean something else in each request and job: each use looks up the current context.

A module imports them once (`from frappe import db`), so they must be objects that stay and forward.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any


class Bound:
    """Stands for the object that `find` gives now."""

    __slots__ = ("_find",)

    def __init__(self, find: Callable[[], Any]) -> None:
        object.__setattr__(self, "_find", find)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._find(), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._find(), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self._find(), name)

    def __getitem__(self, key: Any) -> Any:
        return self._find()[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        self._find()[key] = value

    def __delitem__(self, key: Any) -> None:
        del self._find()[key]

    def __contains__(self, key: Any) -> bool:
        return key in self._find()

    def __iter__(self) -> Iterator[Any]:
        return iter(self._find())

    def __len__(self) -> int:
        return len(self._find())

    def __bool__(self) -> bool:
        return bool(self._find())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._find()(*args, **kwargs)

    def __eq__(self, other: object) -> bool:
        return bool(operator.eq(self._find(), other))

    def __hash__(self) -> int:
        return hash(self._find())

    def __or__(self, other: Any) -> Any:
        return self._find() | other

    def __dir__(self) -> list[str]:
        return dir(self._find())

    def __repr__(self) -> str:
        return repr(self._find())

    def __str__(self) -> str:
        return str(self._find())
