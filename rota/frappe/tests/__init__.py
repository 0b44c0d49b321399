"""Bases of applications' own tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rota.frappe._missing import missing
from rota.frappe.tests.utils import (
    FrappeTestCase,
    IntegrationTestCase,
    UnitTestCase,
    change_settings,
    patch_hooks,
    timeout,
)

__all__ = ["FrappeTestCase", "IntegrationTestCase", "UnitTestCase", "change_settings", "patch_hooks", "timeout"]


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
