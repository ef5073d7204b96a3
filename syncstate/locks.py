"""Floor 0. A lock that may be another one by the time it is got.

A model that is put into another one shares the lock of that one from then on. Only who holds the lock may
exchange it, so whoever gets it looks whether it is still the one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import RLock


class Locked:
    """What has such a lock.

    Attributes:
        lock: Held while anything changes.
    """

    __slots__ = ()
    lock: RLock

    def held(self) -> AbstractContextManager[object]:
        """Hold the lock, whichever it is by then."""
        lock = self.lock
        # nobody exchanges what this thread holds: to hold it once more costs a tenth
        return lock if lock._is_owned() else self._seized()  # type: ignore[attr-defined] # as Condition asks it

    @contextmanager
    def _seized(self) -> Iterator[None]:
        while True:
            with (lock := self.lock):
                if lock is self.lock:
                    yield
                    return
