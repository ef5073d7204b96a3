"""What type checkers know of a model, and must not complain of."""

# ruff: noqa: RUF012 # the mutable defaults of a model are copied for each instance

from __future__ import annotations

import datetime
import enum
from typing import Annotated, Any, ClassVar, Literal, NotRequired, TypedDict, assert_type

import traitlets

from syncstate import NotValid, SyncedModel, SyncStateError, TrackedList, computed, synced


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Row(TypedDict):
    name: str
    price: float
    note: NotRequired[str]


class Board(SyncedModel):
    count: int = 0
    title: str = synced("Sales", max_length=20, label="Title", help="What the page shows on top.")
    threshold: float = synced(0.5, min=0, max=1, step=0.1)
    rows: list[Row] = synced(factory=list)
    shares: list[Annotated[float, synced(min=0, max=1)]] = []
    prices: dict[str, float] = {}
    pair: tuple[int, str] = (0, "")
    level: Literal["low", "high"] = synced("low")
    color: Color = Color.RED
    maybe: int | None = None
    due: datetime.date | None = None
    anything: Any = None
    status: str = synced("idle", read_only=True, unit="m")
    classic = traitlets.Int(0).tag(sync=True)
    limit: ClassVar[int] = 3
    _esm = "export default {}"

    @computed
    def total(self) -> float:
        return sum(row["price"] for row in self.rows)

    @computed(label="Names", help="Of all rows")
    def names(self) -> list[str]:
        return [row["name"] for row in self.rows]


class Larger(Board):
    more: int = 1


def accepted() -> None:
    board = Board(count=1, rows=[{"name": "tea", "price": 3}], threshold=1, color=Color.BLUE)
    Board()
    Larger(count=1, more=2)

    assert_type(board.count, int)
    assert_type(board.title, str)
    assert_type(board.threshold, float)
    assert_type(board.rows, list[Row])
    assert_type(board.rows[0]["price"], float)
    assert_type(board.prices["tea"], float)
    assert_type(board.pair, tuple[int, str])
    assert_type(board.level, Literal["low", "high"])
    assert_type(board.color, Color)
    assert_type(board.maybe, int | None)
    assert_type(board.due, datetime.date | None)
    assert_type(board.sync.key, str)
    assert_type(board.total, float)
    assert_type(board.names, list[str])
    assert_type(Larger().total, float)
    assert_type(Larger().count, int)
    board.count += 1
    board.rows.append({"name": "milk", "price": 1.5, "note": "fresh"})
    board.rows[0]["price"] = 4
    board.level = "high"
    board.maybe = 3
    board.anything = board.rows
    rows: list[int] = TrackedList([1])
    rows.append(2)


def caught(error: NotValid) -> str:
    root: SyncStateError = error
    trait: traitlets.TraitError = error
    assert_type(error.pointer, str)
    return f"{root} {trait}"
