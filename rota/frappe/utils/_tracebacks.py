"""The traceback of the error being handled, as text, with secrets left out."""

from __future__ import annotations

import reprlib
import sys
import traceback
from collections.abc import Mapping
from types import FrameType
from typing import Any

from rota.frappe.utils._system import get_bench_path

SECRETS = ("password", "passwd", "secret", "token", "key", "pwd")
HIDDEN = "********"

_shown = reprlib.Repr()
_shown.maxstring = _shown.maxother = 200
_shown.maxdict = _shown.maxlist = _shown.maxtuple = 12


def get_traceback(with_context: bool = False) -> str:
    """The traceback of the error being handled, paths shortened to the bench; "" where there is none.

    With `with_context`, each frame's variables stand below it; those whose names speak of secrets are hidden.
    """
    error = sys.exception()
    if error is None:
        return ""
    lines = traceback.format_exception(error)
    if with_context:
        lines += _variables(error)
    return "".join(lines).replace(f"{get_bench_path()}/", "")


def _variables(error: BaseException) -> list[str]:
    lines = ["\nVariables, innermost frame last:\n"]
    for frame, number in traceback.walk_tb(error.__traceback__):
        lines.append(f'  File "{frame.f_code.co_filename}", line {number}, in {frame.f_code.co_name}\n')
        lines += _locals(frame)
    return lines


def _locals(frame: FrameType) -> list[str]:
    return [f"    {name} = {_text(name, value)}\n" for name, value in frame.f_locals.items()]


def _text(name: str, value: Any) -> str:
    return HIDDEN if _is_secret(name) else _shown.repr(_without_secrets(value))


def _without_secrets(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {key: HIDDEN if _is_secret(key) else _without_secrets(item) for key, item in value.items()}


def _is_secret(name: Any) -> bool:
    return isinstance(name, str) and any(word in name.lower() for word in SECRETS)
