"""The hot statements touch what they need and nothing else, whatever the planner believes about the tables."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from rota.db import Connection, Statements
from rota.db.connection import Dialect
from rota.jobs import new_key
from rota.store.connections import PINNED, READING
from rota.store.queries import PACKAGE
from tests.contract.store.site import Site

KEYS = [new_key() for _ in range(3)]
CLAIMS = [1, 2, 3]
LANE = {"queue": "short", "lane": 1, "limit": 50}
RATE, KEY = {"rate_key": "r"}, {"concurrency_key": "k"}
PAGE = {"before": "f" * 32, "queue": None, "username": None, "limit": 50}

#: statement -> parameters; a list is written as the dialect takes it
HOT: dict[str, dict[str, Any]] = {
    "start": {"keys": KEYS, "first": 1, "token": "t", "now": 1},
    "claimable": {**LANE, "paused": []},
    "claim": {
        "token": "t",
        "queues": ["short"],
        "lanes": [1],
        "afters": [1],
        "paused": [],
        "limit": 50,
        "now": 1,
    },
    "first_places": {"queues": ["short", "short"], "lanes": [1, 3], "afters": [1, 1]},
    "lane_heads": {"queues": ["short", "short"], "lanes": [1, 3], "afters": [1, 1]},
    "paused_among": {**LANE, "after": 1, "methods": ["m"]},
    "take_started": {"keys": KEYS, "claims": CLAIMS},
    "finish_plainly": {"keys": KEYS, "claims": CLAIMS, "now": 1},
    "finish_own": {"key": KEYS[0], "claim": 1, "now": 1, "result": None, "result_until": None, "reason": None},
    "take_plainly": {"keys": KEYS, "claims": CLAIMS},
    "finish_alone": {"keys": KEYS, "claims": CLAIMS, "now": 1},
    "take_alone": {"keys": KEYS, "claims": CLAIMS},
    "has_followers": {},
    "take_waiting": {"key": KEYS[0]},
    "hold": {"key": KEYS[0], "claim": 1},
    "hold_unless_locked": {"key": KEYS[0], "claim": 1},
    "holds_claim": {"key": KEYS[0], "claim": 1},
    "give_back": {
        "state": 1,
        "waits": 0,
        "run_at": 1,
        "unburnt": 0,
        "crashes": 0,
        "failures": 0,
        "key": KEYS[0],
        "claim": 1,
    },
    "still_held": {"keys": KEYS, "claims": CLAIMS, "token": "t"},
    "followers": {"ids": ["a", "b"], "keys": KEYS},
    "make_ready": {"key": KEYS[0]},
    "end_of_lane": {"queue": "short", "lane": 1},
    "set_waits": {"key": KEYS[0], "state": 1, "waits": 1},
    "seats": {"id": "a"},
    "taken_ids": {"ids": ["a", "b"]},
    "known_keys": {"keys": KEYS},
    "due": {"since": 0, "now": 1, "limit": 50},
    "next_due": {"since": 0},
    "key_taken": KEY,
    "next_of_key": {**KEY, "limit": 5},
    "rate_opened": RATE,
    "next_of_rate": {**RATE, "limit": 5},
    "live_of": {"keys": KEYS},
    "parked": {"method": "m", "limit": 5},
    "is_active": {"id": "a", "method": None, "moving": KEYS},
    "job_by_key": {"key": KEYS[0]},
    "job_by_id": {"id": "a"},
    "live_by_id": {"id": "a"},
    "live_by_ids": {"ids": ["a", KEYS[0]]},
    "first_in_lanes": {},
    "claimable_in": {"queue": "short", "limit": 17},
    "decided": {"key": KEYS[0], "claim": 1},
    "lowest_claim": {},
    "unsent": {"token": "t"},
    "started_of": {"token": "t"},
    "aged": {"state": 4, "cutoff": 1, "limit": 50},
    "old_results": {"now": 1, "limit": 50},
    "delete_done": {"keys": KEYS},
    "delete_job": {"keys": KEYS},
    "list_any": PAGE,
    "list_bad": {**PAGE, "state": 5},
    "list_method": {**PAGE, "value": "m"},
    "list_id": {**PAGE, "value": "a"},
    "list_root": {**PAGE, "value": "a"},
    "list_batch": {**PAGE, "value": KEYS[0]},
}
#: run seldom, on purpose over all of `live`: HOT updates there rule out an index on what a claim writes
SCANS_ON_POSTGRESQL = {"unsent", "started_of"}
DIALECTS: tuple[Dialect, ...] = ("sqlite", "postgresql")
LARGE = "job|live|done"


@pytest.fixture
def busy(site: Site) -> Site:
    """A site with a history and a backlog."""
    rows = 3000
    connection = site.engine.connect()
    make_history(connection, rows, sqlite=site.sqlite)
    connection.close()
    return site


def make_history(connection: Connection, rows: int, *, sqlite: bool) -> None:
    keys = [new_key() for _ in range(rows)]
    sql = Statements(PACKAGE, connection.dialect)
    job = {"root": "", "method": "m", "queue": "short", "lane": 1, "username": "u", "created_at": 1, "run_at": None}
    job |= {"parent": None, "made_by": None, "retry_of": None, "batch": None, "concurrency_key": None, "body": "{}"}
    done = {"state": 4, "attempt": 1, "crashes": 0, "failures": 0, "claim": 1, "started_at": 1, "ended_at": 1}
    done |= {"result": None, "result_until": None, "error": None, "reason": None, "winner": None, "token": None}
    done |= {"written": None}
    live = {"slot": 0, "state": 1, "waits": 0, "queue": "short", "lane": 1, "run_at": None, "method": "m", "root": ""}
    live |= {"concurrency_key": None, "rate_key": None, "batch": None, "needs": 0}
    jobs = [{**job, "key": key, "id": key} for key in keys]
    ends = [{**done, "key": key} for key in keys[: rows // 2]]
    lives = [{**live, "key": key, "id": key, "seq": n} for n, key in enumerate(keys[rows // 2 :])]
    with connection.transaction():
        for name, table in (("insert_job", jobs), ("insert_done", ends), ("insert_live", lives)):
            if sqlite:
                connection.run_many(sql[name], table)
            else:
                connection.run(sql[name], {"rows": json.dumps(table)})


def params(site: Site, name: str) -> dict[str, Any]:
    given = HOT[name]
    if site.sqlite:
        return {key: json.dumps(value) if isinstance(value, list) else value for key, value in given.items()}
    return given


HOT_ON_EACH = [(dialect, name) for dialect in DIALECTS for name in HOT if name in Statements(PACKAGE, dialect).names()]


@pytest.mark.parametrize(("databases", "name"), HOT_ON_EACH, indirect=["databases"])
def test_a_hot_statement_reads_the_large_tables_by_index_only(busy: Site, name: str) -> None:
    sql = Statements(PACKAGE, busy.engine.dialect)
    connection = busy.connect_engine()
    if busy.sqlite:
        for statistics in (None, "analyze"):
            if statistics:
                connection.run(statistics)
            plan = [row[3] for row in connection.query("explain query plan " + sql[name], params(busy, name))]
            assert scans_of_sqlite(plan) == [], "\n".join(plan)
    elif name not in SCANS_ON_POSTGRESQL:
        check_postgresql(connection, sql[name], params(busy, name), pinned=not name.startswith("list"))


@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
def test_claims_stay_on_their_pages_and_out_of_the_indexes(busy: Site) -> None:
    """HOT updates, of rows as short as any are: what a claim writes must find room beside what was enqueued."""
    connection = busy.connect_engine()
    before = "select ctid::text from rota.live order by seq"
    pages = [page(row[0]) for row in connection.query(before)]
    connection.run("update rota.live set state = 2, attempt = 1, claim = seq, token = :token, started_at = :now",
                   {"token": "t" * 32, "now": 1_700_000_000_000_000})  # fmt: skip
    assert [page(row[0]) for row in connection.query(before)] == pages


def page(ctid: str) -> int:
    return int(ctid.strip("()").partition(",")[0])


def scans_of_sqlite(plan: list[str]) -> list[str]:
    """Steps that read all of a large table. Walking a primary key in order is what a page of a listing does."""
    aliases = rf"SCAN (?:{LARGE}|[jlvdc])\b"
    return [step for step in plan if re.match(aliases, step) and "USING" not in step and step != "SCAN job"] + [
        step for step in plan if "TEMP B-TREE" in step and "GROUP BY" not in step and "DISTINCT" not in step
    ]


def check_postgresql(connection: Connection, text: str, given: dict[str, Any], *, pinned: bool) -> None:
    """With the statistics of an empty, a small and a large `live` among many dead rows."""
    connection.run("alter table rota.live set (autovacuum_enabled = false)")
    for setting, value in (PINNED if pinned else READING).items():
        connection.query("select set_config(:name, :value, false)", {"name": setting, "value": value})
    for keep in (1000, 12, 0):
        connection.run(
            "delete from rota.live where key not in (select key from rota.live order by key limit :keep)",
            {"keep": keep},
        )
        connection.run("analyze rota.live")
        (answer,) = connection.query("explain (format json) " + text, given)
        plan = answer[0] if isinstance(answer[0], list) else json.loads(answer[0])
        unbounded = [node for node in nodes(plan[0]["Plan"]) if is_unbounded(node)]
        assert unbounded == [], "\n".join(str(node) for node in nodes(plan[0]["Plan"]))


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    below = [node for part in plan.get("Plans", []) for node in nodes(part)]
    told = ("Node Type", "Relation Name", "Index Name", "Index Cond", "TID Cond", "Filter")
    return [{key: plan[key] for key in told if key in plan}, *below]


def is_unbounded(node: dict[str, Any]) -> bool:
    """A scan of a large table without a condition on an index, or on the place of a row."""
    if node["Node Type"] not in ("Seq Scan", "Index Scan", "Index Only Scan", "Tid Scan", "Bitmap Index Scan"):
        return False
    large = node.get("Relation Name", "live") in LARGE.split("|")
    return large and not (node.get("Index Cond") or node.get("TID Cond"))
