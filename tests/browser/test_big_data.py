"""Arrays and large states: from numpy into a typed array, and fifty megabytes without one large message."""

from playwright.sync_api import expect

from .conftest import Open, in_notebook

SCOPE = '''
import numpy as np
from syncstate import SyncedModel, append

class Scope(SyncedModel):
    signal: np.ndarray = np.zeros(0)
    image: np.ndarray = np.zeros((2, 3), np.uint8)
    columns: dict = {}
    _esm = """
export default {
  render({ model, el, signal }) {
    el.innerHTML = `<output></output><button>double</button>`;
    const [output, button] = el.children;
    window.scope = model;
    model.subscribe("/signal", (points) => {
      output.textContent = `${points.constructor.name} ${points.shape} ${points.slice(-3).join(" ")}`;
    }, { signal });
    button.onclick = () => {
      const points = model.state.signal;
      model.set("/signal", points.map((point) => 2 * point));
      model.apply([{ op: "add", path: "/signal/-", value: new Float64Array([NaN, 0.5]) }]);
    };
  },
};
"""

scope = Scope(signal=np.arange(100_000.0))
scope
'''

LARGE = """
from syncstate import SyncedModel

class Board(SyncedModel):
    n: int = 0
    rows: list = []

board = Board(rows=[{"id": i, "name": f"item {i}", "text": "x" * 1000} for i in range(50_000)])
board
"""


def test_an_array_is_a_typed_array_and_what_is_appended_travels_alone(open_notebook: Open) -> None:
    notebook = open_notebook(SCOPE)
    notebook.run()
    output = notebook.output().locator("output")
    expect(output).to_have_text("Float64Array 100000 99997 99998 99999")
    notebook.wire.clear()

    notebook.execute("scope.signal = append(scope.signal, [0.25, np.inf])[2:]")

    expect(output).to_have_text("Float64Array 100000 99999 0.25 Infinity")
    (frame,) = notebook.wire.down
    assert frame.bytes < 1500


def test_arrays_of_all_kinds_are_what_they_were_anywhere_in_the_state(open_notebook: Open) -> None:
    notebook = open_notebook(SCOPE)
    notebook.run()
    expect(notebook.output().locator("output")).to_contain_text("Float64Array")

    notebook.execute(
        "scope.image = np.arange(24, dtype='uint8').reshape(2, 4, 3)\n"
        "scope.columns = {'id': np.array([1, 2**60]), 'ok': np.array([True, False]),"
        " 'x': np.array([1.5, np.nan], 'float32'), 'name': ['a', 'b']}"
    )

    notebook.page.wait_for_function("() => window.scope.state.columns.id?.length === 2")
    seen = notebook.page.evaluate(
        """() => {
            const { image, columns } = window.scope.state;
            const told = (array) =>
                `${array.constructor.name} ${array.dtype} ${array.shape}: ${array.join(" ")}`;
            return [told(image.subarray(0, 0)).slice(0, 10), `${image.shape}`, image[23],
                    ...["id", "ok", "x"].map((name) => told(columns[name])), columns.name.join(" ")];
        }"""
    )
    assert seen == [
        "Uint8Array",
        "2,4,3",
        23,
        "BigInt64Array int64 2: 1 1152921504606846976",
        "Uint8Array bool 2: 1 0",
        "Float32Array float32 2: 1.5 NaN",
        "a b",
    ]


def test_a_page_sends_arrays_that_are_arrays_of_numpy(open_notebook: Open) -> None:
    notebook = open_notebook(SCOPE)
    notebook.run()
    button = notebook.output().get_by_role("button")
    expect(button).to_be_visible()

    button.click()

    notebook.wait_for_value("len(scope.signal)", 100_002)
    assert notebook.value("scope.signal[[1, 99_999]].tolist()") == [2, 199_998]
    assert notebook.value(
        "[str(scope.signal.dtype), bool(np.isnan(scope.signal[-2])), scope.signal[-1]]"
    ) == [
        "float64",
        True,
        0.5,
    ]


@in_notebook
def test_fifty_megabytes_come_in_small_messages_and_are_live(open_notebook: Open) -> None:
    notebook = open_notebook(LARGE)

    notebook.run()

    rows = notebook.group("Rows")
    expect(rows).to_contain_text("50,000 rows", timeout=60_000)
    frames = [frame for frame in notebook.wire.down if frame.comm == "syncstate.down"]
    assert sum(frame.bytes for frame in frames) > 50_000_000
    assert max(frame.bytes for frame in frames) < 1_500_000
    notebook.wire.clear()
    notebook.execute("board.rows[49_999]['name'] = 'last'; board.rows.pop(0)")
    expect(rows).to_contain_text("49,999 rows")
    assert sum(frame.bytes for frame in notebook.wire.down) < 2000
