"""Named steps of a job: `with job.step("export"):` runs its block once, however often the job is run again."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dis import opname
from types import FrameType, TracebackType
from typing import Any

from rota.errors import UsageError
from rota.sites.checkpoint import Checkpoint

Trace = Callable[[FrameType, str, Any], Any]
# What stores the value of `as` comes before the block's first line.
_STORES = ("STORE_", "POP_TOP", "NOP", "CACHE", "EXTENDED_ARG")


class _Skipped(BaseException):
    """Raised at the first line of a block that was done before."""


class Step:
    """A block that is left out once it is done. What it wrote and the fact that it is done are one commit.

    `result`: what the block leaves for later: set in it, and there again when the block is left out. It must be
    something that a job may be given as an argument.
    """

    def __init__(
        self, checkpoint: Checkpoint, name: str, encode: Callable[[Any], str], decode: Callable[[str], Any]
    ) -> None:
        self._checkpoint, self._encode = checkpoint, encode
        if checkpoint.is_iterating:
            raise UsageError(
                f"the step {name!r} is inside an iteration, which keeps its own place: use one or the other"
            )
        self._name = checkpoint.begin(f"step {name}")
        self.is_done = self._name in checkpoint.cursor.steps
        stored = checkpoint.cursor.steps.get(self._name)
        self.result: Any = None if stored is None else decode(stored)
        self._skip: _Skip | None = None

    def __enter__(self) -> Step:
        if self.is_done:
            self._skip = _Skip(sys._getframe(1))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> bool:
        if self._skip is not None:
            return self._skip.end(kind, self._name)
        if kind is None:
            encoded = None if self.result is None else self._encode(self.result)
            self._checkpoint.cursor.steps[self._name] = encoded
            self._checkpoint.save()
            self.is_done = True
            if self._checkpoint.running.stopping:
                raise self._checkpoint.interrupt("its worker stops; it goes on elsewhere")
        return False


class _Skip:
    """Leaves out the rest of a `with` block: Python has no word for that, so its tracing raises at the first line."""

    def __init__(self, frame: FrameType) -> None:
        self._frame = frame
        self._before = sys.gettrace()
        self._frame_before = frame.f_trace, frame.f_trace_opcodes
        self._happened = False
        frame.f_trace, frame.f_trace_opcodes = self._trace, True
        sys.settrace(self._ignore)

    def end(self, kind: type[BaseException] | None, name: str) -> bool:
        """The end of the block: True, as it was left out.

        Raises:
            UsageError: it ran, as this Python can't leave it out; the transaction is rolled back.
        """
        self._restore()
        if kind is not _Skipped:
            raise UsageError(f"{name!r} was done before and could not be left out: put its block on lines of its own")
        return True

    def _ignore(self, frame: FrameType, event: str, argument: Any) -> None:
        """New frames are not traced."""

    def _trace(self, frame: FrameType, event: str, argument: Any) -> Trace | None:
        if self._happened or event not in ("line", "opcode"):
            return self._trace
        if event == "opcode" and opname[frame.f_code.co_code[frame.f_lasti]].startswith(_STORES):
            return self._trace
        self._happened = True
        self._restore()
        raise _Skipped

    def _restore(self) -> None:
        sys.settrace(self._before)
        self._frame.f_trace, self._frame.f_trace_opcodes = self._frame_before
