"""Floor 5. The authority: the copy of a document whose order counts.

It commits what happened, tells it, and answers each edit of each replica once. It does no
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
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from secrets import token_hex
from threading import RLock
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from syncstate.compaction import add_on, compact
from syncstate.document import Json, JsonObject
from syncstate.errors import Conflict, MessageError
from syncstate.limits import speakable
from syncstate.locks import Locked
from syncstate.log import LIMIT, Commit, Log
from syncstate.patch import Operation, Step, bare, check
from syncstate.rebase import follow, rebase_operations
from syncstate.verdicts import Verdicts

if TYPE_CHECKING:
    from syncstate.messages import Edit, Hello, Message, PatchMessage, Reject, Snapshot

PYTHON = ""
"""The author that is no replica."""

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

    def action(self, name: str) -> Any:
        """Return what runs a method that pages may call (`calls.Callee`), or None if they may not."""

    def hear(self, content: Json, buffers: list[bytes]) -> None:
        """Take a page's message beside the state; the lock is not held, and nothing is raised."""

    def judge(self) -> Verdicts:
        """Return what takes the verdicts of the state's validators on one edit."""

    def apply_edit(self, operations: list[Operation], verdicts: Verdicts, author: str) -> None:
        """Apply a page's operations whole or not at all, and report them to `Authority.record`.

        Nothing has happened if verdicts are wanted afterwards.

        Raises:
            Exception: The edit is refused; the text is what its author reads.
        """

    def edit_back(self, author: str, verdicts: Verdicts, *, is_redo: bool) -> None:
        """Take back an author's last edit, or do again what was taken back, as `apply_edit` would."""

    def catch_up(self) -> None:
        """Report to `Authority.record` what has not been yet; the lock is held."""

    def refresh(self, *, is_look: bool = False) -> None:
        """Compute what is out of date, for somebody is about to look; the lock is not held."""

    def settle(self) -> None:
        """Tell observers what was applied; the lock is not held."""


Bookmark: TypeAlias = tuple[int, list[Step]]
"""How many operations were open at a time, and where whole values had been assigned anew."""


class Hold(Protocol):
    """What holds commits back while it is open; an interrupt may keep it from saying that it ends."""

    is_open: bool

    def is_in(self, other: Any) -> bool:
        """Tell whether this is another one, or was opened inside it."""


class _Answer:
    """What a replica's last edit was answered with: a reject, or the version that it became."""

    __slots__ = ("number", "reject", "version")

    def __init__(self, number: int, reject: Reject | None = None, version: int = 0) -> None:
        self.number = number
        self.reject = reject
        self.version = version


class Authority(Locked):
    """The kernel's side of one model's session.

    Args:
        document: Where the state is.
        key: The model's name on the wire.
        lock: Held while the document changes and while anything here is read or written.
        epoch: Which object of that name it is.
        log_limit: How many commits are remembered.

    Attributes:
        log: What happened, and which version that led to.
        watchers: Called, without the lock, when there may be something to send. One that returns False wants
            to be called again before it has come for that.
    """

    __slots__ = (
        "__weakref__",
        "_answers",
        "_are_apart",
        "_holds",
        "_judged",
        "_marked",
        "_open",
        "_open_assigned",
        "_waiting",
        "document",
        "epoch",
        "key",
        "lock",
        "log",
        "watchers",
    )

    def __init__(
        self,
        document: Document,
        key: str | None = None,
        lock: RLock | None = None,
        epoch: str | None = None,
        log_limit: int = LIMIT,
    ) -> None:
        self.document = document
        self.key = key or token_hex(8)
        self.lock = lock or RLock()
        self.epoch = epoch or token_hex(4)
        self.log = Log(log_limit)
        self.watchers: list[Callable[[], object]] = []
        self._open: list[Step] = []
        self._open_assigned: list[Step] = []
        self._are_apart = False  # no two of the open steps are for one location
        self._marked = -1  # so many open steps at least are to stay as they are, while a batch is open
        self._answers: dict[str, _Answer] = {}
        self._holds: list[Hold] = []
        # the edit whose validators are being asked: the other edits wait until it is answered
        self._judged: Verdicts | None = None
        self._waiting: list[Callable[[], None]] = []

    @property
    def version(self) -> int:
        """How many commits there were."""
        return self.log.version

    # -- what happens here

    def record(self, steps: list[Step], assigned: Sequence[Step] = (), *, are_apart: bool = False) -> None:
        """Take note of what was just done; the lock is held.

        Args:
            steps: What was done, in order.
            assigned: A `replace` without its value for each location whose whole value was assigned anew,
                though `steps` says less.
            are_apart: No two of the steps are for one location.
        """
        self._are_apart = are_apart and not self._open
        is_stream = bool(steps) and steps[-1].operation["path"].endswith("/-")  # to an array
        if self._open_assigned or assigned:
            self._open_assigned = _followed(self._open_assigned, steps, assigned)
        if is_stream and len(self._open) > self._marked + 1:  # what was marked may be needed as it is
            add_on(self._open, steps)
        else:
            self._open += steps

    def commit(self, replica: str | None = None, number: int | None = None) -> bool:
        """Close the open operations into one version, if there are any, or if an edit needs its own.

        Returns:
            False while a batch is open: nobody may see the inside of it.
        """
        with self.held():
            try:
                self.document.catch_up()
                if self.is_held:
                    return False
                if self._open or replica is not None:
                    steps, self._open = self._open if self._are_apart else compact(self._open), []
                    assigned, self._open_assigned = self._open_assigned, []
                    self.log.append(steps, assigned, replica, number)
            except BaseException:  # an interrupt, say: nobody knows how far this came
                self.restart_log()
                raise
            return True

    def restart_log(self) -> None:
        """Begin a new version that no patch leads to: everybody is told the whole state; the lock is held."""
        self._open, self._open_assigned = [], []
        self.log.restart()

    def bookmark(self) -> Bookmark:
        """Return what brings the open operations back to what they are now; the lock is held."""
        self._marked = len(self._open)
        return len(self._open), self._open_assigned

    def return_to(self, bookmark: Bookmark) -> None:
        """Forget what was recorded since, of which nothing is left; the lock is held."""
        count, self._open_assigned = bookmark
        del self._open[count:]
        self._are_apart = False

    @property
    def is_held(self) -> bool:
        """Whether a batch is open."""
        return bool(self._holds) and any(hold.is_open for hold in self._holds)

    def is_held_by_others(self, own: Hold | None) -> bool:
        """Whether a batch is open that is not one's own, nor one around that."""
        return bool(self._holds) and any(
            hold.is_open and not (own is not None and own.is_in(hold)) for hold in self._holds
        )

    def refresh(self) -> None:
        """Have computed what pages are about to be told; no lock is held, for a person's code may run."""
        self.document.refresh(is_look=True)

    def hold(self, hold: Hold) -> None:
        """Begin a batch: nothing is committed and no message is answered while it is open."""
        with self.held():
            self._holds.append(hold)

    def release(self, hold: Hold) -> list[Callable[[], None]]:
        """End a batch.

        Returns:
            What answers the messages that arrived meanwhile, to be called in order without the lock.
        """
        with self.held():
            self._holds = [other for other in self._holds if other.is_open and other is not hold]
            if not self._holds:
                self._marked = -1
            return self._ready()

    def defer(self, callback: Callable[[], None]) -> bool:
        """Call back at the end of the batch that is open, without the lock.

        Returns:
            Whether one is.
        """
        with self.held():
            if self.is_held:
                self._waiting.append(callback)
            return self.is_held

    def _ready(self) -> list[Callable[[], None]]:
        waiting, self._waiting = ([], self._waiting) if self.is_held else (self._waiting, [])
        return waiting

    def notify(self) -> bool:
        """Tell the watchers that there may be something to send; the lock is not held.

        Returns:
            Whether they need not be told again before they come for it.
        """
        are_told = [watcher() is not False for watcher in list(self.watchers)]  # each is called
        return all(are_told)

    # -- what is said

    def patches(self, since: int) -> list[PatchMessage] | None:
        """Return the messages that lead from a version to this one, or None if the log is too short.

        Commits without an author travel as one message.
        """
        with self.held():
            if not self.log.reaches(since):
                return None
            commits = self.log.since(since)
            if len(commits) == 1:  # as it is nearly always
                return [self._patch(since, commits)]
            runs: list[list[Commit]] = []
            for commit in commits:
                if runs and runs[-1][-1].replica is None and commit.replica is None:
                    runs[-1].append(commit)
                else:
                    runs.append([commit])
            return [self._patch(run[0].version - 1, run) for run in runs]

    def snapshot(self, to: str | None = None) -> Snapshot:
        """Return the message that carries the whole document, addressed to a replica or to everybody.

        Not while a batch is open: the document is ahead of its version then.
        """
        with self.held():
            self.commit()
            answer = self._last(to or "")
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

        They go there before this returns, or at the end of the batch that is open. A `hello` among them is
        said for the page: it needs a snapshot, and whoever carries the messages hands it in here in its time.
        """
        verdicts = self.document.judge()
        self.refresh()
        try:
            while (answers := self._hear(message, replica, reply, verdicts)) is None:
                verdicts.ask()  # what a person wrote runs without the lock
            if message["type"] == "edit":  # what another thread did, that thread tells
                self._tell_observers()
            reply(answers)
        finally:
            verdicts.finish()
            if self._waiting or self._judged is verdicts:  # who waits for this edit did so before its end
                for answer in self._let_go(verdicts):
                    answer()

    def _hear(
        self, message: Message, replica: str, reply: Callable[[list[Message]], None], verdicts: Verdicts
    ) -> list[Message] | None:
        """Return the answers for the replica alone, or None if validators must be asked first."""
        with self.held():
            is_edit = message["type"] == "edit"
            own = verdicts.trial.hold if verdicts.trial is not None else None
            is_behind = is_edit and self._judged is not None and self._judged is not verdicts
            if is_behind or self.is_held_by_others(own):
                self._waiting.append(partial(self.receive, message, replica, reply))
                return []
            self.commit()
            match message["type"]:
                case "hello":
                    return self._welcome(message.get("epoch"), message.get("version"), replica)
                case "edit":
                    answers = self._answer(message, replica, verdicts)
                    self._judged = verdicts if answers is None else None
                    return answers
                case "bye":
                    return []
                case other:
                    raise MessageError(f"Cannot answer message {other!r}: a page does not send it")

    def _let_go(self, verdicts: Verdicts) -> list[Callable[[], None]]:
        """Return what answers the edits that waited for another one, to be called without the lock."""
        with self.held():
            if self._judged is verdicts:
                self._judged = None
            return self._ready() if self._judged is None else []

    def _tell_observers(self) -> None:
        try:
            self.document.settle()
        except Exception:  # an observer's fault is no answer to the page: the edit has happened
            _logger.exception("Cannot tell an observer of %s about a page's edit", self.key)

    def _welcome(self, epoch: str | None, version: int | None, replica: str) -> list[Message]:
        last = self._last(replica)
        # a reject that was lost comes first: what follows settles the edit without saying why
        answers: list[Message] = [last.reject] if last and last.reject else []
        if epoch != self.epoch or version is None or not self.log.reaches(version):
            return [*answers, self.snapshot(replica)]
        patches = self.patches(version) or []
        if not patches or patches[-1].get("replica", replica) != replica:
            patches.append(self._patch(self.version, []))
        # the last one bears the name of who asked, and what was answered
        patches[-1] = {"replica": replica, "number": last.number if last else 0, **patches[-1]}
        for patch in patches:
            patch["to"] = replica
        return [*answers, *patches]

    def _answer(self, edit: Edit, replica: str, verdicts: Verdicts) -> list[Message] | None:
        last = self._last(replica)
        if last is not None and edit["number"] <= last.number:
            return self._repeat(last, edit, replica)
        try:
            self._apply(edit, replica, verdicts)
        except Exception as error:  # whatever a validator raises is an answer to the page, not our failure
            reject = self.refuse(edit["number"], replica, error)
            self._settle(replica, _Answer(edit["number"], reject))
            if edit["epoch"] != self.epoch or edit["base"] > self.version:
                return [reject, self._hello()]
            return [reject]
        if verdicts.are_wanted:
            return None
        self.commit(replica, edit["number"])
        self._settle(replica, _Answer(edit["number"], version=self.version))
        return []

    def _hello(self) -> Hello:
        """What a page would say that knew how useless its state is."""
        return {"type": "hello", "model": self.key}

    def _last(self, replica: str) -> _Answer | None:
        """Return what a replica's last edit was answered with, or None if none of its edits can be here.

        What is forgotten is found in the log; and an edit that is older than the log is refused. So whoever
        makes it forget, no edit is applied twice.
        """
        if replica in self._answers:
            return self._answers[replica]
        commit = self.log.last_of(replica)
        if commit is None or commit.number is None:
            return None
        return _Answer(commit.number, version=commit.version)

    def _settle(self, replica: str, answer: _Answer) -> None:
        self._answers.pop(replica, None)  # the latest is last
        self._answers[replica] = answer
        if len(self._answers) > REPLICA_LIMIT:
            del self._answers[next(iter(self._answers))]

    def _apply(self, edit: Edit, replica: str, verdicts: Verdicts) -> None:
        if edit["epoch"] != self.epoch:
            raise Conflict("", "it was made for another object of the same key")
        if edit["base"] > self.version:
            raise Conflict("", f"it was made against version {edit['base']}, which is still to come")
        if edit.get("undo") or edit.get("redo"):
            self.document.edit_back(replica, verdicts, is_redo=bool(edit.get("redo")))
            return
        operations = [bare(operation) for operation in check(edit["operations"])]
        if edit["base"] < self.version:
            if not self.log.reaches(edit["base"]):
                raise Conflict("", f"version {edit['base']} is forgotten")
            over = [
                step for commit in self.log.since(edit["base"]) for step in (*commit.steps, *commit.assigned)
            ]
            operations = rebase_operations(operations, over, self.document.view())
        self.document.apply_edit(operations, verdicts, replica)

    def refuse(self, number: int, replica: str, error: Exception) -> Reject:
        """Return the message that tells a replica why its edit did not happen."""
        reject: Reject = {
            "type": "reject",
            "model": self.key,
            "epoch": self.epoch,
            "version": self.version,
            "replica": replica,
            "number": number,
            "reason": speakable(str(error)) or type(error).__name__,
            "error": type(error).__name__,
        }
        _logger.info("Refused edit %s of %s: %s", number, replica, reject["reason"])
        pointer = getattr(error, "pointer", None)
        return {**reject, "pointer": pointer} if isinstance(pointer, str) else reject

    def _repeat(self, last: _Answer, edit: Edit, replica: str) -> list[Message]:
        """Answer an edit that was answered before; the answer must have been lost."""
        if edit["number"] < last.number:  # a doubled message, unless somebody signs with another one's name
            stale = Conflict("", f"edit {last.number} of this page was answered before it")
            return [self.refuse(edit["number"], replica, stale)]
        if last.reject is not None:
            return [last.reject]
        commit = self.log.leading_to(last.version)
        if commit is None:
            return [self._hello()]
        return [{**self._patch(commit.version - 1, [commit]), "to": replica}]

    def _patch(self, base: int, commits: list[Commit]) -> PatchMessage:
        if len(commits) == 1:
            steps = commits[0].steps
        else:
            steps = compact([step for commit in commits for step in commit.steps])
        message: Any = {
            "type": "patch",
            "model": self.key,
            "epoch": self.epoch,
            "base": base,
            "version": commits[-1].version if commits else base,
            "operations": [step.operation for step in steps],
        }
        assigned: list[Step] = []
        for commit in commits:
            if assigned or commit.assigned:
                assigned = _followed(assigned, commit.steps, commit.assigned)
        if assigned:
            message["replaced"] = [step.operation["path"] for step in assigned]
        if len(commits) == 1 and commits[0].replica is not None:
            message["replica"], message["number"] = commits[0].replica, commits[0].number
        patch: PatchMessage = message
        return patch


def _followed(assigned: list[Step], steps: list[Step], more: Iterable[Step]) -> list[Step]:
    """Return where locations that were assigned anew stand after some steps, and those that join them."""
    joining = {step.operation["path"]: step for step in more}
    for step in reversed(assigned):
        place = follow(step.operation["path"], steps)
        if place is not None and place not in joining:
            joining[place] = step._replace(operation={"op": "replace", "path": place})
    return list(joining.values())
