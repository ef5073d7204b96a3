"""Floor 7. The fast way of a patch: scalars in the places of scalars, and no trait objects."""

from __future__ import annotations

from typing import Any, TypeAlias

from syncstate.acts import Notice
from syncstate.diff import Change
from syncstate.document import SCALARS, Json, same_scalar
from syncstate.marks import unmark
from syncstate.members import MemberRoot
from syncstate.patch import Operation, Step
from syncstate.pointer import parse
from syncstate.recording import Minding
from syncstate.rehearsal import is_text_or_scalar, scalar_at
from syncstate.shapes import ABSENT
from syncstate.tracked import TrackedList

_Exchange: TypeAlias = tuple[Any, Any, Json, str, str]
"""A scalar that takes the place of another one: holder, key, value, pointer, and the member that it is in."""


def exchange(document: MemberRoot, operations: list[Operation]) -> bool:
    """Put scalars in the place of scalars, if a patch does nothing else and no trait objects.

    The fast way: no such operation bears on another one, so each is looked up in the document as it is,
    and done there: an edit of one cell so takes a quarter of the time.

    Returns:
        Whether that was done; if not, nothing was.
    """
    found: list[_Exchange] = []
    are_free: dict[str, bool] = {}
    for operation in operations:
        if operation["op"] != "replace" or not is_text_or_scalar(operation["value"]):
            return False
        one = _find_exchange(document, operation["path"], operation["value"], are_free)
        if one is None:
            return False
        found.append(one)
    with Minding(document):
        _make_exchanges(document, found)
    return True


def _find_exchange(
    document: MemberRoot, path: str, value: Json, are_free: dict[str, bool]
) -> _Exchange | None:
    """Return what puts a scalar where another one stands, or None if there is more to it.

    Args:
        document: Where it is asked.
        path: Where it stands.
        value: What shall stand there.
        are_free: What is known by now: whether code of a person's decides about a member.
    """
    tokens = parse(path) or ("",)
    name = tokens[0]
    if name not in are_free:
        are_free[name] = (
            name not in document.members or name in document.computations or document.is_free(name)
        )
    place = None if are_free[name] else scalar_at(document.values, tokens)
    if place is None:
        return None
    holder, key = place
    if len(tokens) == 1:
        try:
            value, _ = document.ask(name, value)
        except Exception:  # what it says is said to who asks about the whole patch
            return None
    elif holder._shape is not None:
        value = holder._shape.glance(key, value)
    return (holder, key, value, path, name) if type(value) in SCALARS else None


def _make_exchanges(document: MemberRoot, exchanges: list[_Exchange]) -> None:
    """Put scalars in their places, and record each that is another one."""
    values = document.values
    journal = document.enter()
    changes: list[Change] = []
    notices: dict[str, Notice] = {}
    for holder, key, value, path, name in exchanges:
        old, in_list = holder[key], type(holder) is TrackedList
        if journal is not None:
            restore = document.unmark_members if holder is values else unmark
            journal.note(restore, holder, {key: old})
        if in_list:
            list.__setitem__(holder, key, value)
        else:
            dict.__setitem__(holder, key, value)
        if same_scalar(old, value):
            continue
        step = Step({"op": "replace", "path": path, "value": value}, in_list)
        changes.append((step, old))
        notice = notices.get(name)
        if notice is None:
            notice = notices[name] = Notice(name, [], old if holder is values else ABSENT)
        if holder is values:
            notice.new = value
        notice.operations.append(step.operation)
    document.touch(notices)
    if document.is_recording:
        document.enact(changes, [], list(notices.values()))
