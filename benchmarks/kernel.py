"""What a change costs a kernel, from the statement to the message, beside the floor and the peers.

In a real kernel each case changes one thing and sends it, again and again; counted is the CPU time of the
thread that does it, until the message is with the thread that writes to sockets, which costs all the same.
The floor is `comm.send` of the patch as it is. Ours are flushed there and then, not by the clock: nothing is
coalesced; the kernel packs with orjson. "In the cell" is what the thread of the cell has to do of that when
the clock flushes.

    python benchmarks/kernel.py [ROWS ...]
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from textwrap import dedent
from typing import Any

from interleaved import spelled
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

SETUP = """
    import json, sys, time
    import comm, ipywidgets, traitlets
    sys.path.insert(0, HERE)
    from interleaved import Times
    from syncstate import SyncedModel, batch
    from syncstate.link import kernel_link, _pacer

    def rows():
        return [{"id": i, "name": f"item {i}", "price": i * 1.5} for i in range(ROWS)]

    class Board(SyncedModel):
        n: int = 0
        rows: list = []

    class Widget(ipywidgets.Widget):
        n = traitlets.Int().tag(sync=True)
        rows = traitlets.List().tag(sync=True)

    board = Board(rows=rows())
    board.sync._publish()
    link = kernel_link()
    link.flush()
    _pacer.remove(link.flush)  # the clock flushes nothing: each case does so itself
    floor = comm.create_comm(target_name="floor")
    widget = Widget(rows=rows())
    count = iter(range(1, 2**40))

    def replace(path):
        return {"op": "replace", "path": path, "value": next(count)}

    def row():
        return {"id": next(count), "name": "one more", "price": 1.5}

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
    },
    "one scalar": {
        "floor": "send([replace('/n')])",
        "syncstate": "board.n = next(count); link.flush()",
        "ipywidgets": "widget.n = next(count)",
    },
    "one cell": {
        "floor": "send([replace('/rows/300/price')])",
        "syncstate": "board.rows[300]['price'] = next(count); link.flush()",
        "ipywidgets": """
            rows = widget.rows
            widget.rows = [*rows[:300], {**rows[300], "price": next(count)}, *rows[301:]]
            """,
    },
    "one row more": {
        "floor": "send([{'op': 'add', 'path': '/rows/10000', 'value': row()}])",
        "syncstate": "board.rows.append(row()); link.flush()",
        "ipywidgets": "widget.rows = [*widget.rows, row()]",
    },
    "1,000 cells": {
        "floor": "send([replace(f'/rows/{i}/price') for i in range(1000)])",
        "syncstate": """
            with batch():
                for row_ in board.rows[:1000]:
                    row_["price"] = next(count)
            link.flush()
            """,
        "ipywidgets": """
            widget.rows = [{**row, "price": next(count)} if row["id"] < 1000 else row for row in widget.rows]
            """,
    },
}
TARGETS = {"in the cell": 1.3, "one scalar": 1.3, "one cell": 1.2, "one row more": 1.2, "1,000 cells": 3.2}


def run(client: BlockingKernelClient, code: str) -> str:
    """Run code in a kernel and return what it prints."""
    printed: list[str] = []

    def hear(message: Any) -> None:
        if message["header"]["msg_type"] == "stream":
            printed.append(message["content"]["text"])

    reply = client.execute_interactive(code, timeout=600, output_hook=hear)
    if reply["content"]["status"] != "ok":
        raise RuntimeError("\n".join(reply["content"]["traceback"]))
    return "".join(printed)


def measured(libraries: dict[str, str], number: int) -> str:
    """Return the code that measures cases, and prints what came of it as JSON."""
    lines = ["cases = {}"]
    for library, code in libraries.items():
        body = dedent(code).strip().replace("\n", "\n        ")
        lines += ["def case(number):", "    for _ in range(number):", f"        {body}"]
        lines.append(f"cases[{library!r}] = case")
    lines.append(f"times = Times(cases, {number}, rounds=15)")
    lines.append("print(json.dumps({n: [times.seconds(n), times.ratio(n, 'floor')] for n in cases}))")
    return "\n".join(lines)


def row(client: BlockingKernelClient, what: str, libraries: dict[str, str], size: int) -> str:
    """Measure one case, and return what there is to say of it."""
    chosen = {name: code for name, code in libraries.items() if size <= 10_000 or name != "ipywidgets"}
    if what == "in the cell":
        code = measured(chosen, 20)
        code = f"_pacer.add(link.flush)\n{code}\n_pacer.remove(link.flush)"
    else:
        code = measured(chosen, 5 if what == "1,000 cells" else 50)
    found = json.loads(run(client, code))
    ours = f"{spelled(found['syncstate'][0])} {found['syncstate'][1]:>5.3g}x"
    peer = "not run"
    if "ipywidgets" in found:
        peer = f"{spelled(found['ipywidgets'][0])} {found['ipywidgets'][1]:>7.4g}x"
    return f"{spelled(found['floor'][0]):>9} {ours:>16} {TARGETS[what]:>6}x {peer:>18}"


def main(sizes: Sequence[int]) -> None:
    """Print a row for each case and size."""
    print(f"{'rows':>7} {'':<13} {'floor':>9} {'syncstate':>16} {'target':>7} {'ipywidgets':>18}")
    for size in sizes:
        manager, client = start_new_kernel(kernel_name="python3", stderr=subprocess.DEVNULL)
        try:
            here = repr(str(__file__).rpartition("/")[0])
            run(client, dedent(SETUP).replace("ROWS", str(size)).replace("HERE", here))
            for what, libraries in CASES.items():
                if size > min(sizes) and what in ("in the cell", "one scalar"):
                    continue  # the number of rows is nothing to it
                print(f"{size:>7,} {what:<13} {row(client, what, libraries, size)}")
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)


if __name__ == "__main__":
    main([int(argument) for argument in sys.argv[1:]] or [1_000, 10_000, 100_000])
