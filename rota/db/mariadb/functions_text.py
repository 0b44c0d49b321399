"""MariaDB's functions of text, in Python, for SQLite. Positions count from 1; search ignores case."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any


def _substring(text: str, start: int, length: int | None = None) -> str:
    start = int(start)
    if start == 0 or abs(start) > len(text):
        return ""
    begin = start - 1 if start > 0 else len(text) + start
    return text[begin:] if length is None else text[begin : begin + max(int(length), 0)]


def _left(text: Any, count: float) -> str:
    return str(text)[: max(int(count), 0)]


def _right(text: Any, count: float) -> str:
    return str(text)[-int(count) :] if count >= 1 else ""


def _pad(text: str, length: int, pad: str, *, left: bool) -> str | None:
    if length < 0:
        return None
    if len(text) >= length:
        return text[:length]
    if not pad:
        return ""
    filling = (pad * length)[: length - len(text)]
    return filling + text if left else text + filling


def _locate(part: str, text: str, start: int = 1) -> int:
    return text.lower().find(part.lower(), int(start) - 1) + 1 if start >= 1 else 0


def _substring_index(text: str, mark: str, count: int) -> str:
    if not mark or not count:
        return ""
    parts = text.split(mark)
    return mark.join(parts[: int(count)] if count > 0 else parts[int(count) :])


def _find_in_set(text: str, members: str) -> int:
    found = [member.lower() for member in members.split(",")] if members else []
    return found.index(text.lower()) + 1 if text.lower() in found else 0


def _trim(text: str, what: str, side: str) -> str:
    if not what:
        return text
    if side != "TRAILING":
        while text.startswith(what):
            text = text[len(what) :]
    if side != "LEADING":
        while text.endswith(what):
            text = text[: -len(what)]
    return text


def _insert_text(text: str, start: int, length: int, new: str) -> str:
    if not 1 <= start <= len(text):
        return text
    end = len(text) if length < 0 else int(start) - 1 + int(length)
    return text[: int(start) - 1] + new + text[end:]


def _strcmp(left: str, right: str) -> int:
    return (left.lower() > right.lower()) - (left.lower() < right.lower())


@lru_cache(maxsize=256)
def _pattern(pattern: str, escape: str, binary: int) -> re.Pattern[str]:
    regex, escaped = "", False
    for letter in pattern:
        if escaped:
            regex, escaped = regex + re.escape(letter), False
        elif letter == escape:
            escaped = True
        else:
            regex += {"%": ".*", "_": "."}.get(letter) or re.escape(letter)
    return re.compile(regex, re.S if binary else re.S | re.I)


def _like(pattern: str, text: str, escape: str, binary: int) -> bool:
    return _pattern(pattern, escape, binary).fullmatch(str(text)) is not None


_CLASSES = {
    "alpha": "a-zA-Z", "digit": "0-9", "alnum": "a-zA-Z0-9", "space": r"\s", "upper": "A-Z", "lower": "a-z",
    "punct": r"!-/:-@\[-`{-~", "xdigit": "0-9A-Fa-f", "word": r"\w",
}  # fmt: skip


@lru_cache(maxsize=256)
def _regex(pattern: str) -> re.Pattern[str]:
    pattern = re.sub(r"\[:(\w+):\]", lambda found: _CLASSES.get(found.group(1), found.group()), pattern)
    return re.compile(pattern, re.I)


def _regexp(pattern: str, text: Any) -> bool:
    return _regex(pattern).search(str(text)) is not None


def _regexp_replace(text: str, pattern: str, new: str) -> str:
    return _regex(pattern).sub(re.sub(r"\\(\d)", r"\\g<\1>", new), text)


def _regexp_substr(text: str, pattern: str) -> str:
    found = _regex(pattern).search(text)
    return found.group() if found else ""


def _regexp_instr(text: str, pattern: str) -> int:
    found = _regex(pattern).search(text)
    return found.start() + 1 if found else 0


def _sha2(text: str, bits: int) -> str | None:
    name = {0: "sha256", 224: "sha224", 256: "sha256", 384: "sha384", 512: "sha512"}.get(int(bits))
    return hashlib.new(name, text.encode()).hexdigest() if name else None


def _concat_ws(mark: str | None, *parts: str | None) -> str | None:
    return None if mark is None else mark.join(part for part in parts if part is not None)


def _text(value: Any) -> str:
    """A number without needless zeros, as MariaDB writes a double."""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "lower": lambda text: text.lower(),
    "upper": lambda text: text.upper(),
    "left": _left,
    "right": _right,
    "substring": _substring,
    "reverse": lambda text: text[::-1],
    "repeat": lambda text, count: text * max(int(count), 0),
    "space": lambda count: " " * max(int(count), 0),
    "lpad": lambda text, length, pad=" ": _pad(text, int(length), pad, left=True),
    "rpad": lambda text, length, pad=" ": _pad(text, int(length), pad, left=False),
    "locate": _locate,
    "substring_index": _substring_index,
    "find_in_set": _find_in_set,
    "ascii": lambda text: text.encode()[0] if text else 0,
    "trim": _trim,
    "insert_text": _insert_text,
    "strcmp": _strcmp,
    "like": _like,
    "regexp": _regexp,
    "regexp_replace": _regexp_replace,
    "regexp_substr": _regexp_substr,
    "regexp_instr": _regexp_instr,
    "md5": lambda text: hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(),
    "sha1": lambda text: hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest(),
    "sha2": _sha2,
    "text": _text,
}
WITH_NULLS = {"concat_ws": _concat_ws}
