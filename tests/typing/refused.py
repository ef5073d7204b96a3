"""What type checkers must complain of: at each line that ends in "no", and nowhere else."""

# ruff: noqa: RUF012 # the mutable defaults of a model are copied for each instance

from __future__ import annotations

from typing import Literal, TypedDict

from syncstate import SyncedModel, computed, synced


class Row(TypedDict):
    name: str
    price: float


class Board(SyncedModel):
    count: int = 0
    threshold: float = synced(0.5, min=0, max=1)
    rows: list[Row] = []
    level: Literal["low", "high"] = "low"

    @computed
    def total(self) -> float:
        return sum(row["price"] for row in self.rows)


def refused(board: Board) -> None:
    Board(count="1")  # no
    Board(threshold=None)  # no
    Board(rows=[{"name": "tea"}])  # no
    Board(cuont=1)  # no
    Board(1)  # no
    board.count = "1"  # no
    board.threshold = "1"  # no
    board.rows = {}  # no
    board.rows[0]["price"] = "1"  # no
    board.rows[0]["prise"] = 1  # no
    board.rows.append({"name": "tea", "price": "1"})  # no
    board.level = "mid"  # no
    board.sync.key = "x"  # no
    board.total = 1.0  # no
    text: str = board.total  # no
    print(text)  # noqa: T201 # so that it is used

    class Bad(SyncedModel):
        count: int = "1"  # no
        title: str = synced(1)  # no
        wide: str = synced("x", max_length="3")  # no

    Bad()
