"""Floor 4. An edit carried over what was committed since it was made.

The pointers of an edit mean what they meant in the document that its author saw. `rebase` says how they
must read in the document of today, or refuses the edit with the reason. It never guesses and never hits a
neighbour. No document is needed for it, only what each operation did (`Step`). Every location takes the
same way:

```
   the document that the author saw, with his own earlier operations
      │ back, through the own operations      what one of them made was born there
   the document that the edit was made on
      │ forward, through what was committed   indices shift, moves are followed, what is gone is refused
   today's document
      │ forward, through the own operations as they read today
   today's document, with his own earlier operations
```

What is meant at a location is what stands there, or the place itself, into which something is to be put: a
member of an object, whether it is there or not, or a gap between two elements of a list. Of several that
are put into one gap, the committed ones come first. What stands in a list is itself, wherever it goes; what
stands in an object is its name as long as it stands there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from enum import Enum, auto
from typing import NamedTuple, TypeAlias

from syncstate.document import MAX_INTEGER, Json
from syncstate.errors import Conflict
from syncstate.patch import Draft, Operation, Step, trial
from syncstate.pointer import head, index, join, parse

Own: TypeAlias = tuple[Step | None, Step | None]
"""An own step: as it read for the author of what comes behind, if it was shown, and today, if it stands."""

CARRY_LIMIT = 200_000
"""How many operations of an edit, times operations committed since, an authority is ready to look at."""


def rebase(steps: Iterable[Step], over: Iterable[Step], earlier: Iterable[Own] = ()) -> list[Step]:
    """Return an edit's steps as they must read after other steps were committed.

    Args:
        steps: The edit, made on the document before `over`, or on the own steps before it.
        over: What was committed since, in order; a `replace` may lack its value.
        earlier: The own steps before the edit.

    Raises:
        Conflict: What the edit acts on, or in, is gone; `error.pointer` is where the edit wanted to act.
    """
    carrier = _Carrier(over, earlier)
    return [carrier.carry(step) for step in steps]


def rebase_operations(operations: list[Operation], over: Sequence[Step], document: Json) -> list[Operation]:
    """Return an edit's operations as they must read in a document, to which `over` led.

    Raises:
        Conflict: As `rebase` does, or too much was committed since.
        PatchError: One of several operations does not apply.
    """
    if isinstance(document, dict):
        over = related(operations, over)
    if not over:
        return operations
    if len(operations) * len(over) > CARRY_LIMIT:
        raise Conflict("", f"{len(over)} operations were committed meanwhile, too many to carry it over")
    carrier = _Carrier(over)
    draft = trial(document, operations)
    carried: list[Step] = []
    for position, operation in enumerate(operations):
        if carried:
            _demand_index(carried[-1])
            draft.run(carried[-1].operation, position - 1)  # what it made may be acted in
        carried.append(carrier.carry(carrier.understand(operation, draft)))
    return [step.operation for step in carried]


def _demand_index(step: Step) -> None:
    path = step.operation["path"]
    if step.operation["op"] == "move" and step.in_list and path.endswith("/-"):
        why = "what follows may act on what was moved; say to which index, or move it last"
        raise Conflict(path, why)


def follow(pointer: str, over: Iterable[Step]) -> str | None:
    """Return where the value at a pointer stands after some steps, or None if it is gone."""
    place = _Place(parse(pointer), _Kind.VALUE, in_list=False)
    try:
        for step in over:
            place = _forward(place, _read(step))
    except _Gone:
        return None
    return join(*place.tokens)


def related(operations: Iterable[Operation], over: Iterable[Step]) -> list[Step]:
    """Return the steps that can matter to an edit: those in the same members, wherever these were moved."""
    members = {name for operation in operations for name in members_of(operation)}
    found: list[Step] = []
    for step in over:
        touched = members_of(step.operation)
        if None in members or None in touched or not members.isdisjoint(touched):
            members.update(touched)
            found.append(step)
    return found


def members_of(operation: Operation) -> list[str | None]:
    """Return the members that an operation acts in; without one it is the whole document."""
    path = head(operation["path"])
    return [head(operation["from"]), path] if "from" in operation else [path]


# -- places, and what an operation does to them

_Tokens: TypeAlias = tuple[str, ...]


class _Kind(Enum):
    """What is meant at a place."""

    VALUE = auto()
    """Whatever stands there; something must."""
    SELF = auto()
    """The very value that stood there."""
    NAME = auto()
    """The value of a member, as long as it stands there; when it is moved, that very value."""
    ROOM = auto()
    """The member itself, whether it is there or not, or the gap before an element."""


def _identity(in_list: bool) -> _Kind:
    """Return what is meant by who takes a value away."""
    return _Kind.SELF if in_list else _Kind.NAME


class _Act(NamedTuple):
    """A step, with its pointers parsed; a `lift` is half a `move`, and what is in a copy does `inherit`."""

    op: str
    path: _Tokens
    in_list: bool
    source: _Tokens = ()
    from_list: bool = False


def _read(step: Step) -> _Act:
    operation, in_list, from_list, _ = step
    source = parse(operation["from"]) if operation["op"] in ("move", "copy") else ()
    return _Act(operation["op"], parse(operation["path"]), in_list, source, from_list)


class _Gone(Exception):
    """What is meant at a place is there no longer."""


class _Place(NamedTuple):
    """A location, and what is meant there."""

    tokens: _Tokens
    kind: _Kind
    in_list: bool

    def is_in(self, location: _Tokens) -> bool:
        """Whether this is inside a location."""
        return len(self.tokens) > len(location) and self.tokens[: len(location)] == location

    def is_at(self, location: _Tokens) -> bool:
        """Whether what stands at a location is meant."""
        return self.tokens == location and self.kind is not _Kind.ROOM

    def goes_with(self, location: _Tokens) -> bool:
        """Whether this goes where the value at a location goes."""
        return self.is_at(location) or self.is_in(location)

    def moved(self, location: _Tokens, target: _Tokens, in_list: bool) -> _Place:
        """Return this place after the value at a location, with all in it, went to a target."""
        if self.tokens != location:
            return self._replace(tokens=target + self.tokens[len(location) :])
        return _Place(target, _Kind.SELF if self.kind is _Kind.NAME else self.kind, in_list)

    # -- the list that holds a location

    def index_beside(self, location: _Tokens) -> int | None:
        """Return the index that leads to this place in the list that holds a location, if it is in there."""
        depth = len(location) - 1
        if len(self.tokens) <= depth or self.tokens[:depth] != location[:depth]:
            return None
        return _index(self.tokens[depth])

    def is_gap_beside(self, location: _Tokens) -> bool:
        """Whether this is a gap of the list that holds a location, if it is in there."""
        return self.kind is _Kind.ROOM and len(self.tokens) == len(location)

    def shifted(self, location: _Tokens, by: int) -> _Place:
        """Return this place with another index in the list that holds a location."""
        depth = len(location) - 1
        index = str(int(self.tokens[depth]) + by)
        return self._replace(tokens=(*self.tokens[:depth], index, *self.tokens[depth + 1 :]))


def _index(token: str) -> int | None:
    """Return the index that a token names; `-`, the end of a list, is none: nothing stands behind it."""
    return index(token, MAX_INTEGER)


def _forward(place: _Place, act: _Act, is_after: bool | None = None) -> _Place:
    """Return a place as it reads after an act.

    Args:
        place: As it reads before.
        act: What happens.
        is_after: If the act is an own one, whether a gap into which something is put comes after it.

    Raises:
        _Gone: There is no such place any more.
    """
    op, path, in_list, source, from_list = act
    match op:
        case "remove":
            return _without(place, path, in_list)
        case "lift":
            if place.goes_with(path):
                raise _Gone("it is now inside what it was to receive")
            return _without(place, path, in_list)
        case "replace":
            return _beside(place, path, is_after)
        case "inherit":
            if not place.is_in(source):
                raise _Gone("it is not in what was copied any more")
            return place.moved(source, path, in_list)
        case "move":
            if place.goes_with(source):
                return place.moved(source, path, in_list)
            return _with(_without(place, source, from_list), path, in_list, is_after)
        case "add" | "copy":
            return _with(place, path, in_list, is_after)
    return place


def _beside(place: _Place, path: _Tokens, is_after: bool | None) -> _Place:
    """Return a place after another value came to a path.

    An own act replaces only what its author saw it replace: what he meant elsewhere is gone if it came there.
    """
    is_lost = place.kind is _Kind.SELF or is_after is not None
    if place.is_in(path) or (is_lost and place.is_at(path)):
        raise _gone(place, path, "replaced")
    return place


def _with(place: _Place, path: _Tokens, in_list: bool, is_after: bool | None) -> _Place:
    """Return a place after a value was put in at a path."""
    if not in_list:
        return _beside(place, path, is_after)
    here, there = place.index_beside(path), _index(path[-1])
    if here is None or there is None or here < there:
        return place
    if here == there and place.is_gap_beside(path) and is_after is False:
        return place
    return place.shifted(path, 1)


def _without(place: _Place, path: _Tokens, in_list: bool) -> _Place:
    """Return a place after the value at a path was taken out."""
    if place.goes_with(path):
        raise _gone(place, path, "removed")
    here, there = (place.index_beside(path), _index(path[-1])) if in_list else (None, None)
    return place.shifted(path, -1) if here is not None and there is not None and here > there else place


def _gone(place: _Place, path: _Tokens, fate: str) -> _Gone:
    return _Gone(f"{'it was' if place.tokens == path else 'it is in what was'} {fate} meanwhile")


def _back(place: _Place, act: _Act) -> tuple[_Place, bool] | None:
    """Return a place as it read before an act, and whether, as a gap, it came after what was put in.

    Returns:
        None if the act made what is meant there.
    """
    op, path, in_list, source, from_list = act
    match op:
        case "remove" | "lift":
            return _back_without(place, path, in_list), True
        case "test":
            return place, True
    if place.goes_with(path):
        return (place.moved(path, source, from_list), True) if op == "move" else None
    here, there = (place.index_beside(path), _index(path[-1])) if in_list else (None, None)
    is_after = here is not None and there is not None and here > there
    if is_after and op != "replace":
        place = place.shifted(path, -1)
    return (_back_without(place, source, from_list) if op == "move" else place), is_after


def _back_without(place: _Place, path: _Tokens, in_list: bool) -> _Place:
    """Return a place as it read before the value at a path was taken out."""
    here, there = (place.index_beside(path), _index(path[-1])) if in_list else (None, None)
    if here is None or there is None or here < there + place.is_gap_beside(path):
        return place
    return place.shifted(path, 1)


# -- one edit on its way


class _Own(NamedTuple):
    """An `Own`, read."""

    then: _Act | None
    now: _Act | None


class _Carrier:
    """What was committed, and the own operations so far."""

    def __init__(self, over: Iterable[Step], earlier: Iterable[Own] = ()) -> None:
        self._over = [_read(step) for step in over]
        self._own = [_Own(then and _read(then), now and _read(now)) for then, now in earlier]

    def carry(self, step: Step) -> Step:
        """Return a step as it must read today; the next one may stand on it.

        Raises:
            Conflict: It stands no longer.
        """
        operation = step.operation
        op, path = operation["op"], parse(operation["path"])
        carried: Operation = {**operation}
        own, from_list, is_self = self._own, step.from_list, False
        if "from" in operation:
            then = _Place(parse(operation["from"]), _identity(from_list or step.is_self), from_list)
            now = self._trace(then, own, operation["from"])
            carried["from"], from_list, is_self = join(*now.tokens), now.in_list, now.kind is _Kind.SELF
            if op == "move":  # its target is a location in the document without what is moved
                lifts = (_Act("lift", place.tokens, place.in_list) for place in (then, now))
                own = [*own, _Own(*lifts)]
        match op:
            case "remove":
                kind = _identity(step.in_list or step.is_self)
            case "replace" | "test":
                kind = _Kind.VALUE
            case _:
                kind = _Kind.ROOM
        place = self._trace(_Place(path, kind, step.in_list), own, operation["path"])
        carried["path"] = join(*place.tokens)
        if op == "move" and place.is_in(parse(carried["from"])):
            why = "what is moved stands in front of what it is moved into now, which no operation can say"
            raise Conflict(operation["from"], why)
        placed = Step(carried, place.in_list, from_list, is_self or place.kind is _Kind.SELF)
        self._own.append(_Own(_read(step), _read(placed)))
        return placed

    def understand(self, operation: Operation, draft: Draft) -> Step:
        """Return an operation with what its pointers name, by what stands there today."""
        from_list, own = False, self._own
        if "from" in operation:
            from_list = self._is_in_list(operation["from"], draft, own)
            if operation["op"] == "move":  # the draft still has what is moved
                own = [*own, _Own(_Act("lift", parse(operation["from"]), from_list), None)]
        return Step(operation, self._is_in_list(operation["path"], draft, own), from_list)

    def _is_in_list(self, pointer: str, draft: Draft, own: list[_Own]) -> bool:
        *above, token = parse(pointer) or ("",)
        holder = _Place(tuple(above), _Kind.VALUE, in_list=False)
        try:
            today = self._carried(holder, own)
        except _Gone:
            return self._was_list(holder, own)
        return pointer != "" and draft.is_in_list(join(*today.tokens, token))

    def _was_list(self, holder: _Place, own: list[_Own]) -> bool:
        """Whether a container that is gone was a list, by what was moved out of it: nothing else is left."""
        for then, _ in reversed(own):
            before = _back(holder, then) if then is not None else (holder, True)
            if before is None:
                return False
            holder, _ = before
        with suppress(_Gone):
            for act in self._over:
                if act.op == "move" and act.source[:-1] == holder.tokens:
                    return act.from_list
                holder = _forward(holder, act)
        return False

    def _trace(self, place: _Place, own: list[_Own], pointer: str) -> _Place:
        """Return where that stands today which an operation after the own ones means.

        Raises:
            Conflict: It is gone.
        """
        try:
            return self._carried(place, own)
        except _Gone as gone:
            raise Conflict(pointer, str(gone)) from None

    def _carried(self, place: _Place, own: list[_Own]) -> _Place:
        # the own operations still to come, the last one first
        later: list[tuple[_Act | None, bool | None]] = []
        is_moved = False
        for then, now in reversed(own):
            if then is None:
                later.append((now, None))  # to who did not see it, it is like what others did
                continue
            if then.op == "copy" and now is not None and place.is_in(then.path):
                later.append((now._replace(op="inherit"), True))  # what is in a copy was in the source
                place = place.moved(then.path, then.source, then.from_list)
                continue
            before = _back(place, then)
            is_it = place.tokens == then.path
            is_replaced = is_it and then.op == "replace" and place.kind is not _Kind.SELF and not is_moved
            is_moved = is_moved or (is_it and then.op == "move")
            if before is None and now is None and is_replaced:
                before = place, True  # something stood there before
            if before is None:
                if now is None:
                    raise _Gone("the edit that made it did not stand")
                place = place.moved(then.path, now.path, now.in_list)._replace(kind=place.kind)
                break
            place = before[0]
            later.append((now, before[1]))
        else:
            for act in self._over:
                place = _forward(place, act)
        for now, is_after in reversed(later):
            if now is not None:
                place = _forward(place, now, is_after)
        return place
