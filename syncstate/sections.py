"""Floor 6. What has happened to one document since a batch first changed it, and who did it."""

from __future__ import annotations

from typing import Any

from syncstate.authority import Bookmark
from syncstate.batches import Batch
from syncstate.diff import Change, invert_changes
from syncstate.patch import Operation
from syncstate.rebase import members_of

OWN, BELOW, OTHER = True, None, False
"""Who made a change: the batch did, or it did so in a document below, or somebody else did."""


class Section:
    """What has happened to a document since a batch first changed it.

    Args:
        batch: Whose it is.
        bookmark: Of what the authority had recorded by then.
        heard: How much listeners were still to be told.
        steps: What each author could undo.

    Attributes:
        changes: In order, each with who made it.
        values: Of members that the batch changed, what was there when the way back began.
        is_shared: Others have changed something.
    """

    __slots__ = ("batch", "bookmark", "changes", "heard", "is_shared", "lengths", "steps", "values")

    def __init__(
        self, batch: Batch, bookmark: Bookmark, heard: int, steps: dict[str, tuple[int, int]]
    ) -> None:
        self.batch = batch
        self.bookmark = bookmark
        self.heard = heard
        self.steps = steps
        self.lengths: dict[Batch, int] = {}  # how much had happened by then in the other open batches
        self.changes: list[tuple[Change, bool | None]] = []
        self.is_shared = False
        self.values: dict[str, Any] = {}

    def add(self, changes: list[Change], author: Batch | None, *, is_below: bool) -> None:
        """Take note of what a batch did, or what was done in none."""
        is_own = author is not None and author.is_in(self.batch)
        mark = OTHER if not is_own else BELOW if is_below else OWN
        self.changes += [(change, mark) for change in changes]
        self.is_shared |= not is_own

    def own_changes(self) -> list[Change]:
        """Return what the batch did."""
        return [change for change, author in self.changes if author is not OTHER]

    def own_members(self) -> set[str]:
        """Return the names of the members in which the batch did something."""
        return {
            name for step, _ in self.own_changes() for name in members_of(step.operation) if name is not None
        }

    def way_back(self, name: str) -> list[Operation]:
        """Return the operations that take back what the batch did in a member."""
        return invert_changes([one for one in self.own_changes() if name in members_of(one[0].operation)])

    def entries_here(self) -> list[tuple[Change, bool | None]]:
        """Return what happened here, without what the batch did in documents below."""
        return [entry for entry in self.changes if entry[1] is not BELOW]

    def forget_since(self, length: int) -> None:
        """Forget what happened after so many changes, of which nothing is left."""
        del self.changes[length:]
