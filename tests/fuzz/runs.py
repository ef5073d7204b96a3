"""Random runs of the whole session, until so many operations were committed (`make fuzz`).

    python -m tests.fuzz [--seed SEED] [--operations N] [--workers 2] [--lenient]

Each run is one kernel and four pages (`world.py`) and has a seed of its own, which is derived from SEED. What
fails is shrunk and printed as a line for `pinned.json`; the runs then end.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import secrets
import sys
import time
from collections import Counter
from queue import Empty
from typing import Any

from tests.fuzz.pages import Node
from tests.fuzz.script import script
from tests.fuzz.shrink import failure, quiet, shrink
from tests.fuzz.world import World

LENGTH = 3000
"""Steps in a run."""


def say(text: str) -> None:
    """Tell a person."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def run_seed(seed: int, number: int) -> int:
    """Return the seed of one of the runs of a seed."""
    return seed * 1_000_003 + number


def work(seed: int, first: int, every: int, share: int, is_strict: bool, news: Any) -> None:
    """Do every so many of the runs until a share of operations was committed, and send what was counted."""
    node = Node()
    done = 0
    with quiet():
        for number in range(first, 2**31, every):
            steps = script(run_seed(seed, number), LENGTH)
            world = World(node, log_limit=steps["log_limit"], is_strict=is_strict)
            try:
                world.run(steps)
            except Exception as error:
                news.put((number, None, f"Run {number} failed, now to shrink it: {str(error)[:300]}"))
                news.put((number, world.counts, _report(node, steps, error, is_strict)))
                break
            done += world.counts["operations"]
            news.put((number, world.counts, ""))
            if done >= share:
                break
    node.close()
    news.put((None, None, ""))


def _report(node: Node, steps: Any, error: Exception, is_strict: bool) -> str:
    """Say what failed, and with how little."""
    fresh = Node()  # nobody knows what the other one is still at
    try:
        seen = failure(fresh, steps, is_strict=is_strict)
        if seen is None:
            return f"{error!r}, but not a second time"
        short = shrink(fresh, steps, seen.kind, is_strict=is_strict)
        again = failure(fresh, short, is_strict=is_strict)
        entry = {"failure": str(again)[:300], **short}
        enough = f"{len(short['steps'])} steps are enough; for tests/fuzz/pinned.json:"
        return f"{seen}\n\n{enough}\n\n{json.dumps(entry)}"
    finally:
        fresh.close()


class Progress:
    """Tells a person how far it is, and at the end what was seen."""

    def __init__(self, wanted: int) -> None:
        self.counts: Counter[str] = Counter()
        self.runs = 0
        self._wanted = wanted
        self._started = self._told = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started

    def add(self, counts: Counter[str]) -> None:
        self.counts += counts
        self.runs += 1
        if time.monotonic() - self._told > 5:
            self._told = time.monotonic()
            done = self.counts["operations"]
            rate = done / self.seconds
            say(
                f"{done:>9,} of {self._wanted:,} operations, {self.runs} runs, {rate:,.0f}/s, "
                f"about {max(0, (self._wanted - done) / rate):.0f} s to go"
            )

    def summary(self, failures: int) -> str:
        counts = self.counts
        refused = {name: count for name, count in counts.items() if name.startswith("refused: ")}
        faults = ("drop", "double", "later")
        steps = ("part", "join", "reload", "restart", "renew")
        rows = [
            ("runs", self.runs),
            ("  that converged", self.runs - failures),
            ("  times all was healed and compared", counts["healed"]),
            ("committed operations", counts["operations"]),
            ("  in commits", counts["commits"]),
            ("edits made", counts["made"]),
            ("  accepted", counts["accepted"]),
            ("    in commits that a validator coerced", counts["coerced"]),
            ("    whose model was gone before the page heard", counts["accepted, and gone with the model"]),
            ("  refused with a cause", sum(refused.values()) - refused.get("refused: needless", 0)),
            *(
                (f"    {name.removeprefix('refused: ')}", refused[name])
                for name in sorted(refused)
                if "needless" not in name
            ),
            ("  refused without need", refused.get("refused: needless", 0)),
            ("  overwritten by their author before they left", counts["overwritten by its author"]),
            ("  gone with a page that was reloaded", counts["gone with the page"]),
            ("  in flight when their page was reloaded, never heard", counts["never heard"]),
            ("  lost", counts["lost"]),
            ("  doubled", counts["doubled"]),
            ("edits of a read-only member, refused on the spot", counts["refused on the spot"]),
            ("edits compared as carried with as accepted", counts["carried edits compared"]),
            *((f"frames: {name}", counts[f"frames: {name}"]) for name in faults),
            *((f"pages or kernels: {name}", counts[f"step {name}"]) for name in steps),
            ("answers by snapshot", counts["snapshots"]),
        ]
        width = max(len(name) for name, _ in rows)
        return "\n".join(f"{name:<{width}} {count:>12,}" for name, count in rows)


def main() -> int:
    """Run, and return the exit status."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**9))
    parser.add_argument("--operations", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--lenient", action="store_true", help="only count the refusals without a cause")
    options = parser.parse_args()
    say(f"SEED={options.seed} N={options.operations}")
    progress = Progress(options.operations)
    failures = run(options.seed, options.operations, options.workers, not options.lenient, progress)
    say(f"\n{progress.summary(len(failures))}")
    say(f"\n{progress.counts['operations'] / progress.seconds:,.0f} operations/s, {progress.seconds:.0f} s")
    for number, text in failures:
        say(f"\nRun {number} of SEED={options.seed} failed: {text}")
    return 1 if failures else 0


def run(
    seed: int, operations: int, workers: int, is_strict: bool, progress: Progress
) -> list[tuple[int, str]]:
    """Do the runs of a seed in some processes; return those that failed."""
    context = multiprocessing.get_context("spawn")
    news = context.Queue()
    share = operations // workers
    processes = [
        context.Process(target=work, args=(seed, first, workers, share, is_strict, news), daemon=True)
        for first in range(workers)
    ]
    for process in processes:
        process.start()
    failures: list[tuple[int, str]] = []
    working = workers
    while working:
        try:
            number, counts, text = news.get(timeout=10)
        except Empty:
            if not any(process.is_alive() for process in processes):
                raise RuntimeError("Cannot go on: a worker has ended without a word") from None
            continue
        if number is None:
            working -= 1
            continue
        if counts is None:
            say(text)
            continue
        progress.add(counts)
        if text:
            failures.append((number, text))
            for process in processes:
                process.terminate()
            break
    for process in processes:
        process.join()
    return failures
