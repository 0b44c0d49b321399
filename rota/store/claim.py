"""Claim jobs for a dispatcher's idle workers.

PostgreSQL keeps dead index entries as long as any transaction is open, so a dispatcher claims only beyond a bound in
each lane, the last place that it got or up to which it knows that nothing is left, and looks behind it from a floor:
the highest place below which everything is visible.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from rota.db.connection import Row
from rota.jobs import Claim
from rota.store import gates
from rota.store.ageing import SHARE, Lane, by_age, lane_heads
from rota.store.words import Want
from rota.store.work import Work

LOOK_BEHIND = 1.0  #: seconds between two looks behind the bounds
LOOK_SHARE = 20  #: a look, and the claim with it, may cost at most this part of the time
START_OVER = 60.0  #: seconds after which everything is looked through again
PARK_AT_ONCE = 500
MOST_PENDING = 64


@dataclass(slots=True)
class ClaimCursor:
    """What a dispatcher remembers of a site between claims. Nobody else looks inside."""

    bounds: dict[Lane, int] = field(default_factory=dict)
    floors: dict[Lane, int] = field(default_factory=dict)
    #: places that had been drawn at a look, with the transactions that may have hidden some of them then
    pending: list[tuple[int, frozenset[str]]] = field(default_factory=list)
    settled: int = -1  #: the highest place up to which all that was drawn is known to be visible
    next_look: float = 0.0
    cheap_look: float = 0.0
    start_over: float = 0.0
    paused: tuple[str, ...] = ()
    claims: int = 0

    def look_everywhere(self) -> None:
        """Look through all lanes from their beginning once."""
        self.floors, self.pending, self.next_look, self.cheap_look = {}, [], 0.0, 0.0


@dataclass(frozen=True, slots=True)
class _Search:
    """One claim: for whom, how much, and where to look."""

    work: Work
    token: str
    wants: Sequence[Want]
    limit: int
    lanes: Sequence[Lane]
    paused: tuple[str, ...]  #: methods
    cursor: ClaimCursor

    def groups(self, limit: int) -> list[tuple[list[Lane], int]]:
        """Lanes that one statement may claim from: all of them, unless a queue has a limit of its own."""
        each = [([lane for lane in self.lanes if lane[0] == want.queue], want.limit) for want in self.wants]
        if all(room >= limit for _, room in each):
            return [([lane for group, _ in each for lane in group], limit)]
        return each


def claim(work: Work, token: str, wants: Sequence[Want], limit: int, cursor: ClaimCursor) -> list[Claim]:
    """Take up to `limit` jobs, earlier queues first; their state changes with the transaction's commit.

    Of a queue, lower lanes come first, unless one of the others has waited for too long (`ageing`).
    """
    found = work.rows("where_to_claim", now=work.now)
    lanes: Sequence[Lane] = sorted((name, lane) for scope, name, lane in found if scope == "lane")
    pauses = {(scope, name) for scope, name, _ in found}
    if ("site", "") in pauses or limit < 1:
        return []
    open_wants = [want for want in wants if want.limit > 0 and ("queue", want.queue) not in pauses]
    paused = tuple(sorted(name for scope, name in pauses if scope == "method"))
    if paused != cursor.paused:
        cursor.paused = paused
        cursor.look_everywhere()
    cursor.claims += 1
    if cursor.claims % SHARE == 0:
        wanted = {want.queue for want in open_wants}
        lanes = by_age(work, [lane for lane in lanes if lane[0] in wanted], cursor.floors)
    search = _Search(work, token, open_wants, limit, lanes, paused, cursor)
    if paused:
        _park(search)
    return _claim_sqlite(search) if work.sqlite else _claim_postgresql(search)


def anything_claimable(work: Work, queues: Sequence[str] | None, cursor: ClaimCursor) -> bool:
    """Is there a job that a claim would look at: of these queues, or of any? Below the cursor's floors nothing is."""
    found = work.rows("where_to_claim", now=work.now)
    lanes: list[Lane] = [(name, lane) for scope, name, lane in found if scope == "lane"]
    heads = lane_heads(work, [lane for lane in lanes if queues is None or lane[0] in queues], cursor.floors)
    return any(since is not None for _, _, since in heads)


def _park(search: _Search) -> None:
    """Take jobs of paused methods out of the lanes, so that no claim has to walk past them again and again."""
    for group, _ in search.groups(search.limit):
        for lane in group:
            found = search.work.rows(
                "paused_among",
                queue=lane[0],
                lane=lane[1],
                after=search.cursor.floors.get(lane, -1),
                limit=PARK_AT_ONCE,
                methods=search.work.list(search.paused),
            )
            gates.park(search.work, [row[0] for row in found])


# --- SQLite: one writer, so the oldest queued job is simply the next ---


def _claim_sqlite(search: _Search) -> list[Claim]:
    work = search.work
    if work.value("has_dispatcher", token=search.token) is None:
        return []
    rows: list[Row] = []
    paused = work.list(search.paused)
    for want in search.wants:
        room = min(want.limit, search.limit - len(rows))
        for queue, lane in search.lanes:
            if queue == want.queue and room > 0:
                found = work.rows("claimable", queue=queue, lane=lane, limit=room, paused=paused)
                rows += found
                room -= len(found)
    if not rows:
        return []
    last: int = work.value("draw_claims", count=len(rows))
    first = last - len(rows) + 1
    work.run("start", keys=work.keys([row[0] for row in rows]), first=first, token=search.token, now=work.now)
    gates.take_tokens(work, [row[4] for row in rows if row[4] is not None])
    return [
        Claim(key, number, attempt + 1, crashes, failures, id_, root, method, queue, user, work.now, body)
        for number, (key, attempt, crashes, failures, _, id_, root, method, queue, user, body) in enumerate(rows, first)
    ]


# --- PostgreSQL ---


def _claim_postgresql(search: _Search) -> list[Claim]:
    cursor, began = search.cursor, time.monotonic()
    looks = began >= cursor.next_look
    if looks:
        # Before anything is claimed: what this transaction claims and then does not commit stays above the floors.
        _look_behind(search)
    claims = _beyond(search)
    if not claims and not looks and began >= cursor.cheap_look:
        looks = True
        if _look_behind(search):
            claims = _beyond(search)
    if looks:
        # With the claim behind it, which begins at the first row that somebody keeps locked, and walks over all that
        # has been claimed since.
        cursor.cheap_look = began + LOOK_SHARE * (time.monotonic() - began)
        cursor.next_look = max(cursor.cheap_look, began + LOOK_BEHIND)
    return claims


def _beyond(search: _Search) -> list[Claim]:
    bounds, claims = search.cursor.bounds, list[Claim]()
    for lanes, most in search.groups(search.limit):
        room = min(most, search.limit - len(claims))
        if not lanes or room < 1:
            continue
        found, last = _take(search, lanes, room)
        claims += found
        bounds.update(last)
        if len(found) < room:
            # All that is settled was visible to it, and nothing is left there. Who gets nothing while others claim
            # everything would else walk over all that they have claimed, each time anew.
            bounds.update((lane, max(bounds.get(lane, -1), search.cursor.settled)) for lane in lanes)
    return claims


def _look_behind(search: _Search) -> bool:
    """Set each lane's bound before the first row that looks claimable from its floor on; is there any?

    The floor rises up to there. A row that somebody has locked looks claimable until it is claimed for good, so that
    it can't be passed over.
    """
    cursor = search.cursor
    settled = _watch_commits(search.work, cursor)
    lanes = [lane for group, _ in search.groups(search.limit) for lane in group]
    rows = search.work.rows(
        "first_places",
        queues=[queue for queue, _ in lanes],
        lanes=[lane for _, lane in lanes],
        afters=[cursor.floors.get(lane, -1) for lane in lanes],
    )
    for queue, number, first in rows:
        lane = (queue, number)
        if first is not None:
            cursor.bounds[lane] = first - 1
        if settled is not None:
            upto = settled if first is None else min(settled, first - 1)
            cursor.floors[lane] = max(cursor.floors.get(lane, -1), upto)
    return any(first is not None for *_, first in rows)


def _watch_commits(work: Work, cursor: ClaimCursor) -> int | None:
    """The highest place up to which all that was drawn is visible by now.

    A transaction locks the table before it draws a place: all that drew up to the last place are either visible, or
    among those that hold a lock on it afterwards. Once these are gone, everything up to that place is visible: at once
    if there is none.
    """
    now = time.monotonic()
    if now >= cursor.start_over:
        # What a look did not see may be back: a turn of ours had removed it and was rolled back, or the server crashed
        # and has forgotten a commit that it had not promised to keep.
        cursor.look_everywhere()
        cursor.start_over = now + START_OVER
    last: int = work.value("last_place")
    others = frozenset(row[0] for row in work.rows("others_at_live"))
    cursor.pending.append((last, others))
    newest = max((number for number, hidden in cursor.pending if not hidden & others), default=None)
    if newest is not None:
        cursor.settled = newest
    cursor.pending = [pair for pair in cursor.pending if newest is None or pair[0] > newest]
    if len(cursor.pending) > MOST_PENDING:
        del cursor.pending[1::2]
    return newest


def _take(search: _Search, lanes: Sequence[Lane], limit: int) -> tuple[list[Claim], dict[Lane, int]]:
    """Claims beyond the bounds in the lanes' order, and of each lane that any came from, the place of the last."""
    work = search.work
    rows = work.rows(
        "claim",
        token=search.token,
        queues=[queue for queue, _ in lanes],
        lanes=[lane for _, lane in lanes],
        afters=[search.cursor.bounds.get(lane, -1) for lane in lanes],
        paused=list(search.paused),
        limit=limit,
        now=work.now,
    )
    # RETURNING has no order, and a child started out of order would break at_front.
    rows.sort(key=itemgetter(0, 1))
    last = {lanes[row[0] - 1]: row[1] for row in rows}
    gates.take_tokens(work, [row[2] for row in rows if row[2] is not None])
    return [Claim._make(row[3:]) for row in rows], last
