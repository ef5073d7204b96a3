"""What one nested change costs on the wire: syncstate beside ipywidgets and anywidget, in real kernels.

Each library shows the same 1,000 rows, then one cell of one row changes. Counted are the frames that the
kernel publishes for it (ZeroMQ, all parts), so the numbers are exact and the same on every machine.

    python benchmarks/wire.py [ROWS ...]
"""

from __future__ import annotations

import sys
from textwrap import dedent

from client import Client, Published

SETUPS = {
    "syncstate": """
        from syncstate import SyncedModel
        class Board(SyncedModel):
            rows: list[dict] = []
        """,
    "ipywidgets": """
        import ipywidgets, traitlets
        class Board(ipywidgets.DOMWidget):
            rows = traitlets.List().tag(sync=True)
        """,
    "anywidget": """
        import anywidget, traitlets
        class Board(anywidget.AnyWidget):
            _esm = "export default { render() {} }"
            rows = traitlets.List().tag(sync=True)
        """,
}

SHOW = """
from table import table
board = Board(rows=table(ROWS))
board
"""

CHANGES = {
    "syncstate": "board.rows[3]['price'] = 4",
    # the whole value, anew: a change inside is not seen
    "ipywidgets": "board.rows = [*board.rows[:3], {**board.rows[3], 'price': 4}, *board.rows[4:]]",
    "anywidget": "board.rows = [*board.rows[:3], {**board.rows[3], 'price': 4}, *board.rows[4:]]",
}


def measure(library: str, rows: int) -> list[int]:
    """Return the sizes of the comm messages for one nested change."""
    with Client() as client:
        client.run(dedent(SETUPS[library]) + SHOW.replace("ROWS", str(rows)), [])
        published: list[Published] = []
        client.run(CHANGES[library], published)
        return [message.size for message in published]


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
