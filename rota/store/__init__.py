"""What the engine keeps: jobs, schedules, workers, events. Named SQL, a variant a dialect only where it is needed.

A `Store` answers questions; a `Turn` of it changes things, all together or not at all; its `Handoff` does what belongs
into the documents' own transaction.
"""

from rota.store.claim import ClaimCursor
from rota.store.expiry import Expiry, boot_id
from rota.store.handoff import Handoff
from rota.store.restored import Older
from rota.store.store import Store
from rota.store.turn import Turn
from rota.store.views import (
    AttemptView,
    BatchView,
    DispatcherView,
    EventRow,
    JobFilter,
    JobView,
    LogLine,
    PauseView,
    Progress,
    ScheduleRow,
    ScheduleView,
    TickRow,
    TickView,
    WorkerRow,
    WorkerView,
)
from rota.store.wire import Waits, batch_text, body_of, read_body
from rota.store.words import (
    BeatResult,
    ClaimRef,
    Inserted,
    LostClaim,
    OnStopped,
    Recorded,
    Steering,
    Stopped,
    StoreSettings,
    Want,
)

__all__ = [
    "AttemptView",
    "BatchView",
    "BeatResult",
    "ClaimCursor",
    "ClaimRef",
    "DispatcherView",
    "EventRow",
    "Expiry",
    "Handoff",
    "Inserted",
    "JobFilter",
    "JobView",
    "LogLine",
    "LostClaim",
    "Older",
    "OnStopped",
    "PauseView",
    "Progress",
    "Recorded",
    "ScheduleRow",
    "ScheduleView",
    "Steering",
    "Stopped",
    "Store",
    "StoreSettings",
    "TickRow",
    "TickView",
    "Turn",
    "Waits",
    "Want",
    "WorkerRow",
    "WorkerView",
    "batch_text",
    "body_of",
    "boot_id",
    "read_body",
]
