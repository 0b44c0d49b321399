"""What the parts of a translation share: the target, the values, the tables in sight, and what must be bound."""

# ruff: noqa: S608 - building SQL is what this does: from a tree of known nodes, names quoted, values bound
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlglot import exp

from rota.db.mariadb.targets import Target
from rota.db.mariadb.types import BOOL, DOUBLE, INT, NULL, TEXT, UNKNOWN, ColumnTypes, Expr, Kind, Type, type_of_field
from rota.db.mariadb.values import ZERO, coerced
from rota.errors import UnsupportedSQL

UniqueKeys = Callable[[str], Sequence[Sequence[str]]]
"""The columns of each unique key of a table, the primary key first."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A parameter of the translated statement: which value, which member of it, in which form."""

    source: str
    path: tuple[int, ...] = ()
    form: str = ""


@dataclass(slots=True)
class Source:
    """A table, or a subselect with its columns, under the name by which a statement speaks of it."""

    name: str
    table: str | None = None
    columns: dict[str, tuple[str, Type]] = field(default_factory=dict)  # by lower-case name: the name and the type
    stars: list[Source] = field(default_factory=list)  # whose columns it passes on
    nullable: bool = False  # the far side of an outer join: any of its columns may be NULL


@dataclass(slots=True)
class Scope:
    """What names mean inside one SELECT, UPDATE or DELETE, and inside what it stands."""

    sources: list[Source] = field(default_factory=list)
    parent: Scope | None = None
    ctes: dict[str, Source] = field(default_factory=dict)
    aliases: dict[str, exp.Expr] = field(default_factory=dict)
    alias_first: bool = False
    keys: dict[str, Expr] | None = None  # of GROUP BY, where the database is strict about it
    replaced: dict[str, Expr] = field(default_factory=dict)  # columns that an UPDATE has set already, with their values
    incoming: bool = False  # inside ON DUPLICATE KEY UPDATE, where VALUES(column) means something

    def ungrouped(self) -> Scope:
        """The same, as rows before they are grouped."""
        return self if self.keys is None else replace(self, keys=None)

    def aggregated(self) -> Scope:
        """The same for the inside of an aggregate, where a name is a column: `sum(qty) as qty ... having sum(qty)`."""
        return replace(self, keys=None, aliases={}, alias_first=False)

    def cte(self, name: str) -> Source | None:
        """The CTE of this name, if there is one in sight."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.ctes:
                return scope.ctes[name]
            scope = scope.parent
        return None


@dataclass(frozen=True, slots=True)
class Output:
    """A column of a result; `name` is None for a `*`, whose columns are those of `stars`.

    In the translated text it is `column`, which differs from the name where two columns have the same.
    """

    name: str | None
    type: Type
    column: str = ""
    stars: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """A SELECT or UNION in the target's SQL."""

    text: str
    columns: tuple[Output, ...]


@dataclass(slots=True)
class Context:
    """One translation."""

    target: Target
    kinds: dict[str, Any]
    types: ColumnTypes
    unique_keys: UniqueKeys
    lower: Callable[[Context, exp.Expr, Scope], Expr]
    query: Callable[[Context, exp.Expr, Scope], Query]
    bound: dict[str, Bound] = field(default_factory=dict)
    looked_up: dict[tuple[str, str], str | None] = field(default_factory=dict)
    locks: bool = False  # whether it reads FOR UPDATE
    asked_keys: bool = False  # whether it depends on a table's unique keys

    @property
    def is_sqlite(self) -> bool:
        return self.target.name == "sqlite"

    def expr(self, node: exp.Expr, scope: Scope) -> Expr:
        """The expression in the target's SQL."""
        return self.lower(self, node, scope)

    def texts(self, nodes: Sequence[exp.Expr], scope: Scope) -> list[str]:
        """Several expressions as text."""
        return [self.expr(node, scope).text for node in nodes]

    # --- columns ---

    def column_type(self, table: str, column: str) -> Type | None:
        """The column's type, or None when the table has none of this name."""
        key = (table, column)
        if key not in self.looked_up:
            self.looked_up[key] = self.types(table, column)
        fieldtype = self.looked_up[key]
        return None if fieldtype is None else type_of_field(fieldtype)

    def column_of(self, source: Source, name: str) -> tuple[str, Type] | None:
        """The column's exact name and type in a source, or None."""
        found = source.columns.get(name.lower())
        if found:
            return found
        if source.table is not None:
            for spelling in dict.fromkeys((name, name.lower())):
                kind = self.column_type(source.table, spelling)
                if kind is not None:
                    return spelling, kind
        for star in source.stars:
            found = self.column_of(star, name)
            if found:
                return found
        return None

    # --- values ---

    def value(self, name: str) -> Expr:
        """The value of this name where an expression stands."""
        if name not in self.kinds:
            raise UnsupportedSQL(f":{name}", "write %(name)s and give the values as a dict")
        return self._member(Bound(name), self.kinds[name])

    def _member(self, bound: Bound, kind: Any) -> Expr:
        if isinstance(kind, tuple):
            if kind and kind[0] == "*":
                raise UnsupportedSQL("a list of values here", "a list can stand after IN only")
            return Expr(
                "",
                UNKNOWN,
                row=tuple(self._member(Bound(bound.source, (*bound.path, i)), one) for i, one in enumerate(kind)),
            )
        if kind == "n":
            return Expr("NULL", NULL)
        name = self.bind(bound)
        type_ = _value_type(kind)
        return Expr(self.target.value(name, type_), type_, folded=type_ == TEXT and not self.is_sqlite, param=name)

    def bind(self, bound: Bound) -> str:
        """The name of the parameter that carries this value in this form."""
        name = "_".join((bound.source, *map(str, bound.path), *filter(None, (bound.form,))))
        while self.bound.get(name, bound) != bound or (name in self.kinds and name != bound.source):
            name += "_"
        self.bound[name] = bound
        return name

    def clock(self, what: str, kind: Type) -> Expr:
        """The site's clock: `now`, `today`, `time`, `utc_now`, ..., bound as a value when the statement runs."""
        return Expr(self.target.value(self.bind(Bound(f"rota_{what}")), kind), kind)

    def constant(self, expr: Expr, form: str, kind: Type) -> Expr:
        """A literal or value in the form in which it is compared or stored."""
        if expr.param is not None:
            name = self.bind(replace(self.bound[expr.param], form=form))
            # A number goes as what it is: cast to a double, it would keep an integer column's index out.
            return Expr(f":{name}" if form == "number" else self.target.value(name, kind), kind, param=name)
        assert expr.literal is not None
        value = coerced(expr.literal, form, "sqlite")
        if value is None:
            text = "NULL" if self.is_sqlite else f"CAST(NULL AS {self.target.type_name(kind.kind)})"
            return Expr(text, kind)
        if kind.kind in (Kind.INT, Kind.DECIMAL, Kind.DOUBLE):
            return Expr(repr(value) if value >= 0 else f"({value!r})", kind, literal=str(value))
        text = self.target.string(str(value))
        if not self.is_sqlite:
            name = {Kind.DATE: "date", Kind.DATETIME: "timestamp", Kind.TIME: "interval"}[kind.kind]
            text = f"CAST({text if value != ZERO else chr(39) + '-infinity' + chr(39)} AS {name})"
        return Expr(text, kind, literal=str(value))

    def list_value(self, name: str, kind: Type, form: str) -> str:
        """A list of any length as the right side of IN: a table of one column, or an array."""
        bound = self.bind(Bound(name, form=form or "list"))
        if self.is_sqlite:
            return f"(SELECT value FROM json_each(:{bound}))"
        array = self.target.value(bound, kind).removesuffix(")")
        return f"{array}[])"


def _value_type(kind: str) -> Type:
    if kind.startswith("c"):
        return Type(Kind.DECIMAL, int(kind[1:]))
    return {"s": TEXT, "u": TEXT, "i": INT, "f": DOUBLE, "b": BOOL}[kind]
