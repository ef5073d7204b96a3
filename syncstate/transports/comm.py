"""Jupyter comms: the two one-way lanes that all pages share, and the plain comm that joins one page.

docs/protocol.md, sections 5 and 6, says why the lanes are built as they are; every oddity below is a
trap that was measured there.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, cast

from syncstate.document import JsonObject

TARGET = "syncstate"
"""The target name of both lanes."""

DOWN_ID = "syncstate.down"
"""The comm id of the lane on which the kernel speaks."""

_logger = logging.getLogger(__name__)


class Lanes:
    """The transport to every page of this kernel: broadcast down, one quiet comm a page up.

    Made once in the life of a process: pages know the lane down by its fixed id.
    """

    def __init__(self) -> None:
        from comm import create_comm, get_comm_manager

        self.on_frame: Callable[[object, Sequence[bytes | memoryview]], None] = lambda frame, buffers: None
        self.on_close: Callable[[], None] = lambda: None
        self.on_goodbye: Callable[[str], None] = lambda replica: None
        # Not primary: no comm_open is published, so a page without the extension has nothing to close.
        # Not registered in the manager: a stray comm_close there would end it.
        self._down = create_comm(target_name=TARGET, comm_id=DOWN_ID, primary=False)
        # A collected comm publishes comm_close for its id; ours is fixed and must outlive everything.
        self._down.close = lambda *_, **__: None  # type: ignore[method-assign] # on this instance only
        get_comm_manager().register_target(TARGET, self._on_open)

    @property
    def down_id(self) -> str:
        """The comm id that the lane down really has; some kernels ignore the one asked for."""
        return str(self._down.comm_id)

    def send(self, frame: JsonObject, buffers: Sequence[bytes | memoryview]) -> None:
        """Send one frame to every page."""
        self._down.send(data=frame, buffers=cast("list[bytes]", [*buffers]))

    def close(self) -> None:
        """Do nothing: the lanes live as long as the process."""

    def _on_open(self, up: Any, message: dict[str, Any]) -> None:
        # Never send on UP, nor close it: ipykernel 7.4 would pin it to the main shell.
        # handle_msg, not on_msg: the latter's wrapper fires IPython's pre- and post_execute for each message.
        up.handle_msg = self._hear
        data = message.get("content", {}).get("data")
        if isinstance(data, dict) and isinstance(replica := data.get("replica"), str):
            up.on_close(lambda _: self.on_goodbye(replica))
        self._hear(message)

    def _hear(self, message: dict[str, Any]) -> None:
        _hand_over(self.on_frame, message)


class PlainComm:
    """The transport of one model over one comm, in both directions; its page leaves with the comm.

    Args:
        comm: A comm that a page opened; or the name of the target that a page registered: then the first
            frame opens a comm to it, and is the data of its `comm_open`.
    """

    def __init__(self, comm: Any) -> None:
        self.on_frame: Callable[[object, Sequence[bytes | memoryview]], None] = lambda frame, buffers: None
        self.on_close: Callable[[], None] = lambda: None
        self.on_goodbye: Callable[[str], None] = lambda replica: None
        self._is_open = True
        self._target_name: str | None = comm if isinstance(comm, str) else None
        self._comm: Any = None
        if self._target_name is None:
            self._attach(comm)

    def _attach(self, comm: Any) -> None:
        self._comm = comm
        comm.on_msg(self._hear)
        comm.on_close(self._on_closed)

    def send(self, frame: JsonObject, buffers: Sequence[bytes | memoryview]) -> None:
        """Send one frame to the page."""
        if not self._is_open:
            return
        if self._comm is None:
            from comm import create_comm

            self._attach(create_comm(target_name=self._target_name, data=frame, buffers=[*buffers]))
        else:
            self._comm.send(data=frame, buffers=list(buffers))

    def close(self) -> None:
        """Close the comm; the page is told."""
        if self._is_open:
            self._is_open = False
            if self._comm is not None:
                self._comm.close()

    def _hear(self, message: dict[str, Any]) -> None:
        _hand_over(self.on_frame, message)

    def _on_closed(self, message: dict[str, Any]) -> None:
        if self._is_open:
            self._is_open = False
            self.on_close()


def _hand_over(
    on_frame: Callable[[object, Sequence[bytes | memoryview]], None], message: dict[str, Any]
) -> None:
    # What a comm callback raises is swallowed by some hosts and closes the comm in others.
    try:
        data = message.get("content", {}).get("data")
        if data:  # the comm_open of a page that has nothing to say yet
            on_frame(data, message.get("buffers") or ())
    except Exception:
        _logger.exception("Cannot read a page's message")
