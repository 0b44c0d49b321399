"""Write docs/compat.md from the tables in rota/frappe, so that the page can't fall behind the code.

`frappe_usage.csv` says how often 37 public applications of Frappe use each name: in their tasks (the functions that
schedules and enqueues name, and what these call), and in all their code.
"""

from __future__ import annotations

import csv
import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rota.documents.database import DocumentDatabase
from rota.errors import NotInRota
from rota.frappe import _compat, exceptions
from rota.frappe._missing import ABSENT
from rota.sites.cache import Cache

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "compat.md"
USAGE = Path(__file__).with_name("frappe_usage.csv")
TESTS = (ROOT / "tests" / "frappe", ROOT / "tests" / "contract" / "documents")

INTRODUCTION = """# Compatibility with Frappe

`import frappe` gives Rota's own package with Frappe's names at Frappe's paths, after version 15. This page lists every
public name of `frappe` and `frappe.utils`. A name that Rota has not got says so when it is used (`NotInRota`, which
looks like a missing attribute), and a module that it has not got when it is imported.
"""

STATEMENTS = """## Text and SQL

Statements are MariaDB's, and so is what they mean: `frappe.db.sql`, `frappe.qb` and the filters of `get_all` are
translated, or refused with the part that has no translation. This differs:

| | MariaDB | on SQLite | on PostgreSQL |
| --- | --- | --- | --- |
| `'Acme' = 'ACME'`, in filters, groups, orders and unique fields | equal | equal | equal |
| `'Ä' = 'ä'` | equal | different; equal in `LIKE`, `LOCATE` and `REGEXP` | equal |
| `'é' = 'e'`, `'ß' = 'ss'` | equal | different | different |
| `'a' = 'a '` | equal | different | different |
| which of several equal spellings `DISTINCT` and `GROUP BY` show | any | any | any, maybe another |

Variables, `SHOW`, stored procedures, full-text search, `WITH RECURSIVE` and `JSON_TABLE` are refused. So are
subselects, `IF` and `CASE` among the fields of `get_all`, as in Frappe.
"""

#: Names whose attributes an app may choose freely, or that are made anew in each request.
OPEN = ("conf", "flags", "form_dict", "local", "message_log", "request", "response", "session", "job")
#: What stands behind names that need an open site.
BEHIND: dict[str, Any] = {"db": DocumentDatabase, "cache": Cache}


@dataclass(frozen=True, slots=True)
class Usage:
    """How often applications use a name."""

    name: str
    in_tasks: int
    in_all_code: int


def usage() -> list[Usage]:
    """What was counted, the names that are used most first."""
    with USAGE.open(newline="") as file:
        return [Usage(row["name"], int(row["in_tasks"]), int(row["in_all_code"])) for row in csv.DictReader(file)]


def resolves(name: str) -> bool:
    """Whether a name, as `db.get_value` or `utils.data.getdate`, leads to something that is not refused."""
    head, _, rest = name.partition(".")
    if head in OPEN or name in ("frappe", *BEHIND):
        return True
    if head in BEHIND:
        return hasattr(BEHIND[head], rest.split(".")[0])
    root = "pypika" if head == "pypika" else "rota.frappe"
    return _leads_somewhere(root, (rest if head == "pypika" else name).split("."))


def _leads_somewhere(root: str, parts: list[str]) -> bool:
    thing: Any = importlib.import_module(root)
    for part in parts:
        try:
            thing = getattr(thing, part)
        except NotInRota:
            return False
        except AttributeError:
            path = f"{getattr(thing, '__name__', '')}.{part}"
            try:
                thing = importlib.import_module(path)
            except ModuleNotFoundError:
                return False
    return not (getattr(thing, "__doc__", None) or "").startswith("Refused")


def tested() -> set[str]:
    """The words of the tests of the facade and of documents."""
    files = [file for folder in TESTS for file in folder.rglob("*.py")]
    return {word for file in files for word in re.findall(r"\w+", file.read_text())}


def shares() -> dict[str, tuple[float, float]]:
    """For tasks and all code: the share of uses that resolve, and of those that a test names as well."""
    words = tested()
    rows = usage()
    found = {one.name for one in rows if resolves(one.name)}
    named = {name for name in found if name.split(".")[-1] in words or name.split(".")[0] in OPEN}
    answer = {}
    for where in ("in_tasks", "in_all_code"):
        total = sum(getattr(one, where) for one in rows)
        parts = [sum(getattr(one, where) for one in rows if one.name in names) / total for names in (found, named)]
        answer[where] = (parts[0], parts[1])
    return answer


def page() -> str:
    """The whole page."""
    return "\n".join([INTRODUCTION, *_shares(), *_listing("frappe", _compat.FRAPPE), *_exceptions(),
                      *_listing("frappe.utils", _compat.UTILS), *_partial(), STATEMENTS])  # fmt: skip


def _shares() -> Iterator[str]:
    found = shares()
    yield "## What applications use\n"
    yield "Counted in the source of 37 public applications, by uses of each name:\n"
    yield "| | there | there, and named by a test |\n| --- | --- | --- |"
    for where, shown in (("in_tasks", "in tasks that run in the background"), ("in_all_code", "in all their code")):
        there, named = found[where]
        yield f"| {shown} | {int(there * 100)} % | {int(named * 100)} % |"
    missing = [one.name for one in usage() if not resolves(one.name)]
    yield f"\nOf the names counted, Rota has not got {', '.join(f'`{name}`' for name in missing)}.\n"


def _listing(module: str, table: str) -> Iterator[str]:
    names = _compat.names(table)
    yield f"## `{module}`\n"
    same = [name for name in names if f"{module}.{name}" not in {**ABSENT, **_compat.DIFFERENT}]
    yield f"The same as in Frappe: {', '.join(f'`{name}`' for name in same)}.\n"
    for heading, kind in (("different", _compat.DIFFERENT), ("absent", ABSENT)):
        rows = [(name, kind[f"{module}.{name}"]) for name in names if f"{module}.{name}" in kind]
        yield f"| {heading} | {'how' if heading == 'different' else 'why'} |\n| --- | --- |"
        yield from (f"| `{name}` | {text} |" for name, text in rows)
        yield ""


def _exceptions() -> Iterator[str]:
    yield "Every exception of `frappe.exceptions` is there, and can be caught as `frappe.NAME`: "
    yield f"{', '.join(f'`{name}`' for name in sorted(exceptions.__all__))}.\n"


def _partial() -> Iterator[str]:
    yield "## Other modules\n"
    yield "Most modules that applications import are there. These do less than in Frappe:\n"
    yield "| module | here |\n| --- | --- |"
    yield from (f"| `{module}` | {text} |" for module, text in sorted(_compat.PARTIAL.items()))
    yield ""


if __name__ == "__main__":
    PAGE.write_text(page())
