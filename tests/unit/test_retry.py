"""A retry policy travels as plain data and means the same on the other side."""

from __future__ import annotations

import email.message
import json
import threading
import urllib.error
import urllib.parse
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from random import Random
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from rota.clock import FixedClock
from rota.errors import InvalidRetry, JobTimeout, RetryLater
from rota.retry import Retry, RetryPolicy, error_names, retry_after


class AppError(ValueError):
    pass


def seconds(policy: RetryPolicy, failures: int) -> float:
    return policy.delay(failures, Random(1)).total_seconds()


@pytest.mark.parametrize(
    ("backoff", "delays"),
    [("exp", [10, 20, 40, 60, 60]), ("linear", [10, 20, 30, 40, 50]), ("fixed", [10, 10, 10, 10, 10])],
)
def test_delays_grow_by_the_backoff_up_to_the_cap(backoff: str, delays: list[float]) -> None:
    policy = Retry(9, backoff=backoff, base=10, cap=60, jitter=False)
    assert [seconds(policy, failures) for failures in range(1, 6)] == delays


@given(st.integers(1, 1000), st.integers())
def test_jitter_draws_from_the_upper_half_of_the_delay(failures: int, seed: int) -> None:
    full = Retry(base=3, cap=500, jitter=False).delay(failures, Random(seed))
    assert full / 2 <= Retry(base=3, cap=500).delay(failures, Random(seed)) <= full <= timedelta(seconds=500)


def test_jobs_that_failed_together_do_not_come_back_together() -> None:
    random = Random(7)
    delays = {Retry().delay(1, random) for _ in range(100)}
    assert len(delays) > 90


def test_without_names_any_error_is_retried_a_timeout_too() -> None:
    assert Retry().wants(error_names(AppError()))
    assert Retry().wants(error_names(JobTimeout()))


def test_with_names_these_and_their_subclasses_alone_are_retried() -> None:
    policy = Retry(on=(ValueError, "builtins.OSError"))
    assert policy.wants(error_names(AppError()))
    assert policy.wants(error_names(ConnectionError()))
    assert not policy.wants(error_names(KeyError()))


def test_giving_up_wins() -> None:
    policy = Retry(on=ValueError, give_up_on=[AppError])
    assert policy.wants(error_names(ValueError()))
    assert not policy.wants(error_names(AppError()))


@pytest.mark.parametrize("name", ["requests.Timeout", "requests.exceptions.Timeout", requests.Timeout])
def test_a_class_goes_by_any_of_its_names(name: Any) -> None:
    assert Retry(on=name).wants(error_names(requests.ReadTimeout()))
    assert not Retry(give_up_on=name).wants(error_names(requests.ReadTimeout()))


def test_a_bare_name_is_a_builtin() -> None:
    assert Retry(on="ValueError").wants(error_names(AppError()))


def test_a_name_that_nobody_knows_matches_nothing() -> None:
    assert not Retry(on="no_such_module.Error").wants(error_names(AppError()))
    assert not Retry(on="rota.errors.__doc__").wants(error_names(AppError()))


def test_a_policy_travels_as_plain_json() -> None:
    policy = Retry(7, "linear", timedelta(minutes=1), 90, jitter=False, on=(AppError, "OSError"), give_up_on=KeyError)
    plain = json.loads(json.dumps(policy.to_dict()))
    assert RetryPolicy.from_dict(plain) == policy
    assert plain["on"] == [f"{__name__}.AppError", "builtins.OSError"]
    assert plain["base"] == 60


def test_retry_may_be_given_in_short() -> None:
    assert RetryPolicy.of(None) is None
    assert RetryPolicy.of(3) == Retry(attempts=3)
    assert RetryPolicy.of({"attempts": 2, "base": 1}) == Retry(2, base=1)
    assert RetryPolicy.of(Retry(4)) == Retry(4)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"attempts": 0}, "attempts is a number from 1 to 1000, not 0"),
        ({"attempts": True}, "attempts is a number from 1 to 1000, not True"),
        ({"attempts": 10**9}, "attempts is a number from 1 to 1000"),
        ({"backoff": "soon"}, "backoff is one of exp, linear, fixed, not 'soon'"),
        ({"backoff": []}, "backoff is one of"),
        ({"base": -1}, "base is a number of seconds, up to a year, not -1"),
        ({"base": "1"}, "base is a number of seconds, up to a year, not '1'"),
        ({"cap": float("nan")}, "cap is a number of seconds, up to a year, not nan"),
        ({"cap": float("inf")}, "cap is a number of seconds, up to a year, not inf"),
        ({"jitter": 0.5}, "jitter is True or False, not 0.5"),
        ({"on": 5}, "on takes exception classes or their dotted names, not 5"),
        ({"on": [int]}, "on takes exception classes or their dotted names, not <class 'int'>"),
        ({"give_up_on": "not a name"}, "give_up_on takes exception classes or their dotted names, not 'not a name'"),
        ({"retries": 5}, "there is no 'retries'; there are attempts, backoff, "),
        (True, "takes rota.Retry(...), a number of attempts or a dict, not True"),
        ("often", "takes rota.Retry(...), a number of attempts or a dict, not 'often'"),
    ],
)
def test_what_can_not_be_followed_is_one_clear_error(wrong: Any, reason: str) -> None:
    with pytest.raises(InvalidRetry) as caught:
        RetryPolicy.of(wrong)
    assert reason in str(caught.value)


class Busy(BaseHTTPRequestHandler):
    """Answers /STATUS/RETRY-AFTER with just that."""

    def do_GET(self) -> None:
        _, status, *after = self.path.split("/")
        self.send_response(int(status))
        for value in after:
            self.send_header("Retry-After", urllib.parse.unquote(value))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def date_time_string(self, timestamp: float | None = None) -> str:
        return "Mon, 05 Jan 2026 12:00:00 GMT"

    def log_message(self, *args: Any) -> None: ...


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Busy) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()
        thread.join()


def delay_of(later: RetryLater | None) -> float | None:
    return later.delay.total_seconds() if later is not None and later.delay is not None else None


@pytest.mark.parametrize(
    ("path", "delay"),
    [
        ("/429/30", 30),
        ("/503/0", 0),
        ("/503/Mon, 05 Jan 2026 12:02:00 GMT", 120),
        ("/503/Mon, 05 Jan 2026 11:00:00 GMT", 0),
        ("/429/99999999999999", 86400),
        ("/429/Fri, 31 Dec 9999 23:59:59 GMT", 86400),
        ("/429", None),
        ("/429/soon", None),
        ("/429/-5", None),
        ("/500/30", None),
        ("/200/30", None),
    ],
)
def test_a_busy_servers_retry_after_is_obeyed(server: str, path: str, delay: float | None) -> None:
    response = requests.get(server + path, timeout=60)
    assert delay_of(retry_after(response)) == delay


def test_the_error_made_of_a_response_says_it_too(server: str) -> None:
    with pytest.raises(requests.HTTPError) as caught:
        requests.get(f"{server}/503/7", timeout=60).raise_for_status()
    assert delay_of(retry_after(caught.value)) == 7


def test_errors_of_urllib_say_it_too() -> None:
    headers = email.message.Message()
    headers["retry-after"] = "9"
    with urllib.error.HTTPError("http://a.example", 429, "busy", headers, None) as error:
        assert delay_of(retry_after(error)) == 9


def test_without_a_date_of_the_server_our_clock_counts() -> None:
    response = requests.Response()
    response.status_code = 503
    response.headers["Retry-After"] = "Mon, 05 Jan 2026 12:00:45 GMT"
    assert delay_of(retry_after(response, clock=FixedClock(datetime(2026, 1, 5, 12, tzinfo=UTC)))) == 45


@given(
    st.text(st.characters(codec="ascii"), max_size=40)
    | st.from_regex(r"Mon, \d{1,3} Jan \d{1,6} \d\d:\d\d:\d\d [+-]?\d{1,6}")
)
def test_no_retry_after_breaks_the_job_that_reads_it(text: str) -> None:
    response = requests.Response()
    response.status_code = 429
    response.headers["Retry-After"] = text
    later = retry_after(response, clock=FixedClock())
    assert later is None or 0 <= (delay_of(later) or 0) <= 86400


@pytest.mark.parametrize("other", [None, ValueError("x"), requests.ConnectionError(), object(), 429])
def test_what_is_no_answer_of_a_server_asks_for_nothing(other: Any) -> None:
    assert retry_after(other) is None
