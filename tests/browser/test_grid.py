"""Rows and charts in a page: what is drawn of 100,000, what a person does to them, and when it is loaded."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from .axe import faults
from .conftest import Open, in_lab, in_notebook
from .notebook import Notebook

DIST = Path(__file__).parents[2] / "js" / "dist"

BOARD = '''
from syncstate import SyncedModel
from typing import TypedDict

class Row(TypedDict):
    id: int
    name: str
    price: float

class Board(SyncedModel):
    rows: list[Row] = []
    losses: list[dict] = []
    _esm = """
export default {
  async render({ model, el, signal }) {
    const [grid, chart] = await Promise.all(
      ["grid", "chart"].map((name) => import(`${location.origin}/dist/${name}.js`)));
    const [rows, drawing] = [document.createElement("div"), document.createElement("div")];
    el.append(rows, drawing);
    grid.render({ model, pointer: "/rows", el: rows, signal });
    chart.render({ model, el: drawing, signal, spec: {
      kind: "line", data: { pointer: "/losses" }, x: "step", y: "loss", title: "Training" } });
  },
};
"""

names = ["tea", "cake", "bread", "milk", "honey"]
def row(i):
    return {"id": i, "name": f"{names[i % 5]} {i}", "price": i * 7919 % 1000 / 4}

board = Board(rows=[row(i) for i in range(COUNT)])
board
'''


def _serve(page: Page) -> None:
    """Serve the modules as a page does that is no JupyterLab."""
    page.route("**/dist/*.js", lambda route: route.fulfill(path=DIST / route.request.url.rsplit("/", 1)[1]))


Show = Callable[[int], Notebook]
"""Shows a board with so many rows."""


@pytest.fixture
def show(open_notebook: Open) -> Show:
    def show_(count: int) -> Notebook:
        notebook = open_notebook(BOARD.replace("COUNT", str(count)), before=_serve)
        notebook.run()
        expect(notebook.output().locator(".syncstate-grid-row").first).to_be_visible()
        return notebook

    return show_


def cell(output: Locator, line: int, column: int) -> Locator:
    """A cell by its position: the first row that is shown is line 0."""
    return output.locator(f".syncstate-grid-row[aria-rowindex='{line + 3}'] [aria-colindex='{column + 1}']")


@in_notebook
def test_of_100_000_rows_a_page_holds_what_is_seen_and_scrolls_to_the_last(show: Show) -> None:
    notebook = show(100_000)
    output = notebook.output()
    expect(output.get_by_role("grid")).to_have_attribute("aria-rowcount", "100002")
    assert output.locator(".syncstate-grid-row").count() < 60

    cell(output, 0, 1).click()
    notebook.page.keyboard.press("Control+End")

    expect(cell(output, 99_999, 0)).to_be_in_viewport()
    expect(cell(output, 99_999, 0)).to_have_text("99999")
    expect(cell(output, 99_999, 2)).to_be_focused()
    assert output.locator(".syncstate-grid-row").count() < 60
    notebook.page.keyboard.press("PageUp")
    expect(output.locator(".syncstate-grid-cell:focus")).to_have_count(1)


@in_notebook
def test_an_edit_under_a_sort_reaches_its_row_though_rows_come_before_it(show: Show) -> None:
    notebook = show(1000)
    output, page = notebook.output(), notebook.page
    output.get_by_role("columnheader", name="price").click()
    output.get_by_role("columnheader", name="price").click()
    expect(output.get_by_role("columnheader", name="price")).to_have_attribute("aria-sort", "descending")
    highest = int(cell(output, 0, 0).inner_text())

    cell(output, 0, 1).dblclick()
    page.keyboard.type("renamed")
    notebook.execute("board.rows.insert(0, {'id': -1, 'name': 'first', 'price': 9999.0})")
    expect(cell(output, 0, 1)).to_have_text("first")
    expect(output.locator(".syncstate-grid-cell input")).to_have_value("renamed")
    page.keyboard.press("Enter")

    expect(cell(output, 1, 1)).to_have_text("renamed")
    assert notebook.value("[row['id'] for row in board.rows if row['name'] == 'renamed']") == [highest]


@in_notebook
def test_why_a_value_was_refused_stands_at_its_cell(show: Show) -> None:
    notebook = show(10)
    output, page = notebook.output(), notebook.page

    cell(output, 2, 2).click()
    page.keyboard.press("Enter")
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.press("Enter")

    expect(cell(output, 2, 2)).to_have_attribute("aria-invalid", "true")
    expect(cell(output, 2, 2).get_by_role("alert")).to_contain_text("price")
    assert notebook.value("board.rows[2]['price']") == 2 * 7919 % 1000 / 4


@in_notebook
def test_rows_that_stream_in_leave_the_place_that_is_read(show: Show) -> None:
    notebook = show(5000)
    output, page = notebook.output(), notebook.page
    output.get_by_role("columnheader", name="price").click()
    pane = output.locator(".syncstate-grid-pane")
    pane.evaluate("(pane) => { pane.scrollTop = 40_000; }")
    page.wait_for_timeout(200)
    read = """(pane) => {
        pane.scrollIntoView({ block: "center" });
        const { left, top } = pane.getBoundingClientRect();
        return document.elementFromPoint(left + 20, top + 200).textContent;
    }"""
    before = pane.evaluate(read)

    notebook.execute("for i in range(200): board.rows.append({'id': 5000 + i, 'name': 'new', 'price': 0.0})")

    expect(output.get_by_role("status").first).to_have_text("5,200 rows")
    assert pane.evaluate(read) == before


@in_lab
@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_nothing_keeps_a_person_from_rows_and_charts(show: Show, theme: str) -> None:
    notebook = show(50)
    output = notebook.output()
    notebook.execute("board.losses = [{'step': i, 'loss': 1 / (i + 1)} for i in range(50)]")
    expect(output.locator("canvas")).to_be_visible()
    notebook.execute("board.rows[1]['name'] = 'seen'")
    notebook.use_theme(theme)

    assert faults(output.locator(".syncstate-grid")) == []
    assert faults(output.locator(".syncstate-chart")) == []


@in_notebook
def test_a_chart_draws_what_streams_and_says_what_it_shows(show: Show) -> None:
    notebook = show(5)
    output = notebook.output()
    expect(output.locator(".syncstate-chart-message")).to_have_text("No data")

    notebook.execute("for i in range(300): board.losses.append({'step': i, 'loss': 300 - i})")

    expect(output.get_by_role("img", name="Training")).to_be_visible()
    expect(output.locator("p.syncstate-chart-summary")).to_have_text(
        "Line chart of loss by step: 300 points. loss is from 1 to 300, the last is 1."
    )
    colored = """(canvas) => {
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        let count = 0;
        for (let at = 0; at < data.length; at += 4) count += data[at + 3] > 0 && data[at + 2] > data[at] + 80;
        return count;
    }"""
    assert output.locator("canvas").evaluate(colored) > 300
