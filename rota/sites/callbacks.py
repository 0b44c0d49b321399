"""Call an `on_success`, `on_failure` or `on_stopped` as RQ does, with the job's own arguments where they are taken.

A callback is a job of its own, so what is left of its parent is text. The exception and the traceback are rebuilt from
it: `str(value)` is the message, `str(traceback)` the formatted text, and `traceback.format_tb` takes it, too.
"""

from __future__ import annotations

import builtins
import inspect
import re
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

from rota import errors

_FRAME = re.compile(r'^ *File "(?P<file>[^"]*)", line (?P<line>\d+), in (?P<name>.*)$', re.M)
_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


class TracebackText:
    """A traceback that was kept as text, shaped as the interpreter's are."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._chain = [(found["file"], int(found["line"]), found["name"]) for found in _FRAME.finditer(text)]

    def __str__(self) -> str:
        return self._text

    @classmethod
    def of(cls, text: str) -> TracebackText:
        """The outermost frame, each with the next one inside."""
        outer = cls(text)
        link: Any = outer
        frames = outer._chain or [("?", 0, "?")]
        for number, (file, line, name) in enumerate(frames):
            code = SimpleNamespace(co_filename=file, co_name=name, co_qualname=name, co_positions=lambda: iter(()))
            link.tb_frame = SimpleNamespace(f_code=code, f_globals={}, f_locals={}, f_lineno=line, f_builtins={})
            link.tb_lineno, link.tb_lasti, link.tb_next = line, -1, None
            if number + 1 < len(frames):
                link.tb_next = cls(text)
                link = link.tb_next
        return outer


def error_of(text: str) -> BaseException:
    """The exception that a stored traceback ends with: of its own class where that is Python's or Rota's."""
    last = (text.strip().splitlines() or ["Exception"])[-1]
    name, _, message = last.partition(": ")
    short = name.rpartition(".")[2]
    known = getattr(builtins, short, None) or getattr(errors, short, None)
    kind = known if isinstance(known, type) and issubclass(known, BaseException) else None
    if kind is None:
        if not short.isidentifier():
            return errors.JobError(last)
        kind = type(short, (errors.JobError,), {})
    # Not by calling it: a class of its own may want other arguments.
    error = kind.__new__(kind)
    error.args = (message,)
    return error


def arguments_of(
    function: Callable[..., Any], told: Mapping[str, Any], job: Any, kwargs: Mapping[str, Any], result: Any
) -> tuple[list[Any], dict[str, Any]]:
    """Positional and keyword arguments for a callback: RQ's, then the job's own kwargs by name if it takes them.

    `told` is the callback's option: its kind, and the error's text.
    """
    positional: list[Any] = [job, None]
    if told["kind"] == "success":
        positional.append(result)
    elif told["kind"] == "failure":
        text = str(told.get("error") or "")
        value = error_of(text)
        positional += [type(value), value, TracebackText.of(text)]
    parameters = inspect.signature(function).parameters.values()
    if not any(one.kind is inspect.Parameter.VAR_POSITIONAL for one in parameters):
        positional = positional[: sum(one.kind in _POSITIONAL for one in parameters)]
    taken = [one.name for one in parameters if one.kind in _POSITIONAL][: len(positional)]
    if any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters):
        return positional, {name: value for name, value in kwargs.items() if name not in taken}
    named = {one.name for one in parameters} - set(taken)
    return positional, {name: value for name, value in kwargs.items() if name in named}
