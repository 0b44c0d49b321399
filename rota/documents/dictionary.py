"""A dict whose keys are attributes, too: Frappe's `_dict`."""

from __future__ import annotations

from typing import Any, Self


class AttrDict(dict[str, Any]):
    """A dict with its keys as attributes; an attribute that is not there is None.

    Plain JSON encodes it as an object. `copy` keeps the class, `update` returns the dict itself,
    and names with two leading underscores are never keys, so that protocols such as copying
    and pickling see an ordinary dict.
    """

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return self.get(name)

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __delattr__(self, name: str) -> None:
        self.pop(name, None)

    def update(self, *args: Any, **kwargs: Any) -> Self:  # type: ignore[override]
        """Update in place, as `dict.update` does; returns the dict itself."""
        super().update(*args, **kwargs)
        return self

    def copy(self) -> Self:
        """A shallow copy of the same class."""
        return type(self)(self)
