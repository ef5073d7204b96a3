"""Floor 7. The synced traits of a `HasTraits`, seen as one JSON document.

The members are below: who stores them, who is let know, what a patch comes to. Here is what others see of it:
the `Document` of the authority, the `Member` of batches, the `Home` of computeds.

The lock is the model's. Under it values are stored, described and recorded, and nobody else's code runs: not
an observer, not a validator, not a default. Order: a link's lock, a model's, a batch's, that of what has no
place; never two of a kind (docs/decisions/0008-no-code-of-yours-under-a-lock.md).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from threading import get_ident
from typing import Any
from weakref import WeakSet

import traitlets

from syncstate.actions import Bound
from syncstate.acts import Listener, Notice
from syncstate.admission import admit, demand_rights
from syncstate.authority import PYTHON, Authority
from syncstate.batches import Batch, PageTrial, current_batch, statement
from syncstate.computed import Computation, computed_traits
from syncstate.diff import add
from syncstate.document import Failure, Json, JsonObject, plain, same
from syncstate.errors import SyncStateError
from syncstate.fields import encode
from syncstate.members import MemberRoot
from syncstate.nested import inside, model_at
from syncstate.nodes import root_above, roots_below
from syncstate.operations import perform
from syncstate.patch import Operation, check
from syncstate.pointer import join, parse
from syncstate.readings import Reader
from syncstate.recording import NOBODY, Minding, wake
from syncstate.rehearsal import replaced_by
from syncstate.roots import NOWHERE, Root
from syncstate.seams import synced_traits
from syncstate.sections import Section
from syncstate.shapes import ABSENT
from syncstate.verdicts import Verdicts

_logger = logging.getLogger(__name__)
_making: ContextVar[int] = ContextVar("syncstate-making", default=0)
_MAKING_LIMIT = 20
"""How deep defaults may be made in defaults: below what Python's stack bears."""


class TraitDocument(MemberRoot):
    """The document that a model's synced traits make up.

    Args:
        model: Whose traits they are.
        key: The model's name on the wire.
    """

    __slots__ = ("_awaiting", "_rules", "_stale_below", "callbacks")

    def __init__(self, model: traitlets.HasTraits, key: str) -> None:
        super().__init__(model, Authority(self, key))
        self.callbacks: tuple[Callable[[Json, list[bytes]], object], ...] = ()  # of on_msg
        self._rules: dict[str, frozenset[str]] = {}
        self._stale_below: dict[TraitDocument, None] = {}  # those below with something to compute again
        self._awaiting: WeakSet[Reader] | None = None  # what cannot be computed before a batch has ended here
        self._admit_computeds()

    def watch(self) -> Authority:
        """Return the authority, which from now on hears of every change."""
        if not self._is_watched:
            self.make_defaults()
            with self.held():
                self.catch_up()
                self._is_watched = self._is_marking = self.is_recording = True
                self._tell_below()
        return self.authority

    def observe(self) -> None:
        """Describe changes inside containers from now on: somebody observes a trait."""
        with self.held():
            self.is_recording = True
            self._tell_below()
            self.revoke_all()

    def listen(self, listener: Listener) -> None:
        """Tell a function of every act, until `ignore`."""
        self.watch()
        with self.held():
            self.listeners.append(listener)
            self.revoke_all()

    def ignore(self, listener: Listener) -> None:
        """Tell a function no longer."""
        with self.held():
            if listener in self.listeners:
                self.listeners.remove(listener)
                self.revoke_all()

    def hear(self, content: Json, buffers: list[bytes]) -> None:
        """Tell those who listen what a page says beside the state; what they raise is logged."""
        for callback in self.callbacks:
            try:
                callback(content, buffers)
            except Exception:
                _logger.exception("A callback of on_msg failed")

    def action(self, name: str) -> Bound | None:
        """Return a method that pages may call, bound to its model.

        Args:
            name: Its name; or a pointer, that of a model in this one and then the name.

        Raises:
            PointerError: It begins with `/` and is no pointer.
        """
        *place, last = parse(name) if name.startswith("/") else (name,)
        with self.held():
            model = model_at(self, join(*place)) if place else self.model
        found = getattr(type(model), "_actions", {}).get(last)
        return Bound(found, model) if found is not None else None

    def make_defaults(self) -> None:
        """Make the defaults that nobody has asked for yet; a person's code may do so: without the lock."""
        token = _making.set(_making.get() + 1)
        try:
            if _making.get() > _MAKING_LIMIT:
                kind_ = type(self.model).__name__
                why = "in each default is another one, without end; let one be None, or a list"
                raise TypeError(f"Cannot make a {kind_}: {why}")
            for name in self.members:
                if name not in self.computations:
                    getattr(self.model, name)
        finally:
            _making.reset(token)
        self.refresh()
        for name in self.computations:  # of what is in a batch of others there may be no value yet
            self.values.setdefault(name, None)

    def snapshot(self) -> JsonObject:
        """Return a deep copy of the document, made of plain containers."""
        if not self._is_watched:
            self.make_defaults()
        with self.held():
            return {name: plain(member) for name, member in self.view().items()}

    @property
    def is_ready(self) -> bool:
        """Whether all defaults are made."""
        values = self.values
        return all(name in values for name in self.members)

    def get_ready(self, root: Root) -> None:
        """Make the defaults, and share the lock of a root, unless this has a place; no lock is held."""
        self.make_defaults()
        with self.held():
            if self._is_placed():
                return
            for one in (self, *roots_below(self)):
                one.share_lock(root.lock)

    def _is_placed(self) -> bool:
        above = root_above(self)
        return above is not None and above[0] is not NOWHERE

    def admit_new(self, names: Iterable[str]) -> None:
        """Take in traits that this instance was given after it was made."""
        self.members = synced_traits(type(self.model))
        self._admit_computeds()
        self.make_defaults()
        for name in names:
            with self.held():
                if self.is_recording:
                    pointer = join(name)
                    value = encode(self._stored(name), pointer)
                    self._record([add(pointer, value, in_list=False)], [])
        self.settle()

    # -- patches

    def apply(self, operations: list[Operation]) -> None:
        """Apply Python's own patch, whole or not at all, and tell observers.

        Raises:
            PatchError: It does not apply.
            traitlets.TraitError: A trait refuses the value.
            NotSyncable: A value in it has no JSON form.
            Conflict: Other threads change what its validators judge faster than they do.
        """
        if self.has_rules and (statement := self.statement()) is not None:
            with statement:
                self.apply(operations)
            return
        self.make_defaults()
        operations, verdicts = check(operations), self.judge()
        while True:
            with self.held():
                admit(self, operations, verdicts)
            if not verdicts.are_wanted:
                break
            verdicts.ask()
        self.settle()

    def judge(self) -> Verdicts:
        """Return what takes the verdicts of the model's validators on one patch."""
        return Verdicts(self)

    def apply_edit(self, operations: list[Operation], verdicts: Verdicts, author: str) -> None:
        """Apply a page's patch, whole or not at all; observers hear of it at `settle`.

        Nothing has happened yet if verdicts are wanted afterwards: ask for them without the lock, and come
        again with what the patch is by then.

        Raises:
            NotWritable: It touches what pages may not write, or reads what is not theirs to read.
            Exception: What `apply` raises, and what a validator does.
        """
        verdicts.is_for_page = True
        with self.held():
            self._on_trial(verdicts, lambda: self._apply_for(author, operations, verdicts))

    def _apply_for(self, author: str, operations: list[Operation], verdicts: Verdicts) -> None:
        demand_rights(self, operations)
        self.catch_up()  # what was marked is not the page's
        step = self.history.edit(author, replaced_by(operations))
        self._editor = author, step
        try:
            admit(self, operations, verdicts)
        finally:
            self._editor = NOBODY
        if not verdicts.are_wanted:
            self.history.close(author, step)

    # -- rules

    def begin_rules(self, rules: dict[str, frozenset[str]]) -> None:
        """Ask the model's own rules about it, and from now on about each change."""
        if rules:
            for name in rules:
                getattr(self.model, name)()
            with self.held():
                self._rules = rules
                self.has_rules = True
                self.revoke_all()
                self._tell_below()

    def ask_rules(self, batch: Batch) -> None:
        """Raise what the model's rules say of what a batch did."""
        section = self.sections.get(batch)
        if not self._rules or section is None:
            return
        with self.held():
            self.catch_up()
            names = section.own_members()
        for rule, members in self._rules.items():
            if not members.isdisjoint(names):
                getattr(self.model, rule)()

    def statement(self) -> AbstractContextManager[None] | None:
        """Return in what a statement is to be done, if it is not already."""
        return statement()

    def _on_trial(self, verdicts: Verdicts, apply: Callable[[], None]) -> None:
        """Apply a page's edit; where there are rules, they are asked about it before it counts."""
        trial: Any = verdicts.trial
        if trial is not None and trial.is_applied:
            trial.conclude()
        elif not self.has_rules:
            apply()
        else:
            if trial is None:
                trial = verdicts.trial = PageTrial()
            with trial.applying():
                apply()
                self.catch_up()
            if not verdicts.are_wanted:
                trial.is_applied = trial.is_wanted = True

    # -- the way back over a step

    def go_back(self, *, is_redo: bool) -> None:
        """Undo Python's last step, or redo the one that was undone last.

        Raises:
            NothingToUndo: There is none.
            Conflict: Others have changed what it did.
            Exception: A validator refuses what would come of it.
        """
        batch = current_batch.get()
        if batch is not None and batch.is_open:
            deed = "redo" if is_redo else "undo"
            raise SyncStateError(
                f"Cannot {deed} inside a batch or a transaction: it is one step; end it first"
            )
        with (self.statement() if self.has_rules else None) or nullcontext():
            self._go_back_as_one(is_redo=is_redo)

    def _go_back_as_one(self, *, is_redo: bool) -> None:
        verdicts = self.judge()
        while True:
            with self.held():
                self._go_back(PYTHON, verdicts, is_redo=is_redo)
            if not verdicts.are_wanted:
                break
            verdicts.ask()
        self.settle()

    def edit_back(self, author: str, verdicts: Verdicts, *, is_redo: bool) -> None:
        """Undo or redo a page's step, as `apply_edit` does an edit of its."""
        verdicts.is_for_page = True
        with self.held():
            self._on_trial(verdicts, lambda: self._go_back(author, verdicts, is_redo=is_redo))

    def _go_back(self, author: str, verdicts: Verdicts, *, is_redo: bool) -> None:
        self.catch_up()
        way = self.history.plan(author, is_redo=is_redo)
        operations = verdicts.to_go_back([step.operation for step in way.steps])
        if verdicts.is_for_page:
            demand_rights(self, operations)
        is_done = False
        self.history.go(way)
        try:
            admit(self, operations, verdicts)
            is_done = not verdicts.are_wanted
        finally:
            self.history.arrive(way, is_done=is_done)

    # -- batches

    def begin_batch(self, batch: Batch) -> None:
        """Hold back what listeners and pages are told, until `end_batch`."""
        steps = self._history.bookmark() if self._history is not None else {}
        section = Section(batch, self.authority.bookmark(), self.teller.heard, steps)
        section.lengths = {other: len(known.changes) for other, known in self.sections.items()}
        self.sections[batch] = section
        self.authority.hold(batch)
        self.is_recording = self._is_marking = True

    def end_batch(self, batch: Batch) -> None:
        """Tell what a batch did, in one patch, and answer the pages that waited for it."""
        self._refresh_awaited(self.computations)
        with self.held():
            self.catch_up()
            if (
                self.sections.pop(batch, None) is not None
                and batch.outer is None
                and self._history is not None
            ):
                self._history.close(PYTHON, batch)
            self._batch = None
            waiting = self.authority.release(batch)
            self.teller.end_batch()
        try:
            self.teller.tell_listeners()
        finally:
            for answer in waiting:
                answer()
            self.authority.notify()
            awaiting, self._awaiting = self._awaiting, None
            wake(list(awaiting or ()))

    def prepare_return(self, batch: Batch) -> bool:
        """Make ready for taking back what a batch did, and say whether others changed this meanwhile."""
        self.catch_up()
        section = self.sections[batch]
        section.values = {name: self.values.get(name, ABSENT) for name in section.own_members()}
        return section.is_shared

    def carry_back(self, batch: Batch) -> None:
        """Take back what a batch did, by operations that leave alone what others did meanwhile."""
        from syncstate.reversal import reversal

        steps, _ = reversal(self.sections[batch].entries_here(), bool, is_strict=False)
        for step in steps:
            try:
                self._step_back(step.operation)
            except Exception:  # the others are to be taken back all the same
                _logger.exception("Cannot take back what was done to %r", step.operation["path"])

    def _step_back(self, operation: Operation) -> None:
        """Do one operation of the way back, of which observers hear at its end."""
        below = inside(self, [operation]) if self.has_roots else None
        with self.teller.batching(), self.judged():  # what was there may be there
            if below is not None:
                document, (within,), _ = below
                document._step_back(within)
                return
            name, *deeper = parse(operation["path"])
            if deeper:
                perform(self.values, operation)
            else:
                self.assign(name, self.decode(name, operation["value"]))

    def finish_return(self, batch: Batch, *, is_carried: bool) -> None:
        """Forget what a batch did, as nothing is left of it."""
        section = self.sections.pop(batch)
        self.revoke_all()
        self.touch(section.values)  # what was computed inside is out of date
        if not is_carried:
            self.marks = {}
            self.teller.forget_since(section.heard)
            self.authority.return_to(section.bookmark)
            if self._history is not None:
                self._history.return_to(section.steps)
            for other, kept in self.sections.items():
                kept.forget_since(section.lengths.get(other, 0))
        for name, within in section.values.items() if not batch.is_unheard else ():
            now = self.values.get(name, ABSENT)
            old, new = (ABSENT, ABSENT) if within is now else (within, now)
            self.teller.add_return(Notice(name, section.way_back(name), old, new))

    def tell_return(self, batch: Batch) -> None:
        """Tell observers what a batch had told them, the other way round."""
        self.teller.tell_returns()
        self._wake_readers()

    # -- members that are computed

    def _admit_computeds(self) -> None:
        known = self.computations
        for trait in computed_traits(self.members):
            name = str(trait.name)
            if name not in known or known[name].trait is not trait:
                known[name] = Computation(self, trait)
        self.sealed = known

    def is_held(self, *, is_look: bool) -> bool:
        """Whether a batch is open here: one of others or, for pages, any."""
        authority = self.authority
        return authority.is_held and (is_look or authority.is_held_by_others(current_batch.get()))

    def await_end(self, reader: Reader) -> None:
        """Wake what is computed from here, once no batch is open."""
        with self.held():
            if self._awaiting is None:
                self._awaiting = WeakSet()
            self._awaiting.add(reader)
        if not self.authority.is_held:  # it ended just now
            wake([reader])

    def refresh(self, *, is_look: bool = False) -> None:
        """Compute what is out of date; no lock is held.

        Args:
            is_look: For pages, who see nothing of a batch that is open.
        """
        if is_look and self.authority.is_held:
            return
        if self._stale_below:
            below, self._stale_below = self._stale_below, {}
            for document in below:
                document.refresh(is_look=is_look)
        for computation in list(self.computations.values()) if self.computations else ():
            computation.refresh(is_look=is_look)

    def keep(self, name: str, value: Any, claim: Callable[[], bool]) -> bool:
        """Put what was computed in its place, and say whether that is another value.

        Args:
            name: The member's.
            value: What was computed.
            claim: Asked under the lock whether this is still the one to be put there.

        Raises:
            NotSyncable: It has no JSON form.
        """
        values = self.values
        stored = value if type(value) is Failure else self.take(name, value)
        with self.held(), Minding(self):
            if not claim():
                self._arriving.pop(get_ident(), None)
                return False
            old = values.get(name, ABSENT)
            is_known = old is not ABSENT
            if is_known and not self.is_recording and _are_same(name, old, stored):
                self._arriving.pop(get_ident(), None)
                return False
            changes, anew = self._store(values, name, stored)
            operations = [step.operation for step, _ in changes]
            self.enact(changes, anew, [Notice(name, operations, old, values[name])])
            return bool(changes) or not (is_known and self.is_recording)

    def wake(self, names: Iterable[str]) -> None:
        """Have computeds computed for who observes them, at the end of a batch; links look themselves."""
        awaited = [name for name in names if self.teller.is_awaited(name)]
        batch = current_batch.get()
        if awaited and batch is not None and batch.is_open:
            batch.join(self)
        else:
            self._refresh_awaited(awaited)
        self.authority.notify()
        for root in self._above():
            root._stale_below[self] = None
            root.authority.notify()

    def _refresh_awaited(self, names: Iterable[str]) -> None:
        if not self.teller.is_muted:  # else at the end of what traitlets holds
            for name in list(names):
                if self.teller.is_awaited(name):
                    self.computations[name].refresh()

    @contextmanager
    def holding(self, hold: AbstractContextManager[Any]) -> Iterator[Any]:
        """Tell observers of computeds what came out, after traitlets has held notifications."""
        try:
            with hold as held:
                yield held
        finally:
            if not self.teller.is_muted:
                self.teller.tell_postponed()
                self.wake(self.computations)


def _are_same(name: str, old: Any, new: Any) -> bool:
    pointer = join(name)
    return same(encode(old, pointer), encode(new, pointer))
