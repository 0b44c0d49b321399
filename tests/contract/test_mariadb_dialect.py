"""A statement in MariaDB's SQL gives on SQLite and PostgreSQL the rows, names and Python types that MariaDB gives.

The statements are in `mariadb/*.sql`, MariaDB's answers in `mariadb/answers.json`: recorded from a real server, which
the last test here asks again where one is installed. `python -m tests.contract.mariadb.record` records anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from rota.errors import DataError, UnsupportedSQL
from tests.contract.mariadb.cases import ANSWERS, Case, load_cases, same, written
from tests.contract.mariadb.databases import MariaDB, Rota, open_postgresql, open_sqlite
from tests.contract.mariadb.server import NoMariaDB, mariadb_server
from tests.support.postgres import PostgresServer

CASES = load_cases()
RECORDED = json.loads(ANSWERS.read_text(encoding="utf-8"))
REFUSED = [
    line.split(" | ")
    for line in Path(__file__).parent.joinpath("mariadb", "refused.txt").read_text(encoding="utf-8").splitlines()
]


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rota]:
    database = open_sqlite(tmp_path_factory.mktemp("dialect") / "site.db")
    yield database
    database.close()


@pytest.fixture(scope="module")
def postgresql(postgres_server: PostgresServer) -> Iterator[Rota]:
    with postgres_server.database() as dsn:
        database = open_postgresql(dsn)
        yield database
        database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Rota:
    found: Rota = request.getfixturevalue(request.param)
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_statement_answers_as_mariadb_does(case: Case, database: Rota) -> None:
    expected = RECORDED[case.name]

    answer = written(case.run(database), ordered=case.is_ordered)

    assert answer["names"] == expected["names"]
    assert same(answer["rows"], expected["rows"]), f"got {answer['rows']}\nMariaDB gives {expected['rows']}"


@pytest.mark.parametrize(("statement", "named"), REFUSED)
def test_what_has_no_translation_is_refused_by_name(statement: str, named: str, database: Rota) -> None:
    with pytest.raises(UnsupportedSQL) as refusal:
        database.ask(statement, None)

    assert named in str(refusal.value)


def test_a_value_that_does_not_fit_its_column_is_refused(database: Rota) -> None:
    with pytest.raises(DataError, match="'tomorrow' is not a date"):
        database.ask("update `tabSales Invoice` set posting_date = %s", "tomorrow")


def test_the_recorded_answers_are_mariadbs() -> None:
    try:
        with mariadb_server() as socket:
            server = MariaDB(socket)
            answers = {case.name: written(case.run(server), ordered=case.is_ordered) for case in CASES}
            server.close()
    except NoMariaDB as missing:
        pytest.skip(str(missing))

    wrong = [name for name in answers if answers[name] != RECORDED[name]]
    assert not wrong
    assert answers.keys() == RECORDED.keys()
