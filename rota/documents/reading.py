"""`get_all` and `get_list` with Frappe's arguments, and the running of what `Query` builds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rota.documents import children
from rota.documents.conditions import Rules
from rota.documents.dictionary import AttrDict
from rota.documents.doctype import Meta
from rota.documents.query import Built, Query, Select
from rota.documents.sources import Source
from rota.documents.sql import quote, table_of
from rota.documents.values import to_int
from rota.documents.virtual import ReadOnly, virtual_list
from rota.errors import InvalidFilter, PermissionError, QueryTimeoutError  # noqa: A004 - Frappe's name

if TYPE_CHECKING:
    from rota.documents.documents import Documents

# Frappe takes these and so does Rota; here they change nothing.
_IGNORED = frozenset(
    {
        "debug", "update", "as_utf8", "ignore_ddl", "with_comment_count", "save_user_settings", "user_settings",
        "strict", "with_childnames", "add_total_row", "view", "cache", "reference_doctype", "join", "return_query",
        "as_iterator",
    }
)  # fmt: skip


class Reading:
    """Runs the reads of one site's documents."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._session = documents.session
        self._tables: ReadOnly | None = None

    def get_all(self, doctype: str, *args: Any, **kwargs: Any) -> Any:
        """What the filters pick, as dicts, whoever asks.

        Positional: fields and filters, in either order. Keywords: `fields`, `filters`, `or_filters`, `group_by`,
        `order_by`, `limit` (also `limit_page_length`, `page_length`), `offset` (also `limit_start`, `start`),
        `distinct`, `pluck` (one field as a list), `as_list` (tuples), `ignore_ifnull` (SQL's own rules for NULL),
        `run=False` (the SQL). A field `{"items": ["item_code"]}` stands for the list of a table field's rows.

        Raises:
            InvalidFilter: a part can't be understood; the message names it.
        """
        kwargs.pop("ignore_permissions", None)
        kwargs.pop("user", None)
        return self._list(doctype, args, kwargs, user=None)

    def get_list(self, doctype: str, *args: Any, **kwargs: Any) -> Any:
        """The same as `get_all`, of what the user may read.

        Further keywords: `ignore_permissions`, `user`, `parent_doctype` (whose permissions count for a child DocType).

        Raises:
            PermissionError: the user may not read the DocType, or a field that is filtered, sorted or grouped by.
            InvalidFilter: a part can't be understood.
        """
        user = kwargs.pop("user", None) or self._documents.user
        if kwargs.pop("ignore_permissions", False):
            user = None
        return self._list(doctype, args, kwargs, user=user)

    def _list(self, doctype: str, args: tuple[Any, ...], kwargs: dict[str, Any], *, user: str | None) -> Any:
        options = _options(args, kwargs)
        meta = self._documents.get_meta(doctype)
        pluck = options.pop("pluck", None)
        if pluck:
            options["fields"] = [pluck] if isinstance(pluck, str) and pluck.isidentifier() else [f"{pluck} as pluck"]
        as_list = bool(options.pop("as_list", False))
        run = options.pop("run", True)
        parent_doctype = options.pop("parent_doctype", None)
        rules = Rules.PLAIN if options.pop("ignore_ifnull", False) else Rules.LIST
        if meta.is_virtual and table_of(doctype) not in self._documents.views:
            return virtual_list(self._documents, doctype, options, pluck=pluck, as_list=as_list)
        if meta.issingle:
            raise InvalidFilter(f"{doctype} is a Single: read it with get_single_value or get_doc")
        options["fields"], asked = children.told_apart(meta, options["fields"])
        if asked:
            shapes = {name: options.get(name) for name in ("group_by", "distinct")}
            children.refuse_other_shapes(as_list=as_list, **shapes)
        what = Select(rules=rules, **options)
        if user is not None:
            self._restrict(meta, what, user, parent_doctype)
            for name, columns in asked.items():
                rows_of = self._documents.get_meta(meta.by_name[name].options or "")
                asked[name] = self._readable(rows_of, meta, columns, user)
        built = self.build(meta, what)
        if not run:
            return built.sql
        rows = self.run(meta, built)
        if pluck:
            return [row[0] for row in built.rows(rows)]
        if as_list:
            return [tuple(row) for row in built.rows(rows)]
        found = built.dicts(rows)
        if asked:
            children.attach(meta, found, asked, check=what.check, read=self._children)
        return found

    def _children(self, doctype: str, what: Select) -> list[AttrDict]:
        meta = self._documents.get_meta(doctype)
        built = self.build(meta, what)
        return built.dicts(self.run(meta, built))

    def build(self, meta: Meta, what: Select) -> Built:
        """The statement for a selection."""
        documents = self._documents
        query = Query(
            meta,
            self._session.dialect,
            rules=what.rules,
            now=documents.now,
            get_meta=documents.get_meta,
            tree=self._place_in_tree,
        )
        built = query.build(what)
        self._tables = None
        return built

    def run(self, meta: Meta, built: Built, *, for_update: bool = False) -> list[tuple[Any, ...]]:
        """The rows of a statement, read where its table is."""
        source = self.source_of(meta)
        if built.calls_mariadbs:
            self._documents.database.equip(source.connection)
        if for_update:
            return self._session.lock_query(built.sql, built.params)
        rows: list[tuple[Any, ...]] = source.query(built.sql, built.params)
        return rows

    def source_of(self, meta: Meta) -> Any:
        """Where a DocType's table is read: the session, or the reader of views on SQLite."""
        documents = self._documents
        if self._session.dialect != "sqlite" or table_of(meta["name"]) not in documents.views:
            return self._session
        if documents.context.reader is None:
            raise QueryTimeoutError(f"{meta['name']} is a view, and nothing was given to read it with")
        return ReadOnly(documents.context.reader())

    def _place_in_tree(self, doctype: str, name: Any) -> tuple[int, int] | None:
        meta = self._documents.get_meta(doctype)
        if not meta.is_nested_set():
            return None
        table = quote(table_of(doctype), self._session.dialect)
        rows = self._session.query(f"select lft, rgt from {table} where name = :name", {"name": name})
        return (to_int(rows[0][0]), to_int(rows[0][1])) if rows else None

    # --- permissions ---

    def _restrict(self, meta: Meta, what: Select, user: str, parent_doctype: str | None) -> None:
        permissions = self._documents.permissions
        name = meta["name"]
        ruling = meta
        if meta.istable:
            if not parent_doctype or not self._is_child_of(name, parent_doctype):
                raise PermissionError(f"{name} is a child table: say of which DocType with parent_doctype")
            ruling = self._documents.get_meta(parent_doctype)
        what.restriction = permissions.restriction(ruling, user, child=ruling is not meta)
        what.raw_restrictions = permissions.raw_restrictions(meta, user) if ruling is meta else ()
        what.fields = self._readable(meta, ruling, what.fields, user)

        def check(source: Source, column: str) -> None:
            linked = source.meta["name"]
            own = ruling if source.meta.istable or source.meta is meta else source.meta
            if own is not ruling and not permissions.has_permission(linked, "read", user=user):
                raise PermissionError(f"You do not have enough permissions to access {linked}")
            if not permissions.may_read_field(own, source.meta, column, user):
                raise PermissionError(f"You do not have permission to access field: {linked}.{column}")

        what.check = check

    def _is_child_of(self, child: str, parent: str) -> bool:
        return any(field.options == child for field in self._documents.get_meta(parent).table_fields)

    def _readable(self, meta: Meta, ruling: Meta, fields: Any, user: str) -> Any:
        """A `*`, without the fields that the user may not read."""
        if fields not in ("*", ["*"]):
            return fields
        permissions = self._documents.permissions
        return [column for column in meta.all_kinds if permissions.may_read_field(ruling, meta, column, user)]


def _options(args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Frappe's arguments under the names of `Select`."""
    options = {key: value for key, value in kwargs.items() if key not in _IGNORED}
    fields, filters = _told_apart(args, options)
    options["fields"], options["filters"] = fields, filters
    limits = [options.pop(name, None) for name in ("limit", "limit_page_length", "page_length")]
    starts = [options.pop(name, None) for name in ("offset", "limit_start", "start")]
    options["limit"] = next((one for one in limits if one is not None), None)
    options["offset"] = next((one for one in starts if one is not None), None)
    unknown = set(options) - {
        "fields", "filters", "or_filters", "group_by", "order_by", "limit", "offset", "distinct", "pluck", "as_list",
        "run", "ignore_ifnull", "parent_doctype",
    }  # fmt: skip
    if unknown:
        raise InvalidFilter(f"get_all and get_list take no {', '.join(sorted(unknown))}")
    return options


def _told_apart(args: tuple[Any, ...], options: dict[str, Any]) -> tuple[Any, Any]:
    """Fields and filters: Frappe takes them in either order, and tells them apart by their type."""
    given = list(args[:2])
    fields, filters = options.pop("fields", None), options.pop("filters", None)
    if given:
        filters_first = isinstance(given[0], Mapping) or _are_conditions(given[0])
        if len(given) == 2 and filters_first:
            filters, fields = given
        elif len(given) == 2:
            fields, filters = given
        elif filters_first:
            filters = given[0]
        elif fields is None:
            fields = given[0]
        else:
            filters = given[0]
    if (
        isinstance(fields, Mapping)
        and (isinstance(filters, (list, tuple)) or filters is None)
        and not _is_function(fields)
    ) or (_are_conditions(fields) and not _are_conditions(filters) and not isinstance(filters, Mapping)):
        fields, filters = filters, fields
    for name, value in zip(
        ("or_filters", "group_by", "order_by", "limit_start", "limit_page_length"), args[2:], strict=False
    ):
        options.setdefault(name, value)
    return fields, filters


def _are_conditions(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and bool(value) and isinstance(value[0], (list, tuple))


def _is_function(value: Mapping[str, Any]) -> bool:
    return any(isinstance(key, str) and key.isupper() for key in value)
