"""The other processes of this bench on this machine: who they are, and the moment one of them dies.

They are found by their wake-up sockets, and say hello when they start.
"""

from __future__ import annotations

import os
import selectors
from collections.abc import Callable
from pathlib import Path

from rota.engine.wake import PREFIX


class Peers:
    """Watches processes by descriptors that are readable once they are dead."""

    def __init__(self, folder: Path, selector: selectors.BaseSelector, died: Callable[[], None]) -> None:
        """`died` is called when one has."""
        self._folder = folder
        self._selector = selector
        self._died = died
        self._watched: dict[int, int] = {}  # process id to descriptor

    def look(self) -> None:
        """Begin to watch those that have come."""
        for file in self._folder.glob(f"{PREFIX}*"):
            pid = file.name.removeprefix(PREFIX).partition("-")[0]
            if pid.isdigit() and int(pid) not in self._watched and int(pid) != os.getpid():
                self._watch(int(pid))

    def close(self) -> None:
        for descriptor in self._watched.values():
            os.close(descriptor)
        self._watched.clear()

    def _watch(self, pid: int) -> None:
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            return  # dead already: the looks at each site find what it left
        self._watched[pid] = descriptor
        self._selector.register(descriptor, selectors.EVENT_READ, lambda _: self._bury(pid))

    def _bury(self, pid: int) -> None:
        descriptor = self._watched.pop(pid)
        self._selector.unregister(descriptor)
        os.close(descriptor)
        self._died()
