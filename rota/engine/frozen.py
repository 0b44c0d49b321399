"""Who holds SQLite's write lock and is stopped: it holds up all writers of the file, and nothing but its end frees it.

Only processes of Rota's own services are ended, whose work the next one goes on with: what they had not committed is
rolled back by the kernel's release of the lock, and what they had claimed goes back when they are seen to have died.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil

log = logging.getLogger("rota.maintenance")

LOCKS = Path("/proc/locks")
# https://sqlite.org/walformat.html, "WAL locks": the byte of the -shm file that the one who writes has locked.
WRITE_LOCK = "120"
TITLE = "rota: "
KILL_SECONDS = 0.5


class FrozenWriters:
    """Looks now and then at the write locks of files. A process that is stopped for long while it has one ends."""

    def __init__(self, *, patience: float) -> None:
        """`patience`: seconds for which a process may be stopped with the lock."""
        self._patience = patience
        self._since: dict[psutil.Process, float] = {}

    def look(self, files: Iterable[Path], now: float) -> None:
        """See who is stopped with the lock of one of the database files, and kill those that are for too long.

        `now`: seconds, monotonic.
        """
        stopped = dict(_stopped(files))
        self._since = {process: self._since.get(process, now) for process in stopped}
        for process, since in self._since.items():
            if now - since >= self._patience:
                log.warning(
                    "process %d is stopped and holds up all who write to %s: it is killed",
                    process.pid,
                    stopped[process],
                )
                with suppress(psutil.Error):
                    process.kill()
                    process.wait(KILL_SECONDS)


def _stopped(files: Iterable[Path]) -> Iterator[tuple[psutil.Process, Path]]:
    for pid, file in _holders(files):
        with suppress(psutil.Error):
            process = psutil.Process(pid)
            is_ours = " ".join(process.cmdline()).startswith(TITLE)
            if is_ours and process.status() == psutil.STATUS_STOPPED:
                yield process, file


def _holders(files: Iterable[Path]) -> Iterator[tuple[int, Path]]:
    """Who has the write lock of which file."""
    found = {}
    for line in LOCKS.read_text(encoding="ascii").splitlines():
        words = line.split()
        # "1: POSIX ADVISORY WRITE 4711 08:01:131077 120 120"; one that waits has "->" in it and holds nothing.
        # The number is 0 or below for what this container can't see, and for locks that belong to no one process.
        if len(words) == 8 and words[3] == "WRITE" and words[6] == WRITE_LOCK == words[7] and int(words[4]) > 0:
            found[words[5].rpartition(":")[2]] = int(words[4])
    for file in files if found else ():
        with suppress(FileNotFoundError):
            pid = found.get(str(file.with_name(f"{file.name}-shm").stat().st_ino))
            if pid is not None:
                yield pid, file
