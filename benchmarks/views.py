"""200 views in one page: ours beside 200 anywidgets and 200 sliders of ipywidgets, each in a page of its own.

A jupyter_server on this machine and JupyterLab in headless Chromium, in pages that nobody records. A cell
shows 200 models or widgets with one number each, all of them in its output: JupyterLab is told to leave none
out, and what it spares itself to draw are other cells. Every measurement has a new page and a new kernel, in
which the cell before has imported what is needed; the rounds run all cases, in rotated order, and the one
before them, which fills the browser's cache, does not count. By the page's clock, from the start of the
cell: "drawn" is when all sliders are in the page and have a size; then the page moves the last one, at which
Python sets the first, and "live" is when the page shows that. Messages and bytes are all that the websocket
carries until then, both ways. Heap, nodes (those inside of a browser's own controls too) and listeners are
what is left in the end more than before, after the garbage is collected. Files are what JupyterLab loads of
the extensions that draw it, as they are served. "form" is a bounded number of a model without a view, which
has a field beside its slider, as that of ipywidgets has; "bound" a view of one line whose slider is bound by
an attribute; "one model" is one such model, shown 200 times. The floor is 200 outputs of HTML with a slider
that nobody hears.

Missed: nodes and listeners. Around each view of ours stand an element for its style and one that says when it
is old; a form adds a label and places for what is wrong, and its number field has a tree of the browser's
inside. What an attribute ties to a model ends with the view, so the view's signal has a listener for it too.

    python benchmarks/views.py
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from textwrap import dedent

from browser import QuietChromium, QuietPage, launched_quietly, shown_quietly
from interleaved import spelled, spelled_ratio

from tests.browser.notebook import CURRENT
from tests.browser.server import Server, running

COUNT = 200
ROUNDS = 3
TARGET = 1
"""How many times as much as the best peer any of it may take."""

OURS = """
    from syncstate import SyncedModel, synced

    class Board(SyncedModel):
        n: int = synced(0, min=0, max=100)
    """

BOUND = (
    OURS
    + """
        _esm = '''
    export default {
      render({ model, el, signal }) {
        el.innerHTML = `<input type="range" max="100" data-sync-value="/n">`;
        model.bind(el, { signal });
      },
    };
    '''
    """
)

EQUIVALENT = """
    import anywidget, traitlets

    class Board(anywidget.AnyWidget):
        n = traitlets.Int(0).tag(sync=True)
        _esm = '''
    export default {
      render({ model, el }) {
        el.innerHTML = `<input type="range" max="100">`;
        const input = el.querySelector("input");
        const show = () => { input.value = model.get("n"); };
        input.addEventListener("input", () => {
          model.set("n", Number(input.value));
          model.save_changes();
        });
        model.on("change:n", show);
        show();
      },
    };
    '''
    """

SLIDER = """
    from ipywidgets import IntSlider as Board
    """

SHOWN = f"""
    boards = [Board() for _ in range({COUNT})]

    def answer(change):
        if change.new == 1:
            setattr(boards[0], change.name, 42)

    boards[-1].observe(answer)
    display(*boards)
    """

ONE = SHOWN.replace(f"[Board() for _ in range({COUNT})]", f"[Board()] * {COUNT}")

SETTINGS = {"maxNumberOutputs": 2 * COUNT}
"""What JupyterLab is told: it shows 50 outputs of a cell otherwise."""


@dataclass(frozen=True)
class Case:
    """What draws 200 sliders.

    Attributes:
        setup: What the first cell does.
        cell: What shows them.
        extensions: What draws them, of what JupyterLab is extended by.
        handle: What a person moves.
    """

    setup: str
    cell: str
    extensions: tuple[str, ...] = ()
    handle: str = 'input[type="range"]'


MANAGER = "@jupyter-widgets/jupyterlab-manager"
CASES = {
    "floor: HTML": Case(
        "from IPython.display import HTML",
        f"display(*[HTML('<input type=range>') for _ in range({COUNT})])",
    ),
    "syncstate, form": Case(OURS, SHOWN, ("syncstate",)),
    "syncstate, bound": Case(BOUND, SHOWN, ("syncstate",)),
    "syncstate, one model": Case(BOUND, ONE, ("syncstate",)),
    "anywidget": Case(EQUIVALENT, SHOWN, ("anywidget", MANAGER)),
    "ipywidgets IntSlider": Case(SLIDER, SHOWN, (MANAGER,), ".noUi-handle"),
}
PEERS = ("anywidget", "ipywidgets IntSlider")

Figures = dict[str, float]
"""What one measurement came to, by what was measured."""

# before anything else in a page: what its websockets carry
COUNTED = """
    performance.setResourceTimingBufferSize(10_000);
    window.wire = { bytes: 0, messages: 0 };
    const sizeOf = (data) => data.byteLength ?? new Blob([data]).size;
    const count = (data) => {
        wire.bytes += sizeOf(data);
        wire.messages += 1;
    };
    const { send } = WebSocket.prototype;
    WebSocket.prototype.send = function (data) {
        count(data);
        return send.call(this, data);
    };
    window.WebSocket = class extends WebSocket {
        constructor(...given) {
            super(...given);
            this.addEventListener("message", ({ data }) => count(data));
        }
    };
    """

RUN = f"""async ({{ handle, isHeard }}) => {{
    const isThere = () => {{
        const handles = document.querySelectorAll(handle);
        return handles.length === {COUNT} && [...handles].every((each) => each.offsetWidth > 0);
    }};
    const until = async (isSo) => {{
        while (!isSo()) await new Promise(requestAnimationFrame);
        return performance.now() - start;
    }};
    const move = (handle) => {{
        handle.value = "1";
        handle.dispatchEvent(new Event("input", {{ bubbles: true }}));
        handle.dispatchEvent(new KeyboardEvent("keydown", {{ key: "ArrowRight", bubbles: true }}));
    }};
    const before = {{ ...wire }};
    const notebook = {CURRENT}.content;
    notebook.deselectAll();
    notebook.activeCellIndex = 1;
    const start = performance.now();
    void jupyterapp.commands.execute("notebook:run-cell");
    const drawn = await until(isThere);
    const handles = document.querySelectorAll(handle);
    if (isHeard) move(handles[{COUNT} - 1]);
    const live = await until(() => !isHeard || Number(handles[0].value ?? handles[0].ariaValueNow) === 42);
    return {{ drawn, live, bytes: wire.bytes - before.bytes, messages: wire.messages - before.messages }};
}}"""

FILES = """(names) => {
    const isOurs = ({ name }) => names.some((each) => name.includes(`/lab/extensions/${each}/`));
    const found = performance.getEntriesByType("resource").filter(isOurs);
    const sizes = new Map(found.map(({ name, encodedBodySize }) => [name, encodedBodySize]));
    return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}"""


def measured(server: Server, chromium: QuietChromium, case: Case) -> Figures:
    """Return what it takes to show 200 views in a new page with a new kernel."""
    page = chromium.open_page()
    page.ask("Page.enable")
    page.ask("Page.addScriptToEvaluateOnNewDocument", source=COUNTED)
    with shown_quietly(server, page, dedent(case.setup), dedent(case.cell)) as notebook:
        notebook.run(0)
        before = held(page)
        found = page.evaluate(RUN, {"handle": case.handle, "isHeard": bool(case.extensions)})
        after = held(page)
        files = page.evaluate(FILES, case.extensions)
    page.close()
    return {**found, **{name: after[name] - before[name] for name in after}, "files": files}


def held(page: QuietPage) -> Figures:
    """Return what a page holds, once it is quiet and rid of its garbage."""
    time.sleep(0.5)  # what waits for a pause is done
    for _ in range(2):
        page.ask("HeapProfiler.collectGarbage")
    page.ask("Performance.enable")
    metrics = {one["name"]: one["value"] for one in page.ask("Performance.getMetrics")["metrics"]}
    return {
        "heap": page.ask("Runtime.getHeapUsage")["usedSize"],
        "nodes": metrics["Nodes"],
        "listeners": metrics["JSEventListeners"],
    }


COLUMNS: dict[str, Callable[[float], str]] = {
    "drawn": lambda found: spelled(found / 1000),
    "live": lambda found: spelled(found / 1000),
    "messages": lambda found: f"{found:,.0f}",
    "bytes": lambda found: f"{found / 1000:,.0f} kB",
    "heap": lambda found: f"{found / 1e6:.2f} MB",
    "nodes": lambda found: f"{found:,.0f}",
    "listeners": lambda found: f"{found:,.0f}",
    "files": lambda found: f"{found / 1000:,.0f} kB",
}
"""What is measured, and how it is shown."""


def rounds() -> Iterator[dict[str, Figures]]:
    """Measure all cases, round by round, in rotated order."""
    names = list(CASES)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        folder = Path(place)
        settings = folder / "settings/@jupyterlab/notebook-extension/tracker.jupyterlab-settings"
        settings.parent.mkdir(parents=True)
        settings.write_text(json.dumps(SETTINGS))
        with running(folder) as server, launched_quietly(folder / "profile") as chromium:
            for count in range(ROUNDS + 1):
                order = [names[(at + count) % len(names)] for at in range(len(names))]
                found = {name: measured(server, chromium, CASES[name]) for name in order}
                if count:
                    yield found


def row(name: str, found: list[dict[str, Figures]]) -> str:
    """Return a line of what a case came to, and for ours one of how that compares with the best peer."""
    cells = [spell(median(one[name][column] for one in found)) for column, spell in COLUMNS.items()]
    if not CASES[name].extensions:
        cells[1] = ""
    line = f"{name:<22}{''.join(f'{text:>11}' for text in cells)}"
    if not name.startswith("syncstate"):
        return line
    ratios = [
        median(one[name][column] / min(one[peer][column] for peer in PEERS) for one in found)
        for column in COLUMNS
    ]
    return f"{line}\n{'  to the best peer':<22}{''.join(f'{spelled_ratio(ratio):>11}' for ratio in ratios)}"


def main() -> None:
    """Print a row for each case."""
    found = list(rounds())
    print(f"{f'{COUNT} views':<22}{''.join(f'{name:>11}' for name in COLUMNS)}")
    for name in CASES:
        print(row(name, found))
    print(f"{'target':<22}{f'{TARGET}x':>11}   (of the best peer, in each column)")


if __name__ == "__main__":
    main()
