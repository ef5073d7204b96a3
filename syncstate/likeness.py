"""Floor 5. How a container becomes like another one, in place: what a person holds of it stays attached."""

from __future__ import annotations

from typing import Any

from syncstate.document import copied, kind
from syncstate.nodes import PLACED, Container, items_of
from syncstate.records import Record, members_of
from syncstate.tracked import TrackedDict, TrackedList


def untied(value: Any, node: Any) -> Any:
    """Return a value with plain copies of the tracked containers in it, but for a node's own elements.

    A value that shares containers with the live document so keeps its state, whatever is changed in place.
    """
    elements = items_of(node) if isinstance(node, Container) else ()
    own = {id(child) for _, child in elements if isinstance(child, PLACED)}

    def untie(child: Any) -> Any:
        if id(child) in own:
            own.discard(id(child))  # it has one place
            return child
        return copied(child)

    if isinstance(value, dict):
        return {name: untie(member) for name, member in value.items()}
    return type(value)(map(untie, value)) if type(value) in (list, tuple) else copied(value)


def become(node: TrackedList | TrackedDict, value: Any) -> None:
    """Make a container the same as a value of its kind, in place.

    What stands on both sides, as the same object or at the same place, stays: what the user holds remains
    attached and means what it meant.

    Args:
        node: The container.
        value: What it shall be; the only tracked containers in it are elements of the node.
    """
    moving = {id(child) for _, child in items_of(value) if isinstance(child, PLACED)}

    def is_match(old: Any, new: Any) -> bool:
        return old is new or not (isinstance(new, PLACED) or id(old) in moving)

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
    if isinstance(old, (TrackedList, TrackedDict)) and old is not new and kind(old) == kind(new):
        become(old, new)
    elif is_alike(old, new):
        become(old._synced_node, members_of(new))
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
