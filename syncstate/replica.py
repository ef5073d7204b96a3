"""Floor 4. A replica: any copy of a document that is not the authority's.

It shows its own edits at once and rebases them on what the kernel says. It does no I/O: every method
returns the messages to send. This is the twin of `js/src/replica.ts`; in Python it is the authority's
partner in the tests, and what one kernel needs to follow another.

```
  confirmed ──► + edit in flight (frozen when sent) ──► + edits behind it (merged) ══ document
```
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from syncstate.document import Json
from syncstate.errors import Conflict, NotWritable, PatchError, SessionClosed, SyncStateError
from syncstate.messages import Edit, Hello, Message, PatchMessage, Reject, Snapshot
from syncstate.patch import Operation, apply, check
from syncstate.pointer import parse
from syncstate.rebase import rebase

Status: TypeAlias = Literal["connecting", "live", "stale", "closed"]


@dataclass(frozen=True, slots=True)
class Rejection:
    """An edit that did not happen, and why."""

    operations: list[Operation]
    reason: str
    pointer: str | None = None


class Replica:
    """A page's side of one model's session.

    Args:
        replica: The id that signs this copy's edits.
        key: The model's key; on a plain comm it may be unknown until the first snapshot.
        on_reject: Called with every own edit that was refused, by the kernel or by a rebase.

    Attributes:
        document: What is shown: the confirmed document with the own edits on top.
        version: The version of the confirmed document.
        status: `connecting`, `live`, `stale` or `closed`; `reason` says why.
    """

    def __init__(
        self, replica: str, key: str | None = None, *, on_reject: Callable[[Rejection], None] | None = None
    ) -> None:
        self.replica = replica
        self.key = key
        self.epoch: str | None = None
        self.version = 0
        self.document: Json = None
        self.status: Status = "connecting"
        self.reason = ""
        self.read_only: Sequence[str] = ()
        self._on_reject = on_reject or (lambda rejection: None)
        self._confirmed: Json = None
        self._in_flight: Edit | None = None
        self._carried: list[Operation] = []  # the edit in flight as it is shown: over what came since
        self._behind: list[Operation] = []
        self._number = 0
        self._is_asking = False

    @property
    def pending(self) -> list[list[Operation]]:
        """The own edits that are not acknowledged: the one in flight, then what waits behind it."""
        edits = [self._in_flight["operations"]] if self._in_flight else []
        return [*edits, self._behind] if self._behind else edits

    # -- what this side does

    def hello(self) -> list[Message]:
        """Ask for what is new."""
        self._is_asking = True
        message: Hello = {"type": "hello"}
        if self.key is not None:
            message["model"] = self.key
        if self.epoch is not None:
            message["epoch"], message["version"] = self.epoch, self.version
        return [message]

    def edit(self, operations: list[Operation]) -> list[Message]:
        """Change the document here at once, and return what must be sent.

        Raises:
            PatchError: The operations do not apply; nothing has changed.
            NotWritable: A member is read-only for pages.
            SessionClosed: The model was closed.
        """
        if self.status == "closed":
            raise SessionClosed(f"Cannot edit {self.key!r}: {self.reason}")
        for operation in check(operations):
            self._check_writable(operation)
        self.document = apply(self.document, operations)
        self._behind += operations
        return self._send()

    def _check_writable(self, operation: Operation) -> None:
        for name in ("path", "from") if operation["op"] == "move" else ("path",):
            pointer: str = operation[name]  # type: ignore[literal-required] # one of two literals
            tokens = parse(pointer)
            if operation["op"] != "test" and tokens and tokens[0] in self.read_only:
                raise NotWritable(pointer, f"{tokens[0]!r} is read-only for pages")

    def _send(self) -> list[Message]:
        if self._in_flight is not None or not self._behind or self.epoch is None or self.status != "live":
            return []
        self._number += 1
        self._in_flight = {
            "type": "edit",
            "model": str(self.key),
            "epoch": self.epoch,
            "base": self.version,
            "number": self._number,
            "operations": self._behind,
        }
        self._carried, self._behind = self._behind, []
        return [self._in_flight]

    # -- what the kernel says

    def receive(self, message: Message) -> list[Message]:
        """Take a message of the kernel and return what must be sent."""
        if message.get("to", self.replica) != self.replica:
            return []
        match message["type"]:
            case "ready":
                return self._on_ready(message["models"])
            case "snapshot" if self.key in (None, message["model"]):
                return self._on_snapshot(message)
            case "patch" if self.key == message["model"]:
                return self._on_patch(message)
            case "reject" if self.key == message["model"] and message["replica"] == self.replica:
                return self._on_rejected(message)
            case "closed" if self.key in (None, message["model"]):
                self.status, self.reason = "closed", message["reason"]
        return []

    def _on_ready(self, models: Sequence[Any]) -> list[Message]:
        if any(model["model"] == self.key and model["epoch"] != self.epoch for model in models):
            return self.hello()
        return []

    def _on_snapshot(self, message: Snapshot) -> list[Message]:
        is_other = self.epoch is not None and self.epoch != message["epoch"]
        if not is_other and self.epoch is not None and message["version"] < self.version:
            return []
        self.key, self.epoch, self.version = message["model"], message["epoch"], message["version"]
        self.read_only = message["read_only"]
        self._confirmed = message["document"]
        self.status, self.reason, self._is_asking = "live", "", False
        if is_other:
            self._drop_all("the model was created anew; the edit was made for the old one")
        again: list[Message] = []
        if self._in_flight is not None:
            if self._in_flight["number"] <= message["number"]:
                self._in_flight = None
            else:
                again = [self._in_flight]
        self._show()
        return again or self._send()

    def _on_patch(self, message: PatchMessage) -> list[Message]:
        if message["epoch"] != self.epoch:
            return [] if self._is_asking else self.hello()
        is_mine = message.get("replica") == self.replica and self._in_flight is not None
        is_answer = is_mine and message.get("number", 0) >= (self._in_flight or {"number": 0})["number"]
        if message["version"] <= self.version and message["base"] < self.version:
            if is_answer:
                self._in_flight = None
                self._show()
            return self._send()
        if message["base"] != self.version:
            return [] if self._is_asking else self.hello()
        if "to" in message:
            self._is_asking = False
        self.status, self.reason = "live", ""
        self._confirmed = apply(self._confirmed, message["operations"])
        self.version = message["version"]
        if is_answer:
            self._in_flight = None
        over = [*message["operations"], *({"op": "replace", "path": path} for path in message.get("replaced", ()))]
        self._carry(over)  # type: ignore[arg-type] # a replace without its value is what rebase allows
        self._show()
        return self._send()

    def _on_rejected(self, message: Reject) -> list[Message]:
        if self._in_flight is None or self._in_flight["number"] != message["number"]:
            return []
        refused, self._in_flight = self._in_flight["operations"], None
        self._on_reject(Rejection(refused, message["reason"], message.get("pointer")))
        self._show()
        return self._send()

    # -- pending edits

    def _carry(self, over: list[Operation]) -> None:
        """Carry what has not been sent over new operations, or tell its author that it cannot be."""
        try:
            self._carried = rebase(self._carried, over, self._confirmed)
        except Conflict:
            self._carried = []  # hidden; the kernel, which has the log, says what became of it
        try:
            self._behind = rebase(self._behind, over, self._confirmed)
        except Conflict as conflict:
            self._take_back(str(conflict), conflict.pointer)

    def _show(self) -> None:
        """Put the pending edits on top of the confirmed document."""
        self.document = self._confirmed
        if self._in_flight is not None:
            try:
                self.document = apply(self.document, self._carried)
            except PatchError:
                self._carried = []
        if self._behind:
            try:
                self.document = apply(self.document, self._behind)
            except SyncStateError as error:
                self._take_back(str(error), error.pointer)

    def _take_back(self, reason: str, pointer: str | None) -> None:
        refused, self._behind = self._behind, []
        self._on_reject(Rejection(refused, reason, pointer))

    def _drop_all(self, reason: str) -> None:
        pending, self._in_flight, self._behind = self.pending, None, []
        for operations in pending:
            self._on_reject(Rejection(operations, reason))

    def mark_stale(self, reason: str) -> None:
        """Say that what is shown may be old, and why; edits wait until the kernel is heard again."""
        if self.status != "closed":
            self.status, self.reason = "stale", reason
