"""Floor 4. A journal: how to take back what was done, step by step and on the very objects it was done to.

It knows nothing of containers. Whoever changes something notes before what would restore it; to restore what
was not changed after all must do no harm, for an interrupt may come in between.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any


class Journal:
    """What one flow of control has done since the journal was opened.

    Attributes:
        is_open: Whether there is still something to note.
    """

    __slots__ = ("_entries", "_known", "is_open")

    def __init__(self) -> None:
        self.is_open = True
        self._entries: list[tuple[Callable[..., None], tuple[Any, ...]]] = []
        self._known: set[int] = set()

    def note(self, restore: Callable[..., None], *arguments: Any) -> None:
        """Take note of what will restore that which is about to change."""
        self._entries.append((restore, arguments))

    def is_first(self, thing: object) -> bool:
        """Tell whether this was not asked about a thing before, which a later entry holds."""
        is_known = id(thing) in self._known
        self._known.add(id(thing))
        return not is_known

    def add(self, later: Journal) -> None:
        """Take over what another one has noted since."""
        self._entries += later._entries

    def take_back(self) -> None:
        """Restore everything, the last change first; after an interrupt this may be called again."""
        while self._entries:
            restore, arguments = self._entries[-1]
            restore(*arguments)
            self._entries.pop()


current_journal: ContextVar[Journal | None] = ContextVar("syncstate-journal", default=None)
"""That of the flow of control that asks."""


def open_journal() -> Journal | None:
    """Return the journal in which this flow of control notes what it does, if there is one."""
    journal = current_journal.get()
    return journal if journal is not None and journal.is_open else None
