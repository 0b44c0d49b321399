"""What a bench costs that has nothing to do: row j."""

from __future__ import annotations

import time

from rota.benchmark.arena import Arena, cpu_seconds, pss_mib
from rota.benchmark.rates import Figures
from rota.benchmark.sizes import Sizes
from rota.benchmark.waits import start_bench


def idle(arena: Arena, sizes: Sizes) -> Figures:
    """Memory and processor time of `rota start`, all its processes together, a database server apart."""
    start_bench(arena)
    return at_rest(arena, sizes.idle_seconds)


def at_rest(arena: Arena, seconds: float) -> Figures:
    """Of all processes that run, after two seconds of quiet."""
    time.sleep(2)
    tree = arena.tree()
    used, begin = cpu_seconds(tree), time.monotonic()
    time.sleep(seconds)
    share = (cpu_seconds(tree) - used) / (time.monotonic() - begin)
    return {"PSS MiB": pss_mib(tree), "CPU %": share * 100, "processes": float(len(tree))}
