"""What may stand in a place: types, said once in a class, hold wherever something changes."""

# ruff: noqa: RUF012 # the mutable defaults of a model are copied for each instance

from __future__ import annotations

import copy
import enum
from typing import Annotated, Any, Literal, NewType, NotRequired, Required, TypedDict

import pytest
import traitlets

from syncstate import NotValid, SyncedModel, SyncStateError, synced
from syncstate.annotations import shape_of
from syncstate.shapes import fit


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


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
        (Annotated[str, "anything"], "x", "x"),
    ],
    ids=str,
)
def test_every_spelling_of_a_type_has_its_shape(annotation, value, fitted):
    found = fit(shape_of(annotation, globals()), value)

    assert found == fitted
    assert type(found) is type(fitted)
