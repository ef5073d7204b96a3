"""Floor 6. What a patch comes to, found out before any of it is done.

A patch applies whole or not at all, so it is tried on a draft first: what would stand where, which values
the containers would refuse, which models it would touch. Nothing here changes a document, or needs more of
it than its values.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import is_
from typing import Any

from syncstate.document import SCALARS, Json, JsonObject, copied, opened, plain, same
from syncstate.errors import PatchError
from syncstate.intake import Intake
from syncstate.patch import Draft, Opened, Operation, rehearse
from syncstate.pointer import escape, head, index, parse, resolve
from syncstate.records import Record, restored
from syncstate.roots import Root
from syncstate.shapes import ABSENT, Refusal, Shape, fit
from syncstate.tables import Columns
from syncstate.tracked import TrackedDict, TrackedList
from syncstate.unions import reach
from syncstate.values import is_scalar

_NOTHING: Any = object()
_NOWHERE = Root()


def scalar_at(values: dict[str, Any], tokens: Sequence[str]) -> tuple[Any, Any] | None:
    """Return what holds a scalar in a document, and its key there, or None if no scalar stands there."""
    holder: Any = values
    key: Any = tokens[0]
    found = holder.get(key, _NOTHING)
    for token in tokens[1:]:
        holder = found.__dict__ if isinstance(found, Record) and not found._synced_is_frozen else found
        if type(holder) is TrackedList:
            key = index(token, len(holder))
            if key is None:
                return None
        elif type(holder) is TrackedDict and token in holder:
            key = token
        else:
            return None
        found = holder[key]
    return (holder, key) if type(found) in SCALARS else None


def is_text_or_scalar(value: Any) -> bool:
    """Whether a value stands for itself in JSON, as `is_scalar` says, or is text in any script."""
    if type(value) is not str or value.isascii():
        return is_scalar(value)
    try:
        value.encode()
    except UnicodeEncodeError:  # a lone surrogate: the intake says what is wrong with it
        return False
    return True


def step_to(here: Any, token: str) -> Any:
    """Return what a token names in a value, or None."""
    here = opened(here)
    if isinstance(here, dict):
        return here.get(token)
    place = index(token, len(here)) if isinstance(here, (list, tuple)) else None
    return None if place is None else here[place]


def fit_inside(
    shape: Shape | None, operation: Operation, path: Sequence[str], source: Sequence[str]
) -> Operation | None:
    """Return an operation inside a member with its value as it will stand, or None if that is not all.

    Args:
        shape: The member's.
        operation: It adds, replaces, removes, moves or copies.
        path: Where, below the member.
        source: From where.
    """
    op = operation["op"]
    target = reach(shape, path, is_resized=op != "replace")
    if target is ABSENT:
        return None
    if op in ("add", "replace"):
        try:
            value = fit(target, operation["value"])
        except Refusal:
            return None
        return operation if value is operation["value"] else {**operation, "value": value}
    if op != "remove":
        origin = reach(shape, source, is_resized=op == "move")
        # what one part holds another one may hold of which the same is asked
        if origin is ABSENT or not (target is None or target is origin):
            return None
    return operation


def take_in(operation: Operation) -> Operation:
    """Return an operation whose value and new name will be taken by the containers: nothing fails halfway."""
    if operation["path"].isascii() and is_text_or_scalar(operation.get("value")):
        return operation
    tokens = parse(operation["path"])
    intake = Intake(_NOWHERE, [])
    if tokens:
        intake.take({tokens[-1]: None}, *tokens[:-1])
    if "value" not in operation or type(operation["value"]) is Columns:  # a table that was there before
        return operation
    return {**operation, "value": copied(intake.take(operation["value"], *tokens))}


def try_out(
    document: JsonObject, operations: list[Operation], settled: set[str]
) -> tuple[Json, list[Opened]]:
    """Return what operations make of a document but for the settled members: of those nobody is shown a copy.

    What is done inside a settled member bears on no other one, so it is tried by itself.

    Raises:
        PatchError: The operations do not apply.
    """
    inside: list[int] = []
    others: list[int] = []
    for position, operation in enumerate(operations):
        (inside if head(operation["path"]) in settled else others).append(position)
    tried = inside
    try:
        rehearse(document, [operations[position] for position in tried])
        tried = others
        draft = Draft(document)
        for place, position in enumerate(tried):
            draft.run(operations[position], place)
        return draft.document, draft.opened
    except PatchError as error:
        error.index = tried[error.index] if error.index is not None else None
        raise


def closed(value: Any) -> Any:
    """Return what a patch makes of a value with the models that it touched, and new objects for the others.

    It is the value itself if there are none.
    """
    if isinstance(value, Opened):
        node: Any = value.node
        if not isinstance(node, Record):
            return node
        return restored(node._synced_base, {name: closed(member) for name, member in value.items()})
    if type(value) is list:
        elements = [element if type(element) in SCALARS else closed(element) for element in value]
        return value if all(map(is_, elements, value)) else elements
    if type(value) is dict:
        members = {name: closed(member) for name, member in value.items()}
        return value if all(map(is_, members.values(), value.values())) else members
    return value


def is_that(value: Any, there: Any) -> bool:
    """Whether a value is that which is there, or a copy of it with the same things in it."""
    if value is there:
        return True
    if type(value) is list and isinstance(there, list) and len(value) == len(there):
        return all(map(is_that, value, there))
    if type(value) is dict and isinstance(there, dict) and value.keys() == there.keys():
        return all(map(is_that, value.values(), map(there.__getitem__, value)))
    return False


def halve(document: JsonObject, operations: list[Operation], apart: set[str]) -> list[Operation]:
    """Return what operations do to the members that are not set apart."""
    draft = Draft(document)
    halves: list[Operation] = []
    for position, operation in enumerate(operations):
        step = draft.step(operation, position)
        source, target = operation.get("from", operation["path"]), step.operation["path"]
        is_from_here, is_put_here = (
            parse(place)[0] not in apart if place else False for place in (source, target)
        )
        if is_from_here and is_put_here:
            halves.append(operation)
        elif is_put_here:
            halves.append({"op": "add", "path": target, "value": plain(resolve(draft.document, target))})
        elif is_from_here and operation["op"] == "move":
            halves.append({"op": "remove", "path": source})
    return halves


def replacements(pointer: str, members: JsonObject, value: JsonObject) -> list[Operation]:
    """Return what makes an object's members the same as others; those that are not named stay."""
    return [
        {"op": "replace", "path": f"{pointer}/{escape(name)}", "value": member}
        for name, member in value.items()
        if name not in members or not same(members[name], member)
    ]


def replaced_by(operations: list[Operation]) -> list[str] | None:
    """Return the locations that operations replace, if they do nothing else."""
    paths = [operation["path"] for operation in operations if operation["op"] == "replace"]
    return paths if len(paths) == len(operations) else None
