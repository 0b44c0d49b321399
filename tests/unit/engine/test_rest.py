"""When a look at a site is spared, as it would find nothing."""

from __future__ import annotations

import pytest

from rota.engine.rest import LONGEST_SECONDS, Rest

PATIENCE = 3 * 100.0
SOME, OTHER = (1, 1), (2, 1)


@pytest.fixture
def rest() -> Rest:
    """Of a site that has been looked at for long, and in which nobody wrote."""
    rest = Rest(lease=100)
    assert not rest.spares(SOME, 1000)
    rest.note_look(1000 + PATIENCE, in_order=True)
    return rest


def test_looks_are_spared_once_nobody_has_written_for_some_leases(rest: Rest) -> None:
    assert not rest.spares(SOME, 1000 + PATIENCE)
    assert rest.spares(SOME, 1001 + PATIENCE)


def test_no_look_is_spared_after_a_write(rest: Rest) -> None:
    assert rest.spares(SOME, 1001 + PATIENCE)
    assert not rest.spares(OTHER, 1002 + PATIENCE)
    rest.note_look(1002 + PATIENCE, in_order=True)
    assert not rest.spares(OTHER, 1003 + PATIENCE)


def test_they_are_not_spared_for_long(rest: Rest) -> None:
    assert rest.spares(SOME, 999 + PATIENCE + LONGEST_SECONDS)
    assert not rest.spares(SOME, 1000 + PATIENCE + LONGEST_SECONDS)


def test_what_a_look_found_out_of_order_is_looked_at_again(rest: Rest) -> None:
    rest.note_look(1001 + PATIENCE, in_order=False)
    assert not rest.spares(SOME, 1002 + PATIENCE)


def test_nothing_is_known_after_an_end(rest: Rest) -> None:
    rest.end()
    assert not rest.spares(SOME, 1001 + PATIENCE)
    rest.note_look(1001 + PATIENCE, in_order=True)
    assert not rest.spares(SOME, 1002 + PATIENCE)


def test_where_the_database_does_not_tell_nothing_is_spared() -> None:
    rest = Rest(lease=1)
    for now in (1000, 1100, 1200):
        assert not rest.spares(None, now)
        rest.note_look(now, in_order=True)
