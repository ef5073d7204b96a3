"""What a link needs of the thing that carries its frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from syncstate.document import JsonObject


class Transport(Protocol):
    """Carries frames to pages and hands over theirs.

    Attributes:
        on_frame: Called with a frame's data and its buffers, on any thread.
        on_close: Called once when the other end is gone.
        on_goodbye: Called with the id of a page that leaves, if the transport carries many and learns of it.
    """

    on_frame: Callable[[object, Sequence[bytes | memoryview]], None]
    on_close: Callable[[], None]
    on_goodbye: Callable[[str], None]

    def send(self, frame: JsonObject, buffers: Sequence[bytes | memoryview]) -> None:
        """Send one frame, in order, from any thread; the buffers are immutable."""

    def close(self) -> None:
        """Close this end and tell the other; a second time does nothing."""
