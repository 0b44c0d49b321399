"""`rota jobs steer` holds and slows down a job that iterates."""

from __future__ import annotations

import pytest

from rota.jobs import JobSpec, new_key
from rota.sites.bench import Bench
from rota.sites.site import Site
from tests.cli.conftest import SITE, Rota


@pytest.fixture
def key(bench: Bench, site: str) -> str:
    """A job that waits."""
    spec = JobSpec(
        key=new_key(), id="import", method="m", queue="default", user="Administrator", created_at=0, timeout=300.0
    )
    with Site.load(bench, site) as opened, opened.store.turn() as turn:
        turn.insert([spec])
    return spec.key


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--hold"], (True, None)),
        (["--go-on"], (False, None)),
        (["--speed", "2.5"], (False, 2.5)),
        (["--full-speed"], (False, None)),
    ],
)
def test_a_job_is_told_how_to_go_on(
    bench: Bench, rota: Rota, key: str, words: list[str], expected: tuple[bool, float | None]
) -> None:
    assert rota("jobs", "steer", "import", *words).code == 0
    with Site.load(bench, SITE) as opened:
        assert opened.store.steering(key) == expected


@pytest.mark.parametrize("words", [[], ["--hold", "--speed", "2"], ["--speed", "0"]])
def test_it_takes_one_wish(rota: Rota, key: str, words: list[str]) -> None:
    assert rota("jobs", "steer", "import", *words).code == 2


def test_a_job_that_is_not_there_is_told(rota: Rota, site: str) -> None:
    result = rota("jobs", "steer", "nothing", "--hold")
    assert result.code != 0
    assert "there is no job 'nothing'" in result.err
