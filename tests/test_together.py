"""All that a model can do, at once: typed rows, nested models, dataclasses, computeds, batches, undo, pages.

`SYNCSTATE_TOGETHER=5000 pytest tests/test_together.py` runs as many scripts; each is a seed that says all.
"""

from __future__ import annotations

# ruff: noqa: RUF012 # the mutable defaults of a model are copied for each instance
import enum
import math
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Any, NotRequired, TypedDict

import pytest
import traitlets

from syncstate import SyncedModel, SyncStateError, batch, computed, synced, transaction
from syncstate.document import same
from syncstate.patch import apply
from tests.support import Kernel, Page

SCRIPTS = int(os.environ.get("SYNCSTATE_TOGETHER", "40"))
FIRST = int(os.environ.get("SYNCSTATE_TOGETHER_FIRST", "0"))


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Row(TypedDict):
    name: str
    price: float
    when: NotRequired[date]
    color: NotRequired[Color]


@dataclass
class Point:
    x: float = 0
    tags: list[str] = field(default_factory=list)


class Part(SyncedModel):
    label: str = ""
    weight: float = synced(0, min=0)
    marks: list[int] = []
    points: list[Point] = []
    inner: Part | None = None

    @computed
    def heavy(self) -> float:
        return self.weight * 2 + sum(self.marks) + (self.inner.heavy if self.inner is not None else 0)


class Board(SyncedModel):
    title: str = "a"
    low: int = 0
    high: int = 10
    rows: list[Row] = []
    parts: dict[str, Part] = {}
    spare: list[Part] = []
    points: list[Point] = []
    color: Color = Color.RED
    day: date = date(2026, 1, 31)
    anything: Any = None
    secret: int = synced(0, read_only=True)

    @traitlets.validate("low", "high")
    def _order(self, proposal: Any) -> Any:
        low, high = (
            proposal["value"] if proposal["trait"].name == name else getattr(self, name)
            for name in ("low", "high")
        )
        if low > high:
            raise traitlets.TraitError("low is above high")
        return proposal["value"]

    @computed
    def total(self) -> float:
        return sum(row["price"] for row in self.rows) + self.weight

    @computed
    def weight(self) -> float:
        return sum(part.heavy for part in [*self.parts.values(), *self.spare])

    @computed
    def summary(self) -> dict[str, Any]:
        return {
            "names": [row["name"] for row in self.rows],
            "mean": self.total / len(self.rows),
            "first": self.points[0].x if self.points else None,
            "color": self.color.value,
        }


class Noted(Board):
    _history = "statements"


class Told:
    """What the patches of a model make of its first document."""

    def __init__(self, model: SyncedModel) -> None:
        self.model = model
        self.document: Any = model.sync.snapshot()
        model.sync.on_patch(self.hear)

    def hear(self, patch: Any) -> None:
        self.document = apply(self.document, patch.patch)

    def check(self) -> None:
        self.model.sync.snapshot()
        assert same(self.document, self.model.sync.snapshot()), f"patches of {type(self.model).__name__}"


class Refused(Exception):
    """Raised to have a transaction taken back."""


class World:
    """A model with two pages, and what its listeners heard."""

    def __init__(self, model: Board) -> None:
        self.model = model
        self.nested = [model.spare[0], model.parts["p"]]
        self.kernel = Kernel(model, *self.nested)
        self.pages = [self.kernel.page("p1"), self.kernel.page("p2")]
        self.told = [Told(each) for each in (model, *self.nested)]
        self.kept: list[Any] = []
        self.time = 0.0
        for each in (model, *self.nested):
            each._document.history.clock = lambda: self.time

    # -- what may happen

    def act(self, random: Random) -> None:
        self.time += random.choice([0.1, 5])
        acts: list[Callable[[Random], None]] = [
            *[self.statement] * 6,
            *[self.edit] * 4,
            self.in_batch,
            self.in_transaction,
            self.go_back,
            self.go_back_in_page,
            self.while_slow,
            self.patch,
        ]
        random.choice(acts)(random)

    def statement(self, random: Random) -> None:
        with suppress(SyncStateError, traitlets.TraitError):
            random.choice(STATEMENTS)(self, random)

    def in_batch(self, random: Random) -> None:
        with batch():
            for _ in range(random.randint(1, 4)):
                self.statement(random)

    def in_transaction(self, random: Random) -> None:
        before, is_kept = self.model.sync.snapshot(), random.random() < 0.5
        others = [each.sync.snapshot() for each in self.nested]
        with suppress(Refused), transaction():
            for _ in range(random.randint(1, 4)):
                if random.random() < 0.15:
                    self.in_transaction(random)
                else:
                    self.statement(random)
            if not is_kept:
                raise Refused
        if not is_kept:
            assert same(self.model.sync.snapshot(), before), "a transaction left something"
            for each, other in zip(self.nested, others, strict=True):
                assert same(each.sync.snapshot(), other), "a transaction left something in a nested model"

    def go_back(self, random: Random) -> None:
        before = self.model.sync.snapshot()
        model = random.choice([self.model, self.model, *self.nested])
        try:
            random.choice([model.sync.undo, model.sync.undo, model.sync.redo])()
        except (SyncStateError, traitlets.TraitError):
            assert same(self.model.sync.snapshot(), before), "a refused undo did something"

    def replica(self, random: Random) -> tuple[Page, Any]:
        page = random.choice(self.pages)
        key = random.choice([self.model, self.model, self.model, *self.nested]).sync.key
        return page, page.replicas[key]

    def go_back_in_page(self, random: Random) -> None:
        page, replica = self.replica(random)
        page.send(random.choice([replica.undo, replica.undo, replica.redo])())

    def edit(self, random: Random) -> None:
        page, replica = self.replica(random)
        if operations := operations_for(replica.document, random):
            with suppress(SyncStateError):
                page.send(replica.edit(operations))

    def patch(self, random: Random) -> None:
        model = random.choice([self.model, self.model, *self.nested])
        before = model.sync.snapshot()
        if operations := operations_for(before, random):
            try:
                model.sync.apply(operations)
            except (SyncStateError, traitlets.TraitError):
                assert same(model.sync.snapshot(), before), "a refused patch did something"

    def while_slow(self, random: Random) -> None:
        with self.kernel.held():
            for _ in range(random.randint(2, 5)):
                random.choice([self.edit, self.edit, self.statement, self.go_back_in_page, self.flush])(
                    random
                )
        self.flush(random)

    def flush(self, random: Random) -> None:
        self.kernel.link.flush()

    # -- what must hold

    def check(self) -> None:
        self.kernel.link.flush()
        for model in (self.model, *self.nested):
            snapshot = model.sync.snapshot()
            for page in self.pages:
                replica = page.replicas[model.sync.key]
                assert not replica.pending, f"{page.name} waits"
                assert same(replica.document, snapshot), (
                    f"{page.name} shows another one: {difference(replica.document, snapshot)}"
                )
        for told in self.told:
            told.check()
        demand_sound(self.model, "")
        for each in self.nested:
            demand_sound(each, "")


def difference(one: Any, other: Any, pointer: str = "") -> Any:
    """The first place where two documents differ."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        return next(
            (difference(one[n], other[n], f"{pointer}/{n}") for n in one if not same(one[n], other[n])), None
        )
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return next(
            (
                difference(a, b, f"{pointer}/{n}")
                for n, (a, b) in enumerate(zip(one, other, strict=True))
                if not same(a, b)
            ),
            None,
        )
    return pointer, one, other


def is_number(value: Any) -> bool:
    return isinstance(value, float) and type(value) is float


def demand_sound(model: Any, pointer: str) -> None:
    """Every annotation holds, and what is computed is what it would be now."""
    if isinstance(model, Part):
        assert type(model.label) is str
        assert is_number(model.weight)
        assert model.weight >= 0 or math.isnan(model.weight)
        assert all(type(mark) is int for mark in model.marks)
        demand_points(model.points)
        if model.inner is not None:
            assert type(model.inner) is Part
            demand_sound(model.inner, f"{pointer}/inner")
        inner = model.inner.heavy if model.inner is not None else 0
        assert same(model.heavy, model.weight * 2 + sum(model.marks) + inner), f"{pointer}/heavy"
        return
    assert type(model.title) is str
    assert model.low <= model.high
    assert type(model.color) is Color
    assert type(model.day) is date
    for row in model.rows:
        assert {"name", "price"} <= row.keys() <= {"name", "price", "when", "color"}
        assert type(row["name"]) is str
        assert is_number(row["price"])
        assert type(row.get("when", model.day)) is date, row
        assert type(row.get("color", Color.RED)) is Color, row
    demand_points(model.points)
    for name, part in [*model.parts.items(), *enumerate(model.spare)]:
        assert type(part) is Part, (name, part)
        demand_sound(part, f"{pointer}/{name}")
    places = [part._document for part in parts_in(model)]
    assert len(places) == len({id(place) for place in places})
    weight = sum(part.heavy for part in [*model.parts.values(), *model.spare])
    assert same(model.weight, weight), (model.weight, weight)
    total = sum(row["price"] for row in model.rows) + weight
    assert same(model.total, total), (model.total, total)
    if model.rows:
        assert model.summary["names"] == [row["name"] for row in model.rows]
        assert same(model.summary["mean"], total / len(model.rows))
        assert same(model.summary["first"], model.points[0].x if model.points else None)
        assert model.summary["color"] == model.color.value
    else:
        with pytest.raises(ZeroDivisionError):
            _ = model.summary


def demand_points(points: Any) -> None:
    for point in points:
        assert isinstance(point, Point)
        assert is_number(point.x)
        assert all(type(tag) is str for tag in point.tags)


def parts_in(model: Any) -> list[Part]:
    """The nested models, each with those in it."""
    above = [model.inner] if isinstance(model, Part) else [*model.parts.values(), *model.spare]
    return [part for each in above if each is not None for part in (each, *parts_in(each))]


# -- what Python does


def some_part(world: World, random: Random) -> Part:
    found = parts_in(world.model) + world.nested + [each for each in world.kept if isinstance(each, Part)]
    return random.choice(found)


def new_part(random: Random) -> Part:
    part = Part(label=random.choice("xyz"), weight=random.randint(0, 3), marks=[1, 2])
    if random.random() < 0.3:
        part.inner = Part(label="i", weight=1)
    return part


def new_row(random: Random) -> Any:
    row: Any = {"name": random.choice("abc"), "price": random.choice([1, 2.5, math.nan, math.inf, "dear", 7])}
    if random.random() < 0.3:
        row["when"] = random.choice([date(2026, 2, 3), "2026-03-04", 5])
    if random.random() < 0.3:
        row["color"] = random.choice([Color.BLUE, "red", "green"])
    return row


def new_point(random: Random) -> Point:
    return Point(random.randint(0, 9), random.choice([[], ["t"], ["t", "u"]]))


def index(values: Any, random: Random) -> int:
    return random.randrange(len(values) + 1)


def set_scalar(world: World, random: Random) -> None:
    name, values = random.choice(
        [
            ("title", ["b", "c", 5]),
            ("low", [0, 3, 20]),
            ("high", [10, 4, -5]),
            ("secret", [1, 2]),
            ("color", [Color.BLUE, "red", "no"]),
            ("day", [date(2026, 5, 5), "2026-06-06", 3]),
            ("anything", [None, [1, [2]], {"k": [math.nan]}, b"x", 2**70, date(2026, 1, 1), {"a"}]),
        ]
    )
    setattr(world.model, name, random.choice(values))


def splice_rows(world: World, random: Random) -> None:
    rows = world.model.rows
    start, stop = sorted((index(rows, random), index(rows, random)))
    rows[start:stop] = [new_row(random) for _ in range(random.randint(0, 3))]


def change_row(world: World, random: Random) -> None:
    row: Any = random.choice(world.model.rows) if world.model.rows else {}
    new = new_row(random)
    match random.randrange(4):
        case 0:
            row["price"] = new["price"]
        case 1:
            row.update(new)
        case 2:
            row.pop(random.choice(["when", "color", "price"]), None)
        case 3:
            row["other"] = 1


def shuffle_rows(world: World, random: Random) -> None:
    rows = world.model.rows
    match random.randrange(6):
        case 0:
            rows.reverse()
        case 1:
            rows.sort(key=lambda row: row["name"])
        case 2:
            world.model.rows = [new_row(random) for _ in range(random.randint(0, 2))]
        case 3 if rows:
            world.kept.append(rows.pop(random.randrange(len(rows))))
        case 4:
            kept = [each for each in world.kept if isinstance(each, dict)]
            if kept:
                rows.append(random.choice(kept))
        case 5:
            world.model.rows = [*rows[1:], *rows[:1]]


def change_part(world: World, random: Random) -> None:
    part = some_part(world, random)
    match random.randrange(7):
        case 0:
            part.weight = random.choice([0, 1.5, -1, math.nan, "x"])
        case 1:
            part.marks.append(random.choice([1, 2, "x"]))
        case 2:
            part.marks[:1] = [5, 6]
        case 3:
            part.label = random.choice("pqr")
        case 4:
            part.points.append(new_point(random))
        case 5 if part.points:
            change_of_point(random.choice(part.points), random)
        case 6:
            part.inner = random.choice([None, Part(label="n"), some_part(world, random)])


def move_part(world: World, random: Random) -> None:
    parts, spare = world.model.parts, world.model.spare
    match random.randrange(9):
        case 0 if spare:
            parts[random.choice("pqr")] = spare.pop(random.randrange(len(spare)))
        case 1 if parts:
            spare.insert(index(spare, random), parts.pop(random.choice(sorted(parts))))
        case 2:
            spare.append(new_part(random))
        case 3 if spare:
            world.kept.append(spare.pop())
        case 4 if parts:
            world.kept.append(parts.pop(random.choice(sorted(parts))))
        case 5:
            spare.append(some_part(world, random))
        case 6:
            parts[random.choice("pqr")] = some_part(world, random)
        case 7:
            world.model.spare = [*spare[::-1]]
        case 8:
            spare.reverse()


def change_of_point(point: Point, random: Random) -> None:
    match random.randrange(4):
        case 0:
            point.x = random.choice([1, 2.5, "x"])  # type: ignore[assignment] # refused
        case 1:
            point.tags.append(random.choice(["v", 3]))  # type: ignore[list-item] # refused
        case 2:
            point.tags = ["w", "w"]
        case 3:
            point.tags[:] = []


def change_point(world: World, random: Random) -> None:
    points = world.model.points
    match random.randrange(6):
        case 0:
            points.insert(index(points, random), new_point(random))
        case 1 if points:
            change_of_point(random.choice(points), random)
        case 2 if points:
            world.kept.append(points.pop(random.randrange(len(points))))
        case 3:
            kept = [each for each in world.kept if isinstance(each, Point)]
            if kept:
                points.append(random.choice(kept))
        case 4:
            points.reverse()
        case 5 if points:
            part = some_part(world, random)
            part.points.append(points.pop())


STATEMENTS = [
    set_scalar,
    splice_rows,
    change_row,
    shuffle_rows,
    change_part,
    move_part,
    move_part,
    change_point,
]


# -- what pages do


def locations(value: Any, pointer: str = "") -> list[str]:
    found = []
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for name, member in members:
        found += [f"{pointer}/{name}", *locations(member, f"{pointer}/{name}")]
    if isinstance(value, list) and pointer:
        found.append(f"{pointer}/-")
    return found


VALUES: list[Any] = [
    0, 1, 2.5, -1, 30, "x", "red", "blue", math.nan, None, [], {}, date(2026, 7, 7), [1, 2], 2**60,
    {"name": "p", "price": 3}, {"name": "p", "price": 3, "color": "blue"}, {"x": 1, "tags": ["a"]},
    {"label": "new", "weight": 1}, {"label": "new", "inner": {"label": "deep"}},
    {"inner": None, "marks": [4]},
    [{"name": "p", "price": 1}], [{"label": "l"}], {"q": {"label": "q"}},
]  # fmt: skip


def operations_for(document: Any, random: Random) -> list[Any]:
    operations = []
    for _ in range(random.choice([1, 1, 1, 2, 3])):
        places = locations(document)
        path = random.choice(places)
        # what is likely to fit, more often than not
        here = [value for value in VALUES if type(value) is type(at(document, path))]
        value = random.choice(here if here and random.random() < 0.7 else VALUES)
        match random.choice(
            ["replace", "replace", "replace", "add", "remove", "move", "copy", "insert", "hop"]
        ):
            case "remove":
                operation = {"op": "remove", "path": path}
            case "move" | "copy" as op:
                operation = {"op": op, "from": random.choice(places), "path": path}
            case "hop" if isinstance(document, dict) and "spare" in document:
                ends = [
                    p
                    for p in places
                    if p.startswith(("/spare/", "/parts/", "/points/")) and p.count("/") == 2
                ]
                if not ends:
                    continue
                operation = {
                    "op": "move",
                    "from": random.choice(ends),
                    "path": random.choice([*ends, "/parts/q", "/spare/0"]),
                }
            case "insert" if isinstance(document, dict) and "rows" in document:
                path, value = random.choice(
                    [
                        ("/rows/0", VALUES[15]),
                        ("/rows/-", VALUES[16]),
                        ("/points/0", VALUES[17]),
                        ("/spare/-", VALUES[18]),
                        ("/parts/r", VALUES[19]),
                    ]
                )
                operation = {"op": "add", "path": path, "value": value}
            case "add":
                operation = {"op": "add", "path": path, "value": value}
            case _:
                operation = {"op": "replace", "path": path, "value": value}
        try:
            document = apply(document, [operation])
        except SyncStateError:
            if random.random() < 0.9:
                continue
        operations.append(operation)
    return operations


def at(document: Any, pointer: str) -> Any:
    for token in pointer.split("/")[1:]:
        if isinstance(document, list):
            document = document[int(token)] if token != "-" else (document[-1] if document else None)
        else:
            document = document[token]
    return document


# -- scripts


def started(seed: int) -> World:
    make = Noted if seed % 2 else Board
    return World(
        make(
            rows=[{"name": "a", "price": 1}, {"name": "b", "price": 2, "color": "red"}],
            parts={"p": Part(label="p", points=[Point(1)])},
            spare=[Part(label="s", marks=[1], inner=Part(label="i"))],
            points=[Point(1, ["t"]), Point(2)],
        )
    )


def played(seed: int, acts: list[int]) -> None:
    """Do what each of some numbers stands for, in a world of its own."""
    world = started(seed)
    for act in acts:
        world.act(Random(act))
        world.check()


def script(seed: int) -> list[int]:
    random = Random(seed)
    return [random.getrandbits(40) for _ in range(random.choice([5, 15, 40]))]


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SCRIPTS, 20))
def test_all_features_together_keep_all_copies_the_same(seed):
    for one in range(seed, seed + 20):
        acts = script(one)
        try:
            played(one, acts)
        except Exception as failure:
            raise AssertionError(f"played({one}, {acts})") from failure
