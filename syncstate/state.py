"""Floor 7. The synced traits of a `HasTraits`, seen as one JSON document.

`seams` brings it every value that comes in (`take`) and every one that is stored (`store`) or taken away
(`forget`). Towards the containers it is their `Root`, towards the authority it is its `Document`.

The lock is the model's. Under it values are stored, described and recorded, and nobody else's code runs: not
an observer, not a validator, not a default. Order: a link's lock, a model's, a batch's, that of what has no
place; never two of a kind (docs/decisions/0008-no-code-of-yours-under-a-lock.md).
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from threading import Lock, get_ident
from typing import Any, Literal, TypeAlias
from weakref import WeakKeyDictionary

import traitlets

from syncstate.arrays import Misfit, is_array
from syncstate.authority import Authority
from syncstate.batches import Batch, current_batch
from syncstate.diff import Change, add, assigned, diff
from syncstate.document import SCALARS, Json, JsonObject, kind, plain, same, same_scalar
from syncstate.errors import NotSyncable, NotWritable, PatchError
from syncstate.fields import ShapeTrait, TableTrait, as_member, decode, encode, shape_of_trait
from syncstate.patch import Draft, Operation, Step, apply, check, demand_no_range, rehearse
from syncstate.pointer import escape, head, index, join, parse, resolve
from syncstate.seams import is_rebuilt, synced_traits, trait_validate
from syncstate.shapes import ABSENT, AnyOf, Frame, Refusal, Shape, fit, reach
from syncstate.tables import NO_PLACE, Columns, is_table
from syncstate.tracked import (
    NOWHERE,
    Intake,
    Lease,
    Root,
    TrackedDict,
    TrackedList,
    adopt,
    become,
    described,
    is_scalar,
    is_tracked,
    perform,
    reshape,
    untied,
)
from syncstate.verdicts import Verdicts

Listener = Callable[[list[Change]], None]
_ABSENT: Any = object()
_Exchange: TypeAlias = tuple[Any, Any, Json, str, str]
"""A scalar that takes the place of another one: holder, key, value, pointer, and the member that it is in."""


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
        self._acts: list[_Act] = []
        self._collected: list[_Act] | None = None  # the acts of the patch that is being applied, lock held
        self._batch: Batch | None = None  # one that this is in: it need not be joined again
        self._batched: list[Change] = []
        self._untold: list[list[Change]] = []  # what listeners are still to be told, in order
        self._telling = Lock()
        self._hold: Any = None  # what traitlets holds notifications with
        self._held: dict[str, list[Operation]] = {}  # and what changed inside members meanwhile
        self._arriving: dict[int, tuple[str, Any, Any, Intake]] = {}  # what each thread is about to store
        self._hanging: dict[str, Any] = {}  # the containers that hang here, by member
        self._leases: dict[str, Lease] = {}
        self._is_told = False  # links know of the marks
        self._has_news = False  # something was recorded that only links are to hear of

    @property
    def read_only(self) -> Sequence[str]:
        """The names of the members that no page may write."""
        return [
            name for name, trait in self.members.items() if trait.read_only or trait.metadata.get("read_only")
        ]

    def watch(self) -> Authority:
        """Return the authority, which from now on hears of every change."""
        if not self._is_watched:
            self.make_defaults()
            with self.lock:
                self._is_watched = self.is_recording = True
        return self.authority

    def observe(self) -> None:
        """Describe changes inside containers from now on: somebody observes a trait."""
        with self.lock:
            self.is_recording = True
            self._revoke_all()

    def listen(self, listener: Listener) -> None:
        """Tell a function of every act, until `ignore`."""
        self.watch()
        with self.lock:
            self.listeners.append(listener)
            self._revoke_all()

    def ignore(self, listener: Listener) -> None:
        """Tell a function no longer."""
        with self.lock:
            if listener in self.listeners:
                self.listeners.remove(listener)
                self._revoke_all()

    def make_defaults(self) -> None:
        """Make the defaults that nobody has asked for yet; a person's code may do so: without the lock."""
        for name in self.members:
            getattr(self.model, name)

    # -- the document, read

    def view(self) -> JsonObject:
        """Return the document; its containers are the model's own."""
        return {name: encode(self._stored(name), join(name)) for name in self.members}

    def _stored(self, name: str) -> Any:
        """Return a member's value; of a table the columns, for to ask for it is to be given another one."""
        value = self.model._trait_values.get(name)
        return value if isinstance(value, Columns) else getattr(self.model, name)

    def snapshot(self) -> JsonObject:
        """Return a deep copy of the document, made of plain containers."""
        if not self._is_watched:
            self.make_defaults()
        with self.lock:
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
        wire = encode(value, join(name))
        intake = Intake(self, [self._hanging.get(name)], self)
        taken = intake.take_table(wire, self._hanging.get(name))
        if taken is None:
            taken = intake.take(wire, name)
        stored = taken if wire is value else _filled(value, taken)
        if is_tracked(taken):
            self._arriving[get_ident()] = (name, stored, taken, intake)
        return stored

    def _take_table(self, name: str, table: Any, current: Any) -> Columns:
        if not isinstance(self.members[name], TableTrait):
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
        with self.lock:
            old = values.get(name, _ABSENT)
            is_put = type(old) in SCALARS and not self.listeners and name in self.members
            if is_put:
                is_news = (old != value or not same_scalar(old, value)) and self.mark(self, name, "replace")
                dict.__setitem__(values, name, value)
        if is_put and is_news:
            self.notify()
        return is_put

    def store(self, values: dict[str, Any], name: str, value: Any) -> None:
        """Put a trait's value where traitlets keeps it, and record what that changed."""
        self._store(values, name, value)
        self.settle()

    def _store(self, values: dict[str, Any], name: str, value: Any) -> None:
        with self.lock, self._minding_interrupts():
            if self.marks:
                self.catch_up()
            arrived, stored, taken, intake = self._arriving.pop(get_ident(), (None, None, None, None))
            if intake is None or arrived != name or stored is not value:
                done = self._put(values, name, value)
            else:
                intake.look_again([self._hanging.get(name)])
                with NOWHERE.lock:
                    if not intake.is_current():
                        former, taken = taken, intake.take(taken, name)
                        value = taken if value is former else _filled(value, taken)
                    done = self._put(values, name, value, intake, taken)
            self._record(*done)

    @contextmanager
    def _minding_interrupts(self) -> Iterator[None]:
        try:
            yield
        except Exception:
            raise  # refused, before anything changed
        except BaseException:
            self.interrupt()
            raise

    def _put(
        self, values: dict[str, Any], name: str, value: Any, intake: Intake | None = None, taken: Any = None
    ) -> tuple[list[Change], list[Step]]:
        old = values.get(name, _ABSENT)
        changes, anew = self._compare(name, old, value)
        if is_tracked(old) and is_tracked(value) and (old is value or (not changes and same(old, value))):
            return [], []  # what the user holds stays attached
        if intake is not None:
            if intake.place([(name, taken)]):
                self.revoke(name)
            self._hanging[name] = taken
        else:
            self._unhang(name)
        dict.__setitem__(values, name, value)
        return changes, anew

    def forget(self, values: dict[str, Any], name: str) -> Any:
        """Take a value away, as a rollback of traitlets does: the default is in its place again."""
        with self.lock, self._minding_interrupts():
            self.catch_up()
            old = dict.pop(values, name)
            self._unhang(name)
        if self.is_recording:
            getattr(self.model, name)  # the default; a person's code may make it: without the lock
            with self.lock:
                self._record(*self._compare(name, old, values[name]))
        self.settle()
        return old

    def _unhang(self, name: str) -> None:
        """Let go of what hung here: it reports no longer."""
        former = self._hanging.pop(name, None)
        if former is not None:
            former._parent = None
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
        found = self._leases.get(key)
        if found is None:
            found = self._leases[key] = Lease(self if self._is_quiet(key) else None)
        return found

    def _is_quiet(self, name: str) -> bool:
        notifiers = self.model._trait_notifiers
        return not (
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
        if lease is not None:
            lease.root = None

    def _revoke_all(self) -> None:
        for name in list(self._leases):
            self.revoke(name)

    def mark(self, node: Any, key: Any, op: Literal["add", "replace"]) -> bool:
        """Take note that a scalar was put into a container, or into a trait: then the node is this."""
        batch = current_batch.get()
        if batch is not self._batch and batch is not None:
            batch.join(self)
        if not self._is_watched:
            return False
        known = self.marks.get(id(node))
        if known is None:
            self.marks[id(node)] = (node, {key: op})
        elif key not in known[1]:
            known[1][key] = op
        return not self._is_told

    def catch_up(self) -> None:
        """Describe what was marked; what is marked from now on is told anew."""
        self._is_told = False
        if not self.marks:
            return
        marks, self.marks = self.marks, {}
        _, own = marks.pop(id(self), (self, {}))
        values = self.model._trait_values
        steps = [
            Step({"op": "replace", "path": f"/{escape(name)}", "value": values[name]}, in_list=False)
            for name in own
        ]
        if marks:
            steps += described(marks.values())
        self.authority.record(steps, are_apart=True)

    def notify(self) -> None:
        """Tell the links that there is something to send; until one comes for it, once is enough for most."""
        self._is_told = True
        try:
            if not self.authority.notify():
                self._is_told = False
        except BaseException:  # an interrupt, say: the next mark tells them
            self._is_told = False
            raise

    def interrupt(self) -> None:
        """Take note that an interrupt came in the middle of a change: nobody knows how much of it is told."""
        self.marks = {}
        self._revoke_all()
        adopt(self, self._hanging.items())
        self.authority.restart_log()

    def report(self, keys: Collection[Any], changes: list[Change], assigned: list[Step]) -> None:
        """Take changes inside members; the lock is held."""
        self._record(changes, assigned, inside=keys)

    def _record(self, changes: list[Change], assigned: list[Step], *, inside: Collection[str] = ()) -> None:
        operations = [step.operation for step, _ in changes]
        self._enact(changes, assigned, [_Notice(name, operations) for name in inside])

    def _enact(self, changes: list[Change], assigned: list[Step], notices: list[_Notice]) -> None:
        if not changes:
            return
        if (batch := current_batch.get()) is not None:
            batch.join(self)
        if self._is_watched:
            self.authority.record([step for step, _ in changes], assigned)
        acts = self._acts if self._collected is None else self._collected
        is_quiet = acts is self._acts and not self.listeners
        if is_quiet and None not in [self.lease(notice.name).root for notice in notices]:
            self._has_news = True  # for links alone
            return
        acts.append(_Act(changes, notices))

    def settle(self) -> None:
        """Tell observers and listeners what happened, and the links that something did."""
        if not self._acts:
            if self._has_news:
                self._has_news = False  # before: what others record from now on sets it again
                self.notify()
            return
        try:
            while (act := self._next_act()) is not None:
                self._tell_listeners()
                for notice in act.notices:
                    self._tell_observers(notice)
        finally:  # whatever an observer raised: pages hear of what happened
            self.authority.notify()

    def _next_act(self) -> _Act | None:
        with self.lock:
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
        self.authority.hold(batch)
        self._batch = batch

    def end_batch(self, batch: Batch) -> None:
        """Tell what a batch did, in one patch, and answer the pages that waited for it."""
        with self.lock:
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
        value = self.model._trait_values.get(notice.name)
        change = traitlets.Bunch(
            name=notice.name,
            old=value if notice.old is _ABSENT else notice.old,
            new=value if notice.new is _ABSENT else notice.new,
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
        self.make_defaults()
        operations, verdicts = check(operations), self.judge()
        while True:
            with self.lock:
                self._apply(operations, verdicts)
            if not verdicts.are_wanted:
                break
            verdicts.ask()
        self.settle()

    def judge(self) -> Verdicts:
        """Return what takes the verdicts of the model's validators on one patch."""
        return Verdicts(self)

    def apply_edit(self, operations: list[Operation], verdicts: Verdicts) -> None:
        """Apply a page's patch, whole or not at all; observers hear of it at `settle`.

        Nothing has happened yet if verdicts are wanted afterwards: ask for them without the lock, and come
        again with what the patch is by then.

        Raises:
            NotWritable: It touches what pages may not write, or reads what is not theirs to read.
            Exception: What `apply` raises, and what a validator does.
        """
        read_only = self.read_only
        writable = self.members.keys() - read_only
        for operation in operations:
            path = operation["path"]
            if "from" in operation or head(path) not in writable or ":" in path:
                self._check_right(operation, read_only)
        with self.lock:
            self._apply(operations, verdicts)

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
        self.catch_up()
        if self._exchange(operations):
            return
        operations = [_taken(operation) for operation in operations]
        operations, settled = self._settled(operations)
        before = self.view()
        after = _tried(before, operations, settled)
        if not isinstance(after, dict) or after.keys() != before.keys():
            raise PatchError(
                f"Cannot add or remove members of {type(self.model).__name__}: its class says what it has"
            )
        proposed = {name: value for name, value in after.items() if value is not before[name]}
        accepted = {name: verdicts.on(name, value) for name, value in proposed.items()}
        if verdicts.are_wanted:
            return
        apart = self._apart(operations, proposed, accepted)
        if apart:
            operations = _halves(before, operations, apart)
        self._do(operations, accepted, apart)

    def _do(self, operations: list[Operation], accepted: dict[str, Any], apart: Collection[str] = ()) -> None:
        """Do what is known to apply, and make members what was accepted for them whole."""
        self._collected = []
        self.is_judged = bool(accepted)
        try:
            with self._minding_interrupts():
                for operation in operations:
                    self._run(operation, accepted)
                values = self.model._trait_values
                rest = {name: untied(accepted[name], values[name]) for name in accepted if name in apart}
                for name, value in rest.items():
                    self._reconcile(name, value)
                for name in accepted:
                    self._reshape(name)
        finally:
            self.is_judged = False
            acts, self._collected = self._collected, None
            if acts:
                self._acts.append(_merged(acts))

    def _reshape(self, name: str) -> None:
        """Give all in a member that was judged as a whole the shapes that it has by now."""
        shape = self.shape_of(name)
        node: Any = self._hanging.get(name)
        if shape is not None and is_tracked(node):
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
                fitting = _fitting(self.shape_of(path[0]), operation, path[1:], source[1:])
            for name in {path[0], source[0]}:
                settled[name] = fitting is not None
            judged.append(fitting or operation)
        return judged, {name for name, is_so in settled.items() if is_so}

    def _is_piecemeal(self, name: str) -> bool:
        """Whether what happens inside a member concerns nobody but the element traits there."""
        return (
            name in self.members and is_tracked(self.model._trait_values.get(name)) and not self.is_free(name)
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
            if operation["op"] != "replace" or not _is_text_or_scalar(operation["value"]):
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
            are_free[name] = name not in self.members or self.is_free(name)
        place = None if are_free[name] else _scalar_at(self.model._trait_values, tokens)
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
        changes: list[Change] = []
        notices: dict[str, _Notice] = {}
        for holder, key, value, path, name in exchanges:
            old, in_list = holder[key], type(holder) is TrackedList
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
        if self.is_recording:
            self._enact(changes, [], list(notices.values()))

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
            if wire is not value:
                Intake(self, []).take(wire, name)
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

    def _run(self, operation: Operation, accepted: dict[str, Any]) -> None:
        tokens = parse(operation["path"])
        if operation["op"] == "test" or len(tokens) > 1:
            perform(self.model._trait_values, operation)
        elif tokens[0] in accepted:  # else it is what it was
            self._assign(tokens[0], accepted[tokens[0]])

    def _reconcile(self, name: str, value: Any) -> None:
        """Make a member what its trait accepted, by changing what there is where that can be done."""
        current = self.model._trait_values[name]
        known = len(self._collected or ())
        if is_tracked(current) and isinstance(value, (list, dict)) and kind(current) == kind(value):
            become(current, value)
            if self._is_watched and len(self._collected or ()) > known:
                self.authority.record([], [assigned(join(name), in_list=False)])
        else:
            self._assign(name, value)

    def _assign(self, name: str, value: Any) -> None:
        values = self.model._trait_values
        old = values[name]
        known = len(self._collected or ())
        self._store(values, name, self.take(name, value))
        # traitlets tells nobody: it was asked about the whole patch, not to set this
        for act in (self._collected or [])[known:]:
            act.notices.append(_Notice(name, act.operations, old, values[name]))

    def admit_new(self, names: Iterable[str]) -> None:
        """Take in traits that this instance was given after it was made."""
        self.members = synced_traits(type(self.model))
        for name in names:
            value = getattr(self.model, name)
            with self.lock:
                if self.is_recording:
                    pointer = join(name)
                    self._record([add(pointer, encode(value, pointer), in_list=False)], [])
        self.settle()


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


def _scalar_at(values: dict[str, Any], tokens: Sequence[str]) -> tuple[Any, Any] | None:
    """Return what holds a scalar in a document, and its key there, or None if no scalar stands there."""
    holder: Any = values
    key: Any = tokens[0]
    found = holder.get(key, _ABSENT)
    for token in tokens[1:]:
        holder = found
        if type(holder) is TrackedList:
            key = index(token, len(holder))
            if key is None:
                return None
        elif type(holder) is TrackedDict and token in holder:
            key = token
        else:
            return None
        found = holder[key]
    return (holder, key) if type(found) in SCALARS else None


def _fitting(
    shape: Shape | None, operation: Operation, path: Sequence[str], source: Sequence[str]
) -> Operation | None:
    """Return an operation inside a member with its value as it will stand, or None if that is not all.

    Args:
        shape: The member's.
        operation: It adds, replaces, removes, moves or copies.
        path: Where, below the member.
        source: From where.
    """
    op = operation["op"]
    target = reach(shape, path, is_resized=op != "replace")
    if target is ABSENT:
        return None
    if op in ("add", "replace"):
        try:
            value = fit(target, operation["value"])
        except Refusal:
            return None
        return operation if value is operation["value"] else {**operation, "value": value}
    if op != "remove":
        origin = reach(shape, source, is_resized=op == "move")
        # what one part holds another one may hold of which the same is asked
        if origin is ABSENT or not (target is None or target is origin):
            return None
    return operation


def _tried(document: JsonObject, operations: list[Operation], settled: set[str]) -> Json:
    """Return what operations make of a document but for the settled members: of those nobody is shown a copy.

    What is done inside a settled member bears on no other one, so it is tried by itself.

    Raises:
        PatchError: The operations do not apply.
    """
    inside: list[int] = []
    others: list[int] = []
    for position, operation in enumerate(operations):
        (inside if head(operation["path"]) in settled else others).append(position)
    tried = inside
    try:
        rehearse(document, [operations[position] for position in tried])
        tried = others
        return apply(document, [operations[position] for position in tried])
    except PatchError as error:
        error.index = tried[error.index] if error.index is not None else None
        raise


def _halves(document: JsonObject, operations: list[Operation], apart: set[str]) -> list[Operation]:
    """Return what operations do to the members that are not set apart."""
    draft = Draft(document)
    halves: list[Operation] = []
    for position, operation in enumerate(operations):
        step = draft.step(operation, position)
        source, target = operation.get("from", operation["path"]), step.operation["path"]
        is_from_here, is_put_here = (
            parse(place)[0] not in apart if place else False for place in (source, target)
        )
        if is_from_here and is_put_here:
            halves.append(operation)
        elif is_put_here:
            halves.append({"op": "add", "path": target, "value": plain(resolve(draft.document, target))})
        elif is_from_here and operation["op"] == "move":
            halves.append({"op": "remove", "path": source})
    return halves


def _filled(value: Any, taken: Any) -> Any:
    """Return a tuple with the containers that were taken in place of its own."""
    if not isinstance(value, tuple):
        return value if isinstance(value, enum.Enum) else taken
    filled = tuple(map(_filled, value, taken))
    return filled if any(new is not old for new, old in zip(filled, value, strict=True)) else value


def _is_text_or_scalar(value: Any) -> bool:
    """Whether a value stands for itself in JSON, as `is_scalar` says, or is text in any script."""
    if type(value) is not str or value.isascii():
        return is_scalar(value)
    try:
        value.encode()
    except UnicodeEncodeError:  # a lone surrogate: the intake says what is wrong with it
        return False
    return True


def _merged(acts: list[_Act]) -> _Act:
    """Return one act for all that a patch did: observers of a trait are told once."""
    notices: dict[str, _Notice] = {}
    for notice in (notice for act in acts for notice in act.notices):
        whole = notices.setdefault(notice.name, _Notice(notice.name, [], notice.old))
        whole.operations += notice.operations
        whole.new = notice.new if notice.new is not _ABSENT else whole.new
    return _Act([change for act in acts for change in act.changes], list(notices.values()))


def _taken(operation: Operation) -> Operation:
    """Return an operation whose value and new name will be taken by the containers: nothing fails halfway."""
    if operation["path"].isascii() and _is_text_or_scalar(operation.get("value")):
        return operation
    tokens = parse(operation["path"])
    intake = Intake(_LOOSE, [])
    if tokens:
        intake.take({tokens[-1]: None}, *tokens[:-1])
    if "value" not in operation:
        return operation
    return {**operation, "value": plain(intake.take(operation["value"], *tokens))}


_LOOSE = Root()
