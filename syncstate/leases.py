"""Floor 7. Who is to hear of a change of a member, of which no computed or observer may miss one.

Where nobody is, containers have a lease: what puts a scalar there only marks it (docs/decisions/0012). What
is computed from a member enrols here until it changes; that of a model in a model is a change above, too.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import traitlets

from syncstate.acts import Teller
from syncstate.authority import Authority
from syncstate.computed import Computation
from syncstate.nodes import root_above
from syncstate.readings import Reader, Readers, Reading, enrol, expire
from syncstate.roots import Lease, Root
from syncstate.tracked import TrackedDict, TrackedList


class LeasingRoot(Root):
    """A root that leases its members to those who write.

    Args:
        model: Whose traits they are.
        authority: Its session.

    Attributes:
        teller: Tells listeners and observers.
        readers: What is computed from members as they are.
        computations: The members that are computed.
    """

    __slots__ = (
        "_leases",
        "_paused",
        "_stale",
        "authority",
        "computations",
        "listeners",
        "model",
        "readers",
        "teller",
    )

    def __init__(self, model: traitlets.HasTraits, authority: Authority) -> None:
        super().__init__()
        self.lock = authority.lock
        self.model = self.owner = model
        self.authority = authority
        self.readers: Readers = {}
        self.computations: dict[str, Computation] = {}
        self.teller = Teller(model, authority, self.computations)
        self.listeners = self.teller.listeners  # who puts a scalar somewhere looks whether there are any
        self._leases: dict[str, Lease] = {}
        self._paused: dict[str, None] = {}  # whose leases wait for a change, of which a computed is to hear
        self._stale: list[Reader] = []  # what others, or this, computed from what has changed

    def lease(self, key: str) -> Lease:
        """Return the lease for a member; it has none while its observers want to be told."""
        if key in self.readers:  # they want to be told of the next change
            return Lease(None)
        found = self._leases.get(key)
        if found is None:
            is_quiet = self._is_quiet(key) and (self._parent is None or self._is_quiet_above())
            found = self._leases[key] = Lease(self if is_quiet else None)
        return found

    def _is_quiet_above(self) -> bool:
        """Whether nobody above wants to be told of each change here; the lock is held."""
        if self._lease.root is None:
            above = root_above(self)
            if above is not None:
                root, key, _ = above
                lease = root.lease(key)
                if lease is not self._lease:
                    lease.follow(self)
                self._lease = lease
        return self._lease.root is not None

    def _is_quiet(self, name: str) -> bool:
        return name not in self.computations and not self.has_rules and not self.teller.is_awaited(name)

    def revoke(self, key: str) -> None:
        """End the lease for a member."""
        lease = self._leases.pop(key, None)
        self._paused.pop(key, None)
        if lease is not None:
            lease.end()

    def revoke_all(self) -> None:
        """End all leases; the lock is held."""
        for name in list(self._leases):
            self.revoke(name)

    def leave(self) -> None:
        """Take note that this has no place any more."""
        self._lease.part(self)
        self._lease = Lease(None)
        self.revoke_all()

    # -- what is computed from members

    def enrol(self, name: str, reading: Reading) -> None:
        """Tell a reading when a member changes; what only marks its changes loses its leave to."""
        enrol(self.readers, name, reading)
        with self.held():
            lease = self._leases.get(name)
            if lease is not None and lease.root is not None:
                lease.pause()
                self._paused[name] = None

    def touch(self, names: Iterable[str]) -> None:
        """Take note that members have changed, as has what is computed from them; the lock is held."""
        self._stale += self._expire(names)

    def _expire(self, names: Iterable[str]) -> list[Reader]:
        found = expire(self.readers, names) if self.readers else []
        if self._paused:
            for name in self._paused.keys() & names:
                del self._paused[name]
                self._leases[name].resume(self)
        if self._parent is not None:
            above: Any = self
            while isinstance(above._parent, (TrackedList, TrackedDict)):
                above = above._parent
            if isinstance(above._parent, LeasingRoot):
                found += above._parent._expire([above._key])
        return found
