"""Import paths: how functions and classes are named in a payload, and found again."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import Any

Resolve = Callable[[str], Any]
"""From an import path (`app.models.Point`) to the function or class; raises what says why it can't."""


class Refused(Exception):
    """What a kind raises for a value that it can't simplify; the codec adds the path to it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.trail: list[tuple[str, int]] = []  # innermost first: a step, and the id of the container it is in

    def within(self, step: str, container: object) -> None:
        """Add a step to the path, on the way out of a container."""
        self.trail.append((step, id(container)))


def import_path(thing: Any) -> str:
    """The dotted path by which another process finds this function or class.

    Raises:
        Refused: it has none, or the path leads to something else.
    """
    module, name = thing.__module__, thing.__qualname__
    if "<" in name:
        raise Refused(f"{name} is defined inside a function: move it to the top level of its module")
    if module == "__main__":
        raise Refused(f"{name} is defined in the program that was started: move it to a module that workers can import")
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    if found is not thing and found != thing:  # a bound classmethod is a new object at each look
        raise Refused(f"{module}.{name} is not the {type(thing).__name__} that was passed")
    return f"{module}.{name}"


def resolve_path(path: str) -> Any:
    """The function or class at a dotted path, importing its module. Refuses names with double underscores.

    Raises:
        LookupError: there is none; the message says which part is missing.
    """
    parts = path.split(".")
    if len(parts) < 2 or not all(part.isidentifier() and not part.startswith("__") for part in parts):
        raise LookupError(f"{path!r} is not the dotted path of a function or class")
    for length in range(len(parts) - 1, 0, -1):
        name = ".".join(parts[:length])
        try:
            found = sys.modules.get(name) or importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name is not None and (name + ".").startswith(error.name + "."):
                continue
            raise
        for part in parts[length:]:
            if not hasattr(found, part):
                raise LookupError(f"{name} has no {'.'.join(parts[length:])}")
            found = getattr(found, part)
        return found
    raise LookupError(f"there is no module {parts[0]!r}")
