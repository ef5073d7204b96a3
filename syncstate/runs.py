"""Floor 2. A list as it reads after a few changes, of which the rest is not copied.

```
  the list       a b c d e f g h
  runs           a b c │ x │ d │ g h          an insertion, and two elements gone
```

A patch is tried before it is done. To try one insertion on a copy of 100,000 rows takes a millisecond; here
it cuts the list in two, wherever that is.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from syncstate.document import Json


class Runs(list[Json]):
    """A list to `patch`, which reads and changes one element at a time; nothing else may be asked of it.

    Args:
        source: What it is at first. It is never changed here, and must not change meanwhile.
    """

    __slots__ = ("_length", "_runs")

    def __init__(self, source: list[Json]) -> None:
        super().__init__()
        self._length = len(source)
        self._runs: list[tuple[list[Json], int, int]] = [(source, 0, self._length)]  # never an empty one

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Json]:
        for source, start, stop in self._runs:
            yield from islice(source, start, stop) if isinstance(source, Runs) else source[start:stop]

    def __getitem__(self, place: Any) -> Any:
        number, at = self._find(place)
        return self._runs[number][0][at]

    def __setitem__(self, place: Any, value: Any) -> None:
        self._runs.insert(self._cut(place, 1), ([value], 0, 1))

    def insert(self, place: Any, value: Json, /) -> None:
        """Put a value before the element at an index, or at the end."""
        self._runs.insert(self._cut(place, 0), ([value], 0, 1))
        self._length += 1

    def pop(self, place: Any = -1, /) -> Json:
        """Take out the element at an index."""
        value: Json = self[place]
        self._cut(place, 1)
        self._length -= 1
        return value

    def _find(self, place: int) -> tuple[int, int]:
        """Return the run that an index is in, and where there; at the end it is one more than there are."""
        for number, (_, start, stop) in enumerate(self._runs):
            if place < stop - start:
                return number, start + place
            place -= stop - start
        return len(self._runs), 0

    def _cut(self, place: int, count: int) -> int:
        """Cut the runs at an index, leave out one element or none, and return the run that comes then."""
        number, at = self._find(place)
        if number == len(self._runs):
            return number
        source, start, stop = self._runs[number]
        halves = (source, start, at), (source, at + count, stop)
        self._runs[number : number + 1] = [half for half in halves if half[1] < half[2]]
        return number + (start < at)
