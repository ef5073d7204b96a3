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

from syncstate.arrays import append
from syncstate.batches import batch
from syncstate.errors import (
    Conflict,
    MessageError,
    NotSyncable,
    NotWritable,
    PatchError,
    PointerError,
    SessionClosed,
    SyncStateError,
    TargetNotFound,
    TestFailed,
)
from syncstate.fields import synced
from syncstate.jupyter import Service, serve
from syncstate.link import Connection
from syncstate.main_thread import on_main
from syncstate.model import Sync, SyncedModel
from syncstate.tracked import TrackedDict, TrackedList, track

__all__ = [
    "Conflict",
    "Connection",
    "MessageError",
    "NotSyncable",
    "NotWritable",
    "PatchError",
    "PointerError",
    "Service",
    "SessionClosed",
    "Sync",
    "SyncStateError",
    "SyncedModel",
    "TargetNotFound",
    "TestFailed",
    "TrackedDict",
    "TrackedList",
    "append",
    "batch",
    "on_main",
    "serve",
    "synced",
    "track",
]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "syncstate"}]
