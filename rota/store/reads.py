"""What the tables say about jobs: nothing here changes anything."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from rota.db.connection import Row
from rota.jobs import JobSpec, JobState, StateCode
from rota.store.views import JobFilter, JobView
from rota.store.wire import Waits, body_of, is_key
from rota.store.work import Work

AFTER_ALL = "f" * 32
LIVE_CODES = {
    JobState.SCHEDULED: (StateCode.SCHEDULED,),
    JobState.QUEUED: (StateCode.QUEUED, StateCode.WAITING),
    JobState.STARTED: (StateCode.STARTED,),
}


def is_active(
    work: Work,
    id: str,  # noqa: A002 - the public word
    method: str | None = None,
    moving: Sequence[str] = (),
) -> bool:
    """Is a job of this id alive, or one of a chain that it began?

    `moving`: keys that count as alive unless the tables have them. One statement, so that no job slips through
    between two looks.
    """
    if not work.sqlite:
        return bool(work.value("is_active", id=id, method=method))
    return bool(work.value("is_active", id=id, method=method, moving=work.list(moving)))


def live(work: Work, id: str) -> JobView | None:  # noqa: A002
    """The live job that an id stands for."""
    row = work.one("live_by_id", id=id)
    return None if row is None else view(row)


def live_by_ids(work: Work, ids: Collection[str]) -> dict[str, JobView]:
    """The live jobs that these ids stand for."""
    return {one.id: one for one in map(view, work.rows("live_by_ids", ids=work.list(ids)))} if ids else {}


def job(work: Work, key_or_id: str) -> JobView | None:
    """A job by its key, else the newest of an id."""
    row = work.one("job_by_key", key=key_or_id) if is_key(key_or_id) else None
    if row is None:
        row = work.one("job_by_id", id=key_or_id)
    return None if row is None else view(row)


def listing(work: Work, wanted: JobFilter, limit: int, before: str | None) -> list[JobView]:
    """The newest jobs that a filter lets through, enqueued before the job `before`."""
    params = {"before": before or AFTER_ALL, "queue": wanted.queue, "username": wanted.user, "limit": limit}
    by = _narrowest(wanted)
    if by is not None:
        statement, value = by
        # What the index does not cover is looked at here, page by page.
        return _pages(work, statement, {**params, "value": value}, wanted, limit)
    if wanted.states is None:
        return [view(row) for row in work.rows("list_any", **params)]
    rows: list[Row] = []
    for state in wanted.states:
        for code in LIVE_CODES.get(state, (StateCode[state.name],)):
            final = "list_finished" if code is StateCode.FINISHED else "list_bad"
            rows += work.rows(final if state.is_final else "list_live", **params, state=code)
    return sorted((view(row) for row in rows), key=lambda one: one.key, reverse=True)[:limit]


def stats(work: Work) -> dict[str, int]:
    """How many jobs there are of each state, all at one moment."""
    counts = dict.fromkeys((state.value for state in JobState), 0)
    with work.scanning():
        for code, count in work.rows("count_all"):
            counts[StateCode(code).state.value] += count
    return counts


def queue_stats(work: Work) -> dict[str, dict[str, int]]:
    """How many live jobs of each state every queue has."""
    counts: dict[str, dict[str, int]] = {}
    with work.scanning():
        rows = work.rows("count_live")
    for queue, code, count in rows:
        of = counts.setdefault(queue, {state.value: 0 for state in LIVE_CODES})
        of[StateCode(code).state.value] += count
    return counts


def oldest_queued(work: Work) -> dict[str, int]:
    """When the next job in line of each queue was enqueued."""
    oldest: dict[str, int] = {}
    for queue, key in work.rows("first_in_lanes"):
        if key is not None:
            created_at: int = work.value("created_at", key=key)
            oldest[queue] = min(created_at, oldest.get(queue, created_at))
    return oldest


def _narrowest(wanted: JobFilter) -> tuple[str, str] | None:
    for statement, value in (
        ("list_id", wanted.id),
        ("list_batch", wanted.batch),
        ("list_root", wanted.root),
        ("list_method", wanted.method),
    ):
        if value is not None:
            return statement, value
    return None


def _pages(work: Work, statement: str, params: dict[str, object], wanted: JobFilter, limit: int) -> list[JobView]:
    found: list[JobView] = []
    size = max(limit, 200)
    while len(found) < limit:
        page = [view(row) for row in work.rows(statement, **{**params, "limit": size})]
        found += [one for one in page if _matches(one, wanted)]
        if len(page) < size:
            break
        params["before"] = page[-1].key
    return found[:limit]


def _matches(one: JobView, wanted: JobFilter) -> bool:
    return (
        (wanted.states is None or one.state in wanted.states)
        and wanted.method in (None, one.method)
        and wanted.batch in (None, one.batch)
        and wanted.root in (None, one.root)
        and wanted.id in (None, one.id)
    )


def view(row: Row) -> JobView:
    """A row of `job_state`."""
    values = dict(zip(JOB_STATE_COLUMNS, row, strict=True))
    waits = Waits(values.pop("waits"))
    return JobView(
        state=StateCode(values.pop("state")).state,
        waits_for=None if waits is Waits.NOTHING else waits.name.lower(),
        user=values.pop("username"),
        cancel_requested=bool(values.pop("cancel_requested")),
        **values,
    )


JOB_STATE_COLUMNS = (
    *("key", "id", "state", "waits", "queue", "lane", "method", "username", "created_at", "run_at", "started_at"),
    *("ended_at", "attempt", "crashes", "failures", "claim", "cancel_requested", "root", "parent", "made_by"),
    *("retry_of", "batch", "concurrency_key", "result", "error", "reason", "winner", "token", "host", "pid", "body"),
)


def unsettled_view(spec: JobSpec) -> JobView:
    """A job whose transaction has committed and that jobs.db does not have yet."""
    return JobView(
        key=spec.key,
        id=spec.id,
        state=JobState.QUEUED if spec.run_at is None else JobState.SCHEDULED,
        waits_for=None if spec.run_at is None else Waits.TIME.name.lower(),
        queue=spec.queue,
        lane=spec.lane,
        method=spec.method,
        user=spec.user,
        created_at=spec.created_at,
        run_at=spec.run_at,
        started_at=None,
        ended_at=None,
        attempt=0,
        crashes=0,
        failures=0,
        claim=0,
        cancel_requested=False,
        root=spec.root,
        parent=spec.parent,
        made_by=spec.made_by,
        retry_of=spec.retry_of,
        batch=spec.batch,
        concurrency_key=spec.concurrency_key,
        result=None,
        error=None,
        reason=None,
        winner=None,
        token=None,
        host=None,
        pid=None,
        body=body_of(spec),
    )
