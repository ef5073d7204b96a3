"""Floor 4. What a computed has read, found by running it.

While a computed runs, its `Reading` stands here under its thread's id, and every attribute that is read on
that thread enrols it with the document that the attribute is of. The first change of the attribute after that
takes all that enrolled there, and says of each that it is out of date; of what was computed from those in
turn nobody knows yet, for they may come out the same.

Who reads enrols first and looks at the value then; who changes puts the value there first and looks then who
enrolled. So nothing that changes meanwhile is missed. A document holds readings weakly: a computed that is
gone, or has run again, is told of nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from threading import RLock, get_ident
from typing import Any, Protocol, TypeAlias
from weakref import ReferenceType, WeakSet, ref

from syncstate.errors import NotComputable, NotWritable
from syncstate.pointer import join

FRESH, DOUBTFUL, STALE = range(3)
"""What a reading led to is right; right if certain computeds come out as they did; not to be relied on."""

Readers: TypeAlias = "dict[str, WeakSet[Reading]]"
"""The readings that enrolled since a member last changed, by the member's name."""

_numbers = count(1)
_lock = RLock()  # the last of all, held for a few steps; a finalizer may come in between


class Source(Protocol):
    """A document of which members are read."""

    readers: Readers

    def enrol(self, name: str, reading: Reading) -> None:
        """Tell a reading when a member changes."""

    def is_held(self, *, is_look: bool) -> bool:
        """Whether a batch is open here: one of others or, for pages, any."""


class Reader(Protocol):
    """What runs: one computed of one model."""

    reading: Reading | None
    version: int
    name: str

    @property
    def document(self) -> Source:
        """Whose member it is."""

    @property
    def title(self) -> str:
        """What it is called in a sentence."""


class Reading:
    """What one run of a computed has read.

    Args:
        reader: The computed.
        outer: The run that asks for it, on the same thread.

    Attributes:
        state: Whether something that it read has changed.
        is_done: The run is over.
        sources: The documents of which it read, until it is over.
        inputs: The computeds that it read and the version that each had, in order.
        pending: The documents of which observers are still to be told of what was computed.
        model: Of which it read last; a loop that reads it again and again is told by that.
        names: The members of that one that it has read.
    """

    __slots__ = (
        "__weakref__",
        "_seen",
        "inputs",
        "is_done",
        "model",
        "names",
        "outer",
        "pending",
        "reader",
        "sources",
        "state",
    )

    def __init__(self, reader: Reader, outer: Reading | None = None) -> None:
        self.reader = reader
        self.outer = outer
        self.state = FRESH
        self.is_done = False
        self.sources: set[Source] = set()
        self.inputs: list[tuple[ReferenceType[Reader], int]] = []
        self.pending: dict[Any, None] = {}
        self.model: object = None
        self.names: set[str] = set()
        self._seen: dict[Source, set[str]] = {}

    def see(self, document: Source, name: str) -> None:
        """Take note that a member is about to be read."""
        names = self._seen.setdefault(document, set())
        if name not in names:
            names.add(name)
            self.sources.add(document)
            document.enrol(name, self)

    def read(self, model: object, name: str) -> None:
        """Take note that a trait of a model is about to be read."""
        document: Source | None = getattr(model, "_document", None)
        if document is not None:
            self.see(document, name)
            self.model, self.names = model, self._seen[document]

    def take(self, reader: Reader) -> None:
        """Take note of the version of a computed that is being read."""
        self.inputs.append((ref(reader), reader.version))

    def close(self) -> None:
        """End the run: nothing of what it read is kept alive by it."""
        self._seen, self.sources, self.outer, self.is_done = {}, set(), None, True
        self.model, self.names = None, set()


open_readings: dict[int, Reading] = {}
"""The innermost run of each thread that has one. Where it is empty, a read costs a look at it."""


def current_reading() -> Reading | None:
    """Return the run that reads on this thread."""
    return open_readings.get(get_ident())


def note(model: object, name: str) -> None:
    """Take note that a trait of a model is about to be read, if a computed runs on this thread."""
    reading = open_readings.get(get_ident())
    if reading is not None and not (reading.model is model and name in reading.names):
        reading.read(model, name)


def demand_no_reading(owner: object, name: object) -> None:
    """Refuse to change a member while a computed runs on this thread.

    Raises:
        NotComputable: One does.
    """
    reading = open_readings.get(get_ident())
    if reading is not None:
        raise NotComputable(
            reading.reader.title,
            f"it changes {type(owner).__name__}.{name}, and a computed only asks; "
            "make the change in a method or an observer",
        )


def computes(owner: object, name: str) -> NotWritable:
    """Return what refuses to write a computed, or in it."""
    return NotWritable(join(name), f"{type(owner).__name__} computes it; change what it is computed from")


def begin(reading: Reading) -> int:
    """Make a run the newest one of its computed, and return its number: later ones have larger ones."""
    with _lock:
        reading.reader.reading = reading
        return next(_numbers)


def enrol(readers: Readers, name: str, reading: Reading) -> None:
    """Add a reading to those that the next change of a member concerns."""
    with _lock:
        readers.setdefault(name, WeakSet()).add(reading)


def expire(readers: Readers, names: Iterable[str]) -> list[Reader]:
    """Take all that enrolled for members, which have changed.

    Returns:
        What is to be computed again if somebody looks, and was not before.
    """
    found: list[Reader] = []
    with _lock:
        waiting = [(reading, STALE) for name in names for reading in readers.pop(name, ())]
        while waiting:
            reading, state = waiting.pop()
            was, reading.state = reading.state, max(reading.state, state)
            reader = reading.reader
            if was == FRESH and reader.reading is reading:
                found.append(reader)
                above = reader.document.readers.pop(reader.name, ())
                waiting += [(other, DOUBTFUL) for other in above]
    return found


def trust(reading: Reading) -> bool:
    """Take a doubtful reading for fresh until one of its inputs changes, and say whether it was doubtful."""
    with _lock:
        if reading.state != DOUBTFUL:
            return False
        reading.state = FRESH
        for known, _ in reading.inputs:
            reader = known()
            if reader is not None:
                enrol(reader.document.readers, reader.name, reading)
        return True


def distrust(reading: Reading) -> None:
    """Have a computed run again when somebody looks."""
    with _lock:
        reading.state = STALE
