"""What it costs to take back a thousand operations: a batch, its undo and redo, and a transaction that fails.

Of a model that pages show, with 1,000 rows. Milliseconds, the median of seven runs each.

    python benchmarks/undo.py [OPERATIONS]
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from statistics import median
from time import perf_counter
from typing import Any

from syncstate import SyncedModel, batch, synced, transaction

RUNS = 7


class Table(SyncedModel):
    """A table."""

    rows: list[dict[str, Any]] = synced(factory=list)


class Enough(Exception):
    """The end of a transaction."""


def cells(table: Table, count: int) -> None:
    """Set one cell of each row."""
    for place in range(count):
        table.rows[place % len(table.rows)]["a"] = -1 - place


def appended(table: Table, count: int) -> None:
    """Add rows at the end."""
    for place in range(count):
        table.rows.append({"a": place})


def inserted(table: Table, count: int) -> None:
    """Add rows at the front."""
    for place in range(count):
        table.rows.insert(0, {"a": place})


def timed(work: Callable[[], object]) -> float:
    """Return how many milliseconds something takes."""
    start = perf_counter()
    work()
    return (perf_counter() - start) * 1000


def shown() -> Table:
    """Return a table that pages show."""
    table = Table(rows=[{"a": place} for place in range(1000)])
    assert table.sync.version == 0
    return table


def times(change: Callable[[Table, int], None], count: int) -> dict[str, float]:
    """Return what one run takes, by what is done."""
    table = shown()

    def batched() -> None:
        with batch():
            change(table, count)

    found = {"batch": timed(batched), "undo": timed(table.sync.undo), "redo": timed(table.sync.redo)}
    fresh = shown()
    with suppress(Enough), transaction():
        change(fresh, count)
        start = perf_counter()
        raise Enough
    return {**found, "taken back": (perf_counter() - start) * 1000}


def main() -> None:
    """Measure, and print a table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    print(f"{count} operations{'':10}{'batch':>12}{'undo':>12}{'redo':>12}{'taken back':>12}")
    for change in (cells, appended, inserted):
        runs = [times(change, count) for _ in range(RUNS)]
        figures = [f"{median(run[name] for run in runs):9.2f} ms" for name in runs[0]]
        print(f"{change.__name__:<{len(str(count)) + 21}}{''.join(figures)}")


if __name__ == "__main__":
    main()
