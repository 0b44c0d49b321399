"""Ageing: a job that has waited for long gets its turn, whatever keeps coming into the lanes before its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rota.db.connection import Row
from rota.store.work import Work

Lane = tuple[str, int]

#: One claim in so many may begin with a lane that has waited for too long.
SHARE = 4
MICROSECONDS = 1_000_000


def by_age(work: Work, lanes: Sequence[Lane], after: Mapping[Lane, int]) -> Sequence[Lane]:
    """The lanes, but of each queue the one first whose next job has waited longest, if for `priority_ageing` or more.

    `after`: places up to which nothing of a lane is left.
    """
    names = [queue for queue, _ in lanes]
    several = [lane for lane in lanes if names.count(lane[0]) > 1]
    patience = work.settings.priority_ageing
    if not several or not patience:
        return lanes
    heads = lane_heads(work, several, after)
    latest = work.now - int(patience * MICROSECONDS)
    oldest: dict[str, tuple[int, int]] = {}
    for queue, lane, since in heads:
        if since is not None and since <= latest:
            oldest[queue] = min((since, lane), oldest.get(queue, (since, lane)))
    first = [(queue, lane) for queue, (_, lane) in oldest.items()]
    return [*first, *(lane for lane in lanes if lane not in first)]


def lane_heads(work: Work, lanes: Sequence[Lane], after: Mapping[Lane, int]) -> list[Row]:
    """Of each lane its queue, its number, and since when its next job could have run; None if there is none."""
    return work.rows(
        "lane_heads",
        queues=work.list(queue for queue, _ in lanes),
        lanes=work.list(lane for _, lane in lanes),
        afters=work.list(after.get(lane, -1) for lane in lanes),
    )
