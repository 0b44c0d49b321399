"""Jobs with effects in a site's documents, committed as the protocol says: for tests that kill and freeze."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from rota.db import Connection, Database
from rota.engine.channel import Channel
from rota.engine.report import Report
from rota.errors import JobLost
from rota.jobs import Claim, Ending
from rota.store import ClaimRef, Store
from tests.unit.engine.toys import ToyRunner

TABLE = "create table if not exists effect (key text not null, claim integer not null)"


class EffectRunner(ToyRunner):
    """Runs toy jobs, and `effect`: a row in the documents' database and the outcome in one commit."""

    def __init__(self, folder: Path, databases: Callable[[str], Database], open_store: Callable[[str], Store]) -> None:
        super().__init__(folder)
        self._databases = databases
        self._open_store = open_store
        self._stores: dict[str, tuple[Store, Connection]] = {}

    def run(self, site: str, claim: Claim, channel: Channel) -> Report | Awaitable[Report]:
        if claim.method != "effect":
            return super().run(site, claim, channel)
        if site not in self._stores:
            self._stores[site] = self._open_store(site), self._databases(site).connect()
        store, documents = self._stores[site]
        return self._effect(store, documents, claim, **json.loads(channel.body["kwargs"]))

    def _effect(
        self,
        store: Store,
        documents: Connection,
        claim: Claim,
        seconds: float = 0,
        name: str = "",
        *,
        hold: bool = False,
    ) -> Report:
        ref = ClaimRef(claim.key, claim.number)
        if not store.handoff.begun(documents, ref):
            return Report(ending=Ending.LOST)
        if name:
            self.mark(None, name)  # type: ignore[arg-type]
        time.sleep(seconds)
        while hold and not (self.folder / "go").exists():
            time.sleep(0.01)
        try:
            with documents.transaction():
                values: dict[str, Any] = {"key": claim.key, "claim": claim.number}
                documents.run("insert into effect (key, claim) values (:key, :claim)", values)
                store.handoff.finish(documents, ref, None, ())
        except JobLost:
            self.mark(None, "refused")  # type: ignore[arg-type]
            return Report(ending=Ending.LOST)
        return Report(ending=Ending.COMMITTED)

    def deaf(self, channel: Channel, seconds: float, name: str) -> None:
        """Sleeps through its timeout, as code in C does that never comes back to Python."""
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
        self.mark(channel, name)
        time.sleep(seconds)

    def deaf_with_child(self, channel: Channel, name: str) -> None:
        """As `deaf`, with a child in a session of its own."""
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
        self.has_child(channel, name, own_session=True)

    def kills_dispatcher(self, channel: Channel) -> None:
        nursery = Path(f"/proc/{os.getppid()}/stat").read_text().rpartition(")")[2].split()
        os.kill(int(nursery[1]), signal.SIGKILL)
        time.sleep(60)
