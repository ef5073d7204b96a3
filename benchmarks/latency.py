"""How long it takes from Python to the page and back, beside a bare comm that does the same by hand.

A jupyter_server on this machine, JupyterLab in headless Chromium, and in one page both: a view of ours with
bound elements, and a comm that a person would open, whose messages are written into elements as they come.
They take turns, so each has the other's luck. "In the page" is when the message that carries a value has
been used there; "drawn" when a frame is painted with it in its element (a ResizeObserver looks, between the
callbacks of an animation frame and its painting), so half a frame of waiting is in it, for both. "Shown" is
right after the event of a control, in the same task; "confirmed" is when the kernel's answer has been used.
All is told by the page's clock, which is the kernel's. In a stream a bare comm sends 250 messages a second
and ours no more than screens show, so what ours brings to a frame is up to a frame older.

As shipped, jupyter_server leaves Nagle's algorithm on, and a message may wait 40 ms for the acknowledgement
of the one before. In the second half the server's websockets have TCP_NODELAY.

Missed: a stream drawn, since ours leaves 60 times a second where a bare comm sends 250 messages, and edits in
a stream as shipped, of which one is under way at a time while the next ones merge. Confirmed with TCP_NODELAY
is on the line: the thread that flushes is woken, and the page hears of the kernel through its own lanes.

    python benchmarks/latency.py
"""

from __future__ import annotations

import math
from pathlib import Path
from statistics import median, quantiles
from textwrap import dedent

from browser import opened

from tests.browser.notebook import KERNEL, Notebook

TARGET = 1.2
"""How many times as long as a bare comm it may take."""

TURNS = 100
ROUNDS = 5
STREAM = 0.004
"""Seconds between two changes of a stream."""

SETUP = f"""
    from syncstate import SyncedModel

    class Board(SyncedModel):
        level: int = 0
        sent: float = 0
        _esm = {str(Path(__file__).with_suffix(".js"))!r}

    board = Board()
    board
    """

BARE = """
    import comm, random, time
    bare = comm.create_comm(target_name="bare")
    bare.on_msg(lambda message: bare.send({"level": message["content"]["data"]["level"]}))

    def set_ours():
        board.sent = time.time() * 1000

    def set_bare():
        bare.send({"sent": time.time() * 1000})
    """

NOW_AND_THEN = """
    for turn in range(TURNS):
        for change in (set_ours, set_bare) if turn % 2 else (set_bare, set_ours):
            time.sleep(0.11 + 0.04 * random.random())
            change()
    """

IN_STREAMS = """
    for change in (set_ours, set_bare) * ROUNDS:
        end = time.monotonic() + 1
        while time.monotonic() < end:
            change()
            time.sleep(STREAM)
        time.sleep(0.5)
    """

# in the configuration of the server, which is a program that it runs
NODELAY = """
from jupyter_server.services.kernels.websocket import KernelWebsocketHandler

async def open_at_once(self, *arguments, _open=KernelWebsocketHandler.open, **named):
    self.set_nodelay(True)
    return await _open(self, *arguments, **named)

KernelWebsocketHandler.open = open_at_once
"""

WAYS = {"as shipped": "", "with TCP_NODELAY": NODELAY}

Times = dict[str, dict[str, list[float]]]
"""Milliseconds by what was done and which side did it."""


def measured(configuration: str) -> dict[str, Times]:
    """Return the times of changes that come now and then, and of those that come in streams."""
    with opened(dedent(SETUP), configuration=configuration) as notebook:
        notebook.run()
        notebook.page.wait_for_function("() => window.latency")
        notebook.page.evaluate(f"() => latency.join({KERNEL})")
        notebook.execute(dedent(BARE))
        demand_one_clock(notebook)
        numbers = {"TURNS": TURNS, "ROUNDS": ROUNDS, "STREAM": STREAM}
        notebook.execute(f"globals().update({numbers})")
        found = {}
        for name, code, edits in (
            ("now and then", NOW_AND_THEN, f"latency.editNowAndThen({TURNS})"),
            (
                f"every {STREAM * 1000:.0f} ms",
                IN_STREAMS,
                f"latency.editInStreams({ROUNDS}, {STREAM * 1000})",
            ),
        ):
            notebook.page.evaluate("() => { latency.times = {}; }")
            notebook.execute(dedent(code))
            notebook.page.evaluate(f"async () => {{ await {edits}; }}")
            found[name] = notebook.page.evaluate("() => latency.times")
    return found


def demand_one_clock(notebook: Notebook) -> None:
    """Demand that page and kernel agree on the time."""
    before = notebook.page.evaluate("() => performance.timeOrigin + performance.now()")
    told = float(notebook.execute("print(time.time() * 1000)"))
    after = notebook.page.evaluate("() => performance.timeOrigin + performance.now()")
    if not before - 1 <= told <= after + 1:
        raise RuntimeError(f"Cannot compare the clocks: the kernel says {told}, the page {before} to {after}")


def percentiles(times: list[float]) -> tuple[float, float]:
    """Return the median and what nineteen of twenty do not exceed."""
    if any(map(math.isnan, times)):
        raise RuntimeError("Cannot measure an edit: it was not shown in the task that made it")
    return median(times), quantiles(times, n=20)[-1]


def main() -> None:
    """Print a row for each thing that is done, in each way."""
    for way, configuration in WAYS.items():
        for pace, times in measured(configuration).items():
            head = f"{way}, {pace}"
            print(f"{head:<30} {'syncstate':>17} {'bare comm':>19} {'ratio':>15} {'target':>7}")
            print(f"{'':<30} {'p50':>8} {'p95':>8}  {'p50':>8} {'p95':>8}   {'p50':>6} {'p95':>6}")
            for what, sides in times.items():
                is_paced = pace != "now and then" and what.startswith("set")
                print(row(what, sides, "" if is_paced else f"{TARGET}x"))
            print()


def row(what: str, sides: dict[str, list[float]], target: str) -> str:
    """Return a line of the table."""
    ours, bare = percentiles(sides["ours"]), percentiles(sides["bare"])
    times = "  ".join(f"{p50:>5.2f} ms {p95:>5.2f} ms" for p50, p95 in (ours, bare))
    if what == "own edit, shown":
        return f"{what:<30} {times}   the same task: 0 frames later"
    ratios = " ".join(f"{one / other:>5.2f}x" for one, other in zip(ours, bare, strict=True))
    return f"{what:<30} {times}   {ratios} {target:>7}".rstrip()


if __name__ == "__main__":
    main()
