"""Floor 5. What takes changes back, in a document where others have changed something since.

Changes are taken back from the last to the first. Each one's inverse is carried over what others did after
it; then what they did is read as if that change had never been made, for the ones before it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias, TypeVar

from syncstate.diff import Change, invert_change
from syncstate.errors import Conflict
from syncstate.patch import Step
from syncstate.pointer import parse
from syncstate.rebase import CARRY_LIMIT, rebase

Mark = TypeVar("Mark")
Entry: TypeAlias = tuple[Change, Mark]
"""A change, and what its owner wants to know of it."""


def reversal(
    entries: Sequence[Entry[Mark]], is_own: Callable[[Mark], object], *, is_strict: bool = True
) -> tuple[list[Step], list[Entry[Mark]]]:
    """Return the steps that take some changes back, and what the others read as without these.

    Args:
        entries: What happened, in order.
        is_own: Whether a change is to be taken back, by its mark.
        is_strict: Whether to refuse if others have touched what would be taken back; else that stays.

    Raises:
        Conflict: They have; `error.pointer` is where.
    """
    since: list[Entry[Mark]] = []
    steps: list[Step] = []
    looks = 0
    for change, mark in reversed(entries):
        if not is_own(mark):
            since.insert(0, (change, mark))
            continue
        looks += len(since)
        if looks > CARRY_LIMIT:
            raise Conflict("", f"{len(since)} operations came since, too many to carry it over")
        try:
            inverse = [_carried(step, since) for step in invert_change(change)]
        except Conflict:
            if is_strict:
                raise
            since.insert(0, (change, mark))  # it stays, like what others did
            continue
        steps += inverse
        since = _without(change[0], since)
    return steps, since


def _without(step: Step, since: list[Entry[Mark]]) -> list[Entry[Mark]]:
    """Return changes as they read without a step before them; what acted in what that one made is void."""
    kept: list[Entry[Mark]] = []
    earlier: list[tuple[Step | None, Step | None]] = [(step, None)]
    for (other, before), mark in since:
        try:
            (carried,) = rebase([other], [], earlier)
        except Conflict:
            earlier.append((other, None))
            continue
        earlier.append((other, carried))
        kept.append(((carried, before), mark))
    return kept


def _carried(step: Step, since: list[Entry[Mark]]) -> Step:
    for (other, _), _mark in since:
        _demand_untouched(step, other)
        (step,) = rebase([step], [other])
    return step


def _demand_untouched(step: Step, other: Step) -> None:
    """Refuse to take away what somebody else has put somewhere, or changed.

    Raises:
        Conflict: A step would do so to what another one did.
    """
    path, op = parse(step.operation["path"]), step.operation["op"]
    place, other_op = parse(other.operation["path"]), other.operation["op"]
    is_at = place == path
    if other_op == "test" or (op == "move" and is_at and step.in_list):
        return
    is_put_beside = is_at and other.in_list and other_op in ("add", "copy", "move")
    is_inside = place[: len(path)] == path and not is_put_beside
    taken = parse(other.operation["from"]) if other_op == "move" else ()
    is_taken = len(taken) > len(path) and taken[: len(path)] == path
    is_in_the_way = op in ("replace", "remove") and (is_inside or is_taken)
    is_occupied = op in ("add", "move") and is_at and not step.in_list and other_op != "remove"
    if is_in_the_way or is_occupied:
        raise Conflict(step.operation["path"], "somebody else has changed it since")
