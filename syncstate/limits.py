"""Floor 2. How much a page may ask for.

The numbers are read each time, so that they can be changed while a kernel runs: `limits.OPERATIONS = 50_000`.
Each is far above what a page does that is driven by a person, and bounds what any other can cost
(docs/security.md has the figures).
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from syncstate.document import Json

MESSAGES = 1_000
"""Messages in a frame: a page says one `hello` for each model on screen."""

OPERATIONS = 10_000
"""Operations in an edit."""

NODES = 1_000_000
"""JSON values in a frame, the members of its messages included."""

TEXT = 2**24
"""Characters of text in a frame, in values and in the names of members."""

POINTER = 4_096
"""Characters in a pointer of an edit: a reason that quotes it stays readable."""

NAME = 256
"""Characters in a model's key, in an epoch and in a replica's id."""

BUFFERS = 10_000
"""Binary buffers beside a frame."""

BUFFER_BYTES = 2**26
"""Bytes in all of them."""

VALUES = 100_000
"""Places in a frame of values that JSON lacks."""

CALLS, ALL_CALLS = 100, 1_000
"""Calls of actions that one replica may have running or waiting, and all together."""

REASON = 1_000
"""Characters of a reason that pages are told: traitlets quotes the whole value that it refuses."""

VIEW = 2**24
"""Characters of a view's code: it is told to pages, and stands in each output."""

MESSAGE_RATE, MESSAGE_BURST = 2_000, 1_000
"""Messages a second from one replica, and how many at once. Ten models that are dragged at 60 Hz make 600."""

NEW_RATE, NEW_BURST = 50, 1_000
"""Replicas a second that were not heard lately, and how many at once."""

HELLO_SHARE, HELLO_BURST = 0.1, 1.0
"""The share of a link's time that may go into snapshots, and seconds of it that may be used at once."""

LOG_RATE, LOG_BURST = 1, 50
"""Lines a second that a link logs about what it ignored, and how many at once."""


def excess(value: Json, depth: int, nodes: int, text: int) -> str:
    """Say which bound a value exceeds, or return nothing; it may nest deeper than the stack.

    Args:
        value: Any JSON value.
        depth: How deep its containers may nest.
        nodes: How many values it may be made of.
        text: How many characters its texts may have together, names of members included.

    Examples:
        >>> excess([1, {"name": "tea"}], 2, 4, 7)
        ''
        >>> excess([1, {"name": "tea"}], 1, 4, 7)
        'it nests deeper than 1 levels'
        >>> excess([1, {"name": "tea"}], 2, 3, 7)
        'it has more than 3 values'
        >>> excess([1, {"name": "tea"}], 2, 4, 6)
        'it has more than 6 characters of text'
    """
    count = length = 0
    level = [value]
    for _ in range(depth + 1):
        below: list[Json] = []
        is_last = True
        count += len(level)
        for child in level:  # one look at each: half of what a comprehension for each question costs
            if isinstance(child, str):
                length += len(child)
            elif isinstance(child, dict):
                is_last = False
                length += sum(map(len, child))
                below += child.values()
            elif isinstance(child, list):
                is_last = False
                below += child
        if count > nodes:
            return f"it has more than {nodes} values"
        if length > text:
            return f"it has more than {text} characters of text"
        if is_last:
            return ""
        level = below
    return f"it nests deeper than {depth} levels"


class Bucket:
    """A token bucket: it fills at a rate until it is full, and what is asked for takes from it.

    Args:
        rate: Tokens a second.
        burst: How many it holds; it is full at first.
    """

    __slots__ = ("_burst", "_rate", "_then", "_tokens")

    def __init__(self, rate: float, burst: float) -> None:
        self._rate, self._burst = rate, burst
        self._tokens: float = burst
        self._then: float | None = None

    def take(self, now: float, cost: float = 1) -> bool:
        """Take tokens, or return False if there are too few; `now` is in seconds, of any clock."""
        self._fill(now)
        if self._tokens < cost:
            return False
        self._tokens -= cost
        return True

    def charge(self, now: float, cost: float) -> None:
        """Take tokens that were used already, on credit if there are too few."""
        self._fill(now)
        self._tokens -= cost

    def _fill(self, now: float) -> None:
        if self._then is not None:
            self._tokens = min(self._burst, self._tokens + self._rate * max(0.0, now - self._then))
        self._then = now


class Throttle:
    """Whose messages a link still takes. Threads may share it; the time is brought by who asks.

    Each replica has a bucket of its own, so one that floods does not silence the others. Those that were not
    heard lately share one more: inventing ids helps nobody.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: OrderedDict[str, Bucket] = OrderedDict()  # who was heard last is last
        self._new = Bucket(NEW_RATE, NEW_BURST)

    def admits(self, replica: str, now: float) -> bool:
        """Whether one more message of a replica is taken."""
        with self._lock:
            bucket = self._known.get(replica)
            if bucket is None:
                if not self._new.take(now):
                    return False
                bucket = self._known[replica] = Bucket(MESSAGE_RATE, MESSAGE_BURST)
                if len(self._known) > NEW_BURST:
                    self._known.popitem(last=False)
            self._known.move_to_end(replica)
            return bucket.take(now)


def speakable(text: str) -> str:
    """Return a text that can be told to pages: not too long a one, that every encoder takes."""
    if not text.isascii():  # RFC 8259, section 8.2: JSON may have a surrogate, but no encoder takes it
        text = "".join("\ufffd" if "\ud800" <= letter <= "\udfff" else letter for letter in text)
    return text if len(text) <= REASON else f"{text[: REASON - 1]}…"
