"""What a job carries comes back as it was, or is refused where it is passed."""

from __future__ import annotations

import collections
import dataclasses
import enum
import json
import math
import sys
import threading
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rota.errors import NotDecodable, NotEncodable
from rota.payload import CODEC, Codec, Kind, clean_text, decode, encode, resolve_path

BERLIN = ZoneInfo("Europe/Berlin")


class Colour(enum.Enum):
    RED = "r"


class Level(enum.IntEnum):
    HIGH = 3


class Right(enum.Flag):
    READ = 1
    WRITE = 2


class Pair(NamedTuple):
    left: int
    right: object


@dataclasses.dataclass
class Point:
    x: int
    tags: set[object] = dataclasses.field(default_factory=set)
    seen: int = dataclasses.field(default=0, init=False)

    class Inner:
        @classmethod
        def make(cls) -> None: ...


@dataclasses.dataclass(frozen=True, slots=True)
class FrozenPoint:
    x: int
    length: float = dataclasses.field(init=False, default=0.0)


@dataclasses.dataclass
class Sealed:
    secret: dataclasses.InitVar[str]


class AttributeDict(dict[str, object]):
    __slots__ = ()
    __getattr__ = dict.get  # as frappe._dict does: every attribute seems to be there


class Shout(str):
    __slots__ = ()


class Labelled(list[int]):
    label = ""


class Picky(list[int]):
    def __init__(self, items: list[int], extra: int) -> None:
        super().__init__(items)


def a_task() -> None: ...


def point_with(seen: int) -> Point:
    point = Point(1, {"a"})
    point.seen = seen
    return point


def same(left: Any, right: Any) -> bool:
    """Equal, of the same type all the way down; NaN is NaN, and -0.0 is not 0.0."""
    if type(left) is not type(right):
        return False
    if isinstance(left, float):
        return repr(left) == repr(right)
    if isinstance(left, Decimal):
        return str(left) == str(right)
    if isinstance(left, dict):
        return list(left) == list(right) and all(same(left[key], right[key]) for key in left)
    if isinstance(left, (list, tuple)):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, datetime):
        return left == right and left.utcoffset() == right.utcoffset() and str(left.tzinfo) == str(right.tzinfo)
    return bool(left == right)


VALUES = [
    None,
    True,
    0,
    -1,
    2**53 + 1,
    2**70,
    -(10**5000),
    1.5,
    -0.0,
    math.inf,
    -math.inf,
    math.nan,
    "",
    "Grüße 😀 \n\t\"'\\",
    "nul\0nul",
    "\ud800",
    "\ud83d\ude00",
    "\\u0000",
    [],
    {},
    [1, [2, [3]]],
    {"a": {"b": [None]}},
    {"$t": "set", "v": [1]},
    {"$t": {"$t": 1}},
    {1: "a", None: "b", (1, 2): {3: 4}, False: 0.5},
    {"nul\0": 1, "\ud800": 2},
    (),
    (1, "a", (2,)),
    set(),
    {1, "a", (2, 3)},
    frozenset({1, 2}),
    b"",
    bytes(range(256)),
    datetime(2026, 3, 29, 2, 30, 0, 123456),
    datetime(2026, 1, 1, tzinfo=UTC),
    datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=5, minutes=30, seconds=15))),
    datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN),
    datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=1),
    datetime(2026, 3, 29, 2, 30, tzinfo=BERLIN),
    date(1, 1, 1),
    time(23, 59, 59, 999999),
    time(8, 0, tzinfo=UTC),
    time(8, 0, tzinfo=BERLIN),
    timedelta(days=-1, microseconds=1),
    timedelta.max,
    Decimal("1.10"),
    Decimal("NaN"),
    Decimal("1e400"),
    UUID("0198c0de-0000-7000-8000-000000000001"),
    Colour.RED,
    Level.HIGH,
    Right.READ | Right.WRITE,
    Pair(1, {"a"}),
    point_with(seen=7),
    FrozenPoint(2),
    [Point(1), Point(2)],
    AttributeDict(a=1, b=AttributeDict(c=[2])),
    collections.OrderedDict([("b", 1), ("a", 2)]),
    collections.Counter("abca"),
    collections.defaultdict(list, {"a": [1]}),
    Shout("hey\0"),
    a_task,
    Point,
    Point.Inner,
    Point.Inner.make,
    len,
    int,
]
# A set's order and a function's address differ in each process; the tests' names must not.
NAMES = [f"{index}-{type(value).__name__}" for index, value in enumerate(VALUES)]


@pytest.mark.parametrize("value", VALUES, ids=NAMES)
def test_a_value_comes_back_as_it_was(value: object) -> None:
    assert same(decode(encode(value)), value)
    assert same(decode(encode({"deep": [(value,)]})), {"deep": [(value,)]})


@pytest.mark.parametrize("value", VALUES, ids=NAMES)
def test_the_text_is_ascii_and_strict_json_without_nul_surrogates_or_nan(value: object) -> None:
    text = encode(value)
    assert text.isascii()
    assert "\\u0000" not in text.replace("\\\\", "")
    assert "\0" not in text
    strict = json.loads(text, parse_constant=pytest.fail)
    json.dumps(strict, ensure_ascii=False).encode("utf-8")  # fails on a lone surrogate


def test_postgresql_takes_every_text_as_json(postgres_dsn: str) -> None:
    with psycopg.connect(postgres_dsn) as connection:
        texts = [encode({"value": value}) for value in VALUES]
        rows = connection.execute("select t::jsonb is not null, t from unnest(%s::text[]) as t", [texts]).fetchall()
    assert rows == [(True, text) for text in texts]


def test_a_default_factory_travels_too() -> None:
    assert decode(encode(collections.defaultdict(list)))["new"] == []


def test_a_pytz_like_zone_comes_back_as_the_zone_of_that_name() -> None:
    class Pytz(tzinfo):
        zone = "Europe/Berlin"

        def utcoffset(self, moment: datetime | None, /) -> timedelta:
            return timedelta(hours=2)

        def dst(self, moment: datetime | None, /) -> timedelta:
            return timedelta(hours=1)

        def tzname(self, moment: datetime | None, /) -> str:
            return "CEST"

    moment = datetime(2026, 7, 1, 12, tzinfo=Pytz())
    assert decode(encode(moment)).tzinfo is BERLIN
    assert decode(encode(moment)) == moment


def test_a_zone_whose_rules_have_changed_keeps_the_moment() -> None:
    text = encode(datetime(2026, 7, 1, 12, tzinfo=BERLIN)).replace("+02:00", "+05:00")
    assert decode(text).astimezone(UTC) == datetime(2026, 7, 1, 7, tzinfo=UTC)


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=[]))
    | st.binary()
    | st.datetimes(timezones=st.none() | st.timezones())
    | st.dates()
    | st.times()
    | st.timedeltas()
    | st.decimals(allow_nan=False)
    | st.uuids()
)
hashables = (
    st.text(st.characters(exclude_categories=[])) | st.integers() | st.dates() | st.tuples(st.integers(), st.text())
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.text(max_size=3), inner)
        | st.dictionaries(hashables | st.just("$t"), inner)
        | st.tuples(inner, inner)
        | st.sets(hashables)
        | st.frozensets(hashables)
    ),
    max_leaves=12,
)


@given(values)
def test_any_mix_of_values_comes_back(value: object) -> None:
    text = encode(value)
    assert text.isascii()
    assert same(decode(text), value)


@given(st.dictionaries(st.text(max_size=3) | st.just("$t"), values))
def test_a_dict_is_written_as_inside_a_list(value: dict[str, object]) -> None:
    """One of plain values is written without the walk that all others take."""
    assert f"[{encode(value)}]" == encode([value])


def cyclic() -> dict[str, Any]:
    value: dict[str, Any] = {"items": [1]}
    value["items"].append({"back": value["items"]})
    return value


def nested(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels - 1):
        value = [value]
    return value


REFUSED = [
    ({"items": [0, 1, 2, {"file": threading.Lock()}]}, "kwargs.items[3].file", "a _thread.lock can't travel"),
    ({"f": lambda: None}, "kwargs.f", "defined inside a function: move it to the top level"),
    ({"t": (1, object())}, "kwargs.t[1]", "a object can't travel"),
    ({"d": {1: object()}}, "kwargs.d[1]", "a object can't travel"),
    ({"d": {10**5000: object()}}, "kwargs.d[a long int]", "a object can't travel"),
    ({"d": {object: 1, (2, b"x"): iter(())}}, "kwargs.d[(2, b'x')]", "can't travel"),
    ({"p": Point(1, {1j})}, "kwargs.p.tags[", "a complex can't travel"),
    ({"p": Sealed("x")}, "kwargs.p", "needs 'secret', which no field keeps"),
    ({"p": Picky([1], extra=2)}, "kwargs.p", "can't be made again from its value"),
    ({"m": Point(1).__eq__}, "kwargs.m", "can't travel"),
    ({"b": bytearray(b"x")}, "kwargs.b", "a bytearray can't travel"),
    (cyclic(), "kwargs.items[1].back (which contains itself)", "nested deeper than 100 levels"),
    (nested(101), "kwargs" + "[0]" * 98, "nested deeper than 100 levels"),
    ({"big": "x" * (1024 * 1024)}, "kwargs", "larger than 1024 KiB"),
    ({"big": [0] * (1024 * 1024)}, "kwargs.big", "larger than 1024 KiB"),
]


@pytest.mark.parametrize(("value", "path", "reason"), REFUSED, ids=[path[:30] for _, path, _ in REFUSED])
def test_what_cannot_travel_is_refused_with_its_path(value: object, path: str, reason: str) -> None:
    with pytest.raises(NotEncodable) as caught:
        encode(value)
    assert caught.value.path.startswith(path)
    assert reason in caught.value.reason


def test_attributes_beside_the_value_are_not_lost_silently() -> None:
    value = Labelled([1])
    value.label = "x"
    with pytest.raises(NotEncodable, match="has attributes beside its value"):
        encode(value)
    assert decode(encode(Labelled([1]))) == [1]


def test_a_function_of_the_started_program_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(a_task, "__module__", "__main__")
    with pytest.raises(NotEncodable, match="move it to a module that workers can import"):
        encode(a_task)


def test_a_replaced_function_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    original = a_task
    monkeypatch.setattr(sys.modules[__name__], "a_task", len)
    with pytest.raises(NotEncodable, match=r"test_payload\.a_task is not the function that was passed"):
        encode(original)


def test_a_hundred_levels_are_allowed_and_shared_parts_may_repeat() -> None:
    shared = [1, 2]
    assert decode(encode(nested(100))) == nested(100)
    assert decode(encode([shared, shared])) == [[1, 2], [1, 2]]


def test_a_small_graph_that_unfolds_without_end_is_refused_soon() -> None:
    value: list[Any] = []
    for _ in range(60):
        value = [value, value]
    with pytest.raises(NotEncodable, match="larger than"):
        encode(value)


def test_odd_keys_at_every_level_cost_one_walk() -> None:
    value: dict[object, Any] = {}
    for _ in range(40):
        value = {"a": value, 1: None}
    assert decode(encode(value)) == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "Expecting property name"),
        ("[NaN]", "NaN is not JSON"),
        ("[" * 100_000, "recursion"),
        ("9" * 5000, "int"),
        ('{"$t":"gone"}', "no kind of value is called 'gone'"),
        ('{"$t":["set"]}', "no kind of value is called ['set']"),
        ('{"$t":"set"}', "set: "),
        ('{"$t":"uuid","v":"x"}', "uuid: badly formed"),
        ('{"$t":"reference","of":"os.environ"}', "reference os.environ: not a function or class"),
        ('{"$t":"reference","of":"os.gone"}', "os has no gone"),
        ('{"$t":"reference","of":"no_such_module_at_all.x"}', "there is no module 'no_such_module_at_all'"),
        ('{"$t":"reference","of":"builtins.object.__subclasses__"}', "is not the dotted path"),
        ('{"$t":"reference","of":7}', "reference 7"),
        ('{"$t":"dataclass","of":"subprocess.Popen","v":{"args":"false"}}', "not a dataclass"),
        ('{"$t":"mapping","of":"subprocess.Popen","v":{}}', "not a subclass of dict"),
        ('{"$t":"like","of":"subprocess.Popen","v":["false"]}', "not a subclass of str or"),
        ('{"$t":"enum","of":"subprocess.Popen","v":"x"}', "not a subclass of Enum"),
        ('{"$t":"dataclass","of":"tests.unit.test_payload.Point","v":{"z":1}}', "no field 'z' any more"),
    ],
)
def test_damaged_text_is_one_clear_error(text: str, reason: str) -> None:
    with pytest.raises(NotDecodable) as caught:
        decode(text)
    assert reason in str(caught.value)


def test_a_field_that_is_new_in_the_class_gets_its_default() -> None:
    text = encode(Point(1)).replace('"tags":{"$t":"set","v":[]},', "")
    assert decode(text) == Point(1)


def test_paths_are_looked_up_by_the_resolver_alone() -> None:
    asked = []

    def resolve(path: str) -> Any:
        asked.append(path)
        raise LookupError(f"{path} is not in an installed app")

    with pytest.raises(NotDecodable, match="is not in an installed app"):
        decode(encode({"when": a_task}), resolve)
    assert asked == [f"{__name__}.a_task"]


def test_the_default_resolver_imports_what_is_needed(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lazy_payload_module.py").write_text("class A:\n    class B: ...\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert resolve_path("lazy_payload_module.A.B").__name__ == "B"


def test_a_module_that_fails_to_import_says_so(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_payload_module.py").write_text("import no_such_module_at_all\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="no_such_module_at_all"):
        resolve_path("broken_payload_module.x")


def test_a_higher_floor_adds_its_own_kinds_and_they_come_first() -> None:
    class Document:
        def __init__(self, fields: dict[str, Any]) -> None:
            self.fields = fields

    document = Kind(
        tag="document",
        fits=lambda value: isinstance(value, Document),
        simplify=lambda value: value.fields,
        restore=lambda simple, _: Document(simple),
    )
    loud = Kind(tag="loud", type=tuple, simplify=list, restore=lambda items, _: ("loud", *items))
    codec = CODEC.with_kinds(document, loud)
    back = codec.decode(codec.encode([Document({"due": date(2026, 1, 1)}), (1,)]))
    assert back[0].fields == {"due": date(2026, 1, 1)}
    assert back[1] == ("loud", 1)
    with pytest.raises(NotEncodable, match=r"kwargs\.doc\.file"):
        codec.encode({"doc": Document({"file": object()})})


def test_the_limits_belong_to_the_codec() -> None:
    small = Codec(CODEC.kinds, max_bytes=10, max_depth=1)
    assert small.encode([1]) == "[1]"
    with pytest.raises(NotEncodable, match="result can't be stored with the job: larger than"):
        small.encode("x" * 10, "result")
    with pytest.raises(NotEncodable, match="deeper than 1 levels"):
        small.encode([[1]])


def test_text_is_made_storable_visibly() -> None:
    assert clean_text("a\0b\ud800c😀", 100) == "a\\x00b\\ud800c😀"


@given(st.text(st.characters(exclude_categories=[])), st.integers(64, 200))
def test_cut_text_fits_its_limit_and_says_how_much_is_gone(text: str, limit: int) -> None:
    whole = clean_text(text, 1_000_000)
    clean = clean_text(text, limit)
    assert len(clean.encode()) <= limit
    assert clean == whole or "bytes cut" in clean


def test_cut_text_keeps_both_ends() -> None:
    clean = clean_text("Traceback" + "é" * 5000 + "ValueError: boom", 200)
    assert clean.startswith("Traceback")
    assert clean.endswith("ValueError: boom")
    kept = clean.split("\n[... ")
    cut = int(kept[1].split(" ")[0].replace(",", ""))
    assert len(clean.encode()) - len(f"\n[... {cut:,} bytes cut ...]\n") + cut == len(b"Traceback") + 10_000 + 16


def test_a_limit_with_no_room_for_the_mark_is_an_error() -> None:
    with pytest.raises(ValueError, match="no text can be cut to 5 bytes"):
        clean_text("x" * 100, 5)
