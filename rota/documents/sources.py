"""The tables of one query: the DocType's own, and those joined for a child table's or a linked document's field."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from rota.documents.conditions import Ref
from rota.documents.doctype import Meta
from rota.documents.expressions import Expr
from rota.documents.fieldtypes import TABLE_TYPES, Kind
from rota.documents.sql import quote, table_of
from rota.errors import InvalidFilter

_NAME = re.compile(
    r"(?:(?:[`\"]?tab(?P<table>[^`\".]+)[`\"]?|(?P<field>`?\w+`?))\s*\.\s*)?[`\"]?(?P<column>\w+|\*)[`\"]?\Z"
)
_STANDARD = frozenset({"name", "creation", "modified"})


@dataclass(frozen=True, slots=True)
class Source:
    """One table of the query. `through`: the field of the main DocType that leads to it, "" for itself."""

    alias: str
    meta: Meta
    through: str = ""


class Sources:
    """The tables of one query, and the names of their columns."""

    def __init__(self, meta: Meta, dialect: str, get_meta: Callable[[str], Meta], bind: Callable[[str], str]) -> None:
        self._dialect = dialect
        self._get_meta = get_meta
        self._bind = bind
        self.main = Source("t0", meta)
        self._joined: dict[str, Source] = {}
        self._joins: list[str] = []
        self.used: list[tuple[Source, str]] = []

    @property
    def all(self) -> list[Source]:
        """Every table, the DocType's own first."""
        return [self.main, *self._joined.values()]

    def sql(self) -> str:
        """What stands after `from`."""
        table = quote(table_of(self.main.meta["name"]), self._dialect)
        return " ".join([f"{table} t0", *self._joins])

    def expr(self, text: str) -> Expr:
        """The column that a name in a query means.

        Raises:
            InvalidFilter: no such field.
        """
        source, column = self.find(text)
        return self._expr(source, column)

    def _expr(self, source: Source, column: str) -> Expr:
        kind = source.meta.all_kinds[column]
        self.used.append((source, column))
        return Expr(f"{source.alias}.{quote(column, self._dialect)}", kind, column=column)

    def ref(self, doctype: str | None, field: str) -> Ref:
        """The column that a condition is about."""
        if doctype and doctype != self.main.meta["name"]:
            source, column = self._child(doctype), field
            self._check(source.meta, column)
        else:
            source, column = self.find(field)
        expr = self._expr(source, column)
        return Ref(expr.sql, expr.kind, standard=column in _STANDARD)

    def find(self, text: str) -> tuple[Source, str]:
        """The table and column of `column`, `field.column`, `tabX.column`."""
        found = _NAME.match(text.strip()) if isinstance(text, str) else None
        if found is None:
            raise InvalidFilter(f"{text!r:.80} is no field of {self.main.meta['name']}")
        table, field, column = found.group("table"), found.group("field"), found.group("column")
        source = self.main
        if table and table != self.main.meta["name"]:
            source = self._child(table)
        elif field:
            source = self._through(field.strip("`"))
        self._check(source.meta, column)
        return source, column

    def _check(self, meta: Meta, column: str) -> None:
        if column not in meta.all_kinds:
            raise InvalidFilter(f"{meta['name']} has no field {column!r:.60}")

    def _child(self, doctype: str) -> Source:
        """A child DocType by its own name: the rows of all table fields that hold it."""
        fields = [field for field in self.main.meta.table_fields if field.options == doctype]
        known = next((one for one in self._joined.values() if one.meta["name"] == doctype), None)
        if known is not None:
            return known
        if not fields:
            raise InvalidFilter(f"{self.main.meta['name']} has no table of {doctype!r:.60}")
        return self._join(f"tab{doctype}", self._get_meta(doctype), "", rows_of="")

    def _through(self, fieldname: str) -> Source:
        known = self._joined.get(fieldname)
        if known is not None:
            return known
        field = self.main.meta.by_name.get(fieldname)
        if field is not None and field.fieldtype in TABLE_TYPES and field.options:
            return self._join(fieldname, self._get_meta(field.options), fieldname, rows_of=fieldname)
        if field is not None and field.fieldtype == "Link" and field.options and field.has_column:
            return self._join(fieldname, self._get_meta(field.options), fieldname, rows_of=None)
        raise InvalidFilter(f"{self.main.meta['name']} has no table or link {fieldname!r:.60}")

    def _join(self, key: str, meta: Meta, through: str, *, rows_of: str | None) -> Source:
        """`rows_of`: the table field, "" for any; None for a linked document."""
        if meta.issingle or meta.is_virtual:
            raise InvalidFilter(f"{meta['name']} has no table, so its fields can't be queried from here")
        alias = f"t{len(self._joined) + 1}"
        table = quote(table_of(meta["name"]), self._dialect)
        if rows_of is None:
            own = f"t0.{quote(through, self._dialect)}"
            on = (
                f"{alias}.name = {own}"
                if meta.column_kinds["name"] is not Kind.INT
                else f"{self._text(f'{alias}.name')} = {own}"
            )
        else:
            name = "t0.name" if self.main.meta.column_kinds["name"] is not Kind.INT else self._text("t0.name")
            on = f"{alias}.parent = {name} and {alias}.parenttype = {self._bind(self.main.meta['name'])}"
            on += f" and {alias}.parentfield = {self._bind(rows_of)}" if rows_of else ""
        self._joins.append(f"left join {table} {alias} on {on}")
        source = self._joined[key] = Source(alias, meta, through)
        return source

    def _text(self, sql: str) -> str:
        return f"cast({sql} as {'text' if self._dialect == 'sqlite' else 'citext'})"
