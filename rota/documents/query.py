"""`get_all`, `get_list` and the reads of `frappe.db`: one statement built from fields, filters, groups and orders.

Names come from the DocType only, functions from a list, and values are bound.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

from rota.documents.conditions import NEVER, Conditions, Ref, Rules
from rota.documents.dictionary import AttrDict
from rota.documents.doctype import Meta
from rota.documents.expressions import Expr, Expressions, split
from rota.documents.fieldtypes import FIELDTYPE_OF, KIND_OF, TEXTS, Kind
from rota.documents.filters import EVERYTHING, Condition, Group, parse
from rota.documents.sources import Source, Sources
from rota.documents.sql import quote
from rota.documents.trees import TREE_OPERATORS, tree_condition
from rota.documents.values import FROM_COLUMN, Converter, to_int
from rota.errors import InvalidFilter, UnsupportedSQL

_AS = re.compile(r"(?s)(.*\S)\s+as\s+[`\"']?([\w ()\-.*]+?)[`\"']?\s*\Z", re.I)
_ORDER = re.compile(r"(?s)(.*?)(?:\s+(asc|desc))?\s*\Z", re.I)
_DISTINCT = re.compile(r"\s*distinct\s+", re.I)
KEEP_DEFAULT = "KEEP_DEFAULT_ORDERING"
MOST_FIELDS = 1000

Reader = Callable[[str, Mapping[str, Any]], tuple[list[str], list[tuple[Any, ...]]]]


@dataclass(kw_only=True)
class Select:
    """What to read, in any form that Frappe takes. `limit` 0 or None is no limit."""

    fields: Any = None
    filters: Any = None
    or_filters: Any = None
    group_by: Any = None
    order_by: Any = None
    limit: Any = None
    offset: Any = None
    distinct: bool = False
    rules: Rules = Rules.LIST
    for_update: str = ""
    restriction: Group = EVERYTHING
    raw_restrictions: Sequence[tuple[str, Mapping[str, Any]]] = field(default=())
    check: Callable[[Source, str], None] | None = None


@dataclass(frozen=True, slots=True)
class Built:
    """A statement, what it binds, and what its columns are called and how they are read.

    `calls_mariadbs`: it calls functions that a connection to SQLite must be given first.
    """

    sql: str
    params: dict[str, Any]
    keys: list[str]
    readers: list[tuple[int, Converter]]
    calls_mariadbs: bool = False

    def rows(self, found: Sequence[Sequence[Any]]) -> list[Sequence[Any]]:
        """The rows with Python values."""
        if not self.readers:
            return list(found)
        rows: list[Sequence[Any]] = []
        for row in found:
            values = list(row)
            for place, read in self.readers:
                if values[place] is not None:
                    values[place] = read(values[place])
            rows.append(values)
        return rows

    def dicts(self, found: Sequence[Sequence[Any]]) -> list[AttrDict]:
        """The rows as dicts, keys in the fields' order."""
        keys = self.keys
        return [AttrDict(zip(keys, row, strict=True)) for row in self.rows(found)]


class _Written(NamedTuple):
    """A condition as SQL, and whether it may take long to compare."""

    sql: str
    is_slow: bool


class Query:
    """Builds one statement on one DocType."""

    def __init__(
        self,
        meta: Meta,
        dialect: str,
        *,
        rules: Rules,
        now: Callable[[], datetime],
        get_meta: Callable[[str], Meta],
        tree: Callable[[str, Any], tuple[int, int] | None],
    ) -> None:
        """`tree`: the `lft` and `rgt` of a document of a tree DocType."""
        self.meta = meta
        self.dialect = dialect
        self.conditions = Conditions(dialect, rules, lambda: now().date())
        self.sources = Sources(meta, dialect, get_meta, self.conditions.bind)
        self.expressions = Expressions(dialect, self.sources.expr, self.conditions.bind, self._translated)
        self._get_meta = get_meta
        self._tree = tree
        self._now = now

    # --- conditions ---

    def where(self, *groups: Group) -> str:
        """The condition of all groups together; "" for none."""
        parts = [sql for group in groups if (sql := self._group(group).sql)]
        return " and ".join(parts)

    def _group(self, group: Group) -> _Written:
        written = [one for one in (self._one(part) for part in group.parts) if one.sql]
        # Databases compare in this order, and text, compared without case, takes as long as reading its row.
        parts = [one.sql for one in sorted(written, key=attrgetter("is_slow"))]
        joined = f" {group.joiner} ".join(parts)
        return _Written(f"({joined})" if len(parts) > 1 else joined, any(one.is_slow for one in written))

    def _one(self, part: Condition | Group) -> _Written:
        if isinstance(part, Group):
            return self._group(part)
        if part.operator in TREE_OPERATORS:
            return _Written(self._tree_condition(part), True)
        ref = self.sources.ref(part.doctype, part.field)
        return _Written(self.conditions.write(ref, part.operator, part.value), ref.kind in TEXTS)

    def _tree_condition(self, part: Condition) -> str:
        source, column = self.sources.find(part.field)
        linked = source.meta.by_name.get(column)
        if column == "name":
            target = source.meta
        elif linked is not None and linked.fieldtype == "Link" and linked.options:
            target = self._get_meta(linked.options)
        else:
            raise InvalidFilter(f"{part.operator!r} takes a Link field or name, not {part.field!r:.60}")
        ref: Ref = self.sources.ref(part.doctype, part.field)
        return tree_condition(
            ref, part.operator, target, self._tree(target["name"], part.value), self.conditions.bind, self.dialect
        )

    # --- fields ---

    def outputs(self, fields: Any) -> tuple[list[tuple[str, Expr]], bool]:
        """What is selected, by key, and whether a field says `distinct`."""
        given = field_list(fields)
        if len(given) > MOST_FIELDS:
            raise InvalidFilter(f"{len(given)} fields are too many")
        found: dict[str, Expr] = {}
        distinct = False
        for one in given:
            is_distinct = isinstance(one, str) and _DISTINCT.match(one) is not None
            distinct = distinct or is_distinct
            found.update(self._output(_DISTINCT.sub("", one, count=1) if is_distinct else one))
        return list(found.items()), distinct

    def _output(self, one: Any) -> list[tuple[str, Expr]]:
        if isinstance(one, Mapping):
            return [self._function(one)]
        if not isinstance(one, str) or not one.strip():
            raise InvalidFilter(f"{one!r:.80} is no field")
        text = one.strip()
        if text == "*" or text.endswith(".*") or text.endswith("`*"):
            return self._all_of(text)
        alias = _AS.match(text)
        if alias:
            return [(alias.group(2), self.expressions.read(alias.group(1)))]
        expr = self.expressions.read(text)
        return [(expr.column or text, expr)]

    def _all_of(self, text: str) -> list[tuple[str, Expr]]:
        source = self.sources.main if text == "*" else self.sources.find(text[:-1] + "name")[0]
        kinds = source.meta.all_kinds
        return [(column, self.sources._expr(source, column)) for column in kinds]

    def _function(self, one: Mapping[str, Any]) -> tuple[str, Expr]:
        calls = [(key, value) for key, value in one.items() if key != "as"]
        if len(calls) != 1 or not isinstance(calls[0][0], str):
            raise InvalidFilter(f"a function is {{NAME: field, 'as': key}}, not {one!r:.80}")
        function, arguments = calls[0]
        key = one.get("as") or f"{function}({arguments if isinstance(arguments, str) else ''})"
        return str(key), self.expressions.call(function, arguments)

    def _translated(self, text: str) -> Expr:
        # The parser takes a third of a second to load, and most processes never need it.
        from rota.db.mariadb import translate_field

        def column(name: str) -> tuple[str, str, str]:
            expr = self.sources.expr(name)
            return expr.sql.split(".", 1)[0], expr.column, FIELDTYPE_OF[expr.kind]

        try:
            found = translate_field(text, self.dialect, column=column, now=self._now)
        except UnsupportedSQL as error:
            raise InvalidFilter(f"{text!r:.80} is no field: {error}") from error
        self.conditions.params.update(found.params)
        self.conditions.calls_mariadbs = True
        return Expr(found.sql, KIND_OF[found.kind.value], aggregate=found.is_aggregate)

    # --- the whole ---

    def build(self, what: Select) -> Built:
        """The statement.

        Raises:
            InvalidFilter: a part can't be understood; the message names it.
        """
        outputs, distinct = self.outputs(what.fields)
        distinct = distinct or bool(what.distinct)
        where = self.where(parse(what.filters), parse(what.or_filters, joiner="or"))
        groups = [self._named(one, outputs) for one in _words(what.group_by, "group_by")]
        orders = self._orders(what.order_by, outputs, is_summed=bool(groups) or _sums(outputs))
        if what.check is not None:
            for source, column in self.sources.used:
                what.check(source, column)
        restriction = self.where(what.restriction)  # after the check: it may look where the user may not
        where = " and ".join(part for part in (where, restriction) if part)
        if distinct and not groups and not _sums(outputs):
            groups, distinct = [expr for _, expr in outputs], False
        is_summed = bool(groups) or _sums(outputs) or any(expr.aggregate for expr, _ in orders)
        grouped = {expr.sql for expr in groups}
        selected = [self._summed(expr, grouped, "min") if is_summed else expr.sql for _, expr in outputs]
        sql = f"select {', '.join(f'{text} as c{n}' for n, text in enumerate(selected))} from {self.sources.sql()}"
        for text, params in what.raw_restrictions:
            where = f"{where} and {text}" if where else text
            self.conditions.params.update(params)
        sql += f" where {where}" if where else ""
        sql += f" group by {', '.join(sorted(grouped))}" if groups else ""
        sql += self._order_sql(orders, grouped, is_summed=is_summed)
        sql += self._limit(what.limit, what.offset)
        sql += what.for_update if self.dialect == "postgresql" else ""
        readers = FROM_COLUMN[self.dialect]
        kinds = [expr.kind for _, expr in outputs]
        wanted = [
            (place, readers.get(kind, float))
            for place, kind in enumerate(kinds)
            if kind in readers or kind is Kind.FLOAT
        ]
        keys = [key for key, _ in outputs]
        return Built(sql, self.conditions.params, keys, wanted, calls_mariadbs=self.conditions.calls_mariadbs)

    def _named(self, text: str, outputs: list[tuple[str, Expr]]) -> Expr:
        """A field, or what is selected under this key."""
        plain = text.strip("`\"' ")
        for key, expr in outputs:
            if key == plain:
                return expr
        return self.expressions.read(text)

    def _orders(self, order_by: Any, outputs: list[tuple[str, Expr]], *, is_summed: bool) -> list[tuple[Expr, bool]]:
        """What to sort by, and whether downwards."""
        if order_by in (None, KEEP_DEFAULT):
            if is_summed:
                return []
            order_by = f"{self.meta.get('sort_field') or 'modified'} {self.meta.get('sort_order') or 'desc'}"
            if any(one.split()[0].strip("`") not in self.meta.all_kinds for one in split(order_by)):
                order_by = "modified desc"
            order_by = ", ".join(
                one if one.lower().endswith((" asc", " desc")) else f"{one} {self.meta.get('sort_order') or 'desc'}"
                for one in split(order_by)
            )
        orders = []
        for one in _words(order_by, "order_by"):
            found = _ORDER.match(one)
            if found is None or not found.group(1).strip():
                raise InvalidFilter(f"{one!r:.60} is nothing to sort by")
            orders.append((self._named(found.group(1).strip(), outputs), (found.group(2) or "").lower() == "desc"))
        return orders

    def _order_sql(self, orders: list[tuple[Expr, bool]], grouped: set[str], *, is_summed: bool) -> str:
        if not orders:
            return ""
        # Ties have an order, too, or pages would overlap.
        if not is_summed and not any(expr.column == "name" for expr, _ in orders):
            orders = [*orders, (Expr(f"t0.{quote('name', self.dialect)}", Kind.TEXT, "name"), orders[-1][1])]
        parts = []
        for expr, down in orders:
            text = self._summed(expr, grouped, "max" if down else "min") if is_summed else expr.sql
            parts.append(f"{text}{' desc' if down else ''}{self._nulls(expr, down=down)}")
        return f" order by {', '.join(dict.fromkeys(parts))}"

    def _nulls(self, expr: Expr, *, down: bool) -> str:
        # MariaDB and SQLite sort nothing before everything, PostgreSQL after it, unless told so, as its indexes are.
        # A name is never empty, and its primary key's index knows no such words.
        if self.dialect == "sqlite" or expr.sql == 't0."name"':
            return ""
        return " nulls last" if down else " nulls first"

    def _summed(self, expr: Expr, grouped: set[str], function: str) -> str:
        """A column that is not grouped by stands for its smallest value: MariaDB takes any."""
        if expr.aggregate or expr.sql in grouped or expr.constant:
            return expr.sql
        return f"{function}({expr.sql})"

    def _limit(self, limit: Any, offset: Any) -> str:
        rows, start = _count(limit, "limit"), _count(offset, "start")
        sql = f" limit {self.conditions.bind(rows)}" if rows else ""
        if start:
            sql = sql or (" limit -1" if self.dialect == "sqlite" else "")
            sql += f" offset {self.conditions.bind(start)}"
        return sql


def _sums(outputs: list[tuple[str, Expr]]) -> bool:
    return any(expr.aggregate for _, expr in outputs)


def field_list(fields: Any) -> list[Any]:
    """The fields that were asked for, in any form that Frappe takes, one by one."""
    if fields is None or fields in ("", []):
        return ["name"]
    if isinstance(fields, str):
        text = fields.strip()
        if text.startswith(("[", "{")):
            try:
                return field_list(json.loads(text))
            except (ValueError, RecursionError):
                raise InvalidFilter(f"fields are no JSON: {text[:80]!r}") from None
        return split(text) or ["name"]
    if isinstance(fields, Mapping):
        return [fields]
    if isinstance(fields, (list, tuple, set, frozenset)):
        return list(fields) or ["name"]
    raise InvalidFilter(f"fields must be a list of names, not {fields!r:.80}")


def _words(value: Any, what: str) -> list[str]:
    if value is None or value == "":
        return []
    if isinstance(value, (list, tuple)):
        value = ", ".join(str(one) for one in value)
    if not isinstance(value, str):
        raise InvalidFilter(f"{what} must be text, not {value!r:.60}")
    return split(value)


def _count(value: Any, what: str) -> int:
    if value in (None, "", 0, "0", False):
        return 0
    if isinstance(value, str) and not value.strip().isdigit():
        raise InvalidFilter(f"{what} must be a number, not {value!r:.40}")
    number = to_int(value)
    if number < 0:
        raise InvalidFilter(f"{what} must not be negative")
    return min(number, 2**62)


__all__ = ["KEEP_DEFAULT", "NEVER", "Built", "Query", "Select", "field_list"]
