"""Floor 5. How fast the pages of a link can follow what is sent down to them.

Now and then a frame asks to be acknowledged. Every page does so once it has drawn it, so a page that answers
late has more to do than it manages: its network is slow, or what it draws is heavy. Then fewer frames leave,
each with the newest state, until it keeps pace. All pages of a link hear the same frames, so the slowest sets
the pace, but within bounds: where others keep pace, they wait for no frame longer than `LONG`, and who is
silent is given up. It does no I/O, and is told the time.
"""

from __future__ import annotations

from math import inf

WINDOW = 16
"""Frames that may be on their way, the one that asked and those after it: a quarter of a second at full pace.

It begins with one, doubles with each answer that comes in time, and is halved by each that comes late.
"""

LATE = 0.15
"""Seconds by which an answer may take longer than the quickest of the same page before it counts as late."""

SHORT, LONG = 0.25, 1.0
"""Seconds between two frames while a late page is waited for and others are not: first, and at most."""

PATIENCE = 10.0
"""Seconds after which a page that says nothing is not waited for any more, until it does."""

QUIET = 1.0
"""Seconds without a frame, after which the next one asks nobody: a change now and then costs no answers."""

READERS = 1_000
"""How many pages are waited for."""


class Flow:
    """The pace of the frames of one link, whose lock is held in each call.

    Examples:
        >>> flow = Flow()
        >>> flow.meet("a page")
        >>> [flow.leaves(seq, now=0.01 * seq) for seq in (1, 2, 3)]  # the second one asks
        [False, True, False]
        >>> flow.pause(now=0.04) > 0
        True
        >>> flow.acknowledge("a page", 2, now=0.05)
        >>> flow.pause(now=0.05)
        0.0
    """

    __slots__ = (
        "_asked",
        "_asked_at",
        "_awaited",
        "_is_late",
        "_left_at",
        "_readers",
        "_since",
        "_vain",
        "_window",
    )

    def __init__(self) -> None:
        self._readers: dict[str, float] = {}  # the quickest answer of each page, in seconds
        self._awaited: set[str] = set()  # who has not acknowledged the frame that asked
        self._asked = 0  # its number
        self._asked_at = self._left_at = -inf
        self._is_late = False  # one of the answers was
        self._since = 0  # how many frames have left since
        self._vain = 0  # how many questions nobody has answered
        self._window = 1

    def meet(self, replica: str) -> None:
        """Take note of a page that reads."""
        if len(self._readers) < READERS:
            self._readers.setdefault(replica, inf)

    def part(self, replica: str) -> None:
        """Take note that a page may read no more; if it does, it will say so."""
        self._readers.pop(replica, None)
        self._awaited.discard(replica)

    def leaves(self, seq: int, now: float) -> bool:
        """Take note that a frame leaves now.

        Returns:
            Whether it asks to be acknowledged.
        """
        is_quiet = now - self._left_at > QUIET and not self._awaited
        self._since = 0 if is_quiet else self._since + 1
        self._left_at = now
        # what nobody answers may wait in a queue, and is asked less and less often
        if self._awaited or self._since < self._window << min(self._vain, 12):
            return False
        self._awaited = set(self._readers)
        self._asked, self._asked_at = seq, now
        self._is_late = False
        self._since = 0
        self._vain += 1
        return True

    def acknowledge(self, replica: str, seq: int, now: float) -> None:
        """Take note that a page has drawn all up to a frame."""
        if not 0 < seq <= self._asked:
            return
        self._vain = 0
        self.meet(replica)
        if replica not in self._readers:
            return
        if seq < self._asked:  # it was given up, and is there
            self._awaited.add(replica)
            return
        took = now - self._asked_at
        self._readers[replica] = quickest = min(self._readers[replica], took)
        self._is_late |= took > quickest + LATE
        if replica in self._awaited:
            self._awaited.discard(replica)
            if not self._awaited:
                self._window = max(1, self._window // 2) if self._is_late else min(WINDOW, self._window * 2)

    def pause(self, now: float) -> float:
        """Return how many seconds news should wait; 0 if it may leave now."""
        if not self._awaited or self._since < self._window - 1:
            return 0.0
        waited = now - self._asked_at
        if waited > PATIENCE:
            for replica in list(self._awaited):
                self.part(replica)
            return 0.0
        if len(self._awaited) == len(self._readers):  # nobody is there who would be kept waiting
            return PATIENCE - waited
        return max(0.0, self._left_at + min(max(waited / 2, SHORT), LONG) - now)

    def give_up(self) -> None:
        """Wait for nobody until the next question: no page can be heard just now."""
        self._awaited.clear()
