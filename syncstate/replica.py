"""Floor 5. A replica: any copy of a document that is not the authority's, with its own edits on top.

It takes messages and edits and returns the messages that must be sent (docs/protocol.md, section 4). It does
no I/O and has no clock. This is the twin of `js/src/replica.ts`; in Python it is the authority's partner in
the tests, and what one kernel needs to follow another. It keeps three documents that share what they have in
common:

```
  confirmed              what the kernel said
    + the edit in flight      frozen when it was sent; there is at most one
  = sent
    + the edits behind it     merged, they leave together when the answer has come
  = document             what is shown
```

What the kernel commits changes the confirmed document, and the pending edits are carried over it: the edit
in flight always as it was sent, over all that was committed since, for so does the kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Literal, TypeAlias

from syncstate.document import JsonObject, kind, plain, same
from syncstate.errors import NotWritable, PatchError, SessionClosed, SyncStateError
from syncstate.messages import Closed, Edit, Hello, Message, PatchMessage, Ready, Reject, Snapshot
from syncstate.patch import Draft, Operation, Step, check, demand_no_range, trace
from syncstate.pointer import join, parse
from syncstate.rebase import Own, members_of, rebase, related
from syncstate.values import form_all

Status: TypeAlias = Literal["connecting", "live", "stale", "closed"]


@dataclass(frozen=True, slots=True)
class Trouble:
    """An edit that was taken back, or another thing that went wrong."""

    reason: str
    error: str
    operations: list[Operation]
    pointer: str | None = None


class _Back(list[Step]):
    """A wish to undo or redo: an edit of which only the kernel knows what it does."""

    def __init__(self, deed: Literal["undo", "redo"]) -> None:
        super().__init__()
        self.deed = deed


class Replica:
    """A page's side of one model's session.

    Args:
        id: Signs every edit of this copy.
        model: The model's key; a plain comm may not know it before the first snapshot.
        seed: A state to start from: what is embedded in an output.
        on_trouble: Called with every own edit that was taken back, by the kernel or by a rebase.

    Attributes:
        document: What is shown: the confirmed document with the own edits on top.
        version: The version of the confirmed document.
        status: `connecting`, `live`, `stale` or `closed`; `reason` says why.
        read_only: The members that may not be written.
        number: The number of the last edit that was sent.
    """

    def __init__(
        self,
        id: str,
        model: str | None = None,
        *,
        seed: Mapping[str, Any] | None = None,
        on_trouble: Callable[[Trouble], None] = lambda trouble: None,
    ) -> None:
        self.id = id
        self.model = model
        self.document: JsonObject = {}
        self.epoch: str | None = None
        self.version = 0
        self.status: Status = "connecting"
        self.reason = ""
        self.read_only: Sequence[str] = ()
        self.number = 0
        self._on_trouble = on_trouble
        self._in_flight: Edit | None = None
        self._frozen: list[list[Step]] = []  # what the edit in flight was merged from, as it was sent
        self._since: list[Step] = []  # what was committed since
        self._carried: list[Own] = []  # what they do here today; if one stands no longer, it is refused
        self._behind: list[list[Step]] = []
        self._alone = 0  # how many of those are not merged: they were, and that was refused
        self._is_asking = False
        self._is_lost = False  # a patch did not apply: only a snapshot helps
        self._troubles: list[Trouble] = []
        if seed is not None:
            self.read_only = seed["read_only"]
            if "document" in seed:
                self.epoch, self.version, self.document = seed["epoch"], seed["version"], seed["document"]
        self._confirmed = self._sent = self.document

    @property
    def pending(self) -> list[Operation]:
        """The own operations that the kernel has not answered yet."""
        in_flight = self._in_flight["operations"] if self._in_flight is not None else []
        return [*in_flight, *(step.operation for edit in self._behind for step in edit)]

    # -- what this side does

    def hello(self) -> list[Message]:
        """Ask for what is new, or for everything if what is here is of no use."""
        self._is_asking = True
        message: Hello = {"type": "hello"}
        if self.model is not None:
            message["model"] = self.model
        if self.epoch is not None and not self._is_lost:
            message["epoch"], message["version"] = self.epoch, self.version
        return [message]

    def stale(self, reason: str) -> None:
        """Take note that the kernel cannot be heard; edits wait."""
        self._is_asking = False
        self.status, self.reason = "stale", reason

    def close(self, reason: str) -> None:
        """Take note that the model is closed; pending edits are dropped."""
        self._is_asking = False
        self.status, self.reason = "closed", reason
        self._abandon(reason)
        self._tell()

    def edit(self, operations: Sequence[Operation]) -> list[Message]:
        """Change the document here at once, and return what must be sent.

        Values are copied in. While an edit is in flight, or nothing can be sent, the change waits behind it.

        Raises:
            PatchError: An operation does not apply; nothing has changed.
            NotWritable: A member is read-only.
            SessionClosed: There is no model to edit.
        """
        self._demand_open("edit")
        edit = [_copied(operation) for operation in check(operations)]
        for operation in edit:
            self._demand_writable(operation)
        self.document, steps = _advance(self.document, edit)
        if steps:
            self._behind = _merged(self._behind, steps)
        return self._next()

    def undo(self) -> list[Message]:
        """Ask the kernel to take back this side's last edit; it waits behind those that are pending.

        Raises:
            SessionClosed: There is no model to edit.
        """
        return self._go_back("undo")

    def redo(self) -> list[Message]:
        """Ask the kernel to do again what was undone last; it waits behind the edits that are pending.

        Raises:
            SessionClosed: There is no model to edit.
        """
        return self._go_back("redo")

    def _go_back(self, deed: Literal["undo", "redo"]) -> list[Message]:
        self._demand_open(deed)
        self._behind = [*self._behind, _Back(deed)]
        return self._next()

    def _demand_open(self, deed: str) -> None:
        if self.status == "closed":
            raise SessionClosed(f"Cannot {deed} {self.model!r}: {self.reason}")
        if self.epoch is None:
            raise SessionClosed(f"Cannot {deed}: the state of the model has not come yet")

    def _demand_writable(self, operation: Operation) -> None:
        if operation["op"] == "test":
            return
        pointers = (
            [operation["from"], operation["path"]] if operation["op"] == "move" else [operation["path"]]
        )
        for pointer in pointers:
            tokens = parse(pointer)
            if tokens and tokens[0] in self.read_only:
                raise NotWritable(pointer, f"{tokens[0]!r} is read-only for pages")
            demand_no_range(self.document, pointer)
            if not tokens and self.read_only:
                raise NotWritable(pointer, f"{self.read_only[0]!r} is read-only for pages")

    # -- what the kernel says

    def receive(self, message: Message) -> list[Message]:
        """Take in what the kernel said, and return what must be sent."""
        # a broadcast lane carries everything to every page
        outgoing = [] if message.get("to", self.id) != self.id else self._receive(message)
        self._tell()
        return outgoing

    def _receive(self, message: Message) -> list[Message]:
        if message["type"] == "ready":
            return self._on_ready(message)
        if self.model not in (None, message.get("model")):
            return []
        match message["type"]:
            case "snapshot":
                return self._on_snapshot(message)
            case "patch":
                return self._on_patch(message)
            case "reject":
                return self._on_reject(message)
            case "closed":
                self._on_closed(message)
        return []

    def _on_ready(self, message: Ready) -> list[Message]:
        ours = next((model for model in message["models"] if model["model"] == self.model), None)
        return self.hello() if ours and (ours["epoch"] != self.epoch or self.status != "live") else []

    def _on_snapshot(self, message: Snapshot) -> list[Message]:
        epoch, version = message["epoch"], message["version"]
        if epoch == self.epoch and version <= self.version and not self._is_asking:
            return []  # a repetition
        if epoch != self.epoch:
            self._abandon("the model was created anew; the edit was made for the old one")
        is_answered = self._is_answered(message["number"])
        before = self._sent if is_answered else self._confirmed
        if is_answered:
            self._land()
        self._confirmed = message["document"]
        self.model, self.epoch, self.version = message["model"], epoch, version
        self._is_lost = False
        self.read_only = message["read_only"]
        self.number = max(self.number, message["number"])
        self._settle(_difference(before, self._confirmed))
        return self._resume()

    def _on_patch(self, message: PatchMessage) -> list[Message]:
        if self._is_lost:
            return []
        if message["epoch"] != self.epoch:
            return [] if self._is_asking else self.hello()
        if (self._is_asking or self.status == "closed") and "to" not in message:
            return []
        is_news = message["version"] > self.version
        if is_news and message["base"] != self.version:
            return self.hello()
        over: list[Step] = []
        if is_news:
            try:
                self._confirmed, over = _advance(self._confirmed, message["operations"])
            except PatchError as error:
                self._troubles.append(_trouble(error, []))
                self._is_lost = True
                return self.hello()
            over += self._assigned(message.get("replaced", ()))
            self.version = message["version"]
        self.status, self.reason = "live", ""
        if message.get("replica") == self.id and self._is_answered(message.get("number", 0)):
            self._acknowledge(over)
        elif is_news:
            self._settle(over)
        # the last of several that answer a hello bears the own name
        return self._resume() if "to" in message and message.get("replica") == self.id else self._next()

    def _assigned(self, pointers: Sequence[str]) -> list[Step]:
        draft = Draft(self._confirmed)
        return [Step({"op": "replace", "path": path}, draft.is_in_list(path)) for path in pointers]

    def _on_reject(self, message: Reject) -> list[Message]:
        in_flight = self._in_flight
        if message["replica"] != self.id or in_flight is None or message["number"] != in_flight["number"]:
            return []
        if message["epoch"] == self.epoch and len(self._frozen) > 1:
            self._part()
            return self._next()
        self._troubles.append(
            Trouble(
                message["reason"], message.get("error", ""), in_flight["operations"], message.get("pointer")
            )
        )
        if message["epoch"] != self.epoch:
            self._is_asking = True  # a snapshot follows: rule 3.3
        self._settle([], [(step, None) for step in self._land()])
        return self._next()

    def _on_closed(self, message: Closed) -> None:
        if self.epoch is None or message.get("epoch", self.epoch) == self.epoch:  # else it was another object
            self.close(message["reason"])

    # -- pending edits

    def _is_answered(self, number: int) -> bool:
        return self._in_flight is not None and self._in_flight["number"] <= number

    def _land(self) -> list[Step]:
        """Nothing is in flight any more; return what it did here."""
        carried = [now for _, now in self._carried if now is not None]
        self._in_flight, self._frozen, self._since, self._carried = None, [], [], []
        return carried

    def _acknowledge(self, over: list[Step]) -> None:
        """The edit in flight has happened, as `over` tells; validators may have changed what it does."""
        carried = self._land()
        if same(self._confirmed, self._sent):  # what is behind stands as it stood
            self._sent = self._confirmed
            return
        # in the other members nothing is another, and nothing came from these
        changed = [name for name, member in self._confirmed.items() if not same(member, self._sent.get(name))]
        apart = _connected(changed, [*carried, *over])
        self._settle(
            [step for step in over if not apart.isdisjoint(members_of(step.operation))],
            [(step, None) for step in carried if not apart.isdisjoint(members_of(step.operation))],
        )

    def _settle(self, over: list[Step], landed: Sequence[Own] = ()) -> None:
        """Put the pending edits on the confirmed document again.

        Args:
            over: What led to it from the one that they were on.
            landed: The steps that were in front of them and are not pending any more.
        """
        own = list(landed)
        self.document = self._confirmed
        if self._in_flight is not None:
            former, frozen = self._carried, [step for edit in self._frozen for step in edit]
            # a page may wait long while a kernel streams: it keeps what matters to the edit, without values
            since = related((step.operation for step in frozen), [*self._since, *over])
            self._since = [_without_value(step) for step in since]
            # of what stands no longer the kernel will tell
            self._carried = self._place(self._frozen, self._since, [], is_behind=False)
            own = [(then, now) for (_, then), (_, now) in zip(former, self._carried, strict=True)]
        self._sent = self.document
        behind, self._behind = self._behind, []
        self._place(behind, over, own)

    def _part(self) -> None:
        """Let each of the edits go alone that the refused one in flight was merged from.

        Only the guilty ones are refused then, each with its own reason.
        """
        edits, since, behind = self._frozen, self._since, self._behind
        self._clear()
        self._place(edits, since, [])
        self._alone = len(self._behind)
        self._place(behind, [], [])  # as it stood

    def _place(
        self, edits: list[list[Step]], over: list[Step], earlier: list[Own], *, is_behind: bool = True
    ) -> list[Own]:
        """Put edits on the document, to wait there if they are behind; return the own steps with theirs."""
        own = list(earlier)
        for edit in edits:
            placed, trouble = self._put(edit, over, own)
            own += zip_longest(edit, placed)
            if trouble is not None and is_behind:
                self._troubles.append(trouble)
            elif is_behind:
                self._behind.append(edit if isinstance(edit, _Back) else placed)
        return own

    def _put(
        self, edit: list[Step], over: list[Step], own: Sequence[Own]
    ) -> tuple[list[Step], Trouble | None]:
        """Put one edit on the document, or say what spoke against it."""
        try:
            placed = rebase(edit, over, own)
            self.document, _ = _advance(self.document, [step.operation for step in placed])
        except SyncStateError as error:
            return [], _trouble(error, [step.operation for step in edit])
        return placed, None

    def _abandon(self, reason: str) -> None:
        """Drop all pending edits."""
        in_flight = [self._in_flight["operations"]] if self._in_flight is not None else []
        behind = [[step.operation for step in edit] for edit in self._behind]
        self._troubles += [Trouble(reason, "Conflict", edit) for edit in (*in_flight, *behind)]
        self._clear()

    def _clear(self) -> None:
        """Nothing is pending any more."""
        self.document = self._sent = self._confirmed
        self._behind, self._alone = [], 0
        self._land()

    def _resume(self) -> list[Message]:
        """Go on, now that the answer to a hello has come."""
        self._is_asking = False
        self.status, self.reason = "live", ""
        return [self._in_flight] if self._in_flight is not None else self._next()

    def _next(self) -> list[Message]:
        """Freeze what waits, if it may leave."""
        if self.status != "live" or self._is_asking or self._in_flight is not None or not self._behind:
            return []
        self.number += 1
        first = self._behind[0]
        places = (at for at, edit in enumerate(self._behind) if isinstance(edit, _Back))
        count = 1 if self._alone else max(next(places, len(self._behind)), 1)  # what goes back goes alone
        self._alone = max(self._alone - 1, 0)
        # to the kernel a member is its name: it knows only what is sent
        self._frozen = [[step._replace(is_self=False) for step in edit] for edit in self._behind[:count]]
        self._behind = self._behind[count:]
        steps = [step for edit in self._frozen for step in edit]
        self._carried = [*zip(steps, steps, strict=True)]
        self._in_flight = {
            "type": "edit",
            "model": str(self.model),
            "epoch": str(self.epoch),
            "base": self.version,
            "number": self.number,
            "operations": [step.operation for step in steps],
        }
        if isinstance(first, _Back):
            self._in_flight[first.deed] = True
        self._sent = self.document
        if self._behind:
            self._sent, _ = _advance(self._confirmed, self._in_flight["operations"])
        return [self._in_flight]

    def _tell(self) -> None:
        troubles, self._troubles = self._troubles, []
        for trouble in troubles:
            self._on_trouble(trouble)


def _advance(document: JsonObject, patch: Sequence[Operation]) -> tuple[JsonObject, list[Step]]:
    """Apply a patch to a document, which stays one: an object of synced members; return what it did, too."""
    after, steps = trace(document, patch)
    if isinstance(after, dict):
        return after, steps
    raise PatchError(f"Cannot replace '': a document is an object, not {kind(after)}", pointer="")


def _connected(members: list[str], steps: list[Step]) -> set[str | None]:
    """Return some members, and those that steps connect with these."""
    known: set[str | None] = {None, *members}
    size = 0
    while size < len(known):
        size = len(known)
        for touched in (members_of(step.operation) for step in steps):
            if not known.isdisjoint(touched):
                known.update(touched)
    return known


def _without_value(step: Step) -> Step:
    operation: Operation = {**step.operation}
    operation.pop("value", None)
    return step._replace(operation=operation)


def _trouble(error: SyncStateError, operations: list[Operation]) -> Trouble:
    return Trouble(str(error), type(error).__name__, operations, error.pointer)


def _copied(operation: Operation) -> Operation:
    if "value" not in operation:
        return operation
    form_all(operation["value"])  # no lock is held: there is none
    return {**operation, "value": plain(operation["value"])}


def _merged(behind: list[list[Step]], edit: list[Step]) -> list[list[Step]]:
    """Add an edit to those that wait; a value that is overwritten before it left need not travel."""
    is_overwritten = (
        bool(behind) and _replaces(behind[-1]) is not None and _replaces(behind[-1]) == _replaces(edit)
    )
    return [*behind[:-1], edit] if is_overwritten else [*behind, edit]


def _replaces(edit: list[Step]) -> str | None:
    """Return the location that an edit replaces, if it does nothing else."""
    is_one = len(edit) == 1 and edit[0].operation["op"] == "replace"
    return edit[0].operation["path"] if is_one else None


def _difference(before: JsonObject, after: JsonObject) -> list[Step]:
    """Return what changed between two documents, member by member."""
    gone: list[Operation] = [{"op": "remove", "path": join(name)} for name in before if name not in after]
    added: list[Operation] = [
        {"op": "add", "path": join(name), "value": member}
        for name, member in after.items()
        if name not in before or not same(before[name], member)
    ]
    return [Step(operation, in_list=False) for operation in gone + added]
