"""What a change costs a kernel, from the statement to the message, beside the floor and the peers.

In a real kernel each case changes one thing and sends it, again and again; counted is the CPU time of the
thread that does it, until the message is with the thread that writes to sockets, which costs all the same.
The floor is `comm.send` of the patch as it is. Ours are flushed there and then, not by the clock: nothing is
coalesced; the kernel packs with orjson. The floor's messages follow each other so closely that the thread
which writes to sockets never sleeps; ours leave it the time, and to wake it costs the sender half as much
again as sending (66 us for 42, measured inside). "In the cell" is what the thread of the cell has to do of
that when the clock flushes. "Rows anew" assigns a list of new rows of which 1 % differ; making them is
counted in all cases but the floor, and "whole" sends them as they are. Peers have one comm each and send what
they send of themselves: ipywidgets a trait; anywidget its descriptor on a psygnal dataclass (its AnyWidget
class is an ipywidgets Widget and costs what that does); pycrdt a document of Arrays and Maps whose updates go
out as those of ypywidgets do. The loops at the end run with the clock, and a client applies what it hears.

Missed: a message alone, since ours wakes the thread that writes to sockets, which never sleeps between the
floor's messages (66 us for 42 to hand one over), and a flush has some fifteen calls of its own, 10 to 20 us:
a commit that is numbered and logged, flow, locks. A row more is wrapped, described and weighed besides. Of
1,000 cells each is a call, a mark, an operation and a step, 2 us together. Rows anew: most of the time goes
to comparing 10,000 dicts with `==`, to the types of all members, as `1 == True`, and to the places of the
rows that stay; the prototype that the target is from told neither apart nor kept the rows that a person
holds. A loop over a trait: as in traits.

    python benchmarks/kernel.py [ROWS ...]
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from textwrap import dedent
from typing import Any

from client import Client, Published
from interleaved import spelled, spelled_ratio

from syncstate.document import JsonObject
from syncstate.parts import Assembly
from syncstate.patch import apply

SETUP = """
    import json, sys, time
    from dataclasses import dataclass, field
    import anywidget.experimental, comm, ipywidgets, psygnal, pycrdt, traitlets
    from interleaved import Times, statement
    from syncstate import SyncedModel, batch
    from syncstate.link import kernel_link, _pacer
    from table import table
    """

MODELS = """
    class Board(SyncedModel):
        n: int = 0
        rows: list = []

    class Widget(ipywidgets.Widget):
        n = traitlets.Int().tag(sync=True)
        rows = traitlets.List().tag(sync=True)

    @psygnal.evented
    @dataclass
    class Described:
        n: int = 0
        rows: list = field(default_factory=list)
        _repr_mimebundle_ = anywidget.experimental.MimeBundleDescriptor(_esm="export default {}")

    board = Board(rows=table(ROWS))
    board.sync._publish()
    link = kernel_link()
    link.flush()
    _pacer.remove(link.flush)  # the clock flushes nothing: each case does so itself
    floor = comm.create_comm(target_name="floor")
    widget = Widget(rows=table(PEER_ROWS))
    described = Described(rows=table(PEER_ROWS))
    described._repr_mimebundle_
    document = pycrdt.Doc()
    shared = document["rows"] = pycrdt.Array(map(pycrdt.Map, table(PEER_ROWS)))
    members = document["members"] = pycrdt.Map({"n": 0})
    updates = comm.create_comm(target_name="ywidget")
    document.observe(lambda event: updates.send(buffers=[pycrdt.create_update_message(event.update)]))
    count = iter(range(1, 2**40))

    def replace(path):
        return {"op": "replace", "path": path, "value": next(count)}

    def row():
        return {"id": next(count), "name": "one more", "price": 1.5}

    def changed(rows, at):
        return [*rows[:at], {**rows[at], "price": next(count)}, *rows[at + 1:]]

    def all_changed(rows, below):
        return [{**row, "price": next(count)} if row["id"] < below else row for row in rows]

    def anew(rows):
        return [{**row, "price": next(count)} if i % 100 == 0 else {**row} for i, row in enumerate(rows)]

    def send(operations):
        patch = {"type": "patch", "model": "0123456789abcdef", "epoch": "01234567", "base": 1, "version": 2}
        messages = [{**patch, "operations": operations}]
        floor.send({"protocol": 1, "kernel": "0123456789abcdef", "seq": 1, "messages": messages})
    """

CASES = {
    "in the cell": {
        "floor": "send([replace('/n')]); time.sleep(0.02)",
        "syncstate": "board.n = next(count); time.sleep(0.02)",
        "ipywidgets": "widget.n = next(count); time.sleep(0.02)",
        "anywidget": "described.n = next(count); time.sleep(0.02)",
        "pycrdt": "members['n'] = next(count); time.sleep(0.02)",
    },
    "one scalar": {
        "floor": "send([replace('/n')])",
        "syncstate": "board.n = next(count); link.flush()",
        "ipywidgets": "widget.n = next(count)",
        "anywidget": "described.n = next(count)",
        "pycrdt": "members['n'] = next(count)",
    },
    "one cell": {
        "floor": "send([replace('/rows/300/price')])",
        "syncstate": "board.rows[300]['price'] = next(count); link.flush()",
        "ipywidgets": "widget.rows = changed(widget.rows, 300)",
        "anywidget": "described.rows = changed(described.rows, 300)",
        "pycrdt": "shared[300]['price'] = next(count)",
    },
    "one row more": {
        "floor": "send([{'op': 'add', 'path': '/rows/10000', 'value': row()}])",
        "syncstate": "board.rows.append(row()); link.flush()",
        "ipywidgets": "widget.rows = [*widget.rows, row()]",
        "anywidget": "described.rows = [*described.rows, row()]",
        "pycrdt": "shared.append(pycrdt.Map(row()))",
    },
    "1,000 cells": {
        "floor": "send([replace(f'/rows/{i}/price') for i in range(1000)])",
        "syncstate": """
            with batch():
                for row_ in board.rows[:1000]:
                    row_["price"] = next(count)
            link.flush()
            """,
        "ipywidgets": "widget.rows = all_changed(widget.rows, 1000)",
        "anywidget": "described.rows = all_changed(described.rows, 1000)",
        "pycrdt": """
            with document.transaction():
                for i in range(1000):
                    shared[i]["price"] = next(count)
            """,
    },
    "rows anew": {
        "floor": "send([replace(f'/rows/{i}/price') for i in range(0, ROWS, 100)])",
        "making them": "anew(board.rows)",
        "whole": "send([{'op': 'replace', 'path': '/rows', 'value': anew(board.rows)}])",
        "syncstate": "board.rows = anew(board.rows); link.flush()",
        "ipywidgets": "widget.rows = anew(widget.rows)",
        "anywidget": "described.rows = anew(described.rows)",
    },
}
TARGETS = {"in the cell": 1.3, "one scalar": 1.3, "one cell": 1.2, "one row more": 1.2, "1,000 cells": 3.2}
"""How many times as long as the floor a change may take."""

PEERS = ("ipywidgets", "anywidget", "pycrdt")

PEER_LIMIT = 10_000
"""The most rows with which peers are measured: more of them take minutes."""

SECONDS_TARGETS = {10_000: 0.002, 100_000: 0.020}
"""How long rows anew may take, by their number."""

WHOLE_TARGET = 1.1
"""How many times as long as sending them whole that may be."""

LOOP = """
    class Shown(SyncedModel):
        i: int = 0
        items: list = []

    class Bare(traitlets.HasTraits):
        i = traitlets.Int()

    shown, bare = Shown(), Bare()
    shown.sync._publish()

    def timed(code, number):
        run, start = statement(code, {"shown": shown}), time.monotonic()
        run(number)
        print(time.monotonic() - start)
    """

RATIO = """
    cases = {name: statement(f"{name}.i = k", {name: globals()[name]}) for name in ("shown", "bare")}
    print(Times(cases, 200_000, rounds=5, clock=time.process_time).ratio("shown", "bare"))
    """

LOOP_TARGET = 2
"""How many times as long as without syncstate a loop may take."""

RATE_TARGET = 70
"""How many messages a second a model may send: servers drop what is above a thousand for all of them."""


def measured(cases: Mapping[str, str], numbers: Mapping[str, int]) -> str:
    """Return the code that measures cases, and prints what came of it as JSON."""
    lines = ["cases = {}"]
    for name, code in cases.items():
        body = dedent(code).strip().replace("\n", "\n        ")
        lines += ["def case(number):", "    for _ in range(number):", f"        {body}"]
        lines.append(f"cases[{name!r}] = case")
    lines.append(f"times = Times(cases, {numbers})")
    ratios = "{base: times.ratio(n, base) for base in ('floor', 'whole') if base in cases}"
    lines.append(f"print(json.dumps({{n: {{'seconds': times.seconds(n), **{ratios}}} for n in cases}}))")
    return "\n".join(lines)


def found(client: Client, what: str, size: int) -> dict[str, dict[str, float]]:
    """Return for each library what one case takes it, and how that compares."""
    cases = {name: code for name, code in CASES[what].items() if size <= PEER_LIMIT or name not in PEERS}
    most = {"in the cell": 10, "1,000 cells": 5, "rows anew": 2}.get(what, 50)
    grows = ("ipywidgets", "anywidget")  # with the number of rows
    numbers = {name: max(2, min(most, 20_000 // size)) if name in grows else most for name in cases}
    code = measured(cases, numbers)
    if what == "in the cell":
        code = f"_pacer.add(link.flush)\n{code}\n_pacer.remove(link.flush)"
    answer: dict[str, dict[str, float]] = json.loads(client.run(code))
    return answer


def compared(times: Mapping[str, Mapping[str, float]]) -> str:
    """Return what there is to say of the peers."""
    ratios = [f"{name} {spelled_ratio(times[name]['floor'])}" for name in PEERS if name in times]
    return ", ".join(ratios) or "not run"


def change(what: str, times: Mapping[str, Mapping[str, float]], size: int) -> str:
    """Return a row of the first table."""
    ours = times["syncstate"]
    return (
        f"{size:>7,} {what:<12} {spelled(times['floor']['seconds']):>8} {spelled(ours['seconds']):>8} "
        f"{spelled_ratio(ours['floor']):>7} {TARGETS[what]:>6}x   {compared(times)}"
    )


def rows_anew(client: Client, size: int) -> str:
    """Return a row of the second table: times, then bytes."""
    times, sizes = found(client, "rows anew", size), {}
    for name in ("floor", "syncstate", "whole"):
        published: list[Published] = []
        client.run(CASES["rows anew"][name], published)
        sizes[name] = sum(message.size for message in published)
    made, floor, ours = (times[name] for name in ("making them", "floor", "syncstate"))
    return (
        f"{size:>7,} {spelled(made['seconds']):>11} {spelled(floor['seconds']):>8} "
        f"{spelled(ours['seconds']):>8} {spelled_ratio(ours['floor']):>7} "
        f"{spelled(SECONDS_TARGETS[size]):>7} {spelled_ratio(ours['whole']):>8} {WHOLE_TARGET:>6}x   "
        f"{compared(times)}\n{'':>7} bytes: {sizes['floor']:,} as operations that are known, "
        f"{sizes['syncstate']:,} syncstate, {sizes['whole']:,} whole"
    )


class Page:
    """What a page has that applies all it hears.

    Args:
        document: What it begins with.
    """

    def __init__(self, document: JsonObject) -> None:
        self.document: Any = document
        self._version = 0
        self._assembly = Assembly()

    def hear(self, published: Sequence[Published]) -> None:
        """Apply what is in some frames.

        Raises:
            RuntimeError: One is missing.
        """
        for part in (message for frame in published for message in frame.content["data"]["messages"]):
            message: Any = self._assembly.take(part)
            if message is None:  # the rest of it follows
                continue
            if message["type"] == "snapshot":
                self.document = message["document"]
            elif message["type"] != "patch":
                continue
            elif message["base"] == self._version:
                self.document = apply(self.document, message["operations"])
            else:
                raise RuntimeError(f"Cannot go on from version {self._version} to {message['base']}")
            self._version = message["version"]


def looped(client: Client, page: Page, code: str, number: int) -> str:
    """Run a statement in a loop, and return what it took and what a page heard."""
    published: list[Published] = []
    seconds = float(client.run(f"timed({code!r}, {number})", published))
    page.hear(published)
    size, rate = sum(message.size for message in published), len(published) / seconds
    return (
        f"{number:>9,} x {code:<21} {spelled(seconds / number):>7}  {len(published):>4} messages, "
        f"{rate:.0f} a second (target {RATE_TARGET}), {size:,} bytes"
    )


def loops() -> None:
    """Print what loops cost while the clock runs, and what a page has afterwards."""
    with Client() as client:
        client.run(dedent(SETUP) + dedent(LOOP), [])
        page = Page({"i": 0, "items": []})
        print(looped(client, page, "shown.i = k", 1_000_000))
        print(looped(client, page, "shown.items.append(k)", 100_000))
        state = json.loads(client.run("print(json.dumps(shown.sync.snapshot()))"))
        print(f"{'':>9} the page has {'all of it' if page.document == state else 'NOT what the kernel has'}")
        ratio = spelled_ratio(float(client.run(RATIO)))
        print(
            f"{'':>9} shown.i = k takes {ratio} what a trait without syncstate does (target {LOOP_TARGET}x)"
        )


def main(sizes: Sequence[int]) -> None:
    """Print a row for each case and size, then what loops do."""
    anew = []
    print(f"{'rows':>7} {'':<12} {'floor':>8} {'syncstate':>16} {'target':>7}   the peers")
    for size in sizes:
        with Client() as client:
            peer_rows = size if size <= PEER_LIMIT else 0
            client.run(f"ROWS, PEER_ROWS = {size, peer_rows}\n{dedent(SETUP)}\n{dedent(MODELS)}", [])
            if size in SECONDS_TARGETS:
                anew.append(rows_anew(client, size))  # before there are more rows
            for what in TARGETS:
                if size > min(sizes) and what in ("in the cell", "one scalar"):
                    continue  # the number of rows is nothing to it
                print(change(what, found(client, what, size), size))
    print("\nrows anew, 1 % of them with another price")
    print(f"{'rows':>7} {'making them':>11} {'floor':>8} {'syncstate':>16} {'target':>7}", end="")
    print(f" {'x whole':>8} {'target':>7}   the peers")
    print("\n".join(anew), end="\n\n")
    loops()


if __name__ == "__main__":
    main([int(argument) for argument in sys.argv[1:]] or [1_000, 10_000, 100_000])
