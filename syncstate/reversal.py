"""Floor 5. What takes changes back, in a document where others have changed something since.

Changes are taken back from the last to the first. Each one's inverse is carried over what others did after
it; then what they did is read as if that change had never been made, for the ones before it.
"""

from __future__ import annotations

from collections.abc import Iterable

from syncstate.diff import Change, invert_change
from syncstate.errors import Conflict
from syncstate.patch import Step
from syncstate.pointer import parse
from syncstate.rebase import CARRY_LIMIT, rebase


def reversal(changes: Iterable[tuple[Change, bool | None]], *, is_strict: bool = True) -> list[Step]:
    """Return the steps that take some changes back.

    Args:
        changes: What happened, in order, each with whether it is to be taken back.
        is_strict: Whether to refuse if others have touched what would be taken back; else that stays.

    Raises:
        Conflict: They have; `error.pointer` is where.
    """
    since: list[Step] = []
    steps: list[Step] = []
    looks = 0
    for change, is_taken_back in reversed(list(changes)):
        if not is_taken_back:
            since.insert(0, change[0])
            continue
        looks += len(since)
        if looks > CARRY_LIMIT:
            raise Conflict("", f"{len(since)} operations came since, too many to carry it over")
        try:
            inverse = [_carried(step, since) for step in invert_change(change)]
        except Conflict:
            if is_strict:
                raise
            since.insert(0, change[0])  # it stays, like what others did
            continue
        steps += inverse
        since = _without(change[0], since)
    return steps


def _without(step: Step, since: list[Step]) -> list[Step]:
    """Return steps as they read without one before them; what acted in what that one made is void."""
    kept: list[Step] = []
    earlier: list[tuple[Step | None, Step | None]] = [(step, None)]
    for other in since:
        try:
            (carried,) = rebase([other], [], earlier)
        except Conflict:
            earlier.append((other, None))
            continue
        earlier.append((other, carried))
        kept.append(carried)
    return kept


def _carried(step: Step, since: list[Step]) -> Step:
    for other in since:
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
        raise Conflict(step.operation["path"], "it was changed since; undo cannot tell what is wanted there")
