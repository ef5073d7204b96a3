"""Applying JSON Patches in Python: ours beside the package jsonpatch, rounds interleaved, medians and ratios.

python benchmarks/patch.py [ROWS]
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import jsonpatch
from interleaved import Times

from syncstate.patch import apply


def once(case: Callable[[], Any]) -> Callable[[int], object]:
    """Return a case for `Times`, where one run is long enough."""
    return lambda number: case()


def main() -> None:
    """Print a row for each case."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    document = {"rows": [{"id": i, "name": f"item {i}", "price": i * 1.5} for i in range(rows)]}
    step = rows // 1000
    patches = {
        "one cell": [{"op": "replace", "path": "/rows/3/price", "value": 4}],
        "1,000 cells": [
            {"op": "replace", "path": f"/rows/{i * step}/price", "value": 4} for i in range(1000)
        ],
    }
    for name, patch in patches.items():
        cases: dict[str, Callable[[], Any]] = {
            "syncstate (copy on write)": partial(apply, document, patch),
            "jsonpatch (copy)": partial(jsonpatch.apply_patch, document, patch),
            "jsonpatch (in place, not atomic)": partial(
                jsonpatch.apply_patch, document, patch, in_place=True
            ),
        }
        times = Times({library: once(case) for library, case in cases.items()}, 1)
        for library in cases:
            ratio = times.ratio(library, "syncstate (copy on write)")
            milliseconds = times.seconds(library) * 1000
            print(f"{rows:,} rows, {name:<12} {library:<34} {milliseconds:>9.3f} ms {ratio:>8.2f} x")


if __name__ == "__main__":
    main()
