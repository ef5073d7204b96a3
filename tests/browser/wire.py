"""What travels between a page and its kernel, as the page's websocket has it."""

import itertools
import json
from dataclasses import dataclass

from playwright.sync_api import Page, WebSocket


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
        socket.on("framereceived", lambda payload: self._hear(payload, self.down))
        socket.on("framesent", lambda payload: self._hear(payload, self.up))

    def _hear(self, payload: str | bytes, frames: list[Frame]) -> None:
        parts = split(payload) if isinstance(payload, bytes) else []
        if len(parts) < 5:
            return
        header, content = json.loads(parts[1]), json.loads(parts[4])
        if header["msg_type"] in ("comm_open", "comm_msg", "comm_close"):
            frames.append(
                Frame(header["msg_type"], content["comm_id"], content.get("data") or {}, len(payload))
            )


def split(payload: bytes) -> list[bytes]:
    """Split a message of the protocol v1.kernel.websocket.jupyter.org: channel, four parts, buffers."""
    count = int.from_bytes(payload[:8], "little")
    offsets = [int.from_bytes(payload[8 * at : 8 * at + 8], "little") for at in range(1, count + 1)]
    return [payload[start:end] for start, end in itertools.pairwise(offsets)]
