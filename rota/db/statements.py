"""Named SQL from `.sql` files: one text for both databases, or a variant of the same name where one needs its own.

    -- name: claim
    -- Take up to :limit queued jobs of a lane, oldest first.
    update rota.live set ...

    -- name: claim (postgresql)
    ...

The engine's tables are written `rota.NAME`. On SQLite they have a file of their own, so the schema's name is dropped.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from rota.db.connection import Dialect

_HEAD = re.compile(r"^-- name: (\w+)(?: \((sqlite|postgresql)\))?[ \t]*$", re.M)
_SCHEMA = re.compile(r"\brota\.")


class Statements:
    """The named statements of a package's `.sql` files, as one dialect wants them."""

    def __init__(self, package: str, dialect: Dialect) -> None:
        self._texts = _load(package, dialect)
        self._package = package

    def __getitem__(self, name: str) -> str:
        try:
            return self._texts[name]
        except KeyError:
            raise KeyError(f"no statement {name!r} in the .sql files of {self._package}") from None

    def names(self) -> list[str]:
        """All names, in the files' order."""
        return list(self._texts)


@cache
def _load(package: str, dialect: Dialect) -> MappingProxyType[str, str]:
    shared: dict[str, str] = {}
    own: dict[str, str] = {}
    for file in sorted(files(package).iterdir(), key=lambda one: one.name):
        if not file.name.endswith(".sql"):
            continue
        text = file.read_text(encoding="utf-8")
        heads = list(_HEAD.finditer(text))
        for head, end in zip(heads, [h.start() for h in heads[1:]] + [len(text)], strict=True):
            name, variant = head.group(1), head.group(2)
            if variant not in (None, dialect):
                continue
            where = own if variant else shared
            if name in where:
                raise ValueError(f"statement {name!r} stands twice in {package}/{file.name}")
            where[name] = text[head.end() : end].strip().rstrip(";")
    merged = {**shared, **own}
    if dialect == "sqlite":
        merged = {name: _SCHEMA.sub("", text) for name, text in merged.items()}
    return MappingProxyType(merged)
