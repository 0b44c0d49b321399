"""What text both databases can store."""

from __future__ import annotations

import re

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def is_storable(text: str) -> bool:
    """Whether the text holds neither NUL nor a lone surrogate."""
    return ("\0" not in text) if text.isascii() else _UNSTORABLE.search(text) is None


def clean_text(text: str, limit: int) -> str:
    r"""The text as both databases store it, in at most `limit` bytes: NUL and lone surrogates are written out (`\x00`).

    What is too long loses its middle, as a traceback says most at both ends; a mark there tells how many bytes went.
    """
    clean = _UNSTORABLE.sub(lambda found: ascii(found[0])[1:-1], text)
    if len(clean) * 4 <= limit or len(data := clean.encode()) <= limit:
        return clean
    widest_mark = len(_cut_mark(len(data)).encode())
    if limit < widest_mark:
        raise ValueError(f"no text can be cut to {limit} bytes and say so")
    head = (limit - widest_mark) // 2
    tail = limit - widest_mark - head
    kept = data[:head].decode(errors="ignore"), data[len(data) - tail :].decode(errors="ignore")
    return _cut_mark(len(data) - len("".join(kept).encode())).join(kept)


def _cut_mark(count: int) -> str:
    return f"\n[... {count:,} bytes cut ...]\n"
