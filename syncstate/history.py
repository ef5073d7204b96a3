"""Floor 6. What each author has done to a document, so that it can be undone and redone.

An author is Python, or a page. Each has two stacks: of own steps to undo, and of undone ones to redo. In a
stack stands what happened since its first step, in order: own changes, and those of others, over which an
undo is carried. What was undone is taken out of the stack, as if it had never been done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from time import monotonic
from typing import Any

from syncstate.authority import PYTHON
from syncstate.diff import Change
from syncstate.document import SCALARS, plain, weigh
from syncstate.errors import Conflict, NothingToUndo
from syncstate.log import STEP_BYTES
from syncstate.patch import Step
from syncstate.reversal import Entry, reversal
from syncstate.tables import Columns

LIMIT = 100
"""How many steps of an author are remembered."""

BYTES = 2**23
"""About how much JSON the steps of an author, and what came between them, may hold."""

AUTHORS = 16
"""Of how many authors steps are remembered: those who did something last."""

PAUSE = 1.0
"""Within how many seconds an edit of the same locations continues a page's last step: a drag is one."""


class _Stack:
    """Steps of one author, and what others did since the first of them."""

    __slots__ = ("_dropped", "_weight", "entries", "steps")

    def __init__(self) -> None:
        self.entries: list[Entry[object]] = []
        self.steps: list[object] = []
        self._dropped = 0
        self._weight = 0

    @property
    def total(self) -> int:
        return self._dropped + len(self.entries)

    def add(self, changes: Sequence[Change], step: object, *, is_own: bool) -> None:
        """Take down changes, of an own step or of others."""
        if not is_own and not self.steps:
            return
        if is_own and (not self.steps or self.steps[-1] is not step):
            self.steps.append(step)
        if not self._overwrite(changes, step):
            self.entries += [(change, step) for change in changes]
            self._weight += sum(map(_weigh, changes))
        while len(self.steps) > LIMIT or (self._weight > BYTES and self.steps):
            self._drop()

    def _overwrite(self, changes: Sequence[Change], step: object) -> bool:
        """Let changes take the place of the last ones, if these replaced the same for the same step."""
        entries = self.entries
        start = len(entries) - len(changes)
        if start < 0 or not entries or entries[-1][1] is not step:
            return False
        for place, latter in enumerate(changes, start):
            former, mark = entries[place]
            if mark is not step or not _is_overwritten(former, latter):
                return False
        for place, (new, _) in enumerate(changes, start):
            (_, before), _ = entries[place]
            entries[place] = ((new, before), step)
        return True

    def _drop(self) -> None:
        del self.steps[0]
        first = self.steps[0] if self.steps else self
        count = self._start_of(first)
        self._weight -= sum(_weigh(change) for change, _ in self.entries[:count])
        del self.entries[:count]
        self._dropped += count

    def cut(self, total: int) -> None:
        """Forget all after a time."""
        self._set(self.entries[: max(total - self._dropped, 0)])
        known = {id(step) for _, step in self.entries}
        self.steps = [step for step in self.steps if id(step) in known]

    def _set(self, entries: list[Entry[object]]) -> None:
        self.entries = entries
        self._weight = sum(_weigh(change) for change, _ in entries)

    def clear(self) -> None:
        self._dropped += len(self.entries)
        self.entries, self.steps, self._weight = [], [], 0

    def _start_of(self, step: object) -> int:
        """Return where a step begins; without one, the end."""
        for place, (_, mark) in enumerate(self.entries):
            if mark is step:
                return place
        return len(self.entries)

    def count(self, step: object) -> int:
        """Return how many changes of a step stand here."""
        return sum(mark is step for _, mark in self.entries)

    def without(self, step: object) -> tuple[list[Step], list[Entry[object]]]:
        """Return the steps that take one back, and the entries as they are without it.

        Raises:
            Conflict: Others have changed what it did.
        """
        start = self._start_of(step)
        steps, rest = reversal(self.entries[start:], lambda mark: mark is step)
        return steps, [*self.entries[:start], *rest]

    def cancel(self, step: object, count: int) -> bool:
        """Take out a step of somebody else's that has been taken back, if all of it stands here."""
        if not self.steps or self.count(step) != count:
            return False
        try:
            _, entries = self.without(step)
        except Conflict:
            return False
        self._set(entries)
        return True

    def take_out(self, entries: list[Entry[object]]) -> None:
        """Take out the last step; these are left."""
        self.steps.pop()
        self._set(entries if self.steps else [])


def _is_overwritten(former: Change, latter: Change) -> bool:
    """Whether a change replaces what another one put somewhere, and no part of an array."""
    (old, *_), before = former
    (new, *_), _later = latter
    return (
        old["op"] == new["op"] == "replace" and old["path"] == new["path"] and not isinstance(before, tuple)
    )


def _weigh(change: Change) -> int:
    _, before = change
    if not isinstance(before, tuple):
        return STEP_BYTES + weigh(before, BYTES)
    # an array mostly shares its memory with the next one; a table need not: of it a change counts one column
    table: Any = before[0]
    return STEP_BYTES + (table.nbytes // max(1, len(table)) if isinstance(table, Columns) else 0)


class _Edit:
    """A step of a page; more edits may continue it."""

    __slots__ = ("paths", "time")

    def __init__(self, paths: frozenset[str] | None, time: float) -> None:
        self.paths = paths
        self.time = time


class _Way:
    """An undo or a redo that is under way.

    Attributes:
        former: The step that it goes back over.
        steps: What it does.
        entries: What is left in the stack then.
        changes: What it has done.
    """

    __slots__ = ("author", "changes", "entries", "former", "is_redo", "steps")

    def __init__(
        self, author: str, former: object, steps: list[Step], entries: list[Entry[object]], *, is_redo: bool
    ) -> None:
        self.author = author
        self.former = former
        self.steps = steps
        self.entries = entries
        self.is_redo = is_redo
        self.changes: list[Change] = []


class History:
    """What the authors of a document can undo and redo; the document's lock is held.

    Args:
        clock: Tells the time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self.clock = clock
        self._undo: dict[str, _Stack] = {}
        self._redo: dict[str, _Stack] = {}
        self._way: _Way | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nobody has done anything that could be undone."""
        return not self._undo

    def note(self, changes: Sequence[Change], author: str, step: object) -> None:
        """Take down what happened, as a step of an author or, without one, as nobody's to undo."""
        if self.is_empty and step is None:
            return
        changes = [(done, _kept(before)) for done, before in changes]
        if self._way is not None:
            self._way.changes += changes
            return
        if step is not None:
            self._welcome(author)
        for who in self._undo:
            self._undo[who].add(changes, step, is_own=who == author and step is not None)
            self._redo[who].add(changes, step, is_own=False)

    def _welcome(self, author: str) -> None:
        # who has steps to undo has a place for what is undone, wherever an interrupt comes
        if author not in self._redo:
            self._redo[author] = _Stack()
        if next(reversed(self._undo), None) == author:
            return
        self._undo[author] = self._undo.pop(author) if author in self._undo else _Stack()
        if len(self._undo) > AUTHORS:  # the latest is last
            first = next(iter(self._undo))
            del self._undo[first]
            self._redo.pop(first, None)

    def close(self, author: str, step: object) -> None:
        """Take note that a step has come to its end: what its author undid before cannot be redone."""
        if author in self._undo and self._undo[author].steps[-1:] == [step]:
            self._redo[author].clear()

    def edit(self, author: str, paths: Iterable[str] | None) -> object:
        """Return the step that a page's edit belongs to.

        Args:
            author: The page.
            paths: The locations that it replaces, if it does nothing else.
        """
        now, last = self.clock(), self._undo[author].steps[-1:] if author in self._undo else []
        known = frozenset(paths) if paths is not None else None
        for step in last:
            is_same = isinstance(step, _Edit) and known is not None and step.paths == known
            if isinstance(step, _Edit) and is_same and now - step.time <= PAUSE:
                step.time = now
                return step
        return _Edit(known, now)

    def bookmark(self) -> dict[str, tuple[int, int]]:
        """Return what brings this back to what it is now."""
        return {who: (stack.total, self._redo[who].total) for who, stack in self._undo.items()}

    def return_to(self, bookmark: dict[str, tuple[int, int]]) -> None:
        """Forget what came since, of which nothing is left."""
        for who in self._undo:
            undo, redo = bookmark.get(who, (0, 0))
            self._undo[who].cut(undo)
            self._redo[who].cut(redo)

    def can(self, author: str, *, is_redo: bool) -> bool:
        """Tell whether there is a step to undo, or to redo."""
        stacks = self._redo if is_redo else self._undo
        return author in stacks and bool(stacks[author].steps)

    def plan(self, author: str, *, is_redo: bool) -> _Way:
        """Return the way back over an author's last step.

        Raises:
            NothingToUndo: There is none.
            Conflict: Others have changed what it would take back.
        """
        stacks = self._redo if is_redo else self._undo
        stack = stacks.get(author)
        if stack is None or not stack.steps:
            raise NothingToUndo(_nothing(author, is_redo=is_redo))
        step = stack.steps[-1]
        deed = "redo the change of" if is_redo else "undo the change of"
        if getattr(step, "is_open", False):
            raise Conflict("", "the batch that made it has not ended", deed)
        try:
            steps, entries = stack.without(step)
        except Conflict as conflict:
            raise Conflict(conflict.pointer or "", conflict.why, deed) from None
        return _Way(author, step, steps, entries, is_redo=is_redo)

    def go(self, way: _Way) -> None:
        """Take note that what happens from now on is a way back, until `arrive`."""
        self._way = way

    def arrive(self, way: _Way, *, is_done: bool) -> None:
        """Take note that a way back has come to its end, or was not to be gone.

        To others it is as if the undone step had never been, if they saw all of it.
        """
        self._way = None
        if not is_done:
            return
        former, latter = (self._redo, self._undo) if way.is_redo else (self._undo, self._redo)
        count, step = former[way.author].count(way.former), object()
        former[way.author].take_out(way.entries)
        latter[way.author].add(way.changes, step, is_own=True)
        for who in self._undo:
            for stack in (self._undo[who], self._redo[who]):
                if who != way.author and not stack.cancel(way.former, count):
                    stack.add(way.changes, step, is_own=False)


def _kept(before: Any) -> Any:
    """Return what stood somewhere, as nobody will change it any more."""
    return before if type(before) in SCALARS or isinstance(before, tuple) else plain(before)


def _nothing(author: str, *, is_redo: bool) -> str:
    if is_redo:
        return "Cannot redo: nothing was undone since the last step"
    if author != PYTHON:
        return "Cannot undo: nothing is left that this page has done"
    way_out = "a batch() or a transaction() is one, and so is every statement if the class says"
    return f'Cannot undo: no step is left that Python has done; {way_out} _history = "statements"'
