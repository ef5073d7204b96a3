"""Floor 4. What need not be told: steps that leave a document as fewer of them would.

A loop sets one thing a thousand times, or adds to a stream, before anybody looks. Of a value only the newest
counts where nothing structural lies between, and of a stream all that was added, at once.
"""

from __future__ import annotations

from syncstate.arrays import Array, is_array, joined
from syncstate.patch import Operation, Step


def compact(steps: list[Step]) -> list[Step]:
    """Return steps without the `replace`s that a later one overwrites.

    One is left out when nothing between the two acted inside what it put there, or may have shifted it.
    """
    if len(steps) < 2:
        return steps
    replaced = [step.operation["path"] for step in steps if step.operation["op"] == "replace"]
    if len(replaced) == len(set(replaced)):
        return steps
    kept: list[Step | None] = []
    latest: dict[str, int] = {}  # where in kept the replace of a path is that may still be overwritten
    inside: dict[str, set[str]] = {}  # those paths, by every location above them
    for step in steps:
        path, op = step.operation["path"], step.operation["op"]
        above = _above(path)
        # else a range of an array may be meant, which is another one each time
        is_whole = op == "replace" and ":" not in path[len(above[-1]) :]
        if is_whole and path in latest:
            kept[latest[path]] = None
        elif op in ("move", "copy", "test"):
            latest.clear()
        for location in above:  # it acts inside of these
            latest.pop(location, None)
        for other in inside.pop(path if is_whole else above[-1], ()):  # it replaces or shifts these
            latest.pop(other, None)
        if is_whole:
            latest[path] = len(kept)
            for location in above:
                inside.setdefault(location, set()).add(path)
        kept.append(step)
    return [step for step in kept if step is not None]


def _above(path: str) -> list[str]:
    """Return the pointers of everything that holds a location, the outermost first."""
    return [path[:place] for place, letter in enumerate(path) if letter == "/"] or [""]


def add_on(steps: list[Step], more: list[Step]) -> None:
    """Put steps behind others; what both add to the end of one array becomes one addition.

    A loop adds to a stream and cuts it at the front, again and again, before anybody looks. The two do not
    bear on each other, so all that is added comes first.
    """
    count = 2 if _stream(steps[-2:]) else 1
    known, new = _stream(steps[-count:]), _stream(more)
    whole = joined(known[1], new[1]) if known and new and known[0] == new[0] else None
    if known is None or new is None or whole is None:
        steps += more
        return
    path, gone = new[0], known[2] + new[2]
    operations: list[Operation] = [{"op": "add", "path": path, "value": whole}]
    if gone:
        operations.append({"op": "remove", "path": f"{path[:-1]}0:{gone}"})
    steps[-count:] = [Step(operation, in_list=False) for operation in operations]


def _stream(steps: list[Step]) -> tuple[str, Array, int] | None:
    """Return where steps add to an array, what, and how many elements they remove at its front.

    Returns:
        None if they do anything else.
    """
    operations = [step.operation for step in steps]
    added = [
        (operation["path"], value)
        for operation in operations
        if operation["op"] == "add" and is_array(value := operation["value"])
    ]
    if len(added) != 1 or not added[0][0].endswith("/-"):
        return None
    path, values = added[0]
    front = f"{path[:-1]}0:"
    gone = [operation["path"].removeprefix(front) for operation in operations if operation["op"] == "remove"]
    if len(gone) + 1 != len(operations) or not all(map(str.isdecimal, gone)):
        return None
    return path, values, sum(map(int, gone))
