"""Floor 4. The operations that lead from one value to another, where nobody recorded them.

That is the one case of a whole value that was assigned where another one stood. Identity comes first: an
element that is the very object that stood there is not looked into. Lists are trimmed at both ends and then
compared place by place, so the cost is linear; where that says more than the new value itself, the answer
is one `replace` (the size guard).
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from typing import cast

from syncstate.document import Json, plain, same
from syncstate.patch import Operation, Step
from syncstate.pointer import escape

Change = tuple[Step, Json]
"""A step and the value that its target location held before, None where there was none; of a `move`, a list
of it or of nothing."""

_OVERHEAD = 38
"""Bytes of an operation beside its path and its value: `{"op":"replace","path":"","value":},`."""


def diff(old: Json, new: Json, pointer: str = "", *, in_list: bool = False) -> list[Change]:
    """Return the changes that make `old` the same as `new`, as few bytes as is cheap to find.

    Args:
        old: What stands at the pointer now.
        new: What shall stand there.
        pointer: The location of both.
        in_list: Whether they are elements of a list.

    Returns:
        Changes in order, none if both are the same. Their values are plain copies; the old values are shared.
    """
    changes: list[Change] = []
    _compare(old, new, pointer, in_list, changes)
    return guarded(changes, old, new, pointer, in_list=in_list)


def guarded(
    changes: list[Change], old: Json, new: Json, pointer: str, *, in_list: bool, favour: int = 1
) -> list[Change]:
    """Return the changes, or one `replace` of the whole value where that is smaller, so many times."""
    if len(changes) < 2:
        return changes
    size = sum(_OVERHEAD + _weigh_operation(step.operation) for step, _ in changes)
    whole = _OVERHEAD + len(pointer) + weigh(new, size / favour)
    return [replace(pointer, old, new, in_list=in_list)] if whole * favour < size else changes


def _weigh_operation(operation: Operation) -> int:
    pointers = len(operation["path"]) + len(operation.get("from", ""))
    return pointers + (weigh(operation["value"]) if "value" in operation else 0)


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


# -- what a change is called


def add(pointer: str, new: Json, *, in_list: bool) -> Change:
    """Return the change that puts a value where there was none."""
    return Step({"op": "add", "path": pointer, "value": plain(new)}, in_list), None


def remove(pointer: str, old: Json, *, in_list: bool) -> Change:
    """Return the change that takes a value away."""
    return Step({"op": "remove", "path": pointer}, in_list), old


def replace(pointer: str, old: Json, new: Json, *, in_list: bool) -> Change:
    """Return the change that puts a value where another one stood."""
    return Step({"op": "replace", "path": pointer, "value": plain(new)}, in_list), old


def assigned(pointer: str, *, in_list: bool) -> Step:
    """Return the step that stands for a value that was assigned anew, whatever the changes say."""
    return Step({"op": "replace", "path": pointer}, in_list)


def move(
    source: str,
    target: str,
    overwritten: Sequence[Json] = (),
    *,
    from_list: bool = True,
    in_list: bool = True,
) -> Change:
    """Return the change that takes a value to another place, over a member that may have been there."""
    return Step({"op": "move", "from": source, "path": target}, in_list, from_list), list(overwritten)


def resize(pointer: str, start: int, old: list[Json], new: list[Json]) -> list[Change]:
    """Return the changes that take old elements out of a list, the last one first, and put new ones there."""
    removed = [
        remove(f"{pointer}/{start + place}", old[place], in_list=True)
        for place in range(len(old) - 1, -1, -1)
    ]
    added = [add(f"{pointer}/{place}", value, in_list=True) for place, value in enumerate(new, start)]
    return removed + added


# -- two values, compared


def _compare(old: Json, new: Json, pointer: str, in_list: bool, changes: list[Change]) -> None:
    if old is new:
        return
    if isinstance(old, list) and isinstance(new, list):
        _compare_lists(old, new, pointer, changes)
    elif isinstance(old, dict) and isinstance(new, dict):
        _compare_objects(old, new, pointer, changes)
    elif not same(old, new):
        changes.append(replace(pointer, old, new, in_list=in_list))


def _compare_objects(old: dict[str, Json], new: dict[str, Json], pointer: str, changes: list[Change]) -> None:
    for name, member in old.items():
        if name not in new:
            changes.append(remove(f"{pointer}/{escape(name)}", member, in_list=False))
    for name, member in new.items():
        if name not in old:
            changes.append(add(f"{pointer}/{escape(name)}", member, in_list=False))
        elif old[name] is not member:
            _compare(old[name], member, f"{pointer}/{escape(name)}", False, changes)


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
        _compare(old[place], new[place], f"{pointer}/{place}", True, changes)
    middle = max(start, shorter - tail)
    changes += resize(pointer, middle, old[middle : len(old) - tail], new[middle : len(new) - tail])


def moves(order: Sequence[int]) -> list[tuple[int, int]]:
    """Return the fewest moves that bring the elements of a list into another order.

    Args:
        order: For each place, where the element stands now that shall stand there.

    Returns:
        Pairs of indices, in order: an element is taken out at the first and put in at the second
        (RFC 6902, section 4.4).

    Examples:
        >>> moves([1, 2, 0])
        [(0, 2)]
    """
    staying = longest_rise(order)
    # The places of all elements, by where they stood at first. What was moved stands behind the staying one
    # (or at the beginning) that it now follows.
    places = list(range(len(order)))
    waiting = sorted(set(order).difference(staying))
    found: list[tuple[int, int]] = []
    anchor = -1
    for place, element in enumerate(order):
        if element in staying:
            anchor = element
            continue
        del waiting[bisect_left(waiting, element)]
        source = bisect_left(places, element)
        del places[source]
        found.append((source, place + bisect_left(waiting, anchor)))
        insort(places, anchor)
    return found


def longest_rise(order: Sequence[int]) -> set[int]:
    """Return the elements of a longest rising subsequence: patience sorting, n log n."""
    lows: list[int] = []  # the lowest element that ends a rise of each length
    before: dict[int, int | None] = {}
    for element in order:
        length = bisect_left(lows, element)
        before[element] = lows[length - 1] if length else None
        lows[length : length + 1] = [element]
    rise: set[int] = set()
    last = lows[-1] if lows else None
    while last is not None:
        rise.add(last)
        last = before[last]
    return rise


def invert_changes(changes: list[Change]) -> list[Operation]:
    """Return the patch that takes changes back, the last one first; its values are plain copies."""
    inverse: list[Operation] = []
    for (operation, _, _), old in reversed(changes):
        path = operation["path"]
        match operation["op"]:
            case "add":
                inverse.append({"op": "remove", "path": path})
            case "remove":
                inverse.append({"op": "add", "path": path, "value": plain(old)})
            case "move":
                inverse.append({"op": "move", "from": path, "path": operation["from"]})
                inverse += [
                    {"op": "add", "path": path, "value": plain(value)} for value in cast(list[Json], old)
                ]
            case _:
                inverse.append({"op": "replace", "path": path, "value": plain(old)})
    return inverse
