"""Applying JSON Patches in Python: ours beside the packages jsonpatch and patchdiff, rounds interleaved.

First the functions alone, on plain containers. Then an edit of a page in the session of a model, from the
message to the commit: its author's right is looked at, it is tried, judged, done to the containers, recorded.

- `list`: the trait says nothing of the elements;
- `list[dict]`: it does;
- a scalar: `float` with a smallest and a largest value;
- judged: a validator of a person's own is shown the whole list, which is copied for it.

Missed: the session of one edit, 20 us for any number of rows. The patch is 2 of them; the others are a commit
before it and one after, the rights, the traits, the log, the locks. With a validator of a person's own
("judged") the whole value is copied for it, twice (docs/decisions/0008).

    python benchmarks/patch.py [ROWS ...]
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jsonpatch
import patchdiff
import traitlets
from interleaved import Times, spelled, spelled_ratio
from patchdiff.pointer import Pointer
from table import table

from syncstate import SyncedModel, synced
from syncstate.patch import amend, apply

OURS = "syncstate (in place)"
PEER = "jsonpatch (in place, not atomic)"
CELLS = {1: "one cell", 1000: "1,000 cells"}
TARGETS = {1: 2.5e-6, 1000: 2.5e-3}
"""How long so many operations may take before anything is validated, with any number of rows."""


class Board(SyncedModel):
    """A model whose rows pages edit."""

    free: list[Any] = []  # noqa: RUF012 # every instance has a copy of its own
    typed: list[dict[str, Any]] = []  # noqa: RUF012 # as above
    judged: list[dict[str, Any]] = []  # noqa: RUF012 # as above
    scalar: float = synced(0, min=0, max=1e9)

    @traitlets.validate("judged")
    def _look(self, proposal: Any) -> Any:
        return proposal["value"]


def replacing(cells: int, rows: int, value: int, member: str = "rows") -> Any:
    """Return the operations that set so many cells, each in another row."""
    step = rows // cells
    return [
        {"op": "replace", "path": f"/{member}/{i * step + step // 2}/price", "value": value}
        for i in range(cells)
    ]


def repeated(run: Callable[[], object]) -> Callable[[int], object]:
    """Return a case that runs the same again and again."""

    def run_often(number: int) -> None:
        for _ in range(number):
            run()

    return run_often


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
        OURS: partial(amend, document, patch),
        "syncstate (copy on write)": partial(apply, document, patch),
        PEER: partial(jsonpatch.apply_patch, document, patch, in_place=True),
        "jsonpatch (copy)": partial(jsonpatch.apply_patch, document, patch),
        "patchdiff (in place, not atomic)": partial(by_patchdiff, document, patch),
    }
    often = 200 if cells == 1 else 1
    numbers = {library: often if "place" in library else 1 for library in cases}
    times = Times({library: repeated(run) for library, run in cases.items()}, numbers)
    for library in cases:
        ratio = spelled_ratio(times.ratio(library, OURS))
        target = spelled(TARGETS[cells]) if library == OURS else ""
        print(
            f"{rows:>7,} rows, {CELLS[cells]:<11}  {library:<33}"
            f"{spelled(times.seconds(library)):>9} {target:>7} {ratio:>7}"
        )


def by_patchdiff(document: Any, patch: Any) -> None:
    """Apply a patch in the way of patchdiff, which parses no pointers."""
    patchdiff.iapply(document, [{**each, "path": Pointer.from_str(each["path"])} for each in patch])


def edited(rows: int, cells: int) -> None:
    """Print what it takes the session of a model to apply an edit."""
    rounds = 15 if rows < 100_000 else 5
    most = 50 if cells == 1 else 2
    numbers = {"free": most, "typed": most, "scalar": most, "judged": 1, "jsonpatch": most}
    cases = {}
    for member in [*numbers][:-1]:
        board = Board(**{member: table(rows)} if member != "scalar" else {})
        authority = board._document.watch()
        edits = [
            {
                "type": "edit",
                "model": authority.key,
                "epoch": authority.epoch,
                "base": number - 1,
                "number": number,
                "operations": [{"op": "replace", "path": "/scalar", "value": float(number)}]
                if member == "scalar"
                else replacing(cells, rows, number, member),
            }
            for number in range(1, (rounds + 1) * numbers[member] + 1)
        ]
        cases[member] = each(partial(receive, board), edits)
    document = {"rows": table(rows)}
    patches = [replacing(cells, rows, number) for number in range((rounds + 1) * most)]
    cases["jsonpatch"] = each(lambda patch: jsonpatch.apply_patch(document, patch, in_place=True), patches)
    times = Times(cases, numbers, rounds=rounds)
    free, typed, scalar, judged, peer = (spelled(times.seconds(name)) for name in numbers)
    ratio = spelled_ratio(times.ratio("jsonpatch", "free"))
    print(
        f"{rows:>7,} rows, {CELLS[cells]:<11} {free:>8} {spelled(TARGETS[cells]):>7} {typed:>10}"
        f" {scalar if cells == 1 else '':>8} {judged:>8} {peer:>15} {ratio:>7}"
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
    print(
        f"\n{'':>26} {'list':>8} {'target':>7} {'list[dict]':>10} {'a scalar':>8} {'judged':>8}"
        f" {'jsonpatch alone':>15}"
    )
    for rows in sizes:
        for cells in CELLS:
            edited(rows, cells)


if __name__ == "__main__":
    main([int(argument) for argument in sys.argv[1:]] or [1_000, 10_000, 100_000])
