"""Hand the rows of an iteration out to several jobs, each with a part of them, and know one's own part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from rota.engine.cursor import ONLY, RESUME, SHARD
from rota.errors import JobHandedOut, UsageError
from rota.jobs import JobSpec, new_key
from rota.sites.context import Context
from rota.sites.rows import Place, Rows
from rota.sites.running import Running

#: what tells of a job's own part and place
OWN = (SHARD, RESUME, ONLY)
CALLBACKS = ("on_success", "on_failure", "on_stopped")


@dataclass(frozen=True, slots=True)
class Part:
    """The rows that a job's iteration has: all, only some, or those after a place, up to another."""

    rows: Rows
    after: Place | None = None
    upto: Place | None = None
    total: int | None = None  #: how many they are, where that is known
    is_all: bool = False


def part_of(rows: Rows, name: str, options: Mapping[str, Any]) -> Part:
    """What of an iteration's rows belongs to the job with these options.

    Raises:
        UsageError: this job has a part of another iteration.
    """
    only, shard = options.get(ONLY), options.get(SHARD)
    if only is not None:
        return Part(rows.only(only.get(name, [])))
    if shard is None:
        return Part(rows, is_all=True)
    if shard["loop"] != name:
        raise UsageError(f"a job whose iteration has shards has no other one: {shard['loop']}, and then {name}")
    return Part(rows, shard["after"], shard["upto"], shard["total"])


def hand_out(context: Context, running: Running, name: str, rows: Rows, shards: int) -> None:
    """Enqueue a job for each part, as children and links of this one; with fewer than two parts, go on alone.

    Raises:
        JobHandedOut: so it was done; the job ends with it.
    """
    ends = rows.split(shards)
    if len(ends) < 2:
        return
    for number, ((first, after), (last, upto)) in enumerate(pairwise([(0, None), *ends]), 1):
        shard = {"loop": name, "after": after, "upto": upto, "total": last - first, "number": number, "of": len(ends)}
        context.enqueues.add(_spec(context, running, shard))
    raise JobHandedOut(f"its rows were handed out to {len(ends)} jobs")


def _spec(context: Context, running: Running, shard: Mapping[str, Any]) -> JobSpec:
    key, body = new_key(), running.channel.body
    options = {key: value for key, value in running.options.items() if key not in (*OWN, *CALLBACKS)}
    return JobSpec(
        key=key,
        id=key,
        method=running.method,
        queue=running.queue,
        user=running.claim.user,
        created_at=context.site.store.now(),
        timeout=running.channel.timeout,
        kwargs=str(body.get("kwargs") or "{}"),
        priority=int(body.get("priority") or 0),
        batch=body.get("batch"),
        options={**options, SHARD: shard},
    )
