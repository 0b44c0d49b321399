"""Words for scenarios that show what a safeguard prevents: each plays the shortest way to a harm, and says whether it
came."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import pytest

from tests.contract.store.site import Site

Scenario = Callable[[Site, bool], bool]
Test = TypeVar("Test", bound=Callable[..., None])


def with_and_without(*, sqlite: Sequence[Scenario] = (), postgresql: Sequence[Scenario] = ()) -> Callable[[Test], Test]:
    """Run a test for each scenario on its databases, with the safeguard and without."""
    cases = [("sqlite", one) for one in sqlite] + [("postgresql", one) for one in postgresql]

    def decorate(test: Test) -> Test:
        by_safe = pytest.mark.parametrize("safe", [True, False], ids=["with", "without"])
        by_case = pytest.mark.parametrize(
            ("databases", "scenario"), cases, indirect=["databases"], ids=lambda one: getattr(one, "__name__", one)
        )
        return by_safe(by_case(test))

    return decorate
