"""Find out whether a database answers, without waiting for it: one that is cut off holds its caller for seconds."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Probe:
    """Asks once, in a thread of its own."""

    def __init__(self, ask: Callable[[], object], *, name: str) -> None:
        self._ask = ask
        self.error: Exception | None = None  #: once it is done, why there was no answer
        self._thread = threading.Thread(target=self._run, name=f"probe {name}", daemon=True)
        self._thread.start()

    @property
    def is_done(self) -> bool:
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._ask()
        except Exception as error:  # noqa: BLE001 - it is the one who asked that decides what it means
            self.error = error
