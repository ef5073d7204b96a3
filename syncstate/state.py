"""Floor 7. The synced traits of a `HasTraits`, seen as one JSON document.

`seams` brings it every value that comes in (`take`) and every one that is stored (`store`) or taken away
(`forget`). Towards the containers it is their `Root`, towards the authority it is its `Document`.
"""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from threading import Lock
from typing import Any

import traitlets

from syncstate.authority import Authority
from syncstate.batches import current_batch
from syncstate.diff import Change, diff
from syncstate.document import Json, JsonObject, kind, plain, same
from syncstate.errors import NotWritable, PatchError
from syncstate.fields import decode, encode
from syncstate.patch import Operation, apply, check
from syncstate.pointer import join, parse
from syncstate.seams import synced_traits, trait_validate
from syncstate.tracked import Intake, Root, become, is_tracked, perform, untied

Listener = Callable[[list[Operation]], None]
_ABSENT: Any = object()


@dataclass(slots=True)
class _Notice:
    """What observers of one trait are still to be told, because traitlets does not know of it."""

    name: str
    operations: list[Operation]
    old: Any = _ABSENT  # absent: a container changed inside, it is old and new
    new: Any = _ABSENT


@dataclass(slots=True)
class _Act:
    """One thing that somebody did: listeners hear of it in one patch."""

    operations: list[Operation]
    notices: list[_Notice]


class TraitDocument(Root):
    """The document that a model's synced traits make up.

    Args:
        model: Whose traits they are.
        key: The model's name on the wire.
    """

    def __init__(self, model: traitlets.HasTraits, key: str) -> None:
        super().__init__()
        self.is_recording = False
        self.model = model
        self.authority = Authority(self, key, self.lock)
        self.listeners: list[Listener] = []
        self._is_watched = False  # the authority is in use: every change must reach it
        self._acts: deque[_Act] = deque()
        self._collected: list[_Act] | None = None  # the acts of the patch that is being applied, lock held
        self._batched: list[Operation] = []
        self._untold: deque[list[Operation]] = deque()  # what listeners are still to be told, in order
        self._telling = Lock()
        self._hold: Any = None  # what traitlets holds notifications with
        self._held: dict[str, list[Operation]] = {}  # and what changed inside members meanwhile
        self._arriving: dict[str, tuple[Any, Any, Intake]] = {}
        self._hanging: dict[str, Any] = {}  # the containers that hang here, by member

    @property
    def members(self) -> dict[str, traitlets.TraitType[Any, Any]]:
        """The synced traits by name, in the order in which they were declared."""
        return synced_traits(type(self.model))

    @property
    def read_only(self) -> Sequence[str]:
        """The names of the members that no page may write."""
        return [
            name for name, trait in self.members.items() if trait.read_only or trait.metadata.get("read_only")
        ]

    def watch(self) -> Authority:
        """Return the authority, which from now on hears of every change."""
        if not self._is_watched:
            for name in self.members:
                getattr(self.model, name)  # the default may not have been made yet
            with self.lock:
                self._is_watched = self.is_recording = True
        return self.authority

    # -- the document, read

    def view(self) -> JsonObject:
        """Return the document; its containers are the model's own."""
        return {name: encode(getattr(self.model, name), join(name)) for name in self.members}

    def snapshot(self) -> JsonObject:
        """Return a deep copy of the document, made of plain containers."""
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
        wire = encode(value, join(name))
        intake = Intake(self, [self._hanging.get(name)])
        taken = intake.take(wire, name)
        stored = taken if wire is value else _filled(value, taken)
        if is_tracked(taken):
            self._arriving[name] = (stored, taken, intake)
        return stored

    # -- the seam of storage: a value is there

    def store(self, values: dict[str, Any], name: str, value: Any) -> None:
        """Put a trait's value where traitlets keeps it, and record what that changed."""
        with self.lock:
            old = values.get(name, _ABSENT)
            stored, taken, intake = self._arriving.pop(name, (None, None, None))
            changes, replaced = self._compare(name, old, value)
            if is_tracked(old) and is_tracked(value) and (old is value or (not changes and same(old, value))):
                return  # what the user holds stays attached
            self._unhang(name)
            if intake is not None and stored is value:
                intake.place(self, [{name: taken}], [0])
                self._hanging[name] = taken
            dict.__setitem__(values, name, value)
            self._record(changes, replaced)
        self.settle()

    def forget(self, values: dict[str, Any], name: str) -> Any:
        """Take a value away, as a rollback of traitlets does: the default is in its place again."""
        with self.lock:
            old = dict.pop(values, name)
            self._unhang(name)
            if self.is_recording:
                changes, replaced = self._compare(name, old, getattr(self.model, name))
                self._record(changes, replaced)
        self.settle()
        return old

    def _unhang(self, name: str) -> None:
        """Let go of what hung here: it reports no longer."""
        former = self._hanging.pop(name, None)
        if former is not None:
            former._parent = None

    def _compare(self, name: str, old: Any, new: Any) -> tuple[list[Change], list[str]]:
        if not self.is_recording or old is _ABSENT:
            return [], []
        pointer = join(name)
        changes = diff(encode(old, pointer), encode(new, pointer), pointer)
        is_whole = len(changes) == 1 and changes[0][0]["path"] == pointer
        return changes, [pointer] if changes and not is_whole else []

    # -- the root of the containers

    def pointer_to(self, key: Any) -> str:
        """Return the pointer of a member."""
        return join(key)

    def report(self, key: Any, changes: list[Change], replaced: list[str]) -> None:
        """Take changes inside a member; the lock is held."""
        self._record(changes, replaced, inside=key)

    def _record(self, changes: list[Change], replaced: list[str], *, inside: str | None = None) -> None:
        if not changes:
            return
        if (batch := current_batch.get()) is not None:
            batch.join(self)
        if self._is_watched:
            self.authority.record(changes, replaced)
        operations = [operation for operation, _ in changes]
        act = _Act(operations, [_Notice(inside, operations)] if inside is not None else [])
        (self._acts if self._collected is None else self._collected).append(act)

    def settle(self) -> None:
        """Tell observers and listeners what happened, and the links that something did."""
        if not self._acts or self._collected is not None:  # who is applying a patch comes here again
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
            act = self._acts.popleft()
            if self.authority.is_held:
                self._batched += act.operations
            else:
                self._untold.append(act.operations)
            return act

    def begin_batch(self) -> None:
        """Hold back what listeners and pages are told, until `end_batch`."""
        self.authority.hold()

    def end_batch(self) -> None:
        """Tell what a batch did, in one patch, and answer the pages that waited for it."""
        with self.lock:
            waiting = self.authority.release()
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
                    operations = self._untold.popleft()
                    with ExitStack() as stack:  # each is told, whatever another one raises
                        for listener in reversed(self.listeners):
                            stack.callback(listener, operations)
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
        """
        with self.lock:
            self._apply(check(operations))
        self.settle()

    def apply_edit(self, operations: list[Operation]) -> None:
        """Apply a page's patch, whole or not at all; observers hear of it at `settle`.

        Raises:
            NotWritable: It touches what pages may not write, or reads what is not theirs to read.
            Exception: What `apply` raises, and what a validator does.
        """
        read_only = self.read_only
        for operation in operations:
            self._check_right(operation, read_only)
        with self.lock:
            self._apply(operations)

    def _check_right(self, operation: Operation, read_only: Sequence[str]) -> None:
        for part in ("path", "from"):
            if part not in operation:
                continue
            pointer = operation[part]
            tokens = parse(pointer)
            if not tokens or tokens[0] not in self.members:
                raise NotWritable(pointer, f"{type(self.model).__name__} has no such member")
            is_read = operation["op"] == "test" or (operation["op"] == "copy" and part == "from")
            if tokens[0] in read_only and not is_read:
                raise NotWritable(pointer, f"{tokens[0]!r} is read-only for pages")

    def _apply(self, operations: list[Operation]) -> None:
        operations = [_taken(operation) for operation in operations]
        before = self.view()
        after = apply(before, operations)
        if not isinstance(after, dict) or after.keys() != before.keys():
            raise PatchError(
                f"Cannot add or remove members of {type(self.model).__name__}: its class says what it has"
            )
        proposed = {name: value for name, value in after.items() if value is not before[name]}
        accepted = {name: self._ask(name, value) for name, value in proposed.items()}
        self._collected = []
        try:
            if self._runs_in_place(operations, proposed, accepted):
                for operation in operations:
                    self._run(operation, accepted)
            else:
                values = self.model._trait_values
                for name, value in {name: untied(accepted[name], values[name]) for name in accepted}.items():
                    self._reconcile(name, value)
        finally:
            acts, self._collected = self._collected, None
            if acts:
                self._acts.append(_merged(acts))

    def _ask(self, name: str, value: Json) -> Any:
        """Return what a trait makes of a proposed value, by its own and by the user's validators."""
        trait = self.members[name]
        try:
            accepted = trait_validate(trait)(self.model, decode(trait, value))
            if self.model._cross_validation_lock:  # somebody holds notifications: no validator was asked
                accepted = trait._cross_validate(self.model, accepted)
            wire = encode(accepted, join(name))
            if wire is not value:
                Intake(self, []).take(wire, name)
        except Exception as error:
            if getattr(error, "pointer", None) is None:
                error.pointer = join(name)  # type: ignore[attr-defined] # the page shows the reason there
            raise
        return accepted

    def _runs_in_place(
        self, operations: list[Operation], proposed: JsonObject, accepted: dict[str, Any]
    ) -> bool:
        """Whether the operations may run on the containers as they are.

        They may if nothing was coerced on the way, and if each acts inside a container or is all that happens
        to a member.
        """
        whole: dict[str, bool] = {}
        for operation in operations:
            for part in ("path", "from"):
                if operation["op"] == "test" or part not in operation:
                    continue
                tokens = parse(operation[part])
                is_whole = len(tokens) == 1
                is_inside = len(tokens) > 1 and is_tracked(self.model._trait_values.get(tokens[0]))
                if not is_inside and not (is_whole and operation["op"] in ("add", "replace")):
                    return False
                if tokens[0] in whole and (is_whole or whole[tokens[0]]):
                    return False
                whole[tokens[0]] = is_whole
        return all(same(encode(accepted[name], join(name)), proposed[name]) for name in accepted)

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
                self.authority.record((), [join(name)])
        else:
            self._assign(name, value)

    def _assign(self, name: str, value: Any) -> None:
        values = self.model._trait_values
        old = values[name]
        known = len(self._collected or ())
        self.store(values, name, self.take(name, value))
        # traitlets tells nobody: it was asked about the whole patch, not to set this
        for act in (self._collected or [])[known:]:
            act.notices.append(_Notice(name, act.operations, old, values[name]))

    def admit_new(self, names: Iterable[str]) -> None:
        """Take in traits that this instance was given after it was made."""
        for name in names:
            value = getattr(self.model, name)
            with self.lock:
                if self.is_recording:
                    operation: Operation = {
                        "op": "add",
                        "path": join(name),
                        "value": plain(encode(value, join(name))),
                    }
                    self._record([(operation, None)], [])
        self.settle()


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
    return _Act([operation for act in acts for operation in act.operations], list(notices.values()))


def _taken(operation: Operation) -> Operation:
    """Return an operation whose value and new name will be taken by the containers: nothing fails halfway."""
    tokens = parse(operation["path"])
    intake = Intake(_LOOSE, [])
    if tokens:
        intake.take({tokens[-1]: None}, *tokens[:-1])
    if "value" not in operation:
        return operation
    return {**operation, "value": plain(intake.take(operation["value"], *tokens))}


_LOOSE = Root()
