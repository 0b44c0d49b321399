"""What takes so long to prepare that all databases are prepared at once, before any is measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rota.benchmark.rates import Figures


@dataclass(frozen=True, slots=True)
class Stage:
    """What is measured in rounds once it is prepared."""

    #: run at once, each in a thread; how busy the machine is does not matter
    preparations: Sequence[Callable[[], None]]
    measure: Callable[[], Figures]  #: one round, while nothing else runs
