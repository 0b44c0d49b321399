"""Which process on which machine this is, and what became of another one."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass, field
from pathlib import Path

from rota.store import boot_id


def _birth() -> str:
    return f"{_place()} {_started(os.getpid())}"


def _place() -> str:
    # Containers may share a machine's boot and even its host name, but not its process ids.
    return f"{boot_id()} {Path('/proc/self/ns/pid').readlink()}"


def _started(pid: int) -> str:
    """When a process began, in ticks since the boot: a clock that nobody sets. "" if it lives no more."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""
    # The second field is the program's name in brackets, which may hold brackets and blanks itself.
    state, *rest = stat.rpartition(")")[2].split()
    return "" if state in "ZX" else rest[18]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A process as the store's tables name it. Two machines must not share a host name."""

    host: str = field(default_factory=socket.gethostname)
    pid: int = field(default_factory=os.getpid)
    #: the boot, the process ids' namespace and the start: no other process ever has the same with the same number
    birth: str = field(default_factory=_birth)

    def saw_die(self, host: str, pid: int, birth: str) -> bool:
        """Whether this was a process of our machine that lives no more. Another machine's, nobody here can tell."""
        if not self.shares_machine(host, birth) or (pid, birth) == (self.pid, self.birth):
            return False
        return _started(pid) != birth.rpartition(" ")[2]

    def shares_machine(self, host: str, birth: str) -> bool:
        """Whether a process of that birth is, or was, one whose number means something here."""
        return host == self.host and birth.rpartition(" ")[0] == self.birth.rpartition(" ")[0]
