"""A page of memory that a dispatcher shares with one worker: what runs there, since when, and what is to stop.

A hand-out is known by its serial number, which is never 0. Reading costs nobody a system call, so a dispatcher needs
no message for a job's beginning, nor a job one to learn that it was canceled.
"""

from __future__ import annotations

import mmap
import os

_STOPPING = 0  # the first word; then three a slot:
_SERIAL, _BEGAN, _CANCELED = 1, 2, 3
_WIDTH = 3


class Slate:
    """`slots` executions at once. `descriptor` may be passed to the other process, which opens it with its number."""

    def __init__(self, slots: int, descriptor: int | None = None) -> None:
        self.slots = slots
        size = 8 * (1 + _WIDTH * slots)
        self.descriptor = os.memfd_create("rota-slate", os.MFD_CLOEXEC) if descriptor is None else descriptor
        if descriptor is None:
            os.ftruncate(self.descriptor, size)
        self._memory = mmap.mmap(self.descriptor, size)
        # Words of 8 bytes are written and read at once.
        self._words = memoryview(self._memory).cast("q")

    def close(self) -> None:
        self._words.release()
        self._memory.close()
        os.close(self.descriptor)

    # --- the worker's side ---

    def begin(self, slot: int, serial: int, now: int) -> None:
        """Say that `serial` runs since `now` (nanoseconds of CLOCK_MONOTONIC)."""
        self._words[_WIDTH * slot + _BEGAN] = now
        self._words[_WIDTH * slot + _SERIAL] = serial

    def end(self, slot: int) -> None:
        self._words[_WIDTH * slot + _SERIAL] = 0

    def is_canceled(self, slot: int, serial: int) -> bool:
        return self._words[_WIDTH * slot + _CANCELED] == serial

    @property
    def stopping(self) -> bool:
        return self._words[_STOPPING] != 0

    # --- the dispatcher's side ---

    def running(self) -> dict[int, int]:
        """What runs: serial to the moment it began (nanoseconds of CLOCK_MONOTONIC)."""
        words = self._words
        found = {}
        for at in range(0, _WIDTH * self.slots, _WIDTH):
            serial, began = words[at + _SERIAL], words[at + _BEGAN]
            # Changed meanwhile: it has ended, and its report says more.
            if serial and words[at + _SERIAL] == serial:
                found[serial] = began
        return found

    def cancel(self, serial: int) -> bool:
        """Tell `serial` to stop at its next call into Rota; False when it does not run."""
        for at in range(0, _WIDTH * self.slots, _WIDTH):
            if self._words[at + _SERIAL] == serial:
                self._words[at + _CANCELED] = serial
                return True
        return False

    def stop(self) -> None:
        """Tell everything here that the worker is to stop, so that resumable jobs end at their next step."""
        self._words[_STOPPING] = 1
