"""Floor 0. Every exception that syncstate raises.

```
SyncStateError
├── PointerError  (ValueError)          the text is not a JSON Pointer           .text
├── PatchError    (ValueError)          an operation cannot be applied           .operation .index .pointer
│   ├── TargetNotFound (LookupError)    nothing is at the target location
│   └── TestFailed                      a "test" found another value             .found
├── NotSyncable   (TypeError)           a value has no JSON form                 .pointer .value
├── NotValid      (TraitError)          a value may not stand in a place         .pointer .value
├── NotComputable                       a computed changes something, or needs itself .name .loop
├── NotWritable   (PermissionError)     a page asked for what it may not write   .pointer
├── Conflict                            others made it uncertain what is meant   .pointer .why
├── NothingToUndo (LookupError)         no step is left to be undone, or redone
├── CallError     (TypeError)           an action cannot be called like that     .action .pointer
├── MessageError  (ValueError)          a message from the peer makes no sense
└── SessionClosed                       the model or its link is closed
```

One sentence for all of them: *Cannot verb where: why; way out*. The caller's mistake is raised;
the peer's mistake is answered with a `reject` that carries the same sentence, and logged.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from traitlets import TraitError


class SyncStateError(Exception):
    """The root of everything that syncstate raises."""

    pointer: str | None = None


class PointerError(SyncStateError, ValueError):
    """A text is not a JSON Pointer (RFC 6901, section 3)."""

    def __init__(self, text: object, why: str) -> None:
        super().__init__(f"Cannot parse pointer {text!r}: {why}")
        self.text = text


class PatchError(SyncStateError, ValueError):
    """An operation of a patch is malformed or cannot be applied (RFC 6902, section 4)."""

    def __init__(
        self,
        sentence: str,
        *,
        operation: Mapping[str, Any] | None = None,
        index: int | None = None,
        pointer: str | None = None,
    ) -> None:
        super().__init__(sentence)
        self.operation = operation
        self.index = index
        self.pointer = pointer


class TargetNotFound(PatchError, LookupError):
    """A reference token on the way to a target location names nothing."""


class TestFailed(PatchError):
    """A `test` operation found another value."""

    __test__ = False  # pytest: this is no test class

    found: object = None


class NotSyncable(SyncStateError, TypeError):
    """A value has no JSON form, so no page could ever show it."""

    def __init__(self, pointer: str, value: object, why: str) -> None:
        super().__init__(f"Cannot sync {pointer!r}: {why}")
        self.pointer = pointer
        self.value = value
        self.why = why


class NotValid(SyncStateError, TraitError):
    """A value may not stand in a place: its type, or what `synced()` says of it, is another."""

    pointer: str

    def __init__(self, sentence: str, *, pointer: str, value: object = None) -> None:
        super().__init__(sentence)
        self.pointer = pointer
        self.value = value


class NotWritable(SyncStateError, PermissionError):
    """A page asked to write what the model did not open to it."""

    def __init__(self, pointer: str, why: str) -> None:
        super().__init__(f"Cannot write {pointer!r}: {why}")
        self.pointer = pointer


class NotComputable(SyncStateError):
    """A computed would need itself, or changes something while it runs."""

    def __init__(self, name: str, why: str, loop: list[str] | None = None) -> None:
        super().__init__(f"Cannot compute {name}: {why}")
        self.name = name
        self.why = why
        self.loop = loop or []


class Conflict(SyncStateError):
    """What somebody wants to do, or to undo, is not certain any more after what others did."""

    def __init__(self, pointer: str, why: str, deed: str = "apply the edit of") -> None:
        super().__init__(f"Cannot {deed} {pointer!r}: {why}")
        self.pointer = pointer
        self.why = why


class NothingToUndo(SyncStateError, LookupError):
    """There is no step left that could be undone, or redone."""


class CallError(SyncStateError, TypeError):
    """A page called an action that there is none of, or with what its signature does not take."""

    def __init__(self, action: str, why: str, pointer: str | None = None) -> None:
        super().__init__(f"Cannot call {action!r}: {why}")
        self.action = action
        self.pointer = pointer


class MessageError(SyncStateError, ValueError):
    """A message from the peer cannot be understood."""


class SessionClosed(SyncStateError):
    """The model, or the link that it was asked to use, is closed."""
