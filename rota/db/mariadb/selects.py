"""One SELECT, with MariaDB's loose grouping, aliases everywhere, and NULL before all else in a sort."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from rota.db.mariadb import compare
from rota.db.mariadb.aggregates import PLAIN, sort_key, window_text
from rota.db.mariadb.context import Context, Output, Query, Scope
from rota.db.mariadb.library import AGGREGATES
from rota.db.mariadb.parse import MARK
from rota.db.mariadb.sources import from_text, source_of_query
from rota.db.mariadb.types import INT, NULL, UNKNOWN, Expr, Kind
from rota.errors import UnsupportedSQL


def with_text(ctx: Context, node: exp.Expr, scope: Scope) -> str:
    """`WITH ...` of a statement; the CTEs are added to `scope`."""
    clause = node.args.get("with_")
    if clause is None:
        return ""
    if clause.args.get("recursive"):
        raise UnsupportedSQL("WITH RECURSIVE", "walk the tree in Python, or with lft and rgt")
    parts = []
    for cte in clause.expressions:
        inner = ctx.query(ctx, cte.this, scope)
        names = [column.name for column in cte.args["alias"].args.get("columns") or []]
        scope.ctes[cte.alias] = source_of_query(cte.alias, inner, names or None)
        listed = f" ({', '.join(map(ctx.target.quoted, names))})" if names else ""
        parts.append(f"{ctx.target.quoted(cte.alias)}{listed} AS ({inner.text})")
    return f"WITH {', '.join(parts)} "


def limit_text(ctx: Context, node: exp.Expr, scope: Scope) -> str:
    """` LIMIT n OFFSET m`."""
    text = ""
    for part, word in (("limit", "LIMIT"), ("offset", "OFFSET")):
        clause = node.args.get(part)
        if clause is None:
            continue
        value = ctx.expr(clause.expression, scope)
        if not value.is_constant or value.kind not in (Kind.INT, Kind.TEXT):
            raise UnsupportedSQL(f"this {word}", "give it a whole number")
        text += f" {word} {ctx.constant(value, 'integer', INT).text}"
    return text


@dataclass(slots=True)
class _Item:
    """One item of a SELECT list."""

    node: exp.Expr  # without its alias
    name: str | None  # None for a *
    column: str = ""  # its name in the translated text
    text: str = ""


class Select:
    """The translation of one SELECT. The last `rolled` keys of its GROUP BY are summed over: they are NULL."""

    def __init__(self, ctx: Context, node: exp.Expr, outer: Scope, *, rolled: int = 0) -> None:
        self.ctx, self.node, self.rolled = ctx, node, rolled
        self.scope = Scope(parent=outer)
        self.items = [_Item(*_named(one)) for one in node.expressions]
        _distinguish(self.items)
        self.has_star = any(item.name is None for item in self.items)
        self.group = node.args.get("group")
        self.order = list(node.args["order"].expressions) if node.args.get("order") else []
        self.having = node.args.get("having")
        counted = [item.node for item in self.items] + [one.this for one in self.order]
        self.grouped = bool(self.group) or any(map(_has_aggregate, [*counted, *([self.having] if self.having else [])]))
        self.distinct = bool(node.args.get("distinct"))

    def query(self) -> Query:
        ctx, scope = self.ctx, self.scope
        if self.node.args.get("operation_modifiers"):
            raise UnsupportedSQL("a modifier after SELECT", "leave it out")
        prefix = with_text(ctx, self.node, scope)
        source = from_text(ctx, self.node.args.get("from_"), self.node.args.get("joins") or [], scope)
        where = self._where()
        scope.aliases = {item.name.lower(): item.node for item in self.items if item.name and self._is_alias(item)}
        if not ctx.is_sqlite:
            self._order_what_is_distinct()
        groups = self._groups()
        columns = tuple(self._project(item) for item in self.items)
        tail = self._tail(groups)
        head = f"{prefix}SELECT {'DISTINCT ' * self.distinct}{', '.join(item.text for item in self.items)}"
        return Query(head + source + where + tail, columns)

    def _is_alias(self, item: _Item) -> bool:
        return not (isinstance(item.node, exp.Column) and item.node.name.lower() == (item.name or "").lower())

    def _where(self) -> str:
        parts = []
        if self.node.args.get("where"):
            parts.append(self.ctx.target.condition(self.ctx.expr(self.node.args["where"].this, self.scope)))
        if self.having and not self.grouped:
            # Without groups HAVING is a WHERE that knows the aliases.
            aliases = {item.name.lower(): item.node for item in self.items if item.name and self._is_alias(item)}
            scope = replace(self.scope, aliases=aliases, alias_first=True)
            parts.append(self.ctx.target.condition(self.ctx.expr(self.having.this, scope)))
            self.having = None
        return f" WHERE {' AND '.join(parts)}" if parts else ""

    def _order_what_is_distinct(self) -> None:
        """PostgreSQL sorts DISTINCT rows by what they show only; grouped rows by anything."""
        hidden = [one for one in self.order if self._place(one.this) is None]
        if self.distinct and hidden and not self.grouped and not self.has_star:
            self.distinct = False
            self.group = exp.Group(expressions=[item.node.copy() for item in self.items])
            self.grouped = True

    # --- GROUP BY ---

    def _groups(self) -> str:
        if not self.grouped:
            return ""
        texts, keys, rolled = [], {}, {}
        nodes = self.group.expressions if self.group else []
        for index, node in enumerate(nodes):
            place = self._place(node, of_group=True)
            expr = self.ctx.expr(self.items[place].node if place is not None else node, self.scope)
            if index >= len(nodes) - self.rolled:
                rolled[expr.text] = Expr(compare.cast_to(self.ctx, Expr("NULL", NULL), expr.type), expr.type)
                continue
            folded = compare.folded(self.ctx, expr)
            keys[expr.text] = folded
            texts.append(str(place + 1) if place is not None and not self.has_star else folded.text)
        if not self.ctx.is_sqlite or rolled:
            self.scope.keys = {**rolled, **keys}
        if rolled and not texts:
            texts = ["(1 = 1)"]  # one group, but none of no rows
        return f" GROUP BY {', '.join(texts)}" if texts else ""

    def _place(self, node: exp.Expr, *, of_group: bool = False) -> int | None:
        """Which item of the SELECT list `node` means: by number, by alias, or as the same expression."""
        if isinstance(node, exp.Literal) and not node.is_string:
            place = int(node.this) - 1 if str(node.this).isdigit() else -1
            if not 0 <= place < len(self.items) and not self.has_star:
                raise UnsupportedSQL(f"column {node.this} of the SELECT list", f"it has {len(self.items)}")
            return place if 0 <= place < len(self.items) and self.items[place].name is not None else None
        if isinstance(node, exp.Column) and not node.args.get("table"):
            named = [i for i, item in enumerate(self.items) if (item.name or "").lower() == node.name.lower()]
            own = any(self.ctx.column_of(source, node.name) for source in self.scope.sources)
            if named and not (of_group and own and self._is_alias(self.items[named[0]])):
                return named[0]
        same = [i for i, item in enumerate(self.items) if item.name is not None and item.node == node]
        return same[0] if same else None

    # --- the list and what follows ---

    def _project(self, item: _Item) -> Output:
        ctx, node = self.ctx, item.node
        if item.name is None:
            return self._star(item)
        expr = ctx.expr(node, self.scope)
        if expr.row:
            raise UnsupportedSQL("a row where a value is wanted", "select its members")
        if expr.kind is Kind.BOOL:
            expr = ctx.target.number(expr)
        shown = compare.folded(ctx, expr)
        item.text = f"{shown.text} AS {ctx.target.quoted(item.column)}"
        return Output(item.name, expr.type, item.column)

    def _star(self, item: _Item) -> Output:
        table = item.node.args.get("table")
        sources = [one for one in self.scope.sources if table is None or one.name.lower() == table.name.lower()]
        if not sources:
            raise UnsupportedSQL(f"{item.node.sql('mysql')}", "there is no such table in FROM")
        item.text = f"{self.ctx.target.quoted(sources[0].name)}.*" if table is not None else "*"
        return Output(None, UNKNOWN, stars=tuple(sources))

    def _tail(self, groups: str) -> str:
        ctx, node, text = self.ctx, self.node, groups
        scope = replace(self.scope, alias_first=True)
        if self.having:
            text += f" HAVING {ctx.target.condition(ctx.expr(self.having.this, scope))}"
        if node.args.get("windows"):
            named = [
                f"{ctx.target.quoted(w.name)} AS ({window_text(ctx, w, self.scope)})" for w in node.args["windows"]
            ]
            text += f" WINDOW {', '.join(named)}"
        return text + self._order(scope) + limit_text(ctx, node, self.scope) + self._locks()

    def _order(self, scope: Scope) -> str:
        keys = []
        for one in self.order:
            if isinstance(one.this, exp.Null):
                continue
            place = self._place(one.this)
            if place is not None and not self.has_star:
                plain = self.items[place].text.rpartition(" AS ")[0]
                key = sort_key(self.ctx, plain, one, scope)
                keys.append(str(place + 1) + key.removeprefix(plain))
            else:
                text = compare.folded(self.ctx, self.ctx.expr(one.this, scope)).text
                keys.append(sort_key(self.ctx, text, one, scope))
        return f" ORDER BY {', '.join(keys)}" if keys else ""

    def _locks(self) -> str:
        locks = self.node.args.get("locks") or []
        if not locks:
            return ""
        self.ctx.locks = True
        if self.ctx.is_sqlite or self.grouped or self.distinct or not self.scope.sources:
            return ""
        lock = locks[0]
        # Only the first table: the far side of an outer join can't be locked.
        text = f" FOR {'UPDATE' if lock.args.get('update') else 'SHARE'}"
        text += f" OF {self.ctx.target.quoted(self.scope.sources[0].name)}"
        return text + {None: "", True: " NOWAIT", False: " SKIP LOCKED"}.get(lock.args.get("wait"), "")


def _distinguish(items: Sequence[_Item]) -> None:
    """Give each item a name of its own: two of the same could not be told apart from outside."""
    taken: set[str] = set()
    for place, item in enumerate(items):
        name = item.name or ""
        item.column = name if name.lower() not in taken else f"{name}_{place}"
        taken.add(item.column.lower())


def _named(node: exp.Expr) -> tuple[exp.Expr, str | None]:
    if isinstance(node, exp.Alias):
        return node.this, node.alias
    if isinstance(node, exp.Star) or (isinstance(node, exp.Column) and isinstance(node.this, exp.Star)):
        return node, None
    if isinstance(node, exp.Column):
        return node, node.name
    return node, node.sql("mysql").replace(MARK, "")


def _has_aggregate(node: exp.Expr) -> bool:
    """Whether it counts over groups: an aggregate that is in no subselect, and is no window's own."""
    pending = [node]
    while pending:
        one = pending.pop()
        if isinstance(one, (exp.Query, exp.Subquery)):
            continue
        name = str(one.this).removeprefix(MARK).upper() if isinstance(one, exp.Anonymous) else ""
        if isinstance(one, PLAIN) or name in AGGREGATES:
            return True
        if isinstance(one, exp.Window):
            pending += [*one.this.iter_expressions(), *(one.args.get("partition_by") or [])]
            pending += [one.args["order"]] if one.args.get("order") else []
        else:
            pending += list(one.iter_expressions())
    return False
