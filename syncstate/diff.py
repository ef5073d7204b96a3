"""Floor 4. The operations that lead from one value to another.

Where a whole value was assigned, nobody knows what became of what in it: `diff` compares. Identity comes
first: an element that is the very object that stood there is not looked into. Lists are trimmed at both
ends and then compared place by place, so the cost is linear; where that says more than the new value itself,
the answer is one `replace` (the size guard).

Where elements of one container came and went, they are known one by one: an `Account` tells what is gone,
what was moved and what is new.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, compress
from operator import eq, is_not, ne
from typing import cast

from syncstate.arrays import Array, apart, is_array, splices
from syncstate.document import CONTAINERS, SCALARS, Json, opened, plain, same, weigh
from syncstate.patch import Operation, Step
from syncstate.pointer import escape
from syncstate.tables import Columns

Change = tuple[Step, "Json | tuple[Array] | tuple[Columns, int]"]
"""A step and the value that its target location held before, None where there was none; of a `move`, a list
of it or of nothing; of a splice of an array, a tuple of the whole array; of what happened in a table, the
columns of the whole table and by how many tokens the location is below it."""

MOVES_LIMIT = 10_000
"""How many elements a list reports as moved; where more are, the list counts as assigned anew."""

_SAMPLE = 100
"""How many rows tell how large a table is."""

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
    changes = guarded(changes, old, new, pointer, in_list=in_list)
    if isinstance(old, Columns):
        return [(step, (old, _depth(step, pointer))) for step, _ in changes]
    return changes


def _depth(step: Step, pointer: str) -> int:
    return step.operation["path"].count("/", len(pointer))


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


def prefixed(step: Step, path: str) -> Step:
    """Return a step below a root as it reads in the document above it, where the root stands at a pointer."""
    operation: Operation = {**step.operation, "path": path + step.operation["path"]}
    if "from" in operation:
        operation["from"] = path + operation["from"]
    return step._replace(operation=operation)


def resize(pointer: str, start: int, old: list[Json], new: list[Json]) -> list[Change]:
    """Return the changes that take old elements out of a list, the last one first, and put new ones there."""
    removed = [
        remove(f"{pointer}/{start + place}", old[place], in_list=True)
        for place in range(len(old) - 1, -1, -1)
    ]
    added = [add(f"{pointer}/{place}", value, in_list=True) for place, value in enumerate(new, start)]
    return removed + added


def _spliced(pointer: str, array: Array, splices: Iterable[tuple[int, int, Array]]) -> list[Change]:
    """Return the changes that put elements of an array in the place of others, one after the other."""
    changes: list[Change] = []
    length = len(array)
    for start, stop, values in splices:
        operation: Operation = {"op": "replace", "path": f"{pointer}/{start}:{stop}", "value": values}
        if len(values) == 0:
            operation = {"op": "remove", "path": operation["path"]}
        elif start == length:
            operation = {"op": "add", "path": f"{pointer}/-", "value": values}
        changes.append((Step(operation, in_list=False), (array,)))
        length += len(values) - (stop - start)
    return changes


# -- two values, compared


def _compare(old: Json, new: Json, pointer: str, in_list: bool, changes: list[Change]) -> None:
    if old is new:
        return
    old, new = opened(old), opened(new)
    if isinstance(old, Columns) and isinstance(new, Columns):
        _compare_tables(old, new, pointer, in_list, changes)
    elif isinstance(old, list) and isinstance(new, list):
        _compare_lists(old, new, pointer, in_list, changes)
    elif isinstance(old, dict) and isinstance(new, dict):
        _compare_objects(old, new, pointer, changes)
    elif is_array(old) and is_array(new) and (found := splices(old, new)) is not None:
        changes += _spliced(pointer, old, found)
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


def _compare_tables(old: Columns, new: Columns, pointer: str, in_list: bool, changes: list[Change]) -> None:
    found: list[Change] = []
    staying = [name for name in old if name in new]
    if [*new][: len(staying)] != staying:  # members of an object have no order that an operation could change
        found.append(replace(pointer, old, new, in_list=in_list))
    else:
        _compare_objects(old, new, pointer, found)
    for (operation, *_), _old in found:
        if "value" in operation and is_array(operation["value"]):
            operation["value"] = apart(operation["value"])
    changes += found


def _compare_lists(
    old: list[Json], new: list[Json], pointer: str, in_list: bool, changes: list[Change]
) -> None:
    if len(old) == len(new):
        places: list[int] | None = [*compress(range(len(old)), map(is_not, old, new))]
        if len(places or ()) * 4 > len(old):  # few are the very rows that were there
            places = others(old, new)
            if places and _is_whole_smaller(new, len(places), pointer):
                changes.append(replace(pointer, old, new, in_list=in_list))
                return
        if places is not None:
            for place in places:
                _compare(old[place], new[place], f"{pointer}/{place}", True, changes)
            return
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


def _is_whole_smaller(new: list[Json], count: int, pointer: str) -> bool:
    """Whether a table is surely smaller than an operation for each of so many rows; a sample tells.

    To find that out from the operations of 1,000 rows of one member takes six times as long.
    """
    if count < _SAMPLE:
        return False
    sample = new[:: max(1, len(new) // _SAMPLE)]
    # The least that an operation takes: most indices are as long as the count.
    least = _OVERHEAD + len(f"{pointer}/{count}/x") + 1
    return weigh(sample) * len(new) < count * least * len(sample)


def others(old: list[Json], new: list[Json]) -> list[int] | None:
    """Return where two tables have other rows, as far as both go, faster than by a look at each.

    In 0.1 to 0.4 of its time where the scalars are new objects, in 1.7 of it where both share them.
    To Python `1 == True`, to JSON not; so this is for objects of scalars whose members stand in one order.

    Returns:
        None if it cannot be told so.
    """
    if not all(issubclass(type_, dict) for type_ in {*map(type, old), *map(type, new)}):
        return None
    try:
        are_equal = [*map(eq, old, new)]
    except Exception:  # an array has no one answer, and of a stranger's == nobody knows
        return None
    olds, news = [*compress(old, are_equal)], [*compress(new, are_equal)]
    types = {*map(type, _members(news))}.union(map(type, _members(olds)))
    if not SCALARS.issuperset(types):
        return None
    if bool in types and not _stand_alike(olds, news):
        return None
    return _without_nan(old, new, [place for place, is_equal in enumerate(are_equal) if not is_equal])


def _without_nan(old: list[Json], new: list[Json], places: list[int]) -> list[int]:
    """Return the places without those where rows are not equal to Python for a NaN alone."""
    values = [*_members([new[place] for place in places])]
    floats = [value for value in values if type(value) is float]
    if not any(map(ne, floats, floats)) or not SCALARS.issuperset(map(type, values)):
        return places
    return [place for place in places if not same(old[place], new[place])]


def _stand_alike(olds: list[Json], news: list[Json]) -> bool:
    """Whether members of one name and type stand in one order, so that no `1` is taken for `true`."""
    are_types_alike = [*map(type, _members(olds))] == [*map(type, _members(news))]
    return are_types_alike and [*_names(olds)] == [*_names(news)]


def _names(rows: list[Json]) -> Iterable[str]:
    return chain.from_iterable(cast(list[dict[str, Json]], rows))


def _members(rows: list[Json]) -> Iterable[Json]:
    return chain.from_iterable(map(dict.values, cast(list[dict[str, Json]], rows)))


# -- what became of a container whose elements are known one by one


class Account:
    """What is told of a change to one container: by identity, where elements can be told apart.

    Args:
        path: The pointer of the container.
        was_kept: Whether a container that comes in is one that was here, or anywhere, before.

    Attributes:
        changes: What happened, in order.
        assigned: A `replace` without a value for each location whose whole value was assigned anew.
        keeps: Whether a container that stayed, or was moved, is the same for everybody by these changes.
    """

    def __init__(self, path: str, was_kept: Callable[[Json], bool]) -> None:
        self._path = path
        self._was_kept = was_kept
        self.changes: list[Change] = []
        self.assigned: list[Step] = []
        self.keeps = False

    def splice(self, start: int, old: list[Json], new: list[Json], *, is_reordered: bool = False) -> None:
        """Tell that new elements of a list took the place of old ones, which began at an index.

        First goes what is gone, then what stays is brought into order, then the rest comes to its place.
        """
        if not old or not new:
            self.changes += resize(self._path, start, old, new)
            return
        if len(old) == len(new) == 1:
            self.exchange(str(start), old[0], new[0], in_list=True)
            return
        origins = _origins(old, new, is_reordered=is_reordered)
        self.keeps |= any(isinstance(old[origin], CONTAINERS) for origin in origins if origin is not None)
        exchanged = _pair(origins, len(old))
        origins = [exchanged.get(place, origin) for place, origin in enumerate(origins)]
        staying = sorted(origin for origin in origins if origin is not None)
        gone = sorted(set(range(len(old))).difference(staying), reverse=True)
        self.changes += [remove(f"{self._path}/{start + place}", old[place], in_list=True) for place in gone]
        ranks = {origin: rank for rank, origin in enumerate(staying)}
        for source, target in moves([ranks[origin] for origin in origins if origin is not None]):
            self.changes.append(move(f"{self._path}/{start + source}", f"{self._path}/{start + target}"))
        for place, (origin, value) in enumerate(zip(origins, new, strict=True), start):
            if origin is None:
                self.changes.append(add(f"{self._path}/{place}", value, in_list=True))
            elif old[origin] is not value:
                self.exchange(str(place), old[origin], value, in_list=True)

    def exchange(self, token: str, old: Json, new: Json, *, in_list: bool) -> None:
        """Tell that a value took the place of another one, at a token as it stands in a pointer."""
        if old is new:
            return
        place = f"{self._path}/{token}"
        if is_array(old):  # a value, as a text is: what both have in common need not travel
            self.changes += diff(old, new, place, in_list=in_list)
            return
        if not isinstance(old, CONTAINERS) or type(old) is not type(new) or self._was_kept(new):
            # Two that were both here are two records: they are never told apart member by member.
            if not same(old, new):
                self.changes.append(replace(place, old, new, in_list=in_list))
            return
        found = diff(old, new, place, in_list=in_list)
        self.changes += found
        if found and (len(found) > 1 or found[0][0].operation["path"] != place):
            self.assigned.append(assigned(place, in_list=in_list))


def _origins(old: list[Json], new: list[Json], *, is_reordered: bool) -> list[int | None]:
    """Return for each new element where the same one stood among the old ones, if it is one of them.

    Containers are told apart by identity. So are scalars that were only reordered; otherwise a scalar is its
    place's.
    """
    if not is_reordered and not any(isinstance(element, CONTAINERS) for element in new):
        return [None] * len(new)
    waiting: dict[int, list[int]] = {}
    for place in range(len(old) - 1, -1, -1):
        if is_reordered or isinstance(old[place], CONTAINERS):
            waiting.setdefault(id(old[place]), []).append(place)
    origins = [waiting[id(element)].pop() if waiting.get(id(element)) else None for element in new]
    known = [origin for origin in origins if origin is not None]
    return origins if len(known) - len(_longest_rise(known)) <= MOVES_LIMIT else [None] * len(new)


def _pair(origins: list[int | None], count: int) -> dict[int, int]:
    """Return which new element comes where which of `count` old ones was: between the same neighbours."""
    known = [origin for origin in origins if origin is not None]
    staying, taken = _longest_rise(known), set(known)
    pairs: dict[int, int] = {}
    waiting: list[int] = []
    last = -1
    for place, origin in enumerate([*origins, count]):
        if origin is None:
            waiting.append(place)
        elif origin in staying or origin == count:
            free = (old for old in range(last + 1, origin) if old not in taken)
            pairs.update(zip(waiting, free, strict=False))
            waiting, last = [], origin
    return pairs


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
    staying = _longest_rise(order)
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


def _longest_rise(order: Sequence[int]) -> set[int]:
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
    return [step.operation for change in reversed(changes) for step in invert_change(change)]


def invert_change(change: Change) -> list[Step]:
    """Return the steps that take a change back; their values are plain copies."""
    (operation, in_list, from_list, _), before = change
    path = operation["path"]
    if isinstance(before, tuple):
        above = path.rsplit("/", before[1] if len(before) == 2 else 1)[0]
        return [Step({"op": "replace", "path": above, "value": before[0]}, in_list=False)]
    old: Json = before
    match operation["op"]:
        case "add":
            return [Step({"op": "remove", "path": path}, in_list)]
        case "remove":
            return [Step({"op": "add", "path": path, "value": plain(old)}, in_list)]
        case "move":
            back: Operation = {"op": "move", "from": path, "path": operation["from"]}
            overwritten: list[Operation] = [
                {"op": "add", "path": path, "value": plain(value)} for value in cast(list[Json], old)
            ]
            return [Step(back, from_list, in_list), *(Step(one, in_list) for one in overwritten)]
        case _:
            return [Step({"op": "replace", "path": path, "value": plain(old)}, in_list)]
