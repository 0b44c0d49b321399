"""Rota: scheduled tasks and background jobs for Python."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rota.api import (
        current_batch,
        current_job,
        enqueue,
        enqueue_many,
        find_job,
        job,
        progress,
        site,
    )
    from rota.errors import JobCanceled, JobLost, JobTimeout, RetryLater, RotaError
    from rota.frappe import install_as_frappe
    from rota.retry import Retry, retry_after
    from rota.sites.batches import batch, find_batch
    from rota.sites.iteration import iterate

__version__ = "0.1.0"

# Looked up when they are asked for: `rota --help` and a worker's nursery must not import all of Rota.
_HOMES = {
    "JobCanceled": "rota.errors",
    "JobLost": "rota.errors",
    "JobTimeout": "rota.errors",
    "Retry": "rota.retry",
    "RetryLater": "rota.errors",
    "RotaError": "rota.errors",
    "batch": "rota.sites.batches",
    "current_batch": "rota.api",
    "current_job": "rota.api",
    "enqueue": "rota.api",
    "enqueue_many": "rota.api",
    "find_batch": "rota.sites.batches",
    "find_job": "rota.api",
    "iterate": "rota.sites.iteration",
    "install_as_frappe": "rota.frappe",
    "job": "rota.api",
    "progress": "rota.api",
    "retry_after": "rota.retry",
    "site": "rota.api",
}
__all__ = [
    "JobCanceled",
    "JobLost",
    "JobTimeout",
    "Retry",
    "RetryLater",
    "RotaError",
    "batch",
    "current_batch",
    "current_job",
    "enqueue",
    "enqueue_many",
    "find_batch",
    "find_job",
    "install_as_frappe",
    "iterate",
    "job",
    "progress",
    "retry_after",
    "site",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'rota' has no attribute {name!r}")
    return getattr(import_module(home), name)
