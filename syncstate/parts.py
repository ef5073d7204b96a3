"""Floor 5. Large messages to pages in parts: to read one holds no page up (docs/protocol.md, section 1).

A message leaves first without the bulk of its lists and objects; what is left out follows, run by run, each
in a frame of its own. How large a value is, a sample of it tells: to weigh all of 50 MB would take seconds.
"""

from __future__ import annotations

from itertools import islice
from typing import Any, cast

from syncstate.arrays import is_array
from syncstate.document import MAX_INTEGER, NUMBERS, SCALARS, Json, kind, weigh
from syncstate.errors import MessageError, PointerError, TargetNotFound
from syncstate.messages import Message, PartMessage
from syncstate.pointer import escape, resolve

SIZE = 2**20
"""About how much JSON travels in one frame: a page that reads 50 of them misses three or four pictures."""

FEW = 1024
"""How many values a message may have that is not looked at closely."""

_SAMPLES = (32, 8, 4, 2)  # elements that are looked at of a large container, by depth; below these, one
_BULKY = {"snapshot": "document", "patch": "operations"}
_NAMED = frozenset({"ready", "reject", "closed", "version", "view"})  # they name things, and hold no values


def is_slim(message: Message) -> bool:
    """Tell whether a message travels as it is: a few values, none of them large or none of JSON's.

    Nearly every message is one. To see it costs 0.7 us, to look for what to cut and to detach 12 times that.
    """
    if message["type"] != "patch":
        return message["type"] in _NAMED
    left = FEW - len(message["operations"])
    if left < 0:
        return False
    values: list[Any] = [operation.get("value") for operation in message["operations"]]
    least, most = -MAX_INTEGER, MAX_INTEGER
    for value in values:  # which grows
        type_ = type(value)
        if type_ is float:
            if value - value != 0.0:  # NaN, or infinite
                return False
        elif type_ is int:
            if not least <= value <= most:
                return False
        elif type_ is str:
            if len(value) > SIZE // FEW:
                return False
        elif type_ is dict or type_ is list:
            left -= len(value)
            if left < 0:
                return False
            values += value.values() if type_ is dict else value
        elif type_ not in NUMBERS:
            return False
    return True


def cut(message: Message) -> list[Message]:
    """Return a message and the parts that follow it, or the message alone if it is not large."""
    name = _BULKY.get(message["type"])
    whole: Any = message
    if name is None or estimate(whole[name]) <= SIZE:
        return [message]
    parts: list[Message] = []
    _take_apart(whole[name], f"/{name}", parts)
    whole = {**whole, name: type(whole[name])(), "parts": len(parts)}
    return [whole, *parts]


def _take_apart(container: Any, path: str, parts: list[Message]) -> None:
    """Add the parts that fill a container, once it stands empty at a place."""
    keys = [*container] if isinstance(container, dict) else range(len(container))
    spans = [(0, len(keys))]
    while spans:
        start, stop = spans.pop()
        run: Any = container[start:stop] if isinstance(container, list) else None
        if run is None:
            run = {key: container[key] for key in keys[start:stop]}
        if estimate(run) <= SIZE or start == stop:
            parts.append({"type": "part", "path": path, "value": run})
        elif stop - start > 1:
            middle = (start + stop) // 2
            spans += [(middle, stop), (start, middle)]
        else:
            _take_out(container, keys[start], run, path, parts)


def _take_out(container: Any, key: Any, run: Any, path: str, parts: list[Message]) -> None:
    """Add the parts that fill one child that is large."""
    child = container[key]
    if isinstance(child, (list, dict)):
        run[key if isinstance(container, dict) else 0] = type(child)()
    parts.append({"type": "part", "path": path, "value": run})
    if isinstance(child, (list, dict)):
        _take_apart(child, f"{path}/{escape(str(key))}", parts)


def estimate(value: Json, depth: int = 0) -> float:
    """Return about how many bytes of JSON a value has; large containers are judged by some of their elements.

    Bytes and arrays are no JSON.
    """
    if not isinstance(value, (list, dict)):
        is_binary = isinstance(value, bytes) or (type(value) not in SCALARS and is_array(value))
        return 0 if is_binary else weigh(value)
    samples = _SAMPLES[depth] if depth < len(_SAMPLES) else 1
    step = max(1, len(value) // samples)
    if isinstance(value, dict):
        sizes = [
            len(name) + 4 + estimate(member, depth + 1)
            for name, member in islice(value.items(), 0, None, step)
        ]
    else:
        sizes = [1 + estimate(element, depth + 1) for element in value[::step]]
    return 2 + (sum(sizes) / len(sizes) * len(value) if sizes else 0)


class Assembly:
    """The message that is being put together from its parts; there is one at most on a lane."""

    def __init__(self) -> None:
        self._whole: Any = None
        self._left = 0

    def take(self, message: Message) -> Message | None:
        """Return a message that is whole, be it this one or the one of which this is the last part.

        What was begun ends with any message that is no part of it.

        Raises:
            MessageError: It is a part of nothing, or of something else.
        """
        if message["type"] != "part":
            whole: Any = message
            self._left = whole.get("parts", 0)
            self._whole = whole if self._left else None
            return None if self._left else message
        whole, self._whole = self._whole, None
        if whole is None:
            raise MessageError(
                "Cannot take a part of a message: what it belongs to has not come, or was ended"
            )
        _join(whole, message)
        self._left -= 1
        if self._left > 0:
            self._whole = whole
            return None
        del whole["parts"]
        return cast(Message, whole)


def _join(whole: Any, part: PartMessage) -> None:
    value = part["value"]
    try:
        place = resolve(whole, part["path"])
    except (PointerError, TargetNotFound) as error:
        raise MessageError(f"Cannot take a part of a message: {error}") from None
    if isinstance(place, list) and isinstance(value, list):
        place += value
    elif isinstance(place, dict) and isinstance(value, dict):
        place.update(value)
    else:
        raise MessageError(f"Cannot take a part of a message: {kind(value)} does not go into {kind(place)}")
