"""Which of `log_error`'s two texts is the title."""

from __future__ import annotations

import pytest

from rota.sites.errorlog import title_and_body

TRACE = "Traceback (most recent call last):\n  ...\nValueError: no"


@pytest.mark.parametrize(
    ("one", "two", "title"),
    [
        (TRACE, "Invoice failed", "Invoice failed"),
        ("Invoice failed", TRACE, "Invoice failed"),
        ("Sync failed permanently for SO-1 after 3 attempts", "External Sync Failed", "External Sync Failed"),
        ("1 jobs appear stuck", "Scheduler Health Issues", "Scheduler Health Issues"),
        ("Scheduler Health Issues", "1 jobs appear stuck", "Scheduler Health Issues"),
        ("Could not send the mail", "connection refused by 10.0.0.1", "Could not send the mail"),
        ("Sync", "no", "Sync"),
    ],
)
def test_the_title_is_found_in_whatever_order_an_app_gives_them(one: str, two: str, title: str) -> None:
    head, body = title_and_body(one, two, "")
    assert (head, body) == (title, two if title == one else one)
