"""Applying JSON Patches in Python: ours beside the package jsonpatch, rounds interleaved, medians and ratios.

python benchmarks/patch.py [ROWS]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import jsonpatch

from syncstate.patch import apply

ROUNDS = 15


def measure(cases: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """Return the median time of each case in milliseconds; every round runs all of them."""
    times: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(ROUNDS):
        for name, case in cases.items():
            start = time.thread_time()
            case()
            times[name].append((time.thread_time() - start) * 1000)
    return {name: median(found) for name, found in times.items()}


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
        found = measure(
            {
                "syncstate (copy on write)": lambda patch=patch: apply(document, patch),
                "jsonpatch (copy)": lambda patch=patch: jsonpatch.apply_patch(document, patch),
                "jsonpatch (in place, not atomic)": lambda patch=patch: jsonpatch.apply_patch(
                    document, patch, in_place=True
                ),
            }
        )
        ours = found["syncstate (copy on write)"]
        for library, milliseconds in found.items():
            ratio = milliseconds / ours
            print(f"{rows:,} rows, {name:<12} {library:<34} {milliseconds:>9.3f} ms {ratio:>8.2f} x")


if __name__ == "__main__":
    main()
