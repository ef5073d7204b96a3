"""The pages of a run: two that are Python replicas, and two that are the real client in a Node process.

Both kinds take the same commands and answer each with a list of events.

| command | what the page does |
|---|---|
| `["new", bundle]` | is loaded: another id, the state that an output embeds or nothing |
| `["frame", frame]` | hears the kernel |
| `["edit", choices]` | makes an edit of what it shows (`edits.py`) |
| `["stale"]`, `["reopen"]` | loses its connection, has another one |
| `["show"]` | tells what it shows |

| event | meaning |
|---|---|
| `["sent", frame]` | a frame for the kernel |
| `["made", operations, meanings, version]` | an edit was made while the page had confirmed that version |
| `["refused"]` | an edit was refused on the spot: the member is read-only |
| `["told", operations, reason]` | the user was told that an edit was taken back |
| `["answered", number, isSame]` | that edit has happened; whether the page shows what it showed before |
| `["shown", state]` | document, version, status, and how many operations are pending |
| `["fault", text]` | something that may never be |
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from syncstate.buffers import attach
from syncstate.document import same
from syncstate.errors import NotWritable
from syncstate.messages import PROTOCOL, read_frame, read_message
from syncstate.replica import Replica, Trouble
from tests.fuzz.edits import Author, edit

ROOT = Path(__file__).parents[2]
Event = list[Any]
Handler = Callable[[list[Event]], None]


class Page(Protocol):
    """What takes commands. The handler is called with the events, at once or at the next `settle`."""

    def command(self, name: str, argument: str, handler: Handler) -> None:
        """Do what a command says; the argument is JSON text."""

    def settle(self) -> None:
        """Return when every handler was called."""


class PythonPage:
    """A page that is a `Replica`, with what a link adds to it."""

    def __init__(self, name: str, place: int) -> None:
        self._author = Author(name, place)
        self._loads = 0
        self._events: list[Event] = []
        self._new(None)

    def command(self, name: str, argument: str, handler: Handler) -> None:
        self._events = []
        getattr(self, f"_{name}")(json.loads(argument))
        handler(self._events)

    def settle(self) -> None:
        pass

    def _new(self, bundle: Any) -> None:
        self._loads += 1
        self._id = f"{self._author.name}-{self._loads}"
        self._replica = Replica(self._id, "board", seed=bundle, on_trouble=self._tell)
        self._seq = 0
        self._heard: int | None = None
        self._kernel: str | None = None
        self._is_open = True
        self._send(self._replica.hello())

    def _tell(self, trouble: Trouble) -> None:
        self._events.append(["told", trouble.operations, trouble.reason])

    def _send(self, messages: Any) -> None:
        if messages and self._is_open:
            self._seq += 1
            frame = {"protocol": PROTOCOL, "replica": self._id, "seq": self._seq, "messages": messages}
            self._events.append(["sent", json.loads(json.dumps(frame))])

    def _frame(self, data: Any) -> None:
        frame: Any = read_frame(attach(data, ()))
        outgoing: list[Any] = []
        is_other = self._kernel not in (None, frame["kernel"])
        is_hole = self._heard is not None and frame["seq"] > self._heard + 1
        self._heard = frame["seq"] if is_other else max(frame["seq"], self._heard or 0)
        self._kernel = frame["kernel"]
        if is_other:
            self._replica.stale("the kernel was restarted")
        if is_other or is_hole:  # rules 4.4 and 4.6
            outgoing += self._replica.hello()
        for message in frame["messages"]:
            outgoing += self._receive(read_message(message))
        self._send(outgoing)

    def _receive(self, message: Any) -> Any:
        replica = self._replica
        before, version = replica.document, replica.version
        outgoing = replica.receive(message)
        is_answer = message["type"] == "patch" and message.get("replica") == self._id and "to" not in message
        if is_answer and message["base"] == version and message["version"] == replica.version:
            self._events.append(["answered", message["number"], same(before, replica.document)])
        return outgoing

    def _edit(self, choices: Any) -> None:
        replica = self._replica
        if replica.epoch is None or replica.status in ("connecting", "closed"):
            return
        operations, meanings = edit(replica.document, choices, self._author, is_alone=not replica.pending)
        if not operations:
            return
        version = replica.version
        try:
            outgoing = replica.edit(operations)
        except NotWritable:
            self._events.append(["refused"])
            return
        self._events.append(["made", operations, meanings, version])
        self._send(outgoing)

    def _stale(self, _: Any) -> None:
        self._is_open = False
        self._replica.stale("the connection was lost")

    def _reopen(self, _: Any) -> None:
        self._is_open, self._seq, self._heard = True, 0, None
        self._send(self._replica.hello())

    def _show(self, _: Any) -> None:
        replica = self._replica
        self._events.append(
            [
                "shown",
                {
                    "document": replica.document,
                    "version": replica.version,
                    "status": replica.status,
                    "pending": len(replica.pending),
                },
            ]
        )


class Node:
    """A Node process that holds pages; commands wait until somebody needs an answer."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            ["node", "--enable-source-maps", str(bundle())], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._waiting: list[tuple[str, Handler]] = []

    def reset(self) -> None:
        """Begin anew: the pages of an earlier run are gone."""
        self._waiting = []
        self.command('["reset"]', lambda events: None)

    def command(self, text: str, handler: Handler) -> None:
        """Queue a command."""
        self._waiting.append((text, handler))

    def settle(self) -> None:
        """Write the commands that wait, and hand over what came of each."""
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"[{','.join(text for text, _ in waiting)}]\n".encode())
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("Cannot hear the Node process: it has ended")
        for (_, handler), events in zip(waiting, json.loads(line), strict=True):
            handler(events)

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


class NodePage:
    """A page in a Node process."""

    def __init__(self, node: Node, name: str, place: int) -> None:
        self._node = node
        self._place = place
        node.command(json.dumps(["page", place, name]), lambda events: None)

    def command(self, name: str, argument: str, handler: Handler) -> None:
        self._node.command(f'["{name}",{self._place},{argument}]', handler)

    def settle(self) -> None:
        self._node.settle()


def bundle() -> Path:
    """Return the client as one file that Node runs, made anew."""
    outfile = ROOT / "build" / "fuzz" / "client.mjs"
    if not _bundled:
        esbuild = ROOT / "js" / "node_modules" / ".bin" / "esbuild"
        source = Path(__file__).parent / "client.ts"
        options = ["--bundle", "--platform=node", "--format=esm", "--sourcemap=inline", "--log-level=error"]
        own = outfile.with_name(f"client-{os.getpid()}.mjs")
        subprocess.run([esbuild, source, *options, f"--outfile={own}"], check=True)
        own.replace(outfile)  # at once: another worker's Node may be reading it
        _bundled.append(outfile)
    return outfile


_bundled: list[Path] = []
