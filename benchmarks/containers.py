"""What tracking costs: reads and writes of lists and dicts, plain, ours, and those of the peers.

Ours are inside a model that links watch; the peers' have one listener where they tell changes at all. Time of
the thread's CPU, all cases interleaved; after each library how many times as long as plain Python it takes.

Missed: a member of a dict, by a tenth. What is left is one Python call, a lock, and the look at the lease and
at both scalars (docs/decisions/0012).

    python benchmarks/containers.py [ROWS]
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import observ
import psygnal.containers
import pycrdt
from interleaved import Times, spelled, statement

from syncstate import SyncedModel

LIBRARIES = ("syncstate", "psygnal", "observ", "pycrdt")


class Board(SyncedModel):
    """A model with one of everything."""

    numbers: list = []  # noqa: RUF012 # every instance has a copy of its own
    members: dict = {}  # noqa: RUF012 # as above
    rows: list = []  # noqa: RUF012 # as above


def rows_of(count: int) -> list[Any]:
    """Return rows with three cells each."""
    return [{"id": i, "cells": [{"v": 1.5 * i}, {"v": 2}, {"v": 3}]} for i in range(count)]


def containers(count: int) -> dict[str, dict[str, Any]]:
    """Return for each library a list, a dict and rows that are the same to all."""
    numbers, members = list(range(count)), {f"key {i}": i for i in range(1000)}
    board = Board(numbers=numbers, members=members, rows=rows_of(count))
    board._document.watch()
    seen: list[Any] = []
    event_list = psygnal.containers.EventedList(numbers)
    event_list.events.connect(seen.clear)
    event_dict: Any = psygnal.containers.EventedDict(members)
    event_dict.events.connect(seen.clear)
    document: Any = pycrdt.Doc()
    document["numbers"] = pycrdt.Array(numbers[:10_000])  # 100,000 take it gigabytes
    document["members"] = pycrdt.Map(members)
    for shared in ("numbers", "members"):
        document[shared].observe(lambda event: None)
    return {
        "plain": {"numbers": list(numbers), "members": dict(members), "rows": rows_of(count)},
        "syncstate": {"numbers": board.numbers, "members": board.members, "rows": board.rows, "board": board},
        "psygnal": {"numbers": event_list, "members": event_dict},
        "observ": {
            "numbers": observ.reactive(list(numbers)),
            "members": observ.reactive(dict(members)),
            "rows": observ.reactive(rows_of(count)),
        },
        "pycrdt": {"numbers": document["numbers"], "members": document["members"]},
    }


STATEMENTS = [
    # what, the statement, how often, the target
    ("list: read an element", "numbers[5000]", 5000, 2.1),
    ("list: iterate", "for _ in numbers: pass", 2, 1.1),
    ("dict: read a member", "members['key 7']", 5000, 1.6),
    ("list: to JSON", "json.dumps(rows)", 3, 1.4),
    ("list: set an element", "numbers[5000] = k", 2000, 35),
    ("dict: set a member", "members['key 7'] = k", 2000, 20),
    ("list: append", "numbers.append(k)", 500, 20),
    ("rows[i]['cells'][j]['v'] = k", "rows[500]['cells'][1]['v'] = k", 2000, 27),
    ("list: append a row", "rows.append({'id': k, 'cells': []})", 200, None),
]


def case(code: str, found: dict[str, Any]) -> Callable[[int], object]:
    """Return what runs a statement; what it leaves to be sent is taken away, as a link does."""
    run = statement(code, {**found, "json": json})
    if "board" not in found:
        return run
    authority = found["board"]._document.authority

    def run_and_commit(number: int) -> None:
        run(number)
        authority.commit()

    return run_and_commit if "=" in code or "append" in code else run


def main() -> None:
    """Print a row for each statement."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    found = containers(count)
    print(f"{count:,} elements or rows\n")
    print(f"{'':<30} {'plain':>9} {'syncstate':>16} {'target':>7}   the peers")
    for what, code, number, target in STATEMENTS:
        cases = {
            library: case(code, made)
            for library, made in found.items()
            if all(name in made for name in ("numbers", "members", "rows") if name in code)
            and not ("dumps" in code and library not in ("plain", "syncstate"))
        }
        times = Times(cases, number)
        ours = times.ratio("syncstate", "plain")
        peers = ", ".join(
            f"{library} {times.ratio(library, 'plain'):.3g}x" for library in LIBRARIES[1:] if library in cases
        )
        print(
            f"{what:<30} {spelled(times.seconds('plain')):>9} {spelled(times.seconds('syncstate')):>8} "
            f"{ours:>6.3g}x {f'{target}x' if target else '':>7}   {peers}"
        )


if __name__ == "__main__":
    main()
