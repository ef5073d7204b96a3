"""Floor 6. The clock of a link: a call as soon as it is wanted, but no more often than an interval allows.

One daemon thread makes the calls, so that a mutation never waits for an encoder, a tight loop costs one
call an interval, and the last state always leaves, whatever the loop does. Where there are no threads, as in
WebAssembly, who asks makes the calls, and the event loop the last ones.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

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
        self._has_threads = True
        self._round_at = -inf  # and without threads: when the last round was made
        self._timer: asyncio.TimerHandle | None = None  # what makes the next one

    def add(self, call: Callable[[], float | None]) -> None:
        """Call this too from now on; what it raises is logged.

        Args:
            call: Returns the seconds after which it must be called again though nobody asks, or None.
        """
        self._calls = [*self._calls, call]

    def remove(self, call: Callable[[], float | None]) -> None:
        """Call this no longer."""
        self._calls = [other for other in self._calls if other != call]

    def wake(self) -> bool:
        """Ask for a round of calls; cheap when one is already due.

        Returns:
            Whether to ask again before that round makes no difference.
        """
        if self._wanted.is_set():
            return True
        self._wanted.set()
        if self._thread is None or not self._thread.is_alive():
            self._start()
        return self._has_threads or self._take_turn()

    def _start(self) -> None:
        with self._starting:
            if self._has_threads and (self._thread is None or not self._thread.is_alive()):
                self._thread = threading.Thread(target=self._run, name="syncstate-pacer", daemon=True)
                try:
                    self._thread.start()
                except RuntimeError:  # there are none: they cannot be started
                    self._has_threads = False

    def _take_turn(self) -> bool:
        """Make the calls here, if it is time; else the event loop makes them, unless somebody asks before."""
        self._wanted.clear()
        rest = self._round_at + self._interval - time.monotonic()
        loop = _event_loop()
        if rest > 0 and loop is not None:
            self._call_within(rest, loop)
            return False
        self._make_round()
        return True

    def _make_round(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._round_at = time.monotonic()
        pause, loop = self._round(), _event_loop()
        if pause is not None and loop is not None:
            self._call_within(max(pause, self._interval), loop)

    def _call_within(self, seconds: float, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is not None and self._timer.when() <= loop.time() + seconds:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_later(seconds, self._make_round)

    def _run(self) -> None:
        pause: float | None = None
        while True:
            self._wanted.wait(pause)
            self._wanted.clear()
            started = time.monotonic()
            pause = self._round()
            took = time.monotonic() - started
            # from beginning to beginning, or a screen would miss a frame in every twenty; but calls that take
            # long leave as much time to others
            time.sleep(max(self._interval - took, min(took, self._interval)))

    def _round(self) -> float | None:
        """Make all calls, and return after how many seconds the next round must come though nobody asks."""
        pauses = [again for call in self._calls if (again := _tried(call)) is not None]
        return min(pauses, default=None)


def _event_loop() -> asyncio.AbstractEventLoop | None:
    module = sys.modules.get("asyncio")  # where an event loop runs, it is loaded
    try:
        return module.get_running_loop() if module is not None else None
    except RuntimeError:  # there is none
        return None


def _tried(call: Callable[[], float | None]) -> float | None:
    try:
        return call()
    except Exception:
        _logger.exception("Cannot flush")
        return None
