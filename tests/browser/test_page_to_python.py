"""What a page edits is in Python, validated; what is refused is said, and taken back."""

from playwright.sync_api import expect

from .boards import BOARD, DIALS
from .conftest import Open, in_notebook


def test_a_valid_edit_is_in_python_and_its_observers_are_told(open_notebook: Open) -> None:
    notebook = open_notebook(BOARD)
    notebook.run()
    notebook.execute("seen = []; board.observe(lambda change: seen.append(change.new), 'title')")

    title = notebook.output().get_by_label("Title", exact=True)
    title.fill("Costs")
    title.press("Enter")

    notebook.wait_for_value("seen", ["Costs"])
    assert notebook.value("board.title") == "Costs"


WAITING = "print(board.sync.wait('/title', lambda title: title == 'Costs').result())"


def test_a_cell_that_waits_goes_on_with_what_is_entered(open_notebook: Open) -> None:
    notebook = open_notebook(BOARD, WAITING)
    notebook.run()
    title = notebook.output().get_by_label("Title", exact=True)
    notebook.start(1)

    title.fill("Sales of tea")
    title.press("Enter")
    expect(notebook.status()).to_be_hidden()
    expect(notebook.output(1)).not_to_contain_text("tea")
    title.fill("Costs")
    title.press("Enter")

    notebook.wait_for_end()
    expect(notebook.output(1)).to_have_text("Costs")


@in_notebook
def test_an_edit_deep_in_the_state_is_in_python(open_notebook: Open) -> None:
    notebook = open_notebook(BOARD)
    notebook.run()
    cell = notebook.cell("Rows", 1, 1)

    cell.dblclick()
    cell.locator("input").fill("7.5")
    cell.locator("input").press("Enter")

    notebook.wait_for_value("board.rows[1]", {"name": "cake", "price": 7.5})


def test_a_refused_edit_is_told_with_python_s_words_and_taken_back(open_notebook: Open) -> None:
    notebook = open_notebook(BOARD)
    notebook.run()

    threshold = notebook.output().get_by_label("Threshold, as a number")
    threshold.fill("7")
    threshold.press("Enter")

    alert = notebook.output().get_by_role("alert").filter(has_text="at most 1 is expected")
    expect(alert).to_be_visible()
    expect(threshold).to_have_value("0.5")
    assert notebook.value("board.threshold") == 0.5

    threshold.fill("0.7")
    threshold.press("Enter")

    notebook.wait_for_value("board.threshold", 0.7)
    expect(alert).to_have_count(0)


@in_notebook
def test_escape_gives_up_an_edit(open_notebook: Open) -> None:
    notebook = open_notebook(BOARD)
    notebook.run()
    title = notebook.output().get_by_label("Title", exact=True)

    title.fill("Costs")
    title.press("Escape")
    title.blur()

    expect(title).to_have_value("Sales")
    assert notebook.value("board.title") == "Sales"


def test_a_read_only_member_has_no_control_and_refuses_a_view_s_code(open_notebook: Open) -> None:
    notebook = open_notebook(BOARD, DIALS)
    notebook.run(0)
    notebook.run(1)

    expect(notebook.output(0).get_by_label("Status")).to_have_text("idle")
    assert notebook.output(0).get_by_label("Status").evaluate("(element) => element.localName") == "output"

    notebook.output(1).get_by_role("button", name="stamp").click()

    expect(notebook.output(1).get_by_role("alert").filter(has_text="read-only")).to_be_visible()
    assert notebook.value("dials.serial") == "A1"


def test_what_is_being_typed_is_not_overwritten(open_notebook: Open) -> None:
    notebook = open_notebook(BOARD)
    notebook.run()
    title = notebook.output().get_by_label("Title", exact=True)

    title.press("End")
    title.press_sequentially(" and co")
    notebook.execute("board.title = 'Python'; board.threshold = 0.9")

    expect(notebook.output().get_by_label("Threshold", exact=True)).to_have_value("0.9")
    expect(title).to_have_value("Sales and co")

    title.press("Escape")

    expect(title).to_have_value("Python")


def test_a_text_that_is_selected_stays_so_when_python_changes_it(open_notebook: Open) -> None:
    notebook = open_notebook(BOARD)
    notebook.run()
    title = notebook.output().get_by_label("Title", exact=True)
    title.select_text()

    notebook.execute("board.title = 'From Python'")
    expect(title).to_have_value("From Python")
    notebook.page.keyboard.insert_text("Mine")

    expect(title).to_have_value("Mine")


def test_a_slider_that_is_being_dragged_is_not_moved_by_python(open_notebook: Open) -> None:
    notebook = open_notebook(DIALS)
    notebook.run()
    slider = notebook.output().get_by_role("slider")
    box = slider.bounding_box()
    assert box is not None
    mouse, middle = notebook.page.mouse, box["y"] + box["height"] / 2

    mouse.move(box["x"] + box["width"] * 0.2, middle)
    mouse.down()
    mouse.move(box["x"] + box["width"] * 0.4, middle, steps=4)
    held = float(slider.input_value())
    notebook.execute("dials.name = 'second'; dials.level = 1")
    expect(notebook.output().get_by_role("textbox")).to_have_value("second")
    assert float(slider.input_value()) == held
    mouse.move(box["x"] + box["width"] * 0.3, middle, steps=2)
    mouse.up()

    notebook.wait_for_value("dials.level", float(slider.input_value()))
    assert float(slider.input_value()) < held


@in_notebook
def test_a_bound_control_goes_back_to_what_the_kernel_has(open_notebook: Open) -> None:
    notebook = open_notebook(DIALS)
    notebook.run()
    slider = notebook.output().get_by_role("slider")

    slider.fill("90")

    expect(notebook.output().get_by_role("alert").filter(has_text="at most 50 is expected")).to_be_visible()
    expect(slider).to_have_value("20")
    assert notebook.value("dials.level") == 20
