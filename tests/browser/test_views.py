"""Views of authors and ours: several of one model, their styles, their errors, their end."""

import re

from playwright.sync_api import expect

from .boards import BOARD
from .conftest import Open, in_notebook

FAULTY = '''
from syncstate import SyncedModel

class Faulty(SyncedModel):
    count: int = 0
    _esm = """
function explode(count) {
  throw new RangeError(`cannot draw ${count}`);
}
export default {
  render({ model, el, signal }) {
    const button = document.createElement("button");
    button.textContent = "press";
    button.onclick = () => explode("a press");
    el.append(button);
    model.subscribe("/count", (count) => { if (count > 0) explode(count); }, { signal });
  },
};
"""

class Broken(SyncedModel):
    _esm = "export default { render({ model }) { model.state.rows.map((row) => row.name); } }"

class Empty(SyncedModel):
    _esm = "export const something = { else: true }"

faulty = Faulty()
faulty
'''

MARKUP = """
board.options = {"<img src=x onerror='window.hacked = 1'>": "<script>window.hacked = 1</script>"}
board.status = "<b>bold</b>"
"""

STYLED = '''
from syncstate import SyncedModel

class Styled(SyncedModel):
    count: int = 0
    _esm = """
export default () => ({
  render({ model, el, signal }) {
    el.classList.add("badge");
    const show = (count) => { el.textContent = `count ${count}`; };
    model.subscribe("/count", show, { signal });
    signal.addEventListener("abort", () => { window.aborted = (window.aborted ?? 0) + 1; });
    return () => { window.cleaned = (window.cleaned ?? 0) + 1; };
  },
});
"""
    _css = """
.badge { color: rgb(1, 2, 3); animation: pulse 1s infinite }
body, button { color: rgb(9, 9, 9) }
@keyframes pulse { to { opacity: .5 } }
"""

styled = Styled()
styled
'''


def test_two_views_of_a_model_live_side_by_side(open_notebook: Open, host: str) -> None:
    notebook = open_notebook(BOARD, "board")
    notebook.run(0)
    if host == "lab":
        notebook.command("notebook:create-output-view")
        other = notebook.page.locator(".jp-LinkedOutputView")
    else:
        notebook.run(1)
        other = notebook.output(1)
    expect(other.get_by_label("Title", exact=True)).to_have_value("Sales")

    notebook.execute("board.title = 'Costs'")
    expect(other.get_by_label("Title", exact=True)).to_have_value("Costs")
    expect(notebook.output(0).get_by_label("Title", exact=True)).to_have_value("Costs")

    other.get_by_label("Title", exact=True).fill("Both")
    other.get_by_label("Title", exact=True).press("Enter")

    expect(notebook.output(0).get_by_label("Title", exact=True)).to_have_value("Both")
    notebook.wait_for_value("board.title", "Both")


def test_an_error_of_an_author_is_shown_with_the_author_s_frames(open_notebook: Open) -> None:
    notebook = open_notebook(FAULTY, "Broken()", "Empty()")
    for cell in range(3):
        notebook.run(cell)
    first, second, third = (notebook.output(cell).locator(".syncstate-error") for cell in range(3))

    expect(second).to_contain_text("The render function of this view failed")
    expect(second).to_contain_text("TypeError: Cannot read properties of undefined")
    expect(second.locator("pre")).to_have_text(re.compile(r"^at Object.render \(view.js:1:\d+\)$"))
    expect(third).to_contain_text("its module exports no render")

    expect(first).to_have_count(0)
    notebook.output(0).get_by_role("button", name="press").click()
    expect(first).to_contain_text("RangeError: cannot draw a press")
    expect(first.locator("pre")).to_contain_text("at explode (view.js:3:9)")
    first.get_by_role("button", name="Dismiss").click()
    expect(first).to_have_count(0)

    notebook.execute("faulty.count = 7")
    expect(first).to_contain_text("RangeError: cannot draw 7")


@in_notebook
def test_an_author_s_style_stays_in_the_author_s_view(open_notebook: Open) -> None:
    notebook = open_notebook(STYLED)
    notebook.run()

    badge = notebook.output().get_by_text("count 0")
    expect(badge).to_have_css("color", "rgb(1, 2, 3)")
    expect(badge).to_have_css("animation-name", "pulse")
    expect(notebook.page.locator("body")).not_to_have_css("color", "rgb(9, 9, 9)")


def test_a_cell_that_runs_again_ends_the_old_view_and_shows_the_new_one_live(open_notebook: Open) -> None:
    notebook = open_notebook(STYLED)
    notebook.run()
    expect(notebook.output().get_by_text("count 0")).to_be_visible()

    notebook.run()

    expect(notebook.output().get_by_text("count 0")).to_be_visible()
    assert notebook.page.evaluate("[window.aborted, window.cleaned]") == [1, 1]
    notebook.execute("styled.count = 5")
    expect(notebook.output().get_by_text("count 5")).to_be_visible()


@in_notebook
def test_a_view_that_is_taken_out_of_the_page_and_put_back_goes_on(open_notebook: Open) -> None:
    notebook = open_notebook(BOARD)
    notebook.run()
    expect(notebook.output().get_by_label("Title", exact=True)).to_have_value("Sales")

    notebook.page.evaluate(
        """() => {
            const cell = jupyterapp.shell.currentWidget.content.widgets[0];
            cell.outputHidden = true;
            cell.outputHidden = false;
        }"""
    )
    notebook.execute("board.title = 'Costs'")

    expect(notebook.output().get_by_label("Title", exact=True)).to_have_value("Costs")


@in_notebook
def test_markup_in_the_state_is_text(open_notebook: Open) -> None:
    notebook = open_notebook(BOARD)
    notebook.run()

    notebook.execute(MARKUP)

    expect(notebook.output().get_by_text("<b>bold</b>")).to_be_visible()
    expect(notebook.output().get_by_text("<img src=x")).to_be_visible()
    assert notebook.page.evaluate("window.hacked") is None
