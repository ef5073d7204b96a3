"""The live table of 50,000 flights: computed summaries, a cell that is edited, an action that is stopped."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from .conftest import in_lab
from .notebook import Notebook, cells_of

CELLS = cells_of("flights")
TABLE = CELLS.index("show")

pytestmark = in_lab


@pytest.fixture
def notebook(open_example: Callable[[str], Notebook], host: str) -> Notebook:
    opened = open_example("flights")
    expect(board(opened).locator(".headline")).to_contain_text("18.3% of 50,000 flights")
    return opened


def board(notebook: Notebook) -> Locator:
    return notebook.output(TABLE).locator(".flights")


def line(notebook: Notebook, text: str) -> Locator:
    return board(notebook).locator(".line", has_text=text).first


def test_fifty_thousand_rows_are_there_and_a_few_are_drawn(notebook: Notebook) -> None:
    view = board(notebook)

    expect(view.get_by_role("table")).to_have_attribute("aria-rowcount", "50000")
    assert view.locator(".line").count() <= 64

    view.locator(".window").evaluate("(window) => { window.scrollTop = window.scrollHeight; }")
    expect(line(notebook, "2013-01-01 05:15")).to_be_visible()  # the first flight of the year is last


def test_a_cell_that_is_edited_in_the_page_is_python_s_and_so_is_what_follows(notebook: Notebook) -> None:
    delay = board(notebook).locator(".line:not([hidden])").nth(2).locator("input")
    delay.scroll_into_view_if_needed()

    delay.fill("900")
    delay.press("Enter")

    notebook.wait_for_value("sum(row['delay'] == 900 for row in board.rows)", 1)
    late = "sum(row['delay'] is not None and row['delay'] > 15 for row in board.rows)"
    assert notebook.value(f"board.summary['late'] == {late}")
    delay.fill("")
    delay.press("Enter")
    expect(board(notebook).locator(".detail")).to_contain_text("1,729 never left")
    assert notebook.value(f"board.summary['late'] == {late}")


def test_one_changed_delay_costs_one_small_message(notebook: Notebook) -> None:
    notebook.execute("board.late = 20")
    expect(board(notebook).locator(".headline")).not_to_contain_text("18.3%")
    notebook.wire.clear()

    notebook.execute("board.rows[-1]['delay'] = 901.0")

    expect(board(notebook).locator(".line input").first).to_have_value("901")
    (frame,) = notebook.wire.down
    assert frame.bytes < 2000


def test_an_airline_is_chosen_and_a_column_sorts(notebook: Notebook) -> None:
    view = board(notebook)

    view.get_by_role("button", name="JetBlue Airways").click()
    notebook.wait_for_value("board.carrier", "B6")
    expect(view.locator(".headline")).to_contain_text("of 8,204 of its flights")
    expect(view.get_by_role("table")).to_have_attribute("aria-rowcount", "8204")

    view.get_by_role("columnheader", name="Delay").get_by_role("button").click()
    view.get_by_role("columnheader", name="Delay").get_by_role("button").click()
    worst = notebook.value("max(row['delay'] or 0 for row in board.rows if row['carrier'] == 'B6')")
    expect(view.locator(".line:not([hidden]) input").first).to_have_value(f"{worst:g}")


def test_a_limit_that_python_refuses_says_why(notebook: Notebook) -> None:
    board(notebook).locator(".field input").fill("500")

    expect(board(notebook).locator(".problem")).to_contain_text("240")
    assert notebook.value("board.late") == 15


def test_the_next_day_comes_in_and_can_be_stopped(notebook: Notebook) -> None:
    view = board(notebook)
    before = notebook.value("board.rows[-1]['time']")
    newest = view.locator(".line:not([hidden]) .time").first
    expect(newest).to_have_text(before)

    view.get_by_role("button", name="Fly the next day").click()
    expect(view.locator("progress")).to_be_visible()
    expect(newest).not_to_have_text(before)
    view.get_by_role("button", name="Stop").click()

    expect(view.get_by_role("button", name="Fly the next day")).to_be_visible()
    assert notebook.value("len(board.rows)") == 50_000
    assert before < notebook.value("board.rows[-1]['time']") < "2013-02-26 23:00"


def test_no_flights_are_a_state_like_any_other(notebook: Notebook) -> None:
    notebook.execute("board.rows = []")

    expect(board(notebook).locator(".empty")).to_be_visible()
    expect(board(notebook).locator(".headline")).to_contain_text("None of 0 flights")


def test_every_cell_of_the_notebook_runs(notebook: Notebook) -> None:
    before = notebook.value("board.rows[-1]['time']")

    for name in CELLS[TABLE + 1 :]:
        notebook.run(CELLS.index(name))

    errors = notebook.page.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.error']")
    assert errors.count() == 0
    expect(notebook.output(CELLS.index("mistake"))).to_contain_text("/rows/49999/delay")
    assert notebook.value("board.rows[-1]['time']") > before
