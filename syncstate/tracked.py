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

```
    Root          the model, or what track() was given
     │ _key "rows"
    TrackedList   a child knows its parent and a hint of its index, never its path:
     │ _key 3     the path is found by walking up at the moment of the report,
    TrackedDict   so it stays right when indices shift
```

A value has one place. What is put in is copied; a tracked container that has a place elsewhere is copied
too; one that has none any more (it was popped, say) is taken as it is. C code that writes into a list
behind its methods (`heapq`) is not seen.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from enum import Enum
from functools import wraps
from itertools import chain, compress, count, repeat
from operator import attrgetter, is_
from operator import index as as_index
from threading import RLock
from typing import Any, Concatenate, ParamSpec, SupportsIndex, TypeAlias, TypeVar, cast, overload

from syncstate.arrays import is_array, splice
from syncstate.diff import Account, Change, add, guarded, move, others, remove, replace
from syncstate.document import (
    MAX_DEPTH,
    MAX_INTEGER,
    SCALARS,
    ObjectNode,
    copied,
    kind,
    same_scalar,
)
from syncstate.errors import NotSyncable
from syncstate.forms import Unformed, registration_of
from syncstate.journal import Journal, open_journal
from syncstate.locks import Locked
from syncstate.patch import Operation, Step, is_part, spliced_range
from syncstate.pointer import escape, join, parse, resolve
from syncstate.readings import computes, demand_no_reading, open_readings
from syncstate.records import Record, is_instance, members_of, more_of, placed
from syncstate.shapes import ABSENT, Frame, Refusal, Shape, asked, fits, made, made_in
from syncstate.values import Unfit, form_all, leaf, name_of, settled

_FAVOUR = 8
"""How many times as large as the whole list its changes may be where they keep its containers the same."""


Marks: TypeAlias = "dict[Any, Any]"
"""The keys under which scalars were put into a container, and what stood there: ABSENT if nothing did."""


class Lease:
    """The leave of all containers below one child of a root to have scalars only marked.

    Nobody wants to be told of each change there, and what holds the lease is in its place: that saves the way
    up, a description and the telling. It ends when one of the two does; a container then gets another one
    with its next change.

    Attributes:
        root: Whose it is, or None once it has ended, or where there is none.
        below: The roots that hang there, and whose own leases end with this one.
    """

    __slots__ = ("below", "root")

    def __init__(self, root: Root | None) -> None:
        self.root = root
        self.below: dict[Root, None] = {}

    def follow(self, root: Root) -> None:
        """Let a root's own leases end with this one."""
        if self is not _NO_LEASE:
            self.below[root] = None

    def part(self, root: Root) -> None:
        """Let a root's own leases no longer end with this one."""
        self.below.pop(root, None)

    def end(self) -> None:
        """End this lease, and those that follow it."""
        below, self.below = self.below, {}
        self.root = None
        for root in below:
            root.revoke_all()

    def pause(self) -> None:
        """End this lease until `resume`; those that follow it end for good."""
        self.root = None
        for root in self.below:
            root.revoke_all()

    def resume(self, root: Root) -> None:
        """Let this lease go on, in the hands of all that hold it."""
        self.root = root


_NO_LEASE = Lease(None)


class Root(Locked):
    """Where a tracked document hangs: it takes the reports of every container below it.

    It may have a place in another document, as that of a nested model has; then it shares the lock of the
    root above it.

    Attributes:
        lock: Held while anything below changes.
        is_recording: Changes are to be described.
        has_roots: A root was placed below this one once.
        fixed_key: The key that a person gave the model, of which there is one in a document.
        marks: The containers in which scalars were put since, and what stood under each of their keys before;
            by the identity of the container.
        is_judged: What is being done was judged as a whole: on the way there, anything may stand anywhere.
        sealed: The keys of what is computed: nobody may change what hangs there.
        owner: Whose document it is; a person's own element traits are asked in its name.
    """

    owner: Any = None
    fixed_key: str | None = None
    sealed: Collection[Any] = ()

    def __init__(self) -> None:
        self.lock = RLock()
        self.is_recording = True
        self.is_judged = False
        self.has_roots = False
        self.marks: dict[int, tuple[Any, Marks]] = {}
        self._parent: _Node = None
        self._key: Any = None
        self._lease = _NO_LEASE

    def shape_of(self, key: Any) -> Shape | None:
        """Return what may hang under a key."""
        return None

    def lease(self, key: Any) -> Lease:
        """Return the lease for what hangs under a key; the lock is held."""
        return _NO_LEASE

    def revoke(self, key: Any) -> None:
        """End the lease for what hangs under a key, as a container has left it; the lock is held."""

    def revoke_all(self) -> None:
        """End all leases; the lock is held."""

    has_rules = False
    """Whether what is done here is to be looked at as a whole, and may be taken back."""

    def statement(self) -> AbstractContextManager[object] | None:
        """Return in what a statement is to be done, if it is not already."""
        return None

    def enter(self) -> Journal | None:
        """Return where to note how to take back what is about to be done here; the lock is held."""
        return open_journal()

    def mark(self, node: Any, key: Any, old: Any) -> bool:
        """Take note that a scalar was put under a key of a leased container; the lock is held.

        Args:
            node: The container.
            key: The name or the index.
            old: What was there, ABSENT if nothing was.

        Returns:
            Whether `notify` shall be called, once the lock is free.
        """
        raise NotImplementedError  # who grants leases takes marks

    def pass_over(self, node: Any, key: Any, old: Any) -> bool:
        """Take note that a scalar gave way to one that is the same but for its type: no news, so False."""
        return False

    def catch_up(self) -> None:
        """Describe what was marked, before anything else changes; the lock is held."""

    def notify(self) -> None:
        """Say that something was marked; the lock is not held."""

    def interrupt(self) -> None:
        """Take note that an interrupt came in the middle of a change; the lock is held."""

    def pointer_to(self, key: Any) -> str:
        """Return the pointer of the child that hangs here under a key."""
        return ""

    def frame_of(self, cls: type) -> Frame | None:
        """Return what may stand in an instance of a dataclass that nothing is said of."""
        return None

    def report(self, keys: Collection[Any], changes: list[Change], assigned: list[Step]) -> None:
        """Take changes below children; the lock is held.

        Args:
            keys: What the children were attached with: one, or two if something was moved between them.
            changes: Steps in order, each with the value before; empty when nothing is recorded.
            assigned: A `replace` without a value for each location whose whole value was assigned, though
                `changes` says less.
        """

    def settle(self) -> None:
        """Do what must wait until the lock is free: tell observers."""

    # -- roots below and above

    @property
    def is_ready(self) -> bool:
        """Whether this may be placed without that code of a person's runs."""
        return True

    def get_ready(self, root: Root) -> None:
        """Make the defaults, and share the lock of the root below which this comes; no lock is held."""

    def hanging(self) -> list[Any]:
        """Return the containers and objects that hang here."""
        return []

    def share_lock(self, lock: RLock) -> None:
        """Have another lock from now on; the one of now is held."""
        self.lock = lock

    def arrive(self, root: Root) -> None:
        """Take note that this has a place below a root; the lock, which is shared by now, is held."""

    def leave(self) -> None:
        """Take note that this has no place any more; the lock is held."""

    def report_from(self, root: Root, changes: list[Change], assigned: list[Step]) -> None:
        """Take what a root below did, as it reads here; the lock is held."""

    def mark_from(self, root: Root) -> None:
        """Take note that a root below has marks; the lock is held."""


class _Nowhere(Root):
    """The root of what has no place: nothing is recorded.

    Who gives such a container a place holds this lock too, from before it looks at it until it has it. It is
    the last of all locks: nothing waits for another one while it holds this one.
    """

    def __init__(self) -> None:
        super().__init__()
        self.is_recording = False


NOWHERE = _Nowhere()
_ATTEMPTS = 10  # to sort a list that other threads change meanwhile
_Splice: TypeAlias = tuple[int, int, Sequence[object]]
_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


def _mutator(
    method: Callable[Concatenate[Any, _Arguments], _Result],
) -> Callable[Concatenate[Any, _Arguments], _Result]:
    """Let a method change its container with the lock held; observers are told when it is free again."""

    @wraps(method)
    def mutate(self: _Container, /, *arguments: _Arguments.args, **named: _Arguments.kwargs) -> _Result:
        while True:
            root, _ = _find_root(self)
            if root.has_rules and (statement := root.statement()) is not None:
                with statement:
                    return mutate(self, *arguments, **named)
            try:
                with (lock := root.lock):
                    found, key = _find_root(self)
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


class _Placed:
    """What both kinds of containers tell of their place."""

    __slots__ = ()

    @property
    def is_attached(self) -> bool:
        """Whether this container has a place in a document."""
        return _find_root(cast(_Container, self))[0] is not NOWHERE

    @property
    def location(self) -> str | None:
        """The pointer of this container in its document, or None if it has no place."""
        node = cast(_Container, self)
        while True:
            root, _ = _find_root(node)
            with root.held():
                if _find_root(node)[0] is root:  # else another thread has just moved it
                    return None if root is NOWHERE else _locate(node)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return copied(self)


class TrackedList(_Placed, list[Any]):
    """A list that reports its changes; see the module for what that means.

    Equal to, and usable as, the list of the same elements. `copy`, `+`, slices, `copy.copy`, `copy.deepcopy`
    and `pickle` give plain lists.

    Raises:
        NotSyncable: From every mutator, when a value has no JSON form; the list is unchanged.
    """

    __slots__ = ("__weakref__", "_key", "_lease", "_parent", "_shape")
    _key: Any
    _lease: Lease
    _parent: _Node
    _shape: Frame | None

    def __new__(cls, *_: object) -> TrackedList:
        self = super().__new__(cls)
        self._parent = None
        self._key = None
        self._lease = _NO_LEASE
        self._shape = None
        return self

    def __init__(self, values: Iterable[object] = ()) -> None:
        super().__init__()
        values = list(values)
        settled(lambda: self._splice((0, 0, values)), values)

    def _splice(self, *splices: _Splice, reordered: bool = False) -> None:
        """Replace ranges of elements by others: the one way in which a list changes; the lock is held.

        Args:
            splices: Disjoint `(start, stop, values)` with `0 <= start <= stop <= len(self)`, ascending.
            reordered: The values are this list's own elements, all of them, in another order.
        """
        root, key = _find_root(self)
        journal = root.enter()
        leaving = [element for start, stop, _ in splices for element in self[start:stop]]
        path = _locate(self) if root.is_recording else ""
        before = list(self) if root.is_recording and len(leaving) > 1 else []
        shape = self._shape
        if shape is not None and shape.union is not None and len(leaving) == len(self):
            shape = shape.union.frame_for([*chain.from_iterable(values for _, _, values in splices)], shape)
        intake = Intake(self, leaving, root, shape)
        arriving = [_taken(intake, some) for some in splices]
        if shape is not None:
            come = sum(len(values) for _, _, values in arriving)
            _mind_length(self, shape, len(self) - len(leaving) + come, root)
        with intake.lock_below(root):
            if not intake.is_current():
                arriving = [_taken(intake, some) for some in splices]
            account = Account(path, intake.was_kept)
            if root.is_recording:
                for start, stop, values in reversed(arriving):
                    account.splice(start, self[start:stop], values, is_reordered=reordered)
            places = [pair for start, _, values in arriving for pair in enumerate(values, start)]
            if intake.place(places, journal):
                root.revoke(key)
            for start, stop, values in reversed(arriving):
                if journal is not None:
                    journal.note(_respliced, self, start, self[start:stop], len(values), len(self))
                list.__setitem__(self, slice(start, stop), values)
            if shape is not self._shape:
                self._shape = shape
                root.revoke(key)
        changes = account.changes
        if before:
            in_list, favour = isinstance(self._parent, TrackedList), _FAVOUR if account.keeps else 1
            changes = guarded(changes, before, self, path, in_list=in_list, favour=favour)
        root.report((key,), changes, account.assigned)

    def _child_token(self, child: _Container) -> str:
        """Return the reference token of an element, found by identity outward from its hint."""
        hint = child._key
        length = len(self)
        if hint < length and _is_of(self[hint], child):
            return str(hint)
        for distance in range(1, length + abs(hint) + 1):
            for place in (hint - distance, hint + distance):
                if 0 <= place < length and _is_of(self[place], child):
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


class TrackedDict(_Placed, dict[str, Any]):
    """A dict with text keys that reports its changes; see the module for what that means.

    Equal to, and usable as, the dict of the same members. `copy`, `|`, `copy.copy`, `copy.deepcopy` and
    `pickle` give plain dicts.

    Raises:
        NotSyncable: From every mutator, when a key is no text or a value has no JSON form; nothing changed.
    """

    __slots__ = ("__weakref__", "_key", "_lease", "_parent", "_shape")
    _key: Any
    _lease: Lease
    _parent: _Node
    _shape: Frame | None

    def __new__(cls, *_: object, **__: object) -> TrackedDict:
        self = super().__new__(cls)
        self._parent = None
        self._key = None
        self._lease = _NO_LEASE
        self._shape = None
        return self

    def __init__(
        self, members: Mapping[str, object] | Iterable[tuple[str, object]] = (), /, **more: object
    ) -> None:
        super().__init__()
        members = dict(members, **more)
        settled(lambda: self._put(members), members)

    def _put(self, members: Mapping[str, object]) -> None:
        """Set members: the one way in which something comes into a dict; the lock is held."""
        root, key = _find_root(self)
        journal = root.enter()
        leaving = [self[name] for name in members if name in self]
        path = _locate(self) if root.is_recording else ""
        shape = self._shape
        if shape is not None and shape.union is not None and not self:
            shape = shape.union.frame_for(members, shape)
        intake = Intake(self, leaving, root, shape)
        arriving = {_check_name(name, self): intake.take(value, name) for name, value in members.items()}
        with intake.lock_below(root):
            if not intake.is_current():
                arriving = {name: intake.take(value, name) for name, value in members.items()}
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
                journal.note(_reput, self, {name: self.get(name, ABSENT) for name in arriving}, None)
            dict.update(self, arriving)
            if shape is not self._shape:
                self._shape = shape
                root.revoke(key)
        root.report((key,), account.changes, account.assigned)

    def _drop(self, names: Sequence[str]) -> None:
        """Remove members: the one way in which something leaves a dict; the lock is held."""
        root, key = _find_root(self)
        if self._shape is not None:
            _mind_loss(self, names, root)
        journal = root.enter()
        if journal is not None:  # in which order they stand, the first loss knows
            order = [*self] if journal.is_first(self) else None
            journal.note(_reput, self, {name: self[name] for name in names}, order)
        path = _locate(self) if root.is_recording else ""
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

    def _child_token(self, child: _Container) -> str:
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


_Container: TypeAlias = TrackedList | TrackedDict
_Node: TypeAlias = "TrackedList | TrackedDict | Root | None"
_TRACKED = (TrackedList, TrackedDict)
_PLACED = (*_TRACKED, ObjectNode)


def node_of(value: Any) -> Any:
    """Return what knows the place of a value: a container itself, what stands behind an object, or None."""
    if isinstance(value, _TRACKED):
        return value
    return value._synced_node if isinstance(value, ObjectNode) else None


def _is_of(value: Any, node: Any) -> bool:
    """Whether a value is that of a node."""
    return value is node or (isinstance(value, ObjectNode) and value._synced_node is node)


def let_go(node: Any) -> None:
    """Take the place of a node away."""
    node._parent = None
    if isinstance(node, Root):
        node.leave()


def is_scalar(value: Any) -> bool:
    """Whether a value is one of the commonest scalars, which stand for themselves in JSON."""
    type_ = type(value)
    if type_ is str:
        return value.isascii()  # type: ignore[no-any-return] # it is text
    if type_ is int:
        return -MAX_INTEGER <= value <= MAX_INTEGER  # type: ignore[no-any-return] # it is a number
    if type_ is float:
        return value - value == 0  # type: ignore[no-any-return] # neither infinite nor NaN
    return type_ is bool or value is None


def described(marks: Iterable[tuple[_Container, Marks]]) -> list[Change]:
    """Return what says that scalars were put into containers, which are in their places."""
    changes: list[Change] = []
    last: _Node = None
    above = ""  # the pointer of the last one's holder: a table's rows all have one
    tokens: dict[str, str] = {}  # and the same names
    for node, keys in marks:
        holder, place = node._parent, node._key
        if not isinstance(holder, _TRACKED):
            path = _locate(node)
        else:
            if holder is not last:
                last, above = holder, _locate(holder)
            siblings: Any = holder
            if type(place) is int and place < len(holder) and siblings[place] is node:  # without a call
                path = f"{above}/{place}"
            else:
                path = f"{above}/{holder._child_token(node)}"
        if isinstance(node, TrackedDict):
            for name, old in keys.items():
                token = tokens.get(name) or tokens.setdefault(name, escape(name))
                operation = {"op": "replace", "path": f"{path}/{token}", "value": node[name]}
                changes.append((_new_step(Step, (operation, False, False, False)), old))
        else:
            for index, old in keys.items():
                if index < len(node):  # else it was marked, and an interrupt came before it was put there
                    is_new = old is ABSENT
                    op = "add" if is_new else "replace"
                    operation = {"op": op, "path": f"{path}/{index}", "value": node[index]}
                    changes.append(
                        (_new_step(Step, (operation, True, False, False)), None if is_new else old)
                    )
    return changes


_new_step = tuple.__new__  # half of what Step() takes, where there are a thousand


def unmark(node: Any, keys: Marks) -> None:
    """Put back what stood in a container before scalars were put there."""
    for key, old in reversed(keys.items()):
        if old is ABSENT:
            _respliced(node, key, [], 1, key)
        else:
            (list if isinstance(node, list) else dict).__setitem__(node, key, old)


# -- how what was done is taken back


def note_place(node: Any, journal: Journal | None) -> None:
    """Take note of where a container or an object stands, before it goes elsewhere."""
    if journal is not None:
        journal.note(_replaced, node, node._parent, node._key, getattr(node, "_shape", None))


def _replaced(node: Any, parent: _Node, key: Any, shape: Frame | None) -> None:
    if isinstance(node, Root):
        node.leave()
    elif node._shape is not shape:
        reshape(node, shape)
    node._parent, node._key = parent, key


def _respliced(node: TrackedList, start: int, old: list[Any], count: int, length: int) -> None:
    """Put elements back that gave way to so many others, in a list that had a length."""
    if len(node) == length - len(old) + count:  # else it did not happen
        list.__setitem__(node, slice(start, start + count), old)


def _reput(node: TrackedDict, before: dict[str, Any], order: list[str] | None) -> None:
    """Put members back that gave way to others, or to none."""
    for name, old in before.items():
        if old is ABSENT:
            dict.pop(node, name, None)
        else:
            dict.__setitem__(node, name, old)
    if order is not None:
        moved = next((place for place, name in enumerate(order) if name in before), len(order))
        for name in order[moved:]:
            dict.__setitem__(node, name, dict.pop(node, name))


def _find_root(node: _Container) -> tuple[Root, Any]:
    """Return the root above a container, and the key of the child of the root that it is in."""
    while isinstance(parent := node._parent, _TRACKED):
        node = parent
    return (NOWHERE, None) if parent is None else (parent, node._key)


def reshape(node: _Container, frame: Frame | None) -> None:
    """Give a container and all in it the shapes of another place, in which they fit."""
    node._shape = frame
    for key, child in _items(node):
        if isinstance(child, _PLACED) and not isinstance(node_of(child), Root):
            shape = None if frame is None else frame.at(key)
            if shape is not None or not isinstance(child, Record):  # its class says what is in it
                reshape(node_of(child), None if shape is None else shape.admit(child)[1])


def _has_length(frame: Frame, length: int) -> bool:
    try:
        frame.mind_length(length)
    except Refusal:
        return False
    return True


def _locate(node: _Container | Root) -> str:
    """Return the pointer of an attached container, by walking up."""
    path = ""
    if isinstance(node, Root):
        return path
    while isinstance(parent := node._parent, _TRACKED):
        path = f"/{parent._child_token(node)}{path}"
        node = parent
    return parent.pointer_to(node._key) + path if parent is not None else path


def root_above(root: Root) -> tuple[Root, Any, str] | None:
    """Return the root in whose document another one has its place, the key there, and its pointer."""
    node: Any = root
    path = ""
    while isinstance(parent := node._parent, _TRACKED):
        path = f"/{parent._child_token(node)}{path}"
        node = parent
    return None if parent is None else (parent, node._key, parent.pointer_to(node._key) + path)


def prefixed(step: Step, path: str) -> Step:
    """Return a step below a root as it reads in the document above it, where the root stands at a pointer."""
    operation: Operation = {**step.operation, "path": path + step.operation["path"]}
    if "from" in operation:
        operation["from"] = path + operation["from"]
    return step._replace(operation=operation)


def nodes_in(value: Any) -> list[Any]:
    """Return the nodes of a value and of all that is in it, without what is below another root."""
    return _nodes_in(node_of(value)) if isinstance(value, _PLACED) else []


def roots_below(root: Root) -> Iterator[Root]:
    """Yield the roots that have their places below another one, or below those; the lock is held."""
    if not root.has_roots:
        return
    for value in root.hanging():
        for node in _nodes_in(node_of(value)):
            if isinstance(node, Root):
                yield node
                yield from roots_below(node)


def is_tracked(value: object) -> bool:
    """Whether a value knows its place: a tracked container, or an object."""
    return isinstance(value, _PLACED)


def adopt(holder: Root | _Container, elements: Iterable[tuple[Any, Any]]) -> None:
    """Give all containers below a root their places, whatever they thought of them."""
    for key, value in elements:
        node = node_of(value)
        if node is not None:
            node._parent, node._key = holder, key
            adopt(node, _items(node))


def perform(document: dict[str, Any], operation: Operation) -> None:
    """Do an operation to the tracked containers of a document, in place; they report it.

    The operation is known to apply, and acts below a member of the document.
    """
    *above, token = parse(operation["path"])
    if is_part(token) and is_array(array := resolve(document, holder := join(*above))):
        spliced = splice(array, *spliced_range(operation, token, len(array)))
        _put_in(document, holder, spliced, is_new=False)
        return
    match operation["op"]:
        case "test":
            return
        case "remove":
            _take_out(document, operation["path"])
        case "move":
            _move(document, operation)
        case "copy":
            _put_in(document, operation["path"], copied(resolve(document, operation["from"])), is_new=True)
        case name:
            _put_in(document, operation["path"], operation["value"], is_new=name == "add")


def _move(document: dict[str, Any], operation: Operation) -> None:
    """Take a value to another place, where it is still the same one to everybody who means it."""
    source, target = operation["from"], operation["path"]
    if source == target:
        return
    leaving, token = _holder_of(document, source)
    from_list = isinstance(leaving, TrackedList)
    value = leaving[int(token) if from_list else token]
    root, key = _find_root(leaving)
    root.enter()  # first: who joins a batch is to record
    is_recording, root.is_recording = root.is_recording, False
    try:
        with NOWHERE.lock:
            _take_out(document, source)
            arriving, token = _holder_of(document, target)
            in_list = isinstance(arriving, TrackedList)
            if in_list:
                token = str(len(arriving)) if token == "-" else token
            overwritten = [arriving[token]] if not in_list and token in arriving else []
            _put_in(document, target, value, is_new=True)
    finally:
        root.is_recording = is_recording
    if is_recording:
        where = f"{_locate(arriving)}/{escape(token)}"
        moved = move(source, where, overwritten, from_list=from_list, in_list=in_list)
        root.report({key, _find_root(arriving)[1]}, [moved], [])


def _holder_of(document: dict[str, Any], pointer: str) -> tuple[Any, str]:
    *above, token = parse(pointer)
    holder: Any = document
    for name in above:
        found = holder[name] if isinstance(holder, dict) else holder[int(name)]
        holder = node_of(found) if isinstance(found, ObjectNode) else found
    return holder, token


def _take_out(document: dict[str, Any], pointer: str) -> None:
    holder, token = _holder_of(document, pointer)
    if isinstance(holder, TrackedList):
        holder._splice((int(token), int(token) + 1, ()))
    else:
        holder._drop([token])


def _put_in(document: dict[str, Any], pointer: str, value: Any, *, is_new: bool) -> None:
    holder, token = _holder_of(document, pointer)
    if isinstance(holder, TrackedList):
        place = len(holder) if token == "-" else int(token)
        if is_new or not _exchange(holder, place, value, pointer):
            holder._splice((place, place if is_new else place + 1, [value]))
    elif is_new or not _exchange(holder, token, value, pointer):
        holder._put({token: value})


def _exchange(holder: _Container, key: Any, value: Any, pointer: str) -> bool:
    """Put a scalar in the place of another one, and return whether it was put: it takes half the time."""
    old = cast(Any, holder)[key]
    if type(old) not in SCALARS or not is_scalar(value):
        return False
    if holder._shape is not None:
        value = holder._shape.glance(key, value)
        if value is ABSENT:
            return False
    root, top = _find_root(holder)
    journal = root.enter()
    if journal is not None:
        journal.note(unmark, holder, {key: old})
    in_list = isinstance(holder, TrackedList)
    if isinstance(holder, TrackedList):
        list.__setitem__(holder, key, value)
    else:
        dict.__setitem__(holder, key, value)
    if root.is_recording and not same_scalar(old, value):
        root.report((top,), [replace(pointer, old, value, in_list=in_list)], [])
    return True


def untied(value: Any, node: Any) -> Any:
    """Return a value with plain copies of the tracked containers in it, but for a node's own elements.

    A value that shares containers with the live document so keeps its state, whatever is changed in place.
    """
    elements = _items(node) if isinstance(node, _TRACKED) else ()
    own = {id(child) for _, child in elements if isinstance(child, _PLACED)}

    def untie(child: Any) -> Any:
        if id(child) in own:
            own.discard(id(child))  # it has one place
            return child
        return copied(child)

    if isinstance(value, dict):
        return {name: untie(member) for name, member in value.items()}
    return type(value)(map(untie, value)) if type(value) in (list, tuple) else copied(value)


def become(node: _Container, value: Any) -> None:
    """Make a container the same as a value of its kind, in place.

    What stands on both sides, as the same object or at the same place, stays: what the user holds remains
    attached and means what it meant.

    Args:
        node: The container.
        value: What it shall be; the only tracked containers in it are elements of the node.
    """
    moving = {id(child) for _, child in _items(value) if isinstance(child, _PLACED)}

    def is_match(old: Any, new: Any) -> bool:
        return old is new or not (isinstance(new, _PLACED) or id(old) in moving)

    if isinstance(node, TrackedDict):
        if gone := [name for name in node if name not in value]:
            node._drop(gone)
        for name, member in value.items():
            if name in node and is_match(node[name], member):
                _become_member(node, name, member)
            else:
                node._put({name: member})
        return
    start, stop, tail = 0, min(len(node), len(value)), 0
    while start < stop and is_match(node[start], value[start]):
        _become_member(node, start, value[start])
        start += 1
    while tail < stop - start and is_match(node[-1 - tail], value[-1 - tail]):
        tail += 1
        _become_member(node, len(node) - tail, value[-tail])
    if start + tail < max(len(node), len(value)):
        node._splice((start, len(node) - tail, value[start : len(value) - tail]))


def _become_member(node: Any, key: Any, new: Any) -> None:
    old = node[key]
    if isinstance(old, _TRACKED) and old is not new and kind(old) == kind(new):
        become(old, new)
    elif is_alike(old, new):
        become(old._synced_node, record_members(new))
    elif old is new:
        return
    elif isinstance(node, TrackedDict):
        node._put({key: new})
    else:
        node._splice((key, key + 1, [new]))


def is_alike(old: Any, new: Any) -> bool:
    """Whether an instance of a dataclass that stands somewhere can become another one."""
    if not isinstance(old, Record) or old._synced_is_frozen or old is new:
        return False
    return (new._synced_base if isinstance(new, Record) else type(new)) is old._synced_base


def record_members(value: Any) -> dict[str, Any]:
    """Return the fields of an instance of a dataclass, which may stand somewhere."""
    return dict(value.__dict__) if isinstance(value, Record) else members_of(value)


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
    owner, place = _find_root(node)[0].owner, 0
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
    owner = _find_root(node)[0].owner
    try:
        return cast("dict[str, Any]", asked(shape, owner, made_in(shape, members)))
    except Refusal as refusal:
        raise refusal.at(node.location or "") from refusal.__cause__


def _mind_length(node: TrackedList, shape: Frame, length: int, root: Root) -> None:
    if root is NOWHERE or root.is_judged or length == len(node):
        return
    try:
        shape.mind_length(length)
    except Refusal as refusal:
        raise refusal.at(_locate(node)) from None


def _mind_loss(node: Any, names: Sequence[str], root: Root) -> None:
    if root is NOWHERE or root.is_judged:
        return
    try:
        node._shape.mind_loss(names)
    except Refusal as refusal:
        raise refusal.at(_locate(node)) from None


def _taken(intake: Intake, splice: _Splice) -> tuple[int, int, list[Any]]:
    start, stop, values = splice
    return start, stop, [intake.take(value, place) for place, value in enumerate(values, start)]


def _check_name(name: object, holder: _Container) -> str:
    try:
        return name_of(name)
    except Unfit as unfit:
        raise NotSyncable(_locate(holder), unfit.value, unfit.why) from None


# -- how values come in


class Intake:
    """Values on their way into a container: all are checked and wrapped before any is given its place.

    Args:
        holder: The container, or the root, that takes them in.
        leaving: What stands where they will stand.
        root: The root above the holder; by default nothing is known of it.
        frame: What judges what stands in the holder, if it is a container.

    Attributes:
        loose: Containers that had no place and are taken as they are. Another thread may change them, or give
            them one, until the lock of those that have none is held: only then `is_current` tells the truth.
        roots: The roots of the models among what comes in.
    """

    __slots__ = (
        "_above",
        "_busy",
        "_free",
        "_holder",
        "_is_judged",
        "_kept",
        "_links",
        "_reused",
        "_shape_of",
        "_shapes",
        "_table",
        "loose",
        "roots",
    )

    def __init__(
        self,
        holder: _Container | Root,
        leaving: Sequence[Any],
        root: Root | None = None,
        frame: Frame | None = None,
    ) -> None:
        self._holder = holder
        self._is_judged = root is not None and root.is_judged
        # what may stand under a key of the holder
        self._shape_of: Callable[[Any], Shape | None] | None = None
        if isinstance(holder, Root):
            self._shape_of = holder.shape_of if root is not None else None
        elif root is not NOWHERE and frame is not None:
            self._shape_of = frame.at
        self._free = self._own(leaving)
        self._above: set[int] | None = None
        self._busy: set[int] = set()  # plain containers being wrapped right now, to find cycles
        self._begin()

    def _begin(self) -> None:
        self._kept: set[int] = set()  # containers that are taken as they are, with all below them
        self._reused: list[Any] = []  # the topmost of them that leave a place
        self.loose: list[Any] = []  # and those that had none
        self.roots: list[Root] = []
        self._table: _Table | None = None
        self._links: list[tuple[_Container, _Container, Any]] = []  # child, parent, key: set by place()
        self._shapes: list[tuple[_Container, Frame | None]] = []  # what gets another shape than it had

    def _own(self, leaving: Sequence[Any]) -> dict[int, Any]:
        # what a list that was replaced still holds may have its place in another one by now
        nodes = [node_of(value) for value in leaving if isinstance(value, _PLACED)]
        return {id(node): node for node in nodes if node._parent is self._holder}

    def take(self, value: Any, *tokens: Any) -> Any:
        """Return a value as it will stand in the holder, under a key or an index, or further below.

        Raises:
            NotSyncable: It, or something in it, has no JSON form; the error names the pointer.
            NotValid: It, or something in it, may not stand where it would.
        """
        if self._shape_of is None and is_scalar(value):
            return value
        try:
            if self._shape_of is None:
                return self._wrap(value, None)
            return self._take(value, self._find_shape(self._shape_of, tokens[0]))
        except Unfit as unfit:
            pointer = _locate(self._holder) + join(*tokens, *reversed(unfit.tokens))
            raise NotSyncable(pointer, unfit.value, unfit.why) from None
        except Refusal as refusal:
            raise refusal.at(_locate(self._holder), *tokens) from None

    def _find_shape(self, shape_of: Callable[[Any], Shape | None], key: Any) -> Shape | None:
        try:
            return shape_of(key)
        except Refusal:
            if self._is_judged:
                return None
            raise

    def _take(self, value: Any, shape: Shape | None) -> Any:
        frame = None
        if isinstance(value, _TRACKED) and value._shape is shape and value._parent is self._holder:
            frame = value._shape  # it was looked at when it came
        elif shape is not None and type(value) not in shape.passes:
            value, frame = self._admit(value, shape)
        is_declared = shape is not None and isinstance(value, Enum) and registration_of(type(value)) is None
        return value if is_declared else self._wrap(value, frame)

    def _admit(self, value: Any, shape: Shape) -> tuple[Any, Frame | None]:
        try:
            return shape.admit(value)
        except Refusal:
            if self._is_judged:  # all gets its shape again at the end
                return value, None
            raise

    def take_row(self, value: Any, place: int, table: TrackedList) -> Any:
        """Return a row as it will stand in a table that comes."""
        return self._member(value, table, place, None if table._shape is None else table._shape.at(place))

    def take_table(self, value: Any, former: Any) -> Any:
        """Return a table as it will stand in the place of a former one, or None: then `take` takes it.

        A row that is the same as the one at its place is that one: whoever holds it still does, and to copy
        99 of 100 rows would make an assignment take twice as long.
        """
        if type(value) is not list or id(former) not in self._free or not isinstance(former, TrackedList):
            return None
        before, after = [*former], [*value]
        if {*map(type, before)} != {TrackedDict} or {*map(type, after)} != {dict}:
            return None
        places = others(before, after)
        if places is None:
            return None
        shorter = min(len(before), len(after))
        are_kept = bytearray(b"\1") * shorter
        for place in places:
            are_kept[place] = 0
        kept = [*compress(before, are_kept)]
        places += range(shorter, len(after))
        built = TrackedList.__new__(TrackedList)
        built._shape = frame = former._shape
        if not kept or (places and not self._build_table([after[place] for place in places], built)):
            return None
        if frame is not None and not _has_length(frame, len(after)):
            return None
        node = TrackedList.__new__(TrackedList)
        node._shape = frame
        list.extend(node, before[:shorter])
        list.extend(node, after[shorter:])
        for place, row in zip(places, built, strict=True):
            row._parent, row._key = node, place
            list.__setitem__(node, place, row)
        self._table = _Table(former, node, kept, after)
        return node

    def was_kept(self, value: Any) -> bool:
        """Whether a container that came in is one that was here, or anywhere, before."""
        return id(node_of(value)) in self._kept

    def lock_below(self, root: Root) -> RLock:
        """Return the lock to hold, beside that of a root, while what was taken gets its place below it.

        Raises:
            Unready: A model is not ready for it; nothing has changed.
        """
        self.demand_ready(root)
        return (NOWHERE if self.loose else root).lock

    def demand_ready(self, root: Root) -> None:
        """See that all models that come in share the lock of a root, which is held.

        Raises:
            Unready: One does not; nothing has changed.
        """
        if root is not NOWHERE and not all(one.is_ready and one.lock is root.lock for one in self.roots):
            raise Unready(self.roots)
        self._demand_keys(root)

    def _demand_keys(self, root: Root) -> None:
        """Refuse a model whose class fixes its key, where one of the same key stands in the document."""
        come = [one for top in self.roots for one in (top, *roots_below(top))]
        arriving = [one for one in come if one.fixed_key is not None]
        if not arriving:
            return
        top = root
        while (above := root_above(top)) is not None:
            top = above[0]
        staying = [one for one in (top, *roots_below(top)) if one not in arriving and not self._goes(one)]
        keys = {one.fixed_key for one in staying}
        for one in arriving:
            if one.fixed_key in keys:
                why = f"a model with the key {one.fixed_key!r} is there already; give one another _key"
                raise NotSyncable(_locate(self._holder), one.owner, why)
            keys.add(one.fixed_key)

    def _goes(self, node: Any) -> bool:
        """Whether a root leaves with what comes in."""
        while node is not None:
            if id(node) in self._free:
                return True
            node = node._parent
        return False

    def is_current(self) -> bool:
        """Whether what was taken may have its place; else all must be taken again, and this is as new."""
        is_it = all(node._parent is None and _are_whole(_nodes_in(node)) for node in self.loose)
        if is_it and self.loose:
            self._above = None  # the holder may have been placed in one of them
            is_it = self._ancestors().isdisjoint(map(id, self.loose))
        is_it = is_it and all(frame is None or fits(frame, node) for node, frame in self._shapes)
        if not is_it:
            self._begin()
        return is_it

    def look_again(self, leaving: Sequence[Any]) -> None:
        """Take note of what stands there by now, as the lock was not held before."""
        self._free = self._own(leaving)
        self.loose += [node for node in self._reused if not self._is_leaving(node)]
        if self._table is not None:
            self._table.look_again(self, is_there=id(self._table.former) in self._free)

    def place(self, arriving: Iterable[tuple[Any, Any]], journal: Journal | None = None) -> bool:
        """Give what was taken its place in the holder, and take it from what leaves.

        Args:
            arriving: What comes, with its keys.
            journal: Where to note who stood elsewhere.

        Returns:
            Whether a container has left.
        """
        if self.roots:
            self._settle_roots()
        for key, value in arriving:
            if isinstance(value, _PLACED):
                node = node_of(value)
                note_place(node, journal)
                node._parent, node._key = self._holder, key
        for child, parent, key in self._links:
            note_place(child, journal)
            child._parent, child._key = parent, key
        if self.roots:
            root = self._root()
            for one in self.roots:
                one.arrive(root)
        if self._table is not None:
            for row in self._table.kept:  # at its place still, or its hint is as wrong as before
                note_place(row, journal)
                row._parent = self._table.node
        has_left = bool(self._shapes)  # whoever looks at the former shape of one has to look again
        for value, frame in self._shapes:
            reshape(node_of(value), frame)
        for leaver in self._free.values():
            if id(leaver) not in self._kept and leaver._parent is self._holder:
                note_place(leaver, journal)
                let_go(leaver)
                has_left = True
        return has_left

    def _root(self) -> Root:
        return self._holder if isinstance(self._holder, Root) else _find_root(self._holder)[0]

    def _settle_roots(self) -> None:
        """Prepare the models that come in: what they have marked is described while it is where it was."""
        root = self._root()
        self.demand_ready(root)
        root.has_roots = True
        for one in self.roots:
            one.catch_up()
            if one._parent is not None:
                one.leave()

    def _wrap(self, value: Any, frame: Frame | None) -> Any:
        if isinstance(value, _TRACKED):
            return self._reuse(value, frame)
        if isinstance(value, Record):
            return self._reuse_record(value, frame or self._root().frame_of(value._synced_base))
        if isinstance(value, ObjectNode):
            return self._admit_model(value)
        if isinstance(value, (list, tuple)):
            return self._build(value, TrackedList.__new__(TrackedList), enumerate(value), frame)
        if isinstance(value, dict):
            return self._build(value, TrackedDict.__new__(TrackedDict), value.items(), frame)
        if is_instance(value) and registration_of(type(value)) is None:
            return self._build_record(value, frame or self._root().frame_of(type(value)))
        return leaf(value)

    def _build_record(self, value: Any, frame: Frame | None) -> Record:
        node = TrackedDict.__new__(TrackedDict)
        return placed(type(value), self._build(value, node, members_of(value).items(), frame), more_of(value))

    def _reuse_record(self, record: Record, frame: Frame | None) -> Record:
        node: TrackedDict = record._synced_node
        kept = self._reuse(node, frame, record)
        return record if kept is node else placed(type(record), kept, getattr(record, "_synced_more", None))

    def _build(self, source: Any, node: Any, items: Iterable[tuple[Any, Any]], frame: Frame | None) -> Any:
        """Wrap a plain container, and all in it."""
        if id(source) in self._busy:
            raise Unfit(source, "it contains itself; a document is a tree")
        if len(self._busy) + self._depth() >= MAX_DEPTH:
            raise Unfit(source, f"it nests deeper than {MAX_DEPTH} levels")
        self._busy.add(id(source))
        node._shape = frame
        key: Any = None
        try:
            if isinstance(node, TrackedDict):
                for name, member in items:
                    key = None  # what is wrong with a name is wrong with the object
                    key = name if type(name) is str and name.isascii() else name_of(name)
                    shape = None if frame is None else self._find_shape(frame.at, key)
                    dict.__setitem__(node, key, self._member(member, node, key, shape))
            elif type(source) is not list or not self._build_table(source, node):
                for key, member in items:
                    shape = None if frame is None else self._find_shape(frame.at, key)
                    list.append(node, self._member(member, node, key, shape))
        except (Unfit, Refusal) as unfit:
            if key is not None:
                unfit.tokens.append(key)
            raise
        finally:
            self._busy.discard(id(source))
        return node

    def _build_table(self, source: list[Any], node: TrackedList) -> bool:
        """Wrap a list of objects that hold nothing but the commonest scalars: 0.4 of the time of each alone.

        Returns:
            Whether it is such a list, of what its shape has in it; if not, nothing has happened.
        """
        if {*map(type, source)} != {dict} or len(self._busy) + self._depth() >= MAX_DEPTH:
            return False
        shape = None if node._shape is None else node._shape.at(0)
        if shape is not None and not isinstance(shape, Frame):
            return False
        if shape is not None and shape.holds is not dict:
            return False
        frame = None if shape is None or shape.is_open else shape
        rows: list[TrackedDict] = []
        for place, members in enumerate(source):
            row = dict.__new__(TrackedDict)
            row._parent, row._key, row._lease, row._shape = node, place, _NO_LEASE, frame
            dict.update(row, members)  # first: another thread may change what was only looked at
            rows.append(row)
        if frame is not None:
            frame.widen_rows(rows)
            if not frame.pass_rows(rows):
                return False
        names = {*chain.from_iterable(rows)}
        values = [*chain.from_iterable(map(dict.values, rows))]
        if {*map(type, chain.from_iterable(rows))} - {str} or not all(map(str.isascii, names)):
            return False
        for type_ in {*map(type, values)}:
            if not _are_plain(values, type_):
                return False
        list.extend(node, rows)
        return True

    def _member(self, value: Any, parent: Any, key: Any, shape: Shape | None) -> Any:
        # the commonest scalars, without a call: this runs once for each value of a big table
        type_ = type(value)
        if shape is not None and type_ not in shape.passes:
            wrapped = self._take(value, shape)
        elif (
            (type_ is str and value.isascii())
            or type_ is float
            or (type_ is int and -MAX_INTEGER <= value <= MAX_INTEGER)
            or type_ is bool
            or value is None
        ):
            return value
        else:
            wrapped = self._wrap(value, None)
        if isinstance(wrapped, _PLACED):
            node = node_of(wrapped)
            if id(node) in self._kept:
                self._links.append((node, parent, key))
            else:
                node._parent, node._key = parent, key
        return wrapped

    def _reuse(self, node: _Container, frame: Frame | None, value: Any = None) -> Any:
        """Return a tracked container itself if it has no place or is leaving the one it has, else a copy.

        It is copied too if something in it will stand otherwise than it does.

        Args:
            node: The container.
            frame: What may stand in it.
            value: The object whose container it is, if it is one's.
        """
        value = node if value is None else value
        if id(node) in self._ancestors():
            raise Unfit(node, "it would contain itself; a document is a tree")
        is_loose = node._parent is None
        # what has no place, nobody judged
        is_same = node._shape is frame and (not is_loose or frame is None)
        can_stay = is_same or frame is None or fits(frame, value)
        if (is_loose or self._is_leaving(node)) and can_stay and self._keep(node):
            (self.loose if is_loose else self._reused).append(node)
            if not is_same:
                self._shapes.append((value, frame))
            return node
        kind_: Any = type(node)
        return self._build(node, kind_.__new__(kind_), _items(node), frame)

    def _admit_model(self, model: ObjectNode) -> ObjectNode:
        """Return a model, which is never copied: it has one place."""
        root: Root = model._synced_node
        if id(root) in self._ancestors():
            raise Unfit(model, "it would contain itself; a document is a tree")
        if id(root) in self._kept:
            raise Unfit(
                model, f"it would stand in two places; put in another {type(model).__name__}, or a copy"
            )
        is_loose = root._parent is None
        if not is_loose and not self._is_leaving(root):
            why = f"it has a place already, at {_place_of(root)}; take it out there first, or put in a copy"
            raise Unfit(model, why)
        if self._depth() + len(self._busy) + _height(root) > MAX_DEPTH:
            raise Unfit(model, f"it nests deeper than {MAX_DEPTH} levels")
        self._kept.add(id(root))
        self.roots.append(root)
        (self.loose if is_loose else self._reused).append(root)
        return model

    def _keep(self, node: _Container) -> bool:
        """Take note that a container is taken as it is, with all below it; return whether it can be."""
        levels = self._depth() + len(self._busy)
        if isinstance(node, TrackedDict) and SCALARS.issuperset(map(type, [*node.values()])):
            # the fast way for a row of a table: 1 us for 5
            if id(node) in self._kept or levels >= MAX_DEPTH:
                return False
            self._kept.add(id(node))
            return True
        nodes = _nodes_in(node)
        ids = {*map(id, nodes)}
        if self._kept.isdisjoint(ids) and _are_whole(nodes) and levels + _height(node) <= MAX_DEPTH:
            self._kept |= ids
            self.roots += [one for one in nodes if isinstance(one, Root)]
            return True
        return False

    def _is_leaving(self, node: Any) -> bool:
        while id(node) not in self._free:
            if not isinstance(parent := node._parent, _TRACKED):
                return False
            node = parent
        return True

    def _ancestors(self) -> set[int]:
        if self._above is None:
            self._above = set()
            node: _Node = self._holder
            while node is not None:
                self._above.add(id(node))
                node = node._parent
        return self._above

    def _depth(self) -> int:
        # each root's document is a level too, also that which a container has not yet
        return len(self._ancestors()) + (self._root() is NOWHERE)


class _Table:
    """A list of rows on its way into the place of another one, of which it keeps those that are the same.

    Args:
        former: The list that is there.
        node: The one that comes.
        kept: The rows that are in both, at the same places.
        source: The rows that were given.
    """

    __slots__ = ("_source", "former", "kept", "node")

    def __init__(
        self, former: TrackedList, node: TrackedList, kept: list[TrackedDict], source: list[Any]
    ) -> None:
        self.former = former
        self.node = node
        self.kept = kept
        self._source = source

    def look_again(self, intake: Intake, *, is_there: bool) -> None:
        """Copy the given rows after all where another thread took one out meanwhile, or all of them."""
        if is_there and all(map(is_, map(_parent_of, self.kept), repeat(self.former))):
            return
        for place, row in enumerate(self.node):
            if row._parent is not self.node and not (is_there and row._parent is self.former):
                copy = intake.take_row(self._source[place], place, self.node)
                copy._parent, copy._key = self.node, place
                list.__setitem__(self.node, place, copy)
        self.kept = [row for row in self.node if row._parent is not self.node]


_parent_of = attrgetter("_parent")


def _are_plain(values: list[Any], type_: type) -> bool:
    """Whether all values of a type are their own JSON form, and none needs a closer look."""
    of_type: list[Any] = [value for value in values if type(value) is type_]
    if type_ is str:
        return all(map(str.isascii, of_type))
    if type_ is int:
        return bool(min(of_type) >= -MAX_INTEGER and max(of_type) <= MAX_INTEGER)
    return type_ in (float, bool, type(None))


def _items(node: Any) -> Iterator[tuple[Any, Any]]:
    """Return the keys and elements of a container, to which other threads may add some meanwhile.

    What is below another root is that one's.
    """
    if isinstance(node, _TRACKED) or not isinstance(node, Root):
        return iter(list(node.items())) if isinstance(node, dict) else enumerate(node)
    return iter(())


def _nodes_in(node: Any) -> list[Any]:
    """Return a node and all that are in it; what is below another root is that one's."""
    found = [node]
    for one in found:
        found += [node_of(child) for _, child in _items(one) if isinstance(child, _PLACED)]
    return found


def _are_whole(nodes: Iterable[Any]) -> bool:
    """Whether nothing in containers has been given away."""
    return all(
        node_of(child)._parent is node
        for node in nodes
        for _, child in _items(node)
        if isinstance(child, _PLACED)
    )


def _height(node: Any) -> int:
    values = node.hanging() if isinstance(node, Root) else [child for _, child in _items(node)]
    return 1 + max((_height(node_of(value)) for value in values if isinstance(value, _PLACED)), default=0)


def _place_of(root: Root) -> str:
    """Return where a root has its place, for a sentence."""
    above = root_above(root)
    return repr(above[2]) if above is not None else "a list or dict that has no place itself"


class Unready(Exception):
    """A model cannot be placed yet: it must make its defaults, and share a lock, while no lock is held."""

    def __init__(self, roots: list[Root]) -> None:
        super().__init__()
        self.roots = roots

    def get_ready(self, root: Root) -> None:
        """Do that, so that they can be placed below a root."""
        for one in self.roots:
            one.get_ready(root)


class _Recorder(Root):
    """The root that `track` makes: it hands every act on as a patch."""

    def __init__(self, on_patch: Callable[[list[Operation]], None]) -> None:
        super().__init__()
        self._on_patch = on_patch
        self._waiting: list[list[Operation]] = []

    def enter(self) -> Journal | None:
        return None  # to take back what was handed on is not in its power

    def report(self, keys: Collection[Any], changes: list[Change], assigned: list[Step]) -> None:
        if changes:
            self._waiting.append([step.operation for step, _ in changes])

    def settle(self) -> None:
        while self._waiting:
            self._on_patch(self._waiting.pop(0))


def track(value: object, *, on_patch: Callable[[list[Operation]], None]) -> Any:
    """Return a tracked copy of a list or dict that reports every change.

    Args:
        value: A list or dict of JSON values; it is copied.
        on_patch: Called after each mutation with its operations; pointers begin at the returned container.

    Raises:
        NotSyncable: Something in it has no JSON form, or it is neither list nor dict.

    Examples:
        >>> todos = track({"todos": ["write"]}, on_patch=print)
        >>> todos["todos"].append("read")
        [{'op': 'add', 'path': '/todos/1', 'value': 'read'}]
    """
    if not isinstance(value, (list, dict)):
        raise NotSyncable("", value, f"{kind(value)} cannot be tracked; a list or a dict can")
    node = TrackedList(value) if isinstance(value, list) else TrackedDict(value)
    node._parent = _Recorder(on_patch)
    return node
