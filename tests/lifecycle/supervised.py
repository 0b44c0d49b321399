"""A supervisor as a program: `python -m tests.lifecycle.supervised FOLDER CHILD... [--watch] [--impatient]`."""

from __future__ import annotations

import os
import signal
import sys
import time
from functools import partial
from pathlib import Path

from rota.engine.supervisor import Child, Supervisor


def steady(folder: Path, name: str) -> int:
    """Says who it is, and stops when told."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with (folder / name).open("a") as file:
        file.write(f"{os.getpid()}\n")
    print(f"{name} here")
    while True:
        time.sleep(60)


def handing_over(folder: Path, name: str) -> int:
    """Told to hand over, it ends when it may."""
    signal.signal(signal.SIGUSR1, lambda *_: (folder / "told").touch())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with (folder / name).open("a") as file:
        file.write(f"{os.getpid()}\n")
    while not (folder / "told").exists() or not (folder / f"may-end-{os.getpid()}").exists():
        time.sleep(0.01)
    print("old one is through")
    return 0


def deaf(folder: Path, name: str) -> int:
    """Does not stop when told."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with (folder / name).open("a") as file:
        file.write(f"{os.getpid()}\n")
    time.sleep(600)
    return 0


def failing(folder: Path, name: str) -> int:
    """Ends at once."""
    with (folder / name).open("a") as file:
        file.write(f"{time.monotonic()}\n")
    return 3


def wrong(folder: Path, name: str) -> int:
    """Was asked for what can't be."""
    print("there is no such queue")
    return 2


def slow_to_start(folder: Path, name: str) -> int:
    """Is ready only after a while."""
    time.sleep(0.3)
    (folder / "is-ready").touch()
    return steady(folder, name)


def main() -> int:
    """Supervise the named children."""
    folder, names = Path(sys.argv[1]), [name for name in sys.argv[2:] if not name.startswith("--")]
    kinds = {one.__name__: one for one in (steady, handing_over, deaf, failing, wrong, slow_to_start)}
    children = [
        Child(
            name=name,
            run=["sh", "-c", "echo from a shell; exec sleep 600"]
            if name == "shell"
            else partial(kinds[name], folder, name),
            hands_over=signal.SIGUSR1 if name == "handing_over" else None,
            is_ready=(folder / "is-ready").exists if name == "slow_to_start" else None,
        )
        for name in names
    ]
    watch = [folder / "code"] if "--watch" in sys.argv else []
    grace = 1 if "--impatient" in sys.argv else 3600
    return Supervisor(children, grace=grace, watch=watch, on_ready=lambda: print("all are ready")).run()


if __name__ == "__main__":
    sys.exit(main())
