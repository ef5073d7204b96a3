"""Two ends in one process: what the tests of both sides talk through.

What passes can be held, dropped and put in another order, so every fault that a kernel and a page can
suffer is one line in a test.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from syncstate.document import JsonObject


class MemoryTransport:
    """One end; `MemoryTransport.pair()` makes two that are joined.

    What is sent passes through JSON text, as it would outside, and arrives when the other end is not held.
    """

    def __init__(self) -> None:
        self.on_frame: Callable[[object, Sequence[bytes | memoryview]], None] = lambda frame, buffers: None
        self.on_close: Callable[[], None] = lambda: None
        self.on_goodbye: Callable[[str], None] = lambda replica: None
        self.sent: list[JsonObject] = []
        self.is_open = True
        self.waiting: deque[tuple[str, list[bytes | memoryview]]] = deque()
        self._other: MemoryTransport = self
        self._is_held = False

    @classmethod
    def pair(cls) -> tuple[MemoryTransport, MemoryTransport]:
        """Return two joined ends."""
        one, other = cls(), cls()
        one._other, other._other = other, one
        return one, other

    def send(self, frame: JsonObject, buffers: Sequence[bytes | memoryview] = ()) -> None:
        """Send a frame to the other end."""
        self.sent.append(frame)
        if self.is_open:
            self._other.waiting.append((json.dumps(frame, allow_nan=False), list(buffers)))
            if not self._is_held:
                self._other.deliver()

    def deliver(self, count: int | None = None) -> None:
        """Hand over what waits for this end, all of it or so many frames."""
        while self.waiting and count != 0:
            text, buffers = self.waiting.popleft()
            self.on_frame(json.loads(text), buffers)
            count = None if count is None else count - 1

    @contextmanager
    def held(self) -> Iterator[deque[tuple[str, list[bytes | memoryview]]]]:
        """Hold what this end sends until the block ends; the block may drop or reorder what waits."""
        self._is_held = True
        try:
            yield self._other.waiting
        finally:
            self._is_held = False
            self._other.deliver()

    def close(self) -> None:
        """Close both ends; the other one is told."""
        if self.is_open:
            self.is_open = self._other.is_open = False
            self._other.on_close()
