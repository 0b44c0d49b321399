"""Jobs, queues and workers, as Frappe's applications ask for them. Public job ids stand for themselves: no prefix."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, NoReturn

from rota import frappe  # what an app has put there counts
from rota.documents.dictionary import AttrDict
from rota.engine.job import Job
from rota.errors import NoSuchJobError, NotInRota, QueueOverloaded, UnknownQueue
from rota.frappe._jobs import Method
from rota.frappe._missing import missing
from rota.jobs import JobState as JobStatus
from rota.jobs import new_key
from rota.sites.bound import call_document as run_doc_method
from rota.sites.context import Context, current, current_or_none
from rota.sites.jobs import jobs_of
from rota.sites.site import Site
from rota.store import JobFilter, JobView, WorkerView

_NO_REDIS = "there is no Redis: `RQ Job` and `RQ Worker` list jobs and workers"
RQ_JOB_FAILURE_TTL = 30 * 86400
RQ_RESULTS_TTL = 7 * 86400
RQ_FAILED_JOBS_LIMIT = 100_000
_AT_ONCE = 1000
_LIVE = ("queued", "started", "scheduled")


def enqueue(*args: Any, **kwargs: Any) -> Any:
    """The same as `frappe.enqueue`."""
    return frappe.enqueue(*args, **kwargs)


def enqueue_doc(*args: Any, **kwargs: Any) -> Any:
    """The same as `frappe.enqueue_doc`."""
    return frappe.enqueue_doc(*args, **kwargs)


# --- one job ---


def create_job_id(job_id: str | None = None) -> str:
    """The id of a job: what was given, or a new one."""
    return job_id or new_key()


def is_job_enqueued(job_id: str) -> bool:
    """Whether a job of this id waits or runs, or a chain that began with it. A plain enqueue after a "no" is safe."""
    return jobs_of(current()).is_active(job_id)


def get_job(job_id: str) -> Job | None:
    """The newest job of this id (or of this key); None when there is none."""
    return jobs_of(current()).find(job_id)


def get_job_status(job_id: str) -> JobStatus | None:
    """`scheduled`, `queued`, `started`, `finished`, `failed` or `canceled`; None when there is no such job."""
    jobs = jobs_of(current())
    is_active = jobs.is_active(job_id)  # as with is_job_enqueued, the answer guards the next enqueue
    job = jobs.find(job_id)
    if job is None:
        return None
    status = job.get_status()
    return JobStatus.QUEUED if is_active and status.is_final else status


def execute_job(
    site: str,
    method: Method,
    event: str | None = None,
    job_name: str | None = None,
    kwargs: dict[str, Any] | None = None,
    user: str | None = None,
    is_async: bool = True,
    retry: int = 0,
) -> Any:
    """Run a function here as a job would: with the job hooks of apps, committing at the end, rolling back on an error.

    With `is_async`, in a context and transaction of its own; otherwise in those that are open.
    """
    context = current_or_none()
    if not is_async and context is not None:
        return _executed(context, method, kwargs or {})
    known = context.site if context is not None and context.site.name == site else None
    found = known or Site.load(_bench(context), site)
    with found.open(user or "Administrator") as opened:
        return _executed(opened, method, kwargs or {})


def _bench(context: Context | None) -> Any:
    from rota.sites.bench import Bench

    return context.site.bench if context is not None else Bench.find()


def _executed(context: Context, method: Method, kwargs: dict[str, Any]) -> Any:
    from rota.engine.call import call_by_signature

    function = context.site.resolver.resolve(method) if isinstance(method, str) else method
    path = method if isinstance(method, str) else f"{method.__module__}.{method.__qualname__}"
    told = {"method": path, "kwargs": kwargs, "transaction_type": "job"}
    result = None
    for hook in frappe.get_hooks("before_job"):
        call_by_signature(frappe.get_attr(hook), told)
    try:
        result = function(**kwargs)
    finally:
        for hook in frappe.get_hooks("after_job"):
            call_by_signature(frappe.get_attr(hook), {**told, "result": result})
    return result


def enqueue_test_job() -> Any:
    """Enqueue a job that does nothing but sleep a little."""
    return frappe.enqueue(test_job, s=2)


def test_job(s: float) -> None:
    """Sleep."""
    import time

    time.sleep(s)


test_job.__test__ = False  # type: ignore[attr-defined]


# --- several jobs ---


def get_jobs(site: str | None = None, queue: str | Collection[str] | None = None, key: str = "method") -> Any:
    """Site to the methods (or another key of the jobs' kwargs) of the jobs that wait or run."""
    wanted = [queue] if isinstance(queue, str) else list(queue or [])
    found: defaultdict[str, list[Any]] = defaultdict(list)
    context = current()
    if site not in (None, context.site.name):
        return found
    for view in _live(context):
        if not wanted or view.queue in wanted:
            found[context.site.name].append(_part(context, view, key))
    return found


def _live(context: Context) -> list[JobView]:
    states = frozenset({JobStatus.QUEUED, JobStatus.STARTED})
    views: list[JobView] = []
    before: str | None = None
    while page := context.site.store.listing(JobFilter(states=states), limit=_AT_ONCE, before=before):
        views += page
        before = page[-1].key
    return views


def _part(context: Context, view: JobView, key: str) -> Any:
    return view.method if key == "method" else jobs_of(context).queue.of_view(view).kwargs.get(key)


def get_running_jobs_in_queue(queue: Any) -> list[Job]:
    """The jobs of a queue that run now."""
    context = current()
    name = queue.name if isinstance(queue, Queue) else str(queue)
    views = context.site.store.listing(JobFilter(states=frozenset({JobStatus.STARTED}), queue=name), limit=_AT_ONCE)
    return [jobs_of(context).queue.of_view(view) for view in views]


# --- queues ---


class Queue:
    """A queue, as far as RQ's object can be asked for."""

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def count(self) -> int:
        """How many jobs wait."""
        counts = current().site.store.queue_stats().get(self.name, {})
        return int(counts.get(JobStatus.QUEUED, 0))

    def __len__(self) -> int:
        return self.count

    @property
    def jobs(self) -> list[Job]:
        """The jobs that wait, newest first."""
        context = current()
        wanted = JobFilter(states=frozenset({JobStatus.QUEUED}), queue=self.name)
        views = context.site.store.listing(wanted, limit=_AT_ONCE)
        return [jobs_of(context).queue.of_view(view) for view in views]

    def get_job_ids(self) -> list[str]:
        """The ids of the jobs that wait."""
        return [job.id for job in self.jobs]

    job_ids = property(get_job_ids)

    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return self.count == 0

    def __repr__(self) -> str:
        return f"Queue({self.name!r})"


def get_queues_timeout() -> dict[str, float]:
    """Each queue with its default timeout in seconds."""
    return current().site.config.queues()


def get_queue_list(queue_list: Any = None, build_queue_name: bool = False) -> list[str]:
    """The names of the queues: those given, checked, or all.

    Raises:
        UnknownQueue: there is no such queue.
    """
    known = list(get_queues_timeout())
    if not queue_list:
        return known
    wanted = [queue_list] if isinstance(queue_list, str) else list(queue_list)
    for name in wanted:
        validate_queue(name, known)
    return wanted


def get_queues(connection: Any = None) -> list[Queue]:
    """All queues."""
    return [Queue(name) for name in get_queues_timeout()]


def get_queue(qtype: str, is_async: bool = True) -> Queue:
    """The queue of this name.

    Raises:
        UnknownQueue: there is none.
    """
    validate_queue(qtype)
    return Queue(qtype)


def validate_queue(queue: str, default_queue_list: Collection[str] | None = None) -> None:
    """Refuse what is no queue.

    Raises:
        UnknownQueue: it is none.
    """
    known = list(default_queue_list or get_queues_timeout())
    if queue not in known:
        raise UnknownQueue(queue, known)


def generate_qname(qtype: str) -> str:
    """The queue's name: a bench needs no prefix, as every site has its own tables."""
    return qtype


def get_queue_info(queue: str | None = None) -> list[AttrDict]:
    """Each queue with how many of its jobs wait and run: dicts of `name`, `queued`, `started`, `scheduled`."""
    stats = current().site.store.queue_stats()
    names = [queue] if queue else list(get_queues_timeout())
    return [AttrDict(name=name, **{state: stats.get(name, {}).get(state, 0) for state in _LIVE}) for name in names]


# --- workers ---


class Worker:
    """A worker, as far as RQ's object can be asked for."""

    def __init__(self, view: WorkerView) -> None:
        self._view = view

    @property
    def name(self) -> str:
        """The host and the process."""
        return f"{self._view.host}.{self._view.pid}"

    @property
    def pid(self) -> int:
        """Its process."""
        return self._view.pid

    @property
    def state(self) -> str:
        """`idle`, `busy`, `starting` or `suspended`."""
        return self._view.state

    def get_state(self) -> str:
        """RQ's name for `state`."""
        return self.state

    def get_current_job(self) -> Job | None:
        """The job that it runs; None when it is idle."""
        key = self._view.key
        return jobs_of(current()).find(key) if key else None

    def is_mine(self) -> bool:
        """Whether the running job is the one that asks."""
        running = current().running
        return running is not None and self._view.key == running.key

    def get_current_job_id(self) -> str | None:
        """The id of that job."""
        job = self.get_current_job()
        return job.id if job else None

    @property
    def queues(self) -> list[Queue]:
        """The queues that it serves."""
        return [Queue(name) for name in self._view.queues]

    def queue_names(self) -> list[str]:
        """Their names."""
        return list(self._view.queues)


def get_workers(queue: Any = None) -> list[Worker]:
    """The workers, all or those that serve a queue."""
    name = queue.name if isinstance(queue, Queue) else queue
    workers = map(Worker, current().site.store.workers())
    return [worker for worker in workers if name is None or name in worker.queue_names()]


def get_workers_status(queue: str | None = None) -> list[AttrDict]:
    """Each worker with its state: dicts of `name`, `status` (idle, busy, ...), `queue`, `queues`, `current_job`, `pid`.

    The worker whose job asks is busy as any other. Where it is the only one it is idle: a health check that runs as a
    job would alarm for ever about a worker that has nothing else to do.
    """
    workers = get_workers(queue)
    is_alone = len(workers) == 1 and workers[0].is_mine()
    return [
        AttrDict(
            name=worker.name,
            status="idle" if is_alone else worker.state,
            state="idle" if is_alone else worker.state,
            queue=",".join(worker.queue_names()),
            queues=worker.queue_names(),
            current_job=worker.get_current_job_id(),
            pid=worker.pid,
        )
        for worker in workers
    ]


# --- what belongs to Redis ---


def get_redis_conn(*_: Any, **__: Any) -> NoReturn:
    """Refused.

    Raises:
        NotInRota: always.
    """
    raise NotInRota("frappe.utils.background_jobs.get_redis_conn", _NO_REDIS)


def get_redis_connection_without_auth(*_: Any, **__: Any) -> NoReturn:
    """Refused.

    Raises:
        NotInRota: always.
    """
    raise NotInRota("frappe.utils.background_jobs.get_redis_connection_without_auth", _NO_REDIS)


def start_worker(*_: Any, **__: Any) -> NoReturn:
    """Refused.

    Raises:
        NotInRota: always.
    """
    raise NotInRota("frappe.utils.background_jobs.start_worker", "`rota worker` starts workers")


start_worker_pool = start_worker


def set_niceness() -> None:
    """Nothing: workers keep the niceness that they were started with."""


def truncate_failed_registry(job: Any, connection: Any, *_: Any) -> None:
    """Nothing: maintenance keeps so many failed jobs as the configuration says."""


__all__ = [
    "Job",
    "JobStatus",
    "NoSuchJobError",
    "Queue",
    "QueueOverloaded",
    "Worker",
    "create_job_id",
    "enqueue",
    "enqueue_doc",
    "enqueue_test_job",
    "execute_job",
    "generate_qname",
    "get_job",
    "get_job_status",
    "get_jobs",
    "get_queue",
    "get_queue_info",
    "get_queue_list",
    "get_queues",
    "get_queues_timeout",
    "get_redis_conn",
    "get_running_jobs_in_queue",
    "get_workers",
    "get_workers_status",
    "is_job_enqueued",
    "run_doc_method",
    "set_niceness",
    "truncate_failed_registry",
    "validate_queue",
]

if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
