"""The codec: walks values, asks the kinds for what JSON has not, and says where in the value it could not go on."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from types import NoneType
from typing import Any

from rota.errors import NotDecodable, NotEncodable
from rota.payload.paths import Refused, Resolve, resolve_path
from rota.payload.text import is_storable

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 100
TAG = "$t"

# Larger ints are written in hexadecimal: Python refuses to convert long decimals.
_BIG = 1 << 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How values of one sort travel.

    `type` is matched exactly; `fits` is asked, in order, for what no `type` matched. `simplify` turns the value into
    simpler ones, which the codec encodes in turn; `restore(simple, of)` is its inverse. `of` gives the import path of
    the value's class, or of the value; `restore` gets what is at that path, or None, and checks that it may be there.
    """

    tag: str
    simplify: Callable[[Any], Any]
    restore: Callable[[Any, Any], Any]
    type: type | None = None
    fits: Callable[[Any], bool] | None = None
    of: Callable[[Any], str] | None = None


class Codec:
    """A set of kinds, and the two ways through them. Immutable; `with_kinds` makes a larger one."""

    def __init__(self, kinds: Sequence[Kind], *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH) -> None:
        self.kinds, self.max_bytes, self.max_depth = tuple(kinds), max_bytes, max_depth
        self._by_tag = {kind.tag: kind for kind in reversed(self.kinds)}
        self._by_type = {kind.type: kind for kind in reversed(self.kinds) if kind.type is not None}
        self._families = [(kind.fits, kind) for kind in self.kinds if kind.fits is not None]
        self._to_text = json.JSONEncoder(separators=(",", ":"), allow_nan=False, check_circular=False).encode

    def with_kinds(self, *kinds: Kind) -> Codec:
        """A codec that knows these, too; they are asked before the ones it has."""
        return Codec((*kinds, *self.kinds), max_bytes=self.max_bytes, max_depth=self.max_depth)

    def encode(self, value: Any, path: str = "kwargs") -> str:
        """The value as ASCII JSON text of at most `max_bytes` bytes; `path` is what errors call the value.

        Raises:
            NotEncodable: something in it can't travel; names its path, as in `kwargs.items[3].file`.
        """
        try:
            text = _flat_text(value) if type(value) is dict else None
            if text is None:
                text = self._to_text(_Walk(self, self.max_bytes).plain(value, self.max_depth))
        except Refused as refused:
            raise NotEncodable(_written(path, refused.trail), refused.reason) from refused.__cause__
        if len(text) > self.max_bytes:
            raise NotEncodable(path, _too_large(self.max_bytes))
        return text

    def decode(self, text: str, resolve: Resolve = resolve_path) -> Any:
        """The value that `encode` wrote.

        Raises:
            NotDecodable: the text was damaged, or names what is not there any more.
        """
        try:
            if f'"{TAG}"' not in text:
                return _PLAIN.decode(text)
            return json.loads(text, object_hook=partial(self._restored, resolve), parse_constant=_refuse_constant)
        except NotDecodable:
            raise
        except (ValueError, RecursionError) as error:
            raise NotDecodable(str(error)) from error

    def kind_of(self, value: Any) -> Kind:
        """The kind that carries this value."""
        kind = self._by_type.get(type(value))
        if kind is not None:
            return kind
        for fits, family in self._families:
            if fits(value):
                return family
        name = f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")
        raise Refused(f"a {name} can't travel to another process: pass plain values, or the name to look it up by")

    def _restored(self, resolve: Resolve, found: dict[str, Any]) -> Any:
        if TAG not in found:
            return found
        kind = self._by_tag.get(found[TAG]) if isinstance(found[TAG], str) else None
        if kind is None:
            raise NotDecodable(f"no kind of value is called {found[TAG]!r:.80}")
        try:
            of = resolve(found["of"]) if "of" in found else None
            return kind.restore(found.get("v"), of)
        except Exception as error:  # an app's class may raise anything while it is made anew
            what = f"{kind.tag} {found.get('of', '')}".strip()
            raise NotDecodable(f"{what}: {error or type(error).__name__}") from error


class _Walk:
    """One walk over one value; counts what it meets, so that a small graph can't unfold into an endless text."""

    __slots__ = ("_codec", "_left")

    def __init__(self, codec: Codec, budget: int) -> None:
        self._codec, self._left = codec, budget

    def plain(self, value: Any, depth: int) -> Any:
        cls = type(value)
        if cls is dict:
            return self._dict(value, depth)
        if cls is list:
            return self._list(value, depth)
        if cls is str:
            # Tagged if not, because two lone surrogates in a row would come back as the one character they encode.
            is_plain = is_storable(value)
        elif cls is int:
            is_plain = -_BIG < value < _BIG
        elif cls is float:
            is_plain = math.isfinite(value)
        else:
            is_plain = cls is bool or cls is NoneType
        return value if is_plain else self._tagged(value, depth)

    def _enter(self, container: Any, depth: int) -> None:
        self._left -= len(container) + 1
        if self._left < 0:
            raise Refused(_too_large(self._codec.max_bytes))
        if depth <= 0:
            raise Refused(f"nested deeper than {self._codec.max_depth} levels")

    def _list(self, items: list[Any], depth: int) -> list[Any]:
        self._enter(items, depth)
        plain, result = self.plain, []
        for item in items:
            try:
                result.append(plain(item, depth - 1))
            except Refused as refused:
                refused.within(f"[{len(result)}]", items)
                raise
        return result

    def _dict(self, items: dict[Any, Any], depth: int) -> dict[str, Any]:
        self._enter(items, depth)
        for key in items:
            # Looked at before any value is walked: to find out midway and start again doubles the work at each level.
            if type(key) is not str or key == TAG or not is_storable(key):
                return {TAG: "dict", "v": self._pairs(items, depth)}
        plain, result = self.plain, {}
        for key, item in items.items():
            try:
                result[key] = plain(item, depth - 1)
            except Refused as refused:
                refused.within(f".{key}", items)
                raise
        return result

    def _pairs(self, items: dict[Any, Any], depth: int) -> list[list[Any]]:
        result = []
        for key, item in items.items():
            try:
                result.append([self.plain(key, depth - 2), self.plain(item, depth - 2)])
            except Refused as refused:
                refused.within(_key_step(key), items)
                raise
        return result

    def _tagged(self, value: Any, depth: int) -> dict[str, Any]:
        kind = self._codec.kind_of(value)
        result = {TAG: kind.tag}
        if kind.of is not None:
            result["of"] = kind.of(value)
        try:
            result["v"] = self.plain(kind.simplify(value), depth - 1)
        except Refused as refused:
            refused.within("", value)
            raise
        return result


def _flat_text(value: dict[Any, Any]) -> str | None:
    """What the walk and the encoder make of a dict of plain values, in a quarter of their time; None of any other."""
    parts = []
    for name, item in value.items():
        cls = type(item)
        if cls is int:
            text = repr(item) if -_BIG < item < _BIG else None
        elif cls is str:
            text = _quoted(item) if is_storable(item) else None
        elif cls is float:
            text = repr(item) if math.isfinite(item) else None
        else:
            text = _WORDS.get(item) if cls is bool or item is None else None
        quoted = _quoted_name(name) if type(name) is str else None
        if text is None or quoted is None:
            return None
        parts.append(f"{quoted}:{text}")
    return "{" + ",".join(parts) + "}"


@lru_cache(maxsize=1024)
def _quoted_name(name: str) -> str | None:
    return _quoted(name) if name != TAG and is_storable(name) else None


_WORDS = {None: "null", True: "true", False: "false"}
_quoted = json.encoder.encode_basestring_ascii


def _written(root: str, trail: list[tuple[str, int]]) -> str:
    """The path in words, up to where it bites its own tail."""
    seen: set[int] = set()
    path = root
    for step, container in reversed(trail):
        if container in seen:
            return f"{path} (which contains itself)"
        seen.add(container)
        path += step
    return path if len(path) <= 300 else f"{path[:300]}..."


def _key_step(key: Any) -> str:
    try:
        return f"[{key!r:.80}]"
    except ValueError:  # an int with too many digits
        return f"[a long {type(key).__name__}]"


def _too_large(limit: int) -> str:
    return f"larger than {limit // 1024} KiB as text: store it (in a File, say) and pass its name"


def _refuse_constant(name: str) -> Any:
    raise NotDecodable(f"{name} is not JSON")


# Most payloads have no tagged value; making a decoder costs more than reading one of those.
_PLAIN = json.JSONDecoder(parse_constant=_refuse_constant)
