"""Background tasks as documents, and what their users may ask for over HTTP."""

from __future__ import annotations

from typing import Any

from rota.documents.document import Document
from rota.sites import background
from rota.sites.methods import mark


class BackgroundTask(Document):
    """A task; `rota.sites.background` makes it and writes how it goes."""


def stop_task(task: str) -> str:
    """Cancel a task of the user."""
    return background.stop_task(task)


def retry_task(task: str) -> Any:
    """Start a task of the user again that failed or was cancelled; the name of the new one."""
    return background.retry_task(task).name


def get_recent_tasks(limit: int = 20) -> list[dict[str, Any]]:
    """The user's newest tasks, at most 100."""
    return background.get_recent_tasks(min(int(limit), 100))


mark(stop_task, allow_guest=False, xss_safe=False, methods=["POST"])
mark(retry_task, allow_guest=False, xss_safe=False, methods=["POST"])
mark(get_recent_tasks, allow_guest=False, xss_safe=False, methods=["GET", "POST"])
