"""What an open site enqueues, asks and cancels: the queue of `engine`, joined to the transaction that is open."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from rota.engine.call import call_by_signature
from rota.engine.job import Job
from rota.engine.options import moment_of
from rota.engine.queue import Caller, Method, Queue
from rota.garbage import no_collections
from rota.jobs import JobSpec, Mode
from rota.sites import bound, control
from rota.sites.apps import JOB_MARK
from rota.sites.codec import JOB_CODEC, is_bound
from rota.sites.context import Context
from rota.sites.transaction import as_guarded


class Jobs:
    """The jobs of a site, as one context sees them."""

    def __init__(self, context: Context) -> None:
        site = context.site
        self._context = context
        self.queue = Queue(
            store=site.store,
            config=site.config,
            site=site.name,
            zone=site.zone,
            check_method=site.check_method,
            wake=site.wake_workers,
            codec=JOB_CODEC,
            is_dropped=context.enqueues.is_dropped,
        )

    # --- enqueue ---

    def enqueue(
        self,
        method: Method,
        kwargs: Mapping[str, Any] | None = None,
        *,
        enqueue_after_commit: bool | None = None,
        **options: Any,
    ) -> Job:
        """Enqueue with the open transaction, or at once with `enqueue_after_commit=False`.

        With `deduplicate`, or an id that this request has just seen inactive: the job that is there, if one is.
        `options` are those of `Queue.spec`; it raises what that raises.
        """
        spec = self._spec(method, kwargs or {}, options)
        winner = self._winner(spec)
        if winner is not None:
            return winner
        if self._belongs_to_transaction(enqueue_after_commit):
            self._context.enqueues.add(spec)
            return self.queue.handle(spec)
        return self.queue.handle(spec, self._context.enqueues.publish_now(spec)[0])

    def enqueue_many(self, method: Method, many: Iterable[Mapping[str, Any]], **options: Any) -> list[Job]:
        """Enqueue a call for each of `many` kwargs, all with the open transaction."""
        if "job_id" in options or is_bound(method):
            return [self.enqueue(method, kwargs, **options) for kwargs in many]
        at_once = not self._belongs_to_transaction(options.pop("enqueue_after_commit", None))
        path, wanted = self.asked(method, options)
        every = [*many]
        with no_collections():
            specs = self.queue.specs(path, every, **wanted)
            jobs = [self.queue.handle(spec) for spec in specs]
        if at_once:
            self._context.enqueues.publish_now(*specs)
        else:
            self._context.enqueues.add(*specs)
        return jobs

    def run_now(self, method: Method, kwargs: Mapping[str, Any]) -> Any:
        """Call the method here and now, in this transaction, with those of `kwargs` that it takes."""
        function: Callable[..., Any] = (
            self._context.site.resolver.resolve(method) if isinstance(method, str) else method
        )
        return call_by_signature(function, kwargs)

    def _spec(self, method: Method, kwargs: Mapping[str, Any], options: dict[str, Any]) -> JobSpec:
        if is_bound(method) and not isinstance(method, str):
            options.setdefault("job_name", bound.shown_name(method))
            method, kwargs = bound.call_bound, {"bound": method, "kwargs": dict(kwargs)}
        if "job_id" in options and "job_id" not in kwargs and self._declares_job_id(method):
            kwargs = {**kwargs, "job_id": options["job_id"]}
        path, wanted = self.asked(method, options)
        spec = self.queue.spec(path, kwargs, **wanted)
        mode = as_guarded(spec.mode, guarded=self._context.enqueues.guarded(spec.id))
        return spec if mode is spec.mode else spec._replace(mode=mode)

    def _declares_job_id(self, method: Method) -> bool:
        """Whether the function wants to know the id that its enqueue named: links of a chain hand it on."""
        function = self._context.site.resolver.resolve(method) if isinstance(method, str) else method
        return _takes(inspect.unwrap(function), "job_id")

    def asked(self, method: Method, options: Mapping[str, Any]) -> tuple[Method, dict[str, Any]]:
        """What `Queue.spec` is asked: as this user, in this language, with what `@rota.job` says of the method."""
        context = self._context
        if not isinstance(method, str):
            method = getattr(method, "path", method)
        wanted = {**self._marked(method), **options, "caller": Caller(user=context.user)}
        if context.language != "en":
            wanted.setdefault("language", context.language)
        batch, opening = wanted.get("batch"), context.enqueues.batches.current
        if batch is not None:
            wanted["batch"] = getattr(batch, "key", batch)
        elif opening is not None:
            wanted["batch"] = opening.key
        if wanted.get("depends_on"):
            wanted["depends_on"] = self._of_this_transaction(wanted["depends_on"])
        return method, wanted

    def _of_this_transaction(self, jobs: Any) -> list[Any]:
        """Jobs to wait for, where ids of those that the open transaction will enqueue are their keys."""
        many = jobs if isinstance(jobs, (list, tuple, set, frozenset)) else [jobs]
        waiting = ((one, self._context.enqueues.waiting(one) if isinstance(one, str) else None) for one in many)
        return [one if spec is None else self.queue.handle(spec) for one, spec in waiting]

    def _marked(self, method: Method) -> dict[str, Any]:
        """The options that `@rota.job` gave the method, if it is marked."""
        function = self._context.site.resolver.resolve(method) if isinstance(method, str) else method
        mark = getattr(function, JOB_MARK, None)
        options: dict[str, Any] = mark.of_enqueue() if mark is not None else {}
        return options

    def _winner(self, spec: JobSpec) -> Job | None:
        """The live job to which this enqueue loses, if there is one."""
        if spec.mode is not Mode.SKIP:
            return None
        mine = self._context.enqueues.waiting(spec.id)
        if mine is not None:
            return self.queue.handle(mine)
        if not self._context.site.store.is_active(spec.id):
            return None
        # A chain's later link may be what keeps the id active.
        view = self._context.site.store.live(spec.id) or self._context.site.store.job(spec.id)
        return self.queue.of_view(view) if view is not None else None

    def _belongs_to_transaction(self, enqueue_after_commit: bool | None) -> bool:
        wanted = (
            self._context.site.config.enqueue_after_commit if enqueue_after_commit is None else enqueue_after_commit
        )
        return bool(wanted)

    # --- ask and change ---

    def is_active(self, job_id: str) -> bool:
        """Whether a job of this id waits or runs, or a chain that began with it."""
        return self._context.enqueues.is_active(job_id)

    def find(self, key_or_id: str) -> Job | None:
        """The job of that key, or the newest of that id, published or not."""
        mine = self._context.enqueues.waiting(key_or_id)
        return self.queue.handle(mine) if mine is not None else self.queue.find(key_or_id)

    def cancel(self, job: Job, reason: str = "") -> str:
        """Cancel a job; one that the open transaction would have enqueued is taken back."""
        if self._context.enqueues.drop(job.key):
            return "canceled"
        return self.queue.cancel(job.key, reason=reason, by=self._context.user)

    # --- pauses ---

    def pause(
        self, *, queue: str | None = None, method: str | None = None, why: str = "", until: datetime | None = None
    ) -> None:
        """Let nobody claim jobs of a queue, or of a function, or any; at once, whatever becomes of the transaction.

        `until`: aware, or in the site's zone, when it ends by itself; None: when somebody resumes it.

        Raises:
            UnknownQueue: the bench has no such queue.
            UsageError: both a queue and a function are named.
        """
        site = self._context.site
        end = moment_of(until, None, now=site.store.now(), zone=site.zone)
        control.pause(site, control.Target.of(queue=queue, method=method), by=self._context.user, why=why, until=end)

    def resume(self, *, queue: str | None = None, method: str | None = None) -> bool:
        """End a pause; False if there was none."""
        return control.resume(self._context.site, control.Target.of(queue=queue, method=method))


def jobs_of(context: Context) -> Jobs:
    """The jobs of a context, made when they are first asked for."""
    if context.jobs is None:
        context.jobs = Jobs(context)
    return context.jobs


@lru_cache(maxsize=1024)
def _takes(function: Callable[..., Any], name: str) -> bool:
    try:
        found = inspect.signature(function).parameters.get(name)
    except (TypeError, ValueError):  # built in, and says nothing of itself
        return False
    return found is not None and found.kind in (found.POSITIONAL_OR_KEYWORD, found.KEYWORD_ONLY)
