"""What may stand in a place: types, said once in a class, hold wherever something changes."""

# ruff: noqa: RUF012 # the mutable defaults of a model are copied for each instance

from __future__ import annotations

import copy
import datetime
import enum
import threading
from fractions import Fraction
from typing import (
    Annotated,
    Any,
    ClassVar,
    Generic,
    Literal,
    NewType,
    NotRequired,
    Required,
    TypedDict,
    TypeVar,
)

import pytest
import traitlets
from hypothesis import given, settings
from hypothesis import strategies as st

from syncstate import NotSyncable, NotValid, PatchError, SyncedModel, SyncStateError, register, synced
from syncstate.annotations import shape_of
from syncstate.container_shapes import RecordShape
from syncstate.document import plain, same
from syncstate.patch import apply
from syncstate.shapes import fit
from tests.support import PATIENCE, Kernel, Page, running


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Odd(enum.Enum):
    A = (1, 2)


class Row(TypedDict):
    name: str
    price: float
    note: NotRequired[str]


class Loose(TypedDict, total=False):
    id: Required[int]
    tags: list[str]


class Tight(Loose):
    size: int


class Tree(TypedDict):
    name: str
    children: list[Tree]


T = TypeVar("T")


class Box(TypedDict, Generic[T]):
    content: T
    more: list[T]


Price = NewType("Price", float)


class Shop(SyncedModel):
    rows: list[Row] = []
    prices: dict[str, float] = {}
    grid: list[list[int]] = []
    pair: tuple[int, str] = (0, "")
    points: list[tuple[float, float]] = []
    either: list[int | str | None] = []
    level: Literal["low", "high"] = "low"
    levels: list[Literal[1, 2, "x"]] = []
    color: Color = Color.RED
    colors: dict[str, Color] = {}
    shares: list[Annotated[float, synced(min=0, max=1)]] = []
    tree: Tree = {"name": "root", "children": []}
    anything: Any = None
    rough: list[dict] = []


def row(name: str = "tea", price: float = 3.0, **more: Any) -> Row:
    return {"name": name, "price": price, **more}


def shop() -> Shop:
    return Shop(
        rows=[row(), row("milk", 1.5)],
        prices={"tea": 3.0},
        grid=[[1, 2], [3]],
        points=[(0, 1)],
        either=[1, "x", None],
        levels=[1, "x"],
        colors={"a": Color.RED},
        shares=[0.5],
        tree={"name": "root", "children": [{"name": "leaf", "children": []}]},
    )


REFUSED = [
    ("m.rows[1]['price'] = 'x'", "Cannot put 'x' at '/rows/1/price': a number is expected"),
    ("m.rows[1]['price'] = True", "Cannot put True at '/rows/1/price': a number is expected"),
    ("m.rows[1]['price'] = None", "Cannot put None at '/rows/1/price': a number is expected"),
    (
        "m.rows[1]['prise'] = 1.0",
        "Cannot set '/rows/1/prise': a Row has no such member; it has 'name', 'price', 'note'",
    ),
    ("m.rows[1].update(price=1.0, name=2)", "Cannot put 2 at '/rows/1/name': a string is expected"),
    ("m.rows[1] |= {'note': 2}", "Cannot put 2 at '/rows/1/note': a string is expected"),
    ("m.rows[1].setdefault('note', 2)", "Cannot put 2 at '/rows/1/note': a string is expected"),
    ("del m.rows[1]['price']", "Cannot remove '/rows/1/price': a Row must have it"),
    ("m.rows[1].pop('name')", "Cannot remove '/rows/1/name': a Row must have it"),
    ("m.rows[1].clear()", "Cannot remove '/rows/1/name': a Row must have it"),
    (
        "m.rows.append({'name': 'x'})",
        "Cannot put an object at '/rows/2': 'price' is missing; a Row has 'name', 'price', 'note'",
    ),
    ("m.rows.append(5)", "Cannot put 5 at '/rows/2': an object (Row) is expected"),
    ("m.rows.insert(0, row(price='x'))", "Cannot put 'x' at '/rows/0/price': a number is expected"),
    ("m.rows.extend([row(), row(name=1)])", "Cannot put 1 at '/rows/3/name': a string is expected"),
    ("m.rows += [row(), [1]]", "Cannot put a list at '/rows/3': an object (Row) is expected"),
    ("m.rows[0:2] = [row(), row(price='x')]", "Cannot put 'x' at '/rows/1/price': a number is expected"),
    ("m.rows[::2] = [row(price='x')]", "Cannot put 'x' at '/rows/0/price': a number is expected"),
    ("m.rows[0] = row(name=None)", "Cannot put None at '/rows/0/name': a string is expected"),
    ("m.rows = [row(), row(price='x')]", "Cannot put 'x' at '/rows/1/price': a number is expected"),
    ("m.rows = {}", "Cannot put an object at '/rows': a list is expected"),
    ("m.prices['milk'] = 'x'", "Cannot put 'x' at '/prices/milk': a number is expected"),
    ("m.prices.update({'a': 1, 'b': []})", "Cannot put a list at '/prices/b': a number is expected"),
    ("m.grid[0][1] = 1.5", "Cannot put 1.5 at '/grid/0/1': an integer is expected"),
    ("m.grid[0].append('x')", "Cannot put 'x' at '/grid/0/2': an integer is expected"),
    ("m.grid.append(['x'])", "Cannot put 'x' at '/grid/2/0': an integer is expected"),
    ("m.grid[0] = 5", "Cannot put 5 at '/grid/0': a list is expected"),
    ("m.pair = (1, 2)", "Cannot put 2 at '/pair/1': a string is expected"),
    ("m.pair = (1, 'x', 2)", "Cannot resize '/pair': it has 2 elements, not 3"),
    ("m.points[0].append(1)", "Cannot resize '/points/0': it has 2 elements, not 3"),
    ("m.points[0].pop()", "Cannot resize '/points/0': it has 2 elements, not 1"),
    ("m.points[0][-1] = 'x'", "Cannot put 'x' at '/points/0/1': a number is expected"),
    ("m.points.append((1,))", "Cannot resize '/points/1': it has 2 elements, not 1"),
    ("m.either[0] = 1.5", "Cannot put 1.5 at '/either/0': an integer or a string or null is expected"),
    ("m.either.append([])", "Cannot put a list at '/either/3': an integer or a string or null is expected"),
    ("m.level = 'mid'", "Cannot put 'mid' at '/level': one of 'low', 'high' is expected"),
    ("m.levels[0] = True", "Cannot put True at '/levels/0': one of 1, 2, 'x' is expected"),
    ("m.color = 'green'", "Cannot put 'green' at '/color': one of 'red', 'blue' is expected"),
    ("m.colors['b'] = 'green'", "Cannot put 'green' at '/colors/b': one of 'red', 'blue' is expected"),
    ("m.shares[0] = 1.5", "Cannot put 1.5 at '/shares/0': at most 1 is expected"),
    ("m.shares.append(-1)", "Cannot put -1 at '/shares/1': at least 0 is expected"),
    ("m.tree['children'][0]['name'] = 1", "Cannot put 1 at '/tree/children/0/name': a string is expected"),
    (
        "m.tree['children'][0]['children'].append({'name': 'x', 'children': [{}]})",
        "Cannot put an object at '/tree/children/0/children/0/children/0': "
        "'name' is missing; a Tree has 'name', 'children'",
    ),
    ("m.rough.append(5)", "Cannot put 5 at '/rough/0': an object is expected"),
]


@pytest.mark.parametrize("is_watched", [False, True], ids=["alone", "watched"])
@pytest.mark.parametrize(("statement", "sentence"), REFUSED, ids=[statement for statement, _ in REFUSED])
def test_what_does_not_fit_is_refused_at_its_line_with_its_place_and_changes_nothing(
    statement, sentence, is_watched
):
    model = shop()
    told: list[Any] = []
    if is_watched:
        model.sync.on_patch(told.append)
    else:
        model.rows[1]["price"] = 1.5  # so that the fast way is open
        model.grid[0][0] = 1
    before = model.sync.snapshot()

    with pytest.raises(NotValid) as refused:
        exec(statement, {"m": model, "row": row})

    assert str(refused.value) == sentence
    assert isinstance(refused.value, traitlets.TraitError)
    assert isinstance(refused.value, SyncStateError)
    assert refused.value.pointer in sentence
    assert model.sync.snapshot() == before
    assert told == []


@pytest.mark.parametrize(
    ("statement", "pointer", "value"),
    [
        ("m.rows[0]['price'] = 4", "m.rows[0]['price']", 4.0),
        ("m.rows[0]['note'] = 'x'", "m.rows[0]['note']", "x"),
        ("m.rows[0]['note'] = 'x'; del m.rows[0]['note']", "m.rows[0]", row()),
        ("m.rows.append(row(price=4))", "m.rows[-1]['price']", 4.0),
        ("m.rows.sort(key=lambda row: row['price'])", "m.rows[0]['name']", "milk"),
        ("m.rows.append(m.rows.pop(0))", "m.rows[1]['name']", "tea"),
        ("m.prices |= {'a': 1}", "m.prices['a']", 1.0),
        ("m.pair = [1, 'x']", "m.pair", (1, "x")),
        ("m.points.append((1, 2))", "m.points[1]", [1.0, 2.0]),
        ("m.points[0][1] = 7", "m.points[0]", [0.0, 7.0]),
        ("m.either[0] = 'y'", "m.either[0]", "y"),
        ("m.levels[0] = 2.0", "m.levels[0]", 2),
        ("m.color = 'blue'", "m.color", Color.BLUE),
        ("m.colors['b'] = Color.BLUE", "m.colors['b']", Color.BLUE),
        ("m.colors['a'] = 'blue'", "m.colors['a']", Color.BLUE),
        ("m.shares[0] = 1", "m.shares[0]", 1.0),
        ("m.anything = {'a': [1]}; m.anything['a'].append('x')", "m.anything", {"a": [1, "x"]}),
        ("m.rough.append({'a': {}}); m.rough[0]['a']['b'] = 1", "m.rough", [{"a": {"b": 1}}]),
    ],
)
def test_what_fits_is_there_as_its_place_has_it(statement, pointer, value):
    model = shop()

    exec(statement, {"m": model, "row": row, "Color": Color})
    found = eval(pointer, {"m": model})

    assert found == value
    assert type(found) is type(value) or isinstance(value, (list, dict))


def test_a_member_of_an_enum_stands_in_containers_and_its_value_on_the_wire():
    model = shop()
    patches: list[Any] = []
    model.sync.on_patch(lambda patch: patches.append(patch.patch))

    model.colors["a"] = Color.BLUE
    model.colors["a"] = Color.BLUE
    model.sync.apply([{"op": "add", "path": "/colors/b", "value": "red"}])
    model.sync.apply([{"op": "test", "path": "/colors/b", "value": "red"}])

    assert copy.deepcopy(model.colors) == {"a": Color.BLUE, "b": Color.RED}
    assert model.sync.snapshot()["colors"] == {"a": "blue", "b": "red"}
    assert patches == [
        [{"op": "replace", "path": "/colors/a", "value": "blue"}],
        [{"op": "add", "path": "/colors/b", "value": "red"}],
    ]


class Corner(enum.Enum):
    FIRST = (0, 0)


register(Corner)
register(Fraction, str, Fraction)


class Leaves(SyncedModel):
    n: int = 0
    x: float = 0
    xs: list[float] = []
    level: Literal[1, 2] = 1
    is_on: bool = False
    due: datetime.date | None = None
    at: list[datetime.datetime] = []
    span: datetime.timedelta = datetime.timedelta(1)
    open: datetime.time | None = synced(None, min=datetime.time(8), max="18:00")
    half: Fraction = Fraction(1, 2)
    parts: list[Fraction] = []
    corners: list[Corner] = []


@pytest.mark.parametrize(
    ("statement", "place", "value"),
    [
        ("m.n = np.int64(3)", "m.n", 3),
        ("m.x = np.float32(0.5)", "m.x", 0.5),
        ("m.xs.append(np.int8(3))", "m.xs[0]", 3.0),
        ("m.level = np.int64(2)", "m.level", 2),
        ("m.is_on = np.bool_(True)", "m.is_on", True),
        ("m.x = 2**60", "m.x", 2.0**60),
        ("m.n = 2**70", "m.n", 2**70),
        ("m.due = '2024-01-02'", "m.due", datetime.date(2024, 1, 2)),
        ("m.at.append('2024-01-02T10:00')", "m.at[0]", datetime.datetime(2024, 1, 2, 10)),
        ("m.at.append(np.datetime64('2024-01-01', 's'))", "m.at[0]", datetime.datetime(2024, 1, 1)),
        ("m.open = '09:00'", "m.open", datetime.time(9)),
        ("m.parts.append(Fraction(1, 3))", "m.parts[0]", Fraction(1, 3)),
        ("m.corners.append(Corner.FIRST)", "m.corners[0]", Corner.FIRST),
        ("m.sync.apply([dict(op='replace', path='/due', value='2024-05-05')])", "m.due.month", 5),
        ("m.sync.apply([dict(op='add', path='/at/-', value='2024-05-05T11:00')])", "m.at[0].hour", 11),
    ],
)
def test_leaves_of_all_types_are_there_as_their_type_has_them(statement, place, value):
    model = Leaves()
    names = {"m": model, "np": pytest.importorskip("numpy"), "Fraction": Fraction, "Corner": Corner}

    exec(statement, names)
    found = eval(place, names)

    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "statement",
    [
        "m.n = np.float64(3)",
        "m.n = np.bool_(True)",
        "m.x = 2**60 + 1",
        "m.x = '1'",
        "m.due = datetime.datetime(2024, 1, 1)",
        "m.at.append(datetime.date(2024, 1, 1))",
        "m.at.append('tomorrow')",
        "m.open = '07:00'",
        "m.open = datetime.time(9, tzinfo=datetime.UTC)",
        "m.span = 3",
        "m.parts.append(1)",
        "m.corners.append((0, 0))",
    ],
)
def test_leaves_of_other_types_are_refused(statement):
    model = Leaves()
    before = model.sync.snapshot()

    with pytest.raises(NotValid, match=r"^Cannot put .* at '/"):
        exec(statement, {"m": model, "np": pytest.importorskip("numpy"), "datetime": datetime})

    assert model.sync.snapshot() == before


def test_what_was_taken_out_is_free_and_is_looked_at_when_it_comes_back():
    model = shop()
    taken = model.rows.pop()
    taken["price"] = "free"

    with pytest.raises(NotValid, match="'/rows/1/price'"):
        model.rows.append(taken)
    taken["price"] = 2.5
    model.rows.append(taken)

    assert model.rows[1] is taken
    with pytest.raises(NotValid):
        taken["price"] = "x"


def test_a_container_that_comes_to_a_place_of_another_kind_obeys_that_one():
    class Two(SyncedModel):
        ints: list[list[int]] = []
        texts: list[list[str]] = []
        free: list = []

    model = Two(ints=[[], [1]])
    empty, full = model.ints

    model.texts.append(model.ints.pop(0))
    with pytest.raises(NotValid):
        model.texts.append(model.ints.pop())
    model.free.append(full)
    full.append("x")

    assert model.texts[0] is empty
    with pytest.raises(NotValid):
        empty.append(1)
    assert model.free == [[1, "x"]]


def test_a_container_of_a_union_may_become_another_branch_when_all_in_it_goes():
    class Either(SyncedModel):
        values: list[int] | list[str] = []
        members: dict[str, int] | dict[str, str] = {}

    model = Either()

    model.values.append("a")
    model.members["a"] = "b"
    with pytest.raises(NotValid):
        model.values.append(1)
    with pytest.raises(NotValid):
        model.members["b"] = 1
    model.values[:] = [1, 2]
    model.members.clear()
    model.members["b"] = 1

    assert model.sync.snapshot() == {"values": [1, 2], "members": {"b": 1}}
    with pytest.raises(NotValid):
        model.values.append("a")


class Circle(TypedDict):
    kind: Literal["circle"]
    size: float


class Label(TypedDict):
    kind: Literal["label"]
    size: str


def test_a_patch_may_pass_through_what_does_not_fit_if_what_comes_of_it_does():
    class Drawing(SyncedModel):
        rows: list[Row] = []
        shapes: list[Circle | Label] = []

    model = Drawing(rows=[row()], shapes=[{"kind": "circle", "size": 1}])
    told: list[Any] = []
    model.sync.on_patch(lambda patch: told.append(patch.patch))
    first, drawn = model.rows[0], model.shapes[0]

    model.sync.apply(
        [
            {"op": "remove", "path": "/rows/0/price"},
            {"op": "add", "path": "/rows/0/price", "value": 7},
            {"op": "replace", "path": "/shapes/0/kind", "value": "label"},
            {"op": "replace", "path": "/shapes/0/size", "value": "XL"},
        ]
    )

    assert len(told) == 1
    assert model.rows[0] is first
    assert model.shapes[0] is drawn
    assert first == row(price=7.0)
    drawn["size"] = "XXL"
    for misfit in ("first['price'] = 'x'", "del first['price']", "drawn['size'] = 2"):
        with pytest.raises(NotValid):
            exec(misfit, {"first": first, "drawn": drawn})


def test_rows_that_are_the_same_stay_who_they_are_when_a_typed_table_is_assigned():
    model = Shop(rows=[row(price=number) for number in range(200)])
    model.sync.on_patch(lambda patch: None)
    kept, changed = model.rows[7], model.rows[8]

    model.rows = [row(price=number if number != 8 else 80) for number in range(150)]

    assert model.rows[7] is kept
    assert model.rows[8] is not changed
    assert model.rows[8]["price"] == 80.0
    for place in (7, 8):
        with pytest.raises(NotValid):
            model.rows[place]["price"] = "x"
    with pytest.raises(NotValid):
        model.rows = [row(price=number if number != 9 else "x") for number in range(150)]


class Even(traitlets.TraitType):
    """A trait of a person's own, which takes a lock that others hold while they change the model."""

    info_text = "an even number"
    asked: ClassVar[list[Any]] = []
    lock = threading.Lock()
    is_asked = threading.Event()

    def validate(self, obj: Any, value: Any) -> Any:
        self.is_asked.set()
        with self.lock:
            self.asked.append((type(obj).__name__, value))
        if value % 2:
            self.error(obj, value)
        return value * 10 if value == 2 else value


class Evens(SyncedModel):
    numbers = traitlets.List(Even()).tag(sync=True)
    named = traitlets.Dict(value_trait=Even()).tag(sync=True)
    deep = traitlets.List(traitlets.List(Even())).tag(sync=True)


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("m.numbers.append(2)", "m.numbers == [0, 20]"),
        ("m.numbers[0] = 2", "m.numbers == [20]"),
        ("m.numbers[0:1] = [2, 4]", "m.numbers == [20, 4]"),
        ("m.numbers.extend([2, 4])", "m.numbers == [0, 20, 4]"),
        ("m.numbers.insert(0, 2)", "m.numbers == [20, 0]"),
        ("m.named['a'] = 2", "m.named == {'a': 20}"),
        ("m.named.update(a=2)", "m.named == {'a': 20}"),
        ("m.named.setdefault('b', 2)", "m.named == {'a': 0, 'b': 20}"),
        ("m.deep.append([2])", "m.deep == [[0], [20]]"),
        ("m.deep[0].append(2)", "m.deep == [[0, 20]]"),
    ],
)
def test_an_element_trait_of_a_person_s_own_is_asked_and_what_it_makes_of_a_value_is_there(statement, found):
    model = Evens(numbers=[0], named={"a": 0}, deep=[[0]])
    del Even.asked[:]

    exec(statement, {"m": model})

    assert eval(found, {"m": model})
    assert ("Evens", 2) in Even.asked
    before = model.sync.snapshot()
    with pytest.raises(NotValid, match=r"an even number is expected") as refused:
        exec(statement.replace("2", "3").replace("'b'", "'c'"), {"m": model})
    assert refused.value.pointer.count("/") >= 2
    assert model.sync.snapshot() == before


def test_an_element_trait_of_a_person_s_own_is_asked_without_the_model_s_lock():
    model = Evens(numbers=[0])
    is_held = threading.Event()
    Even.is_asked.clear()

    def change() -> None:
        with Even.lock:
            is_held.set()
            assert Even.is_asked.wait(PATIENCE)
            model.deep.append([])  # takes the model's lock

    def append() -> None:
        assert is_held.wait(PATIENCE)
        model.numbers.append(4)

    with running(change, append):
        pass

    assert model.sync.snapshot() == {"numbers": [0, 4], "named": {}, "deep": [[]]}


@pytest.mark.parametrize(
    ("patch", "sentence"),
    [
        (
            [("replace", "/rows/1/price", "x")],
            "Cannot put 'x' at '/rows/1/price': a number is expected",
        ),
        ([("remove", "/rows/1/price", None)], "Cannot put an object at '/rows/1': 'price' is missing"),
        ([("add", "/rows/1/prise", 1)], "Cannot set '/rows/1/prise': a Row has no such member"),
        ([("add", "/rows/-", {"name": "x"})], "Cannot put an object at '/rows/2': 'price' is missing"),
        ([("add", "/points/0/-", 1)], "Cannot resize '/points/0': it has 2 elements, not 3"),
        ([("add", "/shares/-", 2)], "Cannot put 2 at '/shares/1': at most 1 is expected"),
        ([("replace", "/colors/a", "green")], "Cannot put 'green' at '/colors/a': one of 'red', 'blue'"),
        (
            [("replace", "/rows/0/price", 7), ("replace", "/rows/1/name", 7)],
            "Cannot put 7 at '/rows/1/name': a string is expected",
        ),
    ],
    ids=str,
)
def test_an_edit_that_does_not_fit_is_rejected_with_its_place(patch, sentence):
    model = shop()
    kernel = Kernel(model)
    page = Page(kernel.hub.join(), "p1", model.sync.key)
    page.hello()
    before = model.sync.snapshot()

    page.edit(*({"op": op, "path": path, "value": value} for op, path, value in patch))

    assert page.troubles[0].error == "NotValid"
    assert page.troubles[0].reason.startswith(sentence)
    assert f"{page.troubles[0].pointer!r}" in sentence
    assert model.sync.snapshot() == page.document == before


def test_an_alias_and_a_type_with_parameters_mean_what_they_stand_for():
    typing_extensions = pytest.importorskip("typing_extensions")
    price = typing_extensions.TypeAliasType("price", float)
    by_name = typing_extensions.TypeAliasType("by_name", dict[str, T], type_params=(T,))
    endless = typing_extensions.TypeAliasType("endless", "list[endless]")

    assert fit(shape_of(list[price]), [1]) == [1.0]
    assert type(fit(shape_of(by_name[float]), {"a": 1})["a"]) is float
    assert fit(shape_of(list[Box[float]]), [{"content": 1, "more": [2]}]) == [{"content": 1.0, "more": [2.0]}]
    with pytest.raises(TypeError, match="made of itself"):
        shape_of(endless, {"endless": endless})
    with pytest.raises(TypeError, match="stands for no type here"):
        shape_of(by_name)
    with pytest.raises(TypeError, match="stands for no type here"):
        shape_of(Box)


@pytest.mark.parametrize(
    ("annotation", "value", "fitted"),
    [
        (Price, 1, 1.0),
        ("list[Row]", [row()], [row()]),
        (Tight, {"id": 1, "size": 2}, {"id": 1, "size": 2}),
        (dict[Literal["a", "b"], int], {"a": 1}, {"a": 1}),
        (list[int] | dict[str, int], {"a": 1}, {"a": 1}),
        (list[int] | list[str], ["a"], ["a"]),
        (int | float, 1, 1),
        (int | float, 1.5, 1.5),
        (float | None, None, None),
        (Annotated[str, {"any": "thing"}], "x", "x"),
    ],
    ids=str,
)
def test_every_spelling_of_a_type_has_its_shape(annotation, value, fitted):
    found = fit(shape_of(annotation, globals()), value)

    assert found == fitted
    assert type(found) is type(fitted)


# -- what a class says


def test_a_class_inside_a_function_may_use_what_is_there_and_call_an_attribute_as_its_type():
    count = int

    class Local(TypedDict):
        size: count | None
        others: list[Local]

    class Inner(SyncedModel):
        rows: list[Local] = []
        count: count | None = None

    with pytest.raises(NotValid, match=r"'others' is missing"):
        Inner(rows=[{"size": None, "others": [{"size": 1}]}])
    with pytest.raises(NotValid, match=r"an integer or null is expected"):
        Inner(count="x")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("n: int = 'x'", "'n' of Bad: its default does not fit: an integer is expected"),
        ("n: int = None", "'n' of Bad: its default does not fit: an integer is expected"),
        ("rows: list[Row] = [{'name': 'x'}]", "its default does not fit: 'price' is missing; .* at '/0'"),
        ("n: int = synced(5, max=3)", "its default does not fit: at most 3 is expected"),
        ("n: int = synced(min=3)", "its default does not fit: at least 3 is expected"),
        ("n: int = synced(0, min=3, max=1)", "nothing is at least 3 and at most 1"),
        ("n: int = synced(0, min='a')", "'a' is no limit: an integer is expected"),
        ("s: str = synced('a', min=1)", "a string has no min; use a validator"),
        ("n: int = synced(0, max_length=1)", "an integer has no length"),
        ("x: Any = synced(0, min=1)", "of what may be anything there are no limits"),
        ("n: int = synced(0, choices=['a'])", "'a' is no limit: an integer is expected"),
        ("rows: list[int] = synced([], choices=[1])", "give them to its elements"),
        ("row: dict[str, int] = synced({}, max_length=1)", "an object has no length"),
        ("c: Color = synced(Color.RED, choices=['green'])", "'green' is no choice"),
        ("days: set[int] = set()", "there is no trait for set.*; JSON has no sets; use a list"),
        ("row: dict[int, str] = {}", "the members of a JSON object have text names, not int"),
        ("many: __import__('collections.abc').abc.Sequence[int] = []", r"say list\[...\] or tuple\[...\]"),
        ("odd: Odd = Odd.A", r"the value of <Odd.A: \(1, 2\)> is neither text nor a number"),
        ("due: datetime.date", "nothing can be meant without a value; give it a default, or say `| None`"),
        ("x: list['Missing'] = []", "the annotation names 'Missing', which is not defined"),
        ("notify_change: int = 1", "SyncedModel uses that name; choose another"),
        ("traits = traitlets.Dict().tag(sync=True)", "SyncedModel uses that name; choose another"),
        ("sync: int = 1", "define 'sync' in Bad"),
        ("n: complex = 1j", "annotate it as ClassVar or call it _name to keep it local"),
    ],
)
def test_a_class_that_says_what_cannot_be_is_refused_where_it_is_defined(body, why):
    with pytest.raises(TypeError, match=rf"^Cannot .*{why}"):
        exec(f"class Bad(SyncedModel):\n    {body}", {**globals(), "__name__": __name__})


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"default": 1, "factory": int}, "both a default and a factory"),
        ({"step": 0}, "in steps of 0"),
        ({"step": -1}, "in steps of -1"),
        ({"step": "x"}, "in steps of 'x'"),
        ({"choices": []}, r"Cannot choose from \[\]"),
        ({"choices": "abc"}, "Cannot choose from 'abc'; give a list"),
        ({"choices": 3}, "Cannot choose from 3"),
        ({"max_length": -1}, "a length of -1"),
        ({"max_length": 1.5}, "a length of 1.5"),
    ],
    ids=str,
)
def test_what_synced_cannot_say_is_refused_at_once(arguments, why):
    with pytest.raises(TypeError, match=why):
        synced(**arguments)


def test_what_synced_says_holds_and_is_there_for_those_who_ask():
    class Said(SyncedModel):
        n: int = synced(4, min=0, max=10, step=2, label="Number", help="How many.")
        fruit: str = synced("tea", choices=["tea", "milk"])
        maybe: float | None = synced(None, max=1)
        short: list[int] = synced([], max_length=2)
        text: str = synced("", max_length=3)
        data: bytes = synced(b"", max_length=3)
        colors: list[Annotated[Color, synced(choices=[Color.RED])]] = []
        due: datetime.date | None = synced(None, min=datetime.date(2024, 1, 1), max="2024-12-31")

    model = Said()
    model.n, model.fruit, model.maybe, model.short = 3, "milk", 0.5, [1, 2]

    for statement, why in (
        ("m.n = 11", "at most 10"),
        ("m.fruit = 'beer'", "one of 'tea', 'milk'"),
        ("m.maybe = 2", "at most 1"),
        ("m.short = [1, 2, 3]", "it has room for 2 elements, not 3"),
        ("m.short.append(1)", "it has room for 2 elements, not 3"),
        ("m.text = 'four'", "it is 4 long, and at most 3"),
        ("m.data = b'four'", "it is 4 long, and at most 3"),
        ("m.colors.append(Color.BLUE)", "one of 'red' is expected"),
    ):
        with pytest.raises(NotValid, match=why):
            exec(statement, {"m": model, "Color": Color})
    assert model.trait_metadata("n", "step") == 2
    assert model.trait_metadata("n", "label") == "Number"
    assert model.trait_metadata("fruit", "choices") == ["tea", "milk"]
    assert model.traits()["n"].help == "How many."


def test_a_factory_that_makes_what_does_not_fit_is_refused_when_it_is_asked():
    class Made(SyncedModel):
        rows: list[Row] = synced(factory=lambda: [{"name": "x"}])

    with pytest.raises(NotValid, match=r"^Cannot put an object at '/rows/0': 'price' is missing"):
        Made().rows  # noqa: B018 # to ask is what it is about


def test_each_instance_has_its_own_default():
    one, other = shop(), Shop()
    other.rows.append(row())

    assert Shop().rows == []
    assert Shop().tree == {"name": "root", "children": []}
    assert len(one.rows) == 2


# -- what must hold for all


leaves = st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-2, 2) | st.sampled_from(["", "x", "red"])
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "price", "note", "children", "a"]), inner, max_size=3)
        | st.builds(row, st.text(max_size=2), st.floats(0, 1))
    ),
    max_leaves=6,
)
keys = st.integers(-3, 3) | st.sampled_from(["name", "price", "note", "children", "a"])


def containers(value: Any) -> list[Any]:
    found = [value] if isinstance(value, (list, dict)) else []
    for container in found:
        children = container.values() if isinstance(container, dict) else container
        found += [child for child in children if isinstance(child, (list, dict))]
    return found


ACTS: dict[str, Any] = {
    "set": lambda node, key, value: node.__setitem__(key, value),
    "slice": lambda node, key, value: node.__setitem__(slice(key, None), [value]),
    "append": lambda node, key, value: node.append(value),
    "insert": lambda node, key, value: node.insert(key, value),
    "pop": lambda node, key, value: node.pop(key),
    "delete": lambda node, key, value: node.__delitem__(key),
    "update": lambda node, key, value: node.update({key: value}),
    "default": lambda node, key, value: node.setdefault(key, value),
    "reverse": lambda node, key, value: node.reverse(),
    "clear": lambda node, key, value: node.clear(),
    "double": lambda node, key, value: node.__imul__(2),
}


@settings(max_examples=300)
@given(st.data(), st.booleans())
def test_whatever_is_done_all_fits_and_what_is_refused_changes_nothing(data, is_watched):
    model = shop()
    patches: list[Any] = []
    if is_watched:
        model.sync.on_patch(lambda patch: patches.append(patch.patch))
    first = model.sync.snapshot()
    for _ in range(data.draw(st.integers(1, 12))):
        nodes = [(name, node) for name in model.trait_names() for node in containers(getattr(model, name))]
        before = model.sync.snapshot()
        act = data.draw(st.sampled_from([*ACTS, "assign", "apply", "move"]))
        key, value = data.draw(keys), data.draw(values)
        name, node = data.draw(st.sampled_from(nodes))
        other = data.draw(st.sampled_from(nodes))[1]
        try:
            if act == "assign":
                setattr(model, name, value)
            elif act == "apply":
                op = data.draw(st.sampled_from(["add", "replace", "remove"]))
                pointer = f"{getattr(node, 'location', None) or f'/{name}'}/{key}"
                model.sync.apply([{"op": op, "path": pointer, "value": value}])
            elif act == "move" and isinstance(other, list):
                other.append(node.pop(key))
            elif act in ACTS:
                ACTS[act](node, key, value)
        except (NotValid, NotSyncable, PatchError, LookupError, TypeError, AttributeError):
            if act != "move":  # which may fail in its second half
                assert model.sync.snapshot() == before
        for member, trait in model.traits().items():
            wire = model.sync.snapshot()[member]
            assert same(plain(fit(trait.shape, wire)), wire)
    if is_watched:
        replayed = apply(first, [operation for patch in patches for operation in patch])
        assert same(replayed, model.sync.snapshot())


def test_what_is_done_to_one_element_looks_at_that_one_alone(monkeypatch):
    looked: list[Any] = []
    model = Shop(rows=[row(price=number) for number in range(10_000)])
    admit = RecordShape.admit

    def look(shape: RecordShape, value: Any) -> Any:
        looked.append(value)
        return admit(shape, value)

    monkeypatch.setattr(RecordShape, "admit", look)
    monkeypatch.setattr(RecordShape, "pass_rows", lambda shape, rows: looked.extend(rows) or False)

    model.rows[5000]["price"] = 1
    model.rows[5000].update(note="x")
    model.rows[5000] = row()
    model.rows.append(row())
    model.rows.pop(0)
    model.rows.insert(17, row())
    model.rows.sort(key=lambda each: each["price"])
    for patch in (
        {"op": "replace", "path": "/rows/5000/price", "value": 3},
        {"op": "replace", "path": "/rows/5000", "value": row()},
        {"op": "add", "path": "/rows/-", "value": row()},
        {"op": "move", "from": "/rows/3", "path": "/rows/7"},
        {"op": "remove", "path": "/rows/3"},
    ):
        model.sync.apply([patch])

    assert 6 < len(looked) < 20
