"""`frappe.db.sql`: MariaDB's SQL from an app's code, translated for the site's database, one statement at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from rota.db import Connection
from rota.db.sqlite import SQLiteConnection
from rota.documents.dictionary import AttrDict
from rota.documents.sql import SERIES, SINGLES
from rota.documents.virtual import ReadOnly
from rota.errors import DoctypeNotFoundError, ImplicitCommitError, ValidationError

if TYPE_CHECKING:
    from rota.db.mariadb import Translated
    from rota.documents.documents import Documents

_OWN_TABLES: dict[str, dict[str, str]] = {
    SINGLES: {"doctype": "Data", "field": "Data", "value": "Long Text"},
    SERIES: {"name": "Data", "current": "Int"},
}


class RawSQL:
    """Runs the SQL of apps."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._session = documents.session
        self._equipped: WeakSet[Connection] = WeakSet()

    def sql(
        self,
        query: Any,
        values: Any = (),
        as_dict: Any = 0,
        as_list: Any = 0,
        debug: Any = 0,
        ignore_ddl: Any = 0,
        auto_commit: Any = 0,
        update: Mapping[str, Any] | None = None,
        explain: bool = False,
        run: bool = True,
        pluck: bool = False,
        as_iterator: bool = False,
    ) -> Any:
        """Run one statement in MariaDB's SQL, with `%s` and a sequence or `%(name)s` and a dict of values.

        The rows come as a tuple of tuples, as dicts (`as_dict`), lists (`as_list`), or the first column (`pluck`).

        Raises:
            UnsupportedSQL: it can't be translated; nothing was run.
            StoreError: the database said no; the transaction stays usable.
            ImplicitCommitError: it changes the schema, which MariaDB would commit pending writes for.
        """
        text = query.get_sql() if hasattr(query, "get_sql") else str(query)
        translated, params = self._translated(text, values)
        if not run:
            return "; ".join((translated.sql, *translated.then))
        names, rows = self._executed(text, translated, params)
        if auto_commit:
            self._session.commit()
        shaped = translated.shape_rows(rows, names, self._column_type)
        if pluck:
            return [row[0] for row in shaped]
        if as_dict:
            keys = translated.names(names)
            extra = dict(update or {})
            return [AttrDict(zip(keys, row, strict=True), **extra) for row in shaped]
        return [list(row) for row in shaped] if as_list else tuple(shaped)

    def _translated(self, text: str, values: Any) -> tuple[Translated, dict[str, Any]]:
        # The parser takes a third of a second to load, and most processes never need it.
        from rota.db.mariadb import named, shape_of, translate

        statement, given = named(text, values)
        translated = translate(
            statement,
            self._session.connection.dialect,
            shape=shape_of(statement, given),
            types=self._column_type,
            unique_keys=self._unique_keys,
        )
        return translated, translated.bind(given, self._documents.now())

    def _executed(self, text: str, translated: Translated, params: dict[str, Any]) -> tuple[list[str], list[Any]]:
        if translated.kind == "ddl":
            if self._session.wrote:
                raise ImplicitCommitError(
                    "the statement would commit what is open: commit first, or use frappe.db.sql_ddl"
                )
            with self._session.atomic():
                self._session.script(translated.sql)
            return [], []
        session = self._session
        self.equip(session.connection)
        if translated.kind == "write":
            with session.atomic():
                found = session.write_table(translated.sql, params)
                for statement in translated.then:
                    session.write(statement, params)
                return found
        if session.dialect == "sqlite" and any(view in text for view in self._documents.views):
            return self._reader().table(translated.sql, params)
        with self._guarded():
            return session.table(translated.sql, params)

    def _guarded(self) -> AbstractContextManager[None]:
        """On PostgreSQL a failed statement breaks the transaction; the savepoint must be there before it."""
        session = self._session
        if session.dialect == "sqlite" or not session.connection.in_transaction:
            return nullcontext()
        return session.atomic_now()

    def _reader(self) -> ReadOnly:
        reader = self._documents.context.reader
        if reader is None:
            raise ValidationError("the statement reads a view, and nothing was given to read it with")
        connection = reader()
        self.equip(connection)
        return ReadOnly(connection)

    def equip(self, connection: Connection) -> None:
        """Give a SQLite connection the functions that translated statements call."""
        if isinstance(connection, SQLiteConnection) and connection not in self._equipped:
            from rota.db.mariadb.functions import register

            register(connection.raw)
            self._equipped.add(connection)

    def _column_type(self, table: str, column: str) -> str | None:
        own = _OWN_TABLES.get(table)
        if own is not None:
            return own.get(column)
        if not table.startswith("tab"):
            return None
        try:
            return self._documents.get_meta(table[3:]).column_field_type(column)
        except DoctypeNotFoundError:
            return None

    def _unique_keys(self, table: str) -> Sequence[Sequence[str]]:
        if table == SINGLES:
            return (("doctype", "field"),)
        try:
            meta = self._documents.get_meta(table.removeprefix("tab"))
        except DoctypeNotFoundError:
            return (("name",),)
        return (("name",), *((field.fieldname,) for field in meta.fields if field.has_column and field.unique))

    # --- its kin ---

    def sql_list(self, query: Any, values: Any = (), debug: bool = False, **kwargs: Any) -> list[Any]:
        """The first column of the rows."""
        return list(self.sql(query, values, pluck=True, **kwargs))

    def sql_ddl(self, query: Any, debug: bool = False) -> None:
        """Commit, and run a statement that changes the schema."""
        self._session.commit()
        self.sql(query)

    def multisql(self, sql_dict: Mapping[str, Any], values: Any = (), **kwargs: Any) -> Any:
        """Run the statement for MariaDB, whatever the site's database is: it is translated."""
        query = sql_dict.get("mariadb")
        if query is None:
            raise ValidationError("multisql needs the statement for MariaDB, which is translated for other databases")
        return self.sql(query(values) if callable(query) else query, values, **kwargs)

    @staticmethod
    def escape(value: Any, percent: bool = True) -> str:
        """A value as a literal of MariaDB's SQL, quotes included; `%` is doubled unless `percent` is False."""
        if value is None:
            return "NULL"
        text = str(value).replace("\\", "\\\\").replace("'", "''").replace("\0", "")
        return "'" + (text.replace("%", "%%") if percent else text) + "'"
