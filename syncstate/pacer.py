"""Floor 6. The clock of a link: a call as soon as it is wanted, but no more often than an interval allows.

One daemon thread makes the calls, so that a mutation never waits for an encoder, a tight loop costs one
call an interval, and the last state always leaves, whatever the loop does.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

INTERVAL = 1 / 60
"""Seconds between two flushes: servers drop above 1,000 messages a second, screens show 60."""

_logger = logging.getLogger(__name__)


class Pacer:
    """Makes calls in a thread of its own whenever it was asked to, at most once an interval.

    Args:
        interval: Seconds from one round of calls to the next.
    """

    def __init__(self, interval: float = INTERVAL) -> None:
        self._interval = interval
        self._calls: list[Callable[[], float | None]] = []
        self._wanted = threading.Event()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def add(self, call: Callable[[], float | None]) -> None:
        """Call this too from now on; what it raises is logged.

        Args:
            call: Returns the seconds after which it must be called again though nobody asks, or None.
        """
        self._calls = [*self._calls, call]

    def remove(self, call: Callable[[], float | None]) -> None:
        """Call this no longer."""
        self._calls = [other for other in self._calls if other != call]

    def wake(self) -> None:
        """Ask for a round of calls; cheap when one is already due."""
        if self._wanted.is_set():
            return
        self._wanted.set()
        if self._thread is None or not self._thread.is_alive():
            self._start()

    def _start(self) -> None:
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="syncstate-pacer", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        pause: float | None = None
        while True:
            self._wanted.wait(pause)
            self._wanted.clear()
            started = time.monotonic()
            pauses = [again for call in self._calls if (again := _tried(call)) is not None]
            pause = min(pauses, default=None)
            took = time.monotonic() - started
            # from beginning to beginning, or a screen would miss a frame in every twenty; but calls that take
            # long leave as much time to others
            time.sleep(max(self._interval - took, min(took, self._interval)))


def _tried(call: Callable[[], float | None]) -> float | None:
    try:
        return call()
    except Exception:
        _logger.exception("Cannot flush")
        return None
