"""What a service says of a job that has failed."""

from __future__ import annotations

import json
import logging
from typing import Any, NamedTuple

import pytest

from rota.sites.failures import MOST_CHARACTERS, tell_failure

TRACEBACK = 'Traceback (most recent call last):\n  File "tasks.py", line 2, in send\n'


class Failed(NamedTuple):
    body: str
    id: str = "send::7"
    method: str = "shop.tasks.send"


def told(
    caplog: pytest.LogCaptureFixture, error: str | None, *, options: Any = None, mask: Any = (), **kwargs: Any
) -> str:
    body = json.dumps({"kwargs": json.dumps(kwargs), "options": options})
    with caplog.at_level(logging.ERROR, "rota.jobs"):
        tell_failure("shop.localhost", Failed(body), error, mask)
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    return record.getMessage()


def test_it_is_one_line_with_site_method_id_and_the_end_of_the_error(caplog: pytest.LogCaptureFixture) -> None:
    line = told(caplog, TRACEBACK + "ValueError: no address\n", customer="C-1")
    assert line == "shop.localhost: shop.tasks.send failed, job send::7: ValueError: no address"


@pytest.mark.parametrize(
    ("error", "end"),
    [
        ("ConnectionError: 535 refused for pa55word", "ConnectionError: 535 refused for ***"),
        ("ValueError: no account 4711-22", "ValueError: no account ***"),
        ("ValueError: no user mia-key", "ValueError: no user ***"),
        ("KeyError: deep-one", "KeyError: ***"),
        (
            "OperationalError: postgresql://mia:hidden@db/shop is gone",
            "OperationalError: postgresql://***@db/shop is gone",
        ),
        ("ValueError: C-1 has no address", "ValueError: C-1 has no address"),
    ],
)
def test_no_secret_is_in_it(caplog: pytest.LogCaptureFixture, error: str, end: str) -> None:
    line = told(
        caplog,
        TRACEBACK + error,
        options={"mask": ["account"]},
        mask=["user"],
        smtp_password="pa55word",
        account="4711-22",
        user="mia-key",
        login={"api_key": {"all": ["deep-one"]}},
        customer="C-1",
        is_secret=True,
    )
    assert line.endswith(f"job send::7: {end}")


def test_nothing_in_it_moves_the_terminals_cursor(caplog: pytest.LogCaptureFixture) -> None:
    line = told(caplog, "ValueError: \x1b[2J\x1b[1;1Hall is well\r")
    assert line.isprintable()


def test_a_long_end_is_cut(caplog: pytest.LogCaptureFixture) -> None:
    line = told(caplog, "ValueError: " + "x" * 10_000)
    assert len(line) < MOST_CHARACTERS + 100
    assert line.endswith(" ...")


@pytest.mark.parametrize("error", [None, "", "\n \n"])
def test_without_an_error_it_says_so(caplog: pytest.LogCaptureFixture, error: str | None) -> None:
    assert told(caplog, error).endswith("no error is known")


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"kwargs": "{"}'])
def test_without_arguments_that_can_be_read_it_keeps_the_error_to_itself(
    caplog: pytest.LogCaptureFixture, body: str
) -> None:
    with caplog.at_level(logging.ERROR, "rota.jobs"):
        tell_failure("shop.localhost", Failed(body), "ValueError: pa55word")
    assert caplog.messages == [
        "shop.localhost: shop.tasks.send failed, job send::7: what it was called with can't be read"
    ]
