"""Stands for the package rq where that is not installed: what applications catch and ask of a job.

What looks into Redis is there by name, so that modules can be imported, and refused when it is called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from rota.errors import NotInRota
from rota.frappe._rq import exceptions, timeouts

_WHY = "there is no Redis: `RQ Job` and `RQ Worker` list jobs and workers"


class _Refused:
    """Something of rq that Rota has not."""

    def __init__(self, *_: Any, **__: Any) -> None:
        raise NotInRota(f"rq.{type(self).__name__}", _WHY)

    @classmethod
    def all(cls, *_: Any, **__: Any) -> NoReturn:
        """Refused.

        Raises:
            NotInRota: always.
        """
        raise NotInRota(f"rq.{cls.__name__}.all", _WHY)


class Queue(_Refused):
    """Refused: `frappe.enqueue` puts jobs into queues."""


class Worker(_Refused):
    """Refused: `rota worker` starts workers."""


class Connection(_Refused):
    """Refused: there is no Redis."""


class Retry(_Refused):
    """Refused: `job_options={"retry": ...}` says how often a job is tried."""


class Callback(_Refused):
    """Refused: `on_success` and `on_failure` take functions."""


def get_current_job(*_: Any, **__: Any) -> Any:
    """The job that runs here; None outside one."""
    from rota.frappe._rq.job import get_current_job as current_job

    return current_job()


__all__ = ["Callback", "Connection", "Queue", "Retry", "Worker", "exceptions", "get_current_job", "timeouts"]


if not TYPE_CHECKING:

    def __getattr__(name):
        if name == "job":
            from rota.frappe._rq import job

            return job
        raise NotInRota(f"rq.{name}", _WHY)
