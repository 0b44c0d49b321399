"""Delete history: final jobs that are over their age or count, with all that is kept of them."""

from __future__ import annotations

from collections.abc import Sequence

from rota.jobs import StateCode
from rota.store.words import StoreSettings
from rota.store.work import Work

MICROSECONDS = 1_000_000
BESIDE_A_JOB = ("delete_job", "delete_attempts", "delete_log", "delete_progress", "delete_steering", "delete_meta")


def prune(work: Work, limit: int) -> int:
    """Delete up to `limit` final jobs that are over their time or count; how many."""
    settings = work.settings
    old = work.rows("old_results", now=work.now, limit=limit)
    work.many("drop_result", [{"key": row[0]} for row in old])
    work.run("prune_ticks", cutoff=work.now - int(settings.keep_ticks * MICROSECONDS))
    work.run("prune_events", cutoff=work.now - int(settings.keep_events * MICROSECONDS), keep=1)
    gone = 0
    for state, age, count in _kept(settings):
        cutoff = work.now - int(age * MICROSECONDS)
        over_count = work.value("nth_newest", state=state, count=count)
        if over_count is not None:
            cutoff = max(cutoff, over_count + 1)
        keys = [row[0] for row in work.rows("aged", state=state, cutoff=cutoff, limit=limit - gone)]
        gone += remove(work, keys)
    return gone


def is_overdue(work: Work, slack: float) -> bool:
    """Whether there are final jobs that should have been deleted `slack` seconds ago, as they are over their time."""
    cutoffs = ((state, work.now - int((age + slack) * MICROSECONDS)) for state, age, _ in _kept(work.settings))
    return any(work.rows("aged", state=state, cutoff=cutoff, limit=1) for state, cutoff in cutoffs)


def _kept(settings: StoreSettings) -> Sequence[tuple[StateCode, float, int]]:
    """How long, in seconds, and how many final jobs of each state are kept."""
    return (
        (StateCode.FINISHED, settings.keep_finished, settings.keep_finished_count),
        (StateCode.FAILED, settings.keep_failed, settings.keep_failed_count),
        (StateCode.CANCELED, settings.keep_canceled, settings.keep_canceled_count),
    )


def remove(work: Work, keys: Sequence[str]) -> int:
    """Delete final jobs and all that is kept of them; how many. What site.db would bring back stays."""
    if work.site is not None:
        held = {row[0] for row in work.site.query(work.sql["not_swept"], {"keys": work.list(keys)})}
        keys = [key for key in keys if key not in held]
    gone = [row[0] for row in work.rows("delete_done", keys=work.list(keys))]
    for statement in BESIDE_A_JOB if gone else ():
        work.run(statement, keys=work.list(gone))
    if gone and not work.sqlite:
        work.run("delete_cursors", keys=gone)
    return len(gone)
