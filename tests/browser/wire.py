"""What travels between a page and its kernel, as the page's websocket has it."""

import itertools
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page, WebSocket, WebSocketRoute


@dataclass(frozen=True)
class Frame:
    """One comm message on the wire, and its size there."""

    kind: str
    comm: str
    data: dict
    bytes: int

    @property
    def types(self) -> list[str]:
        """The types of the messages in it."""
        return [message["type"] for message in self.data.get("messages", [])]


Message = tuple[dict[str, Any], dict[str, Any]]
"""The header and the content of a message."""


class Wire:
    """Records the comm messages of a page, both ways."""

    def __init__(self, page: Page) -> None:
        self.down: list[Frame] = []
        self.up: list[Frame] = []
        page.on("websocket", self._follow)

    def clear(self) -> None:
        """Forget what was heard."""
        self.down.clear()
        self.up.clear()

    def _follow(self, socket: WebSocket) -> None:
        socket.on("framereceived", lambda payload: _record(payload, self.down))
        socket.on("framesent", lambda payload: _record(payload, self.up))


class Gap:
    """Stands between a page and its kernels, records what passes, and loses what a test names.

    Attributes:
        loses_down: Whether a message of a kernel is lost, by its header and content.
        loses_up: Whether a message of the page is.
        sockets: The websockets that are open, or were.
        opened: When each was opened, in seconds.
    """

    def __init__(self, page: Page) -> None:
        self.down: list[Frame] = []
        self.up: list[Frame] = []
        self.sockets: list[WebSocketRoute] = []
        self.opened: list[float] = []
        self.loses_down = self.loses_up = passes_all
        page.route_web_socket("**/channels?**", self._follow)

    def close(self) -> None:
        """From now on let nothing pass, though both ends believe that they are joined."""
        self.loses_down = self.loses_up = lambda header, content: True

    def open(self) -> None:
        """Let everything pass."""
        self.loses_down = self.loses_up = passes_all

    def _follow(self, socket: WebSocketRoute) -> None:
        kernel = socket.connect_to_server()
        self.sockets.append(socket)
        self.opened.append(time.monotonic())

        def hear(payload: str | bytes) -> None:
            if not _is_lost(payload, self.loses_down):
                _record(payload, self.down)
                socket.send(payload)

        def say(payload: str | bytes) -> None:
            if not _is_lost(payload, self.loses_up):
                _record(payload, self.up)
                kernel.send(payload)

        kernel.on_message(hear)
        socket.on_message(say)


def passes_all(header: dict[str, Any], content: dict[str, Any]) -> bool:
    """Lose nothing."""
    return False


def _is_lost(payload: str | bytes, loses: Callable[[dict[str, Any], dict[str, Any]], bool]) -> bool:
    message = _read(payload)
    return message is not None and loses(*message)


def _record(payload: str | bytes, frames: list[Frame]) -> None:
    message = _read(payload)
    if message is None or message[0]["msg_type"] not in ("comm_open", "comm_msg", "comm_close"):
        return
    header, content = message
    frames.append(Frame(header["msg_type"], content["comm_id"], content.get("data") or {}, len(payload)))


def _read(payload: str | bytes) -> Message | None:
    parts = split(payload) if isinstance(payload, bytes) else []
    return (json.loads(parts[1]), json.loads(parts[4])) if len(parts) >= 5 else None


def split(payload: bytes) -> list[bytes]:
    """Split a message of the protocol v1.kernel.websocket.jupyter.org: channel, four parts, buffers."""
    count = int.from_bytes(payload[:8], "little")
    offsets = [int.from_bytes(payload[8 * at : 8 * at + 8], "little") for at in range(1, count + 1)]
    return [payload[start:end] for start, end in itertools.pairwise(offsets)]
