"""Layouts in Python: what elements say of their models, what is refused, and how little travels."""

import copy
import datetime
import gc
import json
import weakref
from collections.abc import Callable
from typing import Annotated, Any, Literal

import pytest
import traitlets

from syncstate import (
    CallError,
    NotSyncable,
    NotValid,
    NotWritable,
    PointerError,
    SessionClosed,
    SyncedModel,
    TargetNotFound,
    action,
    computed,
    synced,
    ui,
)
from syncstate.display import MIME_TYPE


class Axis(SyncedModel):
    low: float = synced(0, min=0, max=9)
    unit: str = synced("mm", read_only=True)


class Board(SyncedModel):
    title: str = synced("Sales", label="The title", help="What stands above")
    threshold: float = synced(0.5, min=0, max=1, step=0.1)
    count: int = 3
    is_on: bool = False
    unit: Literal["EUR", "USD"] = "EUR"
    tags: list[Literal["new", "old"]] = []  # noqa: RUF012 # it is copied for each instance
    day: datetime.date = datetime.date(2026, 1, 2)
    rows: list[dict] = [{"x": 1, "y": 2}]  # noqa: RUF012
    png: bytes = b""
    done: float = synced(0.25, read_only=True)
    shares: dict[str, Annotated[float, synced(min=0, max=1)]] = {"gold": 0.5}  # noqa: RUF012
    axis: Axis

    @computed
    def total(self) -> float:
        return self.count * 1234.5

    @action
    def add(self, by: int = 1) -> None:
        self.count += by

    def reset(self) -> None: ...


@pytest.fixture
def board() -> Board:
    return Board()


def test_a_control_says_what_the_model_says(board: Board) -> None:
    slider = ui.slider(board, "/threshold")
    text = ui.text(board, "/title")

    assert slider.model == board.sync.key
    assert slider.pointer == "/threshold"
    assert [slider.schema[word] for word in ("minimum", "maximum", "step")] == [0, 1, 0.1]
    assert (text.label, text.help) == ("The title", "What stands above")
    assert ui.select(board, "/unit").schema["enum"] == ["EUR", "USD"]
    assert ui.multiselect(board, "/tags").schema["items"]["enum"] == ["new", "old"]
    assert ui.slider(board, "/shares/gold").schema["maximum"] == 1
    assert ui.slider(board, "/axis/low").schema["maximum"] == 9
    assert ui.date(board, "/day").schema["format"] == "date"


def test_what_is_said_to_a_control_goes_before_what_the_model_says(board: Board) -> None:
    slider = ui.slider(board, "/threshold", min=0.2, max=0.4, step=0.01, label="Level", help="Of all")
    chosen = ui.select(board, "/title", options={"Tea": "tea", "Milk": "milk"})

    assert [slider.schema[word] for word in ("minimum", "maximum", "step")] == [0.2, 0.4, 0.01]
    assert (slider.label, slider.help) == ("Level", "Of all")
    assert chosen.schema["oneOf"] == [{"const": "tea", "title": "Tea"}, {"const": "milk", "title": "Milk"}]


MISUSES: list[tuple[Callable[[Board], object], type[Exception], str]] = [
    (lambda b: ui.slider(b, "/nope"), TargetNotFound, "Cannot make a slider of '/nope': "),
    (lambda b: ui.slider(b, "threshold"), PointerError, "Cannot parse pointer 'threshold': "),
    (lambda b: ui.slider(b, "/done"), NotWritable, "Cannot write '/done': 'done' of Board is read-only"),
    (lambda b: ui.number(b, "/total"), NotWritable, "Cannot write '/total': "),
    (lambda b: ui.text(b, "/axis/unit"), NotWritable, "'unit' of Axis is read-only"),
    (lambda b: ui.slider(b, "/title"), TypeError, "a number is expected there, not a str"),
    (lambda b: ui.slider(b, "/count"), ValueError, "nobody says from where to where it goes"),
    (lambda b: ui.checkbox(b, "/count"), TypeError, "a boolean is expected there, not a int"),
    (lambda b: ui.number(b, "/is_on"), TypeError, "a number is expected there, not a bool"),
    (lambda b: ui.date(b, "/title"), TypeError, "a date is expected there"),
    (lambda b: ui.multiselect(b, "/unit"), TypeError, "a list is expected there"),
    (lambda b: ui.select(b, "/title"), ValueError, "nobody says what may be chosen; give options="),
    (lambda b: ui.radio(b, "/title", options="ab"), TypeError, "its options are a list, or a dict"),
    (lambda b: ui.button(b, "nope"), TargetNotFound, "Board has no such action; it has 'add'"),
    (lambda b: ui.button(b, "reset"), TargetNotFound, "put @action on the method"),
    (lambda b: ui.button(b, "add", "x"), CallError, "'x' cannot be 'by': an integer is expected"),
    (lambda b: ui.output(b, "/total", format="{:q}"), ValueError, "Cannot format by '{:q}'"),
    (lambda b: ui.output(b, "/total", format="{} of {}"), ValueError, "it must have one field"),
    (lambda b: ui.table(b, "/title"), TypeError, "rows are expected"),
    (lambda b: ui.table(b, "/rows", columns=["z"]), TargetNotFound, "no column 'z'; it has 'x', 'y'"),
    (lambda b: ui.line(b, "/rows", y="z"), TargetNotFound, "there is no column 'z'"),
    (lambda b: ui.chart(b, "/rows", kind="pie"), ValueError, "'line', 'bar', 'scatter' and 'histogram'"),
    (lambda b: ui.progress(b, "/title"), TypeError, "a number from 0 to 1 is expected"),
    (lambda b: ui.image(b, "/count"), TypeError, "bytes or a URL are expected"),
    (lambda b: ui.markdown(b), TypeError, "say where the text is"),
    (lambda b: ui.markdown(3), TypeError, "a text is expected"),
    (lambda b: ui.row("Tea"), TypeError, "Cannot put a str into a row as child 1: it is no element"),
    (lambda b: ui.card(b), TypeError, "ui.view(…) or ui.form(…) shows a model"),
    (lambda b: ui.column([]), TypeError, "put a * before a list of elements"),
    (lambda b: ui.row(widths=[1]), ValueError, "give at most one a child"),
    (lambda b: ui.grid(columns=0), ValueError, "Cannot make a grid of 0 columns"),
    (lambda b: ui.tabs([]), TypeError, "give a dict"),
    (lambda b: ui.tabs({"A": ui.markdown("")}, active="B"), traitlets.TraitError, "there is 'A'"),
    (lambda b: ui.view({}), TypeError, "Cannot make a view of a dict: a SyncedModel is expected"),
    (lambda b: ui.form(Board), TypeError, "the class Board: a SyncedModel is expected; make an instance"),
    (lambda b: ui.view(ui.row()), TypeError, "put the element itself there"),
    (lambda b: ui.row().children.append("x"), NotValid, "at '/children/0': an Element is expected"),
    (lambda b: ui.row().children.append({"kind": "row"}), TypeError, "Cannot make an element of no kind"),
]  # fmt: skip


@pytest.mark.parametrize(("misuse", "error", "sentence"), MISUSES)
def test_a_misuse_is_one_sentence_at_its_line(
    board: Board, misuse: Callable[[Board], object], error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error) as raised:
        misuse(board)

    assert sentence in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_closed_model_is_shown_nowhere(board: Board) -> None:
    board.sync.close()

    with pytest.raises(SessionClosed, match="Cannot make a slider of a Board: this model was closed"):
        ui.slider(board, "/threshold")


def test_an_element_has_one_place_and_a_copy_is_another_element(board: Board) -> None:
    slider = ui.slider(board, "/threshold")
    row = ui.row(slider)

    with pytest.raises(NotSyncable, match="it has a place already, at '/children/0'"):
        row.children.append(slider)
    row.children.append(copy.copy(slider))

    assert row.children[1].id not in ("", slider.id)
    assert row.children[1].pointer == "/threshold"


def test_what_changes_in_a_layout_is_one_small_patch(board: Board) -> None:
    card = ui.card(ui.slider(board, "/threshold"), title="Old")
    tabs = ui.tabs({"A": ui.line(board, "/rows", x="x", y="y"), "B": ui.table(board, "/rows")})
    page = ui.column(ui.row(card), tabs)
    patches: list[Any] = []
    page.sync.on_patch(lambda patch: patches.append(patch.patch))

    card.title = "New"
    tabs.active = "B"
    page.children.pop(0)

    assert patches == [
        [{"op": "replace", "path": "/children/0/children/0/title", "value": "New"}],
        [{"op": "replace", "path": "/children/1/active", "value": "B"}],
        [{"op": "remove", "path": "/children/0"}],
    ]
    page.children.append(ui.slider(board, "/threshold"))
    assert len(json.dumps(patches[-1])) < 400


def test_pages_write_no_layout_but_which_tab_is_seen(board: Board) -> None:
    tabs = ui.tabs({"A": ui.markdown("a"), "B": ui.output(board, "/total")})

    for element in (tabs, *tabs._elements()):
        writable = set(element.sync.snapshot()) - set(element._document.read_only)
        assert writable == ({"active"} if element is tabs else set())


def test_a_layout_keeps_its_models_and_brings_their_states(board: Board) -> None:
    other = Axis(low=4)
    page = ui.row(ui.slider(board, "/threshold"), ui.slider(other, "/low"), ui.output(board, "/total"))
    known = weakref.ref(other)
    del other
    gc.collect()

    view = page._repr_mimebundle_()[MIME_TYPE]

    assert known() is not None
    assert view["view"] == "ui"
    assert [seed["model"] for seed in view["models"]] == [board.sync.key, known().sync.key]  # type: ignore[union-attr]
    assert view["models"][1]["document"] == {"low": 4.0, "unit": "mm"}


def test_where_nothing_draws_a_layout_is_text(board: Board) -> None:
    page = ui.card(
        ui.markdown("# <b>Tea</b>"),
        ui.output(board, "/total", format="{:,.1f} EUR"),
        ui.slider(board, "/threshold"),
        ui.show_if(board, "/is_on", ui.markdown("not seen")),
        ui.tabs({"Rows": ui.bar(board, "/rows", title="All")}),
        ui.column(ui.progress(board, "/done"), ui.image(board, "/png", alt="A cup"), ui.button(board, "add")),
        title="Sales",
    )

    bundle = page._repr_mimebundle_()

    assert bundle["text/plain"].splitlines() == [
        "Sales",
        "  # <b>Tea</b>",
        "  Total: 3,703.5 EUR",
        "  Threshold: 0.5",
        "  [Rows]",
        "    All: a bar chart of 1 row",
        "  Done: 25%",
        "  [A cup]",
        "  (Add)",
    ]
    assert "&lt;b&gt;Tea" in bundle["text/html"]


def test_a_view_of_a_model_is_its_own_or_a_form(board: Board) -> None:
    class Dial(SyncedModel):
        _esm = "export default { render() {} }"
        level: int = 0

    assert ui.view(Dial()).kind == "view"
    assert ui.view(board).kind == "form"
    assert ui.form(board).schema["properties"]["threshold"]["maximum"] == 1
