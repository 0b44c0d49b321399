"""Texts: made from anything, joined, cut, escaped and drawn by lot."""

from __future__ import annotations

import hashlib
import re
import secrets
import string
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import quote

from rota.frappe.utils._settings import translate as _

# A byte order mark and a space of no width: people paste them without seeing them.
INVISIBLE = str.maketrans("", "", "\ufeff\u200b")


def as_unicode(text: Any, encoding: str = "utf-8") -> str:
    """The text of anything: "" for None, bytes decoded.

    Raises:
        UnicodeDecodeError: bytes that are not in this encoding.
    """
    if text is None:
        return ""
    return str(text, encoding) if isinstance(text, bytes) else str(text)


def cstr(s: Any, encoding: str = "utf-8") -> str:
    """The text of anything: "" for None, bytes decoded."""
    return as_unicode(s, encoding)


def safe_encode(param: Any, encoding: str = "utf-8") -> Any:
    """The bytes of a text; anything else, or what does not go into the encoding, as it is."""
    try:
        return param.encode(encoding)
    except (AttributeError, UnicodeError, LookupError):
        return param


def safe_decode(param: Any, encoding: str = "utf-8", fallback_map: Mapping[str, str] | None = None) -> Any:
    """The text of bytes; anything else, or what is not in the encoding, as it is.

    `fallback_map` gives the encoding to use instead of one that Python does not know.
    """
    try:
        return param.decode(encoding)
    except LookupError:
        return safe_decode(param, (fallback_map or {}).get(encoding, "utf-8")) if encoding != "utf-8" else param
    except (AttributeError, UnicodeError):
        return param


def encode(obj: Any, encoding: str = "utf-8") -> Any:
    """The bytes of a text, or of the texts in a list; anything else as it is."""
    if isinstance(obj, list):
        return [encode(item, encoding) if isinstance(item, str) else item for item in obj]
    return obj.encode(encoding) if isinstance(obj, str) else obj


def strip(val: str | None, chars: str | None = None) -> str:
    """The text without spaces at its ends (or without these characters), and without invisible marks."""
    return (val or "").translate(INVISIBLE).strip(chars)


def bold(text: object) -> str:
    """The text in <strong>; it is taken for HTML already."""
    return f"<strong>{text}</strong>"


def get_abbr(string: str, max_len: int = 2) -> str:
    """The first letters of the first words: "JD" for John Doe, "?" for nothing."""
    return "".join(word[0] for word in string.split(" ") if word)[:max_len] or "?"


def get_string_between(start: str, string: str, end: str) -> str:
    """What stands between the two patterns (regular expressions); the whole text where they are not in it."""
    if not string:
        return ""
    match = re.search(f"{start}(.*){end}", string)
    return match.group(1) if match else string


def comma_sep(some_list: Any, pattern: str, add_quotes: bool = True) -> Any:
    """The items with commas between, and the last one set by `pattern`, as in "{0} and {1}".

    What is no list or tuple comes back as it is; a single item is not quoted.
    """
    if not isinstance(some_list, (list, tuple)):
        return some_list
    items = [str(item) for item in some_list]
    if len(items) < 2:
        return "".join(items)
    quoted = [f"'{item}'" if add_quotes else item for item in items]
    return pattern.format(", ".join(_(item) for item in quoted[:-1]), quoted[-1])


def comma_or(some_list: Any, add_quotes: bool = True) -> Any:
    """`'a', 'b' or 'c'`."""
    return comma_sep(some_list, _("{0} or {1}"), add_quotes)


def comma_and(some_list: Any, add_quotes: bool = True) -> Any:
    """`'a', 'b' and 'c'`."""
    return comma_sep(some_list, _("{0} and {1}"), add_quotes)


def new_line_sep(some_list: Any) -> Any:
    """The items on a line each, as the options of a Select; what is no list or tuple comes back as it is."""
    return "\n ".join(str(item) for item in some_list) if isinstance(some_list, (list, tuple)) else some_list


def filter_strip_join(some_list: Iterable[Any], sep: str) -> str:
    """What is not empty, stripped and joined."""
    return cstr(sep).join(cstr(item).strip() for item in some_list if item)


def list_to_str(seq: Iterable[Any], sep: str = ", ") -> str:
    """The items as text, stripped and joined."""
    return sep.join(str(item).strip() for item in seq)


def dict_to_str(args: Mapping[Any, Any], sep: str = "&") -> str:
    """The items as a query string; the values are quoted, the keys taken as they are."""
    return sep.join(f"{key}={quote(str(value or ''))}" for key, value in args.items())


def esc(s: str, esc_chars: str) -> str:
    """The text with a backslash before each of these characters."""
    return make_esc(esc_chars)(s or "")


def unesc(s: str, esc_chars: str) -> str:
    """The text without the backslash before each of these characters."""
    for char in esc_chars:
        s = s.replace("\\" + char, char)
    return s


def make_esc(esc_chars: str) -> Callable[[str], str]:
    """A function that puts a backslash before each of these characters."""
    return lambda s: "".join("\\" + char if char in esc_chars else char for char in s)


def random_string(length: int) -> str:
    """So many letters and digits, drawn from the system's source of randomness."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _letter in range(length))


def generate_hash(txt: str | None = None, length: int = 56) -> str:
    """So many hexadecimal digits, drawn from the system's source of randomness. `txt` is taken and ignored."""
    return secrets.token_hex(length // 2 + 1)[:length]


def sha256_hash(input: str | bytes) -> str:
    """The SHA-256 of the text (in UTF-8) or of the bytes, in hexadecimal digits."""
    return hashlib.sha256(input.encode() if isinstance(input, str) else input).hexdigest()


def get_table_name(table_name: str, wrap_in_backticks: bool = False) -> str:
    """The table of a DocType: `tab` before the name, but for tables that begin with `__`."""
    name = table_name if table_name.startswith("__") else f"tab{table_name}"
    return f"`{name}`" if wrap_in_backticks else name


def get_job_name(key: str, doctype: str | None = None, doc_name: str | None = None) -> str:
    """A job's name made of these, with `_` between."""
    return "_".join(part for part in (key, doctype, doc_name) if part)
