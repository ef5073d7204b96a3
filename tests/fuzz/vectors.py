"""Random transform cases, and what becomes of each: for the comparison of Python with TypeScript.

A case is a document, what was committed to it, and an edit that was made on it meanwhile. What becomes of the
edit is one line of JSON: its operations, or where and why it is refused.

    python -m tests.fuzz.vectors SEED COUNT     the cases, a line each; pipe them into vectors.mjs
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from syncstate.errors import Conflict, PatchError
from syncstate.patch import apply, trace
from syncstate.rebase import rebase, rebase_operations
from tests.fuzz.acts import new_board
from tests.fuzz.edits import VERBS, Author, edit
from tests.fuzz.script import Chance

ROOT = Path(__file__).parents[2]


def cases(seed: int, count: int) -> Iterator[dict[str, Any]]:
    """Yield random cases."""
    chance = Chance(seed)
    board: Any = new_board(Author("k", 7)).sync.snapshot()
    document = board
    while count:
        here, there = Author("a", 0), Author("b", 1)
        committed, _ = edit(document, _choices(chance), here, is_alone=True)
        mine, _ = edit(document, _choices(chance), there, is_alone=True)
        if committed and mine:
            yield {"document": document, "committed": committed, "edit": mine}
            count -= 1
        document = apply(document, committed) if chance.random() < 0.9 else board


def _choices(chance: random.Random) -> list[Any]:
    verbs = list(VERBS)
    return [[chance.choice(verbs), chance.randrange(2**48)] for _ in range(chance.choice((1, 1, 2, 3)))]


def outcome(case: dict[str, Any]) -> str:
    """Return what becomes of the edit of a case, by the way that a page carries it."""
    try:
        _, over = trace(case["document"], case["committed"])
        _, steps = trace(case["document"], case["edit"])
        return canonical({"operations": [step.operation for step in rebase(steps, over)]})
    except Conflict as conflict:
        return canonical({"pointer": conflict.pointer, "reason": str(conflict)})


def outcome_in_kernel(case: dict[str, Any]) -> str:
    """Return the same by the way that the kernel carries it, which was sent the operations alone."""
    document, over = trace(case["document"], case["committed"])
    sent = [step.operation for step in trace(case["document"], case["edit"])[1]]
    try:
        return canonical({"operations": rebase_operations(sent, over, document)})
    except (Conflict, PatchError) as refusal:
        return canonical({"pointer": refusal.pointer, "reason": str(refusal)})


def canonical(value: Any) -> str:
    """Return the one JSON text of a value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def outcomes_in_typescript(lines: list[str]) -> list[str]:
    """Return what becomes of the edits of cases, a JSON text each, by the client's own code."""
    outfile = ROOT / "build" / "fuzz" / "vectors.mjs"
    source = Path(__file__).parent / "vectors.ts"
    options = ["--bundle", "--platform=node", "--format=esm", "--log-level=error", f"--outfile={outfile}"]
    subprocess.run([ROOT / "js" / "node_modules" / ".bin" / "esbuild", source, *options], check=True)
    answer = subprocess.run(
        ["node", outfile], input="\n".join(lines), capture_output=True, text=True, check=True
    )
    return answer.stdout.splitlines()


if __name__ == "__main__":
    for case in cases(int(sys.argv[1]), int(sys.argv[2])):
        sys.stdout.write(f"{canonical(case)}\n")
