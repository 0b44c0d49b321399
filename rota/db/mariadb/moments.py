"""Functions of time: the site's clock, intervals, differences, and the parts of a moment."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from sqlglot import exp

from rota.db.mariadb import compare
from rota.db.mariadb.context import Context, Scope
from rota.db.mariadb.parse import MARK
from rota.db.mariadb.types import DATE, DATETIME, INT, TEXT, TIME, Expr, Kind, Type
from rota.db.mariadb.values import parsed_moment
from rota.errors import UnsupportedSQL

SECOND = Type(Kind.DATETIME)
CLOCK = Type(Kind.TIME)

_DAYS = frozenset({"DAY", "WEEK", "MONTH", "QUARTER", "YEAR", "YEAR_MONTH"})
_UNITS = _DAYS | {"HOUR", "MINUTE", "SECOND", "MICROSECOND"}
_COMPOUND = frozenset(
    {"YEAR_MONTH", "DAY_HOUR", "DAY_MINUTE", "DAY_SECOND", "DAY_MICROSECOND", "HOUR_MINUTE", "HOUR_SECOND",
     "HOUR_MICROSECOND", "MINUTE_SECOND", "MINUTE_MICROSECOND", "SECOND_MICROSECOND"}
)  # fmt: skip
_PARTS = frozenset({"YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND", "MICROSECOND"})
_PART_FORMATS = {
    "YEAR_MONTH": "%Y%m", "DAY_HOUR": "%d%H", "DAY_MINUTE": "%d%H%i", "DAY_SECOND": "%d%H%i%s",
    "HOUR_MINUTE": "%H%i", "HOUR_SECOND": "%H%i%s", "MINUTE_SECOND": "%i%s",
}  # fmt: skip

Special = Callable[[Context, str, Sequence[exp.Expr], Scope], Expr]


# --- the clock ---


def _now(ctx: Context, name: str, nodes: Sequence[exp.Expr], scope: Scope) -> Expr:
    precise = bool(nodes) and nodes[0].name not in ("", "0")
    what = "utc_now" if name == "UTC_TIMESTAMP" else "now"
    return ctx.clock(what + "_exact" * precise, Type(Kind.DATETIME, 6 * precise))


def _today(ctx: Context, name: str, nodes: Sequence[exp.Expr], scope: Scope) -> Expr:
    return ctx.clock("utc_today" if name == "UTC_DATE" else "today", DATE)


def _time_now(ctx: Context, name: str, nodes: Sequence[exp.Expr], scope: Scope) -> Expr:
    return ctx.clock("utc_time" if name == "UTC_TIME" else "time", CLOCK)


def _unix_timestamp(ctx: Context, name: str, nodes: Sequence[exp.Expr], scope: Scope) -> Expr:
    zone = ctx.clock("zone", TEXT)
    moment = ctx.expr(nodes[0], scope) if nodes else ctx.clock("now", SECOND)
    digits = moment.type.digits if moment.kind in (Kind.DATETIME, Kind.TIME) else 0
    text = compare.argument(ctx, moment, DATETIME).text
    kind = Type(Kind.DECIMAL, digits) if digits else INT
    return Expr(ctx.target.call("unix_timestamp", text, _plain(ctx, zone)), kind)


def _from_unixtime(ctx: Context, name: str, nodes: Sequence[exp.Expr], scope: Scope) -> Expr:
    seconds = compare.as_number(ctx, ctx.expr(nodes[0], scope))
    number = seconds.text if ctx.is_sqlite else f"CAST({seconds.text} AS double precision)"
    kind = Type(Kind.DATETIME, 0 if seconds.kind is Kind.INT else 6)
    text = ctx.target.call("from_unixtime", number, _plain(ctx, ctx.clock("zone", TEXT)))
    if len(nodes) > 1:
        return Expr(ctx.target.call("date_format", text, ctx.target.text(ctx.expr(nodes[1], scope))), TEXT)
    return Expr(text, kind)


def _plain(ctx: Context, expr: Expr) -> str:
    return ctx.target.text(Expr(expr.text, TEXT, folded=True))


# --- adding and subtracting ---


def _date_add(ctx: Context, name: str, nodes: Sequence[exp.Expr], scope: Scope) -> Expr:
    base = ctx.expr(nodes[0], scope)
    shift = nodes[1] if isinstance(nodes[1], exp.Interval) else exp.Interval(this=nodes[1], unit=exp.var("DAY"))
    return shifted(ctx, base, shift, scope, -1 if name in ("DATE_SUB", "SUBDATE") else 1)


def _timestampadd(ctx: Context, name: str, nodes: Sequence[exp.Expr], scope: Scope) -> Expr:
    shift = exp.Interval(this=nodes[1], unit=exp.var(nodes[0].name))
    return shifted(ctx, ctx.expr(nodes[2], scope), shift, scope, 1)


def shifted(ctx: Context, base: Expr, interval: exp.Expr, scope: Scope, sign: int) -> Expr:
    """`base` moved by an INTERVAL, forwards or backwards: a DATE stays one if it is moved by whole days."""
    unit = _unit(interval)
    if base.kind in (Kind.INT, Kind.DECIMAL, Kind.DOUBLE):
        base = Expr(ctx.target.text(base), TEXT)
    kind = _shifted_type(base.type, unit)
    amount, unit = _amount(ctx, interval.this, unit, scope)
    amount = amount if sign > 0 else f"(-{amount})"
    if base.kind in (Kind.UNKNOWN, Kind.NULL):
        base = Expr(ctx.target.moment(base, DATETIME), DATETIME)
    if ctx.is_sqlite:
        call = "shift_text" if base.kind is Kind.TEXT else "shift"
        return Expr(ctx.target.call(call, base.text, amount, f"'{unit}'"), kind)
    span = ctx.target.call("span", f"CAST({amount} AS double precision)", f"'{unit}'")
    if base.kind is Kind.TEXT:
        return Expr(ctx.target.call("shift_text", ctx.target.text(base), span), kind)
    text = f"({ctx.target.moment(base, base.type)} + {span})"
    return Expr(f"CAST({text} AS date)" if kind.kind is Kind.DATE else text, kind)


def _unit(interval: exp.Expr) -> str:
    unit = interval.args.get("unit")
    name = unit.name.upper() if unit is not None else ""
    if name not in _UNITS and name not in _COMPOUND:
        raise UnsupportedSQL(
            f"INTERVAL ... {name or 'without a unit'}", "use DAY, WEEK, MONTH, YEAR, HOUR, MINUTE or SECOND"
        )
    return name


def _shifted_type(base: Type, unit: str) -> Type:
    if base.kind is Kind.DATE and unit not in _DAYS:
        return Type(Kind.DATETIME, 6 if "MICRO" in unit else 0)
    if base.kind in (Kind.UNKNOWN, Kind.NULL):
        return DATETIME
    return base


def _amount(ctx: Context, node: exp.Expr, unit: str, scope: Scope) -> tuple[str, str]:
    """How many of which unit. '1:30' MINUTE_SECOND is counted in the smaller unit."""
    expr = ctx.expr(node, scope)
    if unit in _COMPOUND:
        if expr.literal is None:
            raise UnsupportedSQL(f"INTERVAL with a computed {unit}", "give it as a literal, or use a single unit")
        return _compound(expr.literal, unit)
    number = compare.as_number(ctx, expr)
    if unit != "SECOND" and number.kind is not Kind.INT:
        whole = f"round({number.text})" if ctx.is_sqlite else f"round(CAST({number.text} AS numeric))"
        return whole, unit
    return number.text, unit


_SCALES = {"YEAR": 12, "MONTH": 1, "DAY": 86400.0, "HOUR": 3600.0, "MINUTE": 60.0, "SECOND": 1.0, "MICROSECOND": 1e-6}
_ORDER = ["YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND", "MICROSECOND"]


def _compound(text: str, unit: str) -> tuple[str, str]:
    first, last = unit.split("_")
    units = _ORDER[_ORDER.index(first) : _ORDER.index(last) + 1]
    numbers = "".join(c if c.isdigit() else " " for c in text).split()
    total = sum(int(number) * _SCALES[one] for number, one in zip(reversed(numbers), reversed(units), strict=False))
    sign = "-" if text.strip().startswith("-") else ""
    return f"{sign}{total}", "MONTH" if last == "MONTH" else "SECOND"


def _add_time(ctx: Context, name: str, nodes: Sequence[exp.Expr], scope: Scope) -> Expr:
    base, span = ctx.expr(nodes[0], scope), ctx.expr(nodes[1], scope)
    untyped = base.kind is Kind.TEXT
    if base.kind is Kind.TEXT and base.literal is not None:
        base = _read(ctx, base)
    if base.kind not in (Kind.DATETIME, Kind.TIME, Kind.DATE):
        base = compare.argument(ctx, base, TIME)
    digits = max(base.type.digits, 6 if span.literal and "." in span.literal else 0)
    kind = Type(Kind.TIME if base.kind is Kind.TIME else Kind.DATETIME, digits)
    moved = compare.argument(ctx, span, TIME).text
    if ctx.is_sqlite:
        result = Expr(ctx.target.call("add_time", base.text, moved, "1" if name == "ADDTIME" else "-1"), kind)
    else:
        result = Expr(f"({ctx.target.moment(base, base.type)} {'+' if name == 'ADDTIME' else '-'} {moved})", kind)
    return Expr(ctx.target.text(result), TEXT) if untyped else result


def _read(ctx: Context, expr: Expr) -> Expr:
    """A literal as what it says: a moment, or a time of day."""
    moment, has_time = parsed_moment(expr.literal or "")
    return compare.argument(ctx, expr, Type(Kind.DATETIME) if moment and has_time else Type(Kind.TIME))


def _timestamp(ctx: Context, name: str, nodes: Sequence[exp.Expr], scope: Scope) -> Expr:
    expr = ctx.expr(nodes[0], scope)
    digits = expr.type.digits if expr.kind is Kind.DATETIME else 0
    moment = compare.argument(ctx, expr, Type(Kind.DATETIME, digits))
    if len(nodes) == 1:
        return moment
    clock = ctx.expr(nodes[1], scope)
    span = compare.argument(ctx, clock, TIME).text
    kind = Type(Kind.DATETIME, max(digits, clock.type.digits if clock.kind is Kind.TIME else 0))
    if ctx.is_sqlite:
        return Expr(ctx.target.call("add_time", moment.text, span, "1"), kind)
    return Expr(f"({moment.text} + {span})", kind)


# --- differences and parts ---


def _timestampdiff(ctx: Context, name: str, nodes: Sequence[exp.Expr], scope: Scope) -> Expr:
    unit = nodes[0].name.upper()
    if unit not in _UNITS:
        raise UnsupportedSQL(f"TIMESTAMPDIFF({unit}, ...)", "use SECOND, MINUTE, HOUR, DAY, WEEK, MONTH or YEAR")
    sides = [compare.argument(ctx, ctx.expr(node, scope), DATETIME).text for node in nodes[1:]]
    return Expr(ctx.target.call("timestampdiff", f"'{unit}'", *sides), INT)


def _timediff(ctx: Context, name: str, nodes: Sequence[exp.Expr], scope: Scope) -> Expr:
    sides = [ctx.expr(node, scope) for node in nodes]
    sides = [_read(ctx, side) if side.literal is not None and side.kind is Kind.TEXT else side for side in sides]
    moments = any(side.kind in (Kind.DATETIME, Kind.DATE) for side in sides)
    digits = max(side.type.digits for side in sides)
    texts = [compare.argument(ctx, side, DATETIME if moments else TIME).text for side in sides]
    if ctx.is_sqlite:
        return Expr(ctx.target.call("timediff", *texts), Type(Kind.TIME, digits))
    return Expr(f"({texts[0]} - {texts[1]})", Type(Kind.TIME, digits))


def _date(ctx: Context, name: str, nodes: Sequence[exp.Expr], scope: Scope) -> Expr:
    return compare.argument(ctx, ctx.expr(nodes[0], scope), DATE)


def _time(ctx: Context, name: str, nodes: Sequence[exp.Expr], scope: Scope) -> Expr:
    expr = ctx.expr(nodes[0], scope)
    digits = expr.type.digits if expr.kind in (Kind.DATETIME, Kind.TIME) else 0
    return compare.argument(ctx, expr, Type(Kind.TIME, digits))


# Letters that the databases' own functions write alike: a hundred times as fast as a function of ours.
_STRFTIME = {"Y": "%Y", "m": "%m", "d": "%d", "H": "%H", "i": "%M", "s": "%S", "S": "%S", "j": "%j", "T": "%H:%M:%S"}
_TO_CHAR = {
    "Y": "YYYY", "m": "MM", "d": "DD", "H": "HH24", "i": "MI", "s": "SS", "S": "SS", "j": "DDD", "T": "HH24:MI:SS",
    "M": "FMMonth", "b": "Mon", "e": "FMDD", "c": "FMMM", "y": "YY", "W": "FMDay", "a": "Dy", "p": "AM",
}  # fmt: skip


def _date_format(ctx: Context, name: str, nodes: Sequence[exp.Expr], scope: Scope) -> Expr:
    moment, pattern = (ctx.expr(node, scope) for node in nodes)
    if moment.kind is not Kind.DATE:
        moment = compare.argument(ctx, moment, DATETIME)
    native = _native_format(pattern.literal, _STRFTIME if ctx.is_sqlite else _TO_CHAR, quote=not ctx.is_sqlite)
    if native is None:
        return Expr(ctx.target.call("date_format", moment.text, ctx.target.text(pattern)), TEXT)
    mark = ctx.target.string(native)
    if ctx.is_sqlite:
        # Cut to seconds, which strftime would round.
        return Expr(f"strftime({mark}, substr({moment.text}, 1, 19))", TEXT)
    return Expr(f"to_char({moment.text}, {mark})", TEXT)


def _native_format(pattern: str | None, letters: dict[str, str], *, quote: bool) -> str | None:
    """The pattern in the database's own letters, or None when it has none for one of them."""
    if pattern is None or '"' in pattern or "\\" in pattern:
        return None
    pieces = re.findall(r"%(.)|([^%]+)", pattern, re.S)
    if not pattern or "".join(f"%{letter}" if letter else text for letter, text in pieces) != pattern:
        return None
    if any(letter and letter not in letters for letter, _ in pieces):
        return None
    return "".join(letters[letter] if letter else f'"{text}"' if quote else text for letter, text in pieces)


def _str_to_date(ctx: Context, name: str, nodes: Sequence[exp.Expr], scope: Scope) -> Expr:
    text, pattern = (ctx.expr(node, scope) for node in nodes)
    kind = _read_by(pattern.literal)
    call = ctx.target.call("str_to_date", ctx.target.text(text), ctx.target.text(pattern))
    if not ctx.is_sqlite and kind.kind is not Kind.DATETIME:
        call = ctx.target.moment(Expr(call, DATETIME), kind)
    return Expr(call, kind)


def _read_by(pattern: str | None) -> Type:
    """What STR_TO_DATE gives: the format says."""
    if pattern is None:
        return DATETIME
    clock = any(f"%{letter}" in pattern for letter in "HhIklirSsTfp")
    day = any(f"%{letter}" in pattern for letter in "YymcdejMbDuUvVxXaWw")
    digits = 6 if "%f" in pattern else 0
    return Type(Kind.DATETIME if day else Kind.TIME, digits) if clock else DATE


def _extract(ctx: Context, node: exp.Expr, scope: Scope) -> Expr:
    unit = node.this.name.upper()
    if unit in _PARTS:
        return ctx.expr(exp.Anonymous(this=MARK + unit, expressions=[node.expression]), scope)
    if unit not in _PART_FORMATS:
        raise UnsupportedSQL(f"EXTRACT({unit} ...)", "extract single parts and put them together")
    moment = compare.argument(ctx, ctx.expr(node.expression, scope), DATETIME).text
    text = ctx.target.call("date_format", moment, ctx.target.string(_PART_FORMATS[unit]))
    return Expr(f"CAST({text} AS {'INTEGER' if ctx.is_sqlite else 'bigint'})", INT)


def _clock_node(name: str) -> Callable[[Context, exp.Expr, Scope], Expr]:
    return lambda ctx, node, scope: SPECIALS[name](ctx, name, [node.this] if node.this else [], scope)


SPECIALS: dict[str, Special] = {
    **dict.fromkeys(("NOW", "CURRENT_TIMESTAMP", "LOCALTIME", "LOCALTIMESTAMP", "SYSDATE", "UTC_TIMESTAMP"), _now),
    **dict.fromkeys(("CURDATE", "CURRENT_DATE", "UTC_DATE"), _today),
    **dict.fromkeys(("CURTIME", "CURRENT_TIME", "UTC_TIME"), _time_now),
    **dict.fromkeys(("DATE_ADD", "DATE_SUB", "ADDDATE", "SUBDATE"), _date_add),
    **dict.fromkeys(("ADDTIME", "SUBTIME"), _add_time),
    "TIMESTAMPADD": _timestampadd,
    "TIMESTAMPDIFF": _timestampdiff,
    "TIMEDIFF": _timediff,
    "DATE_FORMAT": _date_format,
    "STR_TO_DATE": _str_to_date,
    "TIMESTAMP": _timestamp,
    "UNIX_TIMESTAMP": _unix_timestamp,
    "FROM_UNIXTIME": _from_unixtime,
    "DATE": _date,
    "TIME": _time,
}
NODES: dict[type, Callable[[Context, exp.Expr, Scope], Expr]] = {
    exp.Extract: _extract,
    exp.CurrentTimestamp: _clock_node("NOW"),
    exp.CurrentDate: _clock_node("CURDATE"),
    exp.CurrentTime: _clock_node("CURTIME"),
}
