"""The DocTypes of a site by name, kept for as long as no process of the site changes one.

A number in the database tells of changes: it is read when a unit of work starts (`refresh`) and counted up by whoever
changes a DocType. Metas of one number are shared by all threads of a process; a transaction that changed one has a
cache of its own until it ends.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from rota.db import Connection
from rota.documents.definition import (
    check_definition,
    core_definitions,
    core_meta,
    read_meta,
    write_definition,
)
from rota.documents.doctype import Meta
from rota.documents.schema import Schema
from rota.documents.session import Session
from rota.documents.sql import SINGLES, table_of
from rota.errors import DoctypeNotFoundError, StoreError, ValidationError
from rota.payload.text import is_storable

_READ_VERSION = "select value from \"tabSingles\" where doctype = 'DocType' and field = 'version'"
_COUNT_UP = (
    "insert into \"tabSingles\" (doctype, field, value) values ('DocType', 'version', '1') "
    'on conflict (doctype, field) do update set value = cast(cast("tabSingles".value as bigint) + 1 as text)'
)


class MetaCache:
    """The metas that the threads of one process share for one site."""

    def __init__(self) -> None:
        self._version = ""
        self._metas: dict[str, Meta] = {}

    def metas(self, version: str) -> dict[str, Meta]:
        """The metas of this version; those of any other are forgotten."""
        if version != self._version:
            self._version, self._metas = version, {}
        return self._metas


class DocTypes:
    """The DocTypes as one session sees them."""

    def __init__(self, session: Session, cache: MetaCache | None = None, views: Collection[str] = ()) -> None:
        """`views`: tables that are views over other tables, so that their DocTypes are not given one."""
        self._session = session
        self._cache = cache or MetaCache()
        self._views = frozenset(views)
        self.schema = Schema(session)
        self._metas: dict[str, Meta] = {}
        self._is_private = False
        self.refresh()

    def refresh(self) -> None:
        """See what other processes have changed, when a DocType is next asked for. For the start of a unit of work."""
        self._is_private = False
        self._is_fresh = False
        self._metas = {}

    def _version(self) -> str:
        try:
            rows = self._session.query(_READ_VERSION)
        except StoreError:
            if self.schema.table_exists(SINGLES):
                raise
            return ""
        return rows[0][0] if rows else ""

    def get(self, name: str) -> Meta:
        """The DocType of this name.

        Raises:
            DoctypeNotFoundError: there is none.
        """
        try:
            return self._metas[name]
        except (KeyError, TypeError):
            return self._find(name)

    def _find(self, name: Any) -> Meta:
        if not isinstance(name, str) or not name or not is_storable(name):
            raise DoctypeNotFoundError(f"{name!r:.80} is no DocType's name")
        if not self._is_fresh:
            # A unit of work that touches no document does not pay for this.
            self._is_fresh = True
            self._metas = self._cache.metas(self._version())
        return self._metas.get(name) or self._load(name)

    def _load(self, name: str) -> Meta:
        try:
            meta = read_meta(self._session, name)
        except StoreError:
            if self.schema.table_exists("tabProperty Setter"):
                raise
            meta = None  # not installed yet: only what comes with the package is known
            if name in core_definitions():
                return core_meta(name)
        if meta is None or meta["name"] != name:
            raise DoctypeNotFoundError(f"DocType {name} not found")
        self._metas[name] = meta
        return meta

    def exists(self, name: str) -> bool:
        """Whether there is a DocType of this name."""
        try:
            self.get(name)
        except DoctypeNotFoundError:
            return False
        return True

    def names(self) -> list[str]:
        """The names of all DocTypes."""
        sql = 'select name from "tabDocType" order by name'
        return [row[0] for row in self._session.query(sql)]

    # --- changes ---

    def install(self) -> list[str]:
        """Create what DocTypes are kept in, and the DocTypes of this package; what was done, for people."""
        with self._session.atomic():
            done = self.schema.create_base()
            for name in core_definitions():
                done += self.schema.sync(core_meta(name))
            for definition in core_definitions().values():
                done += self.sync(definition)
        return done

    def sync(self, definition: Mapping[str, Any] | Path) -> list[str]:
        """Bring a DocType, given as JSON in Frappe's format or its file, up to date; what was done, for people.

        Raises:
            ValidationError: the definition can't be used, or existing rows don't fit it.
        """
        if isinstance(definition, Path):
            definition = json.loads(definition.read_text("utf-8"))
        if not isinstance(definition, Mapping):
            raise ValidationError("a DocType's JSON must be an object with name, module and fields")
        check_definition(definition)
        name = str(definition["name"])
        with self._session.atomic():
            changed = write_definition(self._session, definition)
            if changed:
                self.changed(name)
            return ([f"updated DocType {name}"] if changed else []) + self.sync_table(name)

    def sync_table(self, name: str) -> list[str]:
        """Bring the table of a DocType up to date; what was done, for people."""
        meta = self.get(name)
        check_definition(meta)
        return [] if table_of(name) in self._views else self.schema.sync(meta)

    def changed(self, name: str) -> None:
        """A definition was written: read it anew from now on, here and, once committed, everywhere."""
        self._session.write(_COUNT_UP)
        if not self._is_private:
            self._is_private = self._is_fresh = True
            self._metas = dict(self._metas)
            self._session.participants.append(self)
        self._metas.pop(name, None)

    # --- session.Participant, while a definition is changed and not committed ---

    def savepoint(self, name: str) -> None:
        """Nothing to keep."""

    def rollback_to(self, name: str) -> None:
        """What was read may be of a definition that is taken back."""
        self._metas = {}

    def release(self, name: str) -> None:
        """Nothing to do."""

    def before_commit(self, connection: Connection | None, writes: int) -> None:
        """Nothing to write."""

    def committed(self) -> None:
        """See what all see."""
        self._session.participants.remove(self)
        self.refresh()

    rolled_back = committed
