"""Values <-> tagged JSON text: what a job carries from `enqueue` to its worker, and its result back.

Plain JSON values stand as they are; all else is `{"$t": KIND, "of": IMPORT PATH, "v": SIMPLER VALUE}`. The text is
ASCII and holds neither NUL, a lone surrogate nor NaN, not even escaped, so both databases take it as text and as JSON.
What no kind knows is refused, never pickled. Decoding imports nothing but what the caller's resolver allows, and calls
only classes that are what their tag says: dataclasses, enums, and subclasses of Python's own containers and scalars.
"""

from __future__ import annotations

from typing import Any

from rota.payload.codec import MAX_BYTES, MAX_DEPTH, Codec, Kind
from rota.payload.kinds import STANDARD_KINDS
from rota.payload.paths import Refused, Resolve, import_path, resolve_path
from rota.payload.text import clean_text

__all__ = [
    "CODEC",
    "MAX_BYTES",
    "MAX_DEPTH",
    "STANDARD_KINDS",
    "Codec",
    "Kind",
    "Refused",
    "Resolve",
    "clean_text",
    "decode",
    "encode",
    "import_path",
    "resolve_path",
]

CODEC = Codec(STANDARD_KINDS)


def encode(value: Any, path: str = "kwargs") -> str:
    """`CODEC.encode`: the value as ASCII JSON text."""
    return CODEC.encode(value, path)


def decode(text: str, resolve: Resolve = resolve_path) -> Any:
    """`CODEC.decode`: the value that `encode` wrote."""
    return CODEC.decode(text, resolve)
