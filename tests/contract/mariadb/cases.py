"""The statements of the `.sql` files beside this, and MariaDB's answers to them in `answers.json`.

-- name: what it shows
-- values: ["a", 1]            (JSON; a list for %s, an object for %(name)s)
select ...
-- then: select ...            (for a statement that writes: what to look at afterwards)
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.contract.mariadb.databases import Answer, Database

FOLDER = Path(__file__).parent
ANSWERS = FOLDER / "answers.json"
_HEAD = re.compile(r"^-- name: (.+)$", re.M)


@dataclass(frozen=True, slots=True)
class Case:
    """A statement, its values, and what to look at after it, if it writes."""

    name: str
    statement: str
    values: Any = None
    then: str | None = None

    @property
    def is_ordered(self) -> bool:
        """Whether the rows' order says something."""
        return "order by" in (self.then or self.statement).lower()

    def run(self, database: Database) -> Answer:
        """The database's answer; whatever was written is taken back."""
        try:
            answer = database.ask(self.statement, self.values)
            return answer if self.then is None else database.ask(self.then, None)
        finally:
            database.undo()


def load_cases() -> list[Case]:
    """Every case of every file."""
    return [case for file in sorted(FOLDER.glob("*.sql")) for case in _read(file)]


def _read(file: Path) -> list[Case]:
    text = file.read_text(encoding="utf-8")
    heads = list(_HEAD.finditer(text))
    cases = []
    for head, end in zip(heads, [one.start() for one in heads[1:]] + [len(text)], strict=True):
        values, then, lines = None, None, []
        for line in text[head.end() : end].strip().splitlines():
            if line.startswith("-- values: "):
                values = json.loads(line.removeprefix("-- values: "))
            elif line.startswith("-- then: "):
                then = line.removeprefix("-- then: ")
            else:
                lines.append(line)
        cases.append(Case(f"{file.stem}: {head.group(1)}", "\n".join(lines).strip(), values, then))
    return cases


def tagged(value: Any) -> Any:
    """A value with its Python type, as JSON."""
    if isinstance(value, (date, datetime)):
        return {type(value).__name__: value.isoformat()}
    if isinstance(value, timedelta):
        return {"timedelta": round(value.total_seconds() * 1_000_000)}
    if isinstance(value, bytes):
        return {"bytes": value.decode("utf-8", "replace")}
    if isinstance(value, float):
        return {"float": repr(value)}
    if value is None or type(value) in (int, str):
        return value
    return {type(value).__name__: str(value)}


def written(answer: Answer, *, ordered: bool) -> dict[str, Any]:
    """An answer as JSON; rows without an order are sorted."""
    rows = [[tagged(value) for value in row] for row in answer.rows]
    return {"names": answer.names, "rows": rows if ordered else sorted(rows, key=json.dumps)}


def same(first: Any, second: Any) -> bool:
    """Whether two tagged values are of one type and equal, doubles to 12 digits."""
    if isinstance(first, dict) and isinstance(second, dict) and first.keys() == second.keys() == {"float"}:
        left, right = float(first["float"]), float(second["float"])
        return abs(left - right) <= 1e-12 * max(abs(left), abs(right), 1e-300)
    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(map(same, first, second))
    return bool(type(first) is type(second) and first == second)
