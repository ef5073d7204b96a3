"""Floor 4. Binary leaves beside the JSON.

JSON has no bytes and no arrays, so these leaves of a frame travel as the comm message's buffers: `null`
stands in their place, and the frame's `buffers` says which belongs where, and what it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias, cast

from syncstate.arrays import Array, Misfit, is_array, packed, unpacked
from syncstate.document import Json, JsonObject, show
from syncstate.errors import MessageError
from syncstate.patch import Operation, amend, apply
from syncstate.pointer import join, resolve

Buffer: TypeAlias = bytes | memoryview
Leaf: TypeAlias = "bytes | Array"

_TEXTUAL = frozenset({str, int, float, bool, type(None)})  # what JSON has a text for


def detach(frame: JsonObject) -> tuple[JsonObject, list[Buffer]]:
    """Return a frame without its bytes and arrays, and what these hold; the frame itself if it has none.

    Nothing is copied: both never change.
    """
    if not _has_leaves(frame):  # as most have not: to look costs two fifths of what finding does
        return frame, []
    found: list[tuple[str, Leaf]] = []
    _find(frame, (), found)
    emptied: Any = apply(frame, [{"op": "replace", "path": path, "value": None} for path, _ in found])
    buffers = [packed(leaf) if is_array(leaf) else cast(bytes, leaf) for _, leaf in found]
    return {**emptied, "buffers": [_place(path, leaf) for path, leaf in found]}, buffers


def attach(frame: JsonObject, buffers: Sequence[Buffer]) -> JsonObject:
    """Return a frame with its buffers, copied, in their places; the frame itself is changed.

    Raises:
        MessageError: There are more or fewer buffers than places, a place is not `null`, or an array does not
            fit its buffer.
        PointerError: A pointer is none.
        TargetNotFound: A pointer names no place in the frame.
    """
    places: Any = frame.get("buffers", [])
    if not isinstance(places, list) or len(places) != len(buffers):
        raise MessageError(f"Cannot read the frame: 'buffers' does not place the {len(buffers)} that came")
    if not places:
        return frame
    paths: list[Any] = [place.get("path") if isinstance(place, dict) else place for place in places]
    if len({*map(str, paths)}) < len(paths):
        raise MessageError("Cannot read the frame: two buffers have one place")
    for path in paths:
        if resolve(frame, path) is not None:
            raise MessageError(
                f"Cannot read the frame: no buffer belongs at {show(path)}, null does not stand there"
            )
    leaves = map(_leaf, places, buffers)
    patch: list[Operation] = [
        {"op": "replace", "path": path, "value": leaf} for path, leaf in zip(paths, leaves, strict=True)
    ]
    filled: Any = amend(frame, patch)  # it was just read, and is nobody else's
    del filled["buffers"]
    return cast(JsonObject, filled)


def _place(path: str, leaf: Leaf) -> Json:
    if is_array(leaf):
        return {"path": path, "dtype": leaf.dtype.name, "shape": [*leaf.shape]}
    return path


def _leaf(place: Any, data: Buffer) -> Leaf:
    if not isinstance(place, dict):
        return bytes(data)
    dtype, shape = place.get("dtype"), place.get("shape")
    try:
        if not isinstance(dtype, str) or not isinstance(shape, list):
            raise Misfit("an array has a 'dtype', a text, and a 'shape', a list")
        return unpacked(dtype, shape, data)
    except Misfit as misfit:
        raise MessageError(f"Cannot read the array at {show(place['path'])}: {misfit}") from None


def _has_leaves(value: Json) -> bool:
    waiting = [value]
    while waiting:
        container = waiting.pop()
        for member in container.values() if isinstance(container, dict) else cast(list[Json], container):
            type_ = type(member)
            if type_ is dict or type_ is list:
                waiting.append(member)
            elif type_ not in _TEXTUAL:
                return True
    return False


def _find(value: Json, tokens: tuple[str | int, ...], found: list[tuple[str, Leaf]]) -> None:
    if isinstance(value, dict):
        for name, member in value.items():
            if type(member) not in _TEXTUAL:
                _find(member, (*tokens, name), found)
    elif isinstance(value, list):
        for place, element in enumerate(value):
            if type(element) not in _TEXTUAL:
                _find(element, (*tokens, place), found)
    elif isinstance(value, bytes) or is_array(value):
        found.append((join(*tokens), value))
