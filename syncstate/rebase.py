"""Floor 4. An edit carried over what was committed since it was made.

The pointers of an edit mean what they meant in the version that its author saw. `rebase` lets an edit
through when it is certain that they still do, and refuses it, with the reason, when it is not: it never
guesses and never hits a neighbour. Whether a parent is a list or an object is asked of the document.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from syncstate.document import Json
from syncstate.errors import Conflict, TargetNotFound
from syncstate.patch import Operation
from syncstate.pointer import join, parse, resolve


def rebase(
    operations: list[Operation],
    over: Iterable[Operation],
    document: Json,
    *,
    earlier: Sequence[Operation] = (),
) -> list[Operation]:
    """Return an edit's operations as they must read after other operations were committed.

    Args:
        operations: The edit, made before `over`.
        over: What was committed since, in order; a `replace` may lack its value.
        document: The document after `over`.
        earlier: What the same author did before the edit, which stands on it.

    Raises:
        Conflict: The edit acts inside a value that was removed or replaced, or below a list whose elements
            were added, removed or moved; `error.pointer` is where the edit wanted to act.
    """
    shifted: set[tuple[str, ...]] = set()  # the lists whose elements the author moves
    _acts(earlier, document, shifted)
    acts = _acts(operations, document, shifted)
    for committed in over:
        for touch in _touches(committed, document):
            for act in acts:
                _refuse(act, touch)
    return operations


class _Act(NamedTuple):
    """What an edit does at a place; `from` is read, and must be there."""

    verb: str
    place: tuple[str, ...]
    base: tuple[str, ...]
    """The place in the document that its author saw; an index that the edit itself shifted may be any."""


class _Touch(NamedTuple):
    """Where something was committed."""

    location: tuple[str, ...]
    is_gone: bool
    """Whether what stood there left."""
    is_in_list: bool
    is_shift: bool
    """Whether the elements of the list moved."""


class _AnyIndex(str):
    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return True


_ANY_INDEX = _AnyIndex("*")


def _acts(operations: Sequence[Operation], document: Json, shifted: set[tuple[str, ...]]) -> list[_Act]:
    acts: list[_Act] = []
    for operation in operations:
        path = parse(operation["path"])
        places: list[tuple[str, tuple[str, ...]]] = [(operation["op"], path)]
        if "from" in operation:
            places.insert(0, ("from", parse(operation["from"])))
        acts += [_Act(verb, place, _blurred(place, shifted)) for verb, place in places]
        shifted |= {
            place[:-1]
            for verb, place in places
            if verb not in ("replace", "test") and place[-1:] != ("-",) and _is_in_list(place, document)
        }
    return acts


def _blurred(place: tuple[str, ...], shifted: set[tuple[str, ...]]) -> tuple[str, ...]:
    if not shifted:
        return place
    return tuple(_ANY_INDEX if place[:depth] in shifted else token for depth, token in enumerate(place))


def _touches(committed: Operation, document: Json) -> list[_Touch]:
    path, op = parse(committed["path"]), committed["op"]
    if op == "test":
        return []
    touch = _Touch(path, op == "remove", _is_in_list(path, document), op != "replace")
    if op != "move":
        return [touch]
    source = parse(committed["from"])
    return [_Touch(source, True, _is_in_list(source, document), True), touch]


def _is_in_list(location: tuple[str, ...], document: Json) -> bool:
    """Whether a location is an element of a list; a parent that is gone may have been one."""
    if not location:
        return False
    try:
        return not isinstance(resolve(document, join(*location[:-1])), dict)
    except TargetNotFound:
        return True


def _refuse(act: _Act, touch: _Touch) -> None:
    verb, place, base = act
    location, parent = touch.location, touch.location[:-1]
    if touch.is_in_list and touch.is_shift and len(base) > len(parent) and base[: len(parent)] == parent:
        if verb == "add" and place == (*parent, "-"):
            return
        raise Conflict(join(*place), f"the list at {join(*parent)!r} changed meanwhile")
    if len(base) > len(location) and base[: len(location)] == location:
        raise Conflict(join(*place), f"{join(*location)!r} was replaced or removed meanwhile")
    if base == location and touch.is_gone and verb not in ("add", "copy", "move"):
        raise Conflict(join(*place), "it was removed meanwhile")
    if base == location and touch.is_in_list and verb in ("remove", "from"):
        # the element that its author saw is another one now
        raise Conflict(join(*place), "it was replaced meanwhile")
