"""A site with the app `ledger`, whose jobs run in the test's process."""

from __future__ import annotations

from typing import Any

from rota.engine.job import Job
from rota.sites.jobs import jobs_of
from rota.sites.site import Site
from rota.store import JobView
from rota.testing.drain import Drain
from rota.testing.testclock import TestClock

NUMBERS = range(1, 31)


class Ledger:
    """The site, with words for what these tests do."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.last_event = site.store.last_event()  #: before this test
        with site.open() as context:
            for doctype in ("Effect", "Error Log"):
                context.documents.database.delete(doctype)

    def fill(self, numbers: Any = NUMBERS, **values: Any) -> None:
        with self.site.open() as context:
            for number in numbers:
                context.documents.get_doc({"doctype": "Effect", "number": number, **values}).insert()

    def enqueue(self, method: str, _options: dict[str, Any] | None = None, **kwargs: Any) -> Job:
        with self.site.open() as context:
            return jobs_of(context).enqueue(
                method if "." in method else f"ledger.long.{method}", kwargs, **(_options or {})
            )

    def drain(self, *, most: int = 100) -> list[JobView]:
        clock = self.site.clock
        assert isinstance(clock, TestClock)
        return Drain(self.site).run(max_jobs=most, wait=True)

    def run(self, method: str, _options: dict[str, Any] | None = None, **kwargs: Any) -> Job:
        """Enqueue and run, with all that follows."""
        job = self.enqueue(method, _options, **kwargs)
        self.drain()
        return job

    def effects(self, *, copies: bool = True) -> list[int]:
        with self.site.open() as context:
            sign = "<" if copies else ">"
            return sorted(
                abs(n) for n in context.documents.get_all("Effect", filters={"number": [sign, 0]}, pluck="number")
            )

    def errors(self) -> list[Any]:
        with self.site.open() as context:
            rows = context.documents.get_all("Error Log", fields=["method", "error", "reference_name"])
            assert isinstance(rows, list)
            return rows
