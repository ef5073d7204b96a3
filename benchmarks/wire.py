"""What one nested change costs on the wire: syncstate beside ipywidgets and anywidget, in real kernels.

Each library shows the same 1,000 rows, then one cell of one row changes. Counted are the frames that the
kernel publishes for it (ZeroMQ, all parts), so the numbers are exact and the same on every machine.

    python benchmarks/wire.py [ROWS ...]
"""

from __future__ import annotations

import subprocess
import sys
import time
from textwrap import dedent

import zmq
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

ROWS = "[{'id': i, 'name': f'item {i}', 'price': i * 1.5} for i in range(%d)]"

SETUPS = {
    "syncstate": """
        from syncstate import SyncedModel
        class Board(SyncedModel):
            rows: list[dict] = []
        board = Board(rows=ROWS)
        board
        """,
    "ipywidgets": """
        import ipywidgets, traitlets
        class Board(ipywidgets.DOMWidget):
            rows = traitlets.List().tag(sync=True)
        board = Board(rows=ROWS)
        board
        """,
    "anywidget": """
        import anywidget, traitlets
        class Board(anywidget.AnyWidget):
            _esm = "export default { render() {} }"
            rows = traitlets.List().tag(sync=True)
        board = Board(rows=ROWS)
        board
        """,
}

CHANGES = {
    "syncstate": "board.rows[3]['price'] = 4",
    # the whole value, anew: a change inside is not seen
    "ipywidgets": "board.rows = [*board.rows[:3], {**board.rows[3], 'price': 4}, *board.rows[4:]]",
    "anywidget": "board.rows = [*board.rows[:3], {**board.rows[3], 'price': 4}, *board.rows[4:]]",
}


def run(client: BlockingKernelClient, code: str) -> None:
    """Run code in a kernel and wait for its end."""
    reply = client.execute_interactive(dedent(code), timeout=60, output_hook=lambda message: None)
    if reply["content"]["status"] != "ok":
        raise RuntimeError("\n".join(reply["content"]["traceback"]))


def published(client: BlockingKernelClient, code: str, kind: bytes) -> list[int]:
    """Run code in a kernel and return the sizes of the messages of a kind that it published."""
    wire = client.connect_iopub()  # a second, raw subscription
    time.sleep(0.5)  # a subscription has no acknowledgement
    run(client, code)
    time.sleep(0.3)  # syncstate sends from a thread of its own
    sizes = []
    while wire.poll(200):
        parts = wire.recv_multipart(zmq.NOBLOCK)
        if kind in parts[0] or kind in parts[3]:
            sizes.append(sum(map(len, parts)))
    wire.close()
    return sizes


def measure(library: str, rows: int) -> list[int]:
    """Return the sizes of the comm messages for one nested change."""
    manager, client = start_new_kernel(kernel_name="python3", stderr=subprocess.DEVNULL)
    try:
        run(client, SETUPS[library].replace("ROWS", ROWS % rows))
        return published(client, CHANGES[library], b'"comm_msg"')
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def main() -> None:
    """Print a row for each size."""
    for rows in [int(argument) for argument in sys.argv[1:]] or [1_000, 10_000]:
        sizes = {library: measure(library, rows) for library in SETUPS}
        ours = sum(sizes["syncstate"])
        for library, found in sizes.items():
            count = f"{len(found)} message{'' if len(found) == 1 else 's'}"
            total = sum(found)
            print(f"{rows:>7,} rows  {library:<11} {count:<11} {total:>11,} bytes {total / ours:>9,.1f} x")


if __name__ == "__main__":
    main()
