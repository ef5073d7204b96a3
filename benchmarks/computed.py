"""What a computed over 100,000 rows costs after a batch of 1,000 changes: by hand, ours, and observ's.

All of them set 1,000 prices and add all up once. Time of the thread's CPU, all cases interleaved. Where it is
shown, a commit with 1,000 operations comes to it; one case does nothing but set and commit.

    python benchmarks/computed.py
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from itertools import count
from typing import Any

import observ
from interleaved import Times, spelled

from syncstate import SyncedModel, batch, computed

ROWS = 100_000
CHANGES = 1000
_prices = count(1)


def rows() -> list[dict[str, Any]]:
    """Return the rows, which every case has for itself."""
    return [{"name": f"row {place}", "price": place % 100} for place in range(ROWS)]


class Plain(SyncedModel):
    """Rows alone."""

    rows: list[dict[str, Any]] = []  # noqa: RUF012 # copied for each instance


class Model(Plain):
    """Rows, and what they add up to."""

    @computed
    def total(self) -> float:
        """Add them up."""
        return sum(row["price"] for row in self.rows)


def change(held: Any) -> None:
    """Set the prices of 1,000 rows to another number."""
    price = next(_prices)
    for place in range(0, ROWS, ROWS // CHANGES):
        held[place]["price"] = price


def by_hand() -> Callable[[int], None]:
    """Return the case of plain Python."""
    held = rows()

    def run(number: int) -> None:
        for _ in range(number):
            change(held)
            sum(row["price"] for row in held)

    return run


def with_syncstate(model: Plain, look: Callable[[], object]) -> Callable[[int], None]:
    """Return the case of a model."""
    look()
    held = model.rows

    def run(number: int) -> None:
        for _ in range(number):
            with batch():
                change(held)
            look()

    return run


def shown(model: Plain) -> Callable[[], object]:
    """Return what a link does with a model of which it wants to hear."""
    authority = model._document.watch()

    def look() -> None:
        authority.refresh()
        authority.commit()

    return look


def with_observ() -> Callable[[int], None]:
    """Return the case of observ, whose computed is lazy too."""
    state = observ.reactive({"rows": rows()})
    total = observ.computed(lambda: sum(row["price"] for row in state["rows"]))
    total()

    def run(number: int) -> None:
        for _ in range(number):
            change(state["rows"])
            total()

    return run


def main() -> None:
    """Print a row for each case."""
    read, told, bare = Model(rows=rows()), Model(rows=rows()), Plain(rows=rows())
    cases = {
        "by hand, plain lists and dicts": by_hand(),
        "syncstate, nobody connected": with_syncstate(read, lambda: read.total),
        "syncstate, shown": with_syncstate(told, shown(told)),
        "syncstate, shown, no computed": with_syncstate(bare, shown(bare)),
        "observ": with_observ(),
    }
    gc.collect()
    gc.freeze()  # or each round would look through millions of objects first
    times = Times(cases, 1, rounds=7)
    for name in times.names:
        ratio = times.ratio(name, "by hand, plain lists and dicts")
        print(f"{name:<32} {spelled(times.seconds(name)):>9} {ratio:>6.3g}x")


if __name__ == "__main__":
    main()
