"""When Python looks for garbage."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_collections() -> Iterator[None]:
    """Put off looking for garbage until the end of the block, for one that makes many objects and keeps them all.

    Among them it would be looked for again and again, through all that the process has. Nothing in the block may wait.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
