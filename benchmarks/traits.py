"""What setting a trait costs: traitlets alone, ours with and without links, and psygnal.

Time of the thread's CPU, all cases interleaved. What a link does with it afterwards counts too: a commit for
each round.

Missed: nobody connected. A value that is stored passes a dict of ours (docs/decisions/0005), so two Python
calls and a lock come to those of traitlets.

    python benchmarks/traits.py
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import psygnal
import traitlets
from interleaved import Times, spelled, statement

from syncstate import SyncedModel, batch

NUMBER = 5000


class Bare(traitlets.HasTraits):
    """What a model would be without syncstate."""

    n = traitlets.Int(0)


class Model(SyncedModel):
    """The same, synced."""

    n: int = 0


@dataclass
class Evented:
    """The same with psygnal."""

    events: ClassVar[psygnal.SignalGroupDescriptor] = psygnal.SignalGroupDescriptor()
    n: int = 0


def watched() -> Model:
    """Return a model whose changes links want to hear of."""
    model = Model()
    model._document.watch()
    return model


def committed(model: Model, code: str = "m.n = k") -> Callable[[int], None]:
    """Return a case that sets a trait again and again, and commits it once."""
    run = statement(code, {"m": model})

    def run_and_commit(number: int) -> None:
        run(number)
        model._document.authority.commit()

    return run_and_commit


def in_a_batch(model: Model) -> Callable[[int], None]:
    """Return a case that does so in a batch."""
    run = committed(model)

    def run_in_a_batch(number: int) -> None:
        with batch():
            run(number)

    return run_in_a_batch


def main() -> None:
    """Print a row for each case."""
    observed, evented = Bare(), Evented()
    observed.observe(lambda change: None, "n")
    evented.events.connect(lambda event: None)
    times = Times(
        {
            "traitlets, one observer": statement("m.n = k", {"m": observed}),
            "traitlets, nobody observes": statement("m.n = k", {"m": Bare()}),
            "syncstate, nobody connected": statement("m.n = k", {"m": Model()}),
            "syncstate, shown": committed(watched()),
            "syncstate, shown, in a batch": in_a_batch(watched()),
            "psygnal, a listener of the group": statement("m.n = k", {"m": evented}),
        },
        NUMBER,
    )
    targets = {
        "syncstate, nobody connected": 1.3,
        "syncstate, shown": 1.6,
        "syncstate, shown, in a batch": 1.6,
    }
    for name in times.names:
        target = f"target {targets[name]}x" if name in targets else ""
        ratio = times.ratio(name, "traitlets, one observer")
        print(f"{name:<34} {spelled(times.seconds(name)):>9} {ratio:>6.3g}x  {target}".rstrip())

    model = watched()
    since = model.sync.version
    with batch():
        for count in range(1000):
            model.n = count + 1
    version = model.sync.version
    messages = model._document.authority.patches(since) or []
    operations = sum(len(message["operations"]) for message in messages)
    print(
        f"\n1,000 sets in a batch: {len(messages)} message, {operations} operation, version {since}-{version}"
    )


if __name__ == "__main__":
    main()
