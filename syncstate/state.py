"""Floor 7. The synced traits of a `HasTraits`, seen as one JSON document.

`seams` brings it every value that comes in (`take`) and every one that is stored (`store`) or taken away
(`forget`). Towards the containers it is their `Root`, towards the authority it is its `Document`.

The lock is the model's. Under it values are stored, described and recorded, and nobody else's code runs: not
an observer, not a validator, not a default. Order: a link's lock, a model's, a batch's, that of what has no
place; never two of a kind (docs/decisions/0008-no-code-of-yours-under-a-lock.md).
"""

from __future__ import annotations

import enum
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from contextvars import ContextVar
from threading import Lock, RLock, get_ident
from typing import TYPE_CHECKING, Any, TypeAlias
from weakref import WeakKeyDictionary, WeakSet

import traitlets

from syncstate.actions import Bound
from syncstate.arrays import Misfit, is_array
from syncstate.authority import PYTHON, Authority, Bookmark
from syncstate.batches import Batch, PageTrial, current_batch, statement
from syncstate.computed import Computation, Computed, computed_traits
from syncstate.diff import Change, add, assigned, diff, invert_changes, prefixed
from syncstate.document import (
    SCALARS,
    Failure,
    Json,
    JsonObject,
    ObjectNode,
    copied,
    kind,
    plain,
    same,
    same_scalar,
)
from syncstate.errors import NotSyncable, NotWritable, PatchError, SyncStateError
from syncstate.fields import ShapeTrait, TableTrait, as_member, decode, encode, shape_of_trait
from syncstate.forms import Unformed
from syncstate.intake import Intake, Unready
from syncstate.journal import Journal
from syncstate.likeness import become, is_alike, untied
from syncstate.marks import described, unmark
from syncstate.nodes import (
    adopt,
    is_tracked,
    let_go,
    node_of,
    nodes_in,
    note_place,
    reshape,
    root_above,
    roots_below,
)
from syncstate.objects import declared, frame_of, is_read_only
from syncstate.operations import perform
from syncstate.patch import Opened, Operation, Step, check, demand_no_range
from syncstate.pointer import escape, head, join, parse
from syncstate.readings import (
    Reader,
    Readers,
    Reading,
    computes,
    demand_no_reading,
    enrol,
    expire,
    open_readings,
)
from syncstate.rebase import members_of
from syncstate.rehearsal import (
    closed,
    fit_inside,
    halve,
    is_text_or_scalar,
    is_that,
    replaced_by,
    replacements,
    scalar_at,
    step_to,
    take_in,
    try_out,
)
from syncstate.roots import NOWHERE, Lease, Marks, Root
from syncstate.seams import is_rebuilt, synced_traits, trait_validate
from syncstate.shapes import Frame, Refusal, Shape, fit, fits, made
from syncstate.tables import NO_PLACE, Columns, is_table, native
from syncstate.tracked import TrackedDict, TrackedList
from syncstate.unions import AnyOf
from syncstate.values import form_all, settled
from syncstate.verdicts import Verdicts

if TYPE_CHECKING:
    from syncstate.history import History

_logger = logging.getLogger(__name__)
Listener = Callable[[list[Change]], None]
_ABSENT: Any = object()
_Exchange: TypeAlias = tuple[Any, Any, Json, str, str]
"""A scalar that takes the place of another one: holder, key, value, pointer, and the member that it is in."""


_making: ContextVar[int] = ContextVar("syncstate-making", default=0)
_MAKING_LIMIT = 20
"""How deep defaults may be made in defaults: below what Python's stack bears."""


class _Notice:
    """What observers of one trait are still to be told, because traitlets does not know of it.

    Attributes:
        old: Absent if a container changed inside: it is old and new.
    """

    __slots__ = ("name", "new", "old", "operations")

    def __init__(
        self, name: str, operations: list[Operation], old: Any = _ABSENT, new: Any = _ABSENT
    ) -> None:
        self.name = name
        self.operations = operations
        self.old = old
        self.new = new


class _Act:
    """One thing that somebody did: listeners hear of it at once."""

    __slots__ = ("changes", "notices")

    def __init__(self, changes: list[Change], notices: list[_Notice]) -> None:
        self.changes = changes
        self.notices = notices

    @property
    def operations(self) -> list[Operation]:
        return [step.operation for step, _ in self.changes]


_NOBODY: tuple[str, object] = (PYTHON, None)

# Who made a change, to an open batch: the batch did, or it did so in a document below, or somebody else did.
_OWN, _BELOW, _OTHER = True, None, False


class _Section:
    """What has happened to a document since a batch first changed it.

    Attributes:
        changes: In order, each with who made it.
        values: Of members that the batch changed, what was there when the way back began.
    """

    __slots__ = ("bookmark", "changes", "heard", "history", "is_shared", "lengths", "values")

    def __init__(self, bookmark: Bookmark, heard: int, lengths: dict[Batch, int]) -> None:
        self.bookmark = bookmark
        self.heard = heard  # what listeners were still to be told when it began
        self.lengths = lengths  # how much had happened by then in the other open batches
        self.changes: list[tuple[Change, bool | None]] = []
        self.is_shared = False  # others have changed something
        self.values: dict[str, Any] = {}
        self.history: dict[str, tuple[int, int]] = {}

    def add(self, changes: list[Change], author: bool | None) -> None:
        self.changes += [(change, author) for change in changes]
        self.is_shared |= author is _OTHER

    def own_changes(self) -> list[Change]:
        return [change for change, author in self.changes if author is not _OTHER]


class _Minding:
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


class TraitDocument(Root):
    """The document that a model's synced traits make up.

    Args:
        model: Whose traits they are.
        key: The model's name on the wire.

    Attributes:
        members: The synced traits by name, in the order in which they were declared.
    """

    def __init__(self, model: traitlets.HasTraits, key: str) -> None:
        super().__init__()
        self.is_recording = False
        self.model = self.owner = model
        self.members = synced_traits(type(model))
        self.authority = Authority(self, key, self.lock)
        self.listeners: list[Listener] = []
        self._is_watched = False  # the authority is in use: every change must reach it
        self._is_marking = False  # it is of use to take note of scalars, here or above
        self._reached: list[Root] = []  # those above, which are to settle what came from here
        self._acts: list[_Act] = []
        self._collected: list[_Act] | None = None  # the acts of the patch that is being applied, lock held
        self._batch: Batch | None = None  # whose change was the last one, if it was in an open batch
        self._sections: dict[Batch, _Section] = {}
        self._history: History | None = None
        self._has_statements = False  # each of Python's is a step
        self._editor: tuple[str, object] = _NOBODY  # the page whose edit is being applied, and its step
        self._rules: dict[str, frozenset[str]] = {}
        self._returns: list[_Notice] = []  # what observers are to be told of the way back
        self._batched: list[Change] = []
        self._untold: list[list[Change]] = []  # what listeners are still to be told, in order
        self._telling = Lock()
        self._hold: Any = None  # what traitlets holds notifications with
        self._held: dict[str, list[Operation]] = {}  # and what changed inside members meanwhile
        self._arriving: dict[int, tuple[str, Any, Any, Intake]] = {}  # what each thread is about to store
        self._hanging: dict[str, Any] = {}  # the containers that hang here, by member
        self._leases: dict[str, Lease] = {}
        self._paused: set[str] = set()  # whose leases wait for a change, of which a computed is to hear
        self._is_told = False  # links know of the marks
        self.readers: Readers = {}
        self.computations: dict[str, Computation] = {}
        self._stale_below: dict[TraitDocument, None] = {}  # those below with something to compute again
        self._stale: list[Reader] = []  # what others, or this, computed from what has changed
        self._awaiting: WeakSet[Reader] | None = None  # what cannot be computed before a batch has ended here
        self._postponed: list[_Notice] = []  # of computeds, while traitlets holds notifications
        self._admit_computeds()
        self._has_news = False  # something was recorded that only links are to hear of

    @property
    def read_only(self) -> Sequence[str]:
        """The names of the members that no page may write."""
        return [name for name, trait in self.members.items() if is_read_only(trait)]

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

    def action(self, name: str) -> Bound | None:
        """Return a method that pages may call, bound to its model.

        Args:
            name: Its name; or a pointer, that of a model in this one and then the name.

        Raises:
            PointerError: It begins with `/` and is no pointer.
        """
        *place, last = parse(name) if name.startswith("/") else (name,)
        with self.held():
            model = self._model_at(join(*place)) if place else self.model
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
            self.model._trait_values.setdefault(name, None)

    # -- the document, read

    def view(self) -> JsonObject:
        """Return the document; its containers are the model's own."""
        return {name: encode(self._stored(name), join(name)) for name in self.members}

    def _stored(self, name: str) -> Any:
        """Return a member's value; of a table the columns, for to ask for it is to be given another one."""
        value = self.model._trait_values.get(name)
        is_as_stored = name in self.computations or isinstance(value, Columns)
        return value if is_as_stored else getattr(self.model, name)

    def snapshot(self) -> JsonObject:
        """Return a deep copy of the document, made of plain containers."""
        if not self._is_watched:
            self.make_defaults()
        with self.held():
            return {name: plain(member) for name, member in self.view().items()}

    # -- the seam of validation: a value comes in

    def take(self, name: str, value: Any) -> Any:
        """Return a trait's value as it will be stored: containers wrapped, and nothing without a JSON form.

        Raises:
            NotSyncable: It has none.
        """
        current = self.model._trait_values.get(name)
        if value is current and is_tracked(value):
            return value
        if isinstance(value, Columns):
            return value
        if is_table(value):
            return self._take_table(name, value, current)
        return settled(lambda: self._take(name, value), value)

    def _take(self, name: str, value: Any) -> Any:
        is_declared = not isinstance(value, enum.Enum) or shape_of_trait(self.members[name]) is not None
        wire = encode(value, join(name)) if is_declared else value
        intake = Intake(self, [self._hanging.get(name)], self)
        taken = intake.take_table(wire, self._hanging.get(name))
        if taken is None:
            taken = intake.take(wire, name)
        stored = taken if wire is value else _filled(value, taken)
        if is_tracked(taken):
            self._arriving[get_ident()] = (name, stored, taken, intake)
        if intake.roots and name in self.computations:
            why = "there is a model in what was computed; return its sync.snapshot()"
            raise NotSyncable(join(name), value, why)
        for root in intake.roots:
            if not root.is_ready or root.lock is not self.lock:
                root.get_ready(self)
        return stored

    def _take_table(self, name: str, table: Any, current: Any) -> Columns:
        if not isinstance(self.members[name], (TableTrait, Computed)):
            raise NotSyncable(join(name), table, NO_PLACE)
        from syncstate.libraries import columns_of  # with numpy: few models have tables

        try:
            return columns_of(table, current if isinstance(current, Columns) else None)
        except Misfit as misfit:
            raise NotSyncable(join(name), table, str(misfit)) from None

    # -- the seam of storage: a value is there

    def store_scalar(self, values: dict[str, Any], name: str, value: Any) -> bool:
        """Put a scalar in the place of another one, if no listener wants to hear of it.

        The fast way, as in TrackedDict.__setitem__: 3 us for 13.

        Returns:
            Whether it was put there.
        """
        with (lock := self.lock):
            old = values.get(name, _ABSENT)
            is_put = (
                type(old) in SCALARS
                and not self.listeners
                and not self.has_rules
                and name in self.members
                and name not in self.readers
                and (self._parent is None or self._is_quiet_above())
                and lock is self.lock
            )
            if is_put:
                is_other = (old != value or not same_scalar(old, value)) and (
                    value == value or old == old  # not NaN for NaN
                )
                is_news = self.mark(self, name, old) if is_other else self.pass_over(self, name, old)
                dict.__setitem__(values, name, value)
        if is_put and is_news:
            self.notify()
        return is_put

    def store(self, values: dict[str, Any], name: str, value: Any) -> None:
        """Put a trait's value where traitlets keeps it, and record what that changed."""
        if self.has_rules and (statement := self.statement()) is not None:
            with statement:
                self.store(values, name, value)
            return
        while True:
            try:
                with self.held(), self._minding_interrupts():
                    self._record(*self._store(values, name, value))
                break
            except Unready as unready:
                unready.get_ready(self)
        self.settle()

    def store_local(self, name: str) -> None:
        """Take note that a trait was set that pages do not see: what was computed from it is out of date."""
        if name in self.readers:
            with self.held():
                self.touch([name])
            self.settle()

    def _store(self, values: dict[str, Any], name: str, value: Any) -> tuple[list[Change], list[Step]]:
        with self.held(), self._minding_interrupts():
            old = values.get(name, _ABSENT)
            if self.marks:
                self.catch_up()
            arrived, stored, taken, intake = self._arriving.get(get_ident(), (None, None, None, None))
            if intake is None or arrived != name or stored is not value:
                done = self._put(values, name, value)
            else:
                intake.look_again([self._hanging.get(name)])
                intake.demand_ready(self)
                with NOWHERE.lock:
                    if not intake.is_current():
                        former, taken = taken, intake.take(taken, name)
                        value = taken if value is former else _filled(value, taken)
                    done = self._put(values, name, value, intake, taken)
            self._arriving.pop(get_ident(), None)
            if done[0] or not (self.is_recording or _are_one(old, value)):
                self.touch([name])
            return done

    def _minding_interrupts(self) -> _Minding:
        return _Minding(self)

    def _put(
        self, values: dict[str, Any], name: str, value: Any, intake: Intake | None = None, taken: Any = None
    ) -> tuple[list[Change], list[Step]]:
        journal = self.enter()
        old = values.get(name, _ABSENT)
        changes, anew = self._compare(name, old, value)
        if is_tracked(old) and is_tracked(value) and _is_kept(old, value, is_same=not changes):
            return [], []  # what the user holds stays attached
        if journal is not None and (old is not _ABSENT or name not in self.computations):
            journal.note(self._restore, values, name, old, self._hanging.get(name))
        if intake is not None:
            if intake.place([(name, taken)], journal):
                self.revoke(name)
            self._hanging[name] = taken
        else:
            self._unhang(name, journal)
        dict.__setitem__(values, name, value)
        return changes, anew

    def forget(self, values: dict[str, Any], name: str) -> Any:
        """Take a value away, as a rollback of traitlets does: the default is in its place again."""
        with self.held(), self._minding_interrupts():
            journal = self.enter()
            self.catch_up()
            if journal is not None:
                journal.note(self._restore, values, name, values[name], self._hanging.get(name))
            old = dict.pop(values, name)
            self._unhang(name, journal)
            self.touch([name])
        if self.is_recording:
            getattr(self.model, name)  # the default; a person's code may make it: without the lock
            with self.held():
                self._record(*self._compare(name, old, values[name]))
        self.settle()
        return old

    def _unhang(self, name: str, journal: Journal | None) -> None:
        """Let go of what hung here: it reports no longer."""
        former = node_of(self._hanging.pop(name, None))
        if former is not None and former._parent is self:
            note_place(former, journal)
            let_go(former)
            self.revoke(name)

    def _compare(self, name: str, old: Any, new: Any) -> tuple[list[Change], list[Step]]:
        if not self.is_recording or old is _ABSENT:
            return [], []
        pointer = join(name)
        changes = diff(encode(old, pointer), encode(new, pointer), pointer)
        is_whole = len(changes) == 1 and changes[0][0].operation["path"] == pointer
        is_value = is_whole or is_array(new) or isinstance(new, Columns)  # nothing in it is meant by an edit
        return changes, [assigned(pointer, in_list=False)] if changes and not is_value else []

    # -- the root of the containers

    def pointer_to(self, key: Any) -> str:
        """Return the pointer of a member."""
        return join(key)

    def shape_of(self, key: str) -> Shape | None:
        """Return what may stand in a member, as far as more than its trait is to know it."""
        trait = self.members.get(key)
        if trait is None:
            return None
        shape = shape_of_trait(trait)
        return shape if isinstance(trait, ShapeTrait) or isinstance(shape, (Frame, AnyOf)) else None

    def lease(self, key: str) -> Lease:
        """Return the lease for a member; it has none while its observers want to be told."""
        if key in self.readers:  # they want to be told of the next change
            return Lease(None)
        found = self._leases.get(key)
        if found is None:
            is_quiet = self._is_quiet(key) and (self._parent is None or self._is_quiet_above())
            found = self._leases[key] = Lease(self if is_quiet else None)
        return found

    def _is_quiet_above(self) -> bool:
        """Whether nobody above wants to be told of each change here; the lock is held."""
        if self._lease.root is None:
            above = root_above(self)
            if above is not None:
                root, key, _ = above
                lease = root.lease(key)
                if lease is not self._lease:
                    lease.follow(self)
                self._lease = lease
        return self._lease.root is not None

    def _is_quiet(self, name: str) -> bool:
        return name not in self.computations and not self.has_rules and not self._is_awaited(name)

    def _is_awaited(self, name: str) -> bool:
        """Whether somebody wants to be told of each change of a member."""
        notifiers = self.model._trait_notifiers
        return bool(
            self.listeners
            or any(
                callbacks for key in (name, traitlets.All) for callbacks in notifiers.get(key, {}).values()
            )
            or type(self.model).notify_change is not traitlets.HasTraits.notify_change
            or hasattr(self.model, f"_{name}_changed")
        )

    def revoke(self, key: str) -> None:
        """End the lease for a member."""
        lease = self._leases.pop(key, None)
        self._paused.discard(key)
        if lease is not None:
            lease.end()

    def revoke_all(self) -> None:
        """End all leases; the lock is held."""
        for name in list(self._leases):
            self.revoke(name)

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
                    batch.join(root)

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
                journal.note(self._unmark if node is self else unmark, node, {key: old})
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
        values = self.model._trait_values
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
        if above is not None and isinstance(above[0], TraitDocument):
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
                    self._batch.journal.note(self._unmark if node is self else unmark, node, keys)
        return marks

    def _unmark(self, _: Any, keys: Marks) -> None:
        dict.update(self.model._trait_values, keys)

    def _restore(self, values: dict[str, Any], name: str, old: Any, hanging: Any) -> None:
        """Put back what a member was, and what hung there."""
        self.revoke(name)
        if hanging is None:
            self._hanging.pop(name, None)
        else:
            self._hanging[name] = hanging
        if old is _ABSENT:
            dict.pop(values, name, None)
        else:
            dict.__setitem__(values, name, old)

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
        section = self._sections.get(batch)
        if not self._rules or section is None:
            return
        with self.held():
            self.catch_up()
            names = {name for step, _ in section.own_changes() for name in members_of(step.operation)}
        for rule, members in self._rules.items():
            if not members.isdisjoint(names):
                getattr(self.model, rule)()

    def statement(self) -> AbstractContextManager[None] | None:
        """Return in what a statement is to be done, if it is not already."""
        return statement()

    def _on_trial(self, verdicts: Verdicts) -> AbstractContextManager[bool]:
        """Let rules be asked about a page's edit before it counts; give whether it was applied by now."""
        is_tried = self.has_rules or verdicts.trial is not None
        return self._tried(verdicts) if is_tried else nullcontext(enter_result=False)

    @contextmanager
    def _tried(self, verdicts: Verdicts) -> Iterator[bool]:
        trial: Any = verdicts.trial
        if trial is not None and trial.is_applied:
            trial.conclude()
            yield True
        elif not self.has_rules:
            yield False
        else:
            if trial is None:
                trial = verdicts.trial = PageTrial()
            with trial.applying():
                yield False
                self.catch_up()
            if not verdicts.are_wanted:
                trial.is_applied = trial.is_wanted = True

    # -- who did what

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
            step = object() if self._collected is None else self._collected
            is_closed = True
        if step is not None or self._history is not None:
            self.history.note(changes, author, step)
            if is_closed:
                self.history.close(author, step)

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
        with self.held(), self._on_trial(verdicts) as is_applied:
            if not is_applied:
                self._go_back(author, verdicts, is_redo=is_redo)

    def _go_back(self, author: str, verdicts: Verdicts, *, is_redo: bool) -> None:
        self.catch_up()
        way = self.history.plan(author, is_redo=is_redo)
        operations = verdicts.to_go_back([step.operation for step in way.steps])
        if verdicts.is_for_page:
            self._demand_rights(operations)
        is_done = False
        self.history.go(way)
        try:
            self._apply(operations, verdicts)
            is_done = not verdicts.are_wanted
        finally:
            self.history.arrive(way, is_done=is_done)

    def _follow(self, changes: list[Change], author: Batch | None, *, is_below: bool = False) -> None:
        """Let the batches that are open know what happens."""
        if not changes:
            return
        self._take_down(changes, author)
        for batch, section in self._sections.items():
            is_own = author is not None and author.is_in(batch)
            section.add(changes, _BELOW if is_own and is_below else _OWN if is_own else _OTHER)

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

    def interrupt(self) -> None:
        """Take note that an interrupt came in the middle of a change: nobody knows how much of it is told."""
        self._forget_marks()
        self.revoke_all()
        self.touch(list(self.readers))
        adopt(self, self._hanging.items())
        self.authority.restart_log()
        above = root_above(self) if self._parent is not None else None
        if above is not None:
            above[0].interrupt()

    def _forget_marks(self) -> None:
        marks, self.marks = self.marks, {}
        for node, _ in marks.values():
            if isinstance(node, TraitDocument) and node is not self:
                node._forget_marks()
                node.authority.restart_log()

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
        self._enact(changes, assigned, [_Notice(name, operations) for name in inside], is_below=is_below)

    def _enact(
        self,
        changes: list[Change],
        assigned: list[Step],
        notices: list[_Notice],
        *,
        is_below: bool = False,
    ) -> None:
        if not changes:
            return
        self.enter()
        self._follow(changes, self._batch, is_below=is_below)
        if self._is_watched:
            self.authority.record([step for step, _ in changes], assigned)
        if self._parent is not None:
            self._report_above(changes, assigned)
        acts = self._acts if self._collected is None else self._collected
        is_quiet = acts is self._acts and not self.listeners
        if is_quiet and None not in [self.lease(notice.name).root for notice in notices]:
            self._has_news = True  # for links alone
            return
        acts.append(_Act(changes, notices))

    def settle(self) -> None:
        """Tell observers and listeners what happened, and the links that something did."""
        if not self._acts and not self._reached:
            if self._has_news:
                self._has_news = False  # before: what others record from now on sets it again
                self.notify()
            if self._stale:
                self._wake_readers()
            return
        try:
            while (act := self._next_act()) is not None:
                self._tell_listeners()
                for notice in act.notices:
                    self._tell_observers(notice)
        finally:  # whatever an observer raised: pages hear of what happened
            self.authority.notify()
            while self._reached:
                self._reached.pop().settle()
            if self._stale:
                self._wake_readers()

    def _next_act(self) -> _Act | None:
        with self.held():
            if not self._acts:
                return None
            act = self._acts.pop(0)
            if self.authority.is_held or self._batched:
                self._batched += act.changes
            else:
                self._untold.append(act.changes)
            return act

    def begin_batch(self, batch: Batch) -> None:
        """Hold back what listeners and pages are told, until `end_batch`."""
        lengths = {other: len(section.changes) for other, section in self._sections.items()}
        section = _Section(self.authority.bookmark(), len(self._batched), lengths)
        section.history = self._history.bookmark() if self._history is not None else {}
        self._sections[batch] = section
        self.authority.hold(batch)
        self.is_recording = self._is_marking = True

    def end_batch(self, batch: Batch) -> None:
        """Tell what a batch did, in one patch, and answer the pages that waited for it."""
        self._refresh_awaited(self.computations)
        with self.held():
            self.catch_up()
            if (
                self._sections.pop(batch, None) is not None
                and batch.outer is None
                and self._history is not None
            ):
                self._history.close(PYTHON, batch)
            self._batch = None
            waiting = self.authority.release(batch)
            if self._batched and not self.authority.is_held:
                self._untold.append(self._batched)
                self._batched = []
        try:
            self._tell_listeners()
        finally:
            for answer in waiting:
                answer()
            self.authority.notify()
            awaiting, self._awaiting = self._awaiting, None
            _wake(list(awaiting or ()))

    def prepare_return(self, batch: Batch) -> bool:
        """Make ready for taking back what a batch did, and say whether others changed this meanwhile."""
        self.catch_up()
        section = self._sections[batch]
        values = self.model._trait_values
        names = {name for (step, _) in section.own_changes() for name in members_of(step.operation)}
        section.values = {name: values.get(name, _ABSENT) for name in names if name is not None}
        return section.is_shared

    def carry_back(self, batch: Batch) -> None:
        """Take back what a batch did, by operations that leave alone what others did meanwhile."""
        from syncstate.reversal import reversal

        here = [entry for entry in self._sections[batch].changes if entry[1] is not _BELOW]
        steps, _ = reversal(here, bool, is_strict=False)
        for step in steps:
            try:
                self._step_back(step.operation)
            except Exception:  # the others are to be taken back all the same
                _logger.exception("Cannot take back what was done to %r", step.operation["path"])

    def _step_back(self, operation: Operation) -> None:
        """Do one operation of the way back, of which observers hear at its end."""
        inside = self._inside([operation]) if self.has_roots else None
        self._collected = []
        self.is_judged = True  # what was there may be there
        try:
            if inside is not None:
                document, within, _ = inside
                document._step_back(*within)
                return
            name, *deeper = parse(operation["path"])
            if deeper:
                perform(self.model._trait_values, operation)
            else:
                values = self.model._trait_values
                value = self.take(name, self.decode(name, operation["value"]))
                self._record(*self._store(values, name, value))
        finally:
            self.is_judged = False
            acts, self._collected = self._collected, None
            self._batched += [change for act in acts for change in act.changes]

    def finish_return(self, batch: Batch, *, is_carried: bool) -> None:
        """Forget what a batch did, as nothing is left of it."""
        section = self._sections.pop(batch)
        own = section.own_changes()
        self.revoke_all()
        self.touch(section.values)  # what was computed inside is out of date
        if not is_carried:
            self.marks = {}
            self._acts = []
            self.authority.return_to(section.bookmark)
            if self._history is not None:
                self._history.return_to(section.history)
            del self._batched[section.heard :]
            for other, kept in self._sections.items():
                del kept.changes[section.lengths.get(other, 0) :]
        values = self.model._trait_values
        for name, inside in section.values.items() if not batch.is_unheard else ():
            back = invert_changes([change for change in own if name in members_of(change[0].operation)])
            is_same = inside is values.get(name, _ABSENT)
            old, new = (_ABSENT, _ABSENT) if is_same else (inside, values.get(name, _ABSENT))
            self._returns.append(_Notice(name, back, old, new))

    def tell_return(self, batch: Batch) -> None:
        """Tell observers what a batch had told them, the other way round."""
        with self.held():
            returns, self._returns = self._returns, []
        for notice in returns:
            try:
                self._tell_observers(notice)
            except Exception:  # the reason for the way back is what counts
                _logger.exception("Cannot tell an observer that %r is what it was", notice.name)
        self._wake_readers()

    def _tell_listeners(self) -> None:
        """Tell listeners what they have not heard, in order; what one of them changes comes afterwards."""
        while self._untold and self._telling.acquire(blocking=False):
            try:
                while self._untold:
                    changes = self._untold.pop(0)
                    with ExitStack() as stack:  # each is told, whatever another one raises
                        for listener in reversed(self.listeners):
                            stack.callback(listener, changes)
            finally:
                self._telling.release()

    def _tell_observers(self, notice: _Notice) -> None:
        if notice.name in self.computations and "notify_change" in vars(self.model):
            self._postponed.append(notice)  # traitlets would assign at the end what it held back
            return
        value = self.model._trait_values.get(notice.name)
        change = traitlets.Bunch(
            name=notice.name,
            old=native(value if notice.old is _ABSENT else notice.old),
            new=native(value if notice.new is _ABSENT else notice.new),
            owner=self.model,
            type="change",
            patch=self._patch_of(notice),
        )
        self.model.notify_change(change)

    def _patch_of(self, notice: _Notice) -> list[Operation]:
        hold = vars(self.model).get("notify_change")
        if hold is None:
            return notice.operations
        # traitlets holds back the first change of a name and drops the later ones: their operations join it
        if hold is not self._hold:
            self._hold, self._held = hold, {}
        patch = self._held.setdefault(notice.name, [])
        patch += notice.operations
        return patch

    # -- patches that come in

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
                self._apply(operations, verdicts)
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
        with self.held(), self._on_trial(verdicts) as is_applied:
            if not is_applied:
                self._apply_for(author, operations, verdicts)

    def _apply_for(self, author: str, operations: list[Operation], verdicts: Verdicts) -> None:
        self._demand_rights(operations)
        with self.held():
            self.catch_up()  # what was marked is not the page's
            self._editor = author, step = author, self.history.edit(author, replaced_by(operations))
            try:
                self._apply(operations, verdicts)
            finally:
                self._editor = _NOBODY
            if not verdicts.are_wanted:
                self.history.close(author, step)

    def _demand_rights(self, operations: list[Operation]) -> None:
        read_only = self.read_only
        writable = self.members.keys() - read_only
        for operation in operations:
            path = operation["path"]
            if "from" in operation or head(path) not in writable or ":" in path:
                self._check_right(operation, read_only)

    def _check_right(self, operation: Operation, read_only: Sequence[str]) -> None:
        for part in ("path", "from"):
            if part not in operation:
                continue
            pointer = operation[part]
            name = head(pointer)
            if name is None or name not in self.members:
                raise NotWritable(pointer, f"{type(self.model).__name__} has no such member")
            demand_no_range(self.model._trait_values, pointer)
            is_read = operation["op"] == "test" or (operation["op"] == "copy" and part == "from")
            if name in read_only and not is_read:
                raise NotWritable(pointer, f"{name!r} is read-only for pages")

    def _apply(self, operations: list[Operation], verdicts: Verdicts) -> None:
        try:
            self._apply_formed(operations, verdicts)
        except Unformed as missing:  # nothing has happened yet
            values = [missing.value, *[operation.get("value") for operation in operations]]
            verdicts.defer(lambda: form_all(*values))

    def _apply_formed(self, operations: list[Operation], verdicts: Verdicts) -> None:
        self.catch_up()
        if self._exchange(operations):
            return
        if self.has_roots:
            operations = self._spread(operations)
            if self._apply_inside(operations, verdicts):
                return
        operations = verdicts.made(operations)
        if verdicts.are_wanted:
            return
        operations = [take_in(operation) for operation in operations]
        operations, settled = self._settled(operations)
        before = self.view()
        after, opened = try_out(before, operations, settled)
        proposed = self._proposed(before, after)
        accepted = {name: verdicts.on(name, value) for name, value in proposed.items()}
        below = [
            (one, one._judged_below(verdicts, part, one.path_below(self)))
            for one, part in _documents_in(opened)
        ]
        if verdicts.are_wanted:
            return
        apart = self._apart(operations, proposed, accepted)
        if apart:
            operations = halve(before, operations, apart)
        self._do(operations, accepted, apart, below)

    def _proposed(self, before: JsonObject, after: Json) -> dict[str, Json]:
        """Return the members that a patch changes, as they are to be, without what it does in models below.

        Raises:
            PatchError: It adds or removes members.
        """
        if not isinstance(after, dict) or after.keys() != before.keys():
            raise PatchError(
                f"Cannot add or remove members of {type(self.model).__name__}: its class says what it has"
            )
        changed = {name: closed(value) for name, value in after.items() if value is not before[name]}
        proposed = {name: value for name, value in changed.items() if not is_that(value, before[name])}
        for name in proposed:
            if name in self.computations:
                raise computes(self.model, name)
        return proposed

    def _judged_below(self, verdicts: Verdicts, part: Opened, place: str) -> dict[str, Any]:
        """Return what validators make of the part of a patch that acts here, below where it began."""
        with _named(place):
            proposed = self._proposed(self.view(), part)
            for name in {*self.read_only} & proposed.keys() if verdicts.is_for_page else ():
                raise NotWritable(join(name), f"{name!r} is read-only for pages")
            mine = verdicts.of(self)
            return {name: mine.on(name, value) for name, value in proposed.items()}

    def _apply_inside(self, operations: list[Operation], verdicts: Verdicts) -> bool:
        """Let a document below do a patch that acts in it alone, and return whether that is so."""
        inside = self._inside(operations)
        if inside is None:
            return not operations
        document, within, prefix = inside
        with _named(prefix):
            if verdicts.is_for_page:
                document._demand_rights(within)
            document._apply(within, verdicts.of(document))
        self._reached.append(document)
        return True

    def _spread(self, operations: list[Operation]) -> list[Operation]:
        """Return operations of which none replaces a model: it is changed instead, for those who hold it."""
        spread: list[Operation] = []
        for position, operation in enumerate(operations):
            if operation["op"] == "copy":
                self._demand_no_model(operation)
            value = operation.get("value")
            is_as_now = all(other["op"] in ("replace", "test") for other in operations[:position])
            if operation["op"] == "replace" and isinstance(value, dict) and is_as_now:
                model = self._model_at(operation["path"])
                if model is not None:
                    spread += replacements(operation["path"], model._synced_members(), value)
                    continue
            spread.append(operation)
        return spread

    def _demand_no_model(self, operation: Operation) -> None:
        """Refuse to copy a model, whose class must make another one.

        Raises:
            PatchError: One is there, or below.
        """
        value: Any = self.model._trait_values
        for token in parse(operation["from"]):
            value = step_to(value, token)
        if any(isinstance(node, Root) for node in nodes_in(value)):
            source = operation["from"]
            raise PatchError(
                f"Cannot copy {source!r}: a model is there; add an object of its members instead",
                operation=operation,
                pointer=source,
            )

    def _model_at(self, pointer: str) -> ObjectNode | None:
        """Return the model that stands at a location and is of the class that is declared there."""
        here: Any = self.model._trait_values
        for token in parse(pointer):
            here = step_to(here, token)
        shape = declared(self.members, pointer) if isinstance(node_of(here), Root) else None
        return here if shape is not None and shape.makes and fits(shape, here) else None

    def makes(self, operation: Operation) -> bool:
        """Whether an operation's value stands for objects of a person's own classes."""
        shape = declared(self.members, operation["path"])
        return shape is not None and shape.makes

    def make(self, operation: Operation, *, is_from_page: bool) -> Any:
        """Return an operation's value with these objects; no lock is held."""
        try:
            shape = declared(self.members, operation["path"])
            value = made(shape, operation.get("value"), is_from_page=is_from_page)
        except Refusal as refusal:
            raise refusal.at(operation["path"]) from refusal.__cause__
        for root in _roots_in(value):
            root.get_ready(self)
        return value

    def _inside(self, operations: list[Operation]) -> tuple[TraitDocument, list[Operation], str] | None:
        """Return the document below in which all of a patch acts, if there is one.

        Returns:
            It, the patch as it reads there, and where it stands.
        """
        within: list[Operation] = []
        found: TraitDocument | None = None
        for operation in operations:
            for part in ("path", "from"):
                pointer: Any = operation.get(part)
                if pointer is None:
                    continue
                document, rest = self._document_at(pointer)
                if document is None or not rest or found not in (None, document):
                    return None
                found = document
                operation = {**operation, part: rest}  # type: ignore[misc] # it is one still
            within.append(operation)
        if found is None:
            return None
        path = operations[0]["path"]
        return found, within, path[: len(path) - len(within[0]["path"])]

    def _document_at(self, pointer: str) -> tuple[TraitDocument | None, str]:
        """Return the topmost document below that holds a location, and the pointer there."""
        here: Any = self.model._trait_values
        tokens = parse(pointer)
        for depth, token in enumerate(tokens):
            root = node_of(here)
            if isinstance(root, TraitDocument):
                return root, join(*tokens[depth:])
            here = step_to(here, token)
        return None, ""

    def _do(
        self,
        operations: list[Operation],
        accepted: dict[str, Any],
        apart: Collection[str] = (),
        below: Sequence[tuple[TraitDocument, dict[str, Any]]] = (),
    ) -> None:
        """Do what is known to apply, and make members what was accepted for them whole."""
        with ExitStack() as stack:
            for document in dict.fromkeys(
                one for top in (self, *map(_first, below)) for one in top.lineage()
            ):
                stack.enter_context(document._collecting())
            stack.enter_context(self._minding_interrupts())
            stack.enter_context(self._judged())
            for document, _ in below:
                stack.enter_context(document._judged())
                self._reached.append(document)
            known = {self: accepted, **dict(below)}
            for operation in operations:
                self._run(operation, known)
            self._finish(accepted, apart)
            for document, theirs in below:
                document._finish(theirs, [name for name in theirs if not document._has(name, theirs[name])])

    def _finish(self, accepted: dict[str, Any], apart: Collection[str]) -> None:
        values = self.model._trait_values
        rest = {name: untied(accepted[name], values[name]) for name in accepted if name in apart}
        for name, value in rest.items():
            self._reconcile(name, value)
        for name in accepted:
            self._reshape(name)

    def _has(self, name: str, value: Any) -> bool:
        return same(encode(self.model._trait_values[name], ""), encode(value, ""))

    def path_below(self, document: TraitDocument) -> str:
        """Return where this stands in a document above, as long as it does."""
        path, one = "", self
        while one is not document and (above := root_above(one)) is not None:
            root, _, place = above
            if not isinstance(root, TraitDocument):
                break
            path, one = place + path, root
        return path

    def lineage(self) -> list[TraitDocument]:
        """Return this document and those above."""
        return [self, *self._above()]

    @contextmanager
    def _judged(self) -> Iterator[None]:
        """Let what is done meanwhile count as judged."""
        self.is_judged = True
        try:
            yield
        finally:
            self.is_judged = False

    @contextmanager
    def _collecting(self) -> Iterator[None]:
        """Let all that is done meanwhile be one act."""
        if self._collected is not None:
            yield
            return
        self._collected = []
        try:
            yield
        finally:
            acts, self._collected = self._collected, None
            if acts:
                self._acts.append(_merged(acts))

    def _reshape(self, name: str) -> None:
        """Give all in a member that was judged as a whole the shapes that it has by now."""
        shape = self.shape_of(name)
        node: Any = self._hanging.get(name)
        if shape is not None and isinstance(node, (TrackedList, TrackedDict)):
            reshape(node, shape.admit(node)[1])

    def _settled(self, operations: list[Operation]) -> tuple[list[Operation], set[str]]:
        """Return operations with their values as they will stand, and the members that need no closer look.

        These are they inside which a patch puts only what may stand at its very locations. The others are
        shown to their traits whole.
        """
        settled: dict[str, bool] = {}
        judged: list[Operation] = []
        for operation in operations:
            path = parse(operation["path"])
            source = parse(operation["from"]) if "from" in operation else path
            if not path or not source:
                return operations, set()  # it is about all members
            if operation["op"] == "test":
                judged.append(operation)
                continue
            is_inside = len(path) > 1 and len(source) > 1 and path[0] == source[0]
            fitting = None
            if is_inside and settled.get(path[0], True) and self._is_piecemeal(path[0]):
                fitting = fit_inside(self.shape_of(path[0]), operation, path[1:], source[1:])
            for name in {path[0], source[0]}:
                settled[name] = fitting is not None
            judged.append(fitting or operation)
        return judged, {name for name, is_so in settled.items() if is_so}

    def _is_piecemeal(self, name: str) -> bool:
        """Whether what happens inside a member concerns nobody but the element traits there."""
        return (
            name in self.members
            and name not in self.computations
            and is_tracked(self.model._trait_values.get(name))
            and not self.is_free(name)
        )

    def _exchange(self, operations: list[Operation]) -> bool:
        """Put scalars in the place of scalars, if a patch does nothing else and no trait objects.

        The fast way: no such operation bears on another one, so each is looked up in the document as it is,
        and done there: an edit of one cell so takes a quarter of the time.

        Returns:
            Whether that was done; if not, nothing was.
        """
        found: list[_Exchange] = []
        are_free: dict[str, bool] = {}
        for operation in operations:
            if operation["op"] != "replace" or not is_text_or_scalar(operation["value"]):
                return False
            exchange = self._find_exchange(operation["path"], operation["value"], are_free)
            if exchange is None:
                return False
            found.append(exchange)
        with self._minding_interrupts():
            self._make_exchanges(found)
        return True

    def _find_exchange(self, path: str, value: Json, are_free: dict[str, bool]) -> _Exchange | None:
        """Return what puts a scalar where another one stands, or None if there is more to it.

        Args:
            path: Where it stands.
            value: What shall stand there.
            are_free: What is known by now: whether code of a person's decides about a member.
        """
        tokens = parse(path) or ("",)
        name = tokens[0]
        if name not in are_free:
            are_free[name] = name not in self.members or name in self.computations or self.is_free(name)
        place = None if are_free[name] else scalar_at(self.model._trait_values, tokens)
        if place is None:
            return None
        holder, key = place
        if len(tokens) == 1:
            try:
                value, _ = self.ask(name, value)
            except Exception:  # what it says is said to who asks about the whole patch
                return None
        elif holder._shape is not None:
            value = holder._shape.glance(key, value)
        return (holder, key, value, path, name) if type(value) in SCALARS else None

    def _make_exchanges(self, exchanges: list[_Exchange]) -> None:
        """Put scalars in their places, and record each that is another one."""
        values = self.model._trait_values
        journal = self.enter()
        changes: list[Change] = []
        notices: dict[str, _Notice] = {}
        for holder, key, value, path, name in exchanges:
            old, in_list = holder[key], type(holder) is TrackedList
            if journal is not None:
                restore = self._unmark if holder is values else unmark
                journal.note(restore, holder, {key: old})
            if in_list:
                list.__setitem__(holder, key, value)
            else:
                dict.__setitem__(holder, key, value)
            if same_scalar(old, value):
                continue
            step = Step({"op": "replace", "path": path, "value": value}, in_list)
            changes.append((step, old))
            notice = notices.get(name)
            if notice is None:
                notice = notices[name] = _Notice(name, [], old if holder is values else _ABSENT)
            if holder is values:
                notice.new = value
            notice.operations.append(step.operation)
        self.touch(notices)
        if self.is_recording:
            self._enact(changes, [], list(notices.values()))

    def frame_of(self, cls: type) -> Frame | None:
        """Return what may stand in an instance of a dataclass."""
        return frame_of(cls)

    # -- documents below and above

    @property
    def is_ready(self) -> bool:
        """Whether all defaults are made."""
        values = self.model._trait_values
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

    def share_lock(self, lock: RLock) -> None:
        """Have another lock from now on; the one of now is held."""
        self.authority.lock = lock
        self.lock = lock

    def hanging(self) -> list[Any]:
        """Return the containers and objects that hang here."""
        return [value for value in list(self._hanging.values()) if is_tracked(value)]

    def arrive(self, root: Root) -> None:
        """Take note that this has a place below a root: what is done here is told there."""
        self._batch = None
        self.revoke_all()
        self._learn(root)

    def leave(self) -> None:
        """Take note that this has no place any more."""
        self._lease.part(self)
        self._lease = Lease(None)
        self.revoke_all()

    def _learn(self, root: Root) -> None:
        self.is_recording |= root.is_recording
        self.has_rules |= root.has_rules
        self._is_marking |= getattr(root, "_is_marking", False)
        self._tell_below()

    def _tell_below(self) -> None:
        for root in roots_below(self):
            if isinstance(root, TraitDocument):
                root.is_recording |= self.is_recording
                root.has_rules |= self.has_rules
                root._is_marking |= self._is_marking

    def _above(self) -> list[TraitDocument]:
        """Return the documents above, the nearest first."""
        found: list[TraitDocument] = []
        above = root_above(self) if self._parent is not None else None
        while above is not None and isinstance(above[0], TraitDocument):
            found.append(above[0])
            above = root_above(above[0])
        return found

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
            if root not in self._reached:
                self._reached.append(root)

    def report_from(self, root: Root, changes: list[Change], assigned: list[Step]) -> None:
        """Take what a document below did; it hangs here."""
        if self.is_recording:
            self._record(changes, assigned, inside=(_top_of(root),), is_below=True)

    def _mark_above(self) -> None:
        above = root_above(self)
        if above is not None:
            above[0].mark_from(self)

    def mark_from(self, root: Root) -> None:
        """Take note that a document below has marks."""
        if not self.marks and self._parent is not None:
            self._mark_above()
        self.marks.setdefault(id(root), (root, {}))

    # -- the judge of patches

    def is_free(self, name: str) -> bool:
        """Whether more than traitlets' own code decides about a member."""
        validators = self.model._trait_validators
        if name in validators or hasattr(self.model, f"_{name}_validate"):
            return True
        trait = self.members[name]
        is_custom = _customs.get(trait)
        if is_custom is None:
            is_custom = _customs[trait] = _is_custom(trait)
        return is_custom

    def decode(self, name: str, value: Json) -> Any:
        """Return a value from the wire as a member's trait has it."""
        return decode(self.members[name], value)

    def ask(self, name: str, value: Json) -> tuple[Any, Json]:
        """Return what a trait makes of a proposed value, by its own and by the user's validators."""
        trait = self.members[name]
        try:
            proposed = decode(trait, value)
            accepted = trait_validate(trait)(self.model, proposed)
            if is_rebuilt(proposed, accepted):
                accepted = proposed  # what is in it was looked at when it came in
            accepted = self._fit(name, accepted)
            if self.model._cross_validation_lock:  # somebody holds notifications: no validator was asked
                accepted = trait._cross_validate(self.model, accepted)
            wire = encode(accepted, join(name))
            if self.is_free(name):  # then no lock is held
                form_all(wire)
            if wire is not value:
                Intake(self, [self._hanging.get(name)]).take(wire, name)
        except Exception as error:
            if getattr(error, "pointer", None) is None:
                error.pointer = join(name)  # type: ignore[attr-defined] # the page shows the reason there
            raise
        return accepted, wire

    def _fit(self, name: str, value: Any) -> Any:
        """Return what a trait accepted as its shape has it, with all that is in it."""
        shape = self.shape_of(name)
        if shape is None or not isinstance(self.members[name], ShapeTrait):  # traitlets looks at all in it
            return value
        try:
            wire = encode(value, join(name))
            fitted = fit(shape, wire)
            if fitted is wire:
                return value
            frame = shape.admit(fitted)[1]
        except Refusal as refusal:
            raise refusal.at("", name) from None
        return fitted if frame is None else as_member(frame, fitted)

    def _apart(self, operations: list[Operation], proposed: JsonObject, accepted: dict[str, Any]) -> set[str]:
        """Return the members on whose containers the operations may not run as they are.

        They may if nothing was coerced on the way, and if all of them act inside the member or replace it.
        """
        apart = {name for name in accepted if not same(encode(accepted[name], join(name)), proposed[name])}
        inside: set[str] = set()
        whole: set[str] = set()
        for operation in operations:
            for part in ("path", "from"):
                if operation["op"] == "test" or part not in operation:
                    continue
                name, *rest = parse(operation[part]) or ("",)
                if rest and is_tracked(self.model._trait_values.get(name)):
                    inside.add(name)
                elif not rest and name and operation["op"] in ("add", "replace"):
                    whole.add(name)
                else:
                    apart.add(name)
        return set(accepted) if "" in apart else apart | (inside & whole)

    def _run(self, operation: Operation, known: Mapping[TraitDocument, dict[str, Any]]) -> None:
        if self.has_roots and operation["op"] != "test":
            if (inside := self._inside([operation])) is not None:
                document, (within,), _ = inside
                document._run(within, known)
                return
            if "from" in operation and self._are_apart(operation):
                self._carry(operation, known)
                return
        tokens = parse(operation["path"])
        accepted = known.get(self, {})
        if operation["op"] == "test" or len(tokens) > 1:
            perform(self.model._trait_values, operation)
        elif tokens[0] in accepted:  # else it is what it was
            self._assign(tokens[0], accepted[tokens[0]])

    def _are_apart(self, operation: Operation) -> bool:
        """Whether what an operation takes along comes from one document into another one."""
        source, target = operation["from"], operation["path"]
        return self._document_at(source)[0] is not self._document_at(target)[0]

    def _carry(self, operation: Operation, known: Mapping[TraitDocument, dict[str, Any]]) -> None:
        """Take a value from one document to another one."""
        value: Any = self.model._trait_values
        for token in parse(operation["from"]):
            value = step_to(value, token)
        with NOWHERE.lock:  # nobody else finds it without a place
            if operation["op"] == "move":
                self._run({"op": "remove", "path": operation["from"]}, known)
            else:
                value = copied(value)
            self._run({"op": "add", "path": operation["path"], "value": value}, known)

    def _reconcile(self, name: str, value: Any) -> None:
        """Make a member what its trait accepted, by changing what there is where that can be done."""
        current = self.model._trait_values[name]
        known = len(self._collected or ())
        if is_tracked(current) and isinstance(value, (list, dict)) and kind(current) == kind(value):
            become(current, value)
        elif is_alike(current, value):
            become(current._synced_node, members_of(value))
        else:
            self._assign(name, value)
            return
        if len(self._collected or ()) > known:
            self._note_assigned([assigned(join(name), in_list=False)])

    def _note_assigned(self, steps: list[Step]) -> None:
        """Take note, here and above, that a whole value was assigned anew though less was done."""
        if self._is_watched:
            self.authority.record([], steps)
        above = root_above(self) if self._parent is not None else None
        if above is not None and isinstance(above[0], TraitDocument):
            above[0]._note_assigned([prefixed(step, above[2]) for step in steps])

    def _assign(self, name: str, value: Any) -> None:
        values = self.model._trait_values
        old = values[name]
        known = len(self._collected or ())
        self._record(*self._store(values, name, self.take(name, value)))
        # traitlets tells nobody: it was asked about the whole patch, not to set this
        for act in (self._collected or [])[known:]:
            act.notices.append(_Notice(name, act.operations, old, values[name]))

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

    # -- what is computed from members, and what members are computed

    def _admit_computeds(self) -> None:
        known = self.computations
        for trait in computed_traits(self.members):
            name = str(trait.name)
            if name not in known or known[name].trait is not trait:
                known[name] = Computation(self, trait)
        self.sealed = known

    def enrol(self, name: str, reading: Reading) -> None:
        """Tell a reading when a member changes; what only marks its changes loses its leave to."""
        enrol(self.readers, name, reading)
        with self.held():
            lease = self._leases.get(name)
            if lease is not None and lease.root is not None:
                lease.pause()
                self._paused.add(name)

    def touch(self, names: Iterable[str]) -> None:
        """Take note that members have changed, as has what is computed from them; the lock is held."""
        self._stale += self._expire(names)

    def _expire(self, names: Iterable[str]) -> list[Reader]:
        found = expire(self.readers, names) if self.readers else []
        if self._paused:
            for name in self._paused.intersection(names):
                self._paused.discard(name)
                self._leases[name].resume(self)
        if self._parent is not None:
            above: Any = self
            while isinstance(above._parent, (TrackedList, TrackedDict)):
                above = above._parent
            if isinstance(above._parent, TraitDocument):
                found += above._parent._expire([above._key])
        return found

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
            _wake([reader])

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
        values = self.model._trait_values
        stored = value if type(value) is Failure else self.take(name, value)
        with self.held(), self._minding_interrupts():
            if not claim():
                self._arriving.pop(get_ident(), None)
                return False
            old = values.get(name, _ABSENT)
            is_known = old is not _ABSENT
            if is_known and not self.is_recording and _are_same(name, old, stored):
                self._arriving.pop(get_ident(), None)
                return False
            changes, anew = self._store(values, name, stored)
            operations = [step.operation for step, _ in changes]
            self._enact(changes, anew, [_Notice(name, operations, old, values[name])])
            return bool(changes) or not (is_known and self.is_recording)

    def wake(self, names: Iterable[str]) -> None:
        """Have computeds computed for who observes them, at the end of a batch; links look themselves."""
        awaited = [name for name in names if self._is_awaited(name)]
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
        if "notify_change" not in vars(self.model):  # else at the end of what traitlets holds
            for name in list(names):
                if self._is_awaited(name):
                    self.computations[name].refresh()

    def _wake_readers(self) -> None:
        stale, self._stale = self._stale, []
        _wake(stale)

    @contextmanager
    def holding(self, hold: AbstractContextManager[Any]) -> Iterator[Any]:
        """Tell observers of computeds what came out, after traitlets has held notifications."""
        try:
            with hold as held:
                yield held
        finally:
            if "notify_change" not in vars(self.model):
                postponed, self._postponed = self._postponed, []
                for notice in postponed:
                    self._tell_observers(notice)
                self.wake(self.computations)


def _wake(readers: Iterable[Reader]) -> None:
    """Wake the documents of what is out of date."""
    names: dict[Any, list[str]] = {}
    for reader in readers:
        names.setdefault(reader.document, []).append(reader.name)
    with ExitStack() as stack:  # each one, whatever the observers of another do
        for document, some in reversed(names.items()):
            stack.callback(document.wake, some)


def _are_one(old: Any, new: Any) -> bool:
    """Whether a value is put where it is already."""
    return old is new or (type(old) in SCALARS and type(new) in SCALARS and same_scalar(old, new))


def _are_same(name: str, old: Any, new: Any) -> bool:
    pointer = join(name)
    return same(encode(old, pointer), encode(new, pointer))


def _is_kept(old: Any, value: Any, *, is_same: bool) -> bool:
    """Whether a value that is assigned makes no difference to what stands there."""
    if old is value:
        return True
    if isinstance(node_of(value), Root) or (isinstance(value, ObjectNode) and type(old) is not type(value)):
        return False  # another model is another one
    return is_same and same(old, value)


def _top_of(root: Root) -> str:
    """Return the member of the document above in which a root is."""
    above = root_above(root)
    return str(above[1]) if above is not None else ""


def _first(pair: tuple[TraitDocument, Any]) -> TraitDocument:
    return pair[0]


def _documents_in(opened: Iterable[Opened]) -> list[tuple[TraitDocument, Opened]]:
    """Return the documents of the models that a patch touched, and what it made of them."""
    return [(root, part) for part in opened if isinstance(root := node_of(part.node), TraitDocument)]


def _roots_in(value: Any) -> Iterator[Root]:
    """Yield the roots of the models in a value that has no place yet."""
    if isinstance(root := node_of(value), Root):
        yield root
    elif isinstance(value, (list, tuple, dict)):
        for member in value.values() if isinstance(value, dict) else value:
            if type(member) not in SCALARS:
                yield from _roots_in(member)


@contextmanager
def _named(prefix: str) -> Iterator[None]:
    """Let errors name the places that they speak of as the document above does."""
    try:
        yield
    except Exception as error:
        pointer = getattr(error, "pointer", None)
        if isinstance(pointer, str):
            whole = prefix + pointer
            error.pointer = whole  # type: ignore[attr-defined] # it has one
            if error.args and isinstance(error.args[0], str):
                error.args = (error.args[0].replace(repr(pointer), repr(whole), 1), *error.args[1:])
        raise


# What is known of traits.
_customs: WeakKeyDictionary[traitlets.TraitType[Any, Any], bool] = WeakKeyDictionary()


def _is_custom(trait: traitlets.TraitType[Any, Any]) -> bool:
    """Whether a trait, or one of its elements, is no kind of traitlets' own."""
    parts = [getattr(trait, name, None) for name in ("_trait", "_key_trait", "_value_trait")]
    parts += [*(getattr(trait, "_traits", None) or ()), *getattr(trait, "trait_types", ())]
    parts += (getattr(trait, "_per_key_traits", None) or {}).values()
    if isinstance(trait, ShapeTrait):
        return trait.shape is not None and trait.shape.is_free
    is_own = type(trait).__module__ == traitlets.TraitType.__module__ and "validate" not in vars(trait)
    return not is_own or any(_is_custom(part) for part in parts if part is not None)


def _filled(value: Any, taken: Any) -> Any:
    """Return a tuple with the containers that were taken in place of its own."""
    if not isinstance(value, tuple):
        return value if isinstance(value, enum.Enum) else taken
    filled = tuple(map(_filled, value, taken))
    return filled if any(new is not old for new, old in zip(filled, value, strict=True)) else value


def _merged(acts: list[_Act]) -> _Act:
    """Return one act for all that a patch did: observers of a trait are told once."""
    notices: dict[str, _Notice] = {}
    for notice in (notice for act in acts for notice in act.notices):
        whole = notices.setdefault(notice.name, _Notice(notice.name, [], notice.old))
        whole.operations += notice.operations
        whole.new = notice.new if notice.new is not _ABSENT else whole.new
    return _Act([change for act in acts for change in act.changes], list(notices.values()))
