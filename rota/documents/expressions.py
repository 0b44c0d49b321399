"""What apps may select, group and sort by: names, and calls of a few functions. Nothing of their text becomes SQL.

expression = term {("+" | "-") term}        term = factor {("*" | "/") factor}
factor     = number | 'text' | "(" expression ")" | FUNCTION "(" ["distinct"] [expression {"," expression}] ")" | name
name       = ["`tabX`." | field "."] column          all names may stand in backticks

Other functions of MariaDB are translated as those of `frappe.db.sql` are, if they can do no harm.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from rota.documents.conditions import Ref
from rota.documents.fieldtypes import NUMBERS, TEXTS, Kind
from rota.documents.values import LARGEST_INT
from rota.errors import InvalidFilter

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|'(?P<text>(?:[^'\\])*)'|\"(?P<double>(?:[^\"\\])*)\"(?!\s*\.)"
    r"|(?P<name>(?:`[^`]+`|[A-Za-z_]\w*)(?:\s*\.\s*(?:`[^`]+`|[A-Za-z_]\w*|\*))?|tab[\w \-]+\.\w+)|(?P<mark>[-+*/(),]))"
)
_CALL = re.compile(r"\b([A-Za-z_]\w*)\s*\(")
_SPACED = re.compile(r"\s*(?P<name>tab[A-Z][\w \-]*?\.(?:\w+|`\w+`|\*))")
LONGEST = 500

AGGREGATES = frozenset({"count", "sum", "avg", "min", "max"})


@dataclass(frozen=True, slots=True)
class Expr:
    """An expression of a statement. `column`: its name when it is a plain column; `aggregate`: it sums up rows."""

    sql: str
    kind: Kind
    column: str = ""
    aggregate: bool = False
    constant: bool = False

    @property
    def ref(self) -> Ref:
        """As something that conditions are written about."""
        return Ref(self.sql, self.kind)


class Expressions:
    """Reads expressions of one statement."""

    def __init__(
        self,
        dialect: str,
        resolve: Callable[[str], Expr],
        bind: Callable[[Any], str],
        translate: Callable[[str], Expr],
    ) -> None:
        """`resolve`: gives the column of a name, or raises; `bind`: the placeholder of a value.

        `translate`: gives the expression of a text that calls a function which is not here, or raises.
        """
        self.dialect = dialect
        self._resolve = resolve
        self._bind = bind
        self._translate = translate
        self._tokens: list[tuple[str, str]] = []
        self._next = 0

    def read(self, text: str) -> Expr:
        """The expression that a text says.

        Raises:
            InvalidFilter: it is none, or names something unknown.
        """
        if len(text) > LONGEST:
            raise InvalidFilter(f"a field of {len(text)} characters is too long")
        if any(name.lower() not in _FUNCTIONS for name in _CALL.findall(text)):
            return self._translate(text)
        self._tokens, self._next = _tokens(text), 0
        found = self._sum()
        if self._next != len(self._tokens):
            raise InvalidFilter(f"{text!r:.80} is no field: what is {self._tokens[self._next][1]!r:.40}?")
        return found

    def call(self, function: str, arguments: Any) -> Expr:
        """The expression of Frappe's form `{"COUNT": "name"}`: a function by name, with one argument or a list."""
        if function.lower() not in _FUNCTIONS or any(isinstance(one, Mapping) for one in _listed(arguments)):
            return self.read(_written(function, arguments))
        given = arguments if isinstance(arguments, list) else [arguments]
        return self._called(function.lower(), [self._argument(one) for one in given], distinct=False)

    def _argument(self, value: Any) -> Expr:
        if isinstance(value, str):
            quoted = len(value) > 1 and value[0] == value[-1] == "'"
            if value == "*":
                return Expr("*", Kind.INT)
            return self._constant(value[1:-1]) if quoted else self.read(value)
        if isinstance(value, (int, float)) or value is None:
            return self._constant(value if value is not None else "")
        raise InvalidFilter(f"{value!r:.60} is no field")

    # --- the grammar ---

    def _peek(self) -> str:
        return self._tokens[self._next][1] if self._next < len(self._tokens) else ""

    def _take(self, mark: str) -> bool:
        if self._next < len(self._tokens) and self._tokens[self._next] == ("mark", mark):
            self._next += 1
            return True
        return False

    def _want(self, mark: str) -> None:
        if not self._take(mark):
            raise InvalidFilter(f"a {mark!r} is missing before {self._peek()!r:.40}")

    def _sum(self, depth: int = 0) -> Expr:
        return self._binary(lambda: self._product(depth), ("+", "-"))

    def _product(self, depth: int) -> Expr:
        return self._binary(lambda: self._factor(depth), ("*", "/"))

    def _binary(self, part: Callable[[], Expr], marks: tuple[str, str]) -> Expr:
        left = part()
        while self._next < len(self._tokens) and self._tokens[self._next] in (("mark", marks[0]), ("mark", marks[1])):
            mark = self._tokens[self._next][1]
            self._next += 1
            right = part()
            for side in (left, right):
                if side.kind not in NUMBERS:
                    raise InvalidFilter(f"{mark!r} takes number fields")
            kind = Kind.INT if mark != "/" and {left.kind, right.kind} <= {Kind.INT, Kind.CHECK} else Kind.FLOAT
            # MariaDB divides as numbers, and by nothing gives nothing.
            divisor = f"nullif({right.sql}, 0)" if mark == "/" else right.sql
            dividend = f"({left.sql} * 1.0)" if mark == "/" else left.sql
            left = Expr(f"({dividend} {mark} {divisor})", kind, aggregate=left.aggregate or right.aggregate)
        return left

    def _factor(self, depth: int) -> Expr:
        if depth > 10:
            raise InvalidFilter("an expression is nested more than 10 deep")
        if self._next >= len(self._tokens):
            raise InvalidFilter("an expression ends too early")
        kind, text = self._tokens[self._next]
        self._next += 1
        if kind == "number":
            return self._constant(float(text) if "." in text else int(text))
        if kind == "text":
            return self._constant(text)
        if kind == "mark":
            if text != "(":
                raise InvalidFilter(f"what is {text!r} doing here?")
            inner = self._sum(depth + 1)
            self._want(")")
            return replace(inner, column="")
        if self._peek() == "(" and "." not in text and "`" not in text:
            self._next += 1
            return self._arguments(text.lower(), depth)
        return self._resolve(text)

    def _arguments(self, function: str, depth: int) -> Expr:
        distinct = False
        arguments: list[Expr] = []
        if function == "count" and self._peek().lower() == "distinct":
            self._next += 1
            distinct = True
        if function == "count" and self._take("*"):
            arguments.append(Expr("*", Kind.INT))
        elif self._peek() != ")":
            arguments.append(self._sum(depth + 1))
            while self._take(","):
                arguments.append(self._sum(depth + 1))
        self._want(")")
        return self._called(function, arguments, distinct=distinct)

    # --- functions ---

    def _called(self, function: str, arguments: list[Expr], *, distinct: bool) -> Expr:
        writer = _FUNCTIONS.get(function)
        if writer is None:
            raise InvalidFilter(
                f"{function!r:.40} is no function for fields; there are {', '.join(sorted(_FUNCTIONS))}"
            )
        least, most, write = writer
        if not least <= len(arguments) <= most:
            raise InvalidFilter(f"{function} takes {least} to {most} arguments, not {len(arguments)}")
        if any(one.sql == "*" for one in arguments) and function != "count":
            raise InvalidFilter(f"{function}(*) means nothing")
        if function in AGGREGATES and any(one.aggregate for one in arguments):
            raise InvalidFilter(f"{function} can't sum up what is summed up already")
        found = write(self, arguments)
        if distinct:
            found = replace(found, sql=f"count(distinct {arguments[0].sql})")
        within = any(one.aggregate for one in arguments)
        return replace(found, aggregate=function in AGGREGATES or within)

    def _constant(self, value: Any) -> Expr:
        kind = Kind.TEXT if isinstance(value, str) else Kind.FLOAT if isinstance(value, float) else Kind.INT
        if kind is Kind.INT and abs(value) > LARGEST_INT:
            raise InvalidFilter(f"{value} is too large a number")
        place = self._bind(value)
        cast = {Kind.TEXT: "citext", Kind.INT: "bigint", Kind.FLOAT: "numeric"}[kind]
        return Expr(f"cast({place} as {cast})" if self.dialect == "postgresql" else place, kind, constant=True)

    def _as_text(self, one: Expr) -> str:
        if one.kind in TEXTS and self.dialect == "sqlite":
            return one.sql
        if self.dialect == "postgresql" and one.kind is Kind.DATETIME:
            return f"to_char({one.sql}, 'YYYY-MM-DD HH24:MI:SS.US')"
        return f"cast({one.sql} as text)"

    def _count(self, given: list[Expr]) -> Expr:
        return Expr(f"count({given[0].sql})", Kind.INT)

    def _total(self, name: str) -> Callable[[list[Expr]], Expr]:
        def write(given: list[Expr]) -> Expr:
            if given[0].kind not in NUMBERS:
                raise InvalidFilter(f"{name} takes a number field")
            return Expr(f"{name}({given[0].sql})", Kind.FLOAT)

        return write

    def _first_of(self, given: list[Expr]) -> Expr:
        kind = given[0].kind
        parts = [given[0].sql]
        for one in given[1:]:
            if any(one.kind in family and kind in family for family in (TEXTS, NUMBERS, {kind})):
                parts.append(one.sql)
            elif one.constant and kind in TEXTS:
                parts.append(self._as_text(one))
            else:
                raise InvalidFilter(
                    f"ifnull and coalesce take values of one kind, not {kind.value} and {one.kind.value}"
                )
        ending = " collate nocase" if self.dialect == "sqlite" and kind in TEXTS else ""
        return Expr(f"coalesce({', '.join(parts)}){ending}", kind)

    def _concat(self, given: list[Expr]) -> Expr:
        return Expr("(" + " || ".join(self._as_text(one) for one in given) + ")", Kind.LONG)

    def _day_of(self, given: list[Expr]) -> Expr:
        _want_date("date", given[0])
        sqlite = self.dialect == "sqlite"
        return Expr(f"substr({given[0].sql}, 1, 10)" if sqlite else f"cast({given[0].sql} as date)", Kind.DATE)

    def _moment_of(self, given: list[Expr]) -> Expr:
        _want_date("timestamp", given[0])
        if given[0].kind is Kind.DATETIME:
            return given[0]
        sqlite = self.dialect == "sqlite"
        sql = f"({given[0].sql} || ' 00:00:00.000000')" if sqlite else f"cast({given[0].sql} as timestamp)"
        return Expr(sql, Kind.DATETIME)


_OPERATORS = {"ADD": "+", "SUB": "-", "MUL": "*", "DIV": "/"}


def _listed(arguments: Any) -> list[Any]:
    return [] if arguments is None else list(arguments) if isinstance(arguments, (list, tuple)) else [arguments]


def _written(function: str, arguments: Any) -> str:
    """Frappe's form `{"DIV": ["total", {"NULLIF": ["qty", 0]}]}` as text."""
    given = [_written(*_only(one)) if isinstance(one, Mapping) else str(one) for one in _listed(arguments)]
    if function in _OPERATORS and len(given) == 2:
        return f"({given[0]} {_OPERATORS[function]} {given[1]})"
    if function == "EXTRACT" and len(given) == 2:
        return f"extract({given[0]} from {given[1]})"
    return f"{function}({', '.join(given)})"


def _only(one: Mapping[str, Any]) -> tuple[str, Any]:
    if len(one) != 1:
        raise InvalidFilter(f"a function is {{NAME: field}}, not {one!r:.80}")
    function, arguments = next(iter(one.items()))
    return str(function), arguments


def _want_date(function: str, one: Expr) -> None:
    if one.kind not in (Kind.DATE, Kind.DATETIME):
        raise InvalidFilter(f"{function} takes a date field")


def _part_of_date(name: str, start: int, length: int) -> Callable[[Expressions, list[Expr]], Expr]:
    def write(self: Expressions, given: list[Expr]) -> Expr:
        _want_date(name, given[0])
        if self.dialect == "sqlite":
            return Expr(f"cast(substr({given[0].sql}, {start}, {length}) as integer)", Kind.INT)
        return Expr(f"cast(extract({name} from {given[0].sql}) as integer)", Kind.INT)

    return write


def _same_kind(name: str) -> Callable[[Expressions, list[Expr]], Expr]:
    def write(self: Expressions, given: list[Expr]) -> Expr:
        if name == "abs" and given[0].kind not in NUMBERS:
            raise InvalidFilter("abs takes a number field")
        return Expr(f"{name}({given[0].sql})", given[0].kind)

    return write


_Writer = Callable[[Expressions, list[Expr]], Expr]

# The fewest and most arguments, and how the call is written.
_FUNCTIONS: dict[str, tuple[int, int, _Writer]] = {
    "count": (1, 1, Expressions._count),
    "sum": (1, 1, lambda self, given: self._total("sum")(given)),
    "avg": (1, 1, lambda self, given: self._total("avg")(given)),
    "min": (1, 1, _same_kind("min")),
    "max": (1, 1, _same_kind("max")),
    "abs": (1, 1, _same_kind("abs")),
    "ifnull": (2, 2, Expressions._first_of),
    "coalesce": (2, 8, Expressions._first_of),
    "concat": (1, 20, Expressions._concat),
    "date": (1, 1, Expressions._day_of),
    "timestamp": (1, 1, Expressions._moment_of),
    "year": (1, 1, _part_of_date("year", 1, 4)),
    "month": (1, 1, _part_of_date("month", 6, 2)),
    "day": (1, 1, _part_of_date("day", 9, 2)),
}


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    place, text = 0, text.rstrip()
    while place < len(text):
        found = _SPACED.match(text, place) or _TOKEN.match(text, place)
        if found is None:
            raise InvalidFilter(f"{text!r:.80} is no field: what is {text[place : place + 20]!r}?")
        kind = "name" if found.re is _SPACED else found.lastgroup or ""
        tokens.append(("text" if kind == "double" else kind, found.group(kind)))
        place = found.end()
    return tokens


def split(text: str) -> list[str]:
    """The parts of a list written as text, at commas outside brackets and quotes."""
    parts, depth, quote, part = [], 0, "", ""
    for mark in text:
        if quote:
            quote = "" if mark == quote else quote
        elif mark in "'\"`":
            quote = mark
        elif mark in "([{":
            depth += 1
        elif mark in ")]}":
            depth -= 1
        if mark == "," and not depth and not quote:
            parts.append(part.strip())
            part = ""
        else:
            part += mark
    return [one for one in (*parts, part.strip()) if one]
