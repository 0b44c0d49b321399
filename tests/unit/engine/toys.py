"""A runner whose jobs are methods of its own, for tests of the engine without a site."""

from __future__ import annotations

import asyncio
import faulthandler
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

from rota.engine.channel import Channel
from rota.engine.report import Report
from rota.engine.worker import failed
from rota.errors import JobTimeout
from rota.jobs import Claim, Ending


class ToyRunner:
    """Runs `method` of itself with the arguments of the claim."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def preload(self) -> None:
        (self.folder / "preloaded").touch()

    def start(self) -> None:
        faulthandler.disable()  # a job that dies on purpose needs no dump of where

    def run(self, site: str, claim: Claim, channel: Channel) -> Report | Awaitable[Report]:
        kwargs = json.loads(channel.body["kwargs"])
        method = getattr(self, claim.method)
        if asyncio.iscoroutinefunction(method):
            return self._await(method(channel, **kwargs), channel)
        try:
            result = method(channel, **kwargs)
            channel.check()
        except BaseException as error:  # noqa: BLE001 - a job's end is a report, whatever ended it
            return failed(error)
        return Report(ending=Ending.RETURNED, result=None if result is None else json.dumps(result))

    async def _await(self, coroutine: Any, channel: Channel) -> Report:
        try:
            return Report(ending=Ending.RETURNED, result=json.dumps(await coroutine))
        except asyncio.CancelledError:
            channel.check()
            raise
        except BaseException as error:  # noqa: BLE001 - a job's end is a report, whatever ended it
            return failed(error)

    # --- the jobs ---

    def nothing(self, channel: Channel) -> None:
        pass

    def pid(self, channel: Channel) -> int:
        return os.getpid()

    def mark(self, channel: Channel, name: str) -> None:
        with (self.folder / name).open("a") as file:
            file.write(f"{os.getpid()}\n")

    def length(self, channel: Channel, text: str) -> int:
        return len(text)

    def echo(self, channel: Channel, text: str) -> str:
        return text

    def sleep(self, channel: Channel, seconds: float, name: str = "sleeping") -> None:
        self.mark(channel, name)
        time.sleep(seconds)

    def hold(self, channel: Channel, name: str = "holding") -> None:
        """Runs until the file `go` is there."""
        self.mark(channel, name)
        while not (self.folder / "go").exists():
            time.sleep(0.01)

    def swallow(self, channel: Channel, seconds: float) -> str:
        """Goes on after its timeout."""
        try:
            time.sleep(seconds)
        except JobTimeout:
            time.sleep(seconds)
        return "went on"

    def checks(self, channel: Channel, name: str) -> None:
        self.mark(channel, name)
        while True:
            channel.check()
            time.sleep(0.01)

    def until_stopping(self, channel: Channel, name: str) -> str:
        self.mark(channel, name)
        while not channel.stopping:
            time.sleep(0.01)
        return "stopped"

    def talk(self, channel: Channel, lines: int, *, hold: bool = False) -> None:
        for number in range(lines):
            channel.log("INFO", f"line {number}")
        if hold:
            self.hold(channel)

    def shout(self, channel: Channel, text: str) -> None:
        channel.log("INFO", text)
        channel.log("INFO", "after")

    def count(self, channel: Channel) -> None:
        channel.progress(1, 2, "half")

    def raises(self, channel: Channel) -> None:
        raise ZeroDivisionError("no way")

    def leaves(self, channel: Channel) -> None:
        sys.exit(3)

    def dies(self, channel: Channel, name: str = "died") -> None:
        self.mark(channel, name)
        os.kill(os.getpid(), signal.SIGSEGV)

    def ends(self, channel: Channel) -> None:
        os._exit(7)

    def grows(self, channel: Channel, mib: int) -> None:
        self.kept = bytearray(mib << 20)
        time.sleep(1.1)

    def has_child(self, channel: Channel, name: str, *, own_session: bool = False) -> None:
        child = subprocess.Popen(["sleep", "600"], start_new_session=own_session)
        (self.folder / f"{name}.new").write_text(str(child.pid))
        (self.folder / f"{name}.new").rename(self.folder / name)
        time.sleep(600)

    async def nap(self, channel: Channel, seconds: float, name: str = "napping") -> int:
        self.mark(channel, name)
        await asyncio.sleep(seconds)
        return os.getpid()

    async def hold_async(self, channel: Channel, name: str = "holding") -> None:
        self.mark(channel, name)
        while not (self.folder / "go").exists():
            await asyncio.sleep(0.01)
