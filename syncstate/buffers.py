"""Floor 4. The leaves of a frame that JSON lacks, beside it.

JSON has no bytes and no arrays, no NaN and no dates. Where one of them belongs, `null` stands in a frame. The
frame's `buffers` says where the comm message's buffers belong, and what they are; its `values` says what else
belongs where: a name, the form, and the places. So nothing in a document can look like such a leaf.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias, cast

from syncstate import limits
from syncstate.arrays import Array, Misfit, is_array, packed, unpacked
from syncstate.document import MAX_INTEGER, Json, JsonObject, show
from syncstate.errors import MessageError
from syncstate.forms import Form, bare, form_of
from syncstate.patch import Operation, amend
from syncstate.pointer import index, join, parse, resolve
from syncstate.values import construct

Buffer: TypeAlias = bytes | memoryview
Tokens: TypeAlias = tuple[str | int, ...]
Faults: TypeAlias = dict[int, MessageError]
"""What is wrong with the values in some messages of a frame, by the place of the message."""

_TEXTUAL = frozenset({str, bool, type(None)})  # what JSON has a text for, whatever the value


def detach(frame: JsonObject) -> tuple[JsonObject, list[Buffer]]:
    """Return a frame without the leaves that JSON lacks, and what bytes and arrays hold.

    It is the frame itself if it has none. Nothing is copied: they never change.
    """
    if not _has_leaves(frame):  # as most have not: to look costs two fifths of what finding does
        return frame, []
    packing = _Packing()
    emptied = packing.empty(frame, ())
    return {**emptied, **packing.members()}, packing.buffers


class _Packing:
    """The leaves that are taken out of a frame."""

    def __init__(self) -> None:
        self.buffers: list[Buffer] = []
        self._places: list[Json] = []
        self._values: list[dict[str, Any]] = []
        self._known: dict[Any, tuple[Form, list[Json]]] = {}  # the places of each value

    def members(self) -> JsonObject:
        """Return the members of the frame that tell of them."""
        members: JsonObject = {"buffers": self._places, "values": cast(Json, self._values)}
        return {name: told for name, told in members.items() if told}

    def empty(self, value: Any, tokens: Tokens) -> Any:
        """Return a value, or a copy with what stands for its leaves; `tokens` lead to it in the frame."""
        if isinstance(value, dict):
            pairs: Iterable[tuple[Any, Any]] = value.items()
        elif isinstance(value, list):
            pairs = enumerate(value)
        else:
            return self._take(value, tokens)
        copy = value
        for key, member in pairs:
            if type(member) in _TEXTUAL:
                continue
            emptied = self.empty(member, (*tokens, key))
            if emptied is not member:
                if copy is value:
                    copy = {**value} if isinstance(value, dict) else [*value]
                copy[key] = emptied
        return copy

    def _take(self, leaf: Any, tokens: Tokens) -> Json:
        if isinstance(leaf, bytes):
            self._places.append(join(*tokens))
            self.buffers.append(leaf)
        elif is_array(leaf):
            self._places.append({"path": join(*tokens), "dtype": leaf.dtype.name, "shape": [*leaf.shape]})
            self.buffers.append(packed(leaf))
        elif isinstance(form := form_of(leaf), Form):
            self._places_of(form).append(join(*tokens))
        else:
            return cast(Json, bare(leaf))  # a number, or the member of an Enum
        return None

    def _places_of(self, form: Form) -> list[Json]:
        """Return where a value belongs, of which the frame tells from now on."""
        key: Any = (form.name, form.value if isinstance(form.value, str) else id(form.value))
        if form.name == "failure":  # whose form is made each time
            key = (form.name, *form.value.values())
        if key not in self._known:
            for inner in _forms_in(form.value):  # what is in it comes before it
                self._places_of(inner)
            told: dict[str, Any] = {"type": form.name, "value": None, "paths": []}
            self._known[key] = form, told["paths"]
            self._values.append(told)
            told["value"] = self.empty(form.value, ("values", len(self._values) - 1, "value"))
        return self._known[key][1]


def attach(frame: JsonObject, buffers: Sequence[Buffer], faults: Faults | None = None) -> JsonObject:
    """Return a frame with its leaves in their places; the frame itself is changed. No lock is held.

    Args:
        frame: As it came.
        buffers: They are copied.
        faults: Takes what is wrong with single values; without it that is raised.

    Raises:
        MessageError: There are more or fewer buffers than places, a place is not `null`, an array does not
            fit its buffer, or `values` is no list of what belongs where.
        PointerError: A pointer is none.
        TargetNotFound: A pointer names no place in the frame.
    """
    frame = _attach_buffers(frame, buffers)
    if "values" not in frame:
        return frame
    values = _checked(frame)
    found = _Unpacking(frame, values).run()
    if found and (faults is None or -1 in found):
        raise found.get(-1) or next(iter(found.values()))
    if faults is not None:
        faults.update(found)
    del frame["values"]
    return frame


def _checked(frame: JsonObject) -> list[dict[str, Any]]:
    """Return the values of a frame: each is well-formed, and `null` stands in each of their places, once."""
    values: Any = frame["values"]
    if not isinstance(values, list) or not all(map(_is_value, values)):
        raise MessageError("Cannot read the frame: 'values' is no list of values, with their types and paths")
    paths = [path for value in values for path in value["paths"]]
    if len(paths) > limits.VALUES:
        raise MessageError(f"Cannot read the frame: it places more than {limits.VALUES} values")
    for place, value in enumerate(values):
        for path in value["paths"]:
            _demand_place(frame, path, place, len(values))
    if len(set(paths)) < len(paths):
        raise MessageError("Cannot read the frame: two values have one place")
    return values


def _is_value(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() >= {"type", "value", "paths"}
        and isinstance(value["type"], str)
        and isinstance(value["paths"], list)
        and all(isinstance(path, str) for path in value["paths"])
    )


def _demand_place(frame: JsonObject, path: str, place: int, count: int) -> None:
    tokens = parse(path)
    is_apart = bool(tokens)
    if tokens[:1] == ("values",):  # one stands in another one only if that is made later
        outer = index(tokens[1], count) if len(tokens) > 2 and tokens[2] == "value" else None
        is_apart = outer is not None and outer > place
    if not is_apart or resolve(frame, path) is not None:
        raise MessageError(
            f"Cannot read the frame: no value belongs at {show(path)}, null does not stand there"
        )


class _Unpacking:
    """The values of a frame that go to their places.

    Args:
        frame: It is changed.
        values: They are checked.
    """

    def __init__(self, frame: JsonObject, values: list[dict[str, Any]]) -> None:
        self._frame = frame
        self._values = values
        self._faults: Faults = {}
        self._faulty: dict[int, MessageError] = {}  # values, by their places in the list

    def run(self) -> Faults:
        """Make all values, and return what is wrong with some, by the messages in which they belong."""
        for place, value in enumerate(self._values):
            if place in self._faulty:
                self._blame(value["paths"], self._faulty[place])
                continue
            try:
                leaf = construct(value["type"], value["value"])
            except ValueError as error:
                self._blame(value["paths"], MessageError(f"Cannot read a value: {error}"))
                continue
            amend(self._frame, [{"op": "replace", "path": path, "value": leaf} for path in value["paths"]])
        return self._faults

    def _blame(self, paths: list[str], error: MessageError) -> None:
        for path in paths:
            top, place, *_ = (*parse(path), "", "")
            if top == "values":
                self._faulty.setdefault(int(place), error)
            else:
                self._faults.setdefault(int(place) if place.isdecimal() else -1, error)


def _attach_buffers(frame: JsonObject, buffers: Sequence[Buffer]) -> JsonObject:
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


def _leaf(place: Any, data: Buffer) -> bytes | Array:
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
    waiting: list[Any] = [value]
    least, most = -MAX_INTEGER, MAX_INTEGER
    while waiting:
        container = waiting.pop()
        for member in container.values() if type(container) is dict else container:
            type_ = type(member)
            if type_ is str or member is None:
                continue
            if type_ is float:
                if member - member != 0.0:  # NaN, or infinite
                    return True
            elif type_ is int:
                if not least <= member <= most:
                    return True
            elif type_ is dict or type_ is list:
                waiting.append(member)
            elif type_ is not bool:
                return True
    return False


def _forms_in(value: Any) -> Iterator[Form]:
    """Yield the forms of the leaves in a value that is a form itself."""
    if isinstance(value, (dict, list)):
        for member in value.values() if isinstance(value, dict) else value:
            yield from _forms_in(member)
    elif not is_array(value) and (form := form_of(value)) is not None:
        yield form
