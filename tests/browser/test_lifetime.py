"""What stays behind of views that are taken away: nothing, in the page and in the kernel."""

from __future__ import annotations

import os
from typing import Any

import pytest
from playwright.sync_api import expect

from .conftest import Open, in_lab, in_notebook
from .notebook import CURRENT, Notebook

ROUNDS = int(os.environ.get("ROUNDS", "200"))

BOARD = '''
import gc, time
from IPython.display import HTML, clear_output, display
from syncstate import SyncedModel, audience, link

audience.GRACE = 0.2

class Board(SyncedModel):
    title: str = "Sales"
    rows: list[dict] = [{"name": "tea", "price": 3}]

class Drawn(Board):
    _esm = """
export default {
  render({ model, el, signal }) {
    el.innerHTML = '<input data-sync-value="/title"><b data-sync-text="/title"></b><button>add</button>';
    model.bind(el, { signal });
    el.querySelector("button").onclick = () => model.set("/title", "pressed");
    model.subscribe("/rows", (rows) => { el.dataset.rows = rows?.length; }, { signal });
    model.on("status", () => {}, { signal });
  },
};
"""

def rounds(count):
    for number in range(count):
        clear_output(wait=True)
        display((Board, Drawn)[number % 2](title=f"round {number}"))
        time.sleep(0.01)

def html(count):
    for number in range(count):
        clear_output(wait=True)
        display(HTML(f"<b>{number}</b>"))
        time.sleep(0.01)

def held():
    gc.collect()
    carried = link.kernel_link()
    models = sum(isinstance(each, Board) for each in gc.get_objects())
    kept = [len(getattr(carried, name)) for name in ("_cursors", "_watchers", "_resting", "_views", "_keyed")]
    return [models, *kept]
'''


def counters(notebook: Notebook) -> dict[str, int]:
    """What the page holds once everything is thrown away that nobody reaches."""
    session = notebook.page.context.new_cdp_session(notebook.page)
    session.send("HeapProfiler.enable")
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
        notebook.page.wait_for_timeout(100)
    counted: dict[str, Any] = session.send("Memory.getDOMCounters")
    session.detach()
    return {name: int(counted[name]) for name in ("nodes", "jsEventListeners")}


def growth_of(notebook: Notebook, play: str, times: int = 1) -> dict[str, int]:
    """By how much the page grows when a cell shows one thing after the other, and is run so many times."""
    before = counters(notebook)
    notebook.execute(f"play = lambda: {play}")
    for _ in range(times):
        notebook.run(1)
    notebook.page.wait_for_timeout(1000)
    after = counters(notebook)
    return {name: after[name] - before[name] for name in before}


def test_views_that_were_cleared_leave_nothing_behind(open_notebook: Open) -> None:
    notebook = open_notebook(BOARD, "play()")
    notebook.run(0)
    for play in ("html(10)", "rounds(20)"):
        growth_of(notebook, play)
    expect(notebook.output(1).locator("b")).to_have_text("round 19")

    # JupyterLab makes and drops a toolbar of its own now and then; what views leave comes each time.
    half = max(1, ROUNDS // 200)
    grown = [growth_of(notebook, "rounds(100)", half) for _ in range(2)]
    held = notebook.value("held()")
    plain = growth_of(notebook, "html(100)", half)  # JupyterLab's own: the same for any output

    print({"rounds": ROUNDS, "ours": grown, "plain": plain, "held": held})  # noqa: T201 # shown by -s
    ours = {name: min(each[name] for each in grown) - max(plain[name], 0) for name in plain}
    assert ours["nodes"] < 50  # a view that stays is some, and there were a hundred
    assert ours["jsEventListeners"] < 25
    assert held == [1, 1, 1, 0, 1, held[-1]]
    assert held[-1] <= 1


@in_notebook
def test_a_cell_that_is_run_again_and_again_leaves_nothing_behind(open_notebook: Open) -> None:
    notebook = open_notebook(BOARD, "board = Drawn()\nboard")
    notebook.run(0)
    for _ in range(5):
        notebook.run(1)
    before = counters(notebook)

    for _ in range(20):
        notebook.run(1)
    expect(notebook.output(1).locator("b")).to_have_text("Sales")
    notebook.page.wait_for_timeout(1000)

    after = counters(notebook)
    assert after["nodes"] - before["nodes"] < 100
    assert after["jsEventListeners"] - before["jsEventListeners"] < 20
    # what IPython keeps in Out is IPython's; nobody shows it
    assert notebook.value("held()[1]") == 1


@in_lab
def test_a_notebook_that_is_closed_leaves_nothing_in_the_page_and_finds_its_models_again(
    open_notebook: Open,
) -> None:
    notebook = open_notebook(BOARD, "display(Drawn())")
    notebook.run(0)
    notebook.run(1)
    expect(notebook.output(1).locator("b")).to_have_text("Sales")
    notebook.save()

    for _ in range(3):
        notebook.close()
        notebook.open_again()
        notebook.page.wait_for_timeout(500)

    expect(notebook.output(1).locator("b")).to_have_text("Sales")
    expect(notebook.status(1)).to_have_text("")
    notebook.output(1).locator("button").click()
    expect(notebook.output(1).locator("b")).to_have_text("pressed")
    assert notebook.value("held()[:2]") == [1, 1]
    comms = notebook.leftovers()
    assert comms["comms"] <= 2


@in_lab
def test_two_views_of_an_output_are_one_model_until_both_are_closed(open_notebook: Open) -> None:
    notebook = open_notebook(BOARD, "display(Drawn())")
    notebook.run(0)
    notebook.run(1)
    notebook.command("notebook:create-output-view")
    linked = notebook.page.locator(".jp-LinkedOutputView")
    expect(linked.locator("b")).to_have_text("Sales")

    notebook.page.evaluate(
        "() => [...jupyterapp.shell.widgets('main')]"
        ".find((each) => each.node.querySelector('.jp-LinkedOutputView')).dispose()"
    )
    expect(linked).to_have_count(0)
    notebook.page.wait_for_timeout(500)
    assert notebook.value("held()[:2]") == [1, 1]
    notebook.output(1).locator("button").click()
    expect(notebook.output(1).locator("b")).to_have_text("pressed")

    notebook.command("notebook:clear-all-cell-outputs")
    notebook.page.wait_for_timeout(1000)
    assert notebook.value("held()") == [0, 0, 0, 0, 0, 0]


@in_lab
@pytest.mark.parametrize("mode", ["full", "contentVisibility", "defer"])
def test_a_view_that_was_scrolled_off_shows_the_newest_state(open_notebook: Open, mode: str) -> None:
    notebook = open_notebook(BOARD, "board = Drawn()\nboard", *["print('line\\n' * 60)"] * 6)
    notebook.page.evaluate(
        f"""(windowingMode) => {{
            const notebook = {CURRENT}.content;
            notebook.notebookConfig = {{ ...notebook.notebookConfig, windowingMode }};
        }}""",
        mode,
    )
    for cell in range(8):
        notebook.run(cell)
    text = notebook.page.locator(".jp-OutputArea b")
    expect(text).not_to_be_in_viewport()

    notebook.execute("board.title = 'newest'")
    notebook.page.evaluate(f"() => {{ void {CURRENT}.content.scrollToItem(1); }}")

    expect(text).to_have_text("newest")
    expect(text).to_be_in_viewport()
    text.locator("xpath=..").locator("button").click()
    notebook.wait_for_value("board.title", "pressed")
    assert notebook.value("held()[:2]") == [1, 1]
