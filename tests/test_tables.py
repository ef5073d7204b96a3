"""Tables of pandas, polars and pyarrow: what comes in, how a page reads it, and what travels."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import threading
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from traitlets import TraitError, validate

from syncstate import NotSyncable, NotWritable, SyncedModel, batch, computed, synced, transaction
from syncstate.arrays import Misfit
from syncstate.document import same
from syncstate.libraries import columns_of
from syncstate.tables import Columns
from tests.support import Kernel

LIBRARIES = ["pandas", "polars", "pyarrow"]
MAKERS = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "pyarrow": pa.table}
PLACES = [*zip(LIBRARIES, ["flights", "frame", "table"], strict=True)]
UTC = dt.UTC


class Board(SyncedModel):
    """A model with a table of each library."""

    flights: pd.DataFrame = synced(factory=lambda: pd.DataFrame({"price": [1.5, 2.5], "name": ["a", "b"]}))
    frame: pl.DataFrame
    table: pa.Table
    maybe: pd.DataFrame | None
    things: dict = {}  # noqa: RUF012
    free: object = None


@pytest.fixture
def board() -> Board:
    return Board()


def told(board: Board) -> list[Any]:
    patches: list[Any] = []
    board.sync.on_patch(lambda patch: patches.extend(patch.patch))
    return patches


def paths(patches: list[Any]) -> list[tuple[str, str]]:
    return [(operation["op"], operation["path"]) for operation in patches]


def cells(form: Any) -> list[Any]:
    """The cells of a column, as `at` of the page's helper gives them: what is missing is None."""
    if isinstance(form, dict) and form["kind"] == "category":
        return [None if code < 0 else form["categories"][code] for code in form["codes"].tolist()]
    values = form["values"] if isinstance(form, dict) else form
    return [None if value != value else value for value in values.tolist()]


def milliseconds(moment: Any) -> float:
    return (moment - dt.datetime(1970, 1, 1, tzinfo=moment.tzinfo)) / dt.timedelta(milliseconds=1)


def made(library: str, values: Any, dtype: Any) -> Any:
    """A table with one column of a type of its library."""
    if library == "pandas":
        return pd.DataFrame({"x": pd.Series(values, dtype=dtype)})
    if library == "polars":
        return pl.DataFrame({"x": pl.Series(values, dtype=dtype)})
    return pa.table({"x": pa.array(values, type=dtype)})


# -- the form of each kind of column

WHOLE, REAL, TRUTH, TEXT = [3, None, -1], [1.5, None, 2.0], [True, None, False], ["a", None, "é", "a"]
NOON = dt.datetime(2026, 3, 29, 12, 30, 15, 250)
NOONS = [NOON, None]
DAYS = [dt.date(2026, 3, 29), None, dt.date(1969, 12, 31)]
SPANS = [dt.timedelta(hours=1, microseconds=500), None]
TIMES = [dt.time(1, 2, 3, 4), None]

KINDS: list[Any] = [
    ("pandas", [3, -1], "int64", [3, -1]),
    ("pandas", [3, 200], "uint8", [3, 200]),
    ("pandas", WHOLE, "Int64", WHOLE),
    ("pandas", WHOLE, "object", WHOLE),
    ("pandas", [1.5, float("nan")], "float64", [1.5, None]),
    ("pandas", [1.5, 2.0], "float16", [1.5, 2.0]),
    ("pandas", REAL, "Float32", REAL),
    ("pandas", [True, False], "bool", [True, False]),
    ("pandas", TRUTH, "boolean", TRUTH),
    ("pandas", TRUTH, "object", TRUTH),
    ("pandas", TEXT, "str", TEXT),
    ("pandas", TEXT, "object", TEXT),
    ("pandas", TEXT, "category", TEXT),
    ("pandas", [3, 7, None, 3], "category", [3, 7, None, 3]),
    ("pandas", pd.cut([1, 9, float("nan")], [0, 5, 10]), None, ["(0, 5]", "(5, 10]", None]),
    ("pandas", NOONS, "M8[us]", [milliseconds(NOON), None]),
    ("pandas", NOONS, "M8[ns]", [milliseconds(NOON), None]),
    ("pandas", NOONS, "object", [milliseconds(NOON), None]),
    ("pandas", SPANS, "m8[us]", [3_600_000.5, None]),
    ("pandas", DAYS, "object", [20541 * 86_400_000, None, -86_400_000]),
    ("pandas", [None, None], "object", [None, None]),
    ("pandas", WHOLE, pd.ArrowDtype(pa.int16()), WHOLE),
    ("pandas", TEXT, pd.ArrowDtype(pa.string()), TEXT),
    ("polars", [3, -1], pl.Int64, [3, -1]),
    ("polars", WHOLE, pl.Int8, WHOLE),
    ("polars", [2**64 - 1, 0], pl.UInt64, [2**64 - 1, 0]),
    ("polars", REAL, pl.Float64, REAL),
    ("polars", [1.5, float("nan"), None], pl.Float32, [1.5, None, None]),
    ("polars", TRUTH, pl.Boolean, TRUTH),
    ("polars", [True, False], pl.Boolean, [True, False]),
    ("polars", TEXT, pl.String, TEXT),
    ("polars", TEXT, pl.Categorical, TEXT),
    ("polars", TEXT, pl.Enum(["é", "a"]), TEXT),
    ("polars", NOONS, pl.Datetime("us"), [milliseconds(NOON), None]),
    ("polars", NOONS, pl.Datetime("ns"), [milliseconds(NOON), None]),
    ("polars", DAYS, pl.Date, [20541 * 86_400_000, None, -86_400_000]),
    ("polars", TIMES, pl.Time, [3_723_000.004, None]),
    ("polars", SPANS, pl.Duration("us"), [3_600_000.5, None]),
    ("polars", [None, None], pl.Null, [None, None]),
    ("pyarrow", [3, -1], pa.int64(), [3, -1]),
    ("pyarrow", WHOLE, pa.int32(), WHOLE),
    ("pyarrow", REAL, pa.float64(), REAL),
    ("pyarrow", [1.5, 2.0], pa.float32(), [1.5, 2.0]),
    ("pyarrow", TRUTH, pa.bool_(), TRUTH),
    ("pyarrow", [True, False], pa.bool_(), [True, False]),
    ("pyarrow", TEXT, pa.string(), TEXT),
    ("pyarrow", TEXT, pa.large_string(), TEXT),
    ("pyarrow", TEXT, pa.string_view(), TEXT),
    ("pyarrow", TEXT, pa.dictionary(pa.int8(), pa.string()), TEXT),
    ("pyarrow", WHOLE, pa.dictionary(pa.int8(), pa.int64()), WHOLE),
    ("pyarrow", NOONS, pa.timestamp("us"), [milliseconds(NOON), None]),
    ("pyarrow", NOONS, pa.timestamp("us", "Europe/Berlin"), [milliseconds(NOON), None]),
    ("pyarrow", DAYS, pa.date32(), [20541 * 86_400_000, None, -86_400_000]),
    ("pyarrow", DAYS, pa.date64(), [20541 * 86_400_000, None, -86_400_000]),
    ("pyarrow", TIMES, pa.time64("us"), [3_723_000.004, None]),
    ("pyarrow", SPANS, pa.duration("us"), [3_600_000.5, None]),
    ("pyarrow", [None, None], pa.null(), [None, None]),
]


@pytest.mark.parametrize(
    ("library", "values", "dtype", "expected"), KINDS, ids=lambda kind: str(kind) if kind else ""
)
def test_a_column_of_each_kind_has_a_form_that_a_page_reads(library, values, dtype, expected):
    table = made(library, values, dtype)

    form = columns_of(table)["x"]

    assert cells(form) == expected
    assert [type(cell) for cell in cells(form) if isinstance(cell, (bool, str))] == [
        type(cell) for cell in expected if isinstance(cell, (bool, str))
    ]
    assert same(columns_of(made(library, values, dtype))["x"], form)


@pytest.mark.parametrize(("library", "values", "dtype", "expected"), KINDS, ids=str)
def test_a_column_of_each_kind_has_its_form_without_rows_and_with_one(library, values, dtype, expected):
    table = made(library, values, dtype)

    none, one = (columns_of(table[:count])["x"] for count in (0, 1))

    assert cells(none) == []
    # a category says all that there may be, of which fewer are needed for one row
    assert cells(one) == expected[:1]


@pytest.mark.parametrize("library", LIBRARIES)
def test_times_with_a_zone_are_moments_and_tell_the_zone(library):
    zoned = dt.datetime(2026, 7, 1, 12, tzinfo=UTC)
    dtype = {
        "pandas": "datetime64[us, Europe/Berlin]",
        "polars": pl.Datetime("us", "Europe/Berlin"),
        "pyarrow": pa.timestamp("us", "Europe/Berlin"),
    }[library]

    form = columns_of(made(library, [zoned, None], dtype))["x"]

    assert (form["kind"], form["zone"], cells(form)) == (
        "datetime",
        "Europe/Berlin",
        [milliseconds(zoned), None],
    )


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(
    ("values", "name"),
    [
        ([127, -127], "int8"),
        ([128, 0], "int16"),
        ([2**15, 0], "int32"),
        ([2**31, 0], "float64"),
        ([2**53 + 1, 0], "int64"),
    ],
)
def test_whole_numbers_travel_in_the_narrowest_type_in_which_they_are_exact(library, values, name):
    form = columns_of(MAKERS[library]({"x": values}))["x"]

    assert (form.dtype.name, form.tolist()) == (name, values)


def test_a_type_gets_wider_and_never_narrower_so_that_a_stream_does_not_flip():
    first = columns_of(pd.DataFrame({"x": [300]}))

    second = columns_of(pd.DataFrame({"x": [1]}), first)
    third = columns_of(pd.DataFrame({"x": [2**40]}), second)

    assert [columns["x"].dtype.name for columns in (first, second, third)] == ["int16", "int16", "float64"]


@pytest.mark.parametrize("library", LIBRARIES)
def test_categories_keep_their_numbers_and_new_ones_come_behind(library):
    first = columns_of(MAKERS[library]({"x": ["b", "a", "b"]}))

    second = columns_of(MAKERS[library]({"x": ["c", "a", None, "b"]}), first)

    assert first["x"]["categories"] == ["b", "a"]
    assert (second["x"]["categories"], second["x"]["codes"].tolist()) == (["b", "a", "c"], [2, 1, -1, 0])


def test_categories_that_nobody_needs_any_more_are_let_go():
    first = columns_of(pd.DataFrame({"x": [f"name {place}" for place in range(1000)]}))

    second = columns_of(pd.DataFrame({"x": ["name 7", "new"]}), first)

    assert second["x"]["categories"] == ["name 7", "new"]
    assert first["x"]["codes"].dtype == "int16"


# -- what cannot travel

REFUSED: list[Any] = [
    (pd.DataFrame({"x": [{}, []]}), r"its column 'x' cannot travel: it holds objects \(dict, list\)"),
    (pd.DataFrame({"x": [1, "a"]}), r"its column 'x' cannot travel: it holds objects \(int, str\)"),
    (pd.DataFrame({"x": [Decimal(1)]}), r"its column 'x' cannot travel: it holds objects \(Decimal\)"),
    (pd.DataFrame({"x": [1j]}), r"its column 'x' cannot travel: it is of type complex128; convert it"),
    (
        pd.DataFrame({"x": [2**70, 1]}, dtype=object),
        r"its column 'x' cannot travel: it has integers beyond 64",
    ),
    (pd.DataFrame({"x": ["\ud800"]}, dtype=object), r"its column 'x' cannot travel: '\\ud800' is no Unicode"),
    (pd.DataFrame([[1]], columns=pd.Index(["\ud800"], dtype=object)), r"'\\ud800' is no Unicode text"),
    (pd.DataFrame({"x": pd.period_range("2026", periods=2, freq="D")}), r"its column 'x' .* period\[D\]"),
    (pd.DataFrame({"x": pd.arrays.SparseArray([0, 1])}), r"its column 'x' .* say with \.sparse\.to_dense"),
    (
        pd.DataFrame({"x": [2**60, None]}, dtype="Int64"),
        r"its column 'x' .* is beyond 2\*\*53, and others are",
    ),
    (pd.DataFrame([[1, 2]], columns=["x", "x"]), r"it has two columns, or a column and an index, called 'x'"),
    (pd.DataFrame([[1, 2]]), r"the name of a column is text, not 0; rename it"),
    (pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("a", "b")])), r"text, not \('a', 'b'\)"),
    (pd.DataFrame({"x": [1]}, pd.Index([1], name="x")), r"a column and an index, called 'x'; rename one"),
    (pd.DataFrame({"x": [1]}, pd.Index([1], name=("a",))), r"no column can be called \('a',\) for its index"),
    (pl.DataFrame({"x": [[1]]}), r"its column 'x' cannot travel: it is of type List\(Int64\); convert it"),
    (pl.DataFrame({"x": [Decimal(1)]}), r"its column 'x' cannot travel: it is of type Decimal"),
    (pl.DataFrame({"x": [{"a": 1}]}), r"its column 'x' cannot travel: it is of type Struct"),
    (pa.table({"x": [[1]]}), r"its column 'x' cannot travel: it is of type list<"),
    (pa.table({"x": [Decimal(1)]}), r"its column 'x' cannot travel: it is of type decimal128"),
    (pa.table([[1], [2]], names=["x", "x"]), r"it has two columns called 'x'; give one another name"),
]


@pytest.mark.parametrize(("table", "why"), REFUSED, ids=[why for _, why in REFUSED])
def test_what_cannot_travel_is_refused_by_name_and_nothing_has_changed(board, table, why):
    member = {"pandas": "flights", "polars": "frame", "pyarrow": "table"}[
        type(table).__module__.split(".")[0]
    ]
    before = board.sync.snapshot()
    patches = told(board)

    with pytest.raises(NotSyncable, match=f"^Cannot sync '/{member}': .*{why}") as caught:
        setattr(board, member, table)

    assert caught.value.pointer == f"/{member}"
    assert same(board.sync.snapshot(), before)
    assert patches == []


def test_a_member_for_tables_takes_tables_of_its_library_alone(board):
    with pytest.raises(TraitError, match="a pandas DataFrame"):
        board.flights = {"price": [1]}
    with pytest.raises(TraitError, match="a pandas DataFrame"):
        board.flights = None
    with pytest.raises(TraitError, match=r"a pandas DataFrame.*polars DataFrame"):
        board.flights = pl.DataFrame({"price": [1]})
    with pytest.raises(TraitError, match="a polars DataFrame"):
        board.frame = pl.LazyFrame({"price": [1]})

    board.maybe = pd.DataFrame({"x": [1]})
    board.maybe = None

    assert board.maybe is None


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_table_anywhere_else_is_refused_with_the_way_out(board, library):
    table = MAKERS[library]({"x": [1]})

    for place, put in {
        "/things/deep": lambda: board.things.update(deep=table),
        "/things": lambda: setattr(board, "things", {"deep": table}),
        "/free": lambda: setattr(board, "free", table),
    }.items():
        with pytest.raises(
            NotSyncable, match=f"^Cannot sync '{place}.*a table has its place in an attribute"
        ):
            put()

    assert (board.things, board.free) == ({}, None)


# -- the table in Python


def test_a_table_is_read_back_as_it_was_with_types_index_and_order(board):
    pandas = pd.DataFrame(
        {"z": pd.Series([1, None], dtype="Int16"), "a": pd.Categorical(["x", "y"])},
        index=pd.Index(["r", "s"], name="row"),
    )
    polars = pl.DataFrame(
        {"z": pl.Series([1, None], dtype=pl.UInt8), "a": pl.Series(["x", "y"], dtype=pl.Categorical)}
    )
    arrow = pa.table({"z": pa.array([1, None], pa.uint8()), "a": pa.array([None, "y"])})

    board.flights, board.frame, board.table = pandas, polars, arrow

    pd.testing.assert_frame_equal(board.flights, pandas)
    assert board.frame.equals(polars)
    assert board.frame.schema == polars.schema
    assert board.table.equals(arrow)


def test_what_its_owner_writes_into_a_table_afterwards_is_not_in_the_document(board):
    pandas, polars = pd.DataFrame({"x": [1.0, 2.0]}), pl.DataFrame({"x": [1.0, 2.0]})
    board.flights, board.frame = pandas, polars
    before = board.sync.snapshot()

    pandas.loc[0, "x"] = 9
    pandas["y"] = 1
    polars[0, "x"] = 9.0
    polars.extend(pl.DataFrame({"x": [3.0]}))

    assert board.flights["x"].tolist() == [1, 2]
    assert board.frame["x"].to_list() == [1, 2]
    assert same(board.sync.snapshot(), before)


def test_memory_that_pandas_shares_is_not_copied_and_not_written_either(board):
    pandas = pd.DataFrame({"x": np.arange(1000.0)})
    memory = pandas["x"].to_numpy()
    board.flights = pandas
    column = board._document.view()["flights"]["x"]
    assert np.shares_memory(column, memory)

    pandas["x"] = pandas["x"].astype("float64")
    pandas.iloc[:, 0] = -1.0
    pandas.loc[:, "x"] *= 2

    assert column[999] == 999
    with pytest.raises(ValueError, match="read-only"):
        column[0] = 1


def test_who_writes_into_a_table_that_he_read_changes_nothing_and_pandas_says_so(board):
    with pytest.warns(pd.errors.ChainedAssignmentError):
        board.flights["y"] = 1
    read = board.flights
    read["y"] = 1
    read.loc[0, "price"] = 9
    board.frame.extend(pl.DataFrame())

    assert list(board.flights) == ["price", "name"]
    assert board.flights["price"].tolist() == [1.5, 2.5]


def test_observers_and_validators_see_tables(board):
    seen: list[Any] = []

    class Judged(Board):
        @validate("flights")
        def _judge(self, proposal):
            assert isinstance(proposal["value"], pd.DataFrame)
            return proposal["value"].assign(judged=True)

    judged = Judged()
    assert list(judged.flights) == ["price", "name"]  # nobody judges a default
    judged.observe(seen.append, "flights")
    judged.flights = pd.DataFrame({"x": [1]})

    (change,) = seen
    assert list(change.old) == ["price", "name"]
    assert list(change.new) == list(judged.flights) == ["x", "judged"]
    assert list(judged.sync.snapshot()["flights"]) == ["x", "judged"]


def test_an_attribute_without_a_default_starts_with_an_empty_table(board):
    assert (board.frame.shape, board.table.shape) == ((0, 0), (0, 0))
    assert board.sync.snapshot()["frame"] == {}


def test_an_index_is_a_column_unless_it_only_counts_rows(board):
    for index, names in [
        (None, ["x"]),
        ([5, 9], ["x"]),
        (pd.Index([5, 9], name="id"), ["id", "x"]),
        (["mean", "std"], ["index", "x"]),
        (pd.date_range("2026-01-01", periods=2, tz="UTC"), ["index", "x"]),
        (pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["group", None]), ["group", "level_1", "x"]),
    ]:
        board.flights = pd.DataFrame({"x": [1.0, 2.0]}, index=index)
        columns = board.sync.snapshot()["flights"]

        assert list(columns) == names
        assert {len(cells(column)) for column in columns.values()} == {2}


# -- what travels

_CELLS = st.tuples(
    st.none() | st.sampled_from(["a", "b", "c"]) | st.integers(0, 300).map("name {}".format),
    st.none() | st.integers(-(2**40), 2**40) | st.integers(-3, 3),
    st.none() | st.booleans(),
    st.none() | st.floats(allow_nan=False),
)


def _table_of(library: str, rows: list[Any]) -> Any:
    types = {
        "pandas": ["str", "Int64", "boolean", "float64"],
        "polars": [pl.String, pl.Int64, pl.Boolean, pl.Float64],
        "pyarrow": [pa.string(), pa.int64(), pa.bool_(), pa.float64()],
    }[library]
    columns = [[row[place] for row in rows] for place in range(4)]
    if library == "pandas":
        return pd.DataFrame(
            {str(n): pd.Series(c, dtype=t) for n, (c, t) in enumerate(zip(columns, types, strict=True))}
        )
    if library == "polars":
        return pl.DataFrame(
            [pl.Series(str(n), c, dtype=t) for n, (c, t) in enumerate(zip(columns, types, strict=True))]
        )
    return pa.table(
        {str(n): pa.array(c, type=t) for n, (c, t) in enumerate(zip(columns, types, strict=True))}
    )


@pytest.mark.parametrize(("library", "member"), PLACES)
def test_only_the_columns_that_changed_travel(board, library, member):
    values = {"x": np.arange(100.0), "n": np.arange(100), "name": ["a", "b"] * 50}
    setattr(board, member, MAKERS[library](values))
    patches = told(board)

    setattr(board, member, MAKERS[library]({**values, "x": np.arange(100.0)[::-1].copy()}))
    setattr(
        board, member, MAKERS[library]({**values, "x": np.arange(100.0)[::-1].copy(), "new": [True] * 100})
    )
    setattr(board, member, MAKERS[library]({"n": values["n"], "name": values["name"]}))
    setattr(board, member, getattr(board, member))

    assert paths(patches) == [
        ("replace", f"/{member}/x"),
        ("add", f"/{member}/new"),
        ("remove", f"/{member}/x"),
        ("remove", f"/{member}/new"),
    ]


@pytest.mark.parametrize(("library", "member"), PLACES)
def test_rows_that_are_appended_travel_alone(board, library, member):
    def rows(count: int) -> Any:
        names = [None if place % 7 == 3 else f"name {place % 5}" for place in range(count)]
        return MAKERS[library](
            {
                "x": np.arange(float(count)),
                "n": np.arange(count) % 100,
                "name": names,
                "at": np.arange(count).astype("M8[ms]"),
            }
        )

    setattr(board, member, rows(1000))
    patches = told(board)

    setattr(board, member, rows(1010))

    assert paths(patches) == [("add", f"/{member}/{end}/-") for end in ("x", "n", "name/codes", "at/values")]
    assert sum(operation["value"].nbytes for operation in patches) == 10 * (8 + 1 + 1 + 8)


@given(
    st.lists(st.tuples(st.integers(0, 6), st.lists(_CELLS, max_size=6)), min_size=1, max_size=6), st.data()
)
def test_whatever_table_follows_another_one_a_page_has_its_cells(steps, data):
    library = data.draw(st.sampled_from(LIBRARIES))
    board = Board()
    member = dict(PLACES)[library]
    kernel = Kernel(board)
    page = kernel.page()
    rows: list[Any] = []
    for kept, more in steps:
        rows = rows[:kept] + more
        setattr(board, member, _table_of(library, rows))
        kernel.link.flush()

        found = [cells(column) for column in page.document[member].values()]
        assert found == [[row[place] for row in rows] for place in range(4)]
        assert same(page.document, board.sync.snapshot())


def test_columns_in_another_order_travel_as_a_whole(board):
    patches = told(board)

    board.flights = board.flights[["name", "price"]]

    assert paths(patches) == [("replace", "/flights")]
    assert list(patches[0]["value"]) == ["name", "price"]


def test_what_is_remembered_of_a_change_does_not_hold_the_table_it_came_from(board):
    def table(count: int, first: int = 0, **columns: Any) -> Any:
        return pd.DataFrame({"x": np.arange(float(count)) + first, "z": np.arange(count / 1), **columns})

    board.flights = table(1000)
    patches = told(board)

    board.flights = table(1010)
    board.flights = table(1010, 1, y=np.zeros(1010))

    blocks = []
    for value in (operation["value"] for operation in patches):
        while isinstance(value.base, np.ndarray):
            value = value.base
        blocks.append(value.base)
    assert paths(patches)[2:] == [("replace", "/flights/x"), ("add", "/flights/y")]
    assert [block.items.nbytes for block in blocks] == [80, 80, 8080, 8080]
    assert [block.owner for block in blocks] == [None] * 4


@pytest.mark.parametrize(("library", "member"), PLACES)
def test_texts_that_stay_are_not_encoded_again(board, library, member):
    def codes() -> Any:
        return board._document.view()[member]["name"]["codes"]

    names = [f"name {place % 7}" for place in range(1000)]
    setattr(board, member, MAKERS[library]({"name": names}))
    setattr(board, member, MAKERS[library]({"name": [*names, "first"]}))
    first = codes()
    setattr(board, member, MAKERS[library]({"name": [*names, "first"]}))
    assert codes() is first
    setattr(board, member, MAKERS[library]({"name": [*names, "first", "name 3", None, "more"]}))

    assert np.shares_memory(first, codes())
    assert codes()[-4:].tolist() == [7, 3, -1, 8]


def test_objects_that_equal_others_are_others():
    truth = columns_of(pd.DataFrame({"x": [True, None]}, dtype=object))

    assert cells(columns_of(pd.DataFrame({"x": [1, None]}, dtype=object), truth)["x"]) == [1, None]
    assert isinstance(columns_of(pd.DataFrame({"x": [1, None]}, dtype=object), truth)["x"], np.ndarray)


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_type_that_could_have_missing_numbers_and_has_none_is_narrow(library):
    assert columns_of(made(library, [1, 2], {"pandas": "Int64"}.get(library)))["x"].dtype == "int8"


def test_a_page_sees_what_python_assigns_and_is_refused_what_it_sends(board):
    kernel = Kernel(board)
    page = kernel.page()
    assert page.document["flights"]["price"].tolist() == [1.5, 2.5]

    board.flights = pd.concat([board.flights, pd.DataFrame({"price": [3.5], "name": ["c"]})])
    kernel.link.flush()
    assert cells(page.document["flights"]["name"]) == ["a", "b", "c"]
    assert cells(page.document["flights"]["price"]) == [1.5, 2.5, 3.5]

    assert {"flights", "frame", "table", "maybe"} <= {*board._document.read_only}
    for path, value in {"/flights/price": [1], "/flights": {}, "/flights/new": 1}.items():
        with pytest.raises(NotWritable, match=r"'flights' is read-only"):
            page.put(path, value)
    kernel.link.flush()

    assert board.flights.shape == (3, 2)


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": "/flights/price"},
        {"op": "replace", "path": "/flights", "value": {}},
        {"op": "replace", "path": "/flights/name/categories/0", "value": "c"},
        {"op": "add", "path": "/flights/price/-", "value": np.ones(1)},
    ],
    ids=lambda operation: operation["path"],
)
def test_a_hostile_page_that_edits_a_table_is_refused(board, operation):
    kernel = Kernel(board)
    page = kernel.page()
    page.replica.read_only = ()

    page.edit(operation)
    kernel.link.flush()

    (trouble,) = page.troubles
    assert trouble.reason == f"Cannot write {operation['path']!r}: 'flights' is read-only for pages"
    assert board.flights.to_dict("list") == {"price": [1.5, 2.5], "name": ["a", "b"]}


def test_pythons_own_patch_does_not_reach_into_a_table(board):
    with pytest.raises(TraitError, match="a pandas DataFrame"):
        board.sync.apply([{"op": "remove", "path": "/flights/price"}])

    assert list(board.flights) == ["price", "name"]


def test_a_batch_tells_of_the_last_table_and_a_rollback_brings_the_first_one_back(board):
    patches = told(board)

    with batch():
        board.flights = board.flights.assign(price=0.0)
        board.flights = board.flights.assign(price=[1.5, 4.5])
    with pytest.raises(TraitError, match="expected"), board.hold_trait_notifications():  # noqa: PT012 # one act
        board.flights = board.flights.assign(price=7.0)
        board.maybe = 3

    assert board.flights["price"].tolist() == [1.5, 4.5]
    assert paths(patches)[-1] == ("replace", "/flights/price")


def test_a_model_with_a_table_is_shown_without_its_cells(board):
    board.flights = pd.DataFrame({"x": np.arange(100_000.0), "name": ["a"] * 100_000})

    bundle = board._repr_mimebundle_()

    assert len(json.dumps(bundle)) < 5000


def test_none_of_the_libraries_is_imported_unless_its_user_did():
    code = """
import sys
import threading
from syncstate import SyncedModel
class M(SyncedModel):
    __module__ = "elsewhere"
    a = __import__("traitlets").Dict().tag(sync=True)
    b = __import__("traitlets").Any().tag(sync=True)
m = M()
m.b = {"x": [1]}
m.sync.snapshot()
print(sorted({"numpy", "pandas", "polars", "pyarrow", "syncstate.libraries"} & {*sys.modules}))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_a_misfit_names_the_column():
    with pytest.raises(Misfit, match=r"^its column 'x' cannot travel"):
        columns_of(pd.DataFrame({"x": [1j]}))
    assert isinstance(columns_of(pd.DataFrame()), Columns)


# -- tables beside what else there is


class Shelf(SyncedModel):
    boards: list[Board]
    sales: pd.DataFrame = synced(factory=lambda: pd.DataFrame({"x": np.arange(1000.0)}))

    @computed
    def total(self) -> float:
        return float(self.sales["x"].sum())

    @computed
    def summary(self) -> pd.DataFrame:
        return self.sales.describe()


def test_a_table_of_a_nested_model_travels_by_its_columns():
    shelf = Shelf(boards=[Board(flights=pd.DataFrame({"x": np.arange(1000.0), "y": np.arange(1000.0)}))])
    kernel = Kernel(shelf)
    page = kernel.page()
    patches: list[Any] = []
    shelf.sync.on_patch(lambda patch: patches.extend(patch.patch))

    shelf.boards[0].flights = shelf.boards[0].flights.assign(y=1.0)
    kernel.link.flush()

    assert paths(patches) == [("replace", "/boards/0/flights/y")]
    assert set(page.document["boards"][0]["flights"]["y"].tolist()) == {1.0}
    for path in ("/boards/0/flights", "/boards/0/flights/x"):
        page.put(path, 1)
        kernel.link.flush()
    assert [trouble.reason.partition(": ")[2] for trouble in page.troubles] == [
        "'flights' is read-only for pages",
        "'flights' is read-only for pages",
    ]


def test_what_is_computed_may_come_from_a_table_and_be_one():
    shelf = Shelf()
    assert shelf.total == 499_500
    assert shelf.summary.loc["mean", "x"] == 499.5
    patches: list[Any] = []
    shelf.sync.on_patch(lambda patch: patches.extend(patch.patch))

    shelf.sales = shelf.sales.assign(x=2.0)

    assert (shelf.total, shelf.summary.loc["mean", "x"]) == (2000, 2)
    assert {path for _, path in paths(patches)} >= {"/sales/x", "/total"}
    with pytest.warns(pd.errors.ChainedAssignmentError):
        shelf.summary["y"] = 1
    assert list(shelf.sync.snapshot()["summary"]) == ["index", "x"]


def test_who_watches_a_table_is_given_tables(board):
    seen: list[Any] = []
    with board.sync.subscribe("/flights", seen.append):
        board.flights = board.flights.assign(price=0.0)

    (change,) = seen
    assert change.value["price"].tolist() == [0, 0]
    assert isinstance(change.old, pd.DataFrame)  # as of any container: what is there now
    assert board.sync.wait("/flights", lambda table: len(table) == 2).result().shape == (2, 2)


def test_who_watches_a_column_hears_of_that_one_and_of_what_it_was(board):
    board.flights = pd.DataFrame({"x": np.arange(100.0), "y": np.arange(100.0), "name": ["a"] * 100})
    seen: list[Any] = []
    with board.sync.subscribe("/flights/*", seen.append):
        board.flights = board.flights.assign(y=1.0)
        board.flights = board.flights.assign(z=2.0)
        board.flights = board.flights.drop(columns="name")
        board.flights = pd.concat([board.flights, board.flights[:1]], ignore_index=True)

    told = [(change.pointer, change.is_removed, change.old is None) for change in seen]
    assert told[:3] == [
        ("/flights/y", False, False),
        ("/flights/z", False, True),
        ("/flights/name", True, False),
    ]
    assert {place for place, _, _ in told[3:]} == {"/flights/x", "/flights/y", "/flights/z"}
    assert (seen[0].old[5], seen[0].value[5]) == (5, 1)
    assert (len(seen[3].old), len(seen[3].value)) == (100, 101)


def test_a_transaction_that_is_taken_back_leaves_the_table_as_it_was(board):
    kernel = Kernel(board)
    page = kernel.page()
    before, document = board.flights, board.sync.snapshot()
    patches = told(board)

    with pytest.raises(KeyError), transaction():  # noqa: PT012 # one act
        board.flights = board.flights.assign(price=0.0)
        board.flights = pd.concat([board.flights] * 100, ignore_index=True)
        board.maybe = board.flights
        raise KeyError
    with pytest.raises(NotSyncable), transaction():  # noqa: PT012 # one act
        board.flights = board.flights.assign(price=0.0)
        board.flights = board.flights.assign(price=[[], []])
    kernel.link.flush()

    pd.testing.assert_frame_equal(board.flights, before)
    assert (board.maybe, patches) == (None, [])
    assert same(page.document, document)


def test_a_transaction_that_is_taken_back_keeps_what_others_did_meanwhile(board):
    def elsewhere() -> None:
        board.things["other"] = 1

    board.flights = pd.DataFrame({"price": np.arange(1000.0), "name": ["a", "b"] * 500})
    before = board.flights
    with pytest.raises(KeyError), transaction():  # noqa: PT012 # one act
        board.flights = pd.concat([board.flights, board.flights[:1]], ignore_index=True)
        board.flights = board.flights.assign(price=0.0)
        board.maybe = pd.DataFrame({"x": [1]})
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        board.flights = board.flights[["name", "price"]]
        raise KeyError

    pd.testing.assert_frame_equal(board.flights, before)
    assert (board.maybe, board.things) == (None, {"other": 1})


class Recorded(Board):
    _history = "statements"


def test_undo_brings_back_the_very_table_and_redo_the_next_one():
    shelf = Shelf(boards=[Recorded()])
    board = shelf.boards[0]
    kernel = Kernel(shelf, board)
    page = kernel.page()
    typed = pd.DataFrame({"x": pd.Series([1, None] * 500, dtype="Int16"), "name": ["a", "b"] * 500})
    with batch():
        board.flights = typed
    with batch():
        board.flights = pd.concat([board.flights, board.flights[:1]], ignore_index=True)
        board.things = {"deep": 1}
    after = board.flights

    board.sync.undo()
    kernel.link.flush()
    pd.testing.assert_frame_equal(board.flights, typed)
    assert board.things == {}
    assert len(page.replicas[shelf.sync.key].document["boards"][0]["flights"]["x"]) == 1000
    board.sync.redo()
    pd.testing.assert_frame_equal(board.flights, after)
    board.sync.undo()
    board.sync.undo()
    kernel.link.flush()

    assert board.flights.to_dict("list") == {"price": [1.5, 2.5], "name": ["a", "b"]}
    assert cells(page.replicas[board.sync.key].document["flights"]["name"]) == ["a", "b"]


def test_steps_with_large_tables_are_not_kept_forever():
    board = Recorded()
    for count in range(40):
        board.flights = pd.DataFrame({"x": np.arange(100_000.0) + count})

    steps = 0
    while board.sync.can_undo:
        board.sync.undo()
        steps += 1

    assert 5 < steps < 15  # 8 MiB of 800 kB each
    assert board.flights["x"][0] == 39 - steps
