"""How much a template may do: steps, seconds, and the size of any text or list it makes."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from rota.errors import ValidationError

LONGEST_FILL = 100_000  # what a template may pad, repeat or indent to
_BITS = 10_000
_LONG_NUMBER = re.compile(r"\d{5,}|%[^a-zA-Z%]*\*|\{[^{}]*\{")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """For one rendering."""

    steps: int = 1_000_000  #: turns of loops; a macro or an included template counts as ten
    seconds: float = 30.0
    size: int = 10_000_000  #: characters of the output or of any text in between, members of a list


class Budget:
    """What one rendering has left."""

    def __init__(self, limits: Limits, monotonic: Callable[[], float]) -> None:
        self.limits, self._monotonic = limits, monotonic
        self._steps = self._calls = 0
        self._ends = monotonic() + limits.seconds

    def step(self, count: int = 1) -> None:
        """Count turns.

        Raises:
            ValidationError: there were too many, or the time is over.
        """
        self._steps += count
        if self._steps > self.limits.steps:
            raise ValidationError(f"the template takes more than {self.limits.steps:,} steps: loop over less")
        self._calls += 1
        if self._calls % 64 == 0 and self._monotonic() > self._ends:
            raise ValidationError(f"the template takes longer than {self.limits.seconds:g} s")

    def room(self, size: int) -> None:
        """See that something of this size may be made.

        Raises:
            ValidationError: it is too large.
        """
        if size > self.limits.size:
            raise ValidationError(
                f"the template makes something larger than {self.limits.size:,} characters or members"
            )


current: ContextVar[Budget | None] = ContextVar("rota_template_budget", default=None)
_UNBOUND = Limits()


def budget() -> Budget:
    """That of the rendering which is under way."""
    found = current.get()
    return found if found is not None else Budget(_UNBOUND, time.monotonic)


def size_of(value: Any) -> int:
    """Characters or members; 0 for what has neither."""
    return len(value) if isinstance(value, (str, bytes, list, tuple)) else 0


def check_product(left: Any, right: Any) -> None:
    """Before `left * right`."""
    if isinstance(left, int) and isinstance(right, int):
        if left.bit_length() + right.bit_length() > _BITS:
            raise ValidationError("the template computes with numbers that are too large")
        return
    times = left if isinstance(left, int) else right
    if isinstance(times, int):
        budget().room(size_of(left if times is right else right) * times)


def check_power(left: Any, right: Any) -> None:
    """Before `left ** right`."""
    if isinstance(left, int) and isinstance(right, int) and left.bit_length() * abs(right) > _BITS:
        raise ValidationError("the template computes with numbers that are too large")


def check_format(pattern: Any) -> None:
    """Before a text is used as a format: a width in it is a size."""
    if isinstance(pattern, str) and _LONG_NUMBER.search(pattern):
        raise ValidationError("a format in the template has a width of more than four digits, or one that is computed")


def check_arguments(values: tuple[Any, ...]) -> None:
    """Before a filter or a method of a text is called that pads, repeats or cuts."""
    if any(isinstance(value, int) and abs(value) > LONGEST_FILL for value in values):
        raise ValidationError(f"the template pads or repeats to more than {LONGEST_FILL:,}")
