"""Floor 6. Batches: the changes of any models, told as one.

A batch belongs to the flow of control that opened it (a thread, or an asyncio task): what others change
meanwhile is not in it. A document joins with its first change and is held until the end. What was begun
inside and outlives the batch, a task say, is not in it any more.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import Protocol


class Member(Protocol):
    """A document that can be part of a batch."""

    def begin_batch(self, batch: Batch) -> None:
        """Hold back what is told from now on."""

    def end_batch(self, batch: Batch) -> None:
        """Tell it, as one."""


class Batch:
    """The documents that were changed inside one `batch()`."""

    def __init__(self) -> None:
        self.is_open = True
        self._documents: list[Member] = []
        self._lock = Lock()  # taken with a document's lock held, never before one

    def join(self, document: Member) -> None:
        """Hold a document until the end; after it, or a second time, do nothing."""
        if document in self._documents:  # it only grows
            return
        with self._lock:
            if self.is_open and document not in self._documents:
                self._documents.append(document)
                document.begin_batch(self)

    def end(self) -> None:
        """Let every document tell what was held back; it holds nothing once it is closed."""
        with self._lock:
            self.is_open = False
        with ExitStack() as stack:  # each one ends, whatever the listeners of another do
            for document in reversed(self._documents):
                stack.callback(document.end_batch, self)


current_batch: ContextVar[Batch | None] = ContextVar("syncstate-batch", default=None)


@contextmanager
def batch() -> Iterator[None]:
    """Group mutations of any models: pages get them in one message, listeners in one patch.

    Nobody outside sees the inside of a batch; edits of pages wait for its end. Observers of traitlets are
    told at once, as ever. A batch inside a batch is part of the outer one. An exception ends the batch and
    keeps what was done.

    Examples:
        >>> from syncstate import SyncedModel, batch
        >>> class Point(SyncedModel):
        ...     x: int = 0
        ...     y: int = 0
        >>> point = Point()
        >>> with batch():
        ...     point.x = 3
        ...     point.y = 4
    """
    outer = current_batch.get()
    if outer is not None and outer.is_open:
        yield
        return
    mine = Batch()
    try:
        current_batch.set(mine)
        yield
    finally:
        try:
            current_batch.set(outer)
        finally:
            mine.is_open = False  # here, where no interrupt comes before it
            mine.end()
