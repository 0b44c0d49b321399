"""Ask MariaDB every statement and write its answers to `answers.json`: python -m tests.contract.mariadb.record"""

from __future__ import annotations

import json

from tests.contract.mariadb.cases import ANSWERS, load_cases, written
from tests.contract.mariadb.databases import MariaDB
from tests.contract.mariadb.server import mariadb_server


def main() -> None:
    """Record the answers of a private server, one line a statement."""
    with mariadb_server() as socket:
        server = MariaDB(socket)
        answers = {case.name: written(case.run(server), ordered=case.is_ordered) for case in load_cases()}
        server.close()
    lines = [f"{json.dumps(name)}: {json.dumps(answer, ensure_ascii=False)}" for name, answer in answers.items()]
    ANSWERS.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
