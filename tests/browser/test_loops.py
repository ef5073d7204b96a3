"""What a person sees and does while a program works: progress, a Stop button, a slider that is dragged."""

import runpy
from textwrap import dedent

import pytest
from playwright.sync_api import Locator, Page, expect

from .conftest import ROOT, Open, in_lab, in_notebook
from .notebook import Notebook
from .server import Server

PROGRESS = '''
import asyncio, threading, time
from syncstate import SyncedModel

class Progress(SyncedModel):
    done: int = 0
    stop: bool = False
    _esm = """
export default {
  render({ model, el, signal }) {
    el.innerHTML = `<progress max="300"></progress> <output></output> <button>Stop</button>`;
    const [progress, output, button] = el.children;
    button.onclick = () => model.set("/stop", true);
    window.drawn = [];
    model.subscribe("/done", (done) => {
      progress.value = done;
      output.textContent = done;
      window.drawn.push([performance.now(), done]);
    }, { signal });
  },
};
"""

m = Progress()
m
'''

TIGHT = """
while not m.stop:
    m.done += 1
"""

STEPS = """
for m.done in range(1, 301):
    time.sleep(0.01)
"""

UNTIL_TOLD = """
import os
while not os.path.exists("told"):
    m.done += 1
    time.sleep(0.02)
"""

SLIDERS = '''
from syncstate import SyncedModel

class Sliders(SyncedModel):
    now: float = 0
    release: float = 0
    later: float = 0
    _esm = """
export default {
  render({ model, el, signal }) {
    el.innerHTML = `
      <label>now <input type="range" data-sync-value="/now"></label>
      <output data-sync-text="/now"></output>
      <label>release <input type="range" data-sync-value="/release" data-sync-send="release"></label>
      <label>later <input type="range" data-sync-value="/later" data-sync-send="3000"></label>`;
    model.bind(el, { signal });
  },
};
"""

sliders = Sliders()
seen = []
sliders.observe(lambda change: seen.append([change.name, change.new]))
sliders
'''

# Chromium without a window hides no tab. A hidden one has no frames, and timers that take a second.
HIDE = """() => {
    const [frame, timeout, waiting] = [requestAnimationFrame, setTimeout, []];
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => true });
    window.requestAnimationFrame = (callback) => waiting.push(callback);
    window.setTimeout = (callback, milliseconds) => timeout(callback, Math.max(milliseconds ?? 0, 1000));
    window.unhide = () => {
        delete document.hidden;
        [window.requestAnimationFrame, window.setTimeout] = [frame, timeout];
        frame((time) => waiting.forEach((callback) => callback(time)));
    };
}"""

LAST = {
    "a tight loop": "for number in range(100_001): m.done = number",
    "a thread": """
        def work():
            for m.done in range(100_001): pass
        threading.Thread(target=work).start()""",
    "an asyncio task": """
        async def work():
            for m.done in range(100_001):
                if m.done % 10_000 == 0: await asyncio.sleep(0.001)
        task = asyncio.get_running_loop().create_task(work())""",
    "the end of a cell that did something else before": """
        m.done = 1
        time.sleep(0.5)
        m.done = 100_000""",
    "what observes a page": """
        def follow(change):
            for m.done in range(100_001): pass
        m.observe(follow, "stop")""",
}
"""What ends with 100,000, by what makes the change."""


def edits(notebook: Notebook) -> list[object]:
    """The values that the page's edits have set."""
    return [
        message["operations"][-1]["value"]
        for frame in notebook.wire.up
        for message in frame.data.get("messages", [])
        if message["type"] == "edit"
    ]


def middle(control: Locator) -> tuple[float, float]:
    """Where a mouse takes hold of a slider that stands at its beginning, and is moved on its level."""
    control.scroll_into_view_if_needed()
    box = control.bounding_box()
    assert box is not None
    return box["x"] + 8, box["y"] + box["height"] / 2


def drag(page: Page, control: Locator, steps: int) -> None:
    """Take hold of a slider, and move it with every frame for a while; it is not let go."""
    x, y = middle(control)
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, steps + 1):
        page.mouse.move(x + step, y)
        page.evaluate("() => new Promise(requestAnimationFrame)")


@in_lab
def test_a_stop_button_ends_a_loop_that_changes_the_model_as_fast_as_it_can(open_notebook: Open) -> None:
    notebook = open_notebook(PROGRESS, TIGHT)
    notebook.run(0)
    notebook.start(1)
    shown = notebook.output(0).locator("output")
    expect(shown).not_to_have_text("0")
    first = shown.inner_text()
    expect(shown).not_to_have_text(first)  # it goes on

    notebook.output(0).get_by_role("button", name="Stop").click()

    notebook.wait_for_end()
    expect(shown).to_have_text(str(notebook.value("m.done")))
    assert notebook.value("m.stop") is True


@in_lab
def test_a_loop_with_a_progress_bar_moves_it_smoothly_to_its_end(open_notebook: Open) -> None:
    notebook = open_notebook(PROGRESS, STEPS)
    notebook.run(0)
    expect(notebook.output(0).locator("output")).to_have_text("0")

    notebook.run(1)

    expect(notebook.output(0).locator("output")).to_have_text("300")
    drawn = notebook.page.evaluate("() => window.drawn")[1:]
    values = [value for _, value in drawn]
    assert values == sorted(set(values))
    assert len(values) > 30  # of three hundred in three seconds; how smoothly, benchmarks/appends.py measures


@in_notebook
def test_a_slider_that_is_dragged_sends_as_it_goes_and_merges_what_waits_for_an_answer(
    open_notebook: Open,
) -> None:
    notebook = open_notebook(SLIDERS)
    notebook.run()
    slider = notebook.output().get_by_label("now")
    expect(slider).to_be_enabled()
    notebook.wire.clear()

    drag(notebook.page, slider, 60)
    shown = notebook.output().locator("output").inner_text()
    moved = float(slider.input_value())
    notebook.page.mouse.up()

    assert float(shown) == moved > 20
    notebook.wait_for_value("sliders.now", moved)
    sent = edits(notebook)
    assert sent == sorted(set(sent))
    assert 5 < len(sent) <= 60
    assert notebook.value("seen") == [["now", value] for value in sent]


@in_notebook
def test_a_slider_may_send_when_it_is_let_go_or_when_it_rests(open_notebook: Open) -> None:
    notebook = open_notebook(SLIDERS)
    notebook.run()
    release, later = (notebook.output().get_by_label(name) for name in ("release", "later"))
    expect(release).to_be_enabled()
    notebook.wire.clear()

    drag(notebook.page, release, 20)
    assert edits(notebook) == []
    notebook.page.mouse.up()
    notebook.wait_for_value("sliders.release", float(release.input_value()))
    assert edits(notebook) == [float(release.input_value())]

    notebook.wire.clear()
    drag(notebook.page, later, 10)
    assert edits(notebook) == []
    held = float(later.input_value())
    notebook.wait_for_value("sliders.later", held)  # it is not let go
    notebook.page.mouse.up()
    assert edits(notebook) == [held]


@in_notebook
@pytest.mark.parametrize("code", LAST.values(), ids=LAST)
def test_the_last_value_always_comes(open_notebook: Open, code: str) -> None:
    notebook = open_notebook(PROGRESS)
    notebook.run()
    expect(notebook.output().locator("output")).to_have_text("0")

    notebook.execute(dedent(code))
    if "observe" in code:
        notebook.output().get_by_role("button", name="Stop").click()

    expect(notebook.output().locator("output")).to_have_text("100000")


@in_notebook
def test_a_hidden_tab_shows_the_newest_state_at_once_when_it_is_seen_again(open_notebook: Open) -> None:
    notebook = open_notebook(PROGRESS)
    notebook.run()
    shown = notebook.output().locator("output")
    expect(shown).to_have_text("0")

    notebook.page.evaluate(HIDE)
    notebook.execute(STEPS)
    before = notebook.page.evaluate("() => window.drawn.length")
    notebook.execute("m.done = 1000")
    notebook.page.evaluate("() => window.unhide()")

    expect(shown).to_have_text("1000")
    assert before < 10  # of three hundred values
    assert notebook.page.evaluate("() => window.drawn.length") <= before + 2


@in_notebook
def test_where_the_kernel_hears_nobody_during_a_cell_the_page_says_so_and_the_loop_is_seen_all_the_same(
    open_notebook: Open, server: Server
) -> None:
    python = runpy.run_path(str(ROOT / "scripts" / "kernels.py"))["python_of"]("6.31")
    server.add_kernel("ipykernel-6", python)
    notebook = open_notebook(PROGRESS, UNTIL_TOLD, kernel_name="ipykernel-6")
    notebook.run(0)
    shown = notebook.output(0).locator("output")
    expect(shown).to_have_text("0")

    notebook.start(1)
    expect(shown).not_to_have_text("0")
    notebook.output(0).get_by_role("button", name="Stop").click()

    expect(notebook.status()).to_contain_text("has not answered yet; it may be busy")
    before = shown.inner_text()
    expect(shown).not_to_have_text(before)
    notebook.touch("told")
    notebook.wait_for_end()
    notebook.wait_for_value("m.stop", True)
    expect(notebook.status()).to_be_hidden()
    expect(shown).to_have_text(str(notebook.value("m.done")))
