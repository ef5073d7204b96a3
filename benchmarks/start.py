"""What it takes to begin: importing syncstate into a kernel, making and showing a model, and its memory.

Each import happens in a kernel that was just started. Models are made and asked for their mimebundles in a
kernel too, 200 in a round; counted is the CPU time of the whole process, with all that is sent. Messages and
bytes are those of one model alone: what comms publish (ZeroMQ, all parts) and the mimebundle's JSON, packed
as kernels do, in which syncstate puts the state. Ours leave when the clock says so; "one by one" sends each
at once, with more than a thousand others on screen. Memory is what Python allocated and still holds.

Missed: the import, and the memory. What is left of the import are 54 modules, most of them small; what
carries models to pages is loaded with the first one shown already. Each model has a document, an authority
and a lock of its own.

    python benchmarks/start.py
"""

from __future__ import annotations

import gc
import json
import tracemalloc
from collections.abc import Callable
from compileall import compile_dir
from pathlib import Path
from textwrap import dedent
from typing import Any

from client import Client, Published
from interleaved import spelled, spelled_ratio
from table import table

import syncstate

FLOOR = "HasTraits and a comm"
UNSHOWN = "syncstate, not shown"
ALONE = "syncstate, one by one"
STATE = len('{"n":0}')

IMPORTS = ("syncstate", "psygnal", "ypywidgets", "ipywidgets", "anywidget")
IMPORT_TARGET = 0.010
IMPORT_ROUNDS = 5

IMPORT = """
    import json, sys, time
    before, start = len(sys.modules), time.process_time()
    import LIBRARY
    print(json.dumps([time.process_time() - start, len(sys.modules) - before]))
    """

SETUP = """
    import gc, json, time, tracemalloc
    from dataclasses import dataclass
    import anywidget.experimental, comm, ipywidgets, psygnal, traitlets, ypywidgets.comm
    from interleaved import Times
    from syncstate import SyncedModel
    from syncstate.link import kernel_link

    class Bare(traitlets.HasTraits):
        n = traitlets.Int()

        def _repr_mimebundle_(self):
            self.comm = comm.create_comm(target_name="floor", data={"n": self.n})
            return {"text/plain": "Bare", "application/json": {"comm": self.comm.comm_id}}

    class Model(SyncedModel):
        n: int = 0

    class Widget(ipywidgets.Widget):
        n = traitlets.Int().tag(sync=True)

    class Any(anywidget.AnyWidget):
        _esm = "export default {}"
        n = traitlets.Int().tag(sync=True)

    @psygnal.evented
    @dataclass
    class Described:
        n: int = 0
        _repr_mimebundle_ = anywidget.experimental.MimeBundleDescriptor(_esm="export default {}")

    class Shared(ypywidgets.comm.CommWidget):
        n = ypywidgets.Reactive(0)

    kinds = {
        FLOOR: Bare,
        "syncstate": Model,
        "ipywidgets Widget": Widget,
        "ypywidgets CommWidget": Shared,
        "anywidget descriptor": Described,
        "ipywidgets IntSlider": ipywidgets.IntSlider,
        "anywidget AnyWidget": Any,
    }

    def show(kind):
        made = kind()
        return made, made._repr_mimebundle_()

    def case(kind):
        def run(number):
            for _ in range(number):
                show(kind)
            time.sleep(0.1)  # until all is sent
        return run

    def held(make):
        make()
        time.sleep(0.1)
        gc.collect()
        before, _ = tracemalloc.get_traced_memory()
        kept = [make() for _ in range(1000)]
        time.sleep(0.5)
        gc.collect()
        return (tracemalloc.get_traced_memory()[0] - before) / 1000
    """

TIMES = """
    cases = {name: case(kind) for name, kind in kinds.items()}
    cases[UNSHOWN] = lambda number: [Model() for _ in range(number)]
    times = Times(cases, 200, rounds=5, clock=time.process_time)
    found = {name: [times.seconds(name), times.ratio(name, FLOOR)] for name in cases}
    alone = lambda number: [(show(Model), kernel_link().flush()) for _ in range(number)]
    times = Times({FLOOR: cases[FLOOR], ALONE: alone}, 20, clock=time.process_time)
    print(json.dumps(found | {ALONE: [times.seconds(ALONE), times.ratio(ALONE, FLOOR)]}))
    """

MEMORY = """
    tracemalloc.start()
    sizes = {name: held(lambda: show(kind)[0]) for name, kind in kinds.items()}
    print(json.dumps(sizes | {UNSHOWN: held(Model)}))
    """

TIME_TARGET = 1.6
"""How many times as long as the floor it may take to make and show a model."""

BYTES_TARGET = 900
"""Bytes that this may take beside the state."""

MEMORY_TARGET = 2.5
"""KiB that a model may take."""

ROWS = 100_000
ROWS_TARGET = 1.5
"""How many times as much memory as plain containers so many rows may take."""


class Board(syncstate.SyncedModel):
    """A model with many rows."""

    rows: list[Any] = []  # noqa: RUF012 # every instance has a copy of its own


def imports() -> None:
    """Print what each library takes to be imported."""
    compile_dir(Path(syncstate.__file__).parent, quiet=1)  # as installing does to the others
    found: dict[str, list[tuple[float, int]]] = {library: [] for library in IMPORTS}
    for _ in range(IMPORT_ROUNDS):
        for library in IMPORTS:
            with Client() as client:
                seconds, modules = json.loads(client.run(IMPORT.replace("LIBRARY", library)))
            found[library].append((seconds, modules))
    for library, times in found.items():
        seconds, modules = sorted(times)[IMPORT_ROUNDS // 2]
        target = f"target {spelled(IMPORT_TARGET)}" if library == "syncstate" else ""
        print(f"import {library:<16} {spelled(seconds):>8} {modules:>4} new modules  {target}".rstrip())


def models() -> None:
    """Print what it takes to make and show a model."""
    with Client() as client:
        client.run(f"FLOOR, UNSHOWN, ALONE = {FLOOR, UNSHOWN, ALONE}\n{dedent(SETUP)}")
        kinds = json.loads(client.run("print(json.dumps([*kinds]))"))
        sizes = {name: shown(client, name) for name in kinds}
        times = json.loads(client.run(TIMES))
        memory = json.loads(client.run(MEMORY))
    print(f"{'':<23} {'time':>16} {'target':>7} {'messages':>9} {'bytes':>7} {'target':>7}", end="")
    print(f" {'memory':>9} {'target':>8}")
    for name, (seconds, ratio) in times.items():
        targets = ("", "", "")
        if name == "syncstate":
            targets = (f"{TIME_TARGET}x", f"{BYTES_TARGET + STATE:,}", f"{MEMORY_TARGET} KiB")
        count, size = sizes.get(name, ("", 0))
        print(
            f"{name:<23} {spelled(seconds):>8} {spelled_ratio(ratio):>7} {targets[0]:>7} "
            f"{count:>9} {f'{size:,}' if size else '':>7} {targets[1]:>7} "
            f"{f'{memory[name] / 1024:.3g} KiB' if name in memory else '':>9} {targets[2]:>8}".rstrip()
        )


def shown(client: Client, name: str) -> tuple[int, int]:
    """Return how many messages and bytes it takes to show one model."""
    client.run(f"show(kinds[{name!r}])", [])  # the first one prepares what all have in common
    published: list[Published] = []
    bundle = json.loads(
        client.run(f"made, bundle = show(kinds[{name!r}]); print(json.dumps(bundle))", published)
    )
    packed = json.dumps(bundle, separators=(",", ":"), ensure_ascii=False).encode()
    return len(published), sum(message.size for message in published) + len(packed)


def held(make: Callable[[], object]) -> int:
    """Return the bytes that Python allocated for something."""
    gc.collect()
    tracemalloc.start()
    made = make()
    gc.collect()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del made
    return size


def watched() -> Board:
    """Return a model with many rows whose changes links want to hear of."""
    board = Board(rows=table(ROWS))
    board._document.watch()
    return board


def main() -> None:
    """Print a row for each library."""
    imports()
    print()
    models()
    plain, ours = held(lambda: table(ROWS)), held(watched)
    print(
        f"\n{ROWS:,} rows: {plain / 2**20:.3g} MiB plain, {ours / 2**20:.3g} MiB in a model, "
        f"{spelled_ratio(ours / plain)} (target {ROWS_TARGET}x)"
    )


if __name__ == "__main__":
    main()
