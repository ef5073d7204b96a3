"""Floor 4. The wire format: frames and messages (docs/protocol.md, sections 1 and 2).

`read_frame` and `read_message` are the one door for what comes from a peer: after them, every member that
a message needs is there and has its type. Operations are checked where they are applied, so that their
author gets an answer. What a page may say is bounded besides (`limits`): `check_size` looks at a frame before
anything is done with it, `read_message` at what a page's message names and how much it asks for.
"""

# Annotations are no texts here: each member of a TypedDict would be compiled by itself, 1 ms of every import.
from collections.abc import Sequence
from typing import Any, Literal, NotRequired, TypeAlias, TypedDict, TypeGuard, cast

from syncstate import limits
from syncstate.document import MAX_DEPTH, MAX_INTEGER, Json, JsonObject, kind, show
from syncstate.errors import MessageError
from syncstate.patch import Operation

PROTOCOL = 1
"""The number of the wire format."""

FRAME_DEPTH = 2 * MAX_DEPTH
"""How deep a frame may nest to be read at all: an edit that nests a little too deep gets its answer."""


class ModelId(TypedDict):
    """A model and which object it is."""

    model: str
    epoch: str


class Ready(TypedDict):
    """Kernel to pages: these models are here now."""

    type: Literal["ready"]
    models: list[ModelId]


class Snapshot(ModelId):
    """Kernel to a page: the whole document at a version."""

    type: Literal["snapshot"]
    version: int
    document: JsonObject
    read_only: list[str]
    number: int
    to: NotRequired[str]
    parts: NotRequired[int]


class PatchMessage(ModelId):
    """Kernel to pages: what leads from one version to another, and whose edit it was."""

    type: Literal["patch"]
    base: int
    version: int
    operations: list[Operation]
    replaced: NotRequired[list[str]]
    replica: NotRequired[str]
    number: NotRequired[int]
    to: NotRequired[str]
    parts: NotRequired[int]


class Reject(ModelId):
    """Kernel to a page: that edit was refused, and why."""

    type: Literal["reject"]
    version: int
    replica: str
    number: int
    reason: str
    error: NotRequired[str]
    pointer: NotRequired[str]


class Closed(TypedDict):
    """Kernel to pages: the model is gone, or nobody knows that key."""

    type: Literal["closed"]
    model: str
    reason: str
    epoch: NotRequired[str]
    to: NotRequired[str]


class Version(ModelId):
    """Kernel to pages: I am at work, and a document too large to be told to all is at this version."""

    type: Literal["version"]
    version: int


class ViewMessage(TypedDict):
    """Kernel to pages: these models are drawn by other code from now on."""

    type: Literal["view"]
    models: list[ModelId]
    esm: NotRequired[str]
    css: NotRequired[str]
    file: NotRequired[str]
    to: NotRequired[str]


class CallFailure(TypedDict):
    """Why a call has no value."""

    type: str
    text: str
    pointer: NotRequired[str]


class Result(ModelId):
    """Kernel to a page: how a call of an action ended."""

    type: Literal["result"]
    to: str
    call: str
    value: NotRequired[Json]
    error: NotRequired[CallFailure]


class Progress(ModelId):
    """Kernel to a page: how far a call of an action is, from 0 to 1."""

    type: Literal["progress"]
    to: str
    call: str
    value: float | None
    text: NotRequired[str]


class Letter(TypedDict):
    """What one side has to say to the other beside the state."""

    content: NotRequired[
        Json
    ]  # without it, what came before is to be told now, and not with what comes after
    buffers: NotRequired[list[bytes]]


class CustomMessage(ModelId, Letter):
    """Both ways: something beside the state."""

    type: Literal["message"]


class PartMessage(TypedDict):
    """Kernel to pages: what the message before it lacks."""

    type: Literal["part"]
    path: str
    value: Json


class Hello(TypedDict):
    """Page to kernel: I show this model."""

    type: Literal["hello"]
    model: NotRequired[str]
    epoch: NotRequired[str]
    version: NotRequired[int]


class Edit(ModelId):
    """Page to kernel: a patch, made against a version."""

    type: Literal["edit"]
    base: int
    number: int
    operations: list[Operation]
    undo: NotRequired[bool]
    redo: NotRequired[bool]


class CallMessage(ModelId):
    """Page to kernel: run this action."""

    type: Literal["call"]
    call: str
    name: str
    arguments: list[Json]
    keywords: NotRequired[dict[str, Json]]


class Cancel(TypedDict):
    """Page to kernel: that call is not wanted any more."""

    type: Literal["cancel"]
    model: str
    call: str


class Bye(TypedDict):
    """Page to kernel: I show this model no longer."""

    type: Literal["bye"]
    model: str


class Ack(TypedDict):
    """Page to kernel: everything up to a frame that asked is drawn."""

    type: Literal["ack"]
    seq: int


Message: TypeAlias = (
    Ready
    | Snapshot
    | PatchMessage
    | PartMessage
    | Reject
    | Closed
    | Version
    | ViewMessage
    | Result
    | Progress
    | CustomMessage
    | Hello
    | Edit
    | CallMessage
    | Cancel
    | Bye
    | Ack
)


class Part(TypedDict):
    """A piece of a frame that was too large for one message."""

    id: str
    index: int
    count: int
    data: bytes


class Frame(TypedDict):
    """What one comm message carries; each message is still to be read."""

    protocol: int
    seq: int
    messages: list[object]
    kernel: NotRequired[str]
    ack: NotRequired[bool]
    replica: NotRequired[str]
    part: NotRequired[Part]


_ID: dict[str, type] = {"model": str, "epoch": str}
_PART: dict[str, type] = {"id": str, "index": int, "count": int, "data": bytes}
_NEEDED: dict[str, dict[str, type]] = {
    "ready": {"models": list},
    "snapshot": {**_ID, "version": int, "document": dict, "read_only": list, "number": int},
    "patch": {**_ID, "base": int, "version": int, "operations": list},
    "part": {"path": str, "value": object},
    "reject": {**_ID, "version": int, "replica": str, "number": int, "reason": str},
    "closed": {"model": str, "reason": str},
    "version": {**_ID, "version": int},
    "view": {"models": list},
    "result": {**_ID, "to": str, "call": str},
    "progress": {**_ID, "to": str, "call": str},
    "message": _ID,
    "hello": {},
    "call": {**_ID, "call": str, "name": str, "arguments": list},
    "cancel": {"model": str, "call": str},
    "edit": {**_ID, "base": int, "number": int, "operations": list},
    "bye": {"model": str},
    "ack": {"seq": int},
}
_OPTIONAL: dict[str, type] = {
    **dict.fromkeys(("model", "epoch", "to", "replica", "error", "pointer", "esm", "css", "file"), str),
    **dict.fromkeys(("version", "number", "parts"), int),
    "replaced": list,
    "buffers": list,
    "undo": bool,
    "redo": bool,
    "keywords": dict,
}
# what a type needs is looked at once
_ALLOWED = {
    type_: {name: allowed for name, allowed in _OPTIONAL.items() if name not in needed}
    for type_, needed in _NEEDED.items()
}

_ALLOWED["result"]["error"] = dict


def check_size(data: object, buffers: Sequence[bytes | memoryview] = ()) -> None:
    """Refuse what is larger than any page's frame, before anything is done with it.

    Raises:
        MessageError: It is beyond one of `limits`.
    """
    frame = data if isinstance(data, dict) else {}
    messages = frame.get("messages")
    why = limits.excess(cast(Json, data), FRAME_DEPTH, limits.NODES, limits.TEXT)
    if isinstance(messages, list) and len(messages) > limits.MESSAGES:
        why = f"it has more than {limits.MESSAGES} messages"
    if len(buffers) > limits.BUFFERS:
        why = f"it has more than {limits.BUFFERS} buffers"
    if sum(memoryview(buffer).nbytes for buffer in buffers) > limits.BUFFER_BYTES:
        why = f"its buffers have more than {limits.BUFFER_BYTES} bytes"
    if why:
        raise MessageError(f"Cannot read the frame: {why}; send less at once")


def read_frame(data: object) -> Frame:
    """Return the frame that a comm message's `data` is; its messages are for `read_message`.

    Raises:
        MessageError: It is no frame, or speaks another protocol.
    """
    if not isinstance(data, dict):
        raise MessageError(f"Cannot read the frame: it is {kind(data)}, not an object")
    protocol = data.get("protocol")
    if isinstance(protocol, bool) or protocol != PROTOCOL:
        raise MessageError(
            f"Cannot join a page that speaks protocol {show(protocol)}: this kernel speaks {PROTOCOL}; "
            "reload the page, or restart the kernel after an update"
        )
    for name, type_ in (("seq", int), ("messages", list)):
        _check(data, name, type_, "the frame")
    for name in ("kernel", "replica"):
        if name in data:
            _check(data, name, str, "the frame")
    _check_name(data, "replica", "the frame")
    if "part" in data:
        _check(data, "part", dict, "the frame")
        for name, needed in _PART.items():
            _check(data["part"], name, needed, "a piece of a frame")
    return cast(Frame, data)


def read_message(message: object) -> Message:
    """Return a message with everything that its type needs.

    Raises:
        MessageError: A member is missing or has the wrong type.
    """
    if not isinstance(message, dict):
        raise MessageError(f"Cannot read a message: it is {kind(message)}, not an object")
    type_ = message.get("type")
    if not isinstance(type_, str) or type_ not in _NEEDED:
        raise MessageError(f"Cannot read a message: {show(type_)} is no type of message")
    for name, needed in _NEEDED[type_].items():
        _check(message, name, needed, f"message {type_!r}")
    for name, allowed in _ALLOWED[type_].items():
        if message.get(name) is not None:
            _check(message, name, allowed, f"message {type_!r}")
    if type_ in ("hello", "edit", "call", "cancel", "message", "bye"):
        for name in ("model", "epoch", "call", "name"):
            _check_name(message, name, f"message {type_!r}")
    if type_ == "edit":
        _check_edit(message)
    if type_ == "message" and not all(isinstance(each, bytes) for each in message.get("buffers") or ()):
        raise MessageError("Cannot read message 'message': 'buffers' holds what is no bytes")
    return cast(Message, message)


def _check_edit(edit: dict[str, Any]) -> None:
    if edit["number"] < 1:
        raise MessageError("Cannot read message 'edit': 'number' is 0; the first edit is 1")
    if len(edit["operations"]) > limits.OPERATIONS:
        raise MessageError(f"Cannot read message 'edit': it has more than {limits.OPERATIONS} operations")
    for position, operation in enumerate(edit["operations"]):
        if isinstance(operation, dict) and (
            _is_long(operation.get("path")) or ("from" in operation and _is_long(operation["from"]))
        ):
            raise MessageError(
                f"Cannot read operation {position} of the patch: "
                f"a pointer has more than {limits.POINTER} characters"
            )


def _is_long(pointer: object) -> bool:
    return isinstance(pointer, str) and len(pointer) > limits.POINTER


def is_name(value: object) -> TypeGuard[str]:
    """Tell whether a value may be a model's key, an epoch or a replica's id: it is sent back to all pages."""
    if not isinstance(value, str) or len(value) > limits.NAME:
        return False
    # RFC 8259, section 8.2: JSON may have a surrogate, but no encoder takes it, and a frame would be lost
    return value.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in value)


def _check_name(holder: dict[str, Any], name: str, what: str) -> None:
    if not is_name(holder.get(name, "")):
        raise MessageError(
            f"Cannot read {what}: {name!r} has more than {limits.NAME} characters, or a lone surrogate"
        )


def _check(holder: dict[str, Any], name: str, type_: type, what: str) -> None:
    if name not in holder:
        raise MessageError(f"Cannot read {what}: {name!r} is missing")
    value = holder[name]
    if not isinstance(value, type_) or (type_ is int and not _is_count(value)):
        raise MessageError(f"Cannot read {what}: {name!r} is {kind(value)} ({show(value)})")


def _is_count(value: Any) -> bool:
    return not isinstance(value, bool) and 0 <= value <= MAX_INTEGER
