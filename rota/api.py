"""Rota without Frappe's names: mark a function as a job, open a site, enqueue, and know the job that runs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, ParamSpec, TypeVar, overload

from rota.engine.job import Job
from rota.engine.queue import Method
from rota.errors import UsageError
from rota.retry import RetryPolicy
from rota.sites.apps import JOB_MARK
from rota.sites.batches import Batch
from rota.sites.bench import Bench
from rota.sites.context import Context, current
from rota.sites.jobs import jobs_of
from rota.sites.running import Running
from rota.sites.site import ADMINISTRATOR, Site

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOptions:
    """What `@rota.job` says of a function: how it is enqueued, and when it runs by the clock."""

    queue: str | None = None
    timeout: Any = None  #: seconds, a timedelta, or "10m"
    retry: RetryPolicy | Mapping[str, Any] | int | None = None
    cron: str | None = None
    tz: str | None = None  #: IANA name; the site's zone without it
    catch_up: str | None = None  #: once, none, all
    overlap: str | None = None  #: skip, queue, replace, allow
    options: Mapping[str, Any] = field(default_factory=dict)  #: further options of `enqueue`

    def of_enqueue(self) -> dict[str, Any]:
        """The options that an enqueue of the function begins with."""
        own = {"queue": self.queue, "timeout": self.timeout, "retry": self.retry}
        return {**{name: value for name, value in own.items() if value is not None}, **self.options}


class JobFunction(Generic[P, R]):
    """A function that `@rota.job` has marked: called as ever, and enqueued by `enqueue`."""

    def __init__(self, function: Callable[P, R], options: JobOptions) -> None:
        self.__wrapped__ = function
        self.__name__ = function.__name__
        self.__qualname__ = function.__qualname__
        self.__module__ = function.__module__
        self.__doc__ = function.__doc__
        setattr(self, JOB_MARK, options)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.__wrapped__(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<rota.job {self.__module__}.{self.__qualname__}>"

    @property
    def path(self) -> str:
        """The dotted path by which workers find the function."""
        return f"{self.__module__}.{self.__qualname__}"

    def enqueue(self, *args: P.args, **kwargs: P.kwargs) -> Job:
        """Enqueue a call with these arguments, as a part of the open transaction.

        Raises:
            TypeError: the function does not take these arguments.
            UsageError: no site is open.
        """
        options: JobOptions = getattr(self, JOB_MARK)
        return jobs_of(current()).enqueue(self.path, self._named(args, kwargs), **options.of_enqueue())

    def options(self, **options: Any) -> JobFunction[P, R]:
        """The same function with other options for its enqueues: `fn.options(delay=60).enqueue(...)`."""
        known: JobOptions = getattr(self, JOB_MARK)
        return JobFunction(self.__wrapped__, replace(known, options={**known.options, **options}))

    def _named(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        bound = inspect.signature(self.__wrapped__).bind(*args, **kwargs)
        named: dict[str, Any] = {}
        for name, value in bound.arguments.items():
            kind = bound.signature.parameters[name].kind
            if kind is inspect.Parameter.VAR_KEYWORD:
                named.update(value)
            elif kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.POSITIONAL_ONLY):
                raise TypeError(f"{self.__qualname__}: {name} has no name to travel under; pass keywords to a job")
            else:
                named[name] = value
        return named


@overload
def job(function: Callable[P, R], /) -> JobFunction[P, R]: ...
@overload
def job(
    *,
    queue: str | None = None,
    timeout: Any = None,
    retry: RetryPolicy | Mapping[str, Any] | int | None = None,
    cron: str | None = None,
    tz: str | None = None,
    catch_up: str | None = None,
    overlap: str | None = None,
    **options: Any,
) -> Callable[[Callable[P, R]], JobFunction[P, R]]: ...
def job(function: Callable[P, R] | None = None, /, **options: Any) -> Any:
    """Mark a function as a job: `@rota.job` or `@rota.job(queue="long", retry=3, cron="0 3 * * *")`.

    `queue`, `timeout` (seconds), `retry`: how its enqueues begin. `cron`, `tz`, `catch_up`, `overlap`: when it runs by
    the clock, once `rota migrate` has seen it; it is called without arguments then. Everything else is an option of
    `enqueue`.
    """
    own = {name: options.pop(name) for name in list(options) if name in JobOptions.__dataclass_fields__}
    chosen = JobOptions(**own, options=options)
    if function is not None:
        return JobFunction(function, chosen)
    return lambda marked: JobFunction(marked, chosen)


@contextmanager
def site(name: str | None = None, *, bench: str | Path | None = None, user: str = ADMINISTRATOR) -> Iterator[Context]:
    """Open a site and a transaction: commits at the end of the block, rolls back on an error.

    `name`: the only site, or the bench's default one, without it. `bench`: the one at or above the working directory.

    Raises:
        BenchNotFound, UnknownSite, UsageError: there is none, or it is not clear which.
    """
    # All of Frappe's names come with it: a module that only marks its jobs must not pay for that.
    from rota.frappe import install_as_frappe

    install_as_frappe()
    found = Bench.find(bench)
    with Site.load(found, name or found.default_site()) as one, one.open(user) as context:
        yield context


def enqueue(
    method: Method,
    *,
    kwargs: Mapping[str, Any] | None = None,
    queue: str | None = None,
    timeout: Any = None,
    job_id: str | None = None,
    deduplicate: bool | str = False,
    delay: Any = None,
    run_at: datetime | None = None,
    retry: RetryPolicy | Mapping[str, Any] | int | None = None,
    **options: Any,
) -> Job:
    """Enqueue a call of `method`, a dotted path or a function of an installed app, as a part of the open transaction.

    `timeout`, `delay`: seconds, a timedelta, or "10m". `run_at`: aware, or in the site's zone. With `deduplicate`
    (True or "skip", "replace", "debounce") and a `job_id` that is alive: the job that is there already. Further
    options: `priority` (lower first), `at_front`, `concurrency_key`, `concurrency_limit`, `rate_limit`, `depends_on`,
    `on_success`, `on_failure`, `on_stopped`, `tags`, `mask`, `job_name`, `max_crashes`, `result_ttl`,
    `enqueue_after_commit` (False: at once, whatever becomes of the transaction).

    Raises:
        UsageError: no site is open, or what is asked for can't be; nothing was enqueued.
    """
    named = {"queue": queue, "timeout": timeout, "job_id": job_id, "delay": delay, "run_at": run_at, "retry": retry}
    chosen = {name: value for name, value in named.items() if value is not None}
    return jobs_of(current()).enqueue(method, kwargs, deduplicate=deduplicate, **chosen, **options)


def enqueue_many(method: Method, many: Iterable[Mapping[str, Any]], **options: Any) -> list[Job]:
    """Enqueue a call for each of `many` kwargs, all in the open transaction; `options` as `enqueue`'s, for each."""
    return jobs_of(current()).enqueue_many(method, many, **options)


def find_job(key_or_id: str) -> Job | None:
    """The job of that key, or the newest of that id."""
    return jobs_of(current()).find(key_or_id)


def current_job() -> Running:
    """The job that runs here: id, attempt, arguments, progress, log.

    Raises:
        UsageError: none does.
    """
    running = current().running
    if running is None:
        raise UsageError("this is not inside a job")
    return running


def current_batch() -> Batch | None:
    """The batch that the running job is one of: `add` puts further jobs into it."""
    context = current()
    key = None if context.running is None else context.running.batch_key
    return None if key is None else Batch(context, key)


def progress(done: float, total: float | None = None, message: str | None = None) -> None:
    """Tell how far the running job is: `done` of `total`, or `done` per cent. Outside a job it does nothing."""
    running = current().running
    if running is not None:
        running.progress(done, total, message)
