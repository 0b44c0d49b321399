"""Bases of applications' own tests, which need an open site: run them with Rota's pytest plugin."""

# ruff: noqa: PT009 - these are unittest's assertions

from __future__ import annotations

import unittest
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from rota import frappe  # what an app has put there counts
from rota.clock import FixedClock
from rota.frappe._missing import missing
from rota.sites.context import current


class UnitTestCase(unittest.TestCase):
    """A test that needs no site."""

    doctype: str | None = None

    def assertQueryEqual(self, first: str, second: str) -> None:
        """Both are the same statement but for its layout."""
        self.assertEqual(self.normalize_sql(first), self.normalize_sql(second))

    def normalize_sql(self, query: str) -> str:
        """A statement on one line, in lower case."""
        return " ".join(str(query).replace("(", " ( ").replace(")", " ) ").split()).lower()

    def normalize_html(self, code: str) -> str:
        """HTML on one line."""
        return " ".join(str(code).split())

    def assertDocumentEqual(self, expected: Any, actual: Any) -> None:
        """The document has these values, in its rows, too."""
        values = expected.as_dict() if hasattr(expected, "as_dict") else expected
        for field, value in values.items():
            if isinstance(value, list):
                rows = actual.get(field) or []
                self.assertEqual(len(value), len(rows), field)
                for want, row in zip(value, rows, strict=True):
                    self.assertDocumentEqual(want, row)
            elif isinstance(value, float):
                self.assertAlmostEqual(value, frappe.utils.flt(actual.get(field)), places=6, msg=field)
            elif isinstance(value, int) and not isinstance(value, bool):
                self.assertEqual(value, frappe.utils.cint(actual.get(field)), field)
            elif value is not None:
                self.assertEqual(str(value), str(actual.get(field)), field)

    def assertSequenceSubset(self, larger: Any, smaller: Any, msg: Any = None) -> None:
        """All of the one are in the other."""
        self.assertTrue(set(smaller) <= set(larger), msg)

    @staticmethod
    @contextmanager
    def patch_hooks(overridden_hooks: Mapping[str, Any]) -> Iterator[None]:
        """Other hooks for a while."""
        with patch_hooks(overridden_hooks):
            yield

    @contextmanager
    def freeze_time(self, time_to_freeze: Any, *_: Any, **__: Any) -> Iterator[None]:
        """Let the site's clock stand at this moment of its time zone."""
        site = current().site
        moment = frappe.utils.get_datetime(time_to_freeze).replace(tzinfo=site.zone)
        with patch.object(site, "clock", FixedClock(moment)):
            yield


class IntegrationTestCase(UnitTestCase):
    """A test on an open site: as Administrator, and each class is rolled back at its end."""

    TEST_SITE = "test_site"
    maxDiff = 10_000

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.TEST_SITE = str(frappe.local.site)
        frappe.flags.in_test = True
        frappe.set_user("Administrator")
        cls.addClassCleanup(_roll_back)

    @contextmanager
    def set_user(self, user: str) -> Iterator[None]:
        """Be another user for a while."""
        before = frappe.session.user
        frappe.set_user(user)
        try:
            yield
        finally:
            frappe.set_user(before)

    @contextmanager
    def switch_site(self, site: str) -> Iterator[None]:
        """Be on another site for a while."""
        frappe.init(site, force=True)
        frappe.connect()
        try:
            yield
        finally:
            frappe.destroy()

    @staticmethod
    @contextmanager
    def change_settings(
        doctype: str, settings_dict: Any = None, /, commit: bool = False, **settings: Any
    ) -> Iterator[None]:
        """Other values of a Single for a while."""
        with change_settings(doctype, settings_dict, commit=commit, **settings):
            yield

    @contextmanager
    def assertRowsRead(self, count: int) -> Iterator[None]:
        """Taken, and not measured."""
        yield

    @contextmanager
    def assertQueryCount(self, count: int, *_: Any, **__: Any) -> Iterator[None]:
        """Taken, and not measured."""
        yield

    @contextmanager
    def assertRedisCallCounts(self, count: int) -> Iterator[None]:
        """Taken, and not measured: there is no Redis."""
        yield


FrappeTestCase = IntegrationTestCase


def _roll_back() -> None:
    frappe.db.rollback()
    frappe.set_user("Administrator")


@contextmanager
def change_settings(
    doctype: str, settings_dict: Any = None, /, commit: bool = False, **settings: Any
) -> Iterator[None]:
    """Other values of a Single for a while; works as a decorator, too."""
    wanted = {**(settings_dict or {}), **settings}
    doc = frappe.get_doc(doctype)
    before = {field: doc.get(field) for field in wanted}
    _set(doctype, wanted, commit)
    try:
        yield
    finally:
        _set(doctype, before, commit)


def _set(doctype: str, values: Mapping[str, Any], commit: bool) -> None:
    doc = frappe.get_doc(doctype)
    doc.update(values)
    doc.save(ignore_permissions=True)
    if commit:
        frappe.db.commit()


@contextmanager
def patch_hooks(overridden_hooks: Mapping[str, Any]) -> Iterator[None]:
    """Other hooks for a while."""
    real = frappe.get_hooks

    def hooks(hook: str | None = None, default: Any = None, app_name: str | None = None) -> Any:
        if hook is not None and hook in overridden_hooks:
            return overridden_hooks[hook]
        return real(hook, default, app_name)

    with patch.object(frappe, "get_hooks", hooks):
        yield


def timeout(seconds: Any = 30, error_message: str = "Test timed out.") -> Any:
    """Decorate a test that may take so long; the test runner watches the time, not this."""
    if callable(seconds):
        return seconds
    return lambda function: function


def make_test_records(doctype: str, force: bool = False, commit: bool = False, **_: Any) -> list[str]:
    """Nothing: a test makes the documents that it needs."""
    return []


__all__ = [
    "FrappeTestCase",
    "IntegrationTestCase",
    "UnitTestCase",
    "change_settings",
    "make_test_records",
    "patch_hooks",
    "timeout",
]


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
