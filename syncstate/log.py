"""Floor 4. The log: the newest commits of a document, bounded in number and in weight."""

from __future__ import annotations

from syncstate.document import NUMBERS, weigh
from syncstate.patch import Step

LIMIT = 1000
"""How many commits are remembered; a replica further behind gets a snapshot."""

BYTES = 2**24
"""About how much JSON the remembered commits may hold together."""

STEP_BYTES = 100
"""About how much JSON an operation is beside its value."""


# No dataclass: its methods would be written and compiled at each import, which takes half a millisecond.
class Commit:
    """One step from a version to the next.

    Attributes:
        version: The one that it leads to.
        assigned: A `replace` without its value for each location whose whole value was assigned anew.
        replica: Whose edit it was, or None.
        number: Which of the replica's edits, or None.
        weight: About how much JSON the steps hold, in bytes.
    """

    __slots__ = ("assigned", "number", "replica", "steps", "version", "weight")

    def __init__(
        self, version: int, steps: list[Step], assigned: list[Step], replica: str | None, number: int | None
    ) -> None:
        self.version = version
        self.steps = steps
        self.assigned = assigned
        self.replica = replica
        self.number = number
        self.weight = 0


class Log:
    """What led to a version, as far back as it is remembered; whoever holds the document's lock may use it.

    Args:
        limit: How many commits are remembered.

    Attributes:
        version: How many commits there were.
    """

    __slots__ = ("_commits", "_weight", "limit", "version")

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit = limit
        self.version = 0
        self._commits: list[Commit] = []
        self._weight = 0

    def append(
        self, steps: list[Step], assigned: list[Step], replica: str | None, number: int | None
    ) -> None:
        """Take down what leads to the next version, and forget the oldest if that is too much."""
        self.version += 1
        commit = Commit(self.version, steps, assigned, replica, number)
        commit.weight = STEP_BYTES * len(steps)
        values = [step.operation.get("value") for step in steps]
        if not NUMBERS.issuperset(map(type, values)):  # else the steps are all there is to weigh
            commit.weight += sum([weigh(value, BYTES) for value in values])
        self._commits.append(commit)
        self._weight += commit.weight
        while len(self._commits) > self.limit or (self._weight > BYTES and len(self._commits) > 1):
            self._weight -= self._commits.pop(0).weight

    def restart(self) -> None:
        """Begin a new version that no commit leads to."""
        self._commits.clear()
        self._weight = 0
        self.version += 1

    def reaches(self, version: int) -> bool:
        """Tell whether every commit after a version is remembered."""
        if version == self.version:
            return True
        return version < self.version and bool(self._commits) and self._commits[0].version <= version + 1

    def since(self, version: int) -> list[Commit]:
        """Return the commits after a version that the log reaches."""
        return self._commits[version - self.version :] if version < self.version else []

    def leading_to(self, version: int) -> Commit | None:
        """Return the commit that made a version, or None if it is forgotten."""
        return next((commit for commit in self._commits if commit.version == version), None)

    def last_of(self, replica: str) -> Commit | None:
        """Return the newest commit that was an edit of a replica's, or None if none is remembered."""
        return next((commit for commit in reversed(self._commits) if commit.replica == replica), None)
