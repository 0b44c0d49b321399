"""Commands to workers."""

from __future__ import annotations

from typing import Any, NoReturn

from rota.errors import NotInRota


def send_stop_job_command(*_: Any, **__: Any) -> NoReturn:
    """Refused.

    Raises:
        NotInRota: always.
    """
    raise NotInRota("rq.command.send_stop_job_command", "`job.cancel()` stops a job")


def send_kill_horse_command(*_: Any, **__: Any) -> NoReturn:
    """Refused.

    Raises:
        NotInRota: always.
    """
    raise NotInRota("rq.command.send_kill_horse_command", "`job.cancel()` stops a job")
