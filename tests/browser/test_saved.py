"""What a saved notebook holds: the state at the time of saving, which is shown where there is no kernel."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import expect

from syncstate.display import MIME_TYPE

from .boards import BOARD, DIALS
from .conftest import Open, Server, in_notebook
from .notebook import CURRENT, Notebook

HOSTILE = "<img src=x onerror='window.hacked = 1'><script>window.hacked = 1</script>"

COUNTING = BOARD.replace("status: str", "_esm = _ESM\n    status: str").replace(
    "from syncstate",
    '''_ESM = """
export default {
  render({ model, el, signal }) {
    window.renders = (window.renders ?? 0) + 1;
    el.innerHTML = '<input aria-label="title" data-sync-value="/title">';
    model.bind(el, { signal });
  },
};
"""
from syncstate''',
    1,
)


def stored(server: Server, notebook: Notebook, cell: int = 0) -> Any:
    """What the file holds of the model that a cell shows."""
    [output] = nbformat.read(server.folder / notebook.name, as_version=4).cells[cell].outputs
    return output.data


def is_dirty(notebook: Notebook) -> bool:
    return notebook.page.evaluate(f"() => {CURRENT}.content.model.dirty")


def test_what_is_saved_is_the_state_of_that_moment(open_notebook: Open, server: Server) -> None:
    notebook = open_notebook(COUNTING, "board")
    notebook.run(0)
    notebook.run(1)
    notebook.edit("title", "Costs", 1)
    notebook.wait_for_value("board.title", "Costs")
    notebook.execute("board.rows.append({'name': 'milk', 'price': float('nan')}); board.threshold = 0.25")
    notebook.page.wait_for_timeout(200)

    notebook.save()

    for cell in (0, 1):
        data = stored(server, notebook, cell)
        assert data[MIME_TYPE]["document"]["title"] == "Costs"
        assert data[MIME_TYPE]["document"]["rows"][2] == {"name": "milk", "price": None}
        assert data[MIME_TYPE]["values"][0]["paths"] == ["/document/rows/2/price"]
        assert data[MIME_TYPE]["version"] == notebook.value("board.sync.version")
        assert data["text/plain"] == notebook.execute("print(repr(board))")
        assert data["text/html"] == notebook.execute("print(board._repr_mimebundle_()['text/html'])")
    notebook.page.wait_for_timeout(500)
    assert not is_dirty(notebook)
    assert notebook.page.evaluate("() => window.renders") == 2  # nothing was drawn anew

    before = (server.folder / notebook.name).read_text()
    notebook.save()
    assert (server.folder / notebook.name).read_text() == before


def test_a_saved_state_is_shown_read_only_where_there_is_no_kernel(
    open_notebook: Open, server: Server
) -> None:
    notebook = open_notebook(BOARD, DIALS)
    notebook.run(0)
    notebook.run(1)
    notebook.execute("board.title = 'Costs'; dials.level = 41")
    expect(notebook.output(0).get_by_label("title")).to_have_value("Costs")
    notebook.save()
    notebook.page.close()

    server.shut_down_kernels()
    alone = open_notebook(name=notebook.name)
    alone.shut_down_kernel()

    expect(alone.status(0)).to_contain_text("No kernel")
    title = alone.output(0).get_by_label("title")
    expect(title).to_have_value("Costs")
    expect(title).to_be_disabled()
    expect(alone.output(1).locator("output")).to_have_text("41")
    expect(alone.output(1).get_by_label("level")).to_be_disabled()


@in_notebook
def test_an_untrusted_notebook_shows_the_saved_state_as_text(open_notebook: Open, server: Server) -> None:
    notebook = open_notebook(BOARD)
    notebook.run()
    notebook.edit("Title", HOSTILE)
    notebook.wait_for_value("board.title", HOSTILE)
    notebook.save()

    other = open_notebook(name=notebook.copy())

    expect(other.output().locator("pre")).to_contain_text(f'title      "{HOSTILE}"')
    expect(other.output().locator(".syncstate-view")).to_have_count(0)
    expect(other.output().locator("img")).to_have_count(0)
    assert other.page.evaluate("() => window.hacked") is None


@in_notebook
def test_an_export_shows_the_saved_state(open_notebook: Open, server: Server, tmp_path: Path) -> None:
    notebook = open_notebook(BOARD)
    notebook.run()
    notebook.edit("Title", HOSTILE)
    notebook.wait_for_value("board.title", HOSTILE)
    notebook.execute("board.threshold = 0.125")
    notebook.page.wait_for_timeout(200)
    notebook.save()

    file = server.folder / notebook.name
    command = ["-m", "nbconvert", "--to", "html", str(file), "--output-dir", str(tmp_path)]
    subprocess.run([sys.executable, *command], check=True, capture_output=True)
    html = (tmp_path / f"{file.stem}.html").read_text()

    assert "  threshold  0.125\n" in html
    assert "<img src=x" not in html
    assert "&lt;img src=x" in html
