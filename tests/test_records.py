"""Instances of dataclasses in documents."""

# ruff: noqa: RUF012 # the defaults of a model are copied for each instance

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, InitVar, asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

import pytest

from syncstate import SyncedModel
from syncstate.errors import NotValid
from tests.support import Kernel


@dataclass
class Point:
    x: float
    y: float = 0

    def move(self) -> None:
        self.x += 1

    @cached_property
    def size(self) -> float:
        return abs(self.x)


@dataclass
class Point3(Point):
    z: float = 0


@dataclass(slots=True, kw_only=True, order=True)
class Slotted:
    a: int = 1
    items: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Frozen:
    x: float


@dataclass
class Line:
    start: Point
    end: Point
    points: dict[str, Point] = field(default_factory=dict)
    length: float = field(init=False, default=0)
    scale: InitVar[float] = 1

    def __post_init__(self, scale: float) -> None:
        self.length = scale * (self.end.x - self.start.x)
        self.note = "kept"


@dataclass
class Odd:
    items: int = 1
    keys: int = 2
    values: list[int] = field(default_factory=list)
    copy: str = ""


@dataclass
class Bad:
    where: set


class Sketch(SyncedModel):
    origin: Point = Point(0, 0)
    points: list[Point] = []
    by_name: dict[str, Point] = {}
    lines: list[Line] = []
    slotted: Slotted
    frozen: list[Frozen] = []
    odd: Odd
    maybe: Point | None = None
    anything: list = []


def patches_of(model: SyncedModel) -> list[list[Any]]:
    patches: list[list[Any]] = []
    model.sync.on_patch(lambda patch: patches.append(patch.patch))
    return patches


def test_an_attribute_that_is_written_is_told():
    sketch = Sketch(points=[Point(1)])
    patches = patches_of(sketch)

    sketch.points[0].x = 3
    sketch.points[0].move()
    sketch.origin.y = 2

    assert [operation for (operation,) in patches] == [
        {"op": "replace", "path": "/points/0/x", "value": 3.0},
        {"op": "replace", "path": "/points/0/x", "value": 4.0},
        {"op": "replace", "path": "/origin/y", "value": 2.0},
    ]


def test_what_stands_there_is_an_instance_to_everybody_who_asks():
    sketch = Sketch(points=[Point(1, 2)])
    point = sketch.points[0]

    assert isinstance(point, Point)
    assert point.__class__ is Point
    assert point == Point(1, 2)
    assert Point(1, 2) == point
    assert point != Point(1, 3)
    assert repr(point) == "Point(x=1.0, y=2.0)"
    assert asdict(point) == {"x": 1, "y": 2}
    assert type(replace(point, x=5)) is Point
    match point:
        case Point(x, y=y):
            assert (x, y) == (1, 2)
        case _:
            pytest.fail("it is a point")


def test_values_are_copied_in():
    mine = Point(1)
    sketch = Sketch(origin=mine, points=[mine, mine])

    mine.x = 5
    sketch.points[0].x = 7

    assert [sketch.origin.x, sketch.points[0].x, sketch.points[1].x] == [1, 7, 1]


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))]
)
def test_copies_are_plain(copied):
    sketch = Sketch(lines=[Line(Point(1), Point(2))])

    line = copied(sketch.lines[0])
    line.length = 7

    assert type(line) is Line
    assert line.end == Point(2)
    assert sketch.lines[0].length == 1


def test_fields_are_validated_where_they_are_written():
    sketch = Sketch(points=[Point(1)], lines=[Line(Point(1), Point(2))])

    with pytest.raises(NotValid, match=r"^Cannot put 'x' at '/points/0/x': a number is expected"):
        sketch.points[0].x = "x"
    with pytest.raises(NotValid, match="'/lines/0/end/x'"):
        sketch.lines[0].end.x = "x"
    with pytest.raises(NotValid, match="'/points/1/y'"):
        sketch.points.append(Point(1, "y"))
    with pytest.raises(NotValid, match="a Point is expected"):
        sketch.points.append(Frozen(1))

    assert sketch.points == [Point(1)]
    assert sketch.lines[0].end == Point(2)


def test_nested_dataclasses_and_containers_in_them_report():
    sketch = Sketch(lines=[Line(Point(1), Point(2))])
    patches = patches_of(sketch)

    sketch.lines[0].end.x = 5
    sketch.lines[0].points["a"] = Point(3)
    sketch.lines[0].points["a"].y = 1

    assert [operation["path"] for (operation,) in patches] == [
        "/lines/0/end/x",
        "/lines/0/points/a",
        "/lines/0/points/a/y",
    ]


def test_inherited_slotted_and_oddly_named_fields_work():
    sketch = Sketch(points=[Point3(1, 2, 3)], slotted=Slotted(a=2), odd=Odd(values=[1]))
    patches = patches_of(sketch)

    sketch.points[0].z = 4
    sketch.slotted.a = 5
    sketch.slotted.items.append(1)
    sketch.odd.items = 3
    sketch.odd.values.append(2)
    sketch.odd.copy = "c"

    assert len(patches) == 6
    assert sketch.slotted == Slotted(a=5, items=[1])
    assert sketch.slotted > Slotted(a=4)
    assert sketch.sync.snapshot()["odd"] == {"items": 3, "keys": 2, "values": [1, 2], "copy": "c"}
    assert sketch.points == [Point3(1, 2, 4)]


def test_what_is_no_field_stays_in_python():
    sketch = Sketch(lines=[Line(Point(1), Point(2))], points=[Point(-3)])
    line = sketch.lines[0]

    line.color = "red"

    assert (line.note, line.color) == ("kept", "red")
    assert sketch.points[0].size == 3
    assert sketch.sync.snapshot()["lines"][0].keys() == {"start", "end", "points", "length"}
    assert sketch.sync.snapshot()["points"] == [{"x": -3, "y": 0}]


def test_a_frozen_one_is_assigned_whole():
    sketch = Sketch(frozen=[Frozen(1)])
    page = Kernel(sketch).page()

    with pytest.raises(FrozenInstanceError):
        sketch.frozen[0].x = 2
    page.put("/frozen/0/x", 3)
    sketch.frozen.append(Frozen(2))
    page.put("/frozen/1", {"x": 5})

    (trouble,) = page.troubles
    assert "it is in a Frozen, which is frozen; replace that as a whole" in str(trouble)
    assert sketch.frozen == [Frozen(1), Frozen(5)]
    assert hash(sketch.frozen[0]) == hash(Frozen(1))
    assert page.document == sketch.sync.snapshot()


def test_a_page_edits_a_field_and_python_holds_the_same_object():
    sketch = Sketch(points=[Point(1)], lines=[Line(Point(1), Point(2))])
    point, end = sketch.points[0], sketch.lines[0].end
    page = Kernel(sketch).page()

    page.put("/points/0/x", 3)
    page.edit(
        {"op": "replace", "path": "/lines/0/end/x", "value": 7},
        {"op": "add", "path": "/lines/0/points/p", "value": {"x": 1}},
        {"op": "replace", "path": "/origin/y", "value": 1},
    )

    assert not page.troubles
    assert sketch.points[0] is point
    assert sketch.lines[0].end is end
    assert (point.x, end.x, sketch.origin.y) == (3, 7, 1)
    assert sketch.lines[0].points["p"] == Point(1)
    assert page.document == sketch.sync.snapshot()


def test_a_page_adds_an_instance_as_a_plain_object():
    sketch = Sketch()
    page = Kernel(sketch).page()

    page.edit({"op": "add", "path": "/lines/-", "value": {"start": {"x": 1}, "end": {"x": 4}}})
    page.put("/maybe", {"x": 2})
    page.put("/maybe/x", 3)

    assert not page.troubles
    assert sketch.lines[0].length == 3
    assert sketch.maybe == Point(3)
    assert page.document == sketch.sync.snapshot()


@pytest.mark.parametrize(
    ("value", "pointer", "why"),
    [
        ({"x": 1, "w": 2}, "/points/0/w", "a Point has no such member; it has 'x', 'y'"),
        ({"y": 1}, "/points/0", "'x' is missing; a Point has 'x', 'y'"),
        ({"x": "text"}, "/points/0/x", "a number is expected"),
        ([], "/points/0", "a Point is expected"),
    ],
)
def test_what_is_no_instance_is_refused(value, pointer, why):
    sketch = Sketch()
    page = Kernel(sketch).page()

    page.edit({"op": "add", "path": "/points/-", "value": value})
    with pytest.raises(NotValid) as error:
        sketch.points.append(value)

    (trouble,) = page.troubles
    assert why in str(trouble)
    assert why in str(error.value)
    assert (trouble.pointer, error.value.pointer) == (pointer, pointer)
    assert sketch.points == []


def test_an_instance_stands_in_any_place():
    sketch = Sketch(anything=[{"deep": Point(1)}])
    patches = patches_of(sketch)

    sketch.anything[0]["deep"].x = 2
    with pytest.raises(NotValid):
        sketch.anything[0]["deep"].x = "x"

    assert patches == [[{"op": "replace", "path": "/anything/0/deep/x", "value": 2.0}]]


def test_what_was_taken_out_reports_no_longer_and_goes_elsewhere():
    sketch = Sketch(points=[Point(1), Point(2)])
    patches = patches_of(sketch)

    point = sketch.points.pop(0)
    point.x = 9.0
    sketch.by_name["p"] = point
    point.y = 1

    assert sketch.by_name["p"] is point
    assert [operation["path"] for (operation,) in patches] == ["/points/0", "/by_name/p", "/by_name/p/y"]


def test_rows_are_moved_as_themselves():
    sketch = Sketch(points=[Point(3), Point(1), Point(2)])
    held = sketch.points[0]
    patches = patches_of(sketch)

    sketch.points.sort(key=lambda point: point.x)
    held.y = 1

    assert patches == [
        [{"op": "move", "from": "/points/0", "path": "/points/2"}],
        [{"op": "replace", "path": "/points/2/y", "value": 1.0}],
    ]


def test_a_field_that_has_no_place_is_refused_at_the_class_statement():
    with pytest.raises(
        TypeError, match=r"Cannot sync 'bad' of Holder: of the field 'where' of Bad: .* no trait"
    ):

        class Holder(SyncedModel):
            bad: list[Bad] = []


def test_an_attribute_of_an_instance_is_not_deleted():
    sketch = Sketch()

    with pytest.raises(AttributeError, match="Cannot delete 'x'"):
        del sketch.origin.x
