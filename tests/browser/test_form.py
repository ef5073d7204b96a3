"""A model without a view as a form: with the keyboard, for screen readers, in the dark, in a narrow cell."""

import re

import pytest
from playwright.sync_api import Locator, expect

from .axe import faults
from .conftest import Open, in_lab, in_notebook
from .notebook import Notebook

STUDY = '''
import datetime, enum, time
from dataclasses import dataclass
from typing import Annotated, Literal, TypedDict
from syncstate import SyncedModel, action, computed, progress, synced

class Kind(enum.Enum):
    FAST = "fast"
    EXACT = "exact"

class Row(TypedDict):
    name: str
    price: float

@dataclass
class Point:
    x: float = 0
    y: float = 0

class Study(SyncedModel):
    """How fast a model learns."""

    title: str = synced("Learning rates", help="Stands above the plot")
    rate: float = synced(0.3, min=0, max=1, step=0.01)
    epochs: int = synced(20, min=1)
    seed: int | None = None
    kind: Kind = Kind.FAST
    optimizer: Literal["sgd", "adam", "rmsprop", "lion"] = "adam"
    is_verbose: bool = True
    start: datetime.date = datetime.date(2026, 1, 31)
    took: datetime.timedelta = datetime.timedelta(minutes=90)
    metrics: list[Literal["loss", "accuracy"]] = ["loss"]
    serial: str = synced("A-1031", read_only=True)
    tags: list[str] = ["a", "b"]
    weights: dict[str, float] = {"first": 0.5}
    rows: list[Row] = [{"name": "tea", "price": 3}]
    origin: Point | None = Point(1, 2)
    value: int | str = 3
    anything: dict = {"colors": {"bar": "red"}}
    a_member_whose_name_is_much_longer_than_what_there_is_room_for: str = ""

    @computed
    def cost(self) -> float:
        """What all of it costs."""
        return 1 / (self.epochs - 20)

    @action
    def fit(self, rounds: Annotated[int, synced(min=1, max=100)] = 10) -> str:
        """Fit the model."""
        for each in progress(range(rounds), "fitting"):
            time.sleep(0.1)
        return f"{rounds} rounds"

    @action
    def fail(self):
        raise ValueError("there is no data")

study = Study()
study
'''

SHELF = """
from typing import Annotated, TypedDict
from syncstate import SyncedModel, synced

class Row(TypedDict):
    id: int
    name: str
    price: Annotated[float, synced(min=0, label="Price (EUR)", help="Without tax")]

class Shelf(SyncedModel):
    rows: list[Row] = []

shelf = Shelf(rows=[{"id": i, "name": f"item {i}", "price": i * 7919 % 1000 / 4} for i in range(100_000)])
shelf
"""

EMPTY = """
from syncstate import SyncedModel, synced

class Nothing(SyncedModel):
    pass

Many = type("Many", (SyncedModel,), {
    "__annotations__": {f"member_{at}": float for at in range(200)},
    **{f"member_{at}": synced(at / 200, min=0, max=1) for at in range(200)},
})
from IPython.display import display
nothing, many = Nothing(), Many()
display(nothing, many)
"""


def shown(open_notebook: Open) -> tuple[Notebook, Locator]:
    notebook = open_notebook(STUDY)
    notebook.run()
    form = notebook.output().locator(".syncstate-form")
    expect(form).to_be_visible()
    return notebook, form


def test_each_member_has_its_control_and_what_is_entered_is_in_python(open_notebook: Open) -> None:
    notebook, form = shown(open_notebook)

    form.get_by_label("Exact").check()
    form.get_by_label("Optimizer").select_option("lion")
    form.get_by_label("Is verbose").uncheck()
    form.get_by_label("Start").fill("2026-02-01")
    form.get_by_label("Took").fill("2h")
    form.get_by_label("accuracy").check()
    form.get_by_label("Seed").fill("7")
    form.get_by_label("Rate, as a number").fill("0.5")
    form.get_by_label("Rate, as a number").blur()

    notebook.wait_for_value(
        "[study.kind.name, study.optimizer, study.is_verbose, str(study.start), str(study.took), "
        "study.metrics, study.seed, study.rate]",
        ["EXACT", "lion", False, "2026-02-01", "2:00:00", ["loss", "accuracy"], 7, 0.5],
    )
    expect(form.get_by_label("Rate", exact=True)).to_have_value("0.5")
    expect(form.get_by_label("Serial")).to_have_text("A-1031")
    expect(form.get_by_label("Cost")).to_have_text("ZeroDivisionError: division by zero")


@in_notebook
def test_lists_and_objects_are_changed(open_notebook: Open) -> None:
    notebook, form = shown(open_notebook)

    form.get_by_role("button", name="Move Tags 2 up").click()
    form.get_by_role("button", name="Add row to Rows").click()
    notebook.page.keyboard.type("milk")
    notebook.page.keyboard.press("Tab")
    form.get_by_label("Name of what is added to Weights").fill("second")
    notebook.page.keyboard.press("Enter")
    form.get_by_label("Name of first").fill("third")
    form.get_by_label("Name of first").press("Tab")
    form.get_by_label("Kind of Value").select_option("Text")
    form.get_by_role("button", name="Clear Origin").click()

    notebook.wait_for_value(
        "[study.tags, study.rows[1:], study.weights, study.value, study.origin]",
        [["b", "a"], [{"name": "milk", "price": 0.0}], {"third": 0.5, "second": 0.0}, "", None],
    )

    form.get_by_role("button", name="Add Origin").click()

    notebook.wait_for_value("(study.origin == Point(0, 0))", True)
    expect(notebook.group("Origin").get_by_label("X", exact=True)).to_have_value("0")


@in_lab
def test_a_hundred_thousand_records_are_rows_and_columns(open_notebook: Open) -> None:
    notebook = open_notebook(SHELF)
    notebook.run()
    form, keyboard = notebook.output().locator(".syncstate-form"), notebook.page.keyboard
    grid, price = form.get_by_role("grid", name="Rows"), form.get_by_role("columnheader", name="Price (EUR)")
    expect(grid).to_have_attribute("aria-rowcount", "100002")
    expect(price).to_have_accessible_description("Without tax")
    assert form.locator(".syncstate-grid-row").count() < 60

    def cell(line: int, column: int) -> Locator:
        return grid.locator(f"[aria-rowindex='{line + 3}'] [aria-colindex='{column + 1}']")

    price.click()
    expect(cell(0, 2)).to_have_text("0")
    second = cell(1, 0).inner_text()
    cell(1, 1).click()
    keyboard.type("seen")
    keyboard.press("Tab")
    notebook.wait_for_value(f"shelf.rows[{second}]['name']", "seen")
    keyboard.type("-1")
    keyboard.press("Enter")
    expect(cell(1, 2)).to_have_attribute("aria-invalid", "true")
    expect(cell(1, 2).get_by_role("alert")).to_contain_text("at least 0 is expected")
    assert faults(form) == []

    cell(0, 0).click()
    keyboard.press("Shift+ArrowDown")
    form.get_by_role("button", name="Remove 2 rows of Rows").focus()
    keyboard.press("Enter")
    form.get_by_role("button", name="Add row to Rows").click()
    keyboard.type("-7")
    keyboard.press("Enter")

    notebook.wait_for_value(
        "shelf.rows[-1]",
        {"id": -7, "name": "", "price": 0.0},
    )
    assert notebook.value("[row['id'] for row in shelf.rows]") == [
        *(each for each in range(1, 100_000) if each != int(second)),
        -7,
    ]


def test_what_is_refused_is_told_at_its_control(open_notebook: Open) -> None:
    notebook, form = shown(open_notebook)
    epochs = form.get_by_label("Epochs")

    epochs.fill("0")
    epochs.press("Enter")

    expect(epochs).to_have_attribute("aria-invalid", "true")
    expect(epochs).to_have_accessible_description(re.compile("at least 1 is expected"))
    expect(epochs).to_have_value("20")
    epochs.fill("21")
    epochs.press("Enter")
    notebook.wait_for_value("study.epochs", 21)
    expect(epochs).not_to_have_attribute("aria-invalid", "true")
    expect(form.get_by_label("Cost")).to_have_text("1")


def test_all_of_it_is_done_with_the_keyboard(open_notebook: Open) -> None:
    notebook, form = shown(open_notebook)
    keyboard = notebook.page.keyboard
    form.get_by_label("Title").focus()

    keyboard.press("Tab")
    keyboard.press("ArrowRight")
    notebook.wait_for_value("study.rate", 0.31)
    keyboard.press("Tab")
    keyboard.press("Tab")
    keyboard.type("1")
    keyboard.press("Tab")  # from epochs to the seed
    keyboard.press("Tab")
    keyboard.press("ArrowDown")
    notebook.wait_for_value("study.kind.name", "EXACT")

    notebook.legend("Tags").get_by_role("button").focus()
    keyboard.press("Enter")
    expect(form.get_by_role("button", name="Add to Tags")).to_be_hidden()
    keyboard.press("Enter")
    form.get_by_role("button", name="Remove Tags 1").focus()
    keyboard.press("Enter")
    notebook.wait_for_value("study.tags", ["b"])
    keyboard.press("Enter")  # the focus is on the next one
    notebook.wait_for_value("study.tags", [])
    expect(form.get_by_role("button", name="Add to Tags")).to_be_focused()


@in_lab
def test_an_action_tells_how_far_it_is_how_it_ended_and_is_taken_back(open_notebook: Open) -> None:
    _, form = shown(open_notebook)
    fit = form.get_by_role("form", name="Fit")

    fit.get_by_role("button", name="Fit", exact=True).click()
    expect(fit.get_by_role("progressbar")).to_be_visible()
    expect(fit).to_contain_text("fitting")
    expect(fit.locator("output").last).to_have_text("10 rounds")
    expect(fit.get_by_role("progressbar")).to_be_hidden()

    fit.get_by_label("Rounds, as a number").fill("100")
    fit.get_by_role("button", name="Fit", exact=True).click()
    fit.get_by_role("button", name="Cancel Fit").click()
    expect(fit).to_contain_text("Cancelled")

    form.get_by_role("button", name="Fail").click()
    expect(form.get_by_role("form", name="Fail").get_by_role("alert")).to_have_text("there is no data")


@in_lab
@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_nothing_keeps_people_from_using_it(open_notebook: Open, theme: str) -> None:
    notebook, form = shown(open_notebook)
    notebook.use_theme(theme)
    epochs = form.get_by_label("Epochs")
    epochs.fill("0")
    epochs.press("Enter")
    expect(epochs).to_have_attribute("aria-invalid", "true")

    assert faults(form) == []


@in_notebook
def test_nothing_sticks_out_of_a_narrow_cell(open_notebook: Open) -> None:
    _, form = shown(open_notebook)

    form.evaluate("(form) => { form.parentElement.style.width = '300px'; }")

    wide = form.evaluate(
        """(form) => {
            const right = (element) => element.getBoundingClientRect().right;
            return [...form.querySelectorAll('input, select, textarea, button, output, label, p')]
                .filter((element) => element.checkVisibility() && !element.matches('.syncstate-said'))
                .filter((element) => right(element) > right(form) + 1)
                .map((element) => element.outerHTML);
        }"""
    )
    assert wide == []
    label, title = form.get_by_text("Title", exact=True), form.get_by_label("Title")
    assert label.bounding_box()["y"] + label.bounding_box()["height"] <= title.bounding_box()["y"]


@in_notebook
def test_no_members_and_two_hundred(open_notebook: Open) -> None:
    notebook = open_notebook(EMPTY)
    notebook.run()

    forms = notebook.output().locator(".syncstate-form")
    expect(forms.first).to_have_text("Nothing has no members to show")
    expect(forms.last.locator(".syncstate-field")).to_have_count(200)
    notebook.execute("many.member_199 = 0.25")
    expect(forms.last.get_by_label("Member 199", exact=True)).to_have_value("0.25")


@in_notebook
def test_one_that_is_not_live_cannot_be_used_and_says_why(open_notebook: Open) -> None:
    notebook, form = shown(open_notebook)

    notebook.execute("study.sync.close()")

    expect(form.get_by_label("Title")).to_be_disabled()
    expect(form.get_by_role("button", name="Fit", exact=True)).to_be_disabled()
    expect(form.get_by_role("button", name="Add to Tags")).to_be_disabled()
    expect(notebook.status()).to_have_attribute("data-status", "closed")
    expect(notebook.status()).not_to_be_empty()
    assert form.get_by_label("Title").get_attribute("title")
