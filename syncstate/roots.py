"""Floor 5. Where a tracked document hangs: its root, and the leave that a root grants.

A root is what the containers of a document report to. It says what they have to know of it: whether anybody
wants their changes described, under which lock they change, what may hang there. This one records nothing;
the model's, and the one that `track` makes, are on floors above.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractContextManager
from threading import RLock
from typing import Any, TypeAlias

from syncstate.diff import Change
from syncstate.journal import Journal, open_journal
from syncstate.locks import Locked
from syncstate.patch import Step
from syncstate.shapes import Frame, Shape

Marks: TypeAlias = "dict[Any, Any]"
"""The keys under which scalars were put into a container, and what stood there: ABSENT if nothing did."""


class Lease:
    """The leave of all containers below one child of a root to have scalars only marked.

    Nobody wants to be told of each change there, and what holds the lease is in its place: that saves the way
    up, a description and the telling. It ends when one of the two does; a container then gets another one
    with its next change.

    Attributes:
        root: Whose it is, or None once it has ended, or where there is none.
        below: The roots that hang there, and whose own leases end with this one.
    """

    __slots__ = ("below", "root")

    def __init__(self, root: Root | None) -> None:
        self.root = root
        self.below: dict[Root, None] = {}

    def follow(self, root: Root) -> None:
        """Let a root's own leases end with this one."""
        if self is not NO_LEASE:
            self.below[root] = None

    def part(self, root: Root) -> None:
        """Let a root's own leases no longer end with this one."""
        self.below.pop(root, None)

    def end(self) -> None:
        """End this lease, and those that follow it."""
        below, self.below = self.below, {}
        self.root = None
        for root in below:
            root.revoke_all()

    def pause(self) -> None:
        """End this lease until `resume`; those that follow it end for good."""
        self.root = None
        for root in self.below:
            root.revoke_all()

    def resume(self, root: Root) -> None:
        """Let this lease go on, in the hands of all that hold it."""
        self.root = root


NO_LEASE = Lease(None)


class Root(Locked):
    """Where a tracked document hangs: it takes the reports of every container below it.

    It may have a place in another document, as that of a nested model has; then it shares the lock of the
    root above it.

    Attributes:
        lock: Held while anything below changes.
        is_recording: Changes are to be described.
        has_roots: A root was placed below this one once.
        has_rules: What is done here is to be looked at as a whole, and may be taken back.
        fixed_key: The key that a person gave the model, of which there is one in a document.
        marks: The containers in which scalars were put since, and what stood under each of their keys before;
            by the identity of the container.
        is_judged: What is being done was judged as a whole: on the way there, anything may stand anywhere.
        sealed: The keys of what is computed: nobody may change what hangs there.
        owner: Whose document it is; a person's own element traits are asked in its name.
    """

    __slots__ = (
        "__weakref__",
        "_key",
        "_lease",
        "_parent",
        "fixed_key",
        "has_roots",
        "has_rules",
        "is_judged",
        "is_recording",
        "lock",
        "marks",
        "owner",
        "sealed",
    )

    def __init__(self) -> None:
        self.lock = RLock()
        self.is_recording = True
        self.is_judged = False
        self.has_roots = False
        self.has_rules = False
        self.fixed_key: str | None = None
        self.sealed: Collection[Any] = ()
        self.owner: Any = None
        self.marks: dict[int, tuple[Any, Marks]] = {}
        self._parent: Any = None
        self._key: Any = None
        self._lease = NO_LEASE

    def shape_of(self, key: Any) -> Shape | None:
        """Return what may hang under a key."""
        return None

    def lease(self, key: Any) -> Lease:
        """Return the lease for what hangs under a key; the lock is held."""
        return NO_LEASE

    def revoke(self, key: Any) -> None:
        """End the lease for what hangs under a key, as a container has left it; the lock is held."""

    def revoke_all(self) -> None:
        """End all leases; the lock is held."""

    def statement(self) -> AbstractContextManager[object] | None:
        """Return in what a statement is to be done, if it is not already."""
        return None

    def enter(self) -> Journal | None:
        """Return where to note how to take back what is about to be done here; the lock is held."""
        return open_journal()

    def mark(self, node: Any, key: Any, old: Any) -> bool:
        """Take note that a scalar was put under a key of a leased container; the lock is held.

        Args:
            node: The container.
            key: The name or the index.
            old: What was there, ABSENT if nothing was.

        Returns:
            Whether `notify` shall be called, once the lock is free.
        """
        raise NotImplementedError  # who grants leases takes marks

    def pass_over(self, node: Any, key: Any, old: Any) -> bool:
        """Take note that a scalar gave way to one that is the same but for its type: no news, so False."""
        return False

    def catch_up(self) -> None:
        """Describe what was marked, before anything else changes; the lock is held."""

    def notify(self) -> None:
        """Say that something was marked; the lock is not held."""

    def interrupt(self) -> None:
        """Take note that an interrupt came in the middle of a change; the lock is held."""

    def pointer_to(self, key: Any) -> str:
        """Return the pointer of the child that hangs here under a key."""
        return ""

    def frame_of(self, cls: type) -> Frame | None:
        """Return what may stand in an instance of a dataclass that nothing is said of."""
        return None

    def report(self, keys: Collection[Any], changes: list[Change], assigned: list[Step]) -> None:
        """Take changes below children; the lock is held.

        Args:
            keys: What the children were attached with: one, or two if something was moved between them.
            changes: Steps in order, each with the value before; empty when nothing is recorded.
            assigned: A `replace` without a value for each location whose whole value was assigned, though
                `changes` says less.
        """

    def settle(self) -> None:
        """Do what must wait until the lock is free: tell observers."""

    # -- roots below and above

    @property
    def is_ready(self) -> bool:
        """Whether this may be placed without that code of a person's runs."""
        return True

    def get_ready(self, root: Root) -> None:
        """Make the defaults, and share the lock of the root below which this comes; no lock is held."""

    def hanging(self) -> list[Any]:
        """Return the containers and objects that hang here."""
        return []

    def share_lock(self, lock: RLock) -> None:
        """Have another lock from now on; the one of now is held."""
        self.lock = lock

    def arrive(self, root: Root) -> None:
        """Take note that this has a place below a root; the lock, which is shared by now, is held."""

    def leave(self) -> None:
        """Take note that this has no place any more; the lock is held."""

    def report_from(self, root: Root, changes: list[Change], assigned: list[Step]) -> None:
        """Take what a root below did, as it reads here; the lock is held."""

    def mark_from(self, root: Root) -> None:
        """Take note that a root below has marks; the lock is held."""


class _Nowhere(Root):
    """The root of what has no place: nothing is recorded.

    Who gives such a container a place holds this lock too, from before it looks at it until it has it. It is
    the last of all locks: nothing waits for another one while it holds this one.
    """

    def __init__(self) -> None:
        super().__init__()
        self.is_recording = False


NOWHERE = _Nowhere()
