"""Write docs/compat.md from the tables in rota/frappe, so that the page can't fall behind the code."""

from __future__ import annotations

from collections.abc import Iterator

from rota.frappe import _compat, exceptions
from rota.frappe._missing import ABSENT
from scripts.compat_names import ROOT, resolves, tested, usage

PAGE = ROOT / "docs" / "compat.md"

INTRODUCTION = """# Compatibility with Frappe

`import frappe` gives Rota's own package with Frappe's names at Frappe's paths, after version 15. This page lists every
public name of `frappe` and `frappe.utils`. A name that Rota has not got says so when it is used (`NotInRota`, which
looks like a missing attribute), and a module that it has not got when it is imported.
"""

PROVED = """
A test proves a name if it fails, in an assertion, when the name does nothing and gives None, and passes otherwise;
`python -m scripts.compat_proof --check` tries this for every name. That a test only mentions or calls a name doesn't
count, nor that the name can be imported."""

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


def shares() -> dict[str, tuple[float, float]]:
    """For tasks and all code: the share of uses that resolve, and of those that a test proves as well."""
    rows = usage()
    found = {one.name for one in rows if resolves(one.name)}
    answer = {}
    for where in ("in_tasks", "in_all_code"):
        total = sum(getattr(one, where) for one in rows)
        parts = [sum(getattr(one, where) for one in rows if one.name in names) / total
                 for names in (found, found & set(tested()))]  # fmt: skip
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
    yield "| | there | there, and proved by a test |\n| --- | --- | --- |"
    for where, shown in (("in_tasks", "in tasks that run in the background"), ("in_all_code", "in all their code")):
        there, proved = found[where]
        yield f"| {shown} | {int(there * 1000) / 10} % | {int(proved * 1000) / 10} % |"
    yield PROVED
    names = [one.name for one in usage()]
    missing = [name for name in names if not resolves(name)]
    yield f"\nOf the names counted, Rota has not got {_named(missing)}.\n"
    unproved = [name for name in names if name not in tested() and name not in missing]
    yield f"There, but proved by no test: {_named(unproved)}.\n"


def _named(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


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
