"""Models in a model: shown as part of it, and by themselves in other cells."""

from playwright.sync_api import expect

from .conftest import Open

BOARD = """
from dataclasses import dataclass
from syncstate import SyncedModel, synced

@dataclass
class Point:
    x: float
    y: float = 0

class Axis(SyncedModel):
    label: str = ""
    low: float = synced(0, min=0)

class Board(SyncedModel):
    axis: Axis
    origin: Point = Point(1, 2)

board = Board(axis=Axis(label="price"))
board
"""


def test_a_nested_model_is_edited_in_both_of_its_views(open_notebook: Open) -> None:
    notebook = open_notebook(BOARD, "board.axis")
    notebook.run(0)
    notebook.run(1)
    above, own = (notebook.output(cell).get_by_label("Label", exact=True) for cell in (0, 1))
    expect(above).to_have_value("price")
    expect(own).to_have_value("price")

    above.fill("from above")
    above.press("Enter")
    expect(own).to_have_value("from above")
    notebook.wait_for_value("board.axis.label", "from above")

    own.fill("from itself")
    own.press("Enter")
    expect(above).to_have_value("from itself")
    notebook.wait_for_value("board.axis.label", "from itself")

    notebook.execute("board.axis.label = 'from Python'")
    expect(above).to_have_value("from Python")
    expect(own).to_have_value("from Python")


def test_what_a_nested_class_refuses_is_told_where_it_was_entered(open_notebook: Open) -> None:
    notebook = open_notebook(BOARD)
    notebook.run()
    low = notebook.output().get_by_label("Low", exact=True)

    low.fill("-1")
    low.press("Enter")

    alert = notebook.output().get_by_role("alert").filter(has_text="at least 0 is expected")
    expect(alert).to_be_visible()
    expect(low).to_have_value("0")


def test_a_field_of_a_dataclass_is_edited_like_any_other(open_notebook: Open) -> None:
    notebook = open_notebook(BOARD)
    notebook.run()

    x = notebook.output().get_by_label("X", exact=True)
    x.fill("7.5")
    x.press("Enter")

    notebook.wait_for_value("(board.origin.x, board.origin == Point(7.5, 2))", (7.5, True))
