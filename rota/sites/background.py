"""Background tasks: jobs that their user sees, with progress, a result and files, and may stop or start again.

A task is a document, made with the job in the caller's transaction. While it runs, its progress is the job's; what it
ended with is written with the job's own last commit, or by a callback that its end enqueues.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from rota.engine.call import call_by_signature
from rota.engine.queue import Method
from rota.errors import PermissionError as NotPermitted
from rota.errors import UsageError, ValidationError
from rota.event import Event, user_room
from rota.payload import clean_text
from rota.sites.attached import realtime_of
from rota.sites.attachments import save_file
from rota.sites.callbacks import arguments_of
from rota.sites.codec import JOB_CODEC
from rota.sites.context import Context, current
from rota.sites.jobs import jobs_of
from rota.sites.masking import masked

DOCTYPE = "Background Task"
QUEUED, RUNNING, COMPLETED, FAILED, CANCELLED = "Queued", "Running", "Completed", "Failed", "Cancelled"
IN_WORK = (QUEUED, RUNNING)
UPDATE = "task_update"
MAX_RESULT = 1 << 20  # characters
LONGEST_ERROR = 64 << 10
_HERE = "rota.sites.background"
_SHOWN = (
    "name", "task_name", "status", "progress", "stage", "ref_doctype", "ref_docname", "creation", "ended_at",
    "show_progress_bar", "allow_user_cancellation", "allow_user_retry",
)  # fmt: skip


def enqueue_task(
    method: Method,
    *,
    task_name: str | None = None,
    queue: str = "default",
    timeout: Any = None,
    ref_doctype: str | None = None,
    ref_docname: Any = None,
    deduplicate: bool = False,
    job_id: str | None = None,
    enqueue_after_commit: bool = True,
    now: bool = False,
    on_success: Method | None = None,
    on_failure: Method | None = None,
    retry_on: Any = None,
    max_retries: int = 0,
    show_progress_bar: bool = True,
    allow_user_cancellation: bool = True,
    allow_user_retry: bool = False,
    **kwargs: Any,
) -> Any:
    """Enqueue a call as a task of its user; its Background Task document.

    `deduplicate`, with a `job_id` that is alive: the task that is there. `retry_on`: exceptions (classes or dotted
    names) after which it is tried again, `max_retries` times. `now`: run it here. The `kwargs` are the method's.

    Raises:
        UsageError, ValidationError: what is asked for can't be; nothing was enqueued.
    """
    context = current()
    jobs = jobs_of(context)
    path = jobs.queue.path_of(getattr(method, "path", method))
    if deduplicate and not job_id:
        raise ValidationError("deduplicate needs a job_id: by what would it know that the task is there already?")
    if deduplicate and (there := _alive(context, str(job_id))) is not None:
        return there
    values = {
        "task_name": task_name or path,
        "user": context.user,
        "method": path,
        "arguments": _shown(context, kwargs),
        "queue": queue,
        "task_id": job_id,
        "ref_doctype": ref_doctype,
        "ref_docname": None if ref_docname is None else str(ref_docname),
        "show_progress_bar": int(show_progress_bar),
        "allow_user_cancellation": int(allow_user_cancellation),
        "allow_user_retry": int(allow_user_retry),
    }
    doc = context.documents.get_doc({"doctype": DOCTYPE, "status": QUEUED, **values}).insert(ignore_permissions=True)
    if now:
        run_task(doc.name, path, kwargs)
        return doc.reload()
    then = {"success": _path(context, on_success), "failure": _path(context, on_failure)}
    retry = {"attempts": max_retries + 1, **({"on": retry_on} if retry_on else {})} if max_retries else None
    job = jobs.enqueue(
        f"{_HERE}.run_task",
        {"task": doc.name, "method": path, "kwargs": kwargs, "then": then},
        queue=queue,
        timeout=timeout,
        job_id=job_id,
        job_name=task_name or path,
        on_success=f"{_HERE}.task_succeeded" if on_success else None,
        on_failure=f"{_HERE}.task_failed",
        on_stopped=f"{_HERE}.task_stopped",
        retry=retry,
        enqueue_after_commit=enqueue_after_commit,
    )
    context.documents.database.set_value(DOCTYPE, doc.name, "job", job.key, update_modified=False)
    doc.job = job.key
    _tell(context, doc.name, {"status": QUEUED, "task_name": values["task_name"]})
    return doc


class Task:
    """The task that runs here: `get_current_task()`."""

    def __init__(self, context: Context, name: str) -> None:
        self._context = context
        self.name = name

    @property
    def doc(self) -> Any:
        """Its document."""
        return self._context.documents.get_doc(DOCTYPE, self.name)

    def publish_progress(self, percent: float, stage: str | None = None) -> None:
        """Tell its user how far it is, in per cent, and at what. Stored at most once a second."""
        running = self._context.running
        if running is not None:
            running.progress(percent, 100.0, stage)
        told = {"status": RUNNING, "progress": percent, **({"stage": stage} if stage else {})}
        event = _event(self._context, self.name, told)
        realtime_of(self._context).progress(event, self.name, is_over=percent >= 100)

    def update_stage(self, stage: str) -> None:
        """Tell its user what it is doing."""
        self._set(stage=stage)
        _tell(self._context, self.name, {"status": RUNNING, "stage": stage}, at_once=True)

    def store_result(self, result: Any) -> None:
        """Keep a result for its user, with the job's transaction; it must be something that JSON can say.

        Raises:
            UsageError: it is not, or too large.
        """
        try:
            text = json.dumps(result, default=str, ensure_ascii=False)
        except (TypeError, ValueError) as error:
            raise UsageError(f"the task's result is nothing that JSON can say: {error}") from error
        if len(text) > MAX_RESULT:
            raise UsageError(f"the task's result has {len(text)} characters; {MAX_RESULT} are kept: attach a file")
        self._set(result=text)

    def attach_file(self, fname: str, content: str | bytes, *, is_private: bool = True) -> Any:
        """Keep a file for its user, with the job's transaction; the File document."""
        return save_file(self._context.documents, fname, content, dt=DOCTYPE, dn=self.name, is_private=int(is_private))

    def _set(self, **values: Any) -> None:
        self._context.documents.database.set_value(DOCTYPE, self.name, values)


def get_current_task() -> Task | None:
    """The task that runs here, if one does."""
    context = current()
    name = context.local.get("background_task")
    return None if name is None else Task(context, name)


# --- the job, and what its end enqueues ---


def run_task(task: str, method: str, kwargs: Mapping[str, Any], then: Mapping[str, Any] | None = None) -> Any:
    """Run a task's method; it is Completed with the job's last commit."""
    context = current()
    handle = Task(context, task)
    before, context.local["background_task"] = context.local.get("background_task"), task
    now = context.site.now()
    try:
        if context.running is not None:
            handle._set(status=RUNNING, started_at=now, exception=None)
            context.documents.session.commit()
            _tell(context, task, {"status": RUNNING}, at_once=True)
        result = call_by_signature(context.site.resolver.resolve(method), kwargs)
        if result is not None and not context.documents.database.get_value(DOCTYPE, task, "result"):
            _keep(handle, result)
        handle._set(status=COMPLETED, progress=100, ended_at=context.site.now())
        _tell(context, task, {"status": COMPLETED, "progress": 100})
    finally:
        context.local["background_task"] = before
    return result


def task_succeeded(job: Any, connection: Any, result: Any, **kwargs: Any) -> None:
    """A task's job has finished."""
    _call_back(current(), "success", job, kwargs, result)


def task_failed(job: Any, connection: Any, kind: Any, value: Any, trace: Any, **kwargs: Any) -> None:
    """A task's job has failed for good."""
    context = current()
    _end(context, kwargs["task"], FAILED, exception=clean_text(str(trace or value), LONGEST_ERROR))
    _call_back(context, "failure", job, kwargs)


def task_stopped(job: Any, connection: Any, **kwargs: Any) -> None:
    """A task's job was canceled."""
    _end(current(), kwargs["task"], CANCELLED)


def _call_back(context: Context, kind: str, job: Any, kwargs: Mapping[str, Any], result: Any = None) -> None:
    """Call what the task's caller named, as its own callback would be: with the method's arguments."""
    wanted = (kwargs.get("then") or {}).get(kind)
    if wanted and context.running is not None:
        function: Callable[..., Any] = context.site.resolver.resolve(wanted)
        told = context.running.options["callback"]
        arguments, keywords = arguments_of(function, told, job, kwargs["kwargs"], result)
        function(*arguments, **keywords)


def _end(context: Context, task: str, status: str, **values: Any) -> None:
    if context.documents.database.exists(DOCTYPE, task):
        Task(context, task)._set(status=status, ended_at=context.site.now(), **values)
        _tell(context, task, {"status": status})


# --- what its user may do ---


def stop_task(task: str) -> str:
    """Cancel a task; `canceled`, `canceling` (it runs, and is told), or `refused` (it is over).

    Raises:
        PermissionError: it is somebody else's, or may not be canceled.
    """
    context = current()
    doc = _own(context, task, "allow_user_cancellation")
    jobs = jobs_of(context)
    found = jobs.find(doc.job) if doc.job else None
    return "refused" if found is None else jobs.cancel(found, "stopped by its user")


def retry_task(task: str) -> Any:
    """Enqueue a task that failed or was cancelled once more, as a new one; its document.

    Raises:
        PermissionError: it is somebody else's, or may not be tried again.
        ValidationError: it is not over, or nothing is kept of its job.
    """
    context = current()
    old = _own(context, task, "allow_user_retry")
    if old.status not in (FAILED, CANCELLED):
        raise ValidationError(f"the task is {old.status}: only one that failed or was cancelled can be tried again")
    queue = jobs_of(context).queue
    job = queue.find(old.job) if old.job else None
    if job is None:
        raise ValidationError("nothing is kept of the task's job any more: start it anew where it was started")
    copied = {name: old.get(name) for name in ("method", "arguments", "queue", "task_id", "ref_doctype", "ref_docname")}
    flags = {name: old.get(name) for name in ("show_progress_bar", "allow_user_cancellation", "allow_user_retry")}
    values = {"task_name": old.task_name, "user": old.user, "status": QUEUED, **copied, **flags}
    doc = context.documents.get_doc({"doctype": DOCTYPE, **values}).insert(ignore_permissions=True)
    spec = queue.retry_spec(job.key, kwargs={**job.kwargs["kwargs"], "task": doc.name})
    context.enqueues.add(spec)
    context.documents.database.set_value(DOCTYPE, doc.name, "job", spec.key, update_modified=False)
    doc.job = spec.key
    _tell(context, doc.name, {"status": QUEUED, "task_name": old.task_name})
    return doc


def get_recent_tasks(limit: int = 20) -> list[dict[str, Any]]:
    """The user's newest tasks, with how far those are that run."""
    context = current()
    rows = context.documents.get_all(
        DOCTYPE, filters={"user": context.user}, fields=[*_SHOWN, "job"], order_by="creation desc", limit=limit
    )
    for row in rows:
        progress = context.site.store.progress(row.job) if row.status == RUNNING and row.job else None
        if progress is not None and progress.total:
            row.progress = round(100 * (progress.done or 0) / progress.total, 1)
            row.stage = progress.message or row.stage
    return [dict(row) for row in rows]


# --- parts ---


def _own(context: Context, task: str, right: str) -> Any:
    doc = context.documents.get_doc(DOCTYPE, task)
    roles = context.documents.permissions.roles(context.user)
    if doc.user != context.user and "System Manager" not in roles:
        raise NotPermitted(f"{DOCTYPE} {task} is somebody else's")
    if not doc.get(right) and "System Manager" not in roles:
        raise NotPermitted(f"{DOCTYPE} {task}: its users may not do that")
    return doc


def _alive(context: Context, job_id: str) -> Any:
    filters = {"task_id": job_id, "status": ["in", IN_WORK]}
    names = context.documents.get_all(DOCTYPE, filters=filters, pluck="name", order_by="creation desc", limit=1)
    if not names or not jobs_of(context).is_active(job_id):
        return None
    return context.documents.get_doc(DOCTYPE, names[0])


def _path(context: Context, method: Method | None) -> str | None:
    return None if method is None else jobs_of(context).queue.path_of(getattr(method, "path", method))


def _shown(context: Context, kwargs: Mapping[str, Any]) -> str:
    """The arguments for people: what is secret is hidden."""
    hidden = masked(JOB_CODEC.encode(dict(kwargs)), context.site.config.mask_keys)
    return json.dumps(hidden, indent=1, ensure_ascii=False)


def _keep(handle: Task, result: Any) -> None:
    try:
        handle.store_result(result)
    except UsageError as error:
        # The work is done; only what it returned can't be kept.
        handle._set(stage=str(error)[:140])


def _tell(context: Context, task: str, told: Mapping[str, Any], *, at_once: bool = False) -> None:
    realtime_of(context).publish(_event(context, task, told), after_commit=not at_once)


def _event(context: Context, task: str, told: Mapping[str, Any]) -> Event:
    user = context.documents.database.get_value(DOCTYPE, task, "user") or context.user
    return Event(name=UPDATE, message={"task": task, **told}, room=user_room(str(user)))
