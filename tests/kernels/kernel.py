"""A real kernel, and the pages that talk to it over the two lanes.

All of it is one thread: whoever waits (`Kernel.until`) reads what the kernel sends and hands it to the pages.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import zmq
from jupyter_client import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager

from syncstate.transports.comm import DOWN_ID, TARGET
from tests.support import Page

PATIENCE = 120
"""Seconds after which what has not happened never will, though the machine has more to do than this."""

START = """
import faulthandler, json, os, pathlib, signal, sys, threading, time
import traitlets
from syncstate import SyncedModel, batch, on_main, synced
faulthandler.register(signal.SIGUSR1, open({stacks!r}, "w"))
"""


class Stuck(AssertionError):
    """What was waited for does not happen; the text says what the kernel's threads do."""


class Deaf(Exception):
    """The kernel has stopped to listen by itself: nothing of ours is at work in it."""


class Cell:
    """Code that a kernel runs, or ran."""

    def __init__(self, request: str) -> None:
        self.request = request
        self.reply: Any = None
        self.is_idle = False
        self.output = ""
        self.error = ""

    @property
    def is_done(self) -> bool:
        return self.reply is not None and self.is_idle


class Up:
    """A page's end of its two lanes: what it sends goes to one shell of the kernel."""

    def __init__(self, kernel: Kernel, subshell: str | None) -> None:
        self.on_frame: Callable[[object, Sequence[bytes | memoryview]], None] = lambda frame, buffers: None
        self._kernel = kernel
        self._subshell = subshell
        self._comm: str | None = None

    def send(self, frame: Any, buffers: Sequence[bytes] = ()) -> None:
        content = {"data": frame, "comm_id": self._comm}
        if self._comm is None:
            self._comm = content["comm_id"] = os.urandom(8).hex()
            self._kernel.tell("comm_open", {**content, "target_name": TARGET}, self._subshell, buffers)
        else:
            self._kernel.tell("comm_msg", content, self._subshell, buffers)

    def reopen(self, subshell: str | None) -> None:
        """Forget the comm, as after a restart; what is sent next opens another one."""
        self._comm, self._subshell = None, subshell


class Kernel:
    """A kernel of some version.

    Args:
        python: The interpreter that has ipykernel and finds syncstate.
        version: Which ipykernel that is.
        folder: Where it works.
    """

    def __init__(self, python: Path, version: str, folder: Path) -> None:
        self.version = version
        self.folder = folder
        self.pages: list[Page] = []
        self.outputs: list[str] = []
        self.is_usable = True
        self._cells: dict[str, Cell] = {}
        self._replies: dict[str, Any] = {}
        self._manager = KernelManager()
        self._manager._kernel_spec = KernelSpec(
            argv=[str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            display_name=version,
            language="python",
        )
        environment = {"IPYTHONDIR": str(self.folder), "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
        self._manager.start_kernel(env={**os.environ, **environment}, cwd=str(self.folder))
        try:
            self._connect()
        except BaseException:
            self.end()
            raise

    def _connect(self) -> None:
        self._client: BlockingKernelClient = self._manager.blocking_client()
        self._client.start_channels(hb=False, stdin=False)
        self._poller = zmq.Poller()
        for channel in (self._client.shell_channel, self._client.iopub_channel, self._client.control_channel):
            self._poller.register(channel.socket, zmq.POLLIN)
        try:
            self._client.wait_for_ready(timeout=PATIENCE)  # 7.3 loses what comes on control before that
        except RuntimeError as error:
            if self.ask_control("kernel_info_request") is None:
                raise
            raise Deaf(f"ipykernel {self.version} answers on control and never on its shell") from error
        features = self.ask_control("kernel_info_request")["content"].get("supported_features", [])
        self.has_subshells = "kernel subshells" in features
        self.stacks = self.folder / "stacks"
        assert self.run(START.format(stacks=str(self.stacks))) == ""

    def restart(self) -> None:
        self._client.stop_channels()
        self._manager.restart_kernel(now=True)
        self._connect()

    def interrupt(self) -> None:
        """Interrupt the running cell, as the Stop button does."""
        self._manager.interrupt_kernel()

    def end(self) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)
        self._manager.cleanup_resources()

    # -- what is said to it

    def tell(
        self, kind: str, content: Any, subshell: str | None = None, buffers: Sequence[bytes] = ()
    ) -> str:
        """Send a message to a shell and return its id."""
        message = self._client.session.msg(kind, content)
        if subshell is not None:
            message["header"]["subshell_id"] = subshell
        self._client.session.send(self._client.shell_channel.socket, message, buffers=list(buffers))
        return message["header"]["msg_id"]

    def ask_control(self, kind: str, patience: float = PATIENCE) -> Any:
        message = self._client.session.msg(kind, {})
        self._client.session.send(self._client.control_channel.socket, message)
        request = message["header"]["msg_id"]
        self._pump_until(lambda: request in self._replies, patience)
        return self._replies.get(request)

    def start(self, code: str) -> Cell:
        """Let the main shell run code."""
        content = {"code": code, "silent": False, "store_history": False, "allow_stdin": False}
        cell = Cell(self.tell("execute_request", {**content, "user_expressions": {}, "stop_on_error": True}))
        self._cells[cell.request] = cell
        return cell

    def run(self, code: str) -> str:
        """Let the main shell run code, wait for its end, and return what it printed."""
        return self.finish(self.start(code))

    def finish(self, cell: Cell) -> str:
        self.until(lambda: cell.is_done)
        assert cell.error == "", cell.error
        return cell.output.strip()

    def value(self, expression: str) -> Any:
        """Return the value of an expression that has a JSON form."""
        return json.loads(self.run(f"print(json.dumps({expression}))"))

    def show(self, code: str) -> str:
        """Run code whose last line is a model, and return the model's key."""
        self.outputs.clear()
        assert self.run(code) == ""
        return self.outputs[-1]

    def subshell(self) -> str | None:
        """Return the id of a new subshell, or None if the kernel has none to give."""
        if not self.has_subshells:
            return None
        return self.ask_control("create_subshell_request")["content"]["subshell_id"]

    def page(self, name: str, *keys: str, subshell: str | None = None) -> Page:
        """Return a page that shows models and has their state; what it sends goes to the shell named."""
        page: Any = Page(Up(self, subshell), name, *keys)
        self.pages.append(page)
        page.hello()
        self.until(lambda: all(replica.status == "live" for replica in page.replicas.values()))
        return page

    # -- what is heard from it

    def until(self, holds: Callable[[], object], patience: float = PATIENCE) -> None:
        """Read what the kernel sends until something holds.

        Raises:
            Deaf: It does not come about, and the kernel is to blame.
            Stuck: It does not come about.
        """
        if not self._pump_until(holds, patience):
            self.is_usable = False
            raise self._diagnosis(holds, patience)

    def _pump_until(self, holds: Callable[[], object], patience: float) -> bool:
        deadline = time.monotonic() + patience
        while not holds():
            left = deadline - time.monotonic()
            if left < 0:
                return False
            for socket, _ in self._poller.poll(1000 * left):
                self._hear(self._client.session.recv(socket, copy=True)[1])
        return True

    def _hear(self, message: Any) -> None:
        parent = message["parent_header"].get("msg_id")
        content, kind = message["content"], message["header"]["msg_type"]
        if kind.endswith("_reply"):
            self._replies[parent] = message
        if kind == "comm_msg" and content["comm_id"] == DOWN_ID:
            for page in self.pages:
                page.transport.on_frame(content["data"], message["buffers"])
        if kind == "display_data" or kind == "execute_result":
            self.outputs.append(content["data"]["application/vnd.syncstate.view+json"]["model"])
        if parent in self._cells:
            self._hear_of(self._cells[parent], kind, content)

    def _hear_of(self, cell: Cell, kind: str, content: Any) -> None:
        if kind == "execute_reply":
            cell.reply = content
        elif kind == "status":
            cell.is_idle = content["execution_state"] == "idle"
        elif kind == "stream":
            cell.output += content["text"]
        elif kind == "error":
            cell.error = "\n".join(content["traceback"])

    def _diagnosis(self, holds: Callable[[], object], patience: float) -> Exception:
        """Tell who is to blame that something did not happen.

        A kernel is deaf by itself when its control channel answers, its main thread waits for messages,
        and does not notice them: its shell stays silent, or what we waited for happens as soon as a message
        comes that has nothing to do with it.
        """
        threads = self._threads()
        is_idle = "selectors.py" in threads[-1].splitlines()[1]
        answers = self.ask_control("kernel_info_request", patience) is not None
        request = self.tell("kernel_info_request", {})
        hears = self._pump_until(lambda: request in self._replies, patience)
        was_woken = hears and self._pump_until(holds, patience)
        text = "\n\n".join(threads)
        if answers and is_idle and (was_woken or not hears):
            return Deaf(f"ipykernel {self.version} did not notice a message, by itself; its threads:\n{text}")
        control, shell = ("answers" if is_alive else "is silent" for is_alive in (answers, hears))
        return Stuck(f"Not in {patience} s; control {control}, the shell {shell}; its threads:\n{text}")

    def _threads(self) -> list[str]:
        """Return the stacks of the kernel's threads, the main one last."""
        os.kill(self._manager.provisioner.pid, signal.SIGUSR1)
        while not (text := self.stacks.read_text()).endswith("in _run_module_as_main\n"):
            self._pump_until(lambda: False, 0.05)  # it is being written
        return text.strip().split("\n\n")
