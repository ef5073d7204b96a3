"""Undo by a page, where its person sees it."""

from playwright.sync_api import Locator, expect

from .conftest import Open, in_lab
from .notebook import Notebook

pytestmark = in_lab

MODEL = '''
from syncstate import SyncedModel, synced

class Desk(SyncedModel):
    level: float = synced(0, min=0, max=100)
    notes: list[str] = []
    _esm = """
    export default {
      render({ model, el, signal }) {
        el.innerHTML = `<input type="range" min="0" max="100" data-sync-value="/level">
          <output class="notes" data-sync-text="/notes"></output><p class="problem"></p>
          <button class="undo">undo</button><button class="redo">redo</button>`;
        model.bind(el, { signal });
        el.querySelector(".undo").onclick = () => model.undo();
        el.querySelector(".redo").onclick = () => model.redo();
        model.on("error", ({ reason }) => { el.querySelector(".problem").textContent = reason; }, { signal });
      },
    };
    """

desk = Desk()
desk
'''


def desk(notebook: Notebook) -> Locator:
    view = notebook.output()
    expect(view.locator(".undo")).to_be_visible()
    return view


def drag(notebook: Notebook, slider: Locator) -> None:
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    notebook.page.mouse.move(box["x"] + 4, middle)
    notebook.page.mouse.down()
    notebook.page.mouse.move(box["x"] + box["width"] * 0.8, middle, steps=12)
    notebook.page.mouse.up()


def test_a_page_takes_back_a_drag_as_one_step_and_nothing_that_python_did(open_notebook: Open) -> None:
    notebook = open_notebook(MODEL)
    notebook.run()
    view = desk(notebook)
    slider = view.locator("input")
    drag(notebook, slider)
    there = float(slider.input_value())
    assert there > 50
    notebook.wait_for_value("desk.level", there)
    notebook.execute("desk.notes.append('from Python')")
    expect(view.locator(".notes")).to_contain_text("from Python")

    view.locator(".undo").click()

    notebook.wait_for_value("desk.level", 0.0)
    expect(slider).to_have_value("0")
    expect(view.locator(".notes")).to_contain_text("from Python")

    view.locator(".redo").click()
    notebook.wait_for_value("desk.level", there)


def test_a_page_that_has_done_nothing_is_told_that_there_is_nothing_to_undo(open_notebook: Open) -> None:
    notebook = open_notebook(MODEL)
    notebook.run()
    view = desk(notebook)

    view.locator(".undo").click()

    expect(view.locator(".problem")).to_contain_text("Cannot undo")
