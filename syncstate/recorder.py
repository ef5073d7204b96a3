"""Floor 5. `track`: a list or dict that hands each change on as a patch, without a model."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from syncstate.diff import Change
from syncstate.document import kind
from syncstate.errors import NotSyncable
from syncstate.journal import Journal
from syncstate.patch import Operation, Step
from syncstate.roots import Root
from syncstate.tracked import TrackedDict, TrackedList


class _Recorder(Root):
    """The root that `track` makes: it hands every act on as a patch."""

    def __init__(self, on_patch: Callable[[list[Operation]], None]) -> None:
        super().__init__()
        self._on_patch = on_patch
        self._waiting: list[list[Operation]] = []

    def enter(self) -> Journal | None:
        return None  # to take back what was handed on is not in its power

    def report(self, keys: Collection[Any], changes: list[Change], assigned: list[Step]) -> None:
        if changes:
            self._waiting.append([step.operation for step, _ in changes])

    def settle(self) -> None:
        while self._waiting:
            self._on_patch(self._waiting.pop(0))


def track(value: object, *, on_patch: Callable[[list[Operation]], None]) -> Any:
    """Return a tracked copy of a list or dict that reports every change.

    Args:
        value: A list or dict of JSON values; it is copied.
        on_patch: Called after each mutation with its operations; pointers begin at the returned container.

    Raises:
        NotSyncable: Something in it has no JSON form, or it is neither list nor dict.

    Examples:
        >>> todos = track({"todos": ["write"]}, on_patch=print)
        >>> todos["todos"].append("read")
        [{'op': 'add', 'path': '/todos/1', 'value': 'read'}]
    """
    if not isinstance(value, (list, dict)):
        raise NotSyncable("", value, f"{kind(value)} cannot be tracked; a list or a dict can")
    node = TrackedList(value) if isinstance(value, list) else TrackedDict(value)
    node._parent = _Recorder(on_patch)
    return node
