"""Floor 5. The authority: the copy of a document whose order counts.

It numbers commits, keeps a bounded log of them, and answers each edit of each replica once. It does no
I/O: `receive` takes a message and returns the answers that are meant for one replica; what everybody must
hear is asked for with `patches(since)`.

```
  record() ──► open operations ──commit()──► log: v5, v6, v7 ──patches(4)──► messages
                                   ▲
  receive(edit): commit, rebase over the log, document.apply, commit with the edit's name
```
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from secrets import token_hex
from threading import RLock
from typing import Any, Protocol

from syncstate.diff import Change, weigh
from syncstate.document import JsonObject
from syncstate.errors import Conflict, MessageError
from syncstate.messages import Edit, Message, PatchMessage, Reject, Snapshot
from syncstate.patch import Operation, check
from syncstate.rebase import rebase

LOG_LIMIT = 1000
"""How many commits are remembered; a replica further behind gets a snapshot."""

LOG_BYTES = 2**24
"""About how much JSON the remembered commits may hold together."""

REPLICA_LIMIT = 1000
"""For how many replicas the last answer is remembered; each reload of a page is a new one."""

_logger = logging.getLogger(__name__)


class Document(Protocol):
    """What an authority needs of the thing that holds the state."""

    @property
    def read_only(self) -> Sequence[str]:
        """The names of the members that no page may write."""

    def snapshot(self) -> JsonObject:
        """Return the whole state, as plain copies."""

    def view(self) -> JsonObject:
        """Return the whole state itself, to be read while the lock is held."""

    def apply_edit(self, operations: list[Operation]) -> None:
        """Apply a page's operations whole or not at all, and report them to `Authority.record`.

        Raises:
            Exception: The edit is refused; the text is what its author reads.
        """

    def settle(self) -> None:
        """Tell observers what was applied; the lock is not held."""


@dataclass(slots=True)
class Commit:
    """One step from a version to the next."""

    version: int
    operations: list[Operation]
    replaced: list[str]
    replica: str | None = None
    number: int | None = None
    weight: int = 0

    def as_seen_by_edits(self) -> Iterable[Operation]:
        """What an older edit must be carried over."""
        yield from self.operations
        for path in self.replaced:
            yield {"op": "replace", "path": path}


@dataclass(slots=True)
class _Answer:
    """What a replica's last edit was answered with: a reject, or the version that it became."""

    number: int
    reject: Reject | None = None
    version: int = 0


@dataclass(slots=True)
class Authority:
    """The kernel's side of one model's session.

    Args:
        document: Where the state is.
        key: The model's name on the wire.
        lock: Held while the document changes and while anything here is read or written.
    """

    document: Document
    key: str = field(default_factory=lambda: token_hex(8))
    lock: RLock = field(default_factory=RLock)
    epoch: str = field(default_factory=lambda: token_hex(4))
    version: int = 0
    log_limit: int = LOG_LIMIT
    watchers: list[Callable[[], None]] = field(default_factory=list)
    """Called, without the lock, when there may be something to send."""
    _open: list[Operation] = field(default_factory=list)
    _open_replaced: list[str] = field(default_factory=list)
    _log: deque[Commit] = field(default_factory=deque)
    _log_weight: int = 0
    _answers: dict[str, _Answer] = field(default_factory=dict)
    _holds: int = 0
    _waiting: list[Callable[[], None]] = field(default_factory=list)

    # -- what happens here

    def record(self, changes: Iterable[Change], replaced: Iterable[str] = ()) -> None:
        """Take note of changes that were just made; the lock is held."""
        self._open += [operation for operation, _ in changes]
        self._open_replaced += replaced

    def commit(self, replica: str | None = None, number: int | None = None) -> bool:
        """Close the open operations into one version, if there are any, or if an edit needs its own.

        Returns:
            False while a batch is open: nobody may see the inside of it.
        """
        with self.lock:
            if self._holds:
                return False
            if self._open or replica is not None:
                self.version += 1
                operations, self._open = compact(self._open), []
                replaced, self._open_replaced = list(dict.fromkeys(self._open_replaced)), []
                self._remember(Commit(self.version, operations, replaced, replica, number))
            return True

    def _remember(self, commit: Commit) -> None:
        commit.weight = sum(weigh(operation.get("value"), LOG_BYTES) for operation in commit.operations)
        self._log.append(commit)
        self._log_weight += commit.weight
        while len(self._log) > self.log_limit or (self._log_weight > LOG_BYTES and len(self._log) > 1):
            self._log_weight -= self._log.popleft().weight

    @property
    def is_held(self) -> bool:
        """Whether a batch is open."""
        return self._holds > 0

    def hold(self) -> None:
        """Begin a batch: nothing is committed and no message is answered until `release`."""
        with self.lock:
            self._holds += 1

    def release(self) -> list[Callable[[], None]]:
        """End a batch.

        Returns:
            What answers the messages that arrived meanwhile, to be called in order without the lock.
        """
        with self.lock:
            self._holds -= 1
            waiting, self._waiting = ([], self._waiting) if self._holds else (self._waiting, [])
            return waiting

    def notify(self) -> None:
        """Tell the watchers that there may be something to send; the lock is not held."""
        for watcher in list(self.watchers):
            watcher()

    # -- what is said

    def patches(self, since: int) -> list[PatchMessage] | None:
        """Return the messages that lead from a version to this one, or None if the log is too short.

        Commits without an author travel as one message.
        """
        with self.lock:
            if not self._reaches(since):
                return None
            messages: list[PatchMessage] = []
            for commit in self._since(since):
                self._append(messages, commit)
            return messages

    def snapshot(self, to: str | None = None) -> Snapshot:
        """Return the message that carries the whole document, addressed to a replica or to everybody.

        Not while a batch is open: the document is ahead of its version then.
        """
        with self.lock:
            self.commit()
            answer = self._answers.get(to or "")
            message: Snapshot = {
                "type": "snapshot",
                "model": self.key,
                "epoch": self.epoch,
                "version": self.version,
                "document": self.document.snapshot(),
                "read_only": list(self.document.read_only),
                "number": answer.number if answer else 0,
            }
            return {**message, "to": to} if to is not None else message

    # -- what is heard

    def receive(self, message: Message, replica: str, reply: Callable[[list[Message]], None]) -> None:
        """Take a message of a replica; the answers that are for it alone go to `reply`.

        They go there before this returns, or at the end of the batch that is open.
        """
        with self.lock:
            if self._holds:
                self._waiting.append(lambda: self.receive(message, replica, reply))
                return
            self.commit()
            answers: list[Message] = []
            match message["type"]:
                case "hello":
                    answers = self._welcome(message.get("epoch"), message.get("version"), replica)
                case "edit":
                    answers = self._answer(message, replica)
                case "bye":
                    pass
                case other:
                    raise MessageError(f"Cannot answer message {other!r}: a page does not send it")
        try:
            self.document.settle()
        except Exception:  # an observer's fault is no answer to the page: the edit has happened
            _logger.exception("Cannot tell an observer of %s about a page's edit", self.key)
        reply(answers)

    def _welcome(self, epoch: str | None, version: int | None, replica: str) -> list[Message]:
        last = self._answers.get(replica)
        # a reject that was lost comes first: what follows settles the edit without saying why
        answers: list[Message] = [last.reject] if last and last.reject else []
        if epoch != self.epoch or version is None or not self._reaches(version):
            return [*answers, self.snapshot(replica)]
        patch = self._patch(version, self._since(version))
        return [*answers, {**patch, "to": replica, "replica": replica, "number": last.number if last else 0}]

    def _reaches(self, version: int) -> bool:
        """Whether the log holds every commit after a version."""
        return version == self.version or (version < self.version and self._log[0].version <= version + 1)

    def _answer(self, edit: Edit, replica: str) -> list[Message]:
        last = self._answers.get(replica)
        if last is not None and edit["number"] <= last.number:
            return self._repeat(last, edit, replica)
        try:
            self._apply(edit)
        except Exception as error:  # whatever a validator raises is an answer to the page, not our failure
            reject = self.refuse(edit["number"], replica, error)
            self._settle(replica, _Answer(edit["number"], reject))
            if edit["epoch"] != self.epoch or edit["base"] > self.version:
                return [reject, self.snapshot(replica)]
            return [reject]
        self.commit(replica, edit["number"])
        self._settle(replica, _Answer(edit["number"], version=self.version))
        return []

    def _settle(self, replica: str, answer: _Answer) -> None:
        self._answers.pop(replica, None)  # the latest is last
        self._answers[replica] = answer
        if len(self._answers) > REPLICA_LIMIT:
            del self._answers[next(iter(self._answers))]

    def _apply(self, edit: Edit) -> None:
        if edit["epoch"] != self.epoch:
            raise Conflict("", "it was made for another object of the same key")
        if edit["base"] > self.version:
            raise Conflict("", f"it was made against version {edit['base']}, which is still to come")
        operations = check(edit["operations"])
        if edit["base"] < self.version:
            if not self._reaches(edit["base"]):
                raise Conflict("", f"version {edit['base']} is forgotten")
            over = [op for commit in self._since(edit["base"]) for op in commit.as_seen_by_edits()]
            operations = rebase(operations, over, self.document.view())
        self.document.apply_edit(operations)

    def refuse(self, number: int, replica: str, error: Exception) -> Reject:
        """Return the message that tells a replica why its edit did not happen."""
        reject: Reject = {
            "type": "reject",
            "model": self.key,
            "epoch": self.epoch,
            "version": self.version,
            "replica": replica,
            "number": number,
            "reason": str(error) or type(error).__name__,
            "error": type(error).__name__,
        }
        _logger.info("Refused edit %s of %s: %s", number, replica, reject["reason"])
        pointer = getattr(error, "pointer", None)
        return {**reject, "pointer": pointer} if isinstance(pointer, str) else reject

    def _repeat(self, last: _Answer, edit: Edit, replica: str) -> list[Message]:
        """Answer an edit that was answered before; the answer must have been lost."""
        if edit["number"] < last.number:
            return []
        if last.reject is not None:
            return [last.reject]
        for commit in self._log:
            if commit.version == last.version:
                return [{**self._patch(commit.version - 1, [commit]), "to": replica}]
        return [self.snapshot(replica)]

    # -- the log

    def _since(self, version: int) -> list[Commit]:
        return [commit for commit in self._log if commit.version > version]

    def _append(self, messages: list[PatchMessage], commit: Commit) -> None:
        patch = self._patch(commit.version - 1, [commit])
        if messages and "replica" not in messages[-1] and commit.replica is None:
            last = messages.pop()
            patch["base"] = last["base"]
            patch["operations"] = [*last["operations"], *patch["operations"]]
            replaced = [*last.get("replaced", ()), *commit.replaced]
            if replaced:
                patch["replaced"] = replaced
        messages.append(patch)

    def _patch(self, base: int, commits: list[Commit]) -> PatchMessage:
        message: Any = {
            "type": "patch",
            "model": self.key,
            "epoch": self.epoch,
            "base": base,
            "version": commits[-1].version if commits else base,
            "operations": [operation for commit in commits for operation in commit.operations],
        }
        if replaced := [path for commit in commits for path in commit.replaced]:
            message["replaced"] = replaced
        if len(commits) == 1 and commits[0].replica is not None:
            message["replica"], message["number"] = commits[0].replica, commits[0].number
        patch: PatchMessage = message
        return patch


def compact(operations: list[Operation]) -> list[Operation]:
    """Return operations without the `replace`s that a later one overwrites.

    One is left out when nothing between the two acted inside what it put there, or may have shifted it.

    Examples:
        >>> compact([{"op": "replace", "path": "/n", "value": n} for n in range(3)])
        [{'op': 'replace', 'path': '/n', 'value': 2}]
    """
    if len(operations) < 2:
        return operations
    kept: list[Operation | None] = []
    latest: dict[str, int] = {}  # where in kept the replace of a path is that may still be overwritten
    inside: dict[str, set[str]] = {}  # those paths, by every location above them
    for operation in operations:
        path, op = operation["path"], operation["op"]
        above = _above(path)
        if op == "replace" and path in latest:
            kept[latest[path]] = None
        elif op in ("move", "copy", "test"):
            latest.clear()
        for location in above:  # it acts inside of these
            latest.pop(location, None)
        for other in inside.pop(path if op == "replace" else above[-1], ()):  # it replaces or shifts these
            latest.pop(other, None)
        if op == "replace":
            latest[path] = len(kept)
            for location in above:
                inside.setdefault(location, set()).add(path)
        kept.append(operation)
    return [operation for operation in kept if operation is not None]


def _above(path: str) -> list[str]:
    """Return the pointers of everything that holds a location, the outermost first."""
    return [path[:place] for place, letter in enumerate(path) if letter == "/"] or [""]
