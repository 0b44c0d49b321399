"""SQL functions: pypika's, and those that Frappe adds."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

from pypika.enums import SqlTypes
from pypika.functions import (
    Abs,
    AggregateFunction,
    Ascii,
    Avg,
    Bin,
    Cast,
    Coalesce,
    Concat,
    Convert,
    Count,
    CurDate,
    CurTime,
    CurTimestamp,
    Date,
    DateAdd,
    DateDiff,
    DistinctOptionFunction,
    Extract,
    First,
    Floor,
    IfNull,
    IsNull,
    Last,
    Length,
    Lower,
    Max,
    Min,
    Now,
    NullIf,
    Replace,
    Reverse,
    Signed,
    Sqrt,
    Std,
    StdDev,
    Substring,
    Sum,
    TimeDiff,
    TimestampAdd,
    Trim,
    Unsigned,
    Upper,
)
from pypika.terms import Arithmetic, ArithmeticExpression, CustomFunction, Function, ValueWrapper

from rota.frappe._missing import missing
from rota.frappe.query_builder.custom import GROUP_CONCAT, MATCH, STRING_AGG, TO_TSVECTOR, Month, MonthName, Quarter

Ifnull = IfNull
GroupConcat = GROUP_CONCAT
Match = MATCH


class _Named(Function):
    """A function of MariaDB by its own name."""

    NAME = ""

    def __init__(self, *args: Any, alias: str | None = None) -> None:
        super().__init__(self.NAME, *args, alias=alias)


class Concat_ws(_Named):
    """Texts with a separator between them."""

    NAME = "CONCAT_WS"


class Locate(_Named):
    """Where one text stands in another, from 1; 0 when it does not."""

    NAME = "LOCATE"


class Instr(_Named):
    """`Locate` with the texts the other way round."""

    NAME = "INSTR"


class Strpos(_Named):
    """The same as `Instr`."""

    NAME = "INSTR"


class Ceil(_Named):
    """The next whole number above."""

    NAME = "CEIL"


class Round(_Named):
    """A number rounded to so many digits."""

    NAME = "ROUND"


class Truncate(_Named):
    """A number cut off after so many digits."""

    NAME = "TRUNCATE"


class DateFormat(_Named):
    """A date as text, after a pattern with `%`."""

    NAME = "DATE_FORMAT"


class UnixTimestamp(_Named):
    """Seconds since 1970."""

    NAME = "UNIX_TIMESTAMP"


class TimestampDiff(Function):
    """The whole units between two moments."""

    def __init__(self, unit: str, start: Any, end: Any, alias: str | None = None) -> None:
        from pypika.terms import LiteralValue

        super().__init__("TIMESTAMPDIFF", LiteralValue(unit if unit.isalpha() else "SECOND"), start, end, alias=alias)


class Timestamp(Function):
    """A moment, of a datetime, or of a date and a time."""

    def __init__(self, term: Any, time: Any = None, alias: str | None = None) -> None:
        super().__init__("TIMESTAMP", term, *(() if time is None else (time,)), alias=alias)


CombineDatetime = Timestamp


class Cast_(Function):
    """A value as another type."""

    def __init__(self, value: Any, as_type: Any, alias: str | None = None) -> None:
        super().__init__("CAST", value, alias=alias)
        self.as_type = as_type

    def get_special_params_sql(self, **kwargs: Any) -> str:
        kind = str(getattr(self.as_type, "value", self.as_type))
        words = kind.replace("(", " ").replace(")", " ").replace(",", " ").split()
        if not words or not all(word.isalnum() for word in words):
            raise ValueError(f"{kind!r} is no type of SQL")
        return f"AS {'CHAR' if kind.lower() == 'varchar' else kind.upper()}"


class SqlFunctions(Enum):
    """Names of functions."""

    DayOfYear = "dayofyear"
    Extract = "extract"
    Locate = "locate"
    Count = "count"
    Sum = "sum"
    Avg = "avg"
    Max = "max"
    Min = "min"
    Abs = "abs"
    Timestamp = "timestamp"
    IfNull = "ifnull"


__all__ = [
    "GROUP_CONCAT",
    "MATCH",
    "STRING_AGG",
    "TO_TSVECTOR",
    "Abs",
    "AggregateFunction",
    "Arithmetic",
    "ArithmeticExpression",
    "Ascii",
    "Avg",
    "Bin",
    "Cast",
    "Cast_",
    "Ceil",
    "Coalesce",
    "CombineDatetime",
    "Concat",
    "Concat_ws",
    "Convert",
    "Count",
    "CurDate",
    "CurTime",
    "CurTimestamp",
    "CustomFunction",
    "Date",
    "DateAdd",
    "DateDiff",
    "DateFormat",
    "DistinctOptionFunction",
    "Extract",
    "First",
    "Floor",
    "Function",
    "GroupConcat",
    "IfNull",
    "Ifnull",
    "Instr",
    "IsNull",
    "Last",
    "Length",
    "Locate",
    "Lower",
    "Match",
    "Max",
    "Min",
    "Month",
    "MonthName",
    "Now",
    "NullIf",
    "Quarter",
    "Replace",
    "Reverse",
    "Round",
    "Signed",
    "SqlFunctions",
    "SqlTypes",
    "Sqrt",
    "Std",
    "StdDev",
    "Strpos",
    "Substring",
    "Sum",
    "TimeDiff",
    "Timestamp",
    "TimestampAdd",
    "TimestampDiff",
    "Trim",
    "Truncate",
    "UnixTimestamp",
    "Unsigned",
    "Upper",
    "ValueWrapper",
]

if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
