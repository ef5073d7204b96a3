"""Applying JSON Patches in Python: ours beside the package jsonpatch, rounds interleaved, medians and ratios.

First the function alone, on plain containers. Then an edit of a page in the session of a model, from the
message to the commit: it is checked, tried on a copy, shown to the trait, and done to the containers. The
target is without what validating takes: `list` takes any list, `list[dict]` has a look at every row.

    python benchmarks/patch.py [ROWS ...]
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jsonpatch
from interleaved import Times, spelled, spelled_ratio
from table import table

from syncstate import SyncedModel
from syncstate.patch import apply

IN_PLACE = "jsonpatch (in place, not atomic)"
CELLS = {1: "one cell", 1000: "1,000 cells"}
TARGETS = {1: 2.5e-6, 1000: 2.5e-3}
"""How long an edit of so many operations may take, with any number of rows."""


class Board(SyncedModel):
    """A model whose rows pages edit."""

    free: list[Any] = []  # noqa: RUF012 # every instance has a copy of its own
    typed: list[dict[str, Any]] = []  # noqa: RUF012 # as above


def replacing(cells: int, rows: int, value: int, member: str = "rows") -> Any:
    """Return the operations that set so many cells, each in another row."""
    step = rows // cells
    return [
        {"op": "replace", "path": f"/{member}/{i * step + step // 2}/price", "value": value}
        for i in range(cells)
    ]


def once(run: Callable[[], object]) -> Callable[[int], object]:
    """Return a case for `Times`, where one run is long enough."""
    return lambda number: run()


def each(run: Callable[[Any], object], values: Sequence[Any]) -> Callable[[int], object]:
    """Return a case that runs with one value after the other."""
    left = iter(values)

    def run_some(number: int) -> None:
        for _ in range(number):
            run(next(left))

    return run_some


def alone(rows: int, cells: int) -> None:
    """Print what it takes to apply a patch to plain containers."""
    document: Any = {"rows": table(rows)}
    patch = replacing(cells, rows, 4)
    cases: dict[str, Callable[[], Any]] = {
        "syncstate (copy on write)": partial(apply, document, patch),
        "jsonpatch (copy)": partial(jsonpatch.apply_patch, document, patch),
        IN_PLACE: partial(jsonpatch.apply_patch, document, patch, in_place=True),
    }
    times = Times({library: once(run) for library, run in cases.items()}, 1)
    for library in cases:
        ratio = spelled_ratio(times.ratio(library, "syncstate (copy on write)"))
        seconds = spelled(times.seconds(library))
        print(f"{rows:>7,} rows, {CELLS[cells]:<11}  {library:<33}{seconds:>9} {ratio:>7}")


def edited(rows: int, cells: int) -> None:
    """Print what it takes the session of a model to apply an edit."""
    rounds = 15 if rows < 100_000 else 5
    most = 20 if cells == 1 else 1
    numbers = {"free": most, "typed": 1, "jsonpatch": most}
    cases = {}
    for member in ("free", "typed"):
        board = Board(**{member: table(rows)})
        authority = board._document.watch()
        edits = [
            {
                "type": "edit",
                "model": authority.key,
                "epoch": authority.epoch,
                "base": number - 1,
                "number": number,
                "operations": replacing(cells, rows, number, member),
            }
            for number in range(1, (rounds + 1) * numbers[member] + 1)
        ]
        cases[member] = each(partial(receive, board), edits)
    document = {"rows": table(rows)}
    patches = [replacing(cells, rows, number) for number in range((rounds + 1) * most)]
    cases["jsonpatch"] = each(lambda patch: jsonpatch.apply_patch(document, patch, in_place=True), patches)
    times = Times(cases, numbers, rounds=rounds)
    free, typed, peer = (spelled(times.seconds(name)) for name in ("free", "typed", "jsonpatch"))
    ratio = spelled_ratio(times.ratio("jsonpatch", "free"))
    print(
        f"{rows:>7,} rows, {CELLS[cells]:<11} {free:>8} {spelled(TARGETS[cells]):>7}{typed:>14}"
        f"{peer:>26} {ratio:>7}"
    )


def receive(board: Board, edit: Any) -> None:
    """Let the session of a model have an edit.

    Raises:
        RuntimeError: It did not happen.
    """
    authority = board._document.authority
    answers: list[Any] = []
    authority.receive(edit, "page", answers.extend)
    if answers or authority.version != edit["number"]:
        raise RuntimeError(f"Cannot measure an edit that is answered with {answers}")


def main(sizes: Sequence[int]) -> None:
    """Print a row for each case."""
    for cells in CELLS:
        alone(sizes[-1], cells)
    print(f"\n{'':>26} {'list':>8} {'target':>7}{'list[dict]':>14}{IN_PLACE:>34}")
    for rows in sizes:
        for cells in CELLS:
            edited(rows, cells)


if __name__ == "__main__":
    main([int(argument) for argument in sys.argv[1:]] or [1_000, 10_000, 100_000])
