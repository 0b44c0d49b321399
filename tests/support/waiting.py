"""Waiting for something to become true: how tests wait, instead of sleeping for as long as it usually takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(condition: Callable[[], T], *, timeout: float = 60, message: str = "", every: float = 0.01) -> T:
    """Ask `condition` until it answers something true, and return that.

    `timeout` and `every` are seconds of real time; the machine may be busy, so a limit proves nothing but that the
    condition comes. An AssertionError with `message` (or the condition's name) and
    its last answer comes at the timeout. What the condition itself raises is not swallowed.
    """
    deadline = time.monotonic() + timeout
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() >= deadline:
            what = message or getattr(condition, "__name__", "the condition")
            raise AssertionError(f"{what}: not within {timeout:g} s; the last answer was {answer!r}")
        time.sleep(every)
