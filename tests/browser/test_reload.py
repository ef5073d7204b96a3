"""Views whose file is saved while they are open."""

import re
import time

from playwright.sync_api import expect

from .conftest import Open, Server, in_notebook

BOARD = """
from syncstate import SyncedModel

class Board(SyncedModel):
    title: str = "Sales"
    n: int = 0
    _esm = "{file}.js"
    _css = "{file}.css"

board = Board()
board
"""

ESM = """
export default {
  render({ model, el, signal }) {
    el.innerHTML = `<b class="version">VERSION</b> <input data-sync-value="/title" aria-label="title">
      <div class="list" style="height: 60px; overflow: auto"><div style="height: 600px">long</div></div>`;
    model.bind(el, { signal });
    window.renders = (window.renders ?? 0) + 1;
    signal.addEventListener("abort", () => { window.aborted = (window.aborted ?? 0) + 1; });
    return () => { window.cleaned = (window.cleaned ?? 0) + 1; };
  },
};
"""


def write(server: Server, file: str, version: str, css: str = ".version { color: rgb(1, 2, 3) }") -> None:
    (server.folder / f"{file}.css").write_text(css)
    (server.folder / f"{file}.js").write_text(ESM.replace("VERSION", version))


def test_a_view_is_drawn_anew_when_its_file_is_saved(open_notebook: Open, server: Server, host: str) -> None:
    file = f"reload-{host}"
    write(server, file, "first")
    notebook = open_notebook(BOARD.replace("{file}", file), "board")
    notebook.run(0)
    notebook.run(1)
    view, other = (notebook.output(cell).locator(".syncstate-view") for cell in (0, 1))
    expect(view.locator(".version")).to_have_text("first")
    expect(other.locator(".version")).to_have_text("first")
    notebook.edit("title", "Costs")
    expect(other.get_by_label("title")).to_have_value("Costs")
    notebook.wait_for_value("board.title", "Costs")
    view.locator(".list").evaluate("(list) => { list.scrollTop = 123; }")
    view.get_by_label("title").evaluate("(input) => { input.focus(); input.setSelectionRange(1, 3); }")

    notebook.save()

    started = time.monotonic()
    write(server, file, "second")
    expect(view.locator(".version")).to_have_text("second")
    took = time.monotonic() - started

    assert took < 1
    expect(other.locator(".version")).to_have_text("second")
    assert notebook.page.evaluate("() => [renders, aborted, cleaned]") == [4, 2, 2]
    expect(view.get_by_label("title")).to_have_value("Costs")
    expect(view.get_by_label("title")).to_be_focused()
    assert view.get_by_label("title").evaluate("(input) => [input.selectionStart, input.selectionEnd]") == [
        1,
        3,
    ]
    assert view.locator(".list").evaluate("(list) => list.scrollTop") == 123
    assert notebook.value("board.n") == 0

    write(server, file, "second", ".version { color: rgb(4, 5, 6) }")
    expect(view.locator(".version")).to_have_css("color", "rgb(4, 5, 6)")
    assert notebook.page.evaluate("() => renders") == 4

    second = open_notebook(name=notebook.name)  # its outputs were made before the file was saved
    expect(second.output(0).locator(".version")).to_have_text("second")
    write(server, file, "third")
    for each in (view, other, second.output(0), second.output(1)):
        expect(each.locator(".version")).to_have_text("third")


@in_notebook
def test_a_fault_in_the_file_is_shown_and_gone_with_the_next_save(
    open_notebook: Open, server: Server
) -> None:
    write(server, "faulty", "first")
    notebook = open_notebook(BOARD.replace("{file}", "faulty"))
    notebook.run()
    view = notebook.output().locator(".syncstate-view")
    error = view.locator(".syncstate-error")
    expect(view.locator(".version")).to_have_text("first")

    (server.folder / "faulty.js").write_text(
        "export default {\n  render({ model, el }) {\n    el.textContent == = 1;\n  }\n}\n"
    )
    expect(error).to_contain_text("SyntaxError: Unexpected token '='")
    expect(error).to_contain_text(
        "The code of this view could not be loaded; what you see is the code of before"
    )
    expect(error.locator("pre")).to_have_text("at faulty.js:3:23")
    expect(view.locator(".version")).to_have_text("first")
    notebook.edit("title", "Costs")
    notebook.wait_for_value("board.title", "Costs")

    (server.folder / "faulty.js").write_text("export default { render() { throw new Error('no') } }")
    expect(error).to_contain_text("The render function of this view failed")
    expect(error.locator("pre")).to_have_text(re.compile(r"at Object.render \(faulty.js:1:\d+\)"))
    expect(view.locator(".version")).to_have_text("first")
    expect(view.get_by_label("title")).to_have_value("Costs")

    write(server, "faulty", "well again")
    expect(view.locator(".version")).to_have_text("well again")
    expect(error).to_have_count(0)


@in_notebook
def test_a_class_that_is_defined_again_draws_what_was_shown_before(open_notebook: Open) -> None:
    cell = """
from syncstate import SyncedModel

class Note(SyncedModel):
    text: str = "hello"
    _esm = "export default {{ render({{ el, model }}) {{ el.textContent = `{0}: ${{model.state.text}}`; }} }}"
"""
    notebook = open_notebook(cell.format("one"), "note = Note()\nnote", cell.format("two"))
    notebook.run(0)
    notebook.run(1)
    expect(notebook.output(1)).to_contain_text("one: hello")

    notebook.run(2)

    expect(notebook.output(1)).to_contain_text("two: hello")
