"""Arrays: what comes in, what stays the same, and what travels of them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from traitlets import TraitError, validate

from syncstate import NotSyncable, NotValid, NotWritable, SyncedModel, append, batch, errors, synced
from syncstate.arrays import DTYPES, Misfit, are_same, frozen, splice, splices
from syncstate.buffers import attach, detach
from syncstate.compaction import compact
from syncstate.diff import diff, invert_changes
from syncstate.document import same
from syncstate.errors import MessageError
from syncstate.patch import Step, apply, invert
from tests.support import Kernel, running


class Scope(SyncedModel):
    """A model with arrays in all places where one may be."""

    signal: np.ndarray = np.zeros(0)
    image: NDArray[np.uint8] = np.zeros((2, 3), np.uint8)
    columns: dict = {}  # noqa: RUF012
    rows: list = []  # noqa: RUF012
    free: object = None


@pytest.fixture
def scope() -> Scope:
    return Scope(signal=np.arange(5.0))


def told(scope: Scope) -> list[Any]:
    patches: list[Any] = []
    scope.sync.on_patch(lambda patch: patches.extend(patch.patch))
    return patches


# -- what comes in


def test_what_is_assigned_is_a_copy_that_nobody_changes(scope):
    given_ = np.arange(3.0)

    scope.signal = given_
    given_[:] = 9

    assert scope.signal.tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="read-only"):
        scope.signal[0] = 1
    with pytest.raises(ValueError, match="WRITEABLE"):
        scope.signal.flags.writeable = True


def test_an_array_is_an_array_of_numpy_anywhere_in_a_document(scope):
    scope.columns = {"x": np.arange(3), "name": ["a", "b", "c"]}
    scope.rows = [{"wave": np.ones(2, "float32")}]
    scope.free = np.eye(2)

    for array in (scope.columns["x"], scope.rows[0]["wave"], scope.free):
        assert type(array) is np.ndarray
        assert not array.flags.writeable
    assert scope.columns["x"].sum() == 3


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (
            np.array(["a"]),
            r"an array of str32 does not travel; convert it, with \.tolist\(\) or \.astype\(\)",
        ),
        (np.array([1j]), r"an array of complex128 does not travel"),
        (np.array([object()]), r"an array of object does not travel"),
        (np.array(["2026-01-01"], "datetime64[D]"), r"an array of datetime64\[D\] does not travel"),
        (np.zeros(1, "float16"), r"an array of float16 does not travel"),
        (np.zeros(1, [("a", "i4")]), r"an array of void32 does not travel"),
        (np.array(3.0), r"an array without a dimension is a number; take it out with \.item\(\)"),
        (np.ma.masked_array([1.0], [True]), r"a masked array has no packed form; fill it"),
    ],
    ids=lambda value: "" if isinstance(value, str) else f"{type(value).__name__} {value.dtype} {value.ndim}",
)
def test_an_array_that_cannot_travel_is_refused_and_nothing_has_changed(scope, value, why):
    scope.rows = [{"deep": [1]}]
    patches = told(scope)

    with pytest.raises(NotSyncable, match=rf"^Cannot sync '/free': {why}"):
        scope.free = value
    with pytest.raises(NotSyncable, match=rf"^Cannot sync '/rows/0/deep/1': {why}"):
        scope.rows[0]["deep"].append(value)

    assert (scope.free, scope.rows, patches) == (None, [{"deep": [1]}], [])


def test_a_member_that_is_an_array_takes_nothing_else(scope):
    with pytest.raises(NotValid, match=r"^Cannot put a list at '/signal': a numpy array is expected"):
        scope.signal = [1.0]
    with pytest.raises(
        NotValid,
        match=r"^Cannot put an array of .* at '/image': its numbers are float64, not uint8; convert them",
    ):
        scope.image = np.zeros((2, 3))
    scope.image = np.ones((1, 3), "uint8")

    assert scope.image.tolist() == [[1, 1, 1]]


def test_an_annotation_of_what_cannot_travel_is_refused_by_the_class():
    with pytest.raises(
        TypeError, match=r"^Cannot sync 'wave' of Wrong: an array of complex128 does not travel"
    ):

        class Wrong(SyncedModel):
            wave: NDArray[np.complex128]


def test_views_matrices_and_foreign_byte_orders_come_in_as_plain_arrays(scope):
    scope.signal = np.arange(6.0)
    scope.free = scope.signal[::2]
    assert scope.free.tolist() == [0, 2, 4]

    scope.free = np.arange(3, dtype=">i4")
    assert (scope.free.dtype, scope.free.tolist()) == (np.dtype("int32"), [0, 1, 2])

    scope.free = scope.signal.view(np.recarray)
    assert type(scope.free) is np.ndarray


def test_observers_hear_of_another_array_and_of_no_comparison(scope):
    seen: list[Any] = []
    scope.observe(seen.append, "signal")

    scope.signal = scope.signal
    scope.signal = np.zeros(1)  # one element: `==` of these would be a boolean

    assert [change.new.tolist() for change in seen] == [[0.0]]


def test_a_model_with_arrays_is_shown_without_a_million_numbers(scope):
    scope.image = np.zeros((480, 640), "uint8")
    scope.signal = np.arange(1e6)

    assert repr(scope).startswith("Scope(signal=[1,000,000 float64], image=[480 x 640 uint8], ")
    bundle = scope._repr_mimebundle_()
    assert len(json.dumps(bundle)) < 2000


# -- what is appended, and what travels of it


def test_what_is_appended_travels_alone(scope):
    patches = told(scope)

    scope.signal = append(scope.signal, [7, 8])
    scope.signal = np.append(scope.signal, 9.0)  # numpy's own way costs a look at all, and travels alike

    assert [(patch["op"], patch["path"], patch["value"].tolist()) for patch in patches] == [
        ("add", "/signal/-", [7, 8]),
        ("add", "/signal/-", [9]),
    ]
    assert scope.signal.tolist() == [0, 1, 2, 3, 4, 7, 8, 9]


def test_what_is_remembered_of_a_change_does_not_hold_the_array_it_came_from(scope):
    scope.signal = np.arange(1000.0)
    patches = told(scope)

    scope.signal = np.append(scope.signal, [1.0, 2.0])

    value = patches[0]["value"]
    while isinstance(value.base, np.ndarray):
        value = value.base
    assert value.base.items.nbytes == 16


def test_a_window_that_slides_travels_as_what_is_new_and_how_many_go(scope):
    scope.signal = np.arange(1000.0)
    patches = told(scope)

    for count in range(5000):  # the block is full now and then, and a larger one goes on
        scope.signal = append(scope.signal, [count, count])[-1000:]

    assert {(patch["op"], patch["path"]) for patch in patches} == {
        ("remove", "/signal/0:2"),
        ("add", "/signal/-"),
    }
    assert scope.signal[-1] == 4999


def test_what_is_changed_in_the_middle_travels_alone(scope):
    patches = told(scope)
    changed = scope.signal.copy()
    changed[2] = np.nan

    scope.signal = changed
    scope.signal = changed.copy()  # nothing: a NaN is the same as itself here

    assert [patch["path"] for patch in patches] == ["/signal/2:3"]


def test_rows_are_appended_along_the_first_axis(scope):
    patches = told(scope)

    scope.image = append(scope.image, np.ones((1, 3), "uint8"))
    scope.image = append(scope.image, [7, 8, 9])

    assert scope.image.shape == (4, 3)
    assert [patch["path"] for patch in patches] == ["/image/-", "/image/-"]


def test_appending_in_a_batch_is_one_commit_whose_operations_lead_there(scope):
    authority = scope._document.watch()
    authority.commit()
    before, since = scope.sync.snapshot(), authority.version

    with batch():
        for count in range(100):
            scope.signal = append(scope.signal, float(count))

    assert same(replayed(authority, before, since), scope.sync.snapshot())


def replayed(authority: Any, document: Any, since: int) -> Any:
    authority.commit()
    for message in authority.patches(since):
        document = apply(document, message["operations"])
    return document


def test_a_loop_that_appends_and_cuts_is_two_operations(scope):
    authority = scope._document.watch()
    authority.commit()
    before, since = scope.sync.snapshot(), authority.version

    for count in range(1000):
        scope.signal = append(scope.signal, float(count))[-100:]

    authority.commit()
    (message,) = authority.patches(since)
    assert len(message["operations"]) <= 10  # a larger block is another one
    assert same(replayed(authority, before, since), scope.sync.snapshot())


def test_two_streams_and_what_else_is_done_stay_in_order(scope):
    authority = scope._document.watch()
    authority.commit()
    scope.columns = {"x": np.zeros(3), "-": 1, "0:1": 2}
    authority.commit()
    before, since = scope.sync.snapshot(), authority.version

    for count in range(300):
        scope.signal = append(scope.signal, float(count))[-50:]
        if count % 3 == 0:
            scope.columns["x"] = append(scope.columns["x"], float(count))
        if count % 7 == 0:
            scope.signal = np.arange(4.0) + count
        if count % 11 == 0:
            del scope.columns["0:1"]
            scope.columns["0:1"] = np.ones(2)

    assert same(replayed(authority, before, since), scope.sync.snapshot())


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (["a"], "Cannot append str32 to 5 float64"),
        ([1j], "Cannot append complex128 to 5 float64"),
        ([[1.0, 2.0]], "Cannot append 1 x 2 float64 to 5 float64: it holds float64, not float64 of shape"),
    ],
)
def test_what_does_not_fit_is_not_appended(scope, values, why):
    with pytest.raises(ValueError, match=f"^{why}"):
        append(scope.signal, values)


def test_only_an_array_is_appended_to():
    with pytest.raises(TypeError, match=r"^Cannot append to a list: it is no array of numpy$"):
        append([1.0], 2.0)  # type: ignore[arg-type]


def test_integers_are_not_silently_cut_when_appended():
    with pytest.raises(ValueError, match="Cannot append float64 to 2 int64"):
        append(np.arange(2), [0.5])
    with pytest.raises(ValueError, match="Cannot append float64 to 2 int64"):
        append(np.arange(2), np.nan)
    assert append(np.arange(2), [3.0]).tolist() == [0, 1, 3]


def test_two_who_append_to_one_array_get_two_arrays():
    array = frozen(np.arange(3.0))
    first = append(array, 1.0)  # a block with room
    arrays = [append(first, float(count)) for count in range(3)]

    assert [found.tolist()[-1] for found in arrays] == [0, 1, 2]
    assert first.tolist() == [0, 1, 2, 1]
    assert all(apply_splices(arrays[0], other).tolist() == other.tolist() for other in arrays)


def test_threads_that_append_to_one_array_never_write_over_each_other():
    start = append(frozen(np.zeros(2)), 1.0)
    results: list[Any] = []

    def grow(mark: float) -> None:
        array = start
        for _ in range(500):
            array = append(array, mark)
        results.append((mark, array))

    with running(*(lambda mark=mark: grow(float(mark)) for mark in range(4))):
        pass

    for mark, array in results:
        assert array.tolist() == [0, 0, 1, *[mark] * 500]


def apply_splices(old: Any, new: Any) -> Any:
    found = splices(old, new)
    if found is None:
        return new
    for start, stop, values in found:
        old = splice(old, start, stop, values)
    return old


dtypes = st.sampled_from([*DTYPES])


@st.composite
def programs(draw: Any) -> list[Any]:
    """Arrays, each made of one before it: appended to, cut, changed, or copied."""
    inner = draw(st.sampled_from([(), (2,), (0,)]))
    dtype = draw(dtypes)
    numbers = st.integers(0, 1)

    def block(count: int) -> Any:
        return np.array([draw(numbers) for _ in range(count)], dtype).reshape(
            count, *[1] * len(inner)
        ) * np.ones((count, *inner), dtype)

    arrays = [frozen(block(draw(st.integers(0, 5))))]
    for _ in range(draw(st.integers(1, 8))):
        array = arrays[draw(st.integers(0, len(arrays) - 1))]
        start = draw(st.integers(0, len(array)))
        stop = draw(st.integers(start, len(array)))
        match draw(st.sampled_from(["append", "cut", "splice", "copy"])):
            case "append":
                made = splice(array, len(array), len(array), block(draw(st.integers(0, 3))).astype(dtype))
            case "cut":
                made = array[start:stop]
            case "splice":
                made = splice(array, start, stop, block(draw(st.integers(0, 3))).astype(dtype))
            case _:
                made = frozen(array.copy())
        arrays.append(made)
    return arrays


@given(programs())
def test_splices_lead_from_any_array_to_any_other_and_no_array_ever_changes(arrays):
    values = [array.tolist() for array in arrays]

    for old in arrays:
        for new in arrays:
            assert are_same(apply_splices(old, new), frozen(new))

    assert [array.tolist() for array in arrays] == values


@given(programs())
def test_a_diff_of_arrays_replays_and_can_be_taken_back(arrays):
    for old, new in pairwise(arrays):
        before, after = {"a": [old]}, {"a": [new]}
        changes = diff(before, after)
        operations: Any = [step.operation for step, _ in changes]

        assert same(apply(before, operations), after)
        assert same(apply(apply(before, operations), invert_changes(changes)), before)
        assert same(apply(apply(before, operations), invert(before, operations)), before)


@given(programs())
def test_what_is_compacted_leads_where_all_of_it_led(arrays):
    steps: list[Step] = []
    for old, new in pairwise(arrays):
        steps += [step for step, _ in diff(old, new, "/a")]

    compacted: Any = [step.operation for step in compact(steps)]

    assert same(apply({"a": arrays[0]}, compacted), {"a": arrays[-1]})


def test_a_range_that_is_replaced_again_is_another_range():
    replaced: Any = [
        Step({"op": "replace", "path": "/a/0:2", "value": np.array([value])}, in_list=True)
        for value in (9, 8)
    ]

    document = apply({"a": np.array([1, 2, 3, 4])}, [step.operation for step in compact(replaced)])

    assert document["a"].tolist() == [8, 4]


# -- operations on elements


CASES = json.loads((Path(__file__).parent / "conformance" / "arrays.json").read_text())


def decoded(value: Any) -> Any:
    """A value of a case, with its arrays."""
    if isinstance(value, list):
        return [decoded(element) for element in value]
    if isinstance(value, dict) and value.keys() == {"dtype", "shape", "values"}:
        return np.array(value["values"], value["dtype"]).reshape(value["shape"])
    return {name: decoded(member) for name, member in value.items()} if isinstance(value, dict) else value


@pytest.mark.parametrize("case", CASES, ids=[case["comment"] for case in CASES])
def test_an_operation_on_an_array_does_what_the_protocol_says(case):
    document, patch = decoded(case["document"]), decoded(case["patch"])

    if "error" in case:
        with pytest.raises(getattr(errors, case["error"])) as refused:
            apply(document, patch)
        assert str(refused.value).startswith(case["reason"])
    else:
        after = apply(document, patch)
        assert same(after, decoded(case["result"]))
        assert same(apply(after, invert(document, patch)), document)
    assert same(document, decoded(case["document"]))


def test_a_range_is_a_name_like_any_other_in_an_object_and_compacted_values_are_right():
    replaced: Any = [
        Step({"op": "replace", "path": "/o/1:2", "value": count}, in_list=False) for count in range(3)
    ]

    document = apply({"o": {"1:2": 0, "-": 1}}, [step.operation for step in compact(replaced)])

    assert document == {"o": {"1:2": 2, "-": 1}}


def test_python_s_own_patch_acts_on_elements_wherever_the_array_is(scope):
    scope.rows = [{"wave": np.arange(3.0)}]
    held, patches = scope.rows[0], told(scope)

    scope.sync.apply(
        [
            {"op": "add", "path": "/rows/0/wave/-", "value": np.array([5.0])},
            {"op": "remove", "path": "/rows/0/wave/0:1"},
            {"op": "replace", "path": "/signal/1:3", "value": np.array([8.0])},
        ]
    )

    assert held["wave"].tolist() == [1, 2, 5]
    assert scope.signal.tolist() == [0, 8, 3, 4]
    assert same(
        apply({"signal": np.arange(5.0), "rows": [{"wave": np.arange(3.0)}]}, patches)["rows"], scope.rows
    )


# -- the wire


@given(st.sampled_from([*DTYPES]), st.lists(st.integers(0, 3), min_size=1, max_size=3))
def test_an_array_survives_the_wire_to_the_bit(dtype, shape):
    array = (np.arange(np.prod(shape)) % 2).astype(dtype).reshape(shape)
    if array.dtype.kind == "f":
        array = array * np.array([np.nan, np.inf, -0.0, 1e-300])[array.astype(int)].astype(dtype)

    frame, buffers = detach({"a": {"b/c": frozen(array)}, "c": b"bytes"})
    back: Any = attach(json.loads(json.dumps(frame)), [bytes(buffer) for buffer in buffers])

    assert frame["buffers"] == [{"path": "/a/b~1c", "dtype": dtype, "shape": shape}, "/c"]
    assert are_same(back["a"]["b/c"], frozen(array))
    assert not back["a"]["b/c"].flags.writeable


def test_a_boolean_that_is_no_bit_is_one():
    back: Any = attach({"a": None, "buffers": [{"path": "/a", "dtype": "bool", "shape": [3]}]}, [b"\0\1\7"])

    assert back["a"].view("uint8").tolist() == [0, 1, 1]


def test_nothing_is_copied_on_the_way_out():
    array = frozen(np.arange(4.0))

    _, (buffer,) = detach({"a": array})

    assert np.shares_memory(np.frombuffer(buffer), array)


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ({"path": "/a", "dtype": "object", "shape": [1]}, "'object' is no type of elements"),
        ({"path": "/a", "dtype": "float16", "shape": [4]}, "'float16' is no type of elements"),
        ({"path": "/a", "dtype": "<f8", "shape": [1]}, "'<f8' is no type of elements"),
        ({"path": "/a", "dtype": "float64", "shape": [2]}, "8 bytes are not what a shape of [2] needs"),
        ({"path": "/a", "dtype": "float64", "shape": []}, "a shape is one or more counts"),
        ({"path": "/a", "dtype": "float64", "shape": [-1, -1]}, "a shape is one or more counts"),
        ({"path": "/a", "dtype": "float64", "shape": [True]}, "a shape is one or more counts"),
        ({"path": "/a", "dtype": "float64", "shape": [1.0]}, "a shape is one or more counts"),
        ({"path": "/a", "dtype": "float64", "shape": [1] * 1000}, "maximum supported dimension"),
        (
            {"path": "/a", "dtype": "float64", "shape": "1"},
            "an array has a 'dtype', a text, and a 'shape', a list",
        ),
        ({"path": "/a"}, "an array has a 'dtype', a text, and a 'shape', a list"),
    ],
    ids=str,
)
def test_a_buffer_that_is_no_array_is_no_frame(place, why):
    with pytest.raises(MessageError) as refused:
        attach({"a": None, "buffers": [place]}, [b"12345678"])

    assert why in str(refused.value)


def test_an_empty_shape_of_any_size_costs_no_memory():
    with pytest.raises(MessageError):
        attach({"a": None, "buffers": [{"path": "/a", "dtype": "int8", "shape": [0, 2**62, 2**62]}]}, [b""])


def test_two_arrays_have_no_place_in_common():
    place = {"path": "/a", "dtype": "int8", "shape": [1]}

    with pytest.raises(MessageError, match="two buffers have one place"):
        attach({"a": None, "buffers": [place, "/a"]}, [b"1", b"2"])


# -- pages


def test_a_page_follows_arrays_and_sends_its_own(scope):
    kernel = Kernel(scope)
    page = kernel.page()

    scope.signal = append(scope.signal, [1.0])
    page.put("/image", np.ones((1, 3), "uint8"))
    page.edit({"op": "add", "path": "/signal/-", "value": np.array([2.0])})

    assert scope.image.tolist() == [[1, 1, 1]]
    assert scope.signal.tolist() == [0, 1, 2, 3, 4, 1, 2]
    assert same(page.document, scope.sync.snapshot())
    assert page.pending == []


def test_two_who_append_at_once_both_do(scope):
    kernel = Kernel(scope)
    page = kernel.page()

    with kernel.held():
        scope.signal = append(scope.signal, [10.0])
        page.edit({"op": "add", "path": "/signal/-", "value": np.array([20.0])})

    assert scope.signal.tolist() == [0, 1, 2, 3, 4, 10, 20]
    assert same(page.document, scope.sync.snapshot())


RANGE = "Cannot write '/signal/0:1': a page adds to an array at its end ('-'), or replaces it whole"


@pytest.mark.parametrize("op", ["remove", "replace"])
def test_a_page_sends_no_range_and_none_that_does_is_heeded(scope, op):
    page = Kernel(scope).page()
    operation: Any = {"op": op, "path": "/signal/0:1", "value": np.zeros(1)}

    with pytest.raises(NotWritable, match=re.escape(RANGE)):
        page.edit(operation)
    page.send([forged(page, operation)])

    assert scope.signal.tolist() == [0, 1, 2, 3, 4]
    assert page.heard[-1]["reason"] == RANGE


def forged(page: Any, operation: Any) -> Any:
    """An edit that the page's replica would not make."""
    replica = page.replica
    made = {"model": replica.model, "epoch": replica.epoch, "base": replica.version, "number": 1}
    return {"type": "edit", **made, "operations": [operation]}


def test_what_a_page_appends_to_an_array_that_was_replaced_is_refused(scope):
    kernel = Kernel(scope)
    page = kernel.page()

    with kernel.held():
        scope.signal = np.ones(2) * 9
        page.edit({"op": "add", "path": "/signal/-", "value": np.array([20.0])})

    assert scope.signal.tolist() == [9, 9]
    assert len(page.troubles) == 1
    assert same(page.document, scope.sync.snapshot())


def test_a_page_s_array_is_asked_about_like_any_value():
    class Bounded(SyncedModel):
        signal: np.ndarray = np.zeros(1)

        @validate("signal")
        def _check(self, proposal: Any) -> Any:
            if len(proposal.value) > 3:
                raise TraitError("no more than three")
            return proposal.value

    bounded = Bounded()
    page = Kernel(bounded).page()

    page.edit({"op": "add", "path": "/signal/-", "value": np.ones(2)})
    page.edit({"op": "add", "path": "/signal/-", "value": np.ones(2)})
    page.put("/signal", [1, 2])

    assert bounded.signal.tolist() == [0, 1, 1]
    assert len(page.troubles) == 2
    assert same(page.document, bounded.sync.snapshot())


def test_what_is_read_only_is_so_for_elements_too():
    class Shown(SyncedModel):
        signal: np.ndarray = synced(np.zeros(1), read_only=True)

    shown = Shown()
    page = Kernel(shown).page()

    page.send([forged(page, {"op": "add", "path": "/signal/-", "value": np.ones(1)})])

    assert shown.signal.tolist() == [0]
    assert page.heard[-1]["reason"] == "Cannot write '/signal/-': 'signal' is read-only for pages"


def test_a_thread_that_appends_and_one_that_reads_see_whole_arrays(scope):
    kernel = Kernel(scope)
    page = kernel.page()
    began, stop = threading.Event(), threading.Event()

    def write() -> None:
        began.wait()
        for count in range(5, 205):
            scope.signal = append(scope.signal, float(count))[-50:]
        stop.set()

    with running(write):
        while not stop.is_set():
            signal = scope.sync.snapshot()["signal"]
            began.set()
            assert len(signal) <= 50
            assert (np.diff(signal) == 1).all()

    assert same(page.document, scope.sync.snapshot())


# -- who has none


def test_nothing_of_syncstate_imports_numpy():
    code = """
import sys
import syncstate
class Board(syncstate.SyncedModel):
    rows: list = []
board = Board(rows=[{"price": 1}])
board._document.watch()
board.rows[0]["price"] = 2
board.sync.snapshot(); repr(board)
sys.exit("numpy" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_misfits_name_no_place():
    with pytest.raises(Misfit, match=r"^the array has 1 element$"):
        splice(frozen(np.zeros(1)), 0, 2, None)
