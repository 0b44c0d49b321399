"""Python looks for garbage while nobody makes many objects at once."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from rota.garbage import no_collections


@pytest.fixture
def collections() -> Iterator[list[int]]:
    """The generations that are looked through while the test runs, one after the other."""
    found: list[int] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            found.append(info["generation"])

    gc.callbacks.append(note)
    yield found
    gc.callbacks.remove(note)


def test_garbage_is_looked_for_after_the_block_and_not_in_it(collections: list[int]) -> None:
    kept: list[object] = []
    with no_collections():
        collections.clear()
        kept += [[] for _ in range(10_000)]
        assert collections == []
    kept += [[] for _ in range(2_000)]
    assert collections


def test_it_is_looked_for_again_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), no_collections():
        raise ZeroDivisionError
    assert gc.isenabled()


def test_who_never_looks_for_it_goes_on_so() -> None:
    gc.disable()
    try:
        with no_collections(), no_collections():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
