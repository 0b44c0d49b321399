"""What can go wrong with jobs."""

from __future__ import annotations

from rota.errors import JobError, NoSuchJobError


class InvalidJobOperation(JobError):
    """A job can't be changed so in its state."""


class ShutDownImminentException(JobError):
    """A worker is about to stop."""


class AbandonedJobError(JobError):
    """A job's worker died."""


class DequeueTimeout(JobError):
    """Nothing came in time."""


class TimeoutFormatError(JobError):
    """A time limit can't be read."""


__all__ = [
    "AbandonedJobError",
    "DequeueTimeout",
    "InvalidJobOperation",
    "NoSuchJobError",
    "ShutDownImminentException",
    "TimeoutFormatError",
]
