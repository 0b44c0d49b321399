"""How each database writes what the translation needs: names, literals, values, and conversions between kinds."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import ClassVar, Literal

from rota.db.mariadb.types import BOOL, DATE, DATETIME, DOUBLE, INT, NUMBERS, TEXT, TIME, TIMES, Expr, Kind, Type
from rota.errors import UnsupportedSQL

DialectName = Literal["sqlite", "postgresql"]


class Target(ABC):
    """A database's way of writing things."""

    name: DialectName
    own: str  # what stands before the name of a function that Rota brings along

    @abstractmethod
    def quoted(self, name: str) -> str:
        """A name as an identifier, whatever it contains."""

    @abstractmethod
    def value(self, name: str, kind: Type, *, plain: bool = False) -> str:
        """A bound value of this type; `plain` text compares byte by byte."""

    @abstractmethod
    def fold(self, text: str) -> str:
        """A text expression that compares, groups and sorts without regard to case."""

    @abstractmethod
    def exact(self, expr: Expr) -> str:
        """Text that compares byte by byte."""

    @abstractmethod
    def text(self, expr: Expr) -> str:
        """The expression as text, byte by byte."""

    @abstractmethod
    def number(self, expr: Expr) -> Expr:
        """The expression as a number, as MariaDB takes it in arithmetic."""

    @abstractmethod
    def moment(self, expr: Expr, to: Type) -> str:
        """The expression as a DATE, DATETIME or TIME."""

    @abstractmethod
    def integer(self, expr: Expr) -> str:
        """The expression as an integer for a function's argument."""

    def type_name(self, kind: Kind) -> str:
        """The type that holds this kind."""
        raise UnsupportedSQL(f"a cast to {kind.value}", "leave it out")

    def call(self, name: str, *arguments: str) -> str:
        """A call of one of Rota's own functions."""
        return f"{self.own}{name}({', '.join(arguments)})"

    def string(self, value: str) -> str:
        """A text literal."""
        return "'" + value.replace("'", "''") + "'"

    def condition(self, expr: Expr) -> str:
        """The expression where a truth value is wanted."""
        if expr.kind is Kind.BOOL:
            return expr.text
        if expr.kind in TIMES:
            return f"({expr.text} IS NOT NULL)"
        if expr.kind is Kind.NULL:
            return self.unknown_truth
        return f"({self.number(expr).text} <> 0)"

    unknown_truth = "NULL"


class SQLiteTarget(Target):
    """SQLite 3.40: kinds are loose, times are text."""

    name: DialectName = "sqlite"
    own = "rota_"

    def quoted(self, name: str) -> str:
        # Not "double quotes": SQLite reads an unknown name in those as a string.
        return "`" + name.replace("`", "``") + "`"

    def value(self, name: str, kind: Type, *, plain: bool = False) -> str:
        return f":{name}"

    def fold(self, text: str) -> str:
        return f"({text} COLLATE NOCASE)"

    def exact(self, expr: Expr) -> str:
        return f"({self.text(expr)} COLLATE BINARY)"

    def text(self, expr: Expr) -> str:
        kind, digits = expr.kind, expr.type.digits
        if kind in (Kind.TEXT, Kind.DATE, Kind.NULL):
            return expr.text
        if kind is Kind.DATETIME:
            return expr.text if digits else f"substr({expr.text}, 1, 19)"
        if kind is Kind.DECIMAL:
            return self.call("decimal_text", expr.text, str(digits))
        if kind in (Kind.DOUBLE, Kind.UNKNOWN):
            return self.call("text", expr.text)
        if kind is Kind.TIME:
            return self.call("time_text", expr.text, str(digits))
        return f"CAST({expr.text} AS TEXT)"

    def number(self, expr: Expr) -> Expr:
        if expr.kind in NUMBERS or expr.kind in (Kind.NULL, Kind.UNKNOWN):
            return replace(expr, type=INT) if expr.type == BOOL else expr
        if expr.kind is Kind.TEXT:
            return Expr(f"CAST({expr.text} AS REAL)", DOUBLE)
        kind = Type(Kind.DECIMAL, 6) if expr.type.digits else INT
        return Expr(self.call("digits", expr.text, str(expr.type.digits)), kind)

    def moment(self, expr: Expr, to: Type) -> str:
        if expr.kind is to.kind or expr.kind is Kind.NULL:
            return expr.text
        if to.kind is Kind.DATE:
            return f"substr({expr.text}, 1, 10)" if expr.kind is Kind.DATETIME else self.call("date", expr.text)
        if to.kind is Kind.DATETIME:
            if expr.kind is Kind.DATE:
                return f"({expr.text} || ' 00:00:00.000000')"
            return self.call("datetime", expr.text)
        if expr.kind is Kind.DATE:
            return f"substr({expr.text} || ' 00:00:00.000000', 12)"
        return f"substr({expr.text}, 12)" if expr.kind is Kind.DATETIME else self.call("time", expr.text)

    def integer(self, expr: Expr) -> str:
        number = self.number(expr)
        return number.text if number.kind is Kind.INT else f"CAST(round({number.text}) AS INTEGER)"


class PostgreSQLTarget(Target):
    """PostgreSQL 13: kinds are strict, so every conversion is written out."""

    name: DialectName = "postgresql"
    own = "rota."
    unknown_truth = "CAST(NULL AS boolean)"

    _NAMES: ClassVar = {
        Kind.INT: "bigint",
        Kind.BOOL: "bigint",
        Kind.DECIMAL: "numeric",
        Kind.DOUBLE: "double precision",
        Kind.DATE: "date",
        Kind.DATETIME: "timestamp",
        Kind.TIME: "interval",
        Kind.TEXT: "citext",
    }

    def type_name(self, kind: Kind) -> str:
        """The type that holds this kind."""
        return self._NAMES[kind]

    def quoted(self, name: str) -> str:
        return '"' + name.replace('"', '""') + '"'

    def value(self, name: str, kind: Type, *, plain: bool = False) -> str:
        if kind.kind not in self._NAMES:
            return f":{name}"
        return f"CAST(:{name} AS {'text' if plain and kind == TEXT else self._NAMES[kind.kind]})"

    def fold(self, text: str) -> str:
        return f'(CAST({text} AS citext) COLLATE "C")'

    def exact(self, expr: Expr) -> str:
        return self.text(expr)

    def text(self, expr: Expr) -> str:
        kind = expr.kind
        if kind is Kind.TEXT:
            # citext has functions of its own that ignore case where MariaDB's do not, as replace().
            return expr.text if expr.literal is None and not expr.folded else f"CAST({expr.text} AS text)"
        if kind is Kind.DATE:
            return f"to_char({expr.text}, 'YYYY-MM-DD')"
        if kind is Kind.DATETIME:
            return f"to_char({expr.text}, 'YYYY-MM-DD HH24:MI:SS{'.US' if expr.type.digits else ''}')"
        if kind is Kind.DECIMAL:
            return f"CAST(ROUND(CAST({expr.text} AS numeric), {expr.type.digits}) AS text)"
        if kind is Kind.TIME:
            return self.call("time_text", self.moment(expr, TIME), str(expr.type.digits))
        return f"CAST({self.number(expr).text} AS text)"

    def number(self, expr: Expr) -> Expr:
        if expr.kind is Kind.BOOL:
            return Expr(f"CAST({expr.text} AS integer)", INT)
        if expr.kind in NUMBERS or expr.kind in (Kind.NULL, Kind.UNKNOWN):
            return expr
        if expr.kind is Kind.TEXT:
            return Expr(self.call("number", self.text(expr)), DOUBLE)
        if expr.kind is Kind.TIME:
            return Expr(self.call("time_digits", self.moment(expr, TIME)), Type(Kind.DECIMAL, expr.type.digits))
        form = {DATE.kind: "YYYYMMDD", DATETIME.kind: "YYYYMMDDHH24MISS"}[expr.kind]
        if expr.type.digits:
            return Expr(f"CAST(to_char({expr.text}, '{form}.US') AS numeric)", Type(Kind.DECIMAL, 6))
        return Expr(f"CAST(to_char({expr.text}, '{form}') AS bigint)", INT)

    def moment(self, expr: Expr, to: Type) -> str:
        name = self._NAMES[to.kind]
        if expr.kind in (Kind.NULL, Kind.UNKNOWN):
            return f"CAST({expr.text} AS {name})"
        if to.kind is Kind.TIME and expr.kind is Kind.DATETIME:
            return f"CAST(CAST({expr.text} AS time) AS interval)"
        if to.kind is Kind.TIME and expr.kind is Kind.TIME:
            return expr.text if expr.table is None else f"CAST({expr.text} AS interval)"
        if expr.kind is to.kind:
            return expr.text
        if expr.kind in (Kind.DATE, Kind.DATETIME) and to.kind in (Kind.DATE, Kind.DATETIME):
            return f"CAST({expr.text} AS {name})"
        if expr.kind is Kind.TIME:
            raise UnsupportedSQL("a time where a date is wanted", "add it to a date with TIMESTAMP(date, time)")
        return self.call(
            {Kind.DATE: "to_date", Kind.DATETIME: "to_datetime", Kind.TIME: "to_time"}[to.kind], self.text(expr)
        )

    def integer(self, expr: Expr) -> str:
        if expr.literal is not None and expr.literal.isdigit() and expr.kind is Kind.INT:
            return expr.text
        return f"CAST({self.number(expr).text} AS integer)"


TARGETS: dict[str, Target] = {"sqlite": SQLiteTarget(), "postgresql": PostgreSQLTarget()}
