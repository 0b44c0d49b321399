"""One condition as SQL, by the kind of its column.

Two tables of rules say what an empty column matches. `LIST` is `get_all` and `get_list`: nothing and "" are the same,
and what is not X includes what is nothing. `PLAIN` is `db.get_value`, `count`, `exists`, `set_value` and `delete`: SQL
as it is, with None for NULL. Numbers are never empty: "" counts as 0.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum
from typing import Any, ClassVar

from rota.documents.fieldtypes import NUMBERS, TEXTS, Kind
from rota.documents.filters import as_list
from rota.documents.timespans import around, timespan
from rota.documents.values import LARGEST_INT, TO_COLUMN, InvalidValue, leading_number, to_datetime, to_text
from rota.errors import InvalidFilter


class Rules(Enum):
    """What an empty column matches."""

    LIST = "list"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Ref:
    """A column, or an expression, that stands in a query. `standard`: `name`, `creation` or `modified`."""

    sql: str
    kind: Kind
    standard: bool = False


NEVER = "1 = 0"
_EARLIEST: dict[Kind, Any] = {
    Kind.DATE: "0001-01-01",
    Kind.DATETIME: "0001-01-01 00:00:00.000000",
    Kind.TIME: "00:00:00.000000",
}
_ARRAYS = {Kind.DATE: "date[]", Kind.DATETIME: "timestamp[]", Kind.TIME: "interval[]"}
_CASTS = {Kind.DATE: "date", Kind.DATETIME: "timestamp", Kind.TIME: "interval"}
# More values than this go into one parameter: a statement for each length would fill the statement caches.
FEW = 20
LONGEST_PATTERN = 10_000


class Conditions:
    """Writes conditions for one statement; `params` collects what they bind.

    `calls_mariadbs`: they call functions that a connection to SQLite must be given first.
    """

    def __init__(self, dialect: str, rules: Rules, today: Callable[[], date]) -> None:
        self.dialect = dialect
        self.rules = rules
        self.params: dict[str, Any] = {}
        self.calls_mariadbs = False
        self._today = today
        self._convert = TO_COLUMN[dialect]

    def bind(self, value: Any) -> str:
        """The placeholder of a value."""
        name = f"v{len(self.params)}"
        self.params[name] = value
        return f":{name}"

    def write(self, ref: Ref, operator: str, value: Any) -> str:
        """The condition as SQL.

        Raises:
            InvalidFilter: the value does not go with the operator or the column.
        """
        try:
            return self._writers[operator](self, ref, operator, value)
        except InvalidValue as error:
            raise InvalidFilter(f"filter {operator} {value!r:.60}: {error}") from None

    # --- equality ---

    def _equals(self, ref: Ref, operator: str, value: Any) -> str:
        negated = operator == "!="
        if _is_empty(value, ref.kind):
            return self._equals_nothing(ref, value, negated=negated)
        compared = f"{ref.sql} {'<>' if negated else '='} {self._value(ref, value)}"
        if negated and self._takes_nothing(ref):
            return f"({ref.sql} is null or {compared})"
        return compared

    def _equals_nothing(self, ref: Ref, value: Any, *, negated: bool) -> str:
        if self.rules is Rules.PLAIN and value is None:
            return f"{ref.sql} is {'not ' if negated else ''}null"
        if self.rules is Rules.PLAIN and ref.kind in TEXTS:
            return f"{ref.sql} {'<>' if negated else '='} ''"
        if self.rules is Rules.PLAIN and ref.kind not in NUMBERS:
            return f"{ref.sql} is not null" if negated else NEVER
        return self._is_set(ref) if negated else self._is_not_set(ref)

    def _is(self, ref: Ref, operator: str, value: Any) -> str:
        word = str(value or "").strip().lower()
        if word not in ("set", "not set"):
            raise InvalidFilter(f"'is' takes 'set' or 'not set', not {value!r:.40}")
        return self._is_set(ref) if word == "set" else self._is_not_set(ref)

    def _is_set(self, ref: Ref) -> str:
        if ref.kind in TEXTS:
            return f"{ref.sql} <> ''"
        return f"{ref.sql} <> 0" if ref.kind in NUMBERS else f"{ref.sql} is not null"

    def _is_not_set(self, ref: Ref) -> str:
        if ref.kind in TEXTS:
            return f"({ref.sql} is null or {ref.sql} = '')"
        return f"({ref.sql} is null or {ref.sql} = 0)" if ref.kind in NUMBERS else f"{ref.sql} is null"

    # --- lists ---

    def _in(self, ref: Ref, operator: str, value: Any) -> str:
        given = as_list(value)
        if any(isinstance(one, (list, tuple, dict, set)) for one in given):
            raise InvalidFilter(f"'{operator}' takes a list of plain values, not {value!r:.60}")
        negated = operator == "not in"
        nothing = [one for one in given if _is_empty(one, ref.kind)]
        values = [self._converted(ref, one) for one in given if not _is_empty(one, ref.kind)]
        has_nothing = not given or bool(nothing)
        if ref.kind in NUMBERS and has_nothing and (self.rules is Rules.LIST or not given or "" in nothing):
            values.append(0)
        if ref.kind in TEXTS and (not given or "" in nothing or (self.rules is Rules.LIST and nothing)):
            values.append("")
        listed = self._listed(ref, values, negated=negated)
        if ref.kind in NUMBERS or self.rules is Rules.PLAIN or ref.standard:
            return listed
        if has_nothing is not negated:
            return f"({ref.sql} is null or {listed})"
        return f"({ref.sql} is not null and {listed})" if negated else listed

    def _listed(self, ref: Ref, values: list[Any], *, negated: bool) -> str:
        if not values:
            return "1 = 1" if negated else NEVER
        if len(values) <= FEW:
            places = ", ".join(self._placed(ref, one) for one in values)
            return f"{ref.sql} {'not ' if negated else ''}in ({places})"
        if self.dialect == "sqlite":
            inside = f"(select value from json_each({self.bind(json.dumps(values))}))"
            return f"{ref.sql} {'not ' if negated else ''}in {inside}"
        if ref.kind in NUMBERS:
            values = [str(one) for one in values]  # an array has one type, and these may be int and float
        array = _ARRAYS.get(ref.kind, "numeric[]" if ref.kind in NUMBERS else "citext[]")
        return f"{ref.sql} {'<> all' if negated else '= any'} (cast({self.bind(values)} as {array}))"

    # --- order ---

    def _compares(self, ref: Ref, operator: str, value: Any) -> str:
        if isinstance(value, (list, tuple, dict, set)):
            raise InvalidFilter(f"'{operator}' takes one value, not {value!r:.60}")
        if _is_empty(value, ref.kind) and ref.kind in _EARLIEST:
            bound = self._placed(ref, self._converted(ref, _EARLIEST[ref.kind], raw=True))
        else:
            bound = self._value(ref, "" if value is None and ref.kind in TEXTS else value)
        compared = f"{ref.sql} {operator} {bound}"
        if not self._takes_nothing(ref):
            return compared
        if ref.kind in TEXTS:
            return f"{self._or_empty(ref)} {operator} {bound}"
        if operator in ("<", "<=") or ref.kind is Kind.TIME or _is_empty(value, ref.kind):
            earliest = self._placed(ref, self._converted(ref, _EARLIEST[ref.kind], raw=True))
            return f"coalesce({ref.sql}, {earliest}) {operator} {bound}"
        return compared

    def _between(self, ref: Ref, operator: str, value: Any) -> str:
        ends = as_list(value)
        if len(ends) != 2 or any(_is_empty(one, ref.kind) for one in ends):
            raise InvalidFilter(f"'between' takes two values, not {value!r:.60}")
        return self._from_to(ref, ends[0], ends[1])

    def _span(self, ref: Ref, operator: str, value: Any) -> str:
        if ref.kind not in (Kind.DATE, Kind.DATETIME):
            raise InvalidFilter(f"'{operator}' takes a date field")
        today = self._today()
        first, last = timespan(value, today) if operator == "timespan" else around(operator, value, today)
        return self._from_to(ref, first, last)

    def _from_to(self, ref: Ref, first: Any, last: Any) -> str:
        if ref.kind is Kind.DATETIME and _is_bare_date(last):
            moment = to_datetime(last)
            last = moment and moment.replace(hour=23, minute=59, second=59, microsecond=999999)
        return f"{ref.sql} between {self._value(ref, first)} and {self._value(ref, last)}"

    # --- patterns ---

    def _like(self, ref: Ref, operator: str, value: Any) -> str:
        if isinstance(value, (list, tuple, dict, set)):
            raise InvalidFilter(f"'{operator}' takes a pattern, not {value!r:.60}")
        pattern = self._convert[Kind.TEXT](value) or ""
        if len(pattern) > LONGEST_PATTERN:
            raise InvalidFilter(f"a pattern of {len(pattern)} characters is too long")
        if (len(pattern) - len(pattern.rstrip("\\"))) % 2:
            pattern += "\\"  # MariaDB takes a last backslash for itself
        subject = ref.sql
        if ref.kind not in TEXTS:
            subject = self._as_text(ref)
        elif self._takes_nothing(ref) and (not pattern or operator == "not like"):
            subject = self._or_empty(ref)
        if self.dialect == "sqlite" and not pattern.isascii():
            self.calls_mariadbs = True  # SQLite's own LIKE knows the case of ASCII only
            return f"{'not ' if operator == 'not like' else ''}rota_like({self.bind(pattern)}, {subject}, '\\', 0)"
        if self.dialect == "postgresql" and ref.kind in TEXTS:
            subject = f'({subject} collate "default")'  # so does "C", in which columns are
        return f"{subject} {operator} {self.bind(pattern)} escape '\\'"

    def _as_text(self, ref: Ref) -> str:
        if self.dialect == "postgresql" and ref.kind is Kind.DATETIME:
            return f"to_char({ref.sql}, 'YYYY-MM-DD HH24:MI:SS.US')"
        return f"cast({ref.sql} as text)"

    # --- pieces ---

    def _takes_nothing(self, ref: Ref) -> bool:
        """Whether an empty column counts as "" or the earliest date."""
        return self.rules is Rules.LIST and not ref.standard and ref.kind not in NUMBERS

    def _or_empty(self, ref: Ref) -> str:
        # coalesce() is an expression, which has no collation of its own on SQLite.
        return f"coalesce({ref.sql}, ''){' collate nocase' if self.dialect == 'sqlite' else ''}"

    def _value(self, ref: Ref, value: Any) -> str:
        return self._placed(ref, self._converted(ref, value))

    def _placed(self, ref: Ref, value: Any) -> str:
        place = self.bind(value)
        cast = _CASTS.get(ref.kind) if self.dialect == "postgresql" else None
        return f"cast({place} as {cast})" if cast else place

    def _converted(self, ref: Ref, value: Any, *, raw: bool = False) -> Any:
        if raw and self.dialect == "sqlite":
            return value
        if raw:
            return (
                datetime(1, 1, 1)
                if ref.kind is Kind.DATETIME
                else date(1, 1, 1)
                if ref.kind is Kind.DATE
                else timedelta()
            )
        if isinstance(value, (list, tuple, dict, set)):
            raise InvalidFilter(f"one value is wanted, not {value!r:.60}")
        if ref.kind in NUMBERS:
            return _number(value)
        if ref.kind in TEXTS:
            return self._convert[Kind.TEXT](_time_text(value))
        return self._convert[ref.kind](value)

    _writers: ClassVar[dict[str, Callable[[Conditions, Ref, str, Any], str]]] = {
        "=": _equals,
        "!=": _equals,
        "is": _is,
        "in": _in,
        "not in": _in,
        "<": _compares,
        "<=": _compares,
        ">": _compares,
        ">=": _compares,
        "between": _between,
        "timespan": _span,
        "previous": _span,
        "next": _span,
        "like": _like,
        "not like": _like,
    }


def _is_empty(value: Any, kind: Kind) -> bool:
    if value is None or (isinstance(value, str) and not value):
        return True
    return kind in _EARLIEST and value in ("0000-00-00", "0000-00-00 00:00:00")


def _number(value: Any) -> float | int:
    if isinstance(value, (date, time, timedelta)):
        raise InvalidFilter(f"{value!r} is no number")
    if isinstance(value, int) and abs(value) <= LARGEST_INT:
        return int(value)
    try:
        number = leading_number(value)
    except InvalidValue:
        return 1e308 if value > 0 else -1e308
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _time_text(value: Any) -> Any:
    return value.isoformat(" ") if isinstance(value, datetime) else to_text(value)


def _is_bare_date(value: Any) -> bool:
    if isinstance(value, str):
        return len(value.strip()) <= 10
    return isinstance(value, date) and not isinstance(value, datetime)
