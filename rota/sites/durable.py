"""What has to be on disk before anything is built on it."""

from __future__ import annotations

import os
from pathlib import Path


def flush(path: Path) -> None:
    """See that a file's content, or the names in a folder, are on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
