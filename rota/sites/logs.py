"""Where log lines go: an application's loggers to files, and everything that a job says to its attempt.

Files hold one JSON object a line, in `logs/MODULE.log` of the bench and of the site. Several processes append to them,
so nobody renames a file while writing: handlers reopen a file that maintenance has moved away.
"""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from rota.errors import UsageError

if TYPE_CHECKING:
    from rota.engine.channel import Channel

MAX_FILE = 10 << 20  # bytes after which maintenance moves a log file away
KEPT_FILES = 10
OUTPUT = "OUTPUT"  #: the level of what a job prints

#: the line to the dispatcher of the job that runs here
channel_here: ContextVar[Channel | None] = ContextVar("rota_channel", default=None)


class JsonLines(logging.Formatter):
    """One JSON object a line; control characters are escaped, so that a text can't fake another line."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "pid": record.process,
            "text": record.getMessage(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class ToAttempt(logging.Handler):
    """Keeps each record with the attempt of the job that runs here, if one does."""

    def emit(self, record: logging.LogRecord) -> None:
        channel = channel_here.get()
        if channel is None:
            return
        text = record.getMessage()
        if record.exc_info:
            text += "\n" + logging.Formatter().formatException(record.exc_info)
        channel.log(record.levelname, text)


class Spoken(io.TextIOBase):
    """Stands for stdout or stderr in a worker: a job's lines go to its attempt, all others where they always went."""

    def __init__(self, behind: TextIO) -> None:
        self._behind = behind
        self._partial = ""

    def write(self, text: str) -> int:
        channel = channel_here.get()
        if channel is None:
            return self._behind.write(text)
        *lines, self._partial = (self._partial + text).split("\n")
        for line in lines:
            channel.log(OUTPUT, line)
        return len(text)

    def flush(self) -> None:
        channel = channel_here.get()
        if channel is None:
            self._behind.flush()
        elif self._partial:
            channel.log(OUTPUT, self._partial)
            self._partial = ""

    def fileno(self) -> int:
        return self._behind.fileno()

    def isatty(self) -> bool:
        return False

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return "utf-8"


def capture() -> Callable[[], None]:
    """In a worker, once: let attempts hear loggers, `print` and stderr. Returns what flushes half lines."""
    root = logging.getLogger()
    root.addHandler(ToAttempt())
    root.setLevel(logging.INFO)
    logging.captureWarnings(True)
    out, err = Spoken(sys.stdout), Spoken(sys.stderr)
    sys.stdout, sys.stderr = out, err

    def flush() -> None:
        out.flush()
        err.flush()

    return flush


def log_to_terminal(level: str, *, as_json: bool) -> None:
    """Let a service's own lines go to its standard error, for people or as JSON."""
    handler = logging.StreamHandler()
    text = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    handler.setFormatter(JsonLines() if as_json else text)
    logging.basicConfig(level=level, handlers=[handler])


def file_logger(module: str, folders: list[Path], *, scope: str, level: int = logging.INFO) -> logging.Logger:
    """The logger of an application's module, writing to `MODULE.log` in each folder.

    `scope` tells sites apart within a process. Its records reach a job's attempt, too.

    Raises:
        UsageError: `module` is no plain file name.
    """
    if not module.replace("-", "").replace("_", "").replace(".", "").replace(" ", "").isalnum():
        raise UsageError(f"{module!r} can't name a log file: letters, digits, '.', '-' and '_' only")
    logger = logging.getLogger(f"rota.app.{scope}.{module}")
    if not logger.handlers:
        logger.setLevel(level)
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
            handler = WatchedFileHandler(folder / f"{module}.log", encoding="utf-8", delay=True)
            handler.setFormatter(JsonLines())
            logger.addHandler(handler)
    return logger


def rotate(folder: Path) -> int:
    """Move log files that have grown too large away, keeping the newest of each; the number of files moved."""
    moved = 0
    for file in sorted(folder.glob("*.log")):
        if file.stat().st_size < MAX_FILE:
            continue
        for number in range(KEPT_FILES - 1, 0, -1):
            older = file.with_name(f"{file.name}.{number}")
            if older.exists():
                older.rename(file.with_name(f"{file.name}.{number + 1}"))
        file.rename(file.with_name(f"{file.name}.1"))
        file.with_name(f"{file.name}.{KEPT_FILES}").unlink(missing_ok=True)
        moved += 1
    return moved
