"""The functions a statement may call: what they take, what they give, and what each database calls instead.

What is not here is refused. A form is a template with the arguments `{0}`, `{1}`, ..., or all of them as `{*}`; where
it is left empty, the database gets a function of Rota's own: `rota_NAME` from `functions.py` on SQLite, `rota.NAME`
from `functions.sql` on PostgreSQL.

Arguments are converted to what their letter says: `t` text, `n` number, `f` double, `i` integer, `d` date, `e` date or
datetime, `c` time or datetime, `T` time, `x` as it is; those after `?` may be left out, `+` repeats the last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rota.db.mariadb.types import DATE, DOUBLE, INT, TEXT, Expr, Kind, Type

Returns = Type | Callable[[Sequence[Expr]], Type]


@dataclass(frozen=True, slots=True)
class Call:
    """A function: its arguments' letters, what it returns, and its form on each database."""

    takes: str
    returns: Returns
    sqlite: str = ""
    postgresql: str = ""


def _same(args: Sequence[Expr]) -> Type:
    return args[0].type if args[0].kind is not Kind.BOOL else INT


def _whole(args: Sequence[Expr]) -> Type:
    return DOUBLE if args[0].kind in (Kind.DOUBLE, Kind.TEXT) else INT


def _rounded(args: Sequence[Expr]) -> Type:
    kind = args[0].kind
    if kind is not Kind.DECIMAL:
        return DOUBLE if kind in (Kind.DOUBLE, Kind.TEXT) else INT
    if len(args) == 1:
        return INT if not args[0].type.digits else Type(Kind.DECIMAL, 0)
    places = args[1].literal
    if places is None or not places.lstrip("-").isdigit():
        return args[0].type
    return Type(Kind.DECIMAL, min(args[0].type.digits, max(0, int(places))))


def _seconds(args: Sequence[Expr]) -> Type:
    return Type(Kind.TIME, 6 if args[0].kind in (Kind.DECIMAL, Kind.DOUBLE) else 0)


def _as_seconds(args: Sequence[Expr]) -> Type:
    digits = args[0].type.digits if args[0].kind in (Kind.DATETIME, Kind.TIME) else 0
    return Type(Kind.DECIMAL, digits) if digits else INT


def _part(unit: str) -> str:
    return f"CAST(extract({unit} FROM {{0}}) AS integer)"


_UPPER = '{0} COLLATE "default"'
_FOUND = 'strpos(lower({0} COLLATE "default"), lower({1} COLLATE "default"))'

_TEXT_CALLS = {
    "LOWER LCASE": Call("t", TEXT, "rota_lower({0})", f"lower({_UPPER})"),
    "UPPER UCASE": Call("t", TEXT, "rota_upper({0})", f"upper({_UPPER})"),
    "CHAR_LENGTH CHARACTER_LENGTH": Call("t", INT, "length({0})", "char_length({0})"),
    "LENGTH OCTET_LENGTH": Call("t", INT, "length(CAST({0} AS BLOB))", "octet_length({0})"),
    "LEFT": Call("ti", TEXT, "", "left({0}, greatest({1}, 0))"),
    "RIGHT": Call("ti", TEXT, "", "right({0}, greatest({1}, 0))"),
    "MID": Call("tii", TEXT, "rota_substring({*})", "rota.substring({*})"),
    "LTRIM": Call("t", TEXT, "ltrim({0})", "ltrim({0})"),
    "RTRIM": Call("t", TEXT, "rtrim({0})", "rtrim({0})"),
    "REPLACE": Call("ttt", TEXT, "replace({*})", "replace({*})"),
    "REVERSE": Call("t", TEXT, "", "reverse({0})"),
    "REPEAT": Call("ti", TEXT, "", "repeat({*})"),
    "SPACE": Call("i", TEXT, "", "repeat(' ', {0})"),
    "LPAD": Call("ti?t", TEXT, "", "lpad({*})"),
    "RPAD": Call("ti?t", TEXT, "", "rpad({*})"),
    "CONCAT_WS": Call("tt+", TEXT, "", "concat_ws({*})"),
    "INSTR": Call("tt", INT, "rota_locate({1}, {0})", _FOUND),
    "LOCATE": Call("tt?i", INT),
    "SUBSTRING_INDEX": Call("tti", TEXT),
    "FIND_IN_SET": Call("tt", INT),
    "FORMAT": Call("ni", TEXT),
    "ASCII": Call("t", INT, "", "ascii({0})"),
    "HEX": Call("t", TEXT, "hex({0})", "upper(encode(convert_to({0}, 'UTF8'), 'hex'))"),
    "MD5": Call("t", TEXT, "", "md5({0})"),
    "SHA1 SHA": Call("t", TEXT, "rota_sha1({0})", "rota.sha1({0})"),
    "SHA2": Call("ti", TEXT),
    "STRCMP": Call("tt", INT),
    "INSERT": Call("tiit", TEXT, "rota_insert_text({*})", "rota.insert_text({*})"),
    "REGEXP_REPLACE": Call("ttt", TEXT),
    "REGEXP_SUBSTR": Call("tt", TEXT),
    "REGEXP_INSTR": Call("tt", INT),
    "UUID": Call("", TEXT, "", "CAST(gen_random_uuid() AS text)"),
    "JSON_EXTRACT": Call("tt+", TEXT),
    "JSON_UNQUOTE": Call("t", TEXT),
    "JSON_VALUE": Call("tt", TEXT),
    "JSON_EXISTS": Call("tt", INT),
    "JSON_QUERY": Call("tt", TEXT),
    "JSON_QUOTE": Call("t", TEXT),
    "JSON_TYPE": Call("t", TEXT),
    "JSON_KEYS": Call("t?t", TEXT),
    "JSON_VALID": Call("t", INT),
    "JSON_LENGTH": Call("t?t", INT),
    "JSON_CONTAINS": Call("tt?t", INT),
}

_NUMBER_CALLS = {
    "ABS": Call("n", _same, "abs({0})", "abs({0})"),
    "CEIL CEILING": Call("n", _whole, "rota_ceil({0})", "ceil({0})"),
    "FLOOR": Call("n", _whole, "", "floor({0})"),
    "ROUND": Call("n?i", _rounded),
    "TRUNCATE": Call("ni", _rounded),
    "SIGN": Call("n", INT, "", "CAST(sign({0}) AS integer)"),
    "POW POWER": Call("ff", DOUBLE, "rota_pow({*})", "power({*})"),
    "SQRT": Call("f", DOUBLE, "", "CASE WHEN {0} >= 0 THEN sqrt({0}) END"),
    "EXP": Call("f", DOUBLE, "", "exp({0})"),
    "LN": Call("f", DOUBLE, "rota_ln({0})", "ln(nullif(greatest({0}, 0), 0))"),
    "LOG10": Call("f", DOUBLE, "", "log(nullif(greatest({0}, 0), 0))"),
    "LOG2": Call("f", DOUBLE, "", "ln(nullif(greatest({0}, 0), 0)) / ln(2)"),
    "SIN": Call("f", DOUBLE, "", "sin({0})"),
    "COS": Call("f", DOUBLE, "", "cos({0})"),
    "TAN": Call("f", DOUBLE, "", "tan({0})"),
    "ASIN": Call("f", DOUBLE, "", "CASE WHEN abs({0}) <= 1 THEN asin({0}) END"),
    "ACOS": Call("f", DOUBLE, "", "CASE WHEN abs({0}) <= 1 THEN acos({0}) END"),
    "ATAN": Call("f", DOUBLE, "", "atan({0})"),
    "ATAN2": Call("ff", DOUBLE, "", "atan2({*})"),
    "RADIANS": Call("f", DOUBLE, "", "radians({0})"),
    "DEGREES": Call("f", DOUBLE, "", "degrees({0})"),
    "PI": Call("", Type(Kind.DECIMAL, 6), "3.141592653589793", "pi()"),
    "RAND": Call("", DOUBLE, "", "random()"),
}

_TIME_CALLS = {
    "YEAR": Call("e", INT, "CAST(substr({0}, 1, 4) AS INTEGER)", _part("year")),
    "QUARTER": Call("e", INT, "((CAST(substr({0}, 6, 2) AS INTEGER) + 2) / 3)", _part("quarter")),
    "MONTH": Call("e", INT, "CAST(substr({0}, 6, 2) AS INTEGER)", _part("month")),
    "DAY DAYOFMONTH": Call("e", INT, "CAST(substr({0}, 9, 2) AS INTEGER)", _part("day")),
    "DAYOFWEEK": Call("e", INT, "(CAST(strftime('%w', substr({0}, 1, 10)) AS INTEGER) + 1)", f"({_part('dow')} + 1)"),
    "WEEKDAY": Call(
        "e", INT, "((CAST(strftime('%w', substr({0}, 1, 10)) AS INTEGER) + 6) % 7)", f"({_part('isodow')} - 1)"
    ),
    "DAYOFYEAR": Call("e", INT, "CAST(strftime('%j', substr({0}, 1, 10)) AS INTEGER)", _part("doy")),
    "WEEK": Call("e?i", INT),
    "YEARWEEK": Call("e?i", INT),
    "WEEKOFYEAR": Call("e", INT, "rota_week({0}, 3)", "rota.week({0}, 3)"),
    "DAYNAME": Call("e", TEXT, "", "to_char({0}, 'FMDay')"),
    "MONTHNAME": Call("e", TEXT, "", "to_char({0}, 'FMMonth')"),
    "HOUR": Call("c", INT, "", "rota.hours({0})"),
    "MINUTE": Call("c", INT, "", "abs(CAST(extract(minute FROM {0}) AS integer))"),
    "SECOND": Call("c", INT, "", "abs(CAST(trunc(extract(second FROM {0})) AS integer))"),
    "MICROSECOND": Call("c", INT, "", "CAST(extract(microseconds FROM {0}) AS integer) % 1000000"),
    "TIME_FORMAT": Call("Tt", TEXT),
    "DATEDIFF": Call("dd", INT, "CAST(julianday({0}) - julianday({1}) AS INTEGER)", "({0} - {1})"),
    "LAST_DAY": Call("d", DATE, "", "CAST(date_trunc('month', {0}) + interval '1 month - 1 day' AS date)"),
    "MAKEDATE": Call("ii", DATE),
    "MAKETIME": Call("iii", Type(Kind.TIME), "", "make_interval(hours => {0}, mins => {1}, secs => {2})"),
    "SEC_TO_TIME": Call("n", _seconds, "", "make_interval(secs => {0})"),
    "TIME_TO_SEC": Call("T", _as_seconds, "", "extract(epoch FROM {0})"),
    "TO_DAYS": Call("d", INT, "CAST(julianday({0}) - 1721059.5 AS INTEGER)", "({0} - DATE '0001-01-01' + 366)"),
    "FROM_DAYS": Call("i", DATE, "date({0} + 1721059.5)", "(DATE '0001-01-01' + ({0} - 366))"),
    "PERIOD_DIFF": Call("ii", INT, *("({0} / 100 * 12 + {0} % 100 - {1} / 100 * 12 - {1} % 100)",) * 2),
}

TEMPLATES: dict[str, Call] = {
    name: call
    for calls in (_TEXT_CALLS, _NUMBER_CALLS, _TIME_CALLS)
    for names, call in calls.items()
    for name in names.split()
}
"""Functions that a template translates, by name. SUBSTRING and TRIM have a syntax of their own; see `calls.py`."""


def words(text: str) -> frozenset[str]:
    """The words of a text: names, for lists of them."""
    return frozenset(text.split())


AGGREGATES = words(
    "STD STDDEV STDDEV_POP STDDEV_SAMP VARIANCE VAR_POP VAR_SAMP BIT_OR BIT_AND JSON_ARRAYAGG JSON_OBJECTAGG"
)
WINDOW_ONLY = words(
    """ROW_NUMBER RANK DENSE_RANK PERCENT_RANK CUME_DIST NTILE LAG LEAD FIRST_VALUE LAST_VALUE NTH_VALUE"""
)
SPECIAL = words(
    """IF IFNULL NVL COALESCE NULLIF ISNULL GREATEST LEAST FIELD ELT CONCAT MOD LOG
    NOW CURRENT_TIMESTAMP LOCALTIME LOCALTIMESTAMP SYSDATE CURDATE CURRENT_DATE CURTIME CURRENT_TIME
    UTC_DATE UTC_TIME UTC_TIMESTAMP UNIX_TIMESTAMP FROM_UNIXTIME DATE TIME TIMESTAMP STR_TO_DATE DATE_FORMAT
    DATE_ADD DATE_SUB ADDDATE SUBDATE TIMESTAMPADD TIMESTAMPDIFF TIMEDIFF ADDTIME SUBTIME
    JSON_OBJECT JSON_ARRAY JSON_SET JSON_INSERT JSON_REPLACE JSON_ARRAY_APPEND JSON_REMOVE"""
)

CALLS = frozenset(TEMPLATES) | AGGREGATES | WINDOW_ONLY | SPECIAL
"""Every function that is marked for `calls.py` before sqlglot reads the statement."""
