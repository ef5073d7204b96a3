"""What Python changes is seen in the page, and costs what it weighs."""

from playwright.sync_api import expect

from .boards import BOARD
from .conftest import Open, in_notebook

MANY = """
board.rows = [{"name": f"row {at}", "price": at} for at in range(10_000)]
"""

SLOW = '''
from syncstate import SyncedModel

class Slow(SyncedModel):
    n: int = 0
    _esm = """
export default {
  render({ model, el }) {
    const output = el.appendChild(document.createElement("output"));
    window.drawn = [];
    model.subscribe("/n", (n) => {
      for (const end = performance.now() + 200; performance.now() < end; );
      output.textContent = n;
      window.drawn.push(n);
    });
  },
};
"""

slow = Slow()
slow
'''

LOOP = """
import time
for slow.n in range(1, 801): time.sleep(0.005)
"""


def test_a_scalar_that_python_sets_is_seen(open_notebook: Open) -> None:
    notebook = open_notebook(BOARD)
    notebook.run()
    expect(notebook.output().get_by_label("Title", exact=True)).to_have_value("Sales")

    notebook.execute("board.title = 'Costs'")

    expect(notebook.output().get_by_label("Title", exact=True)).to_have_value("Costs")


def test_a_change_deep_in_a_dict_is_seen(open_notebook: Open) -> None:
    notebook = open_notebook(BOARD)
    notebook.run()
    notebook.output().get_by_text("colors").click()
    expect(notebook.output().get_by_label("bar")).to_have_value("red")

    notebook.execute("board.options['colors']['bar'] = 'blue'; board.options['colors']['line'] = 'green'")

    expect(notebook.output().get_by_label("bar")).to_have_value("blue")
    expect(notebook.output().get_by_label("line")).to_have_value("green")


def test_a_list_that_grows_and_shrinks_in_python_does_so_in_the_page(open_notebook: Open) -> None:
    notebook = open_notebook(BOARD)
    notebook.run()
    rows = notebook.group("Rows")
    expect(rows).to_contain_text("2 rows")

    notebook.execute("board.rows.insert(0, {'name': 'milk', 'price': 1}); board.rows[2]['price'] = 6")

    expect(rows).to_contain_text("3 rows")
    for at, cells in enumerate([["milk", "1"], ["tea", "3"], ["cake", "6"]]):
        expect(notebook.row("Rows", at).get_by_role("gridcell")).to_have_text(cells)

    notebook.execute("del board.rows[:2]")

    expect(rows).to_contain_text("1 row")
    expect(notebook.row("Rows", 0).get_by_role("gridcell")).to_have_text(["cake", "6"])


def test_one_cell_of_ten_thousand_rows_is_one_small_message(open_notebook: Open) -> None:
    notebook = open_notebook(BOARD)
    notebook.run()
    notebook.execute(MANY)
    expect(notebook.group("Rows")).to_contain_text("10,000 rows")
    notebook.wire.clear()

    notebook.execute("board.rows[7]['price'] = -1")

    expect(notebook.cell("Rows", 7, 1)).to_have_text("-1")
    assert len(notebook.wire.down) == 1
    assert notebook.wire.down[0].bytes < 1000
    assert [type_ for frame in notebook.wire.up for type_ in frame.types] in ([], ["ack"])


@in_notebook
def test_a_view_that_is_slow_to_draw_shows_the_newest_state_and_no_backlog(open_notebook: Open) -> None:
    notebook = open_notebook(SLOW, LOOP)
    notebook.run(0)
    shown = notebook.output(0).locator("output")
    expect(shown).to_have_text("0")
    notebook.wire.clear()

    notebook.start(1)
    notebook.wait_for_end()

    last = notebook.value("slow.n")
    expect(shown).to_have_text(str(last), timeout=2_000)
    drawn = notebook.page.evaluate("window.drawn")
    assert drawn[-1] == last
    frames = [frame for frame in notebook.wire.down if frame.comm == "syncstate.down"]
    assert 5 <= len(drawn) <= len(frames) <= 120  # it would be 240 if the page gave no answer


@in_notebook
def test_a_loop_of_changes_is_a_few_messages_and_ends_with_the_last(open_notebook: Open) -> None:
    notebook = open_notebook(BOARD)
    notebook.run()
    expect(notebook.output().get_by_label("Title", exact=True)).to_be_visible()
    notebook.wire.clear()

    notebook.execute("for turn in range(5000): board.title = str(turn)")

    expect(notebook.output().get_by_label("Title", exact=True)).to_have_value("4999")
    assert len(notebook.wire.down) < 100
