"""Floor 7. What happens in a document, and who is let know: batches, histories, the session, those above.

All that is done comes by here once, with the lock held: as an act that is described (`enact`), or as a scalar
that was only marked and is described when somebody looks (`catch_up`). What is to be told waits for `settle`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from threading import RLock
from typing import TYPE_CHECKING, Any, Self, cast

import traitlets

from syncstate.acts import Act, Notice
from syncstate.authority import PYTHON, Authority
from syncstate.batches import Batch, Member, current_batch
from syncstate.diff import Change, prefixed
from syncstate.journal import Journal
from syncstate.leases import LeasingRoot
from syncstate.marks import described, unmark
from syncstate.nodes import root_above, roots_below
from syncstate.patch import Step
from syncstate.pointer import escape
from syncstate.readings import Reader, demand_no_reading, open_readings
from syncstate.roots import NOWHERE, Marks, Root
from syncstate.sections import Section

if TYPE_CHECKING:
    from syncstate.history import History

NOBODY: tuple[str, object] = (PYTHON, None)


class Minding:
    """What is done with a root while an interrupt may come."""

    __slots__ = ("_root",)

    def __init__(self, root: Root) -> None:
        self._root = root

    def __enter__(self) -> None:
        pass

    def __exit__(self, type_: type[BaseException] | None, *_: object) -> None:
        if type_ is not None and not issubclass(
            type_, Exception
        ):  # else it was refused before anything changed
            self._root.interrupt()


class RecordingRoot(LeasingRoot):
    """A root that knows what happens to the members of a model, and lets others know.

    Attributes:
        reached: The roots above and below that are to settle what came from here.
        sections: What happened since, for each open batch.
    """

    __slots__ = (
        "_batch",
        "_editor",
        "_has_news",
        "_has_statements",
        "_history",
        "_is_marking",
        "_is_told",
        "_is_watched",
        "reached",
        "sections",
    )

    def __init__(self, model: traitlets.HasTraits, authority: Authority) -> None:
        super().__init__(model, authority)
        self.is_recording = False
        self._is_watched = False  # the authority is in use: every change must reach it
        self._is_marking = False  # it is of use to take note of scalars, here or above
        self._is_told = False  # links know of the marks
        self._has_news = False  # something was recorded that only links are to hear of
        self.reached: list[Root] = []
        self.sections: dict[Batch, Section] = {}
        self._batch: Batch | None = None  # whose change was the last one, if it was in an open batch
        self._history: History | None = None
        self._has_statements = False  # each of Python's is a step
        self._editor: tuple[str, object] = NOBODY  # the page whose edit is being applied, and its step

    @property
    def values(self) -> dict[str, Any]:
        """Where traitlets keeps the values."""
        return self.model._trait_values

    # -- acts

    def report(self, keys: Collection[Any], changes: list[Change], assigned: list[Step]) -> None:
        """Take changes inside members; the lock is held."""
        if changes or not self.is_recording:
            self.touch(keys)
        self._record(changes, assigned, inside=keys)

    def _record(
        self,
        changes: list[Change],
        assigned: list[Step],
        *,
        inside: Collection[str] = (),
        is_below: bool = False,
    ) -> None:
        operations = [step.operation for step, _ in changes]
        self.enact(changes, assigned, [Notice(name, operations) for name in inside], is_below=is_below)

    def enact(
        self,
        changes: list[Change],
        assigned: list[Step],
        notices: list[Notice],
        *,
        is_below: bool = False,
    ) -> None:
        """Let all know of what was just done; the lock is held."""
        if not changes:
            return
        self.enter()
        self._follow(changes, self._batch, is_below=is_below)
        if self._is_watched:
            self.authority.record([step for step, _ in changes], assigned)
        if self._parent is not None:
            self._report_above(changes, assigned)
        teller = self.teller
        is_quiet = teller.collected is None and not self.listeners
        if is_quiet and None not in [self.lease(notice.name).root for notice in notices]:
            self._has_news = True  # for links alone
            return
        acts = teller.acts if teller.collected is None else teller.collected
        acts.append(Act(changes, notices))

    def note_assigned(self, steps: list[Step]) -> None:
        """Take note, here and above, that a whole value was assigned anew though less was done."""
        if self._is_watched:
            self.authority.record([], steps)
        above = root_above(self) if self._parent is not None else None
        if above is not None and isinstance(above[0], RecordingRoot):
            above[0].note_assigned([prefixed(step, above[2]) for step in steps])

    def settle(self) -> None:
        """Tell observers and listeners what happened, and the links that something did."""
        if not self.teller.acts and not self.reached:
            if self._has_news:
                self._has_news = False  # before: what others record from now on sets it again
                self.notify()
            if self._stale:
                self._wake_readers()
            return
        try:
            self.teller.tell()
        finally:  # whatever an observer raised: pages hear of what happened
            self.authority.notify()
            while self.reached:
                self.reached.pop().settle()
            if self._stale:
                self._wake_readers()

    def _wake_readers(self) -> None:
        stale, self._stale = self._stale, []
        wake(stale)

    @contextmanager
    def judged(self) -> Iterator[None]:
        """Let what is done meanwhile count as judged."""
        self.is_judged = True
        try:
            yield
        finally:
            self.is_judged = False

    # -- scalars that are only marked

    def mark(self, node: Any, key: Any, old: Any) -> bool:
        """Take note that a scalar was put into a container, or into a trait: then the node is this."""
        if open_readings:
            demand_no_reading(self.model, key if node is self else node._key)
        batch = current_batch.get()
        if batch is not self._batch:
            self._let_in(batch)
        if not self._is_marking:
            return False
        known = self.marks.get(id(node))
        if known is None:
            if not self.marks and self._parent is not None:
                self._mark_above()  # first: an interrupt may come after it
            self.marks[id(node)] = (node, {key: old})
        elif key not in known[1]:
            known[1][key] = old
        return not self._is_told

    def pass_over(self, node: Any, key: Any, old: Any) -> bool:
        """Take note that a scalar gave way to one that is the same but for its type: `1` to `1.0`."""
        if current_batch.get() is not None and (journal := self.enter()) is not None:
            known = self.marks.get(id(node))
            if known is None or key not in known[1]:  # else the mark says what was there
                journal.note(self.unmark_members if node is self else unmark, node, {key: old})
        return False

    def catch_up(self) -> None:
        """Describe what was marked; what is marked from now on is told anew."""
        self._is_told = False
        if not self.marks:
            return
        marks = self._take_marks()
        if self.has_roots:
            for place in [place for place, (node, _) in marks.items() if node is not self]:
                if isinstance(root := marks[place][0], Root):
                    del marks[place]
                    root.catch_up()
        _, own = marks.pop(id(self), (self, {}))
        values = self.values
        changes: list[Change] = [
            (Step({"op": "replace", "path": f"/{escape(name)}", "value": values[name]}, in_list=False), old)
            for name, old in own.items()
        ]
        if marks:
            changes += described(marks.values())
        self._follow(changes, self._batch)
        steps = [step for step, _ in changes]
        if self._is_watched:
            self.authority.record(steps, are_apart=True)
        if self._parent is not None:
            self._mark_changes_above(changes)

    def _mark_changes_above(self, changes: list[Change]) -> None:
        """Let the documents above record what was marked here; nobody else wants to know it."""
        above = root_above(self) if changes else None
        if above is not None and isinstance(above[0], RecordingRoot):
            above[0].take_marked([(prefixed(step, above[2]), old) for step, old in changes], self._batch)

    def take_marked(self, changes: list[Change], batch: Batch | None) -> None:
        """Record what was marked in a document below, in a batch or in none."""
        self._follow(changes, batch, is_below=True)
        if self._is_watched:
            self.authority.record([step for step, _ in changes])
        if self._parent is not None:
            self._mark_changes_above(changes)

    def _take_marks(self) -> dict[int, tuple[Any, Marks]]:
        """Return what was marked, of which the journal now has a note."""
        marks, self.marks = self.marks, {}
        if self._batch is not None:
            for node, keys in marks.values():
                if keys:  # else a document below is meant
                    self._batch.journal.note(self.unmark_members if node is self else unmark, node, keys)
        return marks

    def unmark_members(self, _: Any, keys: Marks) -> None:
        """Put back what was marked, or exchanged."""
        dict.update(self.values, keys)

    def notify(self) -> None:
        """Tell the links that there is something to send; until one comes for it, once is enough for most."""
        self._is_told = True
        try:
            told = [root.authority.notify() for root in self.lineage()]
            if not all(told):
                self._is_told = False
        except BaseException:  # an interrupt, say: the next mark tells them
            self._is_told = False
            raise

    def forget_marks(self) -> None:
        """Take note that nobody knows what was marked, here and below."""
        marks, self.marks = self.marks, {}
        for node, _ in marks.values():
            if isinstance(node, RecordingRoot) and node is not self:
                node.forget_marks()
                node.authority.restart_log()

    # -- batches and histories

    def enter(self) -> Journal | None:
        """Return where to note how to take back what is about to be done; the lock is held."""
        batch = current_batch.get()
        if batch is not self._batch:
            self._let_in(batch)
        return None if self._batch is None else self._batch.journal

    def _let_in(self, batch: Batch | None) -> None:
        """Take note that another flow of control changes this than the last time."""
        if batch is not None and not batch.is_open:
            batch = None
        if batch is not self._batch:
            self.catch_up()  # what was marked is the other one's
            self._batch = batch
            if batch is not None:
                for root in self.lineage():
                    batch.join(cast(Member, root))  # each is a whole document

    def _follow(self, changes: list[Change], author: Batch | None, *, is_below: bool = False) -> None:
        """Let the batches that are open know what happens."""
        if not changes:
            return
        self._take_down(changes, author)
        for section in self.sections.values():
            section.add(changes, author, is_below=is_below)

    @property
    def history(self) -> History:
        """What each author can undo and redo."""
        if self._history is None:
            from syncstate.history import History

            self._history = History()
        return self._history

    def keep_statements(self) -> None:
        """Let each statement of Python's be a step that can be undone: none is only marked then."""
        self._has_statements = True
        self.is_recording = True
        self.listeners.append(lambda changes: None)

    def _take_down(self, changes: list[Change], batch: Batch | None) -> None:
        """Let the history know who did something: it is that of who has no place elsewhere, or is watched."""
        if self._parent is not None and not self._is_watched:
            return
        author, step = self._editor
        is_closed = False
        if step is None and batch is not None and not batch.outermost.is_statement:
            step = batch.outermost
        elif step is None and self._has_statements:
            step = object() if self.teller.collected is None else self.teller.collected
            is_closed = True
        if step is not None or self._history is not None:
            self.history.note(changes, author, step)
            if is_closed:
                self.history.close(author, step)

    # -- documents above and below

    def share_lock(self, lock: RLock) -> None:
        """Have another lock from now on; the one of now is held."""
        self.authority.lock = lock
        self.lock = lock

    def arrive(self, root: Root) -> None:
        """Take note that this has a place below a root: what is done here is told there."""
        self._batch = None
        self.revoke_all()
        self._learn(root)

    def _learn(self, root: Root) -> None:
        self.is_recording |= root.is_recording
        self.has_rules |= root.has_rules
        self._is_marking |= getattr(root, "_is_marking", False)
        self._tell_below()

    def _tell_below(self) -> None:
        for root in roots_below(self):
            if isinstance(root, RecordingRoot):
                root.is_recording |= self.is_recording
                root.has_rules |= self.has_rules
                root._is_marking |= self._is_marking

    def lineage(self) -> list[Self]:
        """Return this document and those above."""
        return [self, *self._above()]

    def _above(self) -> list[Self]:
        """Return the documents above, the nearest first."""
        found: list[Self] = []
        above = root_above(self) if self._parent is not None else None
        while above is not None and isinstance(above[0], type(self)):
            found.append(above[0])
            above = root_above(above[0])
        return found

    def path_below(self, document: RecordingRoot) -> str:
        """Return where this stands in a document above, as long as it does."""
        path, one = "", self
        while one is not document and (above := root_above(one)) is not None:
            root, _, place = above
            if not isinstance(root, RecordingRoot):
                break
            path, one = place + path, root
        return path

    def _report_above(self, changes: list[Change], assigned: list[Step]) -> None:
        """Tell the root above what happened here, as it reads there."""
        above = root_above(self)
        if above is not None and above[0] is not NOWHERE:
            root, _, path = above
            root.report_from(
                self,
                [(prefixed(step, path), before) for step, before in changes],
                [prefixed(step, path) for step in assigned],
            )
            if root not in self.reached:
                self.reached.append(root)

    def report_from(self, root: Root, changes: list[Change], assigned: list[Step]) -> None:
        """Take what a document below did; it hangs here."""
        if self.is_recording:
            self._record(changes, assigned, inside=(_member_above(root),), is_below=True)

    def _mark_above(self) -> None:
        above = root_above(self)
        if above is not None:
            above[0].mark_from(self)

    def mark_from(self, root: Root) -> None:
        """Take note that a document below has marks."""
        if not self.marks and self._parent is not None:
            self._mark_above()
        self.marks.setdefault(id(root), (root, {}))


def wake(readers: Iterable[Reader]) -> None:
    """Wake the documents of what is out of date."""
    names: dict[Any, list[str]] = {}
    for reader in readers:
        names.setdefault(reader.document, []).append(reader.name)
    with ExitStack() as stack:  # each one, whatever the observers of another do
        for document, some in reversed(names.items()):
            stack.callback(document.wake, some)


def _member_above(root: Root) -> str:
    """Return the member of the document above in which a root is."""
    above = root_above(root)
    return str(above[1]) if above is not None else ""
