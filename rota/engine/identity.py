"""Which process on which machine this is."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass, field

from rota.store import boot_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A process as the store's tables name it. Two machines must not share a host name."""

    host: str = field(default_factory=socket.gethostname)
    pid: int = field(default_factory=os.getpid)
    boot_id: str = field(default_factory=boot_id)
