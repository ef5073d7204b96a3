"""Floor 5. What an operation of RFC 6902 does to tracked containers: to the very objects, which report it."""

from __future__ import annotations

from typing import Any

from syncstate.arrays import is_array, splice
from syncstate.diff import move, replace
from syncstate.document import SCALARS, ObjectNode, copied, same_scalar
from syncstate.marks import unmark
from syncstate.nodes import find_root, locate, node_of
from syncstate.patch import Operation, is_part, spliced_range
from syncstate.pointer import escape, join, parse, resolve
from syncstate.roots import NOWHERE
from syncstate.shapes import ABSENT
from syncstate.tracked import TrackedList
from syncstate.values import is_scalar


def perform(document: dict[str, Any], operation: Operation) -> None:
    """Do an operation to the tracked containers of a document, in place; they report it.

    The operation is known to apply, and acts below a member of the document.
    """
    *above, token = parse(operation["path"])
    if is_part(token) and is_array(array := resolve(document, holder := join(*above))):
        spliced = splice(array, *spliced_range(operation, token, len(array)))
        _put_in(document, holder, spliced, is_new=False)
        return
    match operation["op"]:
        case "test":
            return
        case "remove":
            _take_out(document, operation["path"])
        case "move":
            _move(document, operation)
        case "copy":
            _put_in(document, operation["path"], copied(resolve(document, operation["from"])), is_new=True)
        case name:
            _put_in(document, operation["path"], operation["value"], is_new=name == "add")


def _move(document: dict[str, Any], operation: Operation) -> None:
    """Take a value to another place, where it is still the same one to everybody who means it."""
    source, target = operation["from"], operation["path"]
    if source == target:
        return
    leaving, token = _holder_of(document, source)
    from_list = isinstance(leaving, TrackedList)
    value = leaving[int(token) if from_list else token]
    root, key = find_root(leaving)
    root.enter()  # first: who joins a batch is to record
    is_recording, root.is_recording = root.is_recording, False
    try:
        with NOWHERE.lock:
            _take_out(document, source)
            arriving, token = _holder_of(document, target)
            in_list = isinstance(arriving, TrackedList)
            if in_list and token == "-":
                token = str(len(arriving))
            overwritten = [arriving[token]] if not in_list and token in arriving else []
            _put_in(document, target, value, is_new=True)
    finally:
        root.is_recording = is_recording
    if is_recording:
        where = f"{locate(arriving)}/{escape(token)}"
        moved = move(source, where, overwritten, from_list=from_list, in_list=in_list)
        root.report({key, find_root(arriving)[1]}, [moved], [])


def _holder_of(document: dict[str, Any], pointer: str) -> tuple[Any, str]:
    *above, token = parse(pointer)
    holder: Any = document
    for name in above:
        found = holder[name] if isinstance(holder, dict) else holder[int(name)]
        holder = node_of(found) if isinstance(found, ObjectNode) else found
    return holder, token


def _take_out(document: dict[str, Any], pointer: str) -> None:
    holder, token = _holder_of(document, pointer)
    if isinstance(holder, TrackedList):
        holder._splice((int(token), int(token) + 1, ()))
    else:
        holder._drop([token])


def _put_in(document: dict[str, Any], pointer: str, value: Any, *, is_new: bool) -> None:
    holder, token = _holder_of(document, pointer)
    if isinstance(holder, TrackedList):
        place = len(holder) if token == "-" else int(token)
        if is_new or not _exchange(holder, place, value, pointer):
            holder._splice((place, place if is_new else place + 1, [value]))
    elif is_new or not _exchange(holder, token, value, pointer):
        holder._put({token: value})


def _exchange(holder: Any, key: Any, value: Any, pointer: str) -> bool:
    """Put a scalar in the place of another one, and return whether it was put: it takes half the time."""
    old = holder[key]
    if type(old) not in SCALARS or not is_scalar(value):
        return False
    if holder._shape is not None:
        value = holder._shape.glance(key, value)
        if value is ABSENT:
            return False
    root, top = find_root(holder)
    journal = root.enter()
    if journal is not None:
        journal.note(unmark, holder, {key: old})
    in_list = isinstance(holder, TrackedList)
    (list if in_list else dict).__setitem__(holder, key, value)
    if root.is_recording and not same_scalar(old, value):
        root.report((top,), [replace(pointer, old, value, in_list=in_list)], [])
    return True
