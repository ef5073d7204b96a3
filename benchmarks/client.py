"""A real kernel for a benchmark: code goes in, what it prints comes out, and all that comms publish."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from textwrap import dedent
from types import TracebackType
from typing import Any, NamedTuple, Self

from jupyter_client.manager import start_new_kernel

QUIET = 300
"""Milliseconds without a message after which no more is awaited: some are sent by threads of their own."""

PATIENCE = 600_000
"""Milliseconds of silence after which a cell counts as stuck."""


class Published(NamedTuple):
    """A message that a comm published.

    Attributes:
        kind: `comm_open`, `comm_msg` or `comm_close`.
        content: What it says.
        size: The bytes of all its frames on ZeroMQ.
        buffers: What came beside it.
    """

    kind: str
    content: Any
    size: int
    buffers: list[bytes]


class Client:
    """A kernel of its own, until the `with` statement ends; it can import what lies beside this file."""

    def __init__(self) -> None:
        self._manager, self._client = start_new_kernel(kernel_name="python3", stderr=subprocess.DEVNULL)
        self._wire: Any = self._client.iopub_channel.socket
        self.run(f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)

    def run(self, code: str, published: list[Published] | None = None) -> str:
        """Run code and return what it prints.

        Args:
            code: What a person would write into a cell.
            published: Takes what comms publish, until nothing more comes.

        Raises:
            RuntimeError: The code raised something, or it never ends.
        """
        asked = self._client.execute(dedent(code)).encode()
        printed, is_idle = "", False
        while self._wire.poll(QUIET if is_idle else PATIENCE):
            parts = self._wire.recv_multipart()
            _, _, _, header, parent, _, content, *buffers = parts
            kind = json.loads(header)["msg_type"]
            if kind.startswith("comm_"):
                if published is not None:
                    size = sum(map(len, parts))
                    published.append(Published(kind, json.loads(content), size, buffers))
            elif kind == "stream":
                printed += json.loads(content)["text"]
            elif kind == "error":
                raise RuntimeError("\n".join(json.loads(content)["traceback"]))
            elif kind == "status" and asked in parent:
                is_idle = json.loads(content)["execution_state"] == "idle"
                if is_idle and published is None:
                    break
        if not is_idle:
            raise RuntimeError(f"Cannot measure: the kernel is silent in {code!r}")
        return printed
