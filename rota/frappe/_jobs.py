"""`frappe.enqueue` and its kin, progress and messages to browsers."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from rota import frappe  # what an app has put there counts
from rota.documents.dictionary import AttrDict
from rota.engine.call import call_by_signature
from rota.errors import UsageError
from rota.event import addressed
from rota.sites.attached import realtime_of
from rota.sites.bound import call_document
from rota.sites.context import current
from rota.sites.jobs import jobs_of
from rota.sites.realtime import progress_message

Method = str | Callable[..., Any]


def enqueue(
    method: Method,
    queue: str = "default",
    timeout: Any = None,
    event: str | None = None,
    is_async: bool = True,
    job_name: str | None = None,
    now: bool = False,
    enqueue_after_commit: bool | None = None,
    *,
    on_success: Method | None = None,
    on_failure: Method | None = None,
    at_front: bool = False,
    at_front_when_starved: bool = False,
    job_id: str | None = None,
    deduplicate: bool | str = False,
    job_options: dict[str, Any] | None = None,
    **kwargs: Any,
) -> Any:
    """Run a function in the background: its job, or None when `deduplicate` found that it is there already.

    The job belongs to the open transaction: commit publishes it, rollback takes it back. `enqueue_after_commit=False`
    publishes it at once, as Frappe does. `now`: call it here instead, and return what it returns. `job_options`: what
    Frappe has not (`retry`, `delay`, `run_at`, `priority`, `depends_on`, `on_stopped`, ...). All other keywords are the
    function's. `at_front_when_starved`: at the front of a queue in which many wait.

    Raises:
        UnknownQueue, UnknownMethod, NotEncodable, QueueOverloaded: it can't be enqueued.
        ValidationError: `deduplicate` without `job_id`.
    """
    is_async = kwargs.pop("async", is_async)
    jobs = jobs_of(current())
    if now or not is_async:
        return _call_now(method, kwargs)
    given = {
        "queue": None if queue == "default" else queue,
        "timeout": timeout,
        "event": event,
        "job_name": job_name,
        "on_success": on_success,
        "on_failure": on_failure,
        "at_front": at_front,
        "at_front_when_starved": at_front_when_starved,
        "job_id": job_id,
        "deduplicate": deduplicate,
    }
    # What was not asked for is left to what `@rota.job` says of the function.
    options = {name: value for name, value in given.items() if value not in (None, False)}
    options |= _checked(job_options or {})
    # Not by `jobs.is_active`, which remembers the answer for the next plain enqueue of the id.
    was_there = deduplicate is True and job_id is not None and _is_there(job_id)
    job = jobs.enqueue(method, kwargs, enqueue_after_commit=enqueue_after_commit, **options)
    # Many may have looked at once and found nothing.
    return None if was_there or (deduplicate is True and not job.is_own) else job


def _is_there(job_id: str) -> bool:
    context = current()
    return context.enqueues.waiting(job_id) is not None or context.site.store.is_active(job_id)


def _checked(job_options: dict[str, Any]) -> dict[str, Any]:
    from rota.engine.queue import JOB_OPTIONS

    unknown = set(job_options) - set(JOB_OPTIONS)
    if unknown:
        known = ", ".join(sorted(JOB_OPTIONS))
        raise UsageError(f"job_options has no {', '.join(sorted(unknown))}; there are {known}")
    return job_options


def _call_now(method: Method, kwargs: dict[str, Any]) -> Any:
    function = frappe.get_attr(method) if isinstance(method, str) else method
    return call_by_signature(function, kwargs)


def enqueue_doc(
    doctype: str,
    name: Any = None,
    method: str | None = None,
    queue: str = "default",
    timeout: Any = 300,
    now: bool = False,
    **kwargs: Any,
) -> Any:
    """Run a method of a document, loaded anew, in the background; see `enqueue`."""
    return frappe.enqueue(
        call_document,
        queue=queue,
        timeout=timeout,
        now=now,
        doctype=doctype,
        name=name,
        doc_method=method,
        **{"job_name": f"{doctype}.{method}", **kwargs},
    )


def task(**task_kwargs: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate a function so that `function.enqueue(a=1)` runs it in the background, with these options."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        function.enqueue = functools.partial(_enqueue_task, function, task_kwargs)  # type: ignore[attr-defined]
        return function

    return decorate


def _enqueue_task(function: Callable[..., Any], options: dict[str, Any], **kwargs: Any) -> Any:
    return frappe.enqueue(function, **{**options, **kwargs})


def publish_realtime(
    event: str | None = None,
    message: Any = None,
    room: str | None = None,
    user: str | None = None,
    doctype: str | None = None,
    docname: str | None = None,
    task_id: str | None = None,
    after_commit: bool = False,
) -> None:
    """Send a message to browsers: to a room, a task, a user or a document's watchers; to all of the desk otherwise.

    It is sent at once, or with the transaction (`after_commit`). It never fails a job.
    """
    context = current()
    wanted = addressed(
        event,
        message,
        room=room,
        user=user,
        doctype=doctype,
        docname=None if docname is None else str(docname),
        task_id=task_id,
        running_task=context.local.get("task_id"),
        session_user=context.user,
    )
    realtime_of(context).publish(wanted, after_commit=after_commit)


def publish_progress(
    percent: float,
    title: str | None = None,
    doctype: str | None = None,
    docname: str | None = None,
    description: str | None = None,
    task_id: str | None = None,
) -> None:
    """Show how far it is, in per cent, to who looks at the document, else to the user; in a job, with it, too."""
    context = current()
    running = context.running
    if running is not None:
        running.progress(percent, None, description or title)
    about = running.id if running is not None else title or "progress"
    event = addressed(
        "progress",
        progress_message(percent, title, description, job=running.id if running else None),
        user=None if doctype and docname else context.user,
        doctype=doctype,
        docname=None if docname is None else str(docname),
        task_id=task_id,
        session_user=context.user,
    )
    realtime_of(context).progress(event, about, is_over=percent >= 100)


def get_current_job() -> AttrDict | None:
    """The job that runs here, as `frappe.local.job` shows it; None outside one."""
    return frappe.local.job if current().running is not None else None


__all__ = ["enqueue", "enqueue_doc", "publish_progress", "publish_realtime", "task"]
