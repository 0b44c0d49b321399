"""The tree of exceptions is as drawn, and each message names the thing and what to do."""

from __future__ import annotations

import inspect
import re
from datetime import UTC, datetime, timedelta

import pytest

from rota import errors

FRAPPE_FROM_HERE = "# --- Frappe's exceptions"
DRAWN = re.compile(r"[├└]── (\w+)")


def drawn_tree() -> dict[str, str]:
    """Each exception that the module's docstring draws below another, with that other's name."""
    parents: dict[str, str] = {}
    path = ["RotaError"]
    for line in (errors.__doc__ or "").splitlines():
        if siblings := DRAWN.findall(line):
            depth = min(line.find(sign) for sign in "├└" if sign in line) // 4
            path[depth:] = siblings[-1:]
            parents |= dict.fromkeys(siblings, path[depth - 1])
    return parents


def own_exceptions() -> set[str]:
    own, marker, _ = inspect.getsource(errors).partition(FRAPPE_FROM_HERE)
    assert marker
    return set(re.findall(r"^class (\w+)", own, re.MULTILINE))


@pytest.mark.parametrize(("child", "parent"), drawn_tree().items())
def test_an_exception_stands_where_it_is_drawn(child: str, parent: str) -> None:
    assert issubclass(getattr(errors, child), getattr(errors, parent))


def test_every_exception_of_our_own_is_drawn() -> None:
    assert own_exceptions() - set(re.findall(r"\w+", errors.__doc__ or "")) == set()


@pytest.mark.parametrize("name", ["JobTimeout", "JobLost", "JobCanceled"])
def test_what_ends_a_job_passes_by_except_exception(name: str) -> None:
    assert not issubclass(getattr(errors, name), Exception)


def test_retry_later_is_an_error_of_the_job_and_not_of_rota() -> None:
    assert not issubclass(errors.RetryLater, errors.RotaError)


@pytest.mark.parametrize(("error", "code"), [(errors.RotaError, 1), (errors.StoreBusy, 1), (errors.InvalidCron, 2)])
def test_wrong_usage_has_an_exit_code_of_its_own(error: type[errors.RotaError], code: int) -> None:
    assert error.exit_code == code


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (errors.UnknownSite("a", ["b", "c"]), "there is no site 'a' in this bench (sites: b, c)"),
        (errors.UnknownSite("a", []), "(sites: none yet: make one with `rota new-site NAME`)"),
        (errors.UnknownApp("crm", "put it into apps/"), "there is no app 'crm': put it into apps/"),
        (errors.UnknownQueue("slow", ["short", "long"]), "Queue should be one of short, long; 'slow' is not"),
        (errors.UnknownQueue("slow", []), """`rota set-config -g workers '{"slow": {"timeout": 600}}'`"""),
        (errors.UnknownMethod("a.b", "a has no b"), "'a.b' can't be run: a has no b"),
        (errors.InvalidCron("* *", "it has 2 fields"), "cron expression '* *': it has 2 fields"),
        (errors.NotEncodable("kwargs.file", "it is open"), "kwargs.file can't be stored with the job: it is open"),
        (errors.NewerSchema("jobs.db", 7, 6), "jobs.db has version 7, this Rota knows 6: install the newer Rota"),
        (errors.NoSuchJobError("x1"), "there is no job 'x1'"),
        (errors.JobFailed("x1", "failed", "Traceback\n  ...\nValueError: 3\n"), "job x1 failed: ValueError: 3"),
        (errors.JobFailed("x1", "canceled", " \n"), "job x1 canceled: no error text"),
        (errors.NotInRota("frappe.whoami"), "frappe.whoami is not in Rota; docs/compat.md lists what is"),
        (errors.NotInRota("frappe.cache", "there is no Redis"), "frappe.cache is not in Rota: there is no Redis;"),
        (errors.RetryLater(90), "run again in 0:01:30"),
        (errors.RetryLater(timedelta(hours=2)), "run again in 2:00:00"),
        (errors.RetryLater(at=datetime(2026, 1, 5, tzinfo=UTC)), "run again at 2026-01-05T00:00:00+00:00"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_a_message_names_the_thing_and_the_remedy(error: Exception, message: str) -> None:
    assert message in str(error)
    assert "\n" not in str(error)


def test_a_cron_expression_without_end_is_cut_short() -> None:
    assert len(str(errors.InvalidCron("*," * 10_000, "it is too long"))) < 200


@pytest.mark.parametrize("arguments", [{}, {"seconds": 1, "at": datetime(2026, 1, 5, tzinfo=UTC)}])
def test_retry_later_takes_one_moment(arguments: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="either seconds or at"):
        errors.RetryLater(**arguments)  # type: ignore[arg-type]


def test_a_missing_frappe_name_is_an_attribute_error_so_that_hasattr_works() -> None:
    class Facade:
        def __getattr__(self, name: str) -> object:
            raise errors.NotInRota(f"frappe.{name}")

    assert not hasattr(Facade(), "whoami")
    assert getattr(Facade(), "whoami", "nobody") == "nobody"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.ValidationError, 417),
        (errors.PermissionError, 403),
        (errors.DoesNotExistError, 404),
        (errors.DuplicateEntryError, 409),
        (errors.QueueOverloaded, 503),
        (errors.TooManyRequestsError, 429),
        (errors.CSRFTokenError, 400),
    ],
)
def test_a_frappe_exception_has_its_http_status(error: type[Exception], status: int) -> None:
    assert error.http_status_code == status  # type: ignore[attr-defined]


def test_a_redirect_keeps_its_status() -> None:
    assert errors.Redirect().http_status_code == 301
    assert errors.Redirect(302).http_status_code == 302
