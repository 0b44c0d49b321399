"""Enqueue, look up, cancel, retry and purge the jobs of one site.

`spec` makes a complete JobSpec of what was asked for and changes nothing; it is published by the caller's transaction,
or by `publish` in a turn of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Literal

from rota.config import Config
from rota.engine import options as ask
from rota.engine.cursor import ONLY, RESUME, SHARD, Cursor
from rota.engine.job import Job, body_values
from rota.errors import NoSuchJobError, NotEncodable, QueueOverloaded, UnknownQueue, UsageError
from rota.jobs import DEFAULT, JobSpec, JobState, Mode, new_key
from rota.payload import CODEC, Codec, Refused, Resolve, import_path, resolve_path
from rota.retry import RetryPolicy
from rota.store import ClaimRef, Inserted, JobFilter, JobView, Store, Turn

Method = str | Callable[..., Any]
#: What an enqueue may ask for beyond Frappe's parameters: the keys of `job_options`.
JOB_OPTIONS = (
    "retry", "delay", "run_at", "priority", "concurrency_key", "concurrency_limit", "rate_limit", "depends_on",
    "allow_failure", "tags", "mask", "on_stopped", "max_crashes", "result_ttl", "batch", "language",
)  # fmt: skip
AT_ONCE = 500
#: As in Frappe: a queue with more jobs than that takes those for whom it matters at its front.
STARVED = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who enqueues, and from inside which job, if it is one."""

    user: str = "Administrator"
    parent: ClaimRef | None = None
    root: str = ""  #: the public id at the head of the chain that the enqueueing job belongs to


NOBODY = Caller()


@dataclass(slots=True, kw_only=True)
class Wanted:
    """What an enqueue may ask for beside method and arguments. Spans are seconds, a timedelta or "10m"."""

    queue: str = DEFAULT
    timeout: Any = None  #: a span; the queue's by default
    event: str | None = None
    job_name: str | None = None
    job_id: str | None = None
    deduplicate: bool | str = False
    at_front: bool = False
    at_front_when_starved: bool = False  #: at the front while more than 16 jobs wait in the queue
    on_success: Method | None = None
    on_failure: Method | None = None
    on_stopped: Method | None = None
    retry: Any = None  #: a RetryPolicy, its dict, or a number of attempts
    delay: Any = None  #: a span
    run_at: datetime | None = None
    priority: int = 0
    concurrency_key: str | None = None
    concurrency_limit: int | None = None
    rate_limit: Mapping[str, Any] | None = None
    depends_on: Any = ()  #: jobs, keys or ids that must have finished before (`allow_failure`: ended)
    allow_failure: bool = False
    tags: Any = ()
    mask: Any = ()
    max_crashes: int | None = None
    result_ttl: Any = None  #: a span
    batch: str | None = None
    language: str | None = None


class Queue:
    """The jobs of one site."""

    def __init__(
        self,
        *,
        store: Store,
        config: Config,
        site: str,
        zone: tzinfo,
        check_method: Callable[[str], None],
        wake: Callable[[], None],
        codec: Codec = CODEC,
        resolve: Resolve = resolve_path,
        is_dropped: Callable[[str], bool] = lambda key: False,
    ) -> None:
        """`check_method` raises UnknownMethod for what no installed app has; `wake` wakes this site's dispatchers.

        `zone`: the site's, for naive times. `is_dropped`: whether an enqueue of this process was rolled back.
        """
        self.store = store
        self.config = config
        self.site = site
        self.is_dropped = is_dropped
        self._zone = zone
        self._check_method = check_method
        self._wake = wake
        self._codec = Codec(codec.kinds, max_bytes=config.max_job_size)
        self._resolve = resolve
        self._queues = config.queues()

    def decode(self, text: str) -> Any:
        """A stored argument or result."""
        return self._codec.decode(text, self._resolve)

    def meta(self, key: str) -> dict[str, Any]:
        """What the application keeps with a job."""
        text = self.store.meta(key)
        meta: dict[str, Any] = {} if text is None else self.decode(text)
        return meta

    def save_meta(self, key: str, meta: Mapping[str, Any]) -> bool:
        """Keep it, at once; False if the job is not there. Errors as in `Job.save_meta`."""
        if not isinstance(meta, Mapping):
            raise UsageError(f"a job's meta is a dict, not {meta!r:.80}")
        codec = Codec(self._codec.kinds, max_bytes=self.config.max_result_size)
        text = codec.encode(dict(meta), "meta")
        with self.store.turn() as turn:
            return turn.put_meta(key, text)

    # --- enqueue ---

    def spec(
        self, method: Method, kwargs: Mapping[str, Any] | None = None, *, caller: Caller = NOBODY, **wanted: Any
    ) -> JobSpec:
        """One enqueue, complete and checked; `wanted` are the fields of `Wanted`. Nothing is stored yet.

        Raises:
            UnknownQueue, UnknownMethod, NotEncodable, InvalidRetry, ValidationError, QueueOverloaded, UsageError: what
            was asked for can't be; nothing was enqueued.
        """
        asked = Wanted(**wanted)
        queue, parent = asked.queue, caller.parent
        if queue not in self._queues:
            raise UnknownQueue(queue, list(self._queues))
        self._check_room(queue)
        path, now, key = self.path_of(method), self.store.now(), new_key()
        due = ask.moment_of(asked.run_at, asked.delay, now=now, zone=self._zone)
        return JobSpec(
            key=key,
            id=ask.id_of(asked.job_id, key),
            method=path,
            queue=queue,
            user=caller.user,
            created_at=now,
            timeout=ask.seconds_of("timeout", asked.timeout, least=0.001) if asked.timeout else self._queues[queue],
            mode=ask.mode_of(asked.deduplicate, asked.job_id, due),
            priority=ask.priority_of(asked.priority),
            at_front=self._at_front(asked),
            run_at=due,
            root=caller.root,
            parent=parent.key if parent else None,
            made_by=parent.number if parent else None,
            batch=asked.batch,
            concurrency_key=asked.concurrency_key,
            depends_on=self._keys(asked.depends_on) if asked.depends_on else (),
            options=self._options(asked),
            kwargs=self._codec.encode(dict(kwargs or {})),
        )

    def _options(self, asked: Wanted) -> dict[str, Any]:
        """What of an enqueue only the worker and the recorder read."""
        policy, limit = RetryPolicy.of(asked.retry), asked.concurrency_limit
        options: dict[str, Any] = {
            "job_name": asked.job_name,
            "event": asked.event,
            "retry": policy and policy.to_dict(),
            "on_success": self._callback(asked.on_success),
            "on_failure": self._callback(asked.on_failure),
            "on_stopped": self._callback(asked.on_stopped),
            "concurrency_limit": self._limit_of(asked.concurrency_key) if limit is None else limit,
            "rate_limit": ask.rate_of(asked.rate_limit),
            "allow_failure": asked.allow_failure or None,
            "tags": ask.texts_of("tags", asked.tags) if asked.tags else None,
            "mask": ask.texts_of("mask", asked.mask) if asked.mask else None,
            "max_crashes": asked.max_crashes,
            "result_ttl": None if asked.result_ttl is None else ask.seconds_of("result_ttl", asked.result_ttl),
            "language": asked.language,
        }
        return {name: value for name, value in options.items() if value is not None}

    def _at_front(self, asked: Wanted) -> bool:
        return bool(asked.at_front or (asked.at_front_when_starved and self.store.is_starved(asked.queue, STARVED)))

    def specs(self, method: Method, many: Sequence[Mapping[str, Any]], **wanted: Any) -> list[JobSpec]:
        """An enqueue for each of `many` kwargs; what else is wanted is the same for all, and checked once."""
        if not many:
            return []
        kwargs, *rest = many
        first = self.spec(method, kwargs, **wanted)
        if first.id != first.key:
            return [first, *(self.spec(method, one, **wanted) for one in rest)]
        texts = (self._codec.encode(one if type(one) is dict else dict(one)) for one in rest)
        return [first, *first.again(new_key.many(len(rest)), texts)]

    def publish(self, specs: Sequence[JobSpec], *, by: ClaimRef | None = None) -> list[Inserted]:
        """Insert jobs at once, in a transaction of their own. `by`: the claim of the job that does it.

        Raises:
            JobLost: that job has lost its claim.
            StoreBusy, CommitUnknown: as the store says.
        """
        inserted = self.store.insert(specs, by=by)
        if specs:
            self._wake()
        return inserted

    def enqueue(self, method: Method, kwargs: Mapping[str, Any] | None = None, **wanted: Any) -> Job:
        """Enqueue at once, as `spec` and `publish` do; with `deduplicate`, it may be the job that was there already."""
        spec = self.spec(method, kwargs, **wanted)
        return self.handle(spec, self.publish([spec])[0])

    def enqueue_many(self, method: Method, many: Iterable[Mapping[str, Any]], **wanted: Any) -> list[Job]:
        """Enqueue a call for each of `many` kwargs, all in one transaction."""
        specs = self.specs(method, [*many], **wanted)
        return [self.handle(spec, one) for spec, one in zip(specs, self.publish(specs), strict=True)]

    def handle(self, spec: JobSpec, inserted: Inserted | None = None) -> Job:
        """The handle of an enqueue; of the winner, when it lost to another job of its id."""
        if inserted is not None and inserted.winner is not None:
            return self.job(inserted.winner)
        return Job(self, key=spec.key, id=spec.id, spec=spec, stored=inserted is not None)

    def path_of(self, method: Method) -> str:
        """The dotted path of a function of an installed app, from the path or the function itself.

        Raises:
            UnknownMethod: no installed app has it.
            NotEncodable: a function that no worker could find again: a lambda, or one inside another.
        """
        if isinstance(method, str):
            path = method
        else:
            try:
                path = import_path(method)
            except (Refused, AttributeError) as error:
                raise NotEncodable("method", str(error)) from error
        self._check_method(path)
        return path

    # --- look up ---

    def find(self, key_or_id: str) -> Job | None:
        """The job of that key, or the newest of that id."""
        view = self.store.job(key_or_id)
        return None if view is None else self.of_view(view)

    def job(self, key_or_id: str) -> Job:
        """As `find`.

        Raises:
            NoSuchJobError: there is none.
        """
        found = self.find(key_or_id)
        if found is None:
            raise NoSuchJobError(key_or_id)
        return found

    def of_view(self, view: JobView) -> Job:
        """The handle of a job as it was read."""
        return Job(self, key=view.key, id=view.id, view=view)

    def count_before(self, view: JobView) -> int:
        """How many queued jobs of its queue will be claimed before this one, as far as lanes and age tell."""
        wanted = JobFilter(states=frozenset({JobState.QUEUED}), queue=view.queue)
        count, before = 0, None
        while page := self.store.listing(wanted, limit=AT_ONCE, before=before):
            before = page[-1].key
            count += sum((one.lane, one.key) < (view.lane, view.key) for one in page)
        return count

    # --- change ---

    def cancel(self, key: str, *, reason: str = "", by: str = "") -> Literal["canceled", "canceling", "refused"]:
        """Cancel a job: at once while it waits, else by asking it to stop. `refused`: it has ended."""
        with self.store.turn() as turn:
            answer = turn.cancel(key, reason, by or "somebody")
        if answer == "canceling" or turn.woken:
            self._wake()
        return answer

    def retry(
        self,
        key_or_id: str,
        *,
        caller: Caller = NOBODY,
        kwargs: Mapping[str, Any] | None = None,
        only_failed_rows: bool = False,
    ) -> Job:
        """Enqueue the call of a job that has ended again, as a new job that names it. `kwargs`: other arguments.

        One that was iterating, or done with some steps, goes on where the old one was, unless that had finished.
        `only_failed_rows`: its iterations have only those rows that failed and were left out.

        Raises:
            NoSuchJobError: there is no such job.
            UsageError: it has not ended yet, or no row of it failed.
        """
        spec = self.retry_spec(key_or_id, caller=caller, kwargs=kwargs, only_failed_rows=only_failed_rows)
        return self.handle(spec, self.publish([spec])[0])

    def retry_spec(
        self,
        key_or_id: str,
        *,
        caller: Caller = NOBODY,
        kwargs: Mapping[str, Any] | None = None,
        only_failed_rows: bool = False,
    ) -> JobSpec:
        """What `retry` enqueues."""
        view = self.job(key_or_id)._known()
        if not view.state.is_final:
            raise UsageError(f"job {view.id} is {view.state}: only a job that has ended can be run again")
        body, key = body_values(view), new_key()
        if not body:
            raise UsageError(f"job {view.id} can't be run again: what is stored of it can't be read")
        return JobSpec(
            key=key,
            id=key if view.id == view.key else view.id,
            method=view.method,
            queue=view.queue,
            user=view.user,
            created_at=self.store.now(),
            timeout=view.timeout,
            kwargs=view.kwargs if kwargs is None else self._codec.encode(dict(kwargs)),
            mode=Mode.PLAIN,
            priority=body.get("priority", 0),
            retry_of=view.key,
            # In place of the one that did not finish; one that lost to another of its id counts for no batch.
            batch=None if view.state is JobState.FINISHED or view.winner else view.batch,
            parent=caller.parent.key if caller.parent else None,
            made_by=caller.parent.number if caller.parent else None,
            concurrency_key=view.concurrency_key,
            options=self._failed_rows_of(view) if only_failed_rows else self._resuming(view),
        )

    def _resuming(self, view: JobView) -> dict[str, Any]:
        """A job's options for its repetition, which begins where it was unless it had come to its end."""
        options = {name: value for name, value in view.options.items() if name != RESUME}
        if view.state is JobState.FINISHED:
            return options
        # One that never got as far as to save a place of its own points to the one before it.
        older = view.options.get(RESUME) if self.store.cursor(view.key) is None else view.key
        return {**options, RESUME: older} if older else options

    def _failed_rows_of(self, view: JobView) -> dict[str, Any]:
        loops = Cursor.decode(self.store.cursor(view.key)).loops
        only = {name: [one.row for one in loop.failed_rows] for name, loop in loops.items() if loop.failed_rows}
        if not only:
            raise UsageError(f"no row of job {view.id} failed")
        options = {name: value for name, value in view.options.items() if name not in (RESUME, SHARD)}
        return {**options, ONLY: only}

    def steer(self, key: str, change: Callable[[Turn], None]) -> None:
        """Change what is asked of a job that iterates.

        Raises:
            NoSuchJobError: there is no such job.
            UsageError: it has ended.
        """
        view = self.job(key)._known()
        if view.state.is_final:
            raise UsageError(f"job {view.id} is {view.state}: there is nothing to hold, resume or slow down")
        with self.store.turn() as turn:
            change(turn)
        self._wake()

    def delete(self, key: str) -> None:
        """Cancel a job if it waits, and delete what is kept of it.

        Raises:
            UsageError: it is running.
        """
        if self.cancel(key, reason="deleted") == "canceling":
            raise UsageError(f"job {key} is running: it is being canceled, and can be deleted once it has ended")
        with self.store.turn() as turn:
            turn.remove(key)

    def purge(
        self, *, queue: str | None = None, event: str | None = None, method: str | None = None, by: str = ""
    ) -> int:
        """Cancel all jobs that wait: of a queue, of an event tag, of a method, or all; how many."""
        states = frozenset({JobState.QUEUED, JobState.SCHEDULED})
        wanted = JobFilter(states=states, queue=queue, method=method)
        count, before = 0, None
        while page := self.store.listing(wanted, limit=AT_ONCE, before=before):
            before = page[-1].key
            chosen = [one.key for one in page if event is None or one.options.get("event") == event]
            with self.store.turn() as turn:
                count += sum(turn.cancel(key, "purged", by or "somebody") == "canceled" for key in chosen)
        return count

    # --- parts ---

    def _check_room(self, queue: str) -> None:
        most = self.config.max_queued_jobs
        if most is None:
            return
        waiting = self.store.queue_stats().get(queue, {}).get(JobState.QUEUED, 0)
        if waiting >= most:
            raise QueueOverloaded(f"Too many queued background jobs ({waiting}). Please retry after some time.")

    def _callback(self, method: Method | None) -> str | None:
        return None if method is None else self.path_of(method)

    def _limit_of(self, concurrency_key: str | None) -> int | None:
        """The bench's limit for a concurrency key: by its name, or by the longest `prefix*` that fits."""
        if concurrency_key is None:
            return None
        limits = self.config.concurrency_limits
        if concurrency_key in limits:
            return int(limits[concurrency_key])
        fitting = [name for name in limits if name.endswith("*") and concurrency_key.startswith(name[:-1])]
        return int(limits[max(fitting, key=len)]) if fitting else None

    def _keys(self, jobs: Any) -> tuple[str, ...]:
        many = jobs if isinstance(jobs, (list, tuple, set, frozenset)) else [jobs]
        return tuple(self._key(one) for one in many)

    def _key(self, job: Any) -> str:
        if isinstance(job, Job):
            return job.key
        if not isinstance(job, str):
            raise UsageError(f"depends_on takes jobs, or their keys or ids, not {job!r:.80}")
        return self.job(job).key
