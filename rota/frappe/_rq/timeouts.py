"""What a job gets at its time limit."""

from __future__ import annotations

from rota.errors import JobTimeout as JobTimeoutException

BaseTimeoutException = JobTimeoutException

__all__ = ["BaseTimeoutException", "JobTimeoutException"]
