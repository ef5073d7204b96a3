"""Floor 3. An edit carried over what was committed since it was made.

The pointers of an edit mean what they meant in the version that its author saw. `rebase` lets an edit
through when it is certain that they still do, and refuses it, with the reason, when it is not: it never
guesses and never hits a neighbour. Whether a parent is a list or an object is asked of the document.
"""

from __future__ import annotations

from collections.abc import Iterable

from syncstate.document import Json
from syncstate.errors import Conflict, TargetNotFound
from syncstate.patch import Operation
from syncstate.pointer import join, parse, resolve


def rebase(operations: list[Operation], over: Iterable[Operation], document: Json) -> list[Operation]:
    """Return an edit's operations as they must read after other operations were committed.

    Args:
        operations: The edit, made before `over`.
        over: What was committed since, in order; a `replace` may lack its value.
        document: The document after `over`.

    Raises:
        Conflict: The edit acts inside a value that was removed or replaced, or below a list whose elements
            were added, removed or moved; `error.pointer` is where the edit wanted to act.
    """
    edits = [(operation, location) for operation in operations for location in _locations(operation)]
    for committed in over:
        for location, is_gone in _disturbed(committed):
            is_list = _is_in_list(committed, location, document)
            for operation, place in edits:
                _refuse(operation, place, location, is_gone=is_gone, is_list=is_list)
    return operations


def _locations(operation: Operation) -> list[tuple[str, ...]]:
    return [parse(operation[name]) for name in ("path", "from") if name in operation]  # type: ignore[literal-required] # both are names of members


def _disturbed(committed: Operation) -> list[tuple[tuple[str, ...], bool]]:
    """Return where a committed operation acted, and whether what stood there left."""
    path = parse(committed["path"])
    match committed["op"]:
        case "test":
            return []
        case "move":
            return [(parse(committed["from"]), True), (path, False)]
        case name:
            return [(path, name == "remove")]


def _is_in_list(committed: Operation, location: tuple[str, ...], document: Json) -> bool:
    """Whether the operation shifted a list's elements; a parent that is gone counts as one."""
    if committed["op"] == "replace" or not location:
        return False
    try:
        return not isinstance(resolve(document, join(*location[:-1])), dict)
    except TargetNotFound:
        return True


def _refuse(
    operation: Operation, place: tuple[str, ...], location: tuple[str, ...], *, is_gone: bool, is_list: bool
) -> None:
    parent = location[:-1]
    if is_list and place[: len(parent)] == parent and len(place) > len(parent):
        if operation["op"] == "add" and place == (*parent, "-"):
            return
        raise Conflict(join(*place), f"the list at {join(*parent)!r} changed meanwhile")
    if len(place) > len(location) and place[: len(location)] == location:
        raise Conflict(join(*place), f"{join(*location)!r} was replaced or removed meanwhile")
    if place == location and is_gone and operation["op"] != "add":
        raise Conflict(join(*place), "it was removed meanwhile")
