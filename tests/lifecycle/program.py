"""A dispatcher as a program of its own: `python -m tests.lifecycle.program BENCH.json`."""

from __future__ import annotations

import json
import logging
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from rota.clock import SystemClock
from rota.db import Database, open_database
from rota.engine import roster
from rota.engine.dispatcher import Dispatcher
from rota.engine.outcome import on_stopped
from rota.engine.settings import DispatcherSettings
from rota.engine.worker import WorkerSettings
from rota.errors import StoreUnavailable
from rota.store import Store, StoreSettings
from tests.lifecycle.effects import EffectRunner


class ToyBench:
    """Sites of a folder: for each name, the URLs of its engine's and its documents' database."""

    def __init__(self, folder: Path, sites: dict[str, tuple[str, str]], lease: float) -> None:
        self.folder = folder
        self.sites = sites
        self._lease = lease

    def documents(self, site: str) -> Database:
        return open_database(self.sites[site][1])

    def open_store(self, site: str) -> Store:
        if site.startswith("broken"):
            raise StoreUnavailable(f"{site} is broken")
        clock = SystemClock()
        return Store(
            engine=open_database(self.sites[site][0]),
            documents=self.documents(site),
            clock=clock,
            settings=StoreSettings(lease=self._lease),
            on_stopped=on_stopped(clock),
        )


def main(file: str) -> int:
    """Serve until stopped."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(process)d %(name)s %(message)s")
    asked: dict[str, Any] = json.loads(Path(file).read_text())
    bench = ToyBench(Path(asked["folder"]), asked["sites"], asked["settings"].get("lease", 20.0))
    roster.LOOK_SECONDS = roster.LONGEST_LOOK_SECONDS = asked["look"]
    queues = {"short": 300.0, "default": 300.0, "long": 1500.0}
    worker = WorkerSettings(**asked["worker"])
    settings = replace(DispatcherSettings(queues=queues, workers=2, worker=worker), **asked["settings"])
    dispatcher = Dispatcher(
        sites=lambda: {name: lambda name=name: bench.open_store(name) for name in bench.sites},  # type: ignore[misc]
        runner=EffectRunner(bench.folder, bench.documents, bench.open_store),
        run_folder=bench.folder / "run",
        settings=settings,
    )
    return dispatcher.run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
