"""Floor 4. The operations that lead from one value to another, where nobody recorded them.

That is the one case of a whole value that was assigned where another one stood. Identity comes first: an
element that is the very object that stood there is not looked into. Lists are trimmed at both ends and then
compared place by place, so the cost is linear; where that says more than the new value itself, the answer
is one `replace` (the size guard).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from syncstate.document import Json, plain, same
from syncstate.patch import Operation
from syncstate.pointer import escape

Change = tuple[Operation, Json]
"""An operation and the value that its target location held before; None where there was none."""

_OVERHEAD = 38
"""Bytes of an operation beside its path and its value: `{"op":"replace","path":"","value":},`."""


def diff(old: Json, new: Json, pointer: str = "") -> list[Change]:
    """Return the changes that make `old` the same as `new`, as few bytes as is cheap to find.

    Args:
        old: What stands at the pointer now.
        new: What shall stand there.
        pointer: The location of both.

    Returns:
        Changes in order, none if both are the same. Their values are plain copies; the old values are shared.
    """
    changes: list[Change] = []
    _compare(old, new, pointer, changes)
    return guarded(changes, old, new, pointer)


def guarded(changes: list[Change], old: Json, new: Json, pointer: str) -> list[Change]:
    """Return the changes, or one `replace` of the whole value where that is smaller."""
    if len(changes) < 2:
        return changes
    size = sum(_OVERHEAD + len(operation["path"]) + weigh(operation.get("value")) for operation, _ in changes)
    if weigh(new, size) + _OVERHEAD + len(pointer) >= size:
        return changes
    return [({"op": "replace", "path": pointer, "value": plain(new)}, old)]


def weigh(value: Json, limit: float = float("inf")) -> int:
    """Estimate the bytes of a value's JSON, and stop counting above a limit."""
    if isinstance(value, str):
        return len(value) + 2
    if isinstance(value, dict):
        return _total((weigh(member, limit) + len(name) + 4 for name, member in value.items()), limit)
    if isinstance(value, list):
        return _total((weigh(element, limit) + 1 for element in value), limit)
    return len(value) if isinstance(value, bytes) else len(str(value))


def _total(sizes: Iterable[int], limit: float) -> int:
    total = 2
    for size in sizes:
        total += size
        if total > limit:
            break
    return total


def _compare(old: Json, new: Json, pointer: str, changes: list[Change]) -> None:
    if old is new:
        return
    if isinstance(old, list) and isinstance(new, list):
        _compare_lists(old, new, pointer, changes)
    elif isinstance(old, dict) and isinstance(new, dict):
        _compare_objects(old, new, pointer, changes)
    elif not same(old, new):
        changes.append(({"op": "replace", "path": pointer, "value": plain(new)}, old))


def _compare_objects(old: dict[str, Json], new: dict[str, Json], pointer: str, changes: list[Change]) -> None:
    for name, member in old.items():
        if name not in new:
            changes.append(({"op": "remove", "path": f"{pointer}/{escape(name)}"}, member))
    for name, member in new.items():
        if name in old:
            if old[name] is not member:
                _compare(old[name], member, f"{pointer}/{escape(name)}", changes)
        else:
            changes.append(({"op": "add", "path": f"{pointer}/{escape(name)}", "value": plain(member)}, None))


def _compare_lists(old: list[Json], new: list[Json], pointer: str, changes: list[Change]) -> None:
    shorter = min(len(old), len(new))
    start = 0
    while start < shorter and (old[start] is new[start] or same(old[start], new[start])):
        start += 1
    tail = 0
    while tail < shorter - start and (
        old[-1 - tail] is new[-1 - tail] or same(old[-1 - tail], new[-1 - tail])
    ):
        tail += 1
    for place in range(start, shorter - tail):
        _compare(old[place], new[place], f"{pointer}/{place}", changes)
    middle = max(start, shorter - tail)
    changes += resize(pointer, middle, old[middle : len(old) - tail], new[middle : len(new) - tail])


def resize(pointer: str, start: int, old: list[Json], new: list[Json]) -> list[Change]:
    """Return the changes that take old elements out of a list, the last one first, and put new ones there."""
    removed: list[Change] = [
        ({"op": "remove", "path": f"{pointer}/{start + place}"}, old[place])
        for place in range(len(old) - 1, -1, -1)
    ]
    added: list[Change] = [
        ({"op": "add", "path": f"{pointer}/{place}", "value": plain(value)}, None)
        for place, value in enumerate(new, start)
    ]
    return removed + added


def invert_changes(changes: list[Change]) -> list[Operation]:
    """Return the patch that takes changes back, the last one first; its values are plain copies."""
    inverse: list[Operation] = []
    for operation, old in reversed(changes):
        if operation["op"] == "add":
            inverse.append({"op": "remove", "path": operation["path"]})
        else:
            verb: Literal["add", "replace"] = "add" if operation["op"] == "remove" else "replace"
            inverse.append({"op": verb, "path": operation["path"], "value": plain(old)})
    return inverse
