"""Reactive state sync on Jupyter comms: mutate plain Python, and every open page shows it.

```python
from syncstate import SyncedModel


class Board(SyncedModel):
    title: str = "Sales"
    rows: list[dict] = []


board = Board()
board  # shown
board.rows.append({"price": 3})  # one small JSON Patch, not the table
```
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from syncstate.actions import action, progress
from syncstate.arrays import append
from syncstate.batches import batch, transaction
from syncstate.calls import Cancelled
from syncstate.computed import computed
from syncstate.errors import (
    CallError,
    Conflict,
    MessageError,
    NotComputable,
    NothingToUndo,
    NotSyncable,
    NotValid,
    NotWritable,
    PatchError,
    PointerError,
    SessionClosed,
    SyncStateError,
    TargetNotFound,
    TestFailed,
)
from syncstate.fields import synced
from syncstate.forms import Failure, register
from syncstate.model import Sync, SyncedModel
from syncstate.recorder import track
from syncstate.rules import validate
from syncstate.tracked import TrackedDict, TrackedList

if TYPE_CHECKING:
    from syncstate.jupyter import Service, serve
    from syncstate.link import Connection
    from syncstate.main_thread import on_main
    from syncstate.ties import Tie
    from syncstate.watching import Change, Changes, Subscription, Waiting

__all__ = [
    "CallError",
    "Cancelled",
    "Change",
    "Changes",
    "Conflict",
    "Connection",
    "Failure",
    "MessageError",
    "NotComputable",
    "NotSyncable",
    "NotValid",
    "NotWritable",
    "NothingToUndo",
    "PatchError",
    "PointerError",
    "Service",
    "SessionClosed",
    "Subscription",
    "Sync",
    "SyncStateError",
    "SyncedModel",
    "TargetNotFound",
    "TestFailed",
    "Tie",
    "TrackedDict",
    "TrackedList",
    "Waiting",
    "action",
    "append",
    "batch",
    "computed",
    "on_main",
    "progress",
    "register",
    "serve",
    "synced",
    "track",
    "transaction",
    "validate",
]

# What carries a model to pages is loaded when the first one is shown: 3 of 11 ms that the import would take.
_LATER = {
    "Change": "syncstate.watching",
    "Changes": "syncstate.watching",
    "Connection": "syncstate.link",
    "Service": "syncstate.jupyter",
    "Subscription": "syncstate.watching",
    "Waiting": "syncstate.watching",
    "Tie": "syncstate.ties",
    "on_main": "syncstate.main_thread",
    "serve": "syncstate.jupyter",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LATER[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "syncstate"}]
