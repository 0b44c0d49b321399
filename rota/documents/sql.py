"""The one place where names become SQL. Values are always bound."""

from __future__ import annotations

from collections.abc import Iterable

SINGLES = "tabSingles"
SERIES = "tabSeries"
SINGLES_COLUMNS = ("doctype", "field", "value")


def quote(name: str, dialect: str) -> str:
    """A name as an identifier, whatever it contains.

    SQLite takes an unknown name in double quotes for a string, so there it stands in backticks.
    """
    if "\0" in name:
        raise ValueError("a name can't contain NUL")
    mark = "`" if dialect == "sqlite" else '"'
    return f"{mark}{name.replace(mark, mark * 2)}{mark}"


def quoted_list(names: Iterable[str], dialect: str) -> str:
    """Names as a list of identifiers."""
    return ", ".join(quote(name, dialect) for name in names)


def table_of(doctype: str) -> str:
    """The table of a DocType."""
    return f"tab{doctype}"


def literal(value: str | float) -> str:
    """A constant as SQL, for the defaults of columns: DDL takes no bound values."""
    return str(value) if isinstance(value, (int, float)) else "'" + value.replace("'", "''").replace("\0", "") + "'"
