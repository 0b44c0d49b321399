"""From a dotted path to a function of an installed app, and how it is called.

A path comes from a table or a request, so it never reaches what is not an application's: neither Python's own modules
nor a name with double underscores.
"""

from __future__ import annotations

import importlib
import inspect
import traceback
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import Any

from rota.errors import UnknownMethod

# Frappe's `call` never hands these on.
NEVER_PASSED = frozenset({"ignore_permissions", "flags"})
_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


class Resolver:
    """Finds functions inside the packages of these apps."""

    def __init__(self, apps: Iterable[str]) -> None:
        self.apps = tuple(apps)
        # Modules stay imported for a process's life, so what was found stays true.
        self._found: dict[str, Callable[..., Any]] = {}
        self._is_async: dict[str, bool] = {}

    def allows(self, path: str) -> bool:
        """Whether the path lies in an installed app, as far as can be told without importing it."""
        return self._refusal(path) is None

    def resolve(self, path: str) -> Callable[..., Any]:
        """The function, method or class at a dotted path; imports its module.

        Raises:
            UnknownMethod: there is none; `reason` says which part is missing, or where the import failed.
        """
        found = self._found.get(path)
        if found is None:
            found = self._found[path] = self._search(path)
        return found

    def is_async(self, path: str) -> bool:
        """Whether what `resolve` gives is an `async def`; raises what that raises."""
        found = self._is_async.get(path)
        if found is None:
            found = self._is_async[path] = inspect.iscoroutinefunction(inspect.unwrap(self.resolve(path)))
        return found

    def _search(self, path: str) -> Callable[..., Any]:
        refusal = self._refusal(path)
        if refusal is not None:
            raise UnknownMethod(path, refusal)
        parts = path.split(".")
        for length in range(len(parts) - 1, 0, -1):
            module = _module(path, ".".join(parts[:length]))
            if module is not None:
                return _attribute(path, module, parts[:length], parts[length:])
        raise UnknownMethod(path, f"there is no module {parts[0]!r}")

    def _refusal(self, path: str) -> str | None:
        parts = path.split(".")
        if len(parts) < 2 or not all(part.isidentifier() for part in parts):
            return "it is not the dotted path of a function, as in `myapp.tasks.cleanup`"
        if any(part.startswith("__") for part in parts):
            return "names with double underscores can't be called"
        if parts[0] not in self.apps:
            return f"{parts[0]!r} is not installed on this site (installed: {', '.join(self.apps) or 'none'})"
        return None


def call_by_signature(function: Callable[..., Any], kwargs: Mapping[str, Any]) -> Any:
    """Call with those of `kwargs` that the function takes, as Frappe's `call` does: all, if it takes `**kwargs`."""
    return function(**by_signature(function, kwargs))


def by_signature(function: Callable[..., Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Those of `kwargs` that the function takes by name."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # built in, and says nothing of itself
        return {name: value for name, value in kwargs.items() if name not in NEVER_PASSED}
    takes_all = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters)
    names = {one.name for one in parameters if one.kind in _NAMED}
    return {name: value for name, value in kwargs.items() if (takes_all or name in names) and name not in NEVER_PASSED}


def _module(path: str, name: str) -> Any:
    """The module of that name, or None if there is none; an error inside it is the caller's to know."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            return None
        raise UnknownMethod(path, _import_failure(name, error)) from error
    except Exception as error:
        raise UnknownMethod(path, _import_failure(name, error)) from error


def _attribute(path: str, module: Any, found: list[str], rest: list[str]) -> Callable[..., Any]:
    thing = module
    for number, name in enumerate(rest):
        try:
            thing = getattr(thing, name)
        except AttributeError as error:
            place = ".".join([*found, *rest[:number]])
            kind = "module" if number == 0 else "object"
            raise UnknownMethod(path, f"the {kind} {place!r} has no {name!r}") from error
        if isinstance(thing, ModuleType):
            # What a module of the app happens to import is no part of it: `app.tasks.os.system` must lead nowhere.
            raise UnknownMethod(path, f"{'.'.join([*found, *rest[: number + 1]])!r} is another module")
    if not callable(thing):
        raise UnknownMethod(path, f"it is a {type(thing).__name__}, which can't be called")
    function: Callable[..., Any] = thing
    return function


def _import_failure(name: str, error: Exception) -> str:
    if isinstance(error, SyntaxError) and error.filename:
        return f"importing {name!r} failed at {error.filename}, line {error.lineno}: SyntaxError: {error.msg}"
    # The last frame that is not the import machinery's is where the application failed.
    frames = [one for one in traceback.extract_tb(error.__traceback__) if "importlib" not in one.filename]
    place = f" at {frames[-1].filename}, line {frames[-1].lineno}" if len(frames) > 1 else ""
    return f"importing {name!r} failed{place}: {type(error).__name__}: {error}"
