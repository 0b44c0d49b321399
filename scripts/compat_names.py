"""The names of Frappe that applications use, where they lead in Rota, and the test that was found for each.

`frappe_usage.csv` says how often 37 public applications use each name: in their tasks (the functions that schedules and
enqueues name, and what these call), and in all their code. `frappe_tested.csv` is what `compat_proof` found.
"""

from __future__ import annotations

import csv
import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rota.documents.database import DocumentDatabase
from rota.errors import NotInRota
from rota.sites.cache import Cache

ROOT = Path(__file__).parents[1]
USAGE = Path(__file__).with_name("frappe_usage.csv")
PROOFS = Path(__file__).with_name("frappe_tested.csv")

#: What stands behind names that need an open site.
BEHIND: dict[str, Any] = {"db": DocumentDatabase, "cache": Cache}
#: Objects of `frappe` whose attributes an app may choose freely, or that are made anew in each request.
OPEN = ("conf", "flags", "form_dict", "local", "message_log", "request", "response", "session", "job")


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


def tested() -> dict[str, str]:
    """Names that a test proves, each with the test."""
    with PROOFS.open(newline="") as file:
        return {row["name"]: row["test"] for row in csv.DictReader(file)}


def keep(proofs: dict[str, str]) -> None:
    """Write what was proved, for `tested`."""
    with PROOFS.open("w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["name", "test"])
        rows.writerows(sorted(proofs.items()))


def resolves(name: str) -> bool:
    """Whether a name, as `db.get_value` or `utils.data.getdate`, leads to something that is not refused."""
    try:
        lookup(name)
    except AttributeError:
        return False
    return True


def lookup(name: str) -> tuple[Any, str, Any]:
    """Where a name leads: what has the attribute, the attribute, and what it is. Of `OPEN` the object itself.

    Raises:
        AttributeError: Rota has not got the name.
    """
    head, _, rest = name.partition(".")
    if head in BEHIND and rest:
        thing, parts = BEHIND[head], rest.split(".")[:1]
    elif head == "pypika":
        thing, parts = importlib.import_module("pypika"), rest.split(".")
    else:
        thing, parts = importlib.import_module("rota.frappe"), [head] if head in OPEN else name.split(".")
    if name == "frappe":
        return importlib.import_module("rota"), "frappe", thing
    owner = thing
    for part in parts:
        owner, thing = thing, _step(thing, part)
    if (getattr(thing, "__doc__", None) or "").startswith("Refused"):
        raise NotInRota(name, "")
    return owner, parts[-1], thing


def _step(owner: Any, part: str) -> Any:
    try:
        return getattr(owner, part)
    except NotInRota:
        raise
    except AttributeError:
        path = f"{getattr(owner, '__name__', '')}.{part}"
        try:
            return importlib.import_module(path)
        except ModuleNotFoundError:
            raise AttributeError(path) from None
