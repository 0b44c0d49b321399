"""Let a name of Frappe do nothing while a test runs, which shows whether the test notices.

Functions and classes give None, context managers only run their block, decorators leave the function as it is, and
attributes of `frappe.local` and its kin are None and can't be set. Only what tests and applications call is replaced:
Rota's own calls go on as before.
"""

from __future__ import annotations

import functools
import inspect
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from typing import Any

import pytest

from scripts.compat_names import BEHIND, OPEN, lookup

#: Where what tests and applications import is found.
_USERS = ("tests.", "library", "ledger")
_DECORATORS = (
    "whitelist", "redis_cache", "site_cache", "request_cache", "rate_limit", "read_only", "pass_context",
    "validate_and_sanitize_search_inputs",
)  # fmt: skip
_MISSING = object()


@contextmanager
def doing_nothing(name: str, test: pytest.Function) -> Iterator[None]:
    """For the time of the block, `name` does nothing where the test, or an application in it, uses it.

    Raises:
        AttributeError: Rota has not got the name.
    """
    owner, attribute, thing = lookup(name)
    head, *rest = name.split(".")
    is_open = head in OPEN or name in BEHIND
    idle = Without(thing, rest or ["*"]) if is_open else _idle(thing)
    with ExitStack() as stack:
        stack.enter_context(_set(owner, attribute, _as_found(owner, attribute, idle)))
        # Small values are one object for all that have them.
        if isinstance(owner, types.ModuleType) and not isinstance(thing, (int, str, types.NoneType)):
            for module in _importers(thing):
                for key in [key for key, value in vars(module).items() if value is thing]:
                    stack.enter_context(_set(module, key, idle))
            for argument in [key for key, value in test.funcargs.items() if value is thing]:
                test.funcargs[argument] = idle
        yield


def _idle(thing: Any) -> Any:
    if isinstance(thing, type) and issubclass(thing, BaseException):
        return type(thing.__name__, (Exception,), {})
    return _idle_call(thing) if callable(thing) and hasattr(thing, "__name__") else None


def _idle_call(thing: Any) -> Any:
    @functools.wraps(thing, updated=())
    def replaced(*args: Any, **kwargs: Any) -> Any:
        if (sys._getframe(1).f_globals.get("__name__") or "").startswith("rota."):
            return thing(*args, **kwargs)
        if inspect.isgeneratorfunction(getattr(thing, "__wrapped__", None)):
            return nullcontext()
        if thing.__name__ not in _DECORATORS:
            return None
        return args[0] if args and callable(args[0]) else lambda function: function

    return replaced


def _as_found(owner: Any, attribute: str, idle: Any) -> Any:
    """In a class, functions and properties are bound as the ones that they stand for."""
    own = inspect.getattr_static(owner, attribute, None)
    if isinstance(own, classmethod):
        return classmethod(_idle_call(own.__func__))
    if isinstance(own, property):
        return property(_idle_call(own.fget), lambda *_: None)
    return staticmethod(idle) if isinstance(own, staticmethod) else idle


def _importers(thing: Any) -> list[types.ModuleType]:
    # Functions ask who calls them, so they can be replaced in the facade's modules, too.
    roots = (*_USERS, "rota.frappe") if isinstance(thing, types.FunctionType) else _USERS
    return [module for name, module in list(sys.modules.items()) if name.startswith(roots) and module]


@contextmanager
def unchanged(name: str) -> Iterator[None]:
    """After the block `name` leads where it led before, whatever a fixture takes for its old value."""
    owner, attribute, _thing = lookup(name)
    own = vars(owner).get(attribute, _MISSING)
    try:
        yield
    finally:
        _put(owner, attribute, own)


@contextmanager
def _set(owner: Any, attribute: str, value: Any) -> Iterator[None]:
    own = vars(owner).get(attribute, _MISSING)
    _put(owner, attribute, value)
    try:
        yield
    finally:
        _put(owner, attribute, own)


def _put(owner: Any, attribute: str, value: Any) -> None:
    if value is not _MISSING:
        # As members of an Enum can't be set otherwise.
        (type.__setattr__ if isinstance(owner, type) else setattr)(owner, attribute, value)
    elif attribute in vars(owner):
        delattr(owner, attribute)


class Without:
    """Stands for an object whose attribute at `path` is None and can't be set; `*` stands for any attribute."""

    def __init__(self, thing: Any, path: list[str]) -> None:
        vars(self).update(_thing=thing, _path=path)

    def _hides(self, name: Any) -> bool:
        return self._path[0] in (name, "*")

    def _give(self, name: Any, get: Callable[[], Any]) -> Any:
        if not self._hides(name):
            return get()
        return Without(get(), self._path[1:]) if self._path[1:] else None

    def __getattr__(self, name: str) -> Any:
        return self._give(name, lambda: getattr(self._thing, name))

    def __getitem__(self, name: Any) -> Any:
        return self._give(name, lambda: self._thing[name])

    def get(self, name: Any, default: Any = None) -> Any:
        return None if self._path == ["get"] else self._give(name, lambda: self._thing.get(name, default))

    def __setattr__(self, name: str, value: Any) -> None:
        if not self._hides(name) or self._path[1:]:
            setattr(self._thing, name, value)

    def __setitem__(self, name: Any, value: Any) -> None:
        if not self._hides(name) or self._path[1:]:
            self._thing[name] = value

    def update(self, *values: Any, **named: Any) -> None:
        for name, value in dict(*values, **named).items() if self._path != ["update"] else ():
            self[name] = value

    def __contains__(self, name: Any) -> bool:
        return not (self._hides(name) and not self._path[1:]) and name in self._thing

    def __iter__(self) -> Iterator[Any]:
        return iter(() if self._path == ["*"] else self._thing)

    def __bool__(self) -> bool:
        return self._path != ["*"] and bool(self._thing)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return None if self._path == ["*"] else self._thing(*args, **kwargs)

    def __eq__(self, other: object) -> bool:
        return self._path != ["*"] and bool(self._thing == other)

    __hash__ = None  # type: ignore[assignment]
