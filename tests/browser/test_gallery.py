"""The gallery: a dashboard that is Python alone, and the same model drawn by a view of its own."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from .conftest import in_lab
from .notebook import Notebook, cells_of

CELLS = cells_of("gallery")
DASHBOARD, VIEW, LINK = (CELLS.index(name) for name in ("show", "view", "link"))

pytestmark = in_lab


@pytest.fixture
def notebook(open_example: Callable[[str], Notebook], host: str) -> Notebook:
    return open_example("gallery")


def test_a_filter_acts_on_every_figure(notebook: Notebook) -> None:
    dashboard = notebook.output(DASHBOARD)
    expect(dashboard.get_by_text("336,776")).to_be_visible()

    dashboard.get_by_label("EWR").uncheck()

    notebook.wait_for_value("board.airports", ["JFK", "LGA"])
    flights = notebook.value("board.total['flights']")
    assert 0 < flights < 336_776
    expect(dashboard.get_by_text(f"{flights:,}").first).to_be_visible()
    expect(dashboard.locator("canvas")).to_have_count(2)

    dashboard.get_by_role("button", name="Reset").click()
    expect(dashboard.get_by_text("336,776")).to_be_visible()


def test_a_month_that_is_pressed_is_chosen_in_the_dashboard_too(notebook: Notebook) -> None:
    notebook.run(VIEW)
    notebook.run(LINK)

    notebook.output(VIEW).get_by_role("button", name="Feb").click()

    notebook.wait_for_value("(board.first, board.last)", (2, 2))
    expect(notebook.output(DASHBOARD).get_by_text("24,951").first).to_be_visible()
