"""Statements of pypika that run on the open site.

They are written as MariaDB's SQL with named values, which `frappe.db.sql` translates for the site's database. No value
becomes part of the text; `get_sql` shows them in it, escaped.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pypika import Field, Order, Query, Table
from pypika.dialects import MySQLQueryBuilder
from pypika.queries import Selectable, _SetOperation
from pypika.terms import DictParameter

from rota.documents.rawsql import RawSQL
from rota.frappe._missing import missing

# Signs that no statement has, so that a place for a value can't be taken for anything else.
_PLACE = re.compile("\x00(\\d+)\x00")


class _Values(DictParameter):
    """Keeps the values of a statement, and puts a place for each into its text."""

    def __init__(self) -> None:
        super().__init__(placeholder=str)
        self.values: list[Any] = []

    @property
    def placeholder(self) -> str:
        return f"\x00{len(self.values)}\x00"

    def get_sql(self, **_: Any) -> str:
        return self.placeholder

    def get_param_key(self, placeholder: Any, **_: Any) -> Any:
        return placeholder

    def update_parameters(self, param_key: Any, value: Any, **_: Any) -> None:
        self.values.append(value)

    def named(self, text: str) -> tuple[str, dict[str, Any]]:
        """The text with `%(p1)s` in each place, and the values by these names."""
        if not self.values:
            return text, {}
        text = _PLACE.sub(lambda found: f"%(p{found[1]})s", text.replace("%", "%%"))
        return text, {f"p{number}": value for number, value in enumerate(self.values)}

    def inlined(self, text: str) -> str:
        """The text with each value as a literal of MariaDB's SQL."""
        return _PLACE.sub(lambda found: _literal(self.values[int(found[1])]), text)


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(value) if isinstance(value, (int, float)) else RawSQL.escape(value, percent=False)


class _Runs(Selectable):
    """What a statement can do beside being built."""

    def walk(self) -> tuple[str, dict[str, Any]]:
        """The statement with named values, and the values."""
        values = _Values()
        text = super().get_sql(parameter=values)
        return values.named(text)

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """Run the statement; arguments as of `frappe.db.sql`: `as_dict`, `as_list`, `pluck`, `debug`, ..."""
        from rota import frappe  # what an app has put there counts

        text, values = self.walk()
        return frappe.db.sql(text, values or (), *args, **kwargs)

    def get_sql(self, **kwargs: Any) -> str:
        """The statement as MariaDB takes it, with its values in it."""
        if kwargs.get("parameter") is not None:
            return str(super().get_sql(**kwargs))
        values = _Values()
        return values.inlined(super().get_sql(**{**kwargs, "parameter": values}))

    def __str__(self) -> str:
        return self.get_sql()


class SetOperation(_Runs, _SetOperation):
    """A union of statements, and its kin."""


class Builder(_Runs, MySQLQueryBuilder):
    """A statement that is being built."""

    QUERY_CLS: type[Base]

    def limit(self, limit: Any) -> Any:
        """At most so many rows."""
        return super().limit(int(limit))

    def offset(self, offset: Any) -> Any:
        """Leave the first rows out."""
        return super().offset(int(offset))

    def for_update(self, *args: Any, **kwargs: Any) -> Any:
        """Lock the rows until the transaction ends."""
        return super().for_update(*args, **kwargs)

    def from_(self, selectable: Any) -> Any:
        """Select from a table, a DocType by its name, or another statement."""
        return super().from_(DocType(selectable) if isinstance(selectable, str) else selectable)

    def union(self, other: Selectable) -> SetOperation:
        """The rows of both, each once."""
        return self._set_operation("union", other)

    def union_all(self, other: Selectable) -> SetOperation:
        """The rows of both."""
        return self._set_operation("union_all", other)

    def intersect(self, other: Selectable) -> SetOperation:
        """The rows that both have."""
        return self._set_operation("intersect", other)

    def except_of(self, other: Selectable) -> SetOperation:
        """The rows that the other has not."""
        return self._set_operation("except_of", other)

    def _set_operation(self, kind: str, other: Selectable) -> SetOperation:
        from pypika.enums import SetOperation as Kinds

        return SetOperation(self, other, getattr(Kinds, kind), wrapper_cls=self._wrapper_cls)


class Base(Query):
    """Where statements begin."""

    desc = Order.desc
    asc = Order.asc
    Field = Field
    Table = Table

    @classmethod
    def _builder(cls, **kwargs: Any) -> Any:
        return Builder(**kwargs)

    @classmethod
    def from_(cls, table: Any, *args: Any, **kwargs: Any) -> Any:
        """Select from a table, a DocType by its name, or another statement."""
        return super().from_(_table(table), *args, **kwargs)

    @classmethod
    def into(cls, table: Any, *args: Any, **kwargs: Any) -> Any:
        """Insert into a table."""
        return super().into(_table(table), *args, **kwargs)

    @classmethod
    def update(cls, table: Any, *args: Any, **kwargs: Any) -> Any:
        """Update a table."""
        return super().update(_table(table), *args, **kwargs)

    @staticmethod
    def DocType(name: str, *args: Any, **kwargs: Any) -> Any:
        """The table of a DocType; its attributes are the fields."""
        return DocType(name, *args, **kwargs)


Builder.QUERY_CLS = Base


def DocType(name: str, *args: Any, **kwargs: Any) -> Any:
    """The table of a DocType; its attributes are the fields."""
    return Table(name if name.startswith("__") else f"tab{name}", *args, query_cls=Base, **kwargs)


def _table(table: Any) -> Any:
    return DocType(table) if isinstance(table, str) else table


__all__ = ["Base", "Builder", "DocType", "SetOperation"]

if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
