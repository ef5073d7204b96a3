"""Floor 4. Binary leaves beside the JSON.

JSON has no bytes, so a frame's `bytes` leaves travel as the comm message's buffers: `null` stands in their
place and the frame's `buffers` lists the pointers that say which belongs where.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from syncstate.document import Json, JsonObject, show
from syncstate.errors import MessageError
from syncstate.patch import apply
from syncstate.pointer import join, resolve


def detach(frame: JsonObject) -> tuple[JsonObject, list[bytes]]:
    """Return a frame without its bytes, and these bytes; the frame itself if it has none."""
    if not _has_bytes(frame):  # as most have not: to look costs two fifths of what finding does
        return frame, []
    found: list[tuple[str, bytes]] = []
    _find(frame, (), found)
    emptied: Any = apply(frame, [{"op": "replace", "path": path, "value": None} for path, _ in found])
    return {**emptied, "buffers": [path for path, _ in found]}, [data for _, data in found]


def attach(frame: JsonObject, buffers: Sequence[bytes | memoryview]) -> JsonObject:
    """Return a frame with its buffers, copied, in their places.

    Raises:
        MessageError: There are more or fewer buffers than pointers, or a pointer names what is not `null`.
        PointerError: A pointer is none.
        TargetNotFound: A pointer names no place in the frame.
    """
    pointers: Any = frame.get("buffers", [])
    if not isinstance(pointers, list) or len(pointers) != len(buffers):
        raise MessageError(f"Cannot read the frame: 'buffers' does not place the {len(buffers)} that came")
    if not pointers:
        return frame
    if len({str(path) for path in pointers}) < len(pointers):
        raise MessageError("Cannot read the frame: two buffers have one place")
    for path in pointers:
        if resolve(frame, path) is not None:
            raise MessageError(
                f"Cannot read the frame: no buffer belongs at {show(path)}, null does not stand there"
            )
    filled: Any = apply(
        frame,
        [
            {"op": "replace", "path": path, "value": bytes(data)}
            for path, data in zip(pointers, buffers, strict=True)
        ],
    )
    return {name: member for name, member in filled.items() if name != "buffers"}


def _has_bytes(value: Json) -> bool:
    waiting = [value]
    while waiting:
        container = waiting.pop()
        for member in container.values() if isinstance(container, dict) else cast(list[Json], container):
            type_ = type(member)
            if type_ is dict or type_ is list:
                waiting.append(member)
            elif type_ is bytes:
                return True
    return False


def _find(value: Json, tokens: tuple[str | int, ...], found: list[tuple[str, bytes]]) -> None:
    if isinstance(value, bytes):
        found.append((join(*tokens), value))
    elif isinstance(value, dict):
        for name, member in value.items():
            if isinstance(member, (bytes, list, dict)):
                _find(member, (*tokens, name), found)
    elif isinstance(value, list):
        for place, element in enumerate(value):
            if isinstance(element, (bytes, list, dict)):
                _find(element, (*tokens, place), found)
