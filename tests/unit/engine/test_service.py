"""The loop of services: each when it wants to, none in the way of another."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from rota.engine import service
from rota.engine.service import Name, Service, ServiceLoop
from rota.errors import StoreBusy


class Counting:
    def __init__(self, pause: float = 60, error: Exception | None = None) -> None:
        self.pause = pause
        self.error = error
        self.rounds = 0

    def run_once(self) -> float:
        self.rounds += 1
        if self.error:
            raise self.error
        return self.pause


def loop(folder: Path, services: dict[Name, Service]) -> ServiceLoop:
    return ServiceLoop(lambda: {name: lambda one=one: one for name, one in services.items()}, run_folder=folder)


def test_each_service_runs_when_it_wants_to(tmp_path: Path) -> None:
    often, rarely = Counting(0), Counting(60)
    one = loop(tmp_path, {("a", "x"): often, ("b", "x"): rarely})
    for _ in range(3):
        one.round(time.monotonic())
    assert (often.rounds, rarely.rounds) == (3, 1)


def test_a_service_that_fails_backs_off_and_the_others_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "BACK_OFF", (3600.0,))
    bad, broken, good = Counting(error=StoreBusy("busy")), Counting(error=ValueError("bug")), Counting(0)
    one = loop(tmp_path, {("a", "x"): bad, ("b", "x"): broken, ("c", "x"): good})
    for _ in range(3):
        one.round(time.monotonic())
    assert (bad.rounds, broken.rounds, good.rounds) == (1, 1, 3)


def test_the_loop_sleeps_until_the_next_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "REFRESH_SECONDS", 7200.0)
    assert 1800 < loop(tmp_path, {("a", "x"): Counting(3600)}).round(time.monotonic()) <= 3600


def test_a_wake_up_runs_its_service_at_once(tmp_path: Path) -> None:
    a, b = Counting(), Counting()
    one = loop(tmp_path, {("a", "x"): a, ("b", "x"): b})
    one.round(time.monotonic())
    one._wake({("a", "x")}, False)
    one.round(time.monotonic())
    assert (a.rounds, b.rounds) == (2, 1)


def test_an_overflow_of_wake_ups_runs_all(tmp_path: Path) -> None:
    a, b = Counting(), Counting()
    one = loop(tmp_path, {("a", "x"): a, ("b", "x"): b})
    one.round(time.monotonic())
    one._wake(set(), True)
    one.round(time.monotonic())
    assert (a.rounds, b.rounds) == (2, 2)


def test_new_services_are_found_and_old_ones_left(tmp_path: Path) -> None:
    services: dict[Name, Service] = {("a", "x"): Counting()}
    one = loop(tmp_path, services)
    one.round(time.monotonic())
    new = services[("b", "x")] = Counting()
    del services[("a", "x")]
    one._wake({("b", "x")}, False)
    one.round(time.monotonic())
    assert (new.rounds, list(one._entries)) == (1, [("b", "x")])
