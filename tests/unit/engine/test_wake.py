"""Waking: who is woken, with what, and that a sender never minds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from rota.engine.wake import CONTROL, JOBS, Waker, WakeSocket


@pytest.fixture(params=["short", "deep"])
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    return tmp_path / "run" if request.param == "short" else tmp_path / ("x" * 90) / ("y" * 90) / "run"


@pytest.fixture
def ear(folder: Path) -> Iterator[WakeSocket]:
    with WakeSocket(folder) as socket:
        yield socket


def test_every_listener_hears_each_site_and_kind_once(folder: Path, ear: WakeSocket) -> None:
    with WakeSocket(folder) as other:
        waker = Waker(folder)
        for _ in range(3):
            waker.wake("one")
        waker.wake("two", CONTROL)
        assert ear.drain() == other.drain() == ({("one", JOBS), ("two", CONTROL)}, False)


def test_nothing_is_heard_twice(folder: Path, ear: WakeSocket) -> None:
    Waker(folder).wake("one")
    ear.drain()
    assert ear.drain() == (set(), False)


def test_a_sender_does_not_block_on_a_full_queue_and_the_listener_knows(folder: Path, ear: WakeSocket) -> None:
    waker = Waker(folder)
    for number in range(500):
        waker.wake(f"site{number}")
    assert ear.drain()[1] is True


def test_a_listener_that_came_later_is_woken_too(folder: Path, ear: WakeSocket) -> None:
    waker = Waker(folder)
    waker.wake("one")
    with WakeSocket(folder) as later:
        waker.wake("two")
        assert later.drain()[0] == {("two", JOBS)}


def test_waking_without_listeners_or_folder_is_no_error(tmp_path: Path) -> None:
    Waker(tmp_path / "nothing").wake("one")
    Waker(tmp_path).wake("one")


def test_the_socket_of_a_dead_process_is_removed(folder: Path, ear: WakeSocket) -> None:
    child = os.fork()
    if child == 0:
        WakeSocket(folder)
        os._exit(0)
    os.waitpid(child, 0)
    assert len(list(folder.iterdir())) == 2

    Waker(folder).wake("one")

    assert list(folder.iterdir()) == [ear.path]


def test_the_file_goes_when_its_owner_closes(folder: Path) -> None:
    WakeSocket(folder).close()
    assert list(folder.iterdir()) == []


def test_others_may_not_enter_the_folder(folder: Path, ear: WakeSocket) -> None:
    assert folder.stat().st_mode & 0o077 == 0


def test_a_waker_works_after_a_fork(folder: Path, ear: WakeSocket) -> None:
    waker = Waker(folder)
    waker.wake("parent")
    child = os.fork()
    if child == 0:
        waker.wake("child")
        os._exit(0)
    os.waitpid(child, 0)
    assert ear.drain()[0] == {("parent", JOBS), ("child", JOBS)}
