"""What a state of 50 MB does to a page while it arrives, in our parts and in one message of a bare comm.

A jupyter_server on this machine and JupyterLab in headless Chromium, in a page that nobody records: who does
has all that comes encoded once more in the page's own thread. Told is the longest time between two animation
frames, in which the page answers nobody, and how long it takes from the start of the cell until all is there:
when a small model is shown, for what JupyterLab itself does then; when a page asks for the state; when it is
assigned anew while the page shows it, which is a patch of 300,000 operations; when the page has to ask again;
and when a bare comm sends the same, with which its page does nothing. The state is a table of 300,000 rows,
or an array of numbers of as many bytes.

Missed by a frame or two: rows that come at once, by the garbage collection of 300,000 new objects, and an
array, whose 50 MB JupyterLab cuts out of the message and we copy. Assigned anew they are a patch of 300,000
operations, which is applied in one go.

    python benchmarks/large.py
"""

from __future__ import annotations

from textwrap import dedent

from browser import opened_quietly

from tests.browser.notebook import KERNEL, Notebook

SIZE = 50_000_000
ROWS = 300_000
FRAMES = 3
"""How many frames of 60 a second a page may miss."""

MODEL = f"""
    import json, numpy as np, comm
    from syncstate import SyncedModel

    class Board(SyncedModel):
        rows: list = []
        signal: np.ndarray = np.zeros(0)
        mark: int = 0
        _esm = '''
    export default {{
      render({{ model, el, signal }}) {{
        window.model = model;
        el.className = "ours";
      }},
    }};
    '''

    def table(price):
        return [{{"id": i, "name": f"item {{i}}", "price": price, "text": "x" * 100}} for i in range({ROWS})]

    rows, other = table(1.5), table(2.5)
    points = np.arange({SIZE} / 8)
    board = Board(rows=rows)
    """

# JupyterLab hands a comm's message on before the next one is read: that is the time that counts
WATCH = f"""() => {{
    window.watched = {{ longest: 0, start: performance.now() }};
    let before = performance.now();
    const look = () => {{
        const now = performance.now();
        watched.longest = Math.max(watched.longest, now - before);
        before = now;
        if (!watched.end) requestAnimationFrame(look);
    }};
    look();
    {KERNEL}.registerCommTarget("bare", (comm, message) => {{
        window.bare = message.content.data;
        comm.onMsg = ({{ buffers }}) => {{ window.bytes = buffers[0]; }};
    }});
}}"""

END = """(() => {
    const now = performance.now();
    requestAnimationFrame(() => { watched.end = now; });
    return true;
})()"""

CASES = {
    "a small model, shown": ("Board()", "window.model?.status === 'live'"),
    "rows, asked for": ("board", f"window.model?.state.rows?.length === {ROWS}"),
    "rows, assigned anew": ("board.rows = other", "model.state.rows[0]?.price === 2.5"),
    "rows, asked for again": (
        "board._document.authority.restart_log(); board.mark = 1",
        "model.state.mark === 1 && model.state.rows.length > 0",
    ),
    "rows, a bare comm": (
        'bare = comm.create_comm(target_name="bare", data={"rows": rows})',
        "window.bare?.rows.length > 0",
    ),
    "an array, assigned": (
        "board.rows = []; board.signal = points",
        f"model.state.signal.length === {SIZE} / 8",
    ),
    "an array, a bare comm": ("bare.send({}, buffers=[points.tobytes()])", "window.bytes?.byteLength > 0"),
}
"""What a cell does, and what the page has in the end."""


def measured(notebook: Notebook, cell: int, is_there: str) -> dict[str, float]:
    """Return the milliseconds of the longest frame, and until all was there."""
    notebook.page.evaluate(WATCH)
    notebook.start(cell)
    notebook.page.wait_for_function(f"() => ({is_there}) && {END}")
    notebook.page.wait_for_function("() => watched.end")
    found: dict[str, float] = notebook.page.evaluate(
        "() => ({ ...watched, all: watched.end - watched.start })"
    )
    notebook.wait_for_end()
    return found


def main() -> None:
    """Print a row for each case."""
    print(f"{'':<24} {'longest frame':>14} {'target':>8} {'all is there':>13}")
    with opened_quietly(dedent(MODEL), *(code for code, _ in CASES.values())) as notebook:
        notebook.run(0)
        for cell, (what, (_, is_there)) in enumerate(CASES.items(), 1):
            found = measured(notebook, cell, is_there)
            print(
                f"{what:<24} {found['longest']:>11,.0f} ms {FRAMES * 1000 / 60:>5.0f} ms "
                f"{found['all']:>10,.0f} ms"
            )


if __name__ == "__main__":
    main()
