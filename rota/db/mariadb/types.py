"""What kind of value an expression gives, by MariaDB's rules.

The kind decides how two values compare, what a statement must convert, and which Python type a result has.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol


class Kind(Enum):
    """The families of values that behave differently."""

    NULL = "null"
    INT = "int"
    DECIMAL = "decimal"
    DOUBLE = "double"
    BOOL = "bool"  # the outcome of a comparison: 1 or 0 in MariaDB, a boolean on PostgreSQL
    TEXT = "text"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Type:
    """A kind, and its decimals: of a DECIMAL, of a DOUBLE that has them, of a time's seconds (0 or 6)."""

    kind: Kind
    digits: int = 0
    unsigned: bool = False  # of an INT; mixed with others it makes a DECIMAL


NULL, INT, DOUBLE, BOOL, TEXT = (Type(kind) for kind in (Kind.NULL, Kind.INT, Kind.DOUBLE, Kind.BOOL, Kind.TEXT))
DATE, UNKNOWN = Type(Kind.DATE), Type(Kind.UNKNOWN)
DATETIME, TIME = Type(Kind.DATETIME, 6), Type(Kind.TIME, 6)
CURRENCY = Type(Kind.DECIMAL, 9)
NUMBERS = frozenset({Kind.INT, Kind.DECIMAL, Kind.DOUBLE, Kind.BOOL})
TIMES = frozenset({Kind.DATE, Kind.DATETIME, Kind.TIME})

_FIELDTYPES = {
    "Check": INT,
    "Int": INT,
    "Long Int": INT,
    "Currency": CURRENCY,
    "Float": CURRENCY,
    "Percent": CURRENCY,
    "Duration": CURRENCY,
    "Rating": Type(Kind.DECIMAL, 2),
    "Date": DATE,
    "Datetime": DATETIME,
    "Time": TIME,
}


class ColumnTypes(Protocol):
    """Says which Frappe fieldtype a column has; None when there is no such table or column.

    Standard columns count too: `creation` and `modified` are `Datetime`, `docstatus` and `idx` `Int`, `name` `Data`
    (or `Int` where names are numbers).
    """

    def __call__(self, table: str, column: str, /) -> str | None: ...


def type_of_field(fieldtype: str | None) -> Type:
    """The type of a column of this fieldtype; whatever is no number and no time is text."""
    return UNKNOWN if fieldtype is None else _FIELDTYPES.get(fieldtype, TEXT)


@dataclass(frozen=True, slots=True)
class Expr:
    """An expression in the target's SQL, and what the rest of the statement must know of it."""

    text: str
    type: Type
    folded: bool = False  # text that compares without regard to case by itself: a column, or a cast
    literal: str | None = None  # what a literal says, before quoting
    param: str | None = None  # the name of the value, when it is one
    table: str | None = None  # the table of a plain column
    binary: bool = False  # compares byte by byte, as BINARY asks for
    json: bool = False  # what JSON_EXTRACT gives: compares by the value that it stands for
    row: tuple[Expr, ...] = field(default=())  # the members of (a, b)

    @property
    def kind(self) -> Kind:
        return self.type.kind

    @property
    def is_constant(self) -> bool:
        """A literal or a value: can be converted before the statement runs."""
        return self.literal is not None or self.param is not None


def unified(types: Iterable[Type]) -> Type:  # noqa: PLR0911 - MariaDB's table of rules, row by row
    """The type of a value that is one of these, as in CASE, COALESCE or UNION."""
    found = [one for one in types if one.kind is not Kind.NULL]
    kinds = {one.kind for one in found}
    digits = max((one.digits for one in found), default=0)
    if not found:
        return NULL
    if len({one.unsigned for one in found}) > 1 and kinds <= {Kind.INT, Kind.BOOL}:
        return Type(Kind.DECIMAL)
    if kinds == {Kind.DOUBLE}:
        return DOUBLE
    if len(kinds) == 1:
        return Type(found[0].kind, digits, found[0].unsigned) if found[0].kind is not Kind.BOOL else INT
    if Kind.UNKNOWN in kinds:
        return UNKNOWN
    if kinds <= NUMBERS:
        return DOUBLE if Kind.DOUBLE in kinds else Type(Kind.DECIMAL, digits) if Kind.DECIMAL in kinds else INT
    if kinds <= TIMES:
        return Type(Kind.DATETIME, digits)
    return TEXT


def sum_type(types: Iterable[Type]) -> Type:
    """The type of a sum of these: text counts as a double, a time as a whole number."""
    digits, result = 0, Kind.INT
    for one in types:
        if one.kind in (Kind.TEXT, Kind.DOUBLE, Kind.UNKNOWN):
            return DOUBLE if one.kind is not Kind.UNKNOWN else UNKNOWN
        if one.kind is Kind.DECIMAL or (one.kind in TIMES and one.digits):
            result, digits = Kind.DECIMAL, max(digits, one.digits)
    return Type(result, digits)
