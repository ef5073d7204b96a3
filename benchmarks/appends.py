"""100,000 appends to a list in a loop, each a statement, while a page shows the list.

A jupyter_server on this machine and JupyterLab in headless Chromium, as in latency.py; the list is shown by
our own view, a form, or by an author's that draws how long it is. Told is how long the loop takes, with all
that the kernel sends meanwhile; after how long, from the first append, the page draws the last length; the
longest time between two animation frames, in which the page answers nobody; and in how many messages it came
and lengths it was seen. Nothing may be lost: the page's list is compared with the kernel's.

    python benchmarks/appends.py
"""

from __future__ import annotations

from statistics import median
from textwrap import dedent

from browser import opened

from tests.browser.notebook import Notebook

COUNT = 100_000
ROUNDS = 5
TARGET = 250
"""Milliseconds that a page may answer nobody."""

MODEL = """
    from syncstate import SyncedModel

    class Board(SyncedModel):
        items: list[int] = []

    board = Board()
    """

LENGTH = """
    Board._esm = '''
    export default {
      render({ model, el, signal }) {
        window.model = model;
        el.className = "length";
        const draw = () => { el.textContent = model.state.items.length; };
        model.on("change", draw, { signal });
        draw();
      },
    };
    '''
    board
    """

VIEWS = {"our own view": ("board", ".syncstate-extent"), "a view of the length": (LENGTH, ".length")}
"""What shows the model, and the element in which its length stands then."""

LOOP = f"""
    import time
    began, start = time.time() * 1000, time.perf_counter()
    for number in range({COUNT}):
        board.items.append(number)
    print(time.perf_counter() - start, began)
    """

# a frame that is late is one in which the page did something else
WATCH = f"""(shown) => {{
    window.watched = {{ longest: 0, lengths: 0 }};
    let [length, before] = ["", 0];
    const look = () => {{
        const now = performance.timeOrigin + performance.now();
        const {{ textContent }} = document.querySelector(shown);
        if (textContent !== length) watched.lengths += 1;
        watched.longest = Math.max(watched.longest, now - (before || now));
        [length, before] = [textContent, now];
        if (length.replace(/[^0-9]/g, "") === "{COUNT}") watched.end = now;
        else requestAnimationFrame(look);
    }};
    look();
}}"""


def measured(notebook: Notebook, shown: str) -> dict[str, float]:
    """Return what one loop came to, by what was measured."""
    notebook.execute("board.items = []")
    notebook.page.wait_for_function(
        "(shown) => /^(0|empty)$/.test(document.querySelector(shown).textContent)", arg=shown
    )
    notebook.wire.clear()
    notebook.page.evaluate(WATCH, shown)
    seconds, began = map(float, notebook.execute(dedent(LOOP)).split())
    notebook.page.wait_for_function("() => watched.end")
    found = notebook.page.evaluate("() => watched")
    frames = [frame for frame in notebook.wire.down if frame.comm == "syncstate.down"]
    return {
        "loop": seconds * 1000,
        "all is there": found["end"] - began,
        "longest frame": found["longest"],
        "messages": len(frames),
        "lengths shown": found["lengths"] - 1,
        "KB": sum(frame.bytes for frame in frames) / 1000,
    }


def demand_equality(notebook: Notebook) -> None:
    """Demand that the page has what the kernel has."""
    is_equal = notebook.page.evaluate(
        f"() => model.state.items.length === {COUNT} && model.state.items.every((item, at) => item === at)"
    )
    if not is_equal:
        raise RuntimeError("Cannot measure appends: the page has not what the kernel has")


def main() -> None:
    """Print a row for each view."""
    names = ("loop", "all is there", "longest frame", "messages", "lengths shown", "KB")
    print(f"{COUNT:,} appends{'':<9} {' '.join(f'{name:>13}' for name in names)}")
    for view, (cell, shown) in VIEWS.items():
        with opened(dedent(MODEL), dedent(cell), dedent(LENGTH)) as notebook:
            notebook.run(0)
            notebook.run(1)
            notebook.page.wait_for_selector(shown)
            rounds = [measured(notebook, shown) for _ in range(ROUNDS)]
            notebook.run(2)
            demand_equality(notebook)
        cells = []
        for name in names:
            worst = max if name == "longest frame" else median
            number = worst(found[name] for found in rounds)
            cells.append(f"{number:,.0f}{'' if name in names[3:] else ' ms'}")
        print(f"{view:<24} {' '.join(f'{text:>13}' for text in cells)}")
    print(f"{'target':<24} {'':>13} {'':>13} {f'{TARGET} ms':>13}   (the longest of {ROUNDS} loops)")


if __name__ == "__main__":
    main()
