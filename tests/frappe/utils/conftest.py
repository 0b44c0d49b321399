"""A site that the helpers can ask, with everything about it set by the test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import pytest

from rota.clock import FixedClock
from rota.frappe.utils import _settings


@dataclass
class FakeSite:
    """An open site. Its clock stands at a Thursday afternoon."""

    settings: dict[str, Any] = field(default_factory=dict)
    currencies: dict[str, dict[str, Any]] = field(default_factory=dict)
    fieldtypes: dict[tuple[str, str], str] = field(default_factory=dict)
    translations: dict[str, str] = field(default_factory=dict)
    shown: list[str] = field(default_factory=list)
    clock: FixedClock = field(default_factory=lambda: FixedClock(datetime(2024, 2, 29, 15, 30, 45, 123456, tzinfo=UTC)))
    name: str = "site.test"
    path: Path = Path("/bench/sites/site.test")
    bench_path: Path = Path("/bench")
    url: str = "https://site.test"
    language: str = "en"
    secret: str = "a secret"
    current_date: Any = None

    def now(self) -> datetime:
        return self.clock.now()

    def get(self, key: str) -> Any:
        return self.settings.get(key)

    def currency(self, name: str) -> Mapping[str, Any]:
        return self.currencies.get(name, {})

    def fieldtype(self, doctype: str, fieldname: str) -> str | None:
        return self.fieldtypes.get((doctype, fieldname))

    def translate(self, text: str, context: str | None) -> str:
        return self.translations.get(text, text)

    def throw(self, message: str, exc: type[Exception], title: str | None) -> NoReturn:
        self.shown.append(message)
        raise exc(message)


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> FakeSite:
    """The open site."""
    fake = FakeSite()
    monkeypatch.setattr(_settings, "provider", lambda: fake)
    return fake
