"""Jobs."""

from __future__ import annotations

from typing import Any

from rota.engine.job import Job
from rota.errors import NoSuchJobError
from rota.jobs import JobState as JobStatus
from rota.sites.context import current_or_none


def get_current_job(*_: Any, **__: Any) -> Job | None:
    """The job that runs here, the same object each time; None outside one."""
    context = current_or_none()
    return None if context is None or context.running is None else context.running.job


__all__ = ["Job", "JobStatus", "NoSuchJobError", "get_current_job"]
