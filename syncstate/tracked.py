"""Floor 5. Lists and dicts that report what is done to them as RFC 6902 operations.

They are real `list` and `dict` subclasses and override no read, so reading, iterating and encoding cost
what they cost in Python. Every mutator goes through one primitive a class (`TrackedList._splice`,
`TrackedDict._put` and `TrackedDict._drop`), which does four things in order:

1. **take in**: the new values are checked and wrapped. What has no JSON form, or would close a cycle, is
   refused here, and nothing has changed;
2. **place**: what arrives knows its parent, what leaves has none and reports no longer. That comes first:
   another thread reads without a lock, and what it finds in here must know whose lock it needs;
3. **change**: the builtin's own method;
4. **report**: the operations go to the root, each with the value that stood there before.

Who stands where is said in `nodes`, how values come in in `intake`. C code that writes into a list behind its
methods (`heapq`) is not seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from itertools import chain, count
from operator import index as as_index
from operator import is_
from typing import Any, Concatenate, ParamSpec, SupportsIndex, TypeVar, cast, overload

from syncstate.diff import Account, Change, add, guarded, remove
from syncstate.document import SCALARS, same_scalar
from syncstate.forms import Unformed
from syncstate.intake import Intake, Splice, Unready
from syncstate.marks import put_elements_back, put_members_back
from syncstate.nodes import Container, Node, find_root, is_of, let_go, locate, node_of, note_place
from syncstate.pointer import escape
from syncstate.readings import computes, demand_no_reading, open_readings
from syncstate.roots import NOWHERE, Root
from syncstate.shapes import ABSENT, Refusal, asked, made, made_in
from syncstate.values import form_all, is_scalar, settled

_FAVOUR = 8
"""How many times as large as the whole list its changes may be where they keep its containers the same."""

_ATTEMPTS = 10
"""How often a list is sorted anew that other threads change meanwhile."""

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


def _mutator(
    method: Callable[Concatenate[Any, _Arguments], _Result],
) -> Callable[Concatenate[Any, _Arguments], _Result]:
    """Let a method change its container with the lock held; observers are told when it is free again."""

    @wraps(method)
    def mutate(self: Container, /, *arguments: _Arguments.args, **named: _Arguments.kwargs) -> _Result:
        while True:
            root, _ = find_root(self)
            if root.has_rules and (statement := root.statement()) is not None:
                with statement:
                    return mutate(self, *arguments, **named)
            try:
                with (lock := root.lock):
                    found, key = find_root(self)
                    if found is root and lock is root.lock:  # else another thread has just moved it
                        if open_readings or root.sealed:
                            _demand_open(root, key)
                        try:
                            if root.marks:
                                root.catch_up()
                            result = method(self, *arguments, **named)
                        except Exception:
                            raise  # refused, before anything changed
                        except BaseException:
                            root.interrupt()
                            raise
                        if self._lease.root is None:
                            self._lease = root.lease(key)
                        break
            except Unready as unready:
                unready.get_ready(root)
            except Unformed as missing:
                form_all(missing.value, *arguments, *named.values())
        root.settle()
        return result

    return mutate


def _demand_open(root: Root, key: Any) -> None:
    """Refuse to change what was computed, and anything that has a place while something is computed."""
    if root is not NOWHERE:
        demand_no_reading(root.owner, key)
    if key in root.sealed:
        raise computes(root.owner, key)


class TrackedList(Container, list[Any]):
    """A list that reports its changes; see the module for what that means.

    Equal to, and usable as, the list of the same elements. `copy`, `+`, slices, `copy.copy`, `copy.deepcopy`
    and `pickle` give plain lists.

    Raises:
        NotSyncable: From every mutator, when a value has no JSON form; the list is unchanged.
    """

    __slots__ = ("__weakref__", "_key", "_lease", "_parent", "_shape")

    def __init__(self, values: Iterable[object] = ()) -> None:
        super().__init__()
        values = list(values)
        settled(lambda: self._splice((0, 0, values)), values)

    def _splice(self, *splices: Splice, reordered: bool = False) -> None:
        """Replace ranges of elements by others: the one way in which a list changes; the lock is held.

        Args:
            splices: Disjoint `(start, stop, values)` with `0 <= start <= stop <= len(self)`, ascending.
            reordered: The values are this list's own elements, all of them, in another order.
        """
        root, key = find_root(self)
        journal = root.enter()
        leaving = [element for start, stop, _ in splices for element in self[start:stop]]
        path = locate(self) if root.is_recording else ""
        before = list(self) if root.is_recording and len(leaving) > 1 else []
        shape = self._shape
        if shape is not None and shape.union is not None and len(leaving) == len(self):
            shape = shape.union.frame_for([*chain.from_iterable(values for _, _, values in splices)], shape)
        intake = Intake(self, leaving, root, shape)
        arriving = intake.take_splices(splices)
        if shape is not None:
            grown = sum(len(values) for _, _, values in arriving) - len(leaving)
            if grown:
                _mind(self, root, shape.mind_length, len(self) + grown)
        with intake.lock_below(root):
            if not intake.is_current():
                arriving = intake.take_splices(splices)
            account = Account(path, intake.was_kept)
            if root.is_recording:
                for start, stop, values in reversed(arriving):
                    account.splice(start, self[start:stop], values, is_reordered=reordered)
            places = [pair for start, _, values in arriving for pair in enumerate(values, start)]
            if intake.place(places, journal):
                root.revoke(key)
            for start, stop, values in reversed(arriving):
                if journal is not None:
                    journal.note(put_elements_back, self, start, self[start:stop], len(values), len(self))
                list.__setitem__(self, slice(start, stop), values)
            if shape is not self._shape:
                self._shape = shape
                root.revoke(key)
        changes = account.changes
        if before:
            in_list, favour = isinstance(self._parent, TrackedList), _FAVOUR if account.keeps else 1
            changes = guarded(changes, before, self, path, in_list=in_list, favour=favour)
        root.report((key,), changes, account.assigned)

    def _child_token(self, child: Node) -> str:
        """Return the reference token of an element, found by identity outward from its hint."""
        hint = child._key
        length = len(self)
        if hint < length and is_of(self[hint], child):
            return str(hint)
        for distance in range(1, length + abs(hint) + 1):
            for place in (hint - distance, hint + distance):
                if 0 <= place < length and is_of(self[place], child):
                    child._key = place
                    return str(place)
        raise AssertionError(f"{child!r} is not in its parent")

    # -- the mutators of list, each a line or two over _splice

    def append(self, value: Any, /) -> None:
        lease = self._lease
        root = lease.root
        if root is not None and is_scalar(value):  # the fast way, as in TrackedDict.__setitem__
            scalar = value if self._shape is None else self._shape.glance(None, value)
            with root.lock:
                is_put = lease.root is root and scalar is not ABSENT
                if is_put:
                    is_news = root.mark(self, len(self), ABSENT)
                    list.append(self, scalar)
            if is_put:
                if is_news:
                    root.notify()
                return
        self._append_all(_asked(self, [value], len(self)))

    def extend(self, values: Iterable[object], /) -> None:
        self._append_all(_asked(self, list(values), len(self)))  # which may take its time

    @_mutator
    def _append_all(self, values: list[object]) -> None:
        self._splice((len(self), len(self), values))

    def insert(self, index: SupportsIndex, value: object, /) -> None:
        self._insert(index, _asked(self, [value], index))

    @_mutator
    def _insert(self, index: SupportsIndex, values: list[object]) -> None:
        start, _, _ = slice(index, None).indices(len(self))
        self._splice((start, start, values))

    @_mutator
    def pop(self, index: SupportsIndex = -1, /) -> Any:
        if not self:
            raise IndexError("pop from empty list")
        start = self._place(index, "pop index out of range")
        value = self[start]
        self._splice((start, start + 1, ()))
        return value

    @_mutator
    def remove(self, value: object, /) -> None:
        start = self.index(value)
        self._splice((start, start + 1, ()))

    @_mutator
    def clear(self) -> None:
        self._splice((0, len(self), ()))

    def sort(self, *, key: Callable[[Any], Any] | None = None, reverse: bool = False) -> None:
        for _ in range(_ATTEMPTS):
            before = list(self)
            if self._reorder(before, sorted(before, key=key, reverse=reverse)):  # the key may do anything
                return
        raise ValueError("list modified during sort")

    @_mutator
    def _reorder(self, before: list[Any], after: list[Any]) -> bool:
        is_as_before = len(self) == len(before) and all(map(is_, self, before))
        if is_as_before:
            self._splice((0, len(self), after), reordered=True)
        return is_as_before

    @_mutator
    def reverse(self) -> None:
        self._splice((0, len(self), self[::-1]), reordered=True)

    def __setitem__(self, index: Any, value: Any) -> None:
        lease = self._lease
        root = lease.root
        if root is not None and type(index) is int and is_scalar(value):  # as in TrackedDict.__setitem__
            scalar = value if self._shape is None else self._shape.glance(index, value)
            with root.lock:
                place = index if index >= 0 else index + len(self)
                old = self[place] if 0 <= place < len(self) else self
                is_put = lease.root is root and type(old) in SCALARS and scalar is not ABSENT
                if is_put:
                    is_news = (
                        root.mark(self, place, old)
                        if old != scalar or not same_scalar(old, scalar)
                        else root.pass_over(self, place, old)
                    )
                    list.__setitem__(self, place, scalar)
            if is_put:
                if is_news:
                    root.notify()
                return
        if isinstance(index, slice):
            self._assign(index, _asked(self, list(value), index))
        else:
            self._assign(index, _asked(self, [value], index)[0])

    @_mutator
    def _assign(self, index: Any, value: Any) -> None:
        if not isinstance(index, slice):
            start = self._place(index, "list assignment index out of range")
            self._splice((start, start + 1, [value]))
            return
        start, stop, step = index.indices(len(self))
        if step == 1:
            self._splice((start, max(start, stop), value))
            return
        places = range(start, stop, step)
        if len(places) != len(value):
            raise ValueError(
                f"attempt to assign sequence of size {len(value)} to extended slice of size {len(places)}"
            )
        pairs = sorted(zip(places, value, strict=True), key=lambda pair: pair[0])
        self._splice(*((place, place + 1, [element]) for place, element in pairs))

    @_mutator
    def __delitem__(self, index: Any) -> None:
        if not isinstance(index, slice):
            start = self._place(index, "list assignment index out of range")
            self._splice((start, start + 1, ()))
            return
        places = range(len(self))[index]
        if places.step in (1, -1):
            if places:
                self._splice((min(places), max(places) + 1, ()))
            return
        self._splice(*((place, place + 1, ()) for place in sorted(places)))

    def __iadd__(self, values: Iterable[object], /) -> TrackedList:  # type: ignore[misc] # ours takes what it can wrap
        self.extend(values)
        return self

    @_mutator
    def __imul__(self, count: SupportsIndex, /) -> TrackedList:
        times = as_index(count)
        if times < 1:
            self._splice((0, len(self), ()))
        elif times > 1:
            self._splice((len(self), len(self), list(self) * (times - 1)))
        return self

    def _place(self, index: SupportsIndex, complaint: str) -> int:
        place = as_index(index)
        if place < 0:
            place += len(self)
        if not 0 <= place < len(self):
            raise IndexError(complaint)
        return place

    # -- copies are plain

    def __copy__(self) -> list[Any]:
        return list(self)

    def __reduce_ex__(self, protocol: SupportsIndex, /) -> tuple[Any, ...]:
        return list, (list(self),)


class TrackedDict(Container, dict[str, Any]):
    """A dict with text keys that reports its changes; see the module for what that means.

    Equal to, and usable as, the dict of the same members. `copy`, `|`, `copy.copy`, `copy.deepcopy` and
    `pickle` give plain dicts.

    Raises:
        NotSyncable: From every mutator, when a key is no text or a value has no JSON form; nothing changed.
    """

    __slots__ = ("__weakref__", "_key", "_lease", "_parent", "_shape")

    def __init__(
        self, members: Mapping[str, object] | Iterable[tuple[str, object]] = (), /, **more: object
    ) -> None:
        super().__init__()
        members = dict(members, **more)
        settled(lambda: self._put(members), members)

    def _put(self, members: Mapping[str, object]) -> None:
        """Set members: the one way in which something comes into a dict; the lock is held."""
        root, key = find_root(self)
        journal = root.enter()
        leaving = [self[name] for name in members if name in self]
        path = locate(self) if root.is_recording else ""
        shape = self._shape
        if shape is not None and shape.union is not None and not self:
            shape = shape.union.frame_for(members, shape)
        intake = Intake(self, leaving, root, shape)
        arriving = intake.take_members(members)
        with intake.lock_below(root):
            if not intake.is_current():
                arriving = intake.take_members(members)
            account = Account(path, intake.was_kept)
            if root.is_recording:
                for name, value in arriving.items():
                    if name in self:
                        account.exchange(escape(name), self[name], value, in_list=False)
                    else:
                        account.changes.append(add(f"{path}/{escape(name)}", value, in_list=False))
            if intake.place(arriving.items(), journal):
                root.revoke(key)
            if journal is not None:
                journal.note(
                    put_members_back, self, {name: self.get(name, ABSENT) for name in arriving}, None
                )
            dict.update(self, arriving)
            if shape is not self._shape:
                self._shape = shape
                root.revoke(key)
        root.report((key,), account.changes, account.assigned)

    def _drop(self, names: Sequence[str]) -> None:
        """Remove members: the one way in which something leaves a dict; the lock is held."""
        root, key = find_root(self)
        if self._shape is not None:
            _mind(self, root, self._shape.mind_loss, names)
        journal = root.enter()
        if journal is not None:  # in which order they stand, the first loss knows
            order = [*self] if journal.is_first(self) else None
            journal.note(put_members_back, self, {name: self[name] for name in names}, order)
        path = locate(self) if root.is_recording else ""
        before = dict(self) if root.is_recording and len(names) > 1 else {}
        changes: list[Change] = []
        for name in names:
            member = dict.pop(self, name)
            if root.is_recording:
                changes.append(remove(f"{path}/{escape(name)}", member, in_list=False))
            node = node_of(member)
            if node is not None and node._parent is self:
                note_place(node, journal)
                let_go(node)
                root.revoke(key)
        if before:
            in_list = isinstance(self._parent, TrackedList)
            changes = guarded(changes, before, self, path, in_list=in_list)
        root.report((key,), changes, [])

    def _child_token(self, child: Node) -> str:
        return escape(child._key)

    # -- the mutators of dict, each a line or two over _put and _drop

    def __setitem__(self, name: str, value: Any, /) -> None:
        lease = self._lease
        root = lease.root
        if root is not None and type(name) is str and is_scalar(value):
            # The fast way for what is done most, a scalar in the place of another one: 0.9 us for 13. It is
            # written out in each mutator that has it. What is interrupted in between was marked in vain.
            # That this is news, `!=` nearly always tells without a call. Who gets another shape loses its
            # lease, so it is looked at before the lock is taken.
            scalar = value if self._shape is None else self._shape.glance(name, value)
            with root.lock:
                old = self.get(name, self)
                is_put = lease.root is root and type(old) in SCALARS and scalar is not ABSENT
                if is_put:
                    is_news = (
                        root.mark(self, name, old)
                        if old != scalar or not same_scalar(old, scalar)
                        else root.pass_over(self, name, old)
                    )
                    dict.__setitem__(self, name, scalar)
            if is_put:
                if is_news:
                    root.notify()
                return
        self._put_all(_asked_members(self, {name: value}))

    @_mutator
    def __delitem__(self, name: str, /) -> None:
        if name not in self:
            raise KeyError(name)
        self._drop([name])

    @overload
    def pop(self, name: str, /) -> Any: ...
    @overload
    def pop(self, name: str, default: Any, /) -> Any: ...
    @_mutator
    def pop(self, name: str, /, *default: Any) -> Any:
        if name not in self:
            return super().pop(name, *default)
        member = self[name]
        self._drop([name])
        return member

    @_mutator
    def popitem(self) -> tuple[str, Any]:
        if not self:
            raise KeyError("popitem(): dictionary is empty")
        name, member = next(reversed(self.items()))
        self._drop([name])
        return name, member

    @_mutator
    def clear(self) -> None:
        self._drop(list(self))

    def setdefault(self, name: str, default: object = None, /) -> Any:
        return self[name] if name in self else self._put_new(_asked_members(self, {name: default}))

    @_mutator
    def _put_new(self, members: Mapping[str, object]) -> Any:
        (name,) = members
        if name not in self:
            self._put(members)
        return self[name]

    def update(self, members: Any = (), /, **more: object) -> None:
        self._put_all(_asked_members(self, dict(members, **more)))  # which may take its time

    @_mutator
    def _put_all(self, members: Mapping[str, object]) -> None:
        self._put(members)

    def __ior__(self, members: Any, /) -> TrackedDict:  # type: ignore[override, misc] # ours takes what it can wrap
        self.update(members)
        return self

    # -- copies are plain

    def __copy__(self) -> dict[str, Any]:
        return dict(self)

    def __reduce_ex__(self, protocol: SupportsIndex, /) -> tuple[Any, ...]:
        return dict, (dict(self),)


def _asked(node: TrackedList, values: list[Any], index: Any) -> list[Any]:
    """Return what a person's own element traits make of values; no lock is held.

    Args:
        node: Where they come in.
        values: They.
        index: The index of the first one, or the slice that they take the place of.
    """
    shape = node._shape
    if shape is None or not (shape.is_free or shape.makes) or not node.is_attached:
        return values
    owner, place = find_root(node)[0].owner, 0
    start, _, step = (index if isinstance(index, slice) else slice(index, None)).indices(len(node))
    taken: list[Any] = []
    try:
        for place, value in zip(count(start, step), values):
            taken.append(asked(shape.at(place), owner, made(shape.at(place), value)))
    except Refusal as refusal:
        raise refusal.at(node.location or "", place) from refusal.__cause__
    return taken


def _asked_members(node: TrackedDict, members: dict[str, Any]) -> dict[str, Any]:
    shape = node._shape
    if shape is None or not (shape.is_free or shape.makes) or not node.is_attached:
        return members
    owner = find_root(node)[0].owner
    try:
        return cast("dict[str, Any]", asked(shape, owner, made_in(shape, members)))
    except Refusal as refusal:
        raise refusal.at(node.location or "") from refusal.__cause__


def _mind(node: Container, root: Root, rule: Callable[[Any], None], fact: Any) -> None:
    """See that a container may become what it will be as a whole, unless that is judged later, or never."""
    if root is NOWHERE or root.is_judged:
        return
    try:
        rule(fact)
    except Refusal as refusal:
        raise refusal.at(locate(node)) from None


Intake.list_type, Intake.dict_type = TrackedList, TrackedDict
