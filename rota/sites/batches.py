"""Batches of jobs: `with batch(on_done=...) as b:` enqueues jobs to be watched together, and says when all have ended.

Its jobs are published by the transaction that is open, and the batch with them. Callbacks are jobs, enqueued once, in
the transaction that ends the last job, or records the first failure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rota.engine.call import by_signature
from rota.engine.job import Job
from rota.engine.queue import Caller, Method
from rota.errors import NoSuchJobError
from rota.jobs import JobSpec, new_key
from rota.sites.context import Context, current
from rota.sites.jobs import jobs_of
from rota.sites.openings import Opening
from rota.store import BatchView, batch_text

#: a function or its path, or one of these with its arguments
Callback = Method | tuple[Method, Mapping[str, Any]]


class Batch:
    """Jobs that are watched together."""

    def __init__(self, context: Context, key: str, name: str = "") -> None:
        self._context = context
        self.key = key
        self.name = name

    def __repr__(self) -> str:
        return f"<Batch {self.name or self.key}>"

    def add(self, method: Method, kwargs: Mapping[str, Any] | None = None, **options: Any) -> Job:
        """Enqueue a call into it, with the open transaction. A job of the batch may, until it has ended itself."""
        return jobs_of(self._context).enqueue(method, kwargs, batch=self.key, **options)

    def view(self) -> BatchView:
        """How it stands: `total`, `finished`, `failed`, `canceled`, `pending`, `ended_at`, ...

        Raises:
            NoSuchJobError: nothing of it is published.
        """
        store = self._context.site.store
        store.settle()
        found = store.batch(self.key)
        if found is None:
            raise NoSuchJobError(f"batch {self.key}")
        return found

    @property
    def progress(self) -> tuple[int, int]:
        """How many of its jobs have ended, and how many there are."""
        view = self.view()
        return view.total - view.pending, view.total

    @property
    def is_over(self) -> bool:
        """Whether all of its jobs have ended."""
        return self.view().ended_at is not None


@contextmanager
def batch(
    name: str = "",
    *,
    on_done: Callback | None = None,
    on_success: Callback | None = None,
    on_failure: Callback | None = None,
) -> Iterator[Batch]:
    """Put what is enqueued in the block into a batch: jobs that are watched together, published with the transaction.

    `on_done` is enqueued when all have ended, `on_success` if all finished, `on_failure` at the first that failed for
    good. Each is a function, or `(function, kwargs)`; one that takes `batch` gets the batch's key. A batch in the block
    of another, or in a job of one, counts there as one job. An error in the block takes back what is not published.

    Raises:
        UsageError: no site is open. What `enqueue` raises of a callback.
    """
    context = current()
    key = new_key()
    made = {
        "on_complete": _callback(context, key, on_done),
        "on_success": _callback(context, key, on_success),
        "on_failure": _callback(context, key, on_failure),
    }
    openings = context.enqueues.batches
    around = openings.current.key if openings.current else _own(context)
    opening = openings.open(key, batch_text(key, name, parent=around, **made))
    try:
        yield Batch(context, key, name)
    except BaseException:
        _leave(context, opening, drop=True)
        raise
    if not _leave(context, opening):
        # A batch of nothing is over at once.
        context.enqueues.add(*(spec for spec in (made["on_complete"], made["on_success"]) if spec is not None))


def find_batch(key: str) -> Batch | None:
    """The batch of this key, if it is published."""
    context = current()
    found = context.site.store.batch(key)
    return None if found is None else Batch(context, key, found.name)


def _leave(context: Context, opening: Opening, *, drop: bool = False) -> bool:
    """Close a batch whose block has ended, with its last job or by itself; False if there is nothing to close."""
    enqueues, openings = context.enqueues, context.enqueues.batches
    waiting = enqueues.all_waiting()
    mine = [waiting[place].key for place in openings.members(opening, waiting)]
    opening.is_left = True
    if drop:
        for key in mine:
            enqueues.drop(key)
    elif mine:
        return True
    openings.drop(opening)
    if opening.is_begun:
        with context.site.store.turn() as turn:
            turn.close_batch(opening.key)
        context.site.wake_workers()
    return opening.is_begun


def _own(context: Context) -> str | None:
    """The batch of the job that this is."""
    return None if context.running is None else context.running.batch_key


def _callback(context: Context, key: str, wanted: Callback | None) -> JobSpec | None:
    if wanted is None:
        return None
    method, kwargs = wanted if isinstance(wanted, tuple) else (wanted, {})
    function: Callable[..., Any] = context.site.resolver.resolve(method) if isinstance(method, str) else method
    given = {"batch": key, **kwargs} if "batch" in by_signature(function, {"batch": key}) else dict(kwargs)
    jobs, running = jobs_of(context), context.running
    path, options = jobs.asked(method, {})
    spec = jobs.queue.spec(path, given, **{**options, "batch": None, "caller": Caller(user=context.user)})
    return spec if running is None else spec._replace(parent=running.key, made_by=running.ref.number)
