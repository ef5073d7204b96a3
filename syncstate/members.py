"""Floor 7. The members of a document: a value comes in, stands there and is taken away.

`seams` brings every value that comes in (`take`) and every one that is stored (`store`) or taken away
(`forget`). What a trait makes of a value that somebody proposes is asked here, too (`ask`).
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from threading import get_ident
from typing import Any
from weakref import WeakKeyDictionary

import traitlets

from syncstate.acts import Notice
from syncstate.arrays import Misfit, is_array
from syncstate.authority import Authority
from syncstate.computed import Computed
from syncstate.diff import Change, assigned, diff
from syncstate.document import SCALARS, Json, JsonObject, ObjectNode, same, same_scalar
from syncstate.errors import NotSyncable
from syncstate.fields import ShapeTrait, TableTrait, as_member, decode, encode, shape_of_trait
from syncstate.intake import Intake, Unready
from syncstate.journal import Journal
from syncstate.nodes import adopt, is_tracked, let_go, node_of, note_place, reshape, root_above
from syncstate.objects import declared, frame_of, is_read_only
from syncstate.patch import Operation, Step
from syncstate.pointer import join
from syncstate.recording import Minding, RecordingRoot
from syncstate.roots import NOWHERE, Root
from syncstate.seams import is_rebuilt, synced_traits, trait_validate
from syncstate.shapes import ABSENT, Frame, Refusal, Shape, fit, made
from syncstate.tables import NO_PLACE, Columns, is_table
from syncstate.tracked import TrackedDict, TrackedList
from syncstate.unions import AnyOf
from syncstate.values import form_all, settled


class MemberRoot(RecordingRoot):
    """A root whose members are a model's synced traits.

    Attributes:
        members: The synced traits by name, in the order in which they were declared.
    """

    __slots__ = ("_arriving", "_hanging", "members")

    def __init__(self, model: traitlets.HasTraits, authority: Authority) -> None:
        super().__init__(model, authority)
        self.members = synced_traits(type(model))
        self._arriving: dict[int, tuple[str, Any, Any, Intake]] = {}  # what each thread is about to store
        self._hanging: dict[str, Any] = {}  # the containers that hang here, by member

    @property
    def read_only(self) -> Sequence[str]:
        """The names of the members that no page may write."""
        return [name for name, trait in self.members.items() if is_read_only(trait)]

    def view(self) -> JsonObject:
        """Return the document; its containers are the model's own."""
        return {name: encode(self._stored(name), join(name)) for name in self.members}

    def _stored(self, name: str) -> Any:
        """Return a member's value; of a table the columns, for to ask for it is to be given another one."""
        value = self.values.get(name)
        is_as_stored = name in self.computations or isinstance(value, Columns)
        return value if is_as_stored else getattr(self.model, name)

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

    def frame_of(self, cls: type) -> Frame | None:
        """Return what may stand in an instance of a dataclass."""
        return frame_of(cls)

    def hanging(self) -> list[Any]:
        """Return the containers and objects that hang here."""
        return [value for value in list(self._hanging.values()) if is_tracked(value)]

    def interrupt(self) -> None:
        """Take note that an interrupt came in the middle of a change: nobody knows how much of it is told."""
        self.forget_marks()
        self.revoke_all()
        self.touch(list(self.readers))
        adopt(self, self._hanging.items())
        self.authority.restart_log()
        above = root_above(self) if self._parent is not None else None
        if above is not None:
            above[0].interrupt()

    # -- the seam of validation: a value comes in

    def take(self, name: str, value: Any) -> Any:
        """Return a trait's value as it will be stored: containers wrapped, and nothing without a JSON form.

        Raises:
            NotSyncable: It has none.
        """
        current = self.values.get(name)
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
            old = values.get(name, ABSENT)
            is_put = (
                lock is self.lock  # before anything above is looked at
                and type(old) in SCALARS
                and not self.listeners
                and not self.has_rules
                and name in self.members
                and name not in self.readers
                and (self._parent is None or self._is_quiet_above())
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
                with self.held(), Minding(self):
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

    def assign(self, name: str, value: Any) -> None:
        """Put a value where one stands, as a part of a patch; the lock is held."""
        values = self.values
        old = values.get(name, ABSENT)
        known = len(self.teller.collected or ())
        self._record(*self._store(values, name, self.take(name, value)))
        # traitlets tells nobody: it was asked about the whole patch, not to set this
        for act in (self.teller.collected or [])[known:]:
            act.notices.append(Notice(name, act.operations, old, values[name]))

    def _store(self, values: dict[str, Any], name: str, value: Any) -> tuple[list[Change], list[Step]]:
        with self.held(), Minding(self):
            old = values.get(name, ABSENT)
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

    def _put(
        self, values: dict[str, Any], name: str, value: Any, intake: Intake | None = None, taken: Any = None
    ) -> tuple[list[Change], list[Step]]:
        journal = self.enter()
        old = values.get(name, ABSENT)
        changes, anew = self._compare(name, old, value)
        if is_tracked(old) and is_tracked(value) and _is_kept(old, value, is_same=not changes):
            return [], []  # what the user holds stays attached
        if journal is not None and (old is not ABSENT or name not in self.computations):
            journal.note(self._restore, values, name, old, self._hanging.get(name))
        if intake is not None:
            if intake.place([(name, taken)], journal):
                self.revoke(name)
            self._hanging[name] = taken
        else:
            self._unhang(name, journal)
        dict.__setitem__(values, name, value)
        return changes, anew

    def _restore(self, values: dict[str, Any], name: str, old: Any, hanging: Any) -> None:
        """Put back what a member was, and what hung there."""
        self.revoke(name)
        if hanging is None:
            self._hanging.pop(name, None)
        else:
            self._hanging[name] = hanging
        if old is ABSENT:
            dict.pop(values, name, None)
        else:
            dict.__setitem__(values, name, old)

    def forget(self, values: dict[str, Any], name: str) -> Any:
        """Take a value away, as a rollback of traitlets does: the default is in its place again."""
        with self.held(), Minding(self):
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
        if not self.is_recording or old is ABSENT:
            return [], []
        pointer = join(name)
        changes = diff(encode(old, pointer), encode(new, pointer), pointer)
        is_whole = len(changes) == 1 and changes[0][0].operation["path"] == pointer
        is_value = is_whole or is_array(new) or isinstance(new, Columns)  # nothing in it is meant by an edit
        return changes, [assigned(pointer, in_list=False)] if changes and not is_value else []

    def reshape(self, name: str) -> None:
        """Give all in a member that was judged as a whole the shapes that it has by now."""
        shape = self.shape_of(name)
        node: Any = self._hanging.get(name)
        if shape is not None and isinstance(node, (TrackedList, TrackedDict)):
            reshape(node, shape.admit(node)[1])

    def has(self, name: str, value: Any) -> bool:
        """Whether a member is the same as a value."""
        return same(encode(self.values[name], ""), encode(value, ""))

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


def _are_one(old: Any, new: Any) -> bool:
    """Whether a value is put where it is already."""
    return old is new or (type(old) in SCALARS and type(new) in SCALARS and same_scalar(old, new))


def _is_kept(old: Any, value: Any, *, is_same: bool) -> bool:
    """Whether a value that is assigned makes no difference to what stands there."""
    if old is value:
        return True
    if isinstance(node_of(value), Root) or (isinstance(value, ObjectNode) and type(old) is not type(value)):
        return False  # another model is another one
    return is_same and same(old, value)


def _roots_in(value: Any) -> Iterator[Root]:
    """Yield the roots of the models in a value that has no place yet."""
    if isinstance(root := node_of(value), Root):
        yield root
    elif isinstance(value, (list, tuple, dict)):
        for member in value.values() if isinstance(value, dict) else value:
            if type(member) not in SCALARS:
                yield from _roots_in(member)


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
