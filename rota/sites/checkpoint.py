"""The saved place of a resumable job: read when it begins, and written by each commit with the effects up to there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from rota.db.connection import Connection
from rota.engine.cursor import RESUME, Cursor
from rota.errors import JobInterrupted, UsageError

if TYPE_CHECKING:
    from rota.sites.context import Context
    from rota.sites.running import Running


class OpenLoop(Protocol):
    """The iteration that was begun last."""

    is_open: bool

    def committed(self) -> None: ...
    def rolled_back(self) -> None: ...
    def collect(self, error: Exception) -> bool:
        """Whether the job goes on after this error of its row."""
        ...


class Checkpoint:
    """Takes part in the transactions of one execution of a job, from its first iteration or step on."""

    def __init__(self, context: Context, running: Running) -> None:
        self._session = context.documents.session
        self._handoff = context.site.store.handoff
        self.running = running
        self._saved = self._read(context)
        self._changed = False
        self._carried: str | None = None  # by the commit that is under way
        self.cursor = Cursor.decode(self._saved)
        self.saves = 0  #: commits of this execution that carried the cursor
        self.interrupted: JobInterrupted | None = None
        self.loop: OpenLoop | None = None
        self._names: set[str] = set()

    @classmethod
    def of(cls, context: Context) -> Checkpoint:
        """The checkpoint of the job that runs.

        Raises:
            UsageError: none does.
        """
        running = context.running
        if running is None:
            raise UsageError("this is not inside a job")
        if running.checkpoint is None:
            running.checkpoint = made = cls(context, running)
            # First of all, so that the claim is proved last: that may take a lock.
            context.documents.session.participants.insert(0, made)
            context.at_end.append(lambda: context.documents.session.participants.remove(made))
        return running.checkpoint

    def _read(self, context: Context) -> str | None:
        connection = self._session.connection
        found = self._handoff.read_cursor(connection, self.running.key)
        older = self.running.options.get(RESUME)
        if found is None and older is not None:
            # A retry by hand goes on where the job that it repeats was; that one's key says where.
            return context.site.store.cursor(older)
        return found

    def begin(self, name: str, *, numbered: bool = False) -> str:
        """Name an iteration or a step of this run of the job's function. `numbered`: the second is `NAME#2`.

        Raises:
            UsageError: the name was used before.
        """
        wanted, number = name, 1
        while numbered and wanted in self._names:
            number += 1
            wanted = f"{name}#{number}"
        if wanted in self._names:
            raise UsageError(f"{name!r} comes twice in this job: a name stands for one place in it")
        self._names.add(wanted)
        return wanted

    @property
    def is_iterating(self) -> bool:
        """Whether this is inside an iteration."""
        return self.loop is not None and self.loop.is_open

    def begin_again(self) -> None:
        """The job's function is called once more, and comes by its iterations and steps again."""
        self._names.clear()
        self.loop = None

    def changed(self) -> None:
        """The cursor goes with the next commit that writes."""
        self._changed = True

    def save(self) -> None:
        """Commit the cursor, with all that was written since the last commit.

        Raises:
            JobLost: the job has lost its claim; nothing was committed.
        """
        self._changed = True
        self._session.begin()
        with self.running.channel.uninterrupted():
            self._session.commit()

    def interrupt(self, reason: str, at: int | None = None) -> JobInterrupted:
        """Save, and end the execution here: the error to raise."""
        self.save()
        self.interrupted = JobInterrupted(reason, at)
        return self.interrupted

    def collect(self, error: Exception) -> bool:
        """Whether the job goes on after an error that its function raised: its row was taken back and noted."""
        return self.loop is not None and self.loop.collect(error)

    # --- documents.session.Participant ---

    def savepoint(self, name: str) -> None:
        """Nothing: the cursor is changed between rows only."""

    rollback_to = release = savepoint

    def before_commit(self, connection: Connection | None, writes: int) -> None:
        if connection is not None and self._changed:
            self._carried = self.cursor.encode()
            self._handoff.write_cursor(connection, self.running.ref, self._carried)

    def committed(self) -> None:
        if self._carried is not None:
            self._saved, self._carried, self._changed = self._carried, None, False
            self.saves += 1
        if self.loop is not None:
            self.loop.committed()

    def rolled_back(self) -> None:
        self._carried, self._changed = None, False
        self.cursor = Cursor.decode(self._saved)
        if self.loop is not None:
            self.loop.rolled_back()
